//! What the shop's templates draw, made from offers and quotes.

use billing::catalogue::{Product, ProductOption};
use billing::quote::{self, Item, Offer, QuotedItem};
use chrono::NaiveDate;
use platform::money::{Currency, Money};
use platform::views::Page;
use serde::Serialize;
use serde_json::{Value, json};

use super::words;
use crate::app::App;
use crate::kit::parts::{Choice, FieldError};

/// An amount and how often it is due.
#[derive(Debug, Clone, Serialize)]
pub struct PriceView {
    pub amount: Money,
    pub unit: String,
    pub count: i32,
}

impl PriceView {
    pub fn of(offer: &Offer, amount: Money) -> Self {
        Self {
            amount,
            unit: offer.plan.cycle_unit.clone(),
            count: offer.plan.cycle_count,
        }
    }
}

/// A row of a product's table of features.
#[derive(Debug, Clone, Serialize)]
pub struct Feature {
    pub label: String,
    pub value: String,
}

/// A product as a card shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ProductCard {
    pub name: String,
    pub kind: String,
    pub summary: String,
    pub path: String,
    pub order_path: String,
    pub features: Vec<Feature>,
    pub price: Option<PriceView>,
    pub many: bool,
    pub sold_out: bool,
    pub left: Option<i32>,
}

/// Fewer than this are worth saying.
const FEW: i32 = 10;

pub fn features(product: &Product) -> Vec<Feature> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = product.features.as_array().cloned().unwrap_or_default();
    rows.iter()
        .map(|row| Feature {
            label: text(row, "label"),
            value: text(row, "value"),
        })
        .collect()
}

/// The card of a product; `offers` may hold those of other products too.
pub fn card(product: &Product, offers: &[Offer], currency: Currency) -> ProductCard {
    let own: Vec<(&Offer, Money)> = offers
        .iter()
        .filter(|offer| offer.product.id == product.id)
        .filter_map(|offer| offer.price(currency).map(|price| (offer, price.amount)))
        .collect();
    let lowest = own.iter().min_by_key(|(_, amount)| amount.minor);
    ProductCard {
        name: product.name.clone(),
        kind: product.kind.clone(),
        summary: product.summary.clone(),
        path: format!("/products/{}/{}", product.kind, product.slug),
        order_path: format!("/order/{}", product.slug),
        features: features(product),
        price: lowest.map(|(offer, amount)| PriceView::of(offer, *amount)),
        many: own.len() > 1,
        sold_out: product.stock == Some(0),
        left: product.stock.filter(|left| (1..FEW).contains(left)),
    }
}

/// A term of the radio cards.
#[derive(Debug, Clone, Serialize)]
pub struct Term {
    pub value: String,
    pub name: String,
    pub price: PriceView,
    pub monthly: Option<Money>,
    pub saving: Option<i64>,
    pub setup: Option<Money>,
    pub trial_days: i32,
    pub checked: bool,
}

/// A field for an option.
#[derive(Debug, Clone, Serialize)]
pub struct OptionField {
    pub name: String,
    pub label: String,
    pub kind: String,
    pub required: bool,
    pub min: i32,
    pub max: i32,
    pub value: String,
    pub choices: Vec<Choice>,
    pub hint: Option<String>,
    pub error: Option<String>,
}

/// The form of a product: terms, options, and where it goes.
#[derive(Debug, Clone, Serialize)]
pub struct OrderForm {
    pub product: String,
    pub order_path: String,
    pub terms: Vec<Term>,
    pub options: Vec<OptionField>,
    pub needs_hostname: bool,
    pub hostname: String,
    pub quantity: String,
    pub item: Option<String>,
}

/// A line of the summary.
#[derive(Debug, Clone, Serialize)]
pub struct QuoteRow {
    pub label: String,
    pub amount: Money,
}

/// What the choice costs, or what is wrong with it.
#[derive(Debug, Clone, Serialize)]
pub struct QuoteView {
    pub lines: Vec<QuoteRow>,
    pub today: Option<Money>,
    pub renewal: Option<PriceView>,
    pub trial_until: Option<NaiveDate>,
    pub problem: Option<String>,
}

