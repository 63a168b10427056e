//! The form of an option: what can be chosen, and what each choice costs with each plan.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::catalogue::{self, NewOption, NewOptionValue, NewPrice, OptionChange, OptionPrice, ProductOption};
use billing::ids::{OptionId, PlanId, ProductId};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::Tone;
use serde_json::Value;
use tenancy::extract::Staff;
use tenancy::permission::WriteCatalogue;

use super::{Whole, whole};
use crate::admin::desk::Say;
use crate::admin::servers::beside;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::FieldError;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

const KINDS: &[(&str, &str)] = &[
    ("choice", "option-choice"),
    ("quantity", "option-quantity"),
    ("text", "option-text"),
];

/// What is read for the form.
struct Read {
    whole: Whole,
    prices: Vec<OptionPrice>,
}

async fn read(app: &App, staff: &Staff<WriteCatalogue>, id: &str) -> Result<Read, Response> {
    let Ok(id) = id.parse::<ProductId>() else {
        return Err(not_found());
    };
    let read = async {
        let whole = whole(app, staff, id).await?;
        let plans: Vec<PlanId> = whole.plans.iter().map(|plan| plan.id).collect();
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let prices = catalogue::option_prices(&mut tx, &plans).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(Read { whole, prices })
    };
    match read.await {
        Ok(read) => Ok(read),
        Err(BillingError::NotFound(_)) => Err(not_found()),
        Err(error) => Err(internal(error)),
    }
}

/// `key | Name | value on the panel`, a line each.
fn values_text(option: &ProductOption) -> String {
    let line = |value: &billing::catalogue::OptionValue| {
        let panel = value.panel_value.as_ref().map(|panel| match panel {
            Value::String(text) => format!(" | {text}"),
            other => format!(" | {other}"),
        });
        format!("{} | {}{}", value.key, value.name, panel.unwrap_or_default())
    };
    let offered = option.values.iter().filter(|value| !value.retired);
    offered.map(line).collect::<Vec<_>>().join("\n")
}

fn values(text: &str) -> Vec<NewOptionValue> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut parts = line.splitn(3, '|').map(str::trim);
            let key = parts.next().unwrap_or_default().to_owned();
            let name = parts
                .next()
                .filter(|name| !name.is_empty())
                .map_or_else(|| key.clone(), str::to_owned);
            // A number or JSON is sent as such; anything else as text.
            let panel = parts.next().filter(|panel| !panel.is_empty());
            let panel = panel.map(|panel| serde_json::from_str(panel).unwrap_or_else(|_| Value::from(panel)));
            NewOptionValue {
                key,
                name,
                panel_value: panel,
            }
        })
        .collect()
}

/// One price to fill in: plan, value of a choice, currency.
struct Slot<'a> {
    field: String,
    label: String,
    plan: PlanId,
    value: Option<&'a str>,
    currency: Currency,
    now: Option<Money>,
}

fn slots<'a>(read: &'a Read, option: &'a ProductOption) -> Vec<Slot<'a>> {
    let mut slots = Vec::new();
    let offered: Vec<_> = option.values.iter().filter(|value| !value.retired).collect();
    for plan in read.whole.plans.iter().filter(|plan| plan.state != "retired") {
        for price in read.whole.prices.get(&plan.id).into_iter().flatten() {
            let currency = price.amount.currency;
            let mut slot = |value: Option<&'a billing::catalogue::OptionValue>| {
                let now = read.prices.iter().find(|known| {
                    known.option == option.id
                        && known.plan == plan.id
                        && known.value == value.map(|value| value.id)
                        && known.amount.currency == currency
                });
                let name = value.map_or("", |value| value.name.as_str());
                slots.push(Slot {
                    field: format!(
                        "price.{}.{}.{}",
                        plan.id,
                        value.map_or("", |value| value.key.as_str()),
                        currency.code()
                    ),
                    label: format!("{} {name} ({})", plan.name, currency.code()),
                    plan: plan.id,
                    value: value.map(|value| value.key.as_str()),
                    currency,
                    now: now.map(|known| known.amount),
                });
            };
            if option.kind == "choice" {
                offered.iter().for_each(|value| slot(Some(value)));
            } else {
                slot(None);
            }
        }
    }
    slots
}

