//! The checkout page as its template draws it.

use billing::BillingError;
use billing::payment_method::PaymentMethod;
use chrono::NaiveDate;
use platform::money::Money;
use platform::views::{Context, Page};
use serde::Serialize;
use tenancy::user::User;

use super::desk::{Desk, What};
use super::form::{Fields, Shown};
use crate::app::App;
use crate::kit::parts::FieldError;
use crate::site::cart::{self, CartRow, Renewal};
use crate::web::countries::{Country, countries};

/// What went wrong with what was sent.
#[derive(Debug, Default)]
pub struct Trouble {
    /// Wrong fields.
    pub errors: Vec<FieldError>,
    /// Why the payment was refused, in plain words.
    pub declined: Option<String>,
    /// Something changed meanwhile, or is in the way.
    pub problem: Option<String>,
}

impl Trouble {
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }

    pub fn problem(text: String) -> Self {
        Self {
            problem: Some(text),
            ..Self::default()
        }
    }

    pub fn is_none(&self) -> bool {
        self.errors.is_empty() && self.declined.is_none() && self.problem.is_none()
    }
}

/// A line of an order that is placed already.
#[derive(Debug, Clone, Serialize)]
pub struct PlacedRow {
    pub description: String,
    pub detail: String,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub amount: Money,
}

/// A way to pay.
#[derive(Debug, Clone, Serialize)]
pub struct MethodCard {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub icon: &'static str,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct Buyer {
    pub name: String,
    pub email: String,
    pub account: Option<String>,
}

/// The checkout.
#[derive(Serialize)]
pub struct CheckoutPage {
    pub items: Vec<CartRow>,
    pub placed: Vec<PlacedRow>,
    pub order: Option<String>,
    pub number: Option<i64>,
    pub total: Money,
    pub credit: Option<Money>,
    pub due: Money,
    pub renewals: Vec<Renewal>,
    pub buyer: Option<Buyer>,
    pub may_order: bool,
    pub form: Shown,
    pub countries: Vec<Country>,
    pub methods: Vec<MethodCard>,
    pub needs_payment: bool,
    pub can_save: bool,
    pub terms_url: Option<String>,
    pub key: String,
    pub expect: i64,
    pub errors: Vec<FieldError>,
    pub declined: Option<String>,
    pub problem: Option<String>,
}

impl Context for CheckoutPage {
    const TEMPLATE: &'static str = "site/checkout.html";
}

fn saved(app: &App, page: &Page, method: &PaymentMethod) -> MethodCard {
    let brand = match method.brand.as_str() {
        "" => app.say(page, "site-card", &[]),
        brand => brand[..1].to_uppercase() + &brand[1..],
    };
    let label = if method.last4.is_empty() {
        brand
    } else {
        format!("{brand} •••• {}", method.last4)
    };
    let hint = match (method.exp_month, method.exp_year) {
        (Some(month), Some(year)) => {
            let until = format!("{month:02}/{year}");
            Some(app.say(page, "site-card-until", &[("until", &until)]))
        }
        _ => None,
    };
    MethodCard {
        value: method.id.to_string(),
        label,
        hint,
        icon: "credit-card",
    }
}

fn methods(app: &App, page: &Page, desk: &Desk) -> Vec<MethodCard> {
    let mut cards: Vec<MethodCard> = desk.methods.iter().map(|method| saved(app, page, method)).collect();
    let several = desk.gateways.len() > 1;
    for gateway in &desk.gateways {
        let key = if desk.methods.is_empty() {
            "site-by-card"
        } else {
            "site-new-card"
        };
        let label = match gateway.kind.as_str() {
            "stripe" if !several => app.say(page, key, &[]),
            _ => gateway.name.clone(),
        };
        cards.push(MethodCard {
            value: format!("new:{}", gateway.id),
            label,
            hint: Some(app.say(page, "site-hosted", &[])),
            icon: "credit-card-pay",
        });
    }
    cards
}

/// The page for what lies on the counter and what was typed so far.
pub fn page(
    app: &App,
    page: &Page,
    user: Option<&User>,
    desk: &Desk,
    fields: &Fields,
    trouble: Trouble,
) -> Result<CheckoutPage, BillingError> {
    let total = desk.total()?;
    let shown_total = total.unwrap_or(Money::zero(desk.currency()));
    let (credit, due) = desk.split(shown_total)?;
    let cards = methods(app, page, desk);
    let default = cards.first().map(|card| card.value.clone()).unwrap_or_default();
    let country = desk.account().map(|account| account.country.clone());
    let country = country.unwrap_or_else(|| desk.country.clone());
    let (items, placed, renewals) = rows(app, page, desk)?;
    let problem = match total {
        None => Some(app.say(page, "site-cart-wrong", &[])),
        Some(_) => trouble.problem,
    };
    Ok(CheckoutPage {
        items,
        placed,
        order: desk.order_id().map(|id| id.to_string()),
        number: match &desk.what {
            What::Order(waiting) => Some(waiting.order.number),
            What::Cart(_) => None,
        },
        total: shown_total,
        credit: Some(credit).filter(|credit| credit.is_positive()),
        due,
        renewals,
        buyer: user.map(|user| Buyer {
            name: user.name.clone(),
            email: user.email.clone(),
            account: desk.account().map(|account| account.name.clone()),
        }),
        may_order: desk.may_order() && total.is_some(),
        form: fields.shown(&default, &country),
        countries: countries(page.locale.language()),
        can_save: !desk.gateways.is_empty() && desk.may_charge_saved(),
        methods: cards,
        needs_payment: due.is_positive(),
        terms_url: desk.terms_url.clone(),
        key: fields.key.clone(),
        expect: shown_total.minor,
        errors: trouble.errors,
        declined: trouble.declined,
        problem,
    })
}

type Rows = (Vec<CartRow>, Vec<PlacedRow>, Vec<Renewal>);

fn rows(app: &App, page: &Page, desk: &Desk) -> Result<Rows, BillingError> {
    let currency = desk.currency();
    match &desk.what {
        What::Cart(lines) => {
            let renewals = cart::totals(lines, currency)?.map(|totals| totals.renewals);
            Ok((cart::rows(app, page, lines), Vec::new(), renewals.unwrap_or_default()))
        }
        What::Order(waiting) => {
            let mut placed = Vec::new();
            for line in &waiting.lines {
                placed.push(PlacedRow {
                    description: line.description.clone(),
                    detail: line.detail.clone(),
                    from: line.period_from,
                    to: line.period_to,
                    amount: Money::new(line.amount_minor, currency)?,
                });
            }
            let mut renewals = Vec::new();
            for renews in &waiting.renews {
                renewals.push(Renewal {
                    amount: Money::new(renews.minor, currency)?,
                    unit: renews.cycle_unit.clone(),
                    count: renews.cycle_count,
                    on: renews.on_day,
                });
            }
            Ok((Vec::new(), placed, renewals))
        }
    }
}