/// What was asked for, read from a form or an address.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pairs: Vec<(String, String)>,
}

impl Wish {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// What a cart item holds, as if its form had been sent.
    pub fn of(item: &Item) -> Self {
        let mut pairs = vec![
            ("plan".to_owned(), item.plan.to_string()),
            ("quantity".to_owned(), item.quantity.to_string()),
            ("hostname".to_owned(), item.hostname.clone()),
        ];
        for (key, value) in item.options.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push((format!("option_{key}"), text));
        }
        Self { pairs }
    }

    /// The same with one more field.
    #[must_use]
    pub fn and(mut self, name: &str, value: String) -> Self {
        self.pairs.push((name.to_owned(), value));
        self
    }

    /// The last value given for a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// The offer that is asked for: the plan that is named, else the first.
    pub fn offer<'a>(&self, offers: &'a [Offer]) -> Option<&'a Offer> {
        let named = self.get("plan").and_then(|text| text.parse().ok());
        offers
            .iter()
            .find(|offer| Some(offer.plan.id) == named)
            .or_else(|| offers.first())
    }

    /// The item that is asked for. An empty required option shows the first choice, and so it is chosen.
    pub fn item(&self, offer: &Offer) -> Item {
        let mut options = serde_json::Map::new();
        for (name, value) in &self.pairs {
            if let Some(key) = name.strip_prefix("option_") {
                options.insert(key.to_owned(), json!(value));
            }
        }
        Item {
            plan: offer.plan.id,
            quantity: match self.get("quantity") {
                None => 1,
                Some(text) => text.trim().parse().unwrap_or(0),
            },
            hostname: self.text("hostname"),
            options: Value::Object(options),
        }
    }

    /// Fills in what a page shows before anything was chosen.
    pub fn with_defaults(mut self, offer: &Offer) -> Self {
        for option in &offer.options {
            let name = format!("option_{}", option.key);
            if self.get(&name).is_none() {
                self.pairs.push((name, first_value(option)));
            }
        }
        self
    }
}

fn first_value(option: &ProductOption) -> String {
    match option.kind.as_str() {
        "choice" if option.required => option.values.first().map(|v| v.key.clone()).unwrap_or_default(),
        "quantity" => option.min.to_string(),
        _ => String::new(),
    }
}

/// The offers of one product that have a price in the currency.
pub fn priced(offers: Vec<Offer>, currency: Currency) -> Vec<Offer> {
    offers.into_iter().filter(|o| o.price(currency).is_some()).collect()
}

/// The form as it stands with a wish; `offers` are those of the product, in this currency.
pub fn form(
    (app, page): (&App, &Page),
    offers: &[Offer],
    wish: &Wish,
    currency: Currency,
    errors: &[FieldError],
) -> Option<OrderForm> {
    let offer = wish.offer(offers)?;
    let product = &offer.product;
    let error = |name: &str| errors.iter().find(|e| e.field == name).map(|e| e.message.clone());
    let field = |option: &ProductOption| {
        let name = format!("option_{}", option.key);
        OptionField {
            label: option.name.clone(),
            kind: option.kind.clone(),
            required: option.required,
            min: option.min,
            max: option.max,
            value: wish.text(&name),
            choices: choices((app, page), offer, option, currency),
            hint: each((app, page), offer, option, currency),
            error: error(&name),
            name,
        }
    };
    Some(OrderForm {
        product: product.slug.clone(),
        order_path: format!("/order/{}", product.slug),
        terms: terms(offers, offer, wish, currency, page.now.date_naive()),
        options: offer.options.iter().map(field).collect(),
        needs_hostname: product.needs_hostname,
        hostname: wish.text("hostname"),
        quantity: wish.get("quantity").unwrap_or("1").to_owned(),
        item: wish.get("item").filter(|item| !item.is_empty()).map(str::to_owned),
    })
}

