//! Settings of the tenant: who it is, how it bills, how it looks, who works here, which hosts it has.

use std::ops::RangeInclusive;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::views::{Context, Page, Tone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy::brand::{Brand, Colour};
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadSettings, WriteSettings};
use tenancy::settings::{self, SettingError, Settings};
use tenancy::{audit, host, staff as people, user};

use crate::app::App;
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal};
use crate::web::form::{Form, whole};
use crate::web::page::{self, Asked};

#[derive(Serialize)]
struct Values {
    legal_name: String,
    address: String,
    country: String,
    vat_id: String,
    support_email: String,
    mail_from: String,
    tagline: String,
    invoice_prefix: String,
    due_days: String,
    invoice_days_before: String,
    due_soon_days: String,
    suspend_after_days: String,
    order_expire_days: String,
}

impl From<&Settings> for Values {
    fn from(own: &Settings) -> Self {
        Self {
            legal_name: own.legal_name.clone(),
            address: own.address.join("\n"),
            country: own.country.clone(),
            vat_id: own.vat_id.clone(),
            support_email: own.support_email.clone(),
            mail_from: own.mail_from.clone(),
            tagline: own.tagline.clone(),
            invoice_prefix: own.invoice_prefix.clone(),
            due_days: own.due_days.to_string(),
            invoice_days_before: own.invoice_days_before.to_string(),
            due_soon_days: own.due_soon_days.to_string(),
            suspend_after_days: own.suspend_after_days.to_string(),
            order_expire_days: own.order_expire_days.to_string(),
        }
    }
}

#[derive(Serialize, Default)]
struct Errors {
    country: Option<String>,
    support_email: Option<String>,
    mail_from: Option<String>,
    color: Option<String>,
    color_dark: Option<String>,
    accent: Option<String>,
    radius: Option<String>,
    due_days: Option<String>,
    invoice_days_before: Option<String>,
    due_soon_days: Option<String>,
    suspend_after_days: Option<String>,
    order_expire_days: Option<String>,
}

#[derive(Serialize)]
struct BrandView {
    color: String,
    color_dark: String,
    accent: String,
    radius: String,
}

impl From<&Brand> for BrandView {
    fn from(own: &Brand) -> Self {
        Self {
            color: own.color.into(),
            color_dark: own.color_dark.map(String::from).unwrap_or_default(),
            accent: own.accent.into(),
            radius: own.radius.to_string(),
        }
    }
}

/// What was typed and not taken; the rest is as it is set.
#[derive(Default)]
struct Typed {
    values: Option<Values>,
    brand: Option<BrandView>,
}

#[derive(Serialize)]
struct StaffView {
    name: String,
    email: String,
    rights: String,
}

#[derive(Serialize)]
struct HostView {
    hostname: String,
    badge: Badge,
    records: Vec<host::Record>,
}

#[derive(Serialize)]
struct SettingsPage {
    values: Values,
    errors: Errors,
    brand: BrandView,
    staff: Vec<StaffView>,
    hosts: Vec<HostView>,
    own_host: String,
    /// Mails are sent from here.
    mail_host: String,
    may_write: bool,
}

impl Context for SettingsPage {
    const TEMPLATE: &'static str = "admin/settings.html";
}

/// `GET /admin/settings`
pub async fn show(State(app): State<App>, staff: Staff<ReadSettings>, asked: Asked) -> Response {
    render(
        &app,
        &staff,
        &asked,
        StatusCode::OK,
        Typed::default(),
        Errors::default(),
    )
    .await
}