/// The fields of an option; what cannot change any more is left out.
fn fields(say: Say<'_>, read: &Read, option: Option<&ProductOption>) -> Vec<Field> {
    let mut fields = Vec::new();
    if option.is_none() {
        fields.push(Field::text("key", say.it("option-key"), "").hint(say.it("option-key-hint")));
        fields.push(Field::text("kind", say.it("list-kind"), "choice").choices(say.choices(KINDS)));
    }
    fields.push(Field::text(
        "name",
        say.it("list-name"),
        option.map_or("", |option| option.name.as_str()),
    ));
    fields.push(Field::tick(
        "required",
        say.it("option-required"),
        option.is_some_and(|option| option.required),
    ));
    let kind = option.map(|option| option.kind.as_str());
    if kind != Some("choice") {
        fields.push(
            Field::text("min", say.it("option-min"), option.map_or(0, |option| option.min))
                .kind("number")
                .optional(),
        );
        fields.push(
            Field::text("max", say.it("option-max"), option.map_or(1, |option| option.max))
                .kind("number")
                .optional(),
        );
    }
    if kind.is_none_or(|kind| kind == "choice") {
        fields.push(
            Field::text(
                "values",
                say.it("catalogue-values"),
                option.map(values_text).unwrap_or_default(),
            )
            .kind("textarea")
            .optional()
            .hint(say.it("option-values-hint")),
        );
    }
    let panel_key = option
        .and_then(|option| option.panel_key.as_deref())
        .unwrap_or_default();
    fields.push(
        Field::text("panel_key", say.it("option-panel-key"), panel_key)
            .optional()
            .hint(say.it("option-panel-key-hint")),
    );
    if let Some(option) = option {
        fields.push(Field::tick(
            "retired",
            say.it("option-retired"),
            option.state == "retired",
        ));
        fields.push(
            Field::text("prices", say.it("plan-prices"), "")
                .kind("heading")
                .hint(say.it("option-prices-hint")),
        );
        for slot in slots(read, option) {
            let now = slot.now.map(Money::to_decimal_string).unwrap_or_default();
            fields.push(Field::text(slot.field, slot.label, now).optional());
        }
    }
    fields
}

fn form(say: Say<'_>, read: &Read, option: Option<&ProductOption>) -> FormPage {
    let base = format!("/admin/catalogue/{}", read.whole.product.id);
    let title = option.map_or_else(|| say.it("catalogue-new-option"), |option| option.name.clone());
    FormPage {
        subtitle: Some(read.whole.product.name.clone()),
        crumbs: vec![
            crumb(say.it("menu-catalogue"), Some("/admin/catalogue")),
            crumb(read.whole.product.name.clone(), Some(&base)),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "option".to_owned(),
            path: option.map_or_else(
                || format!("{base}/options"),
                |option| format!("{base}/options/{}", option.id),
            ),
            fields: fields(say, read, option),
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: base,
    }
}

/// `GET /admin/catalogue/{id}/options/new`
pub async fn new(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let read = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    Html::show(&app, StatusCode::OK, &form(Say(&app, &chrome), &read, None), &chrome)
}

fn whole_number(typed: &Typed, name: &str, otherwise: i32) -> Option<i32> {
    match typed.get(name).map_or("", |text| text.trim()) {
        "" => Some(otherwise),
        text => text.parse().ok(),
    }
}

/// `POST /admin/catalogue/{id}/options`: then come its prices.
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let read = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let text = |name: &str| typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let kind = text("kind");
    let (min, max) = (whole_number(&typed, "min", 0), whole_number(&typed, "max", 1));
    let (Some(min), Some(max)) = (min, max) else {
        let error = FieldError {
            field: if min.is_none() { "min" } else { "max" }.to_owned(),
            message: say.it("schema-number"),
        };
        let context = form(say, &read, None).refused(&typed, vec![error]);
        return Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome);
    };
    let new = NewOption {
        key: text("key"),
        name: text("name"),
        required: typed.contains_key("required"),
        min,
        max,
        panel_key: Some(text("panel_key")).filter(|key| !key.is_empty()),
        values: if kind == "choice" {
            values(&text("values"))
        } else {
            Vec::new()
        },
        kind,
    };
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        let option = catalogue::create_option(&mut tx, read.whole.product.id, &new).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(option)
    };
    match done.await {
        Ok(option) => {
            page::flash(&staff.session, Tone::Success, say.it("option-created")).await;
            let path = format!("/admin/catalogue/{}/options/{}", option.product_id, option.id);
            Redirect::to(&path).into_response()
        }
        Err(error) => match beside(say, &error) {
            Some(errors) => {
                let context = form(say, &read, None).refused(&typed, errors);
                Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
            }
            None => internal(error),
        },
    }
}

