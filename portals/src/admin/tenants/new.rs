//! A new tenant: a name, where its shop is, in which money and language, and whose it is.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::money::Currency;
use platform::texts::Locale;
use platform::views::{Page as Chrome, Tone};
use tenancy::extract::Staff;
use tenancy::permission::WriteTenants;
use tenancy::tenant::{self, NewTenant, TenantError};
use tenancy::{Mode, Portal, TenantId, TenantScope, resolve, staff, user};

use crate::admin::desk::Say;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::{Choice, FieldError};
use crate::web::answer::{Html, internal};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

const LANGUAGES: [(&str, &str); 2] = [("en", "language-en"), ("de", "language-de")];

fn page_of(app: &App, chrome: &Chrome, staff: &Staff<WriteTenants>) -> FormPage {
    let say = Say(app, chrome);
    let own = staff.scope.tenant();
    let base = app.tenancy().base_domain();
    let currencies = Currency::all().map(|currency| Choice {
        value: currency.code().to_owned(),
        label: currency.code().to_owned(),
    });
    let modes = [
        ("live", "tenants-mode-live-long"),
        ("sandbox", "tenants-mode-sandbox-long"),
    ];
    let heading = |key: &str| Field::text("", say.it(key), "").kind("heading");
    FormPage {
        title: say.it("tenants-new"),
        subtitle: Some(say.it("tenants-new-text")),
        crumbs: vec![
            crumb(say.it("tenants-title"), Some("/admin/tenants")),
            crumb(say.it("tenants-new"), None),
        ],
        form: FormPart {
            id: "tenant".to_owned(),
            path: "/admin/tenants".to_owned(),
            fields: vec![
                heading("tenants-step-shop"),
                Field::text("name", say.it("tenants-name"), ""),
                Field::text("slug", say.it("tenants-slug"), "").hint(say.with("tenants-slug-hint", &[("base", base)])),
                heading("tenants-step-money"),
                Field::text("currency", say.it("tenants-currency"), own.currency.code()).choices(currencies.collect()),
                Field::text("locale", say.it("customer-language"), &own.locale).choices(say.choices(&LANGUAGES)),
                Field::text("timezone", say.it("tenants-timezone"), own.timezone.name())
                    .hint(say.it("tenants-timezone-hint")),
                Field::text("mode", say.it("tenants-mode"), "live")
                    .choices(say.choices(&modes))
                    .hint(say.it("tenants-sandbox-hint")),
                heading("tenants-step-owner"),
                Field::text("owner", say.it("tenants-owner"), "")
                    .kind("email")
                    .hint(say.it("tenants-owner-hint")),
            ],
            submit: say.it("tenants-create"),
        },
        errors: Vec::new(),
        back: "/admin/tenants".to_owned(),
    }
}

/// `GET /admin/tenants/new`
pub async fn new(State(app): State<App>, staff: Staff<WriteTenants>, asked: Asked) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "tenants").await;
    Html::show(&app, StatusCode::OK, &page_of(&app, &chrome, &staff), &chrome)
}

/// What was typed as a tenant, or what is wrong with it.
fn read(say: Say<'_>, parent: &str, typed: &Typed) -> Result<(NewTenant, String), Vec<FieldError>> {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let mut errors = Vec::new();
    let mut complain = |field: &str, key: &str| {
        errors.push(FieldError {
            field: field.to_owned(),
            message: say.it(key),
        });
    };
    let currency = Currency::parse(text("currency"));
    if currency.is_err() {
        complain("currency", "tenants-error-currency");
    }
    let timezone: Result<chrono_tz::Tz, _> = text("timezone").parse();
    if timezone.is_err() {
        complain("timezone", "tenants-error-timezone");
    }
    let locale = LANGUAGES.iter().map(|(tag, _)| *tag).find(|tag| *tag == text("locale"));
    if locale.is_none() {
        complain("locale", "tenants-error-language");
    }
    let mode = match text("mode") {
        "live" => Some(Mode::Live),
        "sandbox" => Some(Mode::Sandbox),
        _ => None,
    };
    if mode.is_none() {
        complain("mode", "tenants-error-mode");
    }
    let owner = text("owner").to_owned();
    if user::normalise_email(&owner).is_none() {
        complain("owner", "auth-error-email");
    }
    match (currency, timezone, locale, mode) {
        (Ok(currency), Ok(timezone), Some(locale), Some(mode)) if errors.is_empty() => Ok((
            NewTenant {
                slug: text("slug").to_owned(),
                name: text("name").to_owned(),
                parent: Some(parent.to_owned()),
                mode,
                currency,
                timezone,
                locale: Some(locale.to_owned()),
                settings: serde_json::Map::new(),
            },
            owner,
        )),
        _ => Err(errors),
    }
}

/// `POST /admin/tenants`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "tenants").await;
    let say = Say(&app, &chrome);
    let errors = match read(say, &staff.scope.tenant().slug, &typed) {
        Err(errors) => errors,
        Ok((new, owner)) => match make(&app, &staff.scope, &new, &owner).await {
            Ok(id) => {
                let text = say.with("tenants-made", &[("name", &new.name), ("owner", &owner)]);
                page::flash(&staff.session, Tone::Success, text).await;
                return Redirect::to(&format!("/admin/tenants/{id}")).into_response();
            }
            Err(error) => {
                let errors = say.refusals(&error);
                if errors.is_empty() {
                    return internal(error);
                }
                errors
            }
        },
    };
    let page = page_of(&app, &chrome, &staff).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &page, &chrome)
}

/// Creates the tenant and its owner, who gets a link to set a password.
pub(crate) async fn make(app: &App, by: &TenantScope, new: &NewTenant, owner: &str) -> Result<TenantId, TenantError> {
    let id = tenant::create_by(app.tenancy(), Some(by), new).await?;
    if owner.is_empty() {
        return Ok(id);
    }
    let scope = resolve::system(app.tenancy(), id, "tenant create")
        .map_err(|_| TenantError::UnknownTenant(new.slug.clone()))?;
    let mut tx = app.tenancy().begin(&scope).await?;
    let name = owner.split('@').next().unwrap_or(owner).to_owned();
    let locale = new.locale.as_deref().and_then(|tag| Locale::parse(tag).ok());
    let new_user = user::NewUser {
        email: owner.to_owned(),
        name,
        locale: locale.map(|locale| locale.language().to_owned()),
        ..user::NewUser::default()
    };
    let account_error = |error: user::UserError| TenantError::Account(error.to_string());
    let user = match user::find_by_email(&mut tx, owner).await? {
        Some(user) => {
            user::reclaim(&mut tx, user.id).await?;
            user
        }
        None => user::create(&mut tx, &new_user).await.map_err(account_error)?,
    };
    staff::grant(&mut tx, user.id, &["*".to_owned()]).await?;
    crate::mails::people::invite(app, &mut tx, &user, Portal::Admin, None).await?;
    tx.commit().await?;
    Ok(id)
}