async fn render<P: Permission>(
    app: &App,
    staff: &Staff<P>,
    asked: &Asked,
    status: StatusCode,
    typed: Typed,
    errors: Errors,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = people::list(&mut tx).await?;
        tx.commit().await?;
        let hosts = host::list(app.tenancy(), Some(staff.scope.tenant().id)).await?;
        Ok::<_, platform::db::DbError>((rows, hosts))
    };
    let (rows, hosts) = match read.await {
        Ok(both) => both,
        Err(error) => return internal(error),
    };
    let page = page::admin(app, staff, asked, "settings").await;
    let tenant = staff.scope.tenant();
    let every = app.say(&page, "settings-staff-every", &[]);
    let rights = |row: &people::StaffRow| {
        if row.permissions.iter().any(|p| p == "*") {
            every.clone()
        } else {
            row.permissions.join(", ")
        }
    };
    let context = SettingsPage {
        values: typed.values.unwrap_or_else(|| Values::from(&tenant.settings)),
        errors,
        brand: typed.brand.unwrap_or_else(|| BrandView::from(&tenant.brand)),
        staff: rows
            .iter()
            .map(|row| StaffView {
                name: row.name.clone(),
                email: row.email.clone(),
                rights: rights(row),
            })
            .collect(),
        hosts: hosts
            .iter()
            .map(|h| HostView {
                hostname: h.hostname.clone(),
                badge: status::host(&h.state),
                records: host::records(h, app.tenancy().cname_suffix()),
            })
            .collect(),
        own_host: format!("{}.{}", tenant.slug, app.tenancy().base_domain()),
        mail_host: tenancy::mail::sending_host(app.tenancy(), tenant),
        may_write: staff.rights.has(WriteSettings::NAME),
    };
    Html::show(app, status, &context, &page)
}

#[derive(Deserialize)]
pub struct Company {
    legal_name: String,
    address: String,
    country: String,
    vat_id: String,
    support_email: String,
    mail_from: String,
    tagline: String,
}

