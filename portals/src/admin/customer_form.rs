//! `/admin/customers/new` and `/admin/customers/{id}/edit`: who a customer is.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::money::Currency;
use platform::views::{Page as Chrome, Tone};
use tenancy::AccountId;
use tenancy::account::{self, Account, AccountError, NewAccount};
use tenancy::extract::Staff;
use tenancy::permission::WriteAccounts;

use super::desk::Say;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::{Choice, FieldError};
use crate::web::answer::{Html, internal, not_found};
use crate::web::countries::countries;
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Fields of text, with the key of each label.
const LINES: &[(&str, &str)] = &[
    ("company", "customer-company"),
    ("phone", "customer-phone"),
    ("address1", "customer-address1"),
    ("address2", "customer-address2"),
    ("postcode", "customer-postcode"),
    ("city", "customer-city"),
    ("region", "customer-region"),
    ("vat_id", "settings-vat-id"),
];

fn form(say: Say<'_>, path: String, currency: Option<&str>, submit: &str) -> FormPart {
    let countries = countries(say.1.locale.language())
        .into_iter()
        .map(|country| Choice {
            value: country.value.to_owned(),
            label: country.label,
        })
        .collect();
    let mut fields = vec![
        Field::text("name", say.it("list-name"), ""),
        Field::text("email", say.it("list-email"), "")
            .kind("email")
            .hint(say.it("customer-email-hint")),
        Field {
            blank: Some(say.it("customer-choose")),
            ..Field::text("country", say.it("list-country"), "").choices(countries)
        },
    ];
    for (name, label) in LINES {
        fields.push(Field::text(name, say.it(label), "").optional());
    }
    if let Some(own) = currency {
        fields.push(Field::text("currency", say.it("tenants-currency"), own).hint(say.it("customer-currency-hint")));
    }
    FormPart {
        id: "customer".to_owned(),
        path,
        fields,
        submit: say.it(submit),
    }
}

fn new_page(say: Say<'_>, own: &str) -> FormPage {
    FormPage {
        title: say.it("customer-new"),
        subtitle: Some(say.it("customer-new-text")),
        crumbs: vec![
            crumb(say.it("menu-customers"), Some("/admin/customers")),
            crumb(say.it("customer-new"), None),
        ],
        form: form(say, "/admin/customers".to_owned(), Some(own), "customer-create"),
        errors: Vec::new(),
        back: "/admin/customers".to_owned(),
    }
}

fn edit_page(say: Say<'_>, account: &Account) -> FormPage {
    let path = format!("/admin/customers/{}", account.id);
    let mut page = FormPage {
        title: say.it("customer-edit"),
        subtitle: None,
        crumbs: vec![
            crumb(say.it("menu-customers"), Some("/admin/customers")),
            crumb(account.name.clone(), Some(&path)),
            crumb(say.it("customer-edit"), None),
        ],
        form: form(say, path.clone(), None, "settings-save"),
        errors: Vec::new(),
        back: path,
    };
    let mut values = Typed::from([
        ("name".to_owned(), account.name.clone()),
        ("email".to_owned(), account.email.clone()),
        ("country".to_owned(), account.country.clone()),
    ]);
    let lines = [
        ("company", &account.company),
        ("phone", &account.phone),
        ("address1", &account.address1),
        ("address2", &account.address2),
        ("postcode", &account.postcode),
        ("city", &account.city),
        ("region", &account.region),
        ("vat_id", &account.vat_id),
    ];
    for (name, value) in lines {
        values.insert(name.to_owned(), value.clone().unwrap_or_default());
    }
    page.form.fill(&values);
    page
}

