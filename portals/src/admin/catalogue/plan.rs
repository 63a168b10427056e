//! The form of a plan: its cycle, and prices in each currency, one version after the other.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::catalogue::{self, NewPlan, NewPrice, Plan, PlanChange, Price};
use billing::ids::{PlanId, ProductId};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::Tone;
use tenancy::extract::Staff;
use tenancy::permission::WriteCatalogue;

use super::{STATES, Whole, whole};
use crate::admin::desk::Say;
use crate::admin::servers::beside;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::FieldError;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

const UNITS: &[(&str, &str)] = &[
    ("month", "unit-month"),
    ("year", "unit-year"),
    ("week", "unit-week"),
    ("day", "unit-day"),
    ("once", "ui-once"),
];

/// Currencies prices are asked for: the tenant's own, and those something is priced in already.
async fn currencies(app: &App, staff: &Staff<WriteCatalogue>) -> Result<Vec<Currency>, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let mut all = catalogue::currencies(&mut tx).await?;
    tx.commit().await?;
    let own = staff.scope.tenant().currency;
    all.retain(|currency| *currency != own);
    all.insert(0, own);
    Ok(all)
}

/// What a form of a plan is about.
struct About<'a> {
    whole: &'a Whole,
    plan: Option<&'a Plan>,
    currencies: &'a [Currency],
}

/// The fields of a plan; its cycle never changes.
fn fields(say: Say<'_>, about: &About<'_>) -> Vec<Field> {
    let About { whole, plan, .. } = about;
    let none = Vec::new();
    let prices: &Vec<Price> = plan.and_then(|plan| whole.prices.get(&plan.id)).unwrap_or(&none);
    let mut fields = vec![Field::text(
        "name",
        say.it("list-name"),
        plan.map_or("", |plan| plan.name.as_str()),
    )];
    if plan.is_none() {
        fields.push(Field::text("cycle.count", say.it("plan-count"), 1).kind("number"));
        fields.push(Field::text("cycle.unit", say.it("plan-unit"), "month").choices(say.choices(UNITS)));
    }
    fields.push(
        Field::text(
            "trial_days",
            say.it("plan-trial"),
            plan.map_or(0, |plan| plan.trial_days),
        )
        .kind("number")
        .hint(say.it("plan-trial-hint")),
    );
    if let Some(plan) = plan {
        fields.push(Field::text("state", say.it("list-status"), &plan.state).choices(say.choices(STATES)));
        fields.push(Field::text("position", say.it("catalogue-place"), plan.position).kind("number"));
    }
    fields.push(
        Field::text("prices", say.it("plan-prices"), "")
            .kind("heading")
            .hint(say.it(if plan.is_some() {
                "plan-prices-hint-edit"
            } else {
                "plan-prices-hint"
            })),
    );
    for currency in about.currencies {
        let known = prices.iter().find(|price| price.amount.currency == *currency);
        let code = currency.code();
        let amount = known.map(|price| price.amount.to_decimal_string()).unwrap_or_default();
        let setup = known
            .filter(|price| !price.setup.is_zero())
            .map(|price| price.setup.to_decimal_string());
        let label = say.with("plan-price-in", &[("currency", code)]);
        fields.push(Field::text(format_args!("amount.{code}"), label, amount).optional());
        let label = say.with("plan-setup-in", &[("currency", code)]);
        fields.push(Field::text(format_args!("setup.{code}"), label, setup.unwrap_or_default()).optional());
    }
    fields.push(
        Field::text("other", say.it("plan-other"), "")
            .optional()
            .hint(say.it("plan-other-hint")),
    );
    fields
}