/// `POST /admin/settings`
pub async fn company(
    State(app): State<App>,
    staff: Staff<WriteSettings>,
    asked: Asked,
    Form(fields): Form<Company>,
) -> Response {
    let page = page::admin(&app, &staff, &asked, "settings").await;
    let mut errors = Errors::default();
    let country = fields.country.trim().to_ascii_uppercase();
    if !country.is_empty() && !crate::web::countries::is_country(&country) {
        errors.country = Some(app.say(&page, "settings-error-country", &[]));
    }
    let wrong = |text: &str| !text.trim().is_empty() && user::normalise_email(text).is_none();
    if wrong(&fields.support_email) {
        errors.support_email = Some(app.say(&page, "auth-error-email", &[]));
    }
    if wrong(&fields.mail_from) {
        errors.mail_from = Some(app.say(&page, "auth-error-email", &[]));
    }
    let address: Vec<&str> = fields
        .address
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(6)
        .collect();
    if errors.country.is_some() || errors.support_email.is_some() || errors.mail_from.is_some() {
        let mut typed = Values::from(&staff.scope.tenant().settings);
        (typed.legal_name, typed.address, typed.country, typed.vat_id) =
            (fields.legal_name, fields.address, fields.country, fields.vat_id);
        (typed.support_email, typed.mail_from, typed.tagline) =
            (fields.support_email, fields.mail_from, fields.tagline);
        let typed = Typed {
            values: Some(typed),
            brand: None,
        };
        return render(&app, &staff, &asked, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await;
    }
    let values = json!({
        "legal_name": fields.legal_name.trim(), "address": address, "country": country, "vat_id": fields.vat_id.trim(),
        "support_email": fields.support_email.trim(), "mail_from": fields.mail_from.trim(), "tagline": fields.tagline.trim(),
    });
    save(&app, &staff, &asked, values).await
}

#[derive(Deserialize)]
pub struct Billing {
    invoice_prefix: String,
    due_days: String,
    invoice_days_before: String,
    due_soon_days: String,
    suspend_after_days: String,
    order_expire_days: String,
}

/// A number that was typed, or zero with the words for its field.
fn number(app: &App, page: &Page, typed: &str, within: RangeInclusive<u32>) -> (u32, Option<String>) {
    if let Some(number) = whole(typed, &within) {
        return (number, None);
    }
    let (least, most) = (within.start().to_string(), within.end().to_string());
    let words = app.say(page, "settings-error-number", &[("least", &least), ("most", &most)]);
    (0, Some(words))
}

/// `POST /admin/settings/billing`
pub async fn billing(
    State(app): State<App>,
    staff: Staff<WriteSettings>,
    asked: Asked,
    Form(fields): Form<Billing>,
) -> Response {
    let page = page::admin(&app, &staff, &asked, "settings").await;
    let read = |typed: &str, within| number(&app, &page, typed, within);
    let mut errors = Errors::default();
    let (due, before, soon, grace, expire);
    (due, errors.due_days) = read(&fields.due_days, 0..=90);
    (before, errors.invoice_days_before) = read(&fields.invoice_days_before, 0..=60);
    (soon, errors.due_soon_days) = read(&fields.due_soon_days, 0..=60);
    (grace, errors.suspend_after_days) = read(&fields.suspend_after_days, 1..=365);
    (expire, errors.order_expire_days) = read(&fields.order_expire_days, 0..=365);
    let wrong = [
        &errors.due_days,
        &errors.invoice_days_before,
        &errors.due_soon_days,
        &errors.suspend_after_days,
        &errors.order_expire_days,
    ];
    if wrong.iter().any(|error| error.is_some()) {
        let mut values = Values::from(&staff.scope.tenant().settings);
        (values.invoice_prefix, values.due_days, values.invoice_days_before) =
            (fields.invoice_prefix, fields.due_days, fields.invoice_days_before);
        (
            values.due_soon_days,
            values.suspend_after_days,
            values.order_expire_days,
        ) = (
            fields.due_soon_days,
            fields.suspend_after_days,
            fields.order_expire_days,
        );
        let typed = Typed {
            values: Some(values),
            brand: None,
        };
        return render(&app, &staff, &asked, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await;
    }
    let prefix: String = fields
        .invoice_prefix
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/'))
        .take(12)
        .collect();
    let values = json!({
        "invoice_prefix": prefix, "due_days": due, "invoice_days_before": before, "due_soon_days": soon,
        "suspend_after_days": grace, "order_expire_days": expire,
    });
    save(&app, &staff, &asked, values).await
}

#[derive(Deserialize)]
pub struct Look {
    color: String,
    color_dark: String,
    accent: String,
    radius: String,
}

/// `POST /admin/settings/brand`: any readable colour is taken; contrast is computed, not demanded.
pub async fn brand(
    State(app): State<App>,
    staff: Staff<WriteSettings>,
    asked: Asked,
    Form(fields): Form<Look>,
) -> Response {
    let page = page::admin(&app, &staff, &asked, "settings").await;
    let wrong = app.say(&page, "settings-error-color", &[]);
    let parse = |text: &str| match text.trim() {
        "" => Ok(None),
        text => Colour::try_from(text.to_ascii_lowercase())
            .map(Some)
            .map_err(|_| wrong.clone()),
    };
    let (color, dark, accent) = (parse(&fields.color), parse(&fields.color_dark), parse(&fields.accent));
    let (radius, no_radius) = number(&app, &page, &fields.radius, 0..=12);
    let errors = Errors {
        radius: no_radius.clone(),
        color: color.as_ref().err().cloned(),
        color_dark: dark.as_ref().err().cloned(),
        accent: accent.as_ref().err().cloned(),
        ..Errors::default()
    };
    let (Ok(color), Ok(dark), Ok(accent), None) = (color, dark, accent, no_radius) else {
        let typed = Typed {
            values: None,
            brand: Some(BrandView {
                color: fields.color,
                color_dark: fields.color_dark,
                accent: fields.accent,
                radius: fields.radius,
            }),
        };
        return render(&app, &staff, &asked, StatusCode::UNPROCESSABLE_ENTITY, typed, errors).await;
    };
    let values = json!({ "brand": { "color": color, "color_dark": dark, "accent": accent, "radius": radius } });
    save(&app, &staff, &asked, values).await
}

async fn save(app: &App, staff: &Staff<WriteSettings>, asked: &Asked, values: Value) -> Response {
    let values: Map<String, Value> = values.as_object().cloned().unwrap_or_default();
    let tenant = staff.scope.tenant().id;
    let stored = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        audit::record(&mut tx, "settings.changed", tenant, Value::Object(values.clone())).await?;
        tx.commit().await?;
        let mut control = app.tenancy().control().await?;
        settings::change(&mut control, tenant, &values).await?;
        control.commit().await?;
        app.tenancy().refresh().await?;
        Ok::<_, SettingError>(())
    };
    if let Err(error) = stored.await {
        return internal(error);
    }
    let page = page::admin(app, staff, asked, "settings").await;
    page::flash(&staff.session, Tone::Success, app.say(&page, "settings-saved", &[])).await;
    Redirect::to("/admin/settings").into_response()
}
