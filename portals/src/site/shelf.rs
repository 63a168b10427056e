//! Home, and the catalogue by kind.

use axum::extract::{Path, State};
use axum::response::Response;
use billing::BillingError;
use billing::catalogue::{self, KINDS, Product};
use billing::quote::{self, Offer};
use http::StatusCode;
use platform::money::Currency;
use platform::views::Context;
use serde::Serialize;
use tenancy::extract::Visitor;

use super::basket;
use super::view::{self, PriceView, ProductCard};
use crate::app::App;
use crate::web::answer::{Html, internal, not_found};
use crate::web::page::{self, Asked};

/// How many products the home page picks.
const PICKS: usize = 6;
/// Most columns of the table that compares.
const COMPARED: usize = 6;

/// A kind of products.
#[derive(Debug, Clone, Serialize)]
pub struct KindCard {
    pub key: &'static str,
    pub icon: &'static str,
    pub path: String,
    pub price: Option<PriceView>,
}

/// The home page.
#[derive(Serialize)]
pub struct Home {
    pub tagline: String,
    pub kinds: Vec<KindCard>,
    pub picks: Vec<ProductCard>,
    pub signed_in: bool,
}

impl Context for Home {
    const TEMPLATE: &'static str = "site/home.html";
}

/// A column of the table that compares.
#[derive(Debug, Clone, Serialize)]
pub struct CompareHead {
    pub name: String,
    pub path: String,
    pub price: Option<PriceView>,
}

/// A row of it.
#[derive(Debug, Clone, Serialize)]
pub struct CompareRow {
    pub label: String,
    pub cells: Vec<Option<String>>,
}

/// What products of a kind have, side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Compare {
    pub heads: Vec<CompareHead>,
    pub rows: Vec<CompareRow>,
}

/// The products of a kind.
#[derive(Serialize)]
pub struct Products {
    pub kind: &'static str,
    pub products: Vec<ProductCard>,
    pub compare: Option<Compare>,
}

impl Context for Products {
    const TEMPLATE: &'static str = "site/products.html";
}

fn icon(kind: &str) -> &'static str {
    match kind {
        "dedicated" => "server-2",
        "hosting" => "world",
        "game" => "device-gamepad-2",
        "workspace" => "browser",
        _ => "server",
    }
}

struct Shelf {
    products: Vec<Product>,
    offers: Vec<Offer>,
    currency: Currency,
}

async fn read(app: &App, visitor: &Visitor, kind: Option<&str>) -> Result<Shelf, BillingError> {
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let products = catalogue::shelf(&mut tx, kind).await?;
    let offers = quote::offers_of(&mut tx, &products).await?;
    let basket = basket::find(&mut tx, visitor).await?;
    tx.commit().await?;
    Ok(Shelf {
        products,
        offers,
        currency: basket.currency,
    })
}

pub async fn home(State(app): State<App>, visitor: Visitor, asked: Asked) -> Response {
    let shelf = match read(&app, &visitor, None).await {
        Ok(shelf) => shelf,
        Err(error) => return internal(error),
    };
    let page = page::site(&app, &visitor, &asked, "").await;
    let tenant = visitor.scope.tenant();
    let tagline = match tenant.settings.tagline.as_str() {
        "" => app.say(&page, "site-tagline", &[]),
        own => own.to_owned(),
    };
    let cards: Vec<ProductCard> = shelf
        .products
        .iter()
        .map(|product| view::card(product, &shelf.offers, shelf.currency))
        .collect();
    let kind = |key: &'static str| {
        let mut own = cards.iter().filter(|card| card.kind == key).peekable();
        own.peek()?;
        let price = own.filter_map(|card| card.price.clone()).min_by_key(|p| p.amount.minor);
        Some(KindCard {
            key,
            icon: icon(key),
            path: format!("/products/{key}"),
            price,
        })
    };
    let context = Home {
        tagline,
        kinds: KINDS.into_iter().filter_map(kind).collect(),
        picks: picks(&cards),
        signed_in: visitor.user.is_some(),
    };
    Html::show(&app, StatusCode::OK, &context, &page)
}

/// The first product of each kind, then the second of each, as long as there is room.
fn picks(cards: &[ProductCard]) -> Vec<ProductCard> {
    let on_sale = |kind: &str| -> Vec<&ProductCard> {
        let own = cards.iter().filter(|c| c.kind == kind);
        own.filter(|c| c.price.is_some() && !c.sold_out).collect()
    };
    let rows: Vec<Vec<&ProductCard>> = KINDS.into_iter().map(on_sale).collect();
    let rounds = rows.iter().map(Vec::len).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| rows.iter().filter_map(move |row| row.get(round).copied()))
        .take(PICKS)
        .cloned()
        .collect()
}

pub async fn kind(State(app): State<App>, visitor: Visitor, asked: Asked, Path(kind): Path<String>) -> Response {
    let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else {
        return not_found();
    };
    let shelf = match read(&app, &visitor, Some(kind)).await {
        Ok(shelf) => shelf,
        Err(error) => return internal(error),
    };
    let page = page::site(&app, &visitor, &asked, kind).await;
    let products: Vec<ProductCard> = shelf
        .products
        .iter()
        .map(|product| view::card(product, &shelf.offers, shelf.currency))
        .collect();
    let context = Products {
        kind,
        compare: compare(&products),
        products,
    };
    Html::show(&app, StatusCode::OK, &context, &page)
}

/// Every label any of them has, in the order of first appearance; none when there is nothing to compare.
fn compare(cards: &[ProductCard]) -> Option<Compare> {
    let cards = &cards[..cards.len().min(COMPARED)];
    let mut labels: Vec<&str> = Vec::new();
    for feature in cards.iter().flat_map(|card| &card.features) {
        if !feature.label.is_empty() && !labels.contains(&feature.label.as_str()) {
            labels.push(&feature.label);
        }
    }
    if cards.len() < 2 || labels.is_empty() {
        return None;
    }
    let cell = |card: &ProductCard, label: &str| {
        let found = card.features.iter().find(|feature| feature.label == label);
        found.map(|feature| feature.value.clone())
    };
    let head = |card: &ProductCard| CompareHead {
        name: card.name.clone(),
        path: card.path.clone(),
        price: card.price.clone(),
    };
    let row = |label: &str| CompareRow {
        label: label.to_owned(),
        cells: cards.iter().map(|card| cell(card, label)).collect(),
    };
    Some(Compare {
        heads: cards.iter().map(head).collect(),
        rows: labels.into_iter().map(row).collect(),
    })
}
