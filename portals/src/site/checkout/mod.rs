//! The checkout: one page from who you are to the pay button, for a cart or for an order that waits for its payment.

mod desk;
mod form;
mod pay;
mod place;
mod view;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::ids::OrderId;
use billing::{order, payment};
use http::StatusCode;
use platform::views::Tone;
use serde::Deserialize;
use tenancy::extract::Visitor;
use tenancy::sign_in::SignInError;
use tenancy::user::User;
use tenancy::{session, sign_in as signing};

pub use self::form::Shown;
pub use self::view::{Buyer, CheckoutPage, MethodCard, PlacedRow};

use self::desk::Desk;
use self::form::Fields;
use self::view::Trouble;
use super::words;
use crate::app::App;
use crate::kit::parts::FieldError;
use crate::web::answer::{Html, internal, not_found};
use crate::web::client::{Keep, coming};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Who asks, and how: what every step of a checkout needs.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    asked: &'a Asked,
    headers: &'a HeaderMap,
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    order: String,
}

pub async fn show(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    let ask = Ask {
        app: &app,
        visitor: &visitor,
        asked: &asked,
        headers: &headers,
    };
    if let (Ok(id), None) = (wanted.order.parse::<OrderId>(), &visitor.user) {
        return Redirect::to(&format!("/sign-in?next=%2Fcheckout%3Forder%3D{id}")).into_response();
    }
    let read = if wanted.order.is_empty() {
        desk::of_cart(ask).await.map(Some)
    } else {
        match wanted.order.parse() {
            Ok(order) => desk::of_order(ask, order).await,
            Err(_) => return not_found(),
        }
    };
    match read {
        Ok(Some(desk)) if desk.is_empty() => Redirect::to("/cart").into_response(),
        Ok(Some(desk)) if desk.is_settled() => Redirect::to(&order_path(ask, desk.order_id())).into_response(),
        Ok(Some(desk)) => {
            let fields = Fields::of(&desk, fresh_key(&app, &visitor).await);
            draw(ask, &desk, &fields, Trouble::default()).await
        }
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

/// A key that only this page knows: a second click sends the same.
async fn fresh_key(app: &App, visitor: &Visitor) -> String {
    match app.tenancy().begin_read(&visitor.scope).await {
        Ok(tx) => tx.random().base32_lower(26),
        Err(_) => String::new(),
    }
}

/// Where the order is watched, on this host or by a hop to the account portal's.
fn order_path(ask: Ask<'_>, order: Option<OrderId>) -> String {
    match order {
        Some(order) => format!("{}/account/orders/{order}", ask.asked.hop()),
        None => "/cart".to_owned(),
    }
}

/// Back from the gateway's page: it is asked at once what became of the payment, then the order is watched.
pub async fn returned(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    let ask = Ask {
        app: &app,
        visitor: &visitor,
        asked: &asked,
        headers: &headers,
    };
    let Ok(id) = wanted.order.parse::<OrderId>() else {
        return not_found();
    };
    match desk::of_order(ask, id).await {
        Ok(Some(desk)) => {
            if let Some(invoice) = desk.invoice_id()
                && let Err(error) = payment::refresh(app.tenancy(), app.gateways(), &visitor.scope, invoice).await
            {
                tracing::info!(%error, %invoice, "the gateway is asked again later");
            }
        }
        // Signed out meanwhile, or not theirs: the order's page decides.
        Ok(None) => {}
        Err(error) => return internal(error),
    }
    Redirect::to(&order_path(ask, Some(id))).into_response()
}

async fn draw(ask: Ask<'_>, desk: &Desk, fields: &Fields, trouble: Trouble) -> Response {
    let page = page::site(ask.app, ask.visitor, ask.asked, "cart").await;
    let status = trouble.status();
    match view::page(ask.app, &page, ask.visitor.user.as_ref(), desk, fields, trouble) {
        Ok(context) => Html::show(ask.app, status, &context, &page),
        Err(error) => internal(error),
    }
}

pub async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let ask = Ask {
        app: &app,
        visitor: &visitor,
        asked: &asked,
        headers: &headers,
    };
    let answered = if fields.identity == "known" && visitor.user.is_none() {
        Ok(enter(ask, &fields).await)
    } else if let Ok(order) = fields.order.parse() {
        pay::order(ask, order, &fields).await
    } else {
        place::submit(ask, &fields).await
    };
    match answered {
        Ok(response) => response,
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

pub async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let ask = Ask {
        app: &app,
        visitor: &visitor,
        asked: &asked,
        headers: &headers,
    };
    enter(ask, &fields).await
}

/// Signs in in place: the cart stays, and what the account knows fills the form.
async fn enter(ask: Ask<'_>, fields: &Fields) -> Response {
    let (app, visitor) = (ask.app, ask.visitor);
    if visitor.user.is_some() {
        return Redirect::to("/checkout").into_response();
    }
    let from = coming(app, ask.headers);
    let word = match signing::sign_in(app.tenancy(), &visitor.scope, &fields.email, &fields.password, &from).await {
        Ok(user) => return Keep::on(entered(ask, &user).await, &from),
        Err(SignInError::Db(error)) => return internal(error),
        Err(SignInError::Throttled) => "auth-error-throttled",
        Err(SignInError::Wrong) => "auth-error-wrong",
    };
    let desk = match desk::of_cart(ask).await {
        Ok(desk) => desk,
        Err(error) => return internal(error),
    };
    let page = page::plain(app, visitor, ask.asked).await;
    let error = FieldError {
        field: "email".into(),
        message: app.say(&page, word, &[]),
    };
    let mut fields = fields.clone();
    fields.identity = "known".into();
    draw(ask, &desk, &fields, Trouble::fields(vec![error])).await
}

async fn entered(ask: Ask<'_>, user: &User) -> Response {
    if let Err(error) = session::sign_in(&ask.visitor.session, user, ask.app.tenancy().now()).await {
        return internal(error);
    }
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    let text = ask.app.say(&page, "site-signed-in", &[]);
    page::flash(&ask.visitor.session, Tone::Success, text).await;
    Redirect::to("/checkout").into_response()
}

/// Gives up an order that waits for its payment.
pub async fn cancel(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Response {
    let ask = Ask {
        app: &app,
        visitor: &visitor,
        asked: &asked,
        headers: &headers,
    };
    let Ok(id) = wanted.order.parse::<OrderId>() else {
        return not_found();
    };
    let page = page::plain(&app, &visitor, &asked).await;
    let (tone, text) = match give_up(ask, id).await {
        Ok(()) => (Tone::Success, app.say(&page, "site-order-cancelled", &[])),
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => match words::refusal(&app, &page, &error) {
            Some(text) => (Tone::Warning, text),
            None => return internal(error),
        },
    };
    page::flash(&visitor.session, tone, text).await;
    Redirect::to("/cart").into_response()
}

async fn give_up(ask: Ask<'_>, id: OrderId) -> Result<(), BillingError> {
    let desk = desk::of_order(ask, id).await?.ok_or(BillingError::NotFound("order"))?;
    if !desk.may_order() {
        return Err(BillingError::NotFound("order"));
    }
    let (app, scope) = (ask.app, &ask.visitor.scope);
    order::cancel(app.tenancy(), app.gateways(), scope, id, "The customer gave it up.").await
}

impl Trouble {
    fn status(&self) -> StatusCode {
        if self.is_none() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}
