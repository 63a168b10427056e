//! The account's details, as they stand on its next invoice.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::views::{Context, Tone};
use serde::{Deserialize, Serialize};
use tenancy::account::{self, Account, AccountError, NewAccount};
use tenancy::extract::Member;
use tenancy::permission::ManageAccount;

use super::tabs;
use crate::app::App;
use crate::kit::parts::{FieldError, Tab};
use crate::web::answer::{Html, internal, not_found};
use crate::web::countries::{self, Country};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct DetailsPage {
    /// Pages beside it.
    pub tabs: Vec<Tab>,
    /// Number, for support.
    pub number: i64,
    /// As typed.
    pub fields: Fields,
    /// Countries.
    pub countries: Vec<Country>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

impl Context for DetailsPage {
    const TEMPLATE: &'static str = "account/details.html";
}

/// The form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Contact.
    pub name: String,
    /// Company.
    pub company: String,
    /// Where bills go.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Street.
    pub address1: String,
    /// More.
    pub address2: String,
    /// City.
    pub city: String,
    /// Region.
    pub region: String,
    /// Postcode.
    pub postcode: String,
    /// Country code.
    pub country: String,
    /// VAT id.
    pub vat_id: String,
}

impl From<Account> for Fields {
    fn from(account: Account) -> Self {
        let text = |field: Option<String>| field.unwrap_or_default();
        Self {
            name: account.name,
            company: text(account.company),
            email: account.email,
            phone: text(account.phone),
            address1: text(account.address1),
            address2: text(account.address2),
            city: text(account.city),
            region: text(account.region),
            postcode: text(account.postcode),
            country: account.country,
            vat_id: text(account.vat_id),
        }
    }
}

impl Fields {
    fn as_new(&self) -> NewAccount {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        NewAccount {
            name: self.name.clone(),
            company: some(&self.company),
            email: self.email.clone(),
            phone: some(&self.phone),
            address1: some(&self.address1),
            address2: some(&self.address2),
            city: some(&self.city),
            region: some(&self.region),
            postcode: some(&self.postcode),
            country: self.country.clone(),
            vat_id: some(&self.vat_id),
            ..NewAccount::default()
        }
    }
}

/// `GET /account/details`
pub(super) async fn show(State(app): State<App>, member: Member<ManageAccount>, asked: Asked) -> Response {
    draw(&app, &member, &asked, None, Vec::new()).await
}

async fn draw(
    app: &App,
    member: &Member<ManageAccount>,
    asked: &Asked,
    typed: Option<Fields>,
    wrong: Vec<&'static str>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let account = account::find(&mut tx, member.account).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(account)
    };
    let account = match read.await {
        Ok(Some(account)) => account,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::account(app, member, asked, "profile").await;
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let error = |field: &str| {
        let key = match field {
            "name" | "email" | "country" => format!("details-error-{field}"),
            _ => "details-error-long".to_owned(),
        };
        FieldError {
            field: field.to_owned(),
            message: app.say(&page, &key, &[]),
        }
    };
    let context = DetailsPage {
        tabs: tabs(app, &page, member, "/account/details"),
        number: account.number,
        fields: typed.unwrap_or_else(|| account.into()),
        countries: countries::countries(page.locale.language()),
        errors: wrong.into_iter().map(error).collect(),
    };
    Html::show(app, status, &context, &page)
}

/// `POST /account/details`
pub(super) async fn save(
    State(app): State<App>,
    member: Member<ManageAccount>,
    asked: Asked,
    Form(fields): Form<Fields>,
) -> Response {
    if !countries::is_country(&fields.country) {
        return draw(&app, &member, &asked, Some(fields), vec!["country"]).await;
    }
    let save = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        account::update(&mut tx, member.account, &fields.as_new()).await?;
        tx.commit().await?;
        Ok::<_, AccountError>(())
    };
    match save.await {
        Ok(()) => {}
        Err(AccountError::Fields(wrong)) => {
            let wrong = wrong.into_iter().map(|error| error.field).collect();
            return draw(&app, &member, &asked, Some(fields), wrong).await;
        }
        Err(error) => return internal(error),
    }
    let page = page::live(&app, &member, &asked);
    page::flash(&member.session, Tone::Success, app.say(&page, "profile-saved", &[])).await;
    Redirect::to("/account/details").into_response()
}
