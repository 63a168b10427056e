//! `/sandbox/{session}`: the payment page of the sandbox gateway, with test cards instead of a card form.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use billing::BillingError;
use billing::sandbox::{self, Card, HostedView, ON_PAGE, Paid};
use http::StatusCode;
use platform::money::Money;
use platform::views::{Context, Page};
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;

use crate::app::App;
use crate::kit::parts;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sandbox/{session}", get(show).post(pay))
        .route("/sandbox/{session}/confirm", post(confirm))
        .route("/sandbox/{session}/cancel", post(cancel))
}

/// The page.
#[derive(Debug, Serialize)]
pub struct PayPage {
    /// Name of the page in its addresses.
    pub session: String,
    /// What is paid.
    pub description: String,
    /// How much; none where a card is only saved.
    pub amount: Option<Money>,
    /// Whether the payer has yet to confirm.
    pub confirming: bool,
    /// Key of what went wrong.
    pub error: Option<&'static str>,
    /// The chosen card.
    pub card: String,
    /// Test cards.
    pub cards: Vec<parts::Card>,
}

impl Context for PayPage {
    const TEMPLATE: &'static str = "sandbox/pay.html";
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    card: String,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    answer: String,
}

/// The test cards as the page offers them.
fn cards(app: &App, page: &Page) -> Vec<parts::Card> {
    let known = ON_PAGE.iter().filter_map(|token| Card::named(token));
    known
        .map(|card| {
            let word = match card.behaviour {
                sandbox::Behaviour::Declines | sandbox::Behaviour::Expired | sandbox::Behaviour::Refused => "declines",
                sandbox::Behaviour::Confirms => "confirms",
                sandbox::Behaviour::Once => "once",
                sandbox::Behaviour::Pays => "pays",
            };
            parts::Card {
                value: card.token.to_owned(),
                label: app.say(page, &format!("sandbox-card-{word}"), &[("last4", card.last4)]),
                hint: Some(app.say(page, &format!("sandbox-card-{word}-hint"), &[])),
                icon: Some("credit-card"),
            }
        })
        .collect()
}

async fn draw(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    (session, view): (String, HostedView),
    (card, error): (String, Option<&'static str>),
) -> Response {
    let page = page::plain(app, visitor, asked).await;
    let context = PayPage {
        session,
        description: view.description,
        amount: view.amount,
        confirming: view.confirming,
        error,
        card: if card.is_empty() { ON_PAGE[0].to_owned() } else { card },
        cards: cards(app, &page),
    };
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Html::show(app, status, &context, &page)
}

async fn read(app: &App, visitor: &Visitor, session: &str) -> Result<HostedView, BillingError> {
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let view = sandbox::find_page(&mut tx, session).await?;
    tx.commit().await?;
    Ok(view)
}

fn failed(error: BillingError) -> Response {
    match error {
        BillingError::NotFound(_) => not_found(),
        error => internal(error),
    }
}

async fn show(State(app): State<App>, visitor: Visitor, asked: Asked, Path(session): Path<String>) -> Response {
    match read(&app, &visitor, &session).await {
        Ok(HostedView { over: Some(url), .. }) => Redirect::to(&url).into_response(),
        Ok(view) => draw(&app, &visitor, &asked, (session, view), (String::new(), None)).await,
        Err(error) => failed(error),
    }
}

async fn pay(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path(session): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    let paid = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let paid = sandbox::pay(&mut tx, &session, &fields.card).await?;
        tx.commit().await?;
        Ok(paid)
    };
    after(
        &app,
        &visitor,
        &asked,
        session.clone(),
        (fields.card.clone(), paid.await),
    )
    .await
}

async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path(session): Path<String>,
    Form(fields): Form<Answered>,
) -> Response {
    let paid = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let paid = sandbox::confirm(&mut tx, &session, fields.answer == "yes").await?;
        tx.commit().await?;
        Ok(paid)
    };
    after(&app, &visitor, &asked, session.clone(), (String::new(), paid.await)).await
}

async fn cancel(State(app): State<App>, visitor: Visitor, Path(session): Path<String>) -> Response {
    let left = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let url = sandbox::cancel(&mut tx, &session).await?;
        tx.commit().await?;
        Ok(url)
    };
    match left.await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(error) => failed(error),
    }
}

async fn after(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    session: String,
    (card, paid): (String, Result<Paid, BillingError>),
) -> Response {
    let error = match paid {
        Ok(Paid::Leave(url)) => return Redirect::to(&url).into_response(),
        Ok(Paid::Confirm) => return Redirect::to(&sandbox::page_path(&session)).into_response(),
        Ok(Paid::Declined) => "sandbox-declined",
        Err(BillingError::Field(..)) => "sandbox-choose",
        Err(error) => return failed(error),
    };
    match read(app, visitor, &session).await {
        Ok(view) => draw(app, visitor, asked, (session, view), (card, Some(error))).await,
        Err(error) => failed(error),
    }
}