fn wanted(typed: &Typed) -> NewAccount {
    let line = |name: &str| {
        typed
            .get(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    NewAccount {
        name: line("name").unwrap_or_default(),
        email: line("email").unwrap_or_default(),
        country: line("country").unwrap_or_default(),
        company: line("company"),
        phone: line("phone"),
        address1: line("address1"),
        address2: line("address2"),
        city: line("city"),
        region: line("region"),
        postcode: line("postcode"),
        vat_id: line("vat_id"),
        currency: line("currency").map(|code| code.to_ascii_uppercase()),
        ..NewAccount::default()
    }
}

/// `GET /admin/customers/new`
pub async fn new(State(app): State<App>, staff: Staff<WriteAccounts>, asked: Asked) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let context = new_page(Say(&app, &chrome), staff.scope.tenant().currency.code());
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

fn refuse(app: &App, chrome: &Chrome, page: FormPage, typed: &Typed, error: AccountError) -> Response {
    let say = Say(app, chrome);
    if matches!(error, AccountError::Unknown) {
        return not_found();
    }
    let errors = say.refusals(&error);
    if errors.is_empty() {
        return internal(error);
    }
    Html::show(
        app,
        StatusCode::UNPROCESSABLE_ENTITY,
        &page.refused(typed, errors),
        chrome,
    )
}

/// `POST /admin/customers`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteAccounts>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let say = Say(&app, &chrome);
    let own = staff.scope.tenant().currency.code();
    let wanted = wanted(&typed);
    if wanted
        .currency
        .as_deref()
        .is_some_and(|code| Currency::parse(code).is_err())
    {
        let error = FieldError {
            field: "currency".to_owned(),
            message: say.it("tenants-error-currency"),
        };
        let context = new_page(say, own).refused(&typed, vec![error]);
        return Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome);
    }
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        let account = account::create(&mut tx, &wanted).await?;
        crate::mails::people::invite_owner(&app, &mut tx, account.id).await?;
        tx.commit().await?;
        Ok::<_, AccountError>(account)
    };
    match done.await {
        Ok(account) => {
            let text = say.with("customer-created", &[("name", &account.name)]);
            page::flash(&staff.session, Tone::Success, text).await;
            Redirect::to(&format!("/admin/customers/{}", account.id)).into_response()
        }
        Err(error) => refuse(&app, &chrome, new_page(say, own), &typed, error),
    }
}

async fn known(app: &App, staff: &Staff<WriteAccounts>, id: AccountId) -> Result<Account, AccountError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let account = account::find(&mut tx, id).await?.ok_or(AccountError::Unknown)?;
    tx.commit().await?;
    Ok(account)
}

/// `GET /admin/customers/{id}/edit`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WriteAccounts>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let account = match known(&app, &staff, id).await {
        Ok(account) => account,
        Err(AccountError::Unknown) => return not_found(),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    Html::show(&app, StatusCode::OK, &edit_page(Say(&app, &chrome), &account), &chrome)
}

/// `POST /admin/customers/{id}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WriteAccounts>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let account = match known(&app, &staff, id).await {
        Ok(account) => account,
        Err(AccountError::Unknown) => return not_found(),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let say = Say(&app, &chrome);
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        account::update(&mut tx, id, &wanted(&typed)).await?;
        tx.commit().await?;
        Ok::<_, AccountError>(())
    };
    match done.await {
        Ok(()) => {
            page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
            Redirect::to(&format!("/admin/customers/{id}")).into_response()
        }
        Err(error) => refuse(&app, &chrome, edit_page(say, &account), &typed, error),
    }
}

/// `POST /admin/customers/{id}/invite`: another link for an owner who has no password yet.
pub async fn invite(
    State(app): State<App>,
    staff: Staff<WriteAccounts>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        account::find(&mut tx, id).await?.ok_or(AccountError::Unknown)?;
        crate::mails::people::invite_owner(&app, &mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, AccountError>(())
    };
    match done.await {
        Ok(()) => {
            let chrome = page::admin(&app, &staff, &asked, "customers").await;
            let text = app.say(&chrome, "customer-invited", &[]);
            page::flash(&staff.session, Tone::Success, text).await;
            Redirect::to(&format!("/admin/customers/{id}")).into_response()
        }
        Err(AccountError::Unknown) => not_found(),
        Err(error) => internal(error),
    }
}
