//! The public site: what is sold, at which price.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use billing::BillingError;
use billing::catalogue::{self, KINDS};
use http::StatusCode;
use platform::money::Money;
use platform::views::Context;
use serde::Serialize;
use tenancy::extract::Visitor;

use crate::app::App;
use crate::web::answer::{Html, internal, not_found};
use crate::web::page::{self, Asked};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new().route("/", get(home)).route("/products/{kind}", get(kind))
}

#[derive(Serialize)]
struct PriceView {
    plan: String,
    amount: Money,
}

#[derive(Serialize)]
struct ProductView {
    name: String,
    kind: String,
    summary: String,
    prices: Vec<PriceView>,
}

#[derive(Serialize)]
struct Shop {
    home: bool,
    title: String,
    tagline: String,
    products: Vec<ProductView>,
}

impl Context for Shop {
    const TEMPLATE: &'static str = "site/shop.html";
}

async fn home(State(app): State<App>, visitor: Visitor, asked: Asked) -> Response {
    shop(&app, &visitor, &asked, None).await
}

async fn kind(State(app): State<App>, visitor: Visitor, asked: Asked, Path(kind): Path<String>) -> Response {
    match KINDS.into_iter().find(|known| *known == kind) {
        Some(kind) => shop(&app, &visitor, &asked, Some(kind)).await,
        None => not_found(),
    }
}

async fn shop(app: &App, visitor: &Visitor, asked: &Asked, kind: Option<&'static str>) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&visitor.scope).await?;
        let currency = visitor.scope.tenant().currency;
        let mut products = Vec::new();
        for product in catalogue::list_products(&mut tx, kind, 60, None)
            .await?
            .into_iter()
            .rev()
            .filter(|p| p.state == "active")
        {
            let mut prices = Vec::new();
            for plan in catalogue::list_plans(&mut tx, Some(product.id), 10, None)
                .await?
                .into_iter()
                .rev()
            {
                let found = catalogue::prices(&mut tx, plan.id)
                    .await?
                    .into_iter()
                    .find(|p| p.amount.currency == currency);
                prices.extend(found.map(|price| PriceView {
                    plan: plan.name,
                    amount: price.amount,
                }));
            }
            products.push(ProductView {
                name: product.name,
                kind: product.kind,
                summary: product.summary,
                prices,
            });
        }
        tx.commit().await?;
        Ok::<_, BillingError>(products)
    };
    let products = match read.await {
        Ok(products) => products,
        Err(error) => return internal(error),
    };
    let page = page::site(app, visitor, asked, kind.unwrap_or("")).await;
    let tenant = visitor.scope.tenant();
    let tagline = match tenant.settings.tagline.as_str() {
        "" => app.say(&page, "site-tagline", &[]),
        own => own.to_owned(),
    };
    let title = kind.map_or_else(
        || tenant.name.clone(),
        |kind| app.say(&page, &format!("kind-{kind}"), &[]),
    );
    Html::show(
        app,
        StatusCode::OK,
        &Shop {
            home: kind.is_none(),
            title,
            tagline,
            products,
        },
        &page,
    )
}
