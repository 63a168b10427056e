//! `/account/payment-methods`: saved cards, which one is charged, and whether anything is charged by itself.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::payment_method::{self, PaymentMethod};
use billing::payment_setup::{self, SetupWish};
use billing::{BillingError, gateway};
use http::StatusCode;
use platform::views::{Context, Page, Tone};
use serde::{Deserialize, Serialize};
use tenancy::account;
use tenancy::extract::Member;
use tenancy::permission::{ManageBilling, ReadBilling};

use super::invoice::{method_name, refusal};
use crate::app::App;
use crate::kit::parts::Choice;
use crate::web::answer::{Html, internal, leave, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked, flash};

const PATH: &str = "/account/payment-methods";

/// The page.
#[derive(Debug, Serialize)]
pub struct Methods {
    /// Saved methods, the default first.
    pub methods: Vec<Method>,
    /// Ways to add one: the gateway's id and finished words.
    pub ways: Vec<Choice>,
    /// Whether due invoices are paid by themselves.
    pub automatic: bool,
    /// Whether this member may change anything.
    pub may_change: bool,
}

impl Context for Methods {
    const TEMPLATE: &'static str = "account/methods.html";
}

/// A saved method.
#[derive(Debug, Serialize)]
pub struct Method {
    /// Id, for the page's own ids.
    pub id: String,
    /// `Visa ···· 4242`.
    pub name: String,
    /// `08/28`.
    pub expires: Option<String>,
    /// Whether due invoices are charged to it.
    pub is_default: bool,
    /// Where its acts are.
    pub path: String,
}

/// `GET /account/payment-methods`
pub async fn show(State(app): State<App>, member: Member<ReadBilling>, asked: Asked) -> Response {
    let page = page::account(&app, &member, &asked, "billing").await;
    match read(&app, &page, &member).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &page),
        Err(error) => internal(error),
    }
}

async fn read(app: &App, page: &Page, member: &Member<ReadBilling>) -> Result<Methods, BillingError> {
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let owner = account::find(&mut tx, member.account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let methods = payment_method::list(&mut tx, member.account).await?;
    let gateways = gateway::list(&mut tx).await?;
    tx.commit().await?;
    let active = gateways.into_iter().filter(|gateway| gateway.state == "active");
    Ok(Methods {
        methods: methods.iter().map(|method| view(app, page, method)).collect(),
        ways: active
            .map(|gateway| Choice {
                value: gateway.id.to_string(),
                label: if gateway.kind == "stripe" {
                    app.say(page, "methods-add-card", &[])
                } else {
                    app.say(page, "methods-add", &[("name", &gateway.name)])
                },
            })
            .collect(),
        automatic: owner.auto_pay,
        may_change: member.rights.has("billing.manage"),
    })
}

fn view(app: &App, page: &Page, method: &PaymentMethod) -> Method {
    Method {
        id: method.id.to_string(),
        name: method_name(app, page, &method.brand, &method.last4),
        expires: method
            .exp_month
            .zip(method.exp_year)
            .map(|(month, year)| format!("{month:02}/{:02}", year % 100)),
        is_default: method.is_default,
        path: format!("{PATH}/{}", method.id),
    }
}

/// Which gateway.
#[derive(Debug, Deserialize)]
pub struct Add {
    #[serde(default)]
    gateway: String,
}

/// `POST /account/payment-methods/add`
pub async fn add(
    State(app): State<App>,
    member: Member<ManageBilling>,
    asked: Asked,
    Form(fields): Form<Add>,
) -> Response {
    let page = page::account(&app, &member, &asked, "billing").await;
    let Ok(gateway) = fields.gateway.parse() else {
        return not_found();
    };
    let origin = app.tenancy().origin(&member.route.hostname);
    let wish = SetupWish {
        account: member.account,
        gateway,
        success_url: format!("{origin}{PATH}/return"),
        cancel_url: format!("{origin}{PATH}"),
    };
    match payment_setup::open_page(app.tenancy(), app.gateways(), &member.scope, &wish).await {
        Ok(url) => leave(&app, &page, &url),
        Err(error) => told(&app, &page, &member, Err(error)).await,
    }
}

/// `GET /account/payment-methods/return`
pub async fn come_back(State(app): State<App>, member: Member<ManageBilling>) -> Response {
    if let Err(error) = payment_setup::refresh(app.tenancy(), app.gateways(), &member.scope, member.account).await {
        tracing::warn!(account = %member.account, %error, "a page that saves a method could not be asked about; its event will come");
    }
    Redirect::to(PATH).into_response()
}

/// `POST /account/payment-methods/{id}/default`
pub async fn make_default(
    State(app): State<App>,
    member: Member<ManageBilling>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let page = page::account(&app, &member, &asked, "billing").await;
    let Ok(id) = id.parse() else { return not_found() };
    let done = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        payment_method::make_default(&mut tx, member.account, id).await?;
        tx.commit().await?;
        Ok("methods-default-done")
    };
    told(&app, &page, &member, done.await).await
}

/// `POST /account/payment-methods/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    member: Member<ManageBilling>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let page = page::account(&app, &member, &asked, "billing").await;
    let Ok(id) = id.parse() else { return not_found() };
    let done = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        payment_method::remove(&mut tx, member.account, id).await?;
        tx.commit().await?;
        Ok("methods-removed")
    };
    told(&app, &page, &member, done.await).await
}

/// On or off.
#[derive(Debug, Deserialize)]
pub struct Automatic {
    on: Option<String>,
}

/// `POST /account/payment-methods/automatic`
pub async fn automatic(
    State(app): State<App>,
    member: Member<ManageBilling>,
    asked: Asked,
    Form(fields): Form<Automatic>,
) -> Response {
    let page = page::account(&app, &member, &asked, "billing").await;
    let on = fields.on.is_some();
    let done = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        payment_method::set_auto_pay(&mut tx, member.account, on).await?;
        tx.commit().await?;
        Ok(if on {
            "methods-automatic-on"
        } else {
            "methods-automatic-off"
        })
    };
    told(&app, &page, &member, done.await).await
}

/// Back to the list with what happened, or why not.
async fn told(
    app: &App,
    page: &Page,
    member: &Member<ManageBilling>,
    done: Result<&'static str, BillingError>,
) -> Response {
    let (tone, key) = match done {
        Ok(key) => (Tone::Success, key),
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(BillingError::Conflict("last_method", _)) => (Tone::Warning, "methods-last"),
        Err(error) => match refusal(&error) {
            Some(key) => (Tone::Warning, key),
            None => return internal(error),
        },
    };
    flash(&member.session, tone, app.say(page, key, &[])).await;
    Redirect::to(PATH).into_response()
}

/// A value of the page, for tests that draw every page.
#[cfg(test)]
pub fn sample() -> Methods {
    let method = |id: &str, name: &str, is_default| Method {
        id: id.into(),
        name: name.into(),
        expires: Some("08/28".into()),
        is_default,
        path: format!("{PATH}/{id}"),
    };
    Methods {
        methods: vec![
            method("pmt_1", "Visa ···· 4242", true),
            method("pmt_2", "Mastercard ···· 4444", false),
        ],
        ways: vec![Choice {
            value: "gtw_1".into(),
            label: "Add a card".into(),
        }],
        automatic: true,
        may_change: true,
    }
}