/// `GET /admin/catalogue/{id}/options/{option}`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path((id, option)): Path<(String, String)>,
) -> Response {
    let read = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let Some(option) = read.whole.options.iter().find(|known| known.id.to_string() == option) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    Html::show(
        &app,
        StatusCode::OK,
        &form(Say(&app, &chrome), &read, Some(option)),
        &chrome,
    )
}

/// Prices that were typed, by place; what is empty stays as it is.
type Prices = Vec<(PlanId, Option<String>, NewPrice)>;

fn prices(say: Say<'_>, typed: &Typed, slots: &[Slot<'_>]) -> Result<Prices, Vec<FieldError>> {
    let (mut prices, mut errors) = (Vec::new(), Vec::new());
    let typed: BTreeMap<&str, &str> = typed.iter().map(|(name, text)| (name.as_str(), text.trim())).collect();
    for slot in slots {
        let text = typed.get(slot.field.as_str()).copied().unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        match Money::parse(text, slot.currency) {
            Ok(amount) => prices.push((
                slot.plan,
                slot.value.map(str::to_owned),
                NewPrice {
                    amount,
                    setup: Money::zero(slot.currency),
                },
            )),
            Err(_) => errors.push(FieldError {
                field: slot.field.clone(),
                message: say.it("plan-price-wrong"),
            }),
        }
    }
    if errors.is_empty() { Ok(prices) } else { Err(errors) }
}

/// `POST /admin/catalogue/{id}/options/{option}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path((id, option)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let read = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let Some(option) = read.whole.options.iter().find(|known| known.id.to_string() == option) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let text = |name: &str| typed.get(name).map(|text| text.trim().to_owned());
    let change = OptionChange {
        name: text("name"),
        required: Some(typed.contains_key("required")),
        min: whole_number(&typed, "min", option.min),
        max: whole_number(&typed, "max", option.max),
        panel_key: Some(text("panel_key").filter(|key| !key.is_empty())),
        values: (option.kind == "choice").then(|| values(&text("values").unwrap_or_default())),
    };
    let errors = match prices(say, &typed, &slots(&read, option)) {
        Err(errors) => errors,
        Ok(prices) => match store(&app, &staff, option.id, &change, prices, typed.contains_key("retired")).await {
            Ok(()) => {
                page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
                return Redirect::to(&format!("/admin/catalogue/{}", read.whole.product.id)).into_response();
            }
            Err(error) => match beside(say, &error) {
                Some(errors) => errors,
                None => return internal(error),
            },
        },
    };
    let context = form(say, &read, Some(option)).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

async fn store(
    app: &App,
    staff: &Staff<WriteCatalogue>,
    option: OptionId,
    change: &OptionChange,
    prices: Prices,
    retired: bool,
) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    let changed = catalogue::update_option(&mut tx, option, change).await?;
    for (plan, value, price) in prices {
        // A value that was taken off in the same form is not priced any more.
        let is_offered = value
            .as_ref()
            .is_none_or(|key| changed.values.iter().any(|known| known.key == *key && !known.retired));
        if is_offered {
            catalogue::set_option_price(&mut tx, plan, option, value.as_deref(), &price).await?;
        }
    }
    if retired && changed.state != "retired" {
        catalogue::retire_option(&mut tx, option).await?;
    }
    tx.commit().await?;
    Ok(())
}