fn form(say: Say<'_>, about: &About<'_>) -> FormPage {
    let About { whole, plan, .. } = about;
    let base = format!("/admin/catalogue/{}", whole.product.id);
    let title = say.it(if plan.is_some() {
        "plan-edit"
    } else {
        "catalogue-new-plan"
    });
    FormPage {
        subtitle: plan.map(|plan| say.cycle(&plan.cycle_unit, plan.cycle_count)),
        crumbs: vec![
            crumb(say.it("menu-catalogue"), Some("/admin/catalogue")),
            crumb(whole.product.name.clone(), Some(&base)),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "plan".to_owned(),
            path: plan.map_or_else(|| format!("{base}/plans"), |plan| format!("{base}/plans/{}", plan.id)),
            fields: fields(say, about),
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: base,
    }
}

/// What was typed as prices; `EUR 10.00` adds a currency.
fn prices(say: Say<'_>, typed: &Typed, currencies: &[Currency]) -> Result<Vec<NewPrice>, Vec<FieldError>> {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let (mut prices, mut errors) = (Vec::new(), Vec::new());
    let mut wrong = |field: String| {
        errors.push(FieldError {
            field,
            message: say.it("plan-price-wrong"),
        });
    };
    for currency in currencies {
        let (amount, setup) = (
            format!("amount.{}", currency.code()),
            format!("setup.{}", currency.code()),
        );
        if text(&amount).is_empty() {
            if !text(&setup).is_empty() {
                wrong(amount);
            }
            continue;
        }
        let first = Money::parse(text(&amount), *currency);
        let once = match text(&setup) {
            "" => Ok(Money::zero(*currency)),
            setup => Money::parse(setup, *currency),
        };
        match (first, once) {
            (Ok(amount), Ok(setup)) => prices.push(NewPrice { amount, setup }),
            (Err(_), _) => wrong(amount),
            (Ok(_), Err(_)) => wrong(setup),
        }
    }
    if !text("other").is_empty() {
        let other = text("other").split_once(' ').and_then(|(code, amount)| {
            let currency = Currency::parse(&code.to_ascii_uppercase()).ok()?;
            Money::parse(amount.trim(), currency).ok()
        });
        match other {
            Some(amount) => prices.push(NewPrice {
                setup: Money::zero(amount.currency),
                amount,
            }),
            None => wrong("other".to_owned()),
        }
    }
    if errors.is_empty() { Ok(prices) } else { Err(errors) }
}

fn number(say: Say<'_>, typed: &Typed, name: &str, errors: &mut Vec<FieldError>) -> i32 {
    let text = typed.get(name).map_or("", |text| text.trim());
    text.parse().unwrap_or_else(|_| {
        errors.push(FieldError {
            field: name.to_owned(),
            message: say.it("schema-number"),
        });
        0
    })
}

async fn read(app: &App, staff: &Staff<WriteCatalogue>, id: &str) -> Result<(Whole, Vec<Currency>), Response> {
    let Ok(id) = id.parse::<ProductId>() else {
        return Err(not_found());
    };
    let read = async { Ok::<_, BillingError>((whole(app, staff, id).await?, currencies(app, staff).await?)) };
    match read.await {
        Ok(read) => Ok(read),
        Err(BillingError::NotFound(_)) => Err(not_found()),
        Err(error) => Err(internal(error)),
    }
}

/// `GET /admin/catalogue/{id}/plans/new`
pub async fn new(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let (whole, currencies) = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let about = About {
        whole: &whole,
        plan: None,
        currencies: &currencies,
    };
    Html::show(&app, StatusCode::OK, &form(Say(&app, &chrome), &about), &chrome)
}

/// `POST /admin/catalogue/{id}/plans`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let (whole, currencies) = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let mut errors = Vec::new();
    let cycle_count = number(say, &typed, "cycle.count", &mut errors);
    let trial_days = number(say, &typed, "trial_days", &mut errors);
    match prices(say, &typed, &currencies) {
        Err(more) => errors.extend(more),
        Ok(prices) if errors.is_empty() => {
            let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
            let new = NewPlan {
                product: whole.product.id,
                name: text("name"),
                cycle_unit: text("cycle.unit"),
                cycle_count,
                trial_days,
                prices,
            };
            let done = async {
                let mut tx = app.tenancy().begin(&staff.scope).await?;
                catalogue::create_plan(&mut tx, &new).await?;
                tx.commit().await?;
                Ok::<_, BillingError>(())
            };
            match done.await {
                Ok(()) => return saved(&staff, say, whole.product.id).await,
                Err(error) => match beside(say, &error) {
                    Some(more) => errors = more,
                    None => return internal(error),
                },
            }
        }
        Ok(_) => {}
    }
    let about = About {
        whole: &whole,
        plan: None,
        currencies: &currencies,
    };
    let context = form(say, &about).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

async fn saved(staff: &Staff<WriteCatalogue>, say: Say<'_>, id: ProductId) -> Response {
    page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
    Redirect::to(&format!("/admin/catalogue/{id}")).into_response()
}

/// `GET /admin/catalogue/{id}/plans/{plan}`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path((id, plan)): Path<(String, String)>,
) -> Response {
    let (whole, currencies) = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let Some(plan) = whole.plans.iter().find(|known| known.id.to_string() == plan) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let about = About {
        whole: &whole,
        plan: Some(plan),
        currencies: &currencies,
    };
    Html::show(&app, StatusCode::OK, &form(Say(&app, &chrome), &about), &chrome)
}

/// `POST /admin/catalogue/{id}/plans/{plan}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path((id, plan)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let (whole, currencies) = match read(&app, &staff, &id).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let Some(plan) = whole.plans.iter().find(|known| known.id.to_string() == plan) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let mut errors = Vec::new();
    let trial_days = number(say, &typed, "trial_days", &mut errors);
    let position = number(say, &typed, "position", &mut errors);
    match prices(say, &typed, &currencies) {
        Err(more) => errors.extend(more),
        Ok(prices) if errors.is_empty() => {
            let change = PlanChange {
                name: typed.get("name").cloned(),
                trial_days: Some(trial_days),
                state: typed.get("state").cloned(),
                position: Some(position),
                prices,
            };
            match store(&app, &staff, plan.id, &change).await {
                Ok(()) => return saved(&staff, say, whole.product.id).await,
                Err(error) => match beside(say, &error) {
                    Some(more) => errors = more,
                    None => return internal(error),
                },
            }
        }
        Ok(_) => {}
    }
    let about = About {
        whole: &whole,
        plan: Some(plan),
        currencies: &currencies,
    };
    let context = form(say, &about).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

async fn store(
    app: &App,
    staff: &Staff<WriteCatalogue>,
    plan: PlanId,
    change: &PlanChange,
) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    catalogue::update_plan(&mut tx, plan, change).await?;
    tx.commit().await?;
    Ok(())
}