/// Each term with its price, the chosen options included where it sells them.
fn terms(offers: &[Offer], chosen: &Offer, wish: &Wish, currency: Currency, day: NaiveDate) -> Vec<Term> {
    let today = day;
    let price_of = |offer: &Offer| {
        let item = Item {
            plan: offer.plan.id,
            quantity: 1,
            hostname: String::new(),
            ..wish.item(offer)
        };
        let quoted = quote::quote_one(std::slice::from_ref(offer), &item, currency, today).ok();
        let plain = offer.price(currency).map(|price| (price.amount, price.setup));
        quoted.map(|q| (q.unit, q.setup)).or(plain)
    };
    let monthly_base = offers
        .iter()
        .find(|o| o.plan.cycle_unit == "month" && o.plan.cycle_count == 1)
        .and_then(&price_of);
    offers
        .iter()
        .filter_map(|offer| {
            let (amount, setup) = price_of(offer)?;
            let (unit, count) = (offer.plan.cycle_unit.as_str(), offer.plan.cycle_count);
            Some(Term {
                value: offer.plan.id.to_string(),
                name: offer.plan.name.clone(),
                price: PriceView::of(offer, amount),
                monthly: quote::monthly(amount, unit, count),
                saving: monthly_base.and_then(|(base, _)| quote::saving(amount, unit, count, base)),
                setup: Some(setup).filter(|setup| setup.is_positive()),
                trial_days: offer.plan.trial_days,
                checked: offer.plan.id == chosen.plan.id,
            })
        })
        .collect()
}

fn choices((app, page): (&App, &Page), offer: &Offer, option: &ProductOption, currency: Currency) -> Vec<Choice> {
    option
        .values
        .iter()
        .map(|value| {
            let price = offer
                .option_prices
                .iter()
                .find(|p| p.value == Some(value.id) && p.amount.currency == currency)
                .filter(|p| p.amount.is_positive());
            let label = match price {
                Some(price) => {
                    let more = words::amount(page, price.amount);
                    app.say(page, "site-choice-price", &[("name", &value.name), ("amount", &more)])
                }
                None => value.name.clone(),
            };
            Choice {
                value: value.key.clone(),
                label,
            }
        })
        .collect()
}

/// What one unit of a quantity, or a text, costs.
fn each((app, page): (&App, &Page), offer: &Offer, option: &ProductOption, currency: Currency) -> Option<String> {
    let price = offer
        .option_prices
        .iter()
        .find(|p| p.option == option.id && p.value.is_none() && p.amount.currency == currency)?;
    let amount = words::amount(page, price.amount);
    let key = if option.kind == "quantity" {
        "site-each"
    } else {
        "site-extra"
    };
    price
        .amount
        .is_positive()
        .then(|| app.say(page, key, &[("amount", &amount)]))
}

/// The summary of a quoted item.
pub fn quoted((app, page): (&App, &Page), item: &QuotedItem) -> QuoteView {
    let mut lines = vec![QuoteRow {
        label: item.plan.name.clone(),
        amount: item.price.amount,
    }];
    for part in item.options.iter().filter(|part| part.amount.is_positive()) {
        lines.push(QuoteRow {
            label: format!("{}: {}", part.name, part.value),
            amount: part.amount,
        });
    }
    if item.setup.is_positive() {
        lines.push(QuoteRow {
            label: app.say(page, "site-setup", &[]),
            amount: item.setup,
        });
    }
    let renewal = item.renews_at.map(|amount| PriceView {
        amount,
        unit: item.plan.cycle_unit.clone(),
        count: item.plan.cycle_count,
    });
    QuoteView {
        lines,
        today: Some(item.due_today),
        renewal,
        trial_until: (item.plan.trial_days > 0).then_some(item.starts_on),
        problem: None,
    }
}

/// The summary where nothing can be priced.
pub fn unquoted(problem: String) -> QuoteView {
    QuoteView {
        lines: Vec::new(),
        today: None,
        renewal: None,
        trial_until: None,
        problem: Some(problem),
    }
}
