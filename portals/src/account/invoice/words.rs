//! An invoice in words: its amounts, its days, and how each line came about.

use billing::invoice::{Invoice, Line};
use chrono::NaiveDate;
use platform::format::{self, DateStyle, MoneyStyle};
use platform::money::Money;
use platform::views::Page;
use serde_json::Value;

use crate::app::App;
use crate::refusal;

/// An amount as the reader writes it.
#[must_use]
pub fn money(page: &Page, amount: Money) -> String {
    let plain = amount.to_decimal_string();
    let code = amount.currency.code();
    format::money(&page.locale, &plain, code, MoneyStyle::default()).unwrap_or_else(|_| format!("{plain} {code}"))
}

/// A day as the reader writes it.
#[must_use]
pub fn day(page: &Page, day: NaiveDate) -> String {
    format::date(&page.locale, day, DateStyle::Medium)
}

/// What a line is for: its service and the days it covers, the last one included.
#[must_use]
pub fn detail(page: &Page, line: &Line) -> String {
    let days = line.period_from.zip(line.period_to).filter(|(from, to)| from < to);
    let days = days.and_then(|(from, to)| {
        let last = to.pred_opt()?;
        Some(format!("{} – {}", day(page, from), day(page, last)))
    });
    let parts = [Some(line.detail.clone()).filter(|detail| !detail.is_empty()), days];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Why the tax is what it is. The stored sentence of an invoice without any tax is in the words of the reader.
#[must_use]
pub fn tax_note(app: &App, page: &Page, row: &Invoice) -> Option<String> {
    let stored = row.tax_note.clone().filter(|note| !note.is_empty())?;
    Some(refusal::said(app, page, &stored))
}

/// How a line's amount came about, step by step.
#[must_use]
pub fn explain(app: &App, page: &Page, line: &Line, unit: Money, amount: Money) -> Vec<String> {
    let told = &line.explain;
    // A renewal carries what the order said of the price.
    let said = told["trace"].get(0).unwrap_or(told);
    let mut steps = Vec::new();
    if let Some(base) = amount_of(&said["base"]) {
        steps.push(match said["price_version"].as_i64() {
            Some(version) => app.say(
                page,
                "explain-base",
                &[("amount", &money(page, base)), ("version", &version.to_string())],
            ),
            None => app.say(page, "explain-base-plain", &[("amount", &money(page, base))]),
        });
    }
    let options = said["options"].as_array().map_or(&[][..], Vec::as_slice);
    steps.extend(options.iter().filter_map(|option| option_step(app, page, option)));
    if !options.is_empty() && said["agreed"].is_null() {
        steps.push(app.say(page, "explain-unit", &[("amount", &money(page, unit))]));
    }
    if let Some(agreed) = amount_of(&said["agreed"]["unit"]) {
        steps.push(app.say(page, "explain-agreed", &[("amount", &money(page, agreed))]));
    }
    if let Some((from, to)) = line.period_from.zip(line.period_to).filter(|(from, to)| from < to) {
        let last = to.pred_opt().unwrap_or(to);
        let args = [("from", day(page, from)), ("last", day(page, last))];
        let key = if told["rounding"].as_str().is_some_and(|rule| rule.starts_with("none")) {
            "explain-whole"
        } else {
            "explain-days"
        };
        steps.push(app.say(page, key, &[("from", &args[0].1), ("last", &args[1].1)]));
    }
    if line.quantity > 1 {
        let args = [line.quantity.to_string(), money(page, unit), money(page, amount)];
        let named = [("quantity", args[0].as_str()), ("unit", &args[1]), ("amount", &args[2])];
        steps.push(app.say(page, "explain-times", &named));
    }
    steps
}

fn option_step(app: &App, page: &Page, option: &Value) -> Option<String> {
    let (each, amount) = (amount_of(&option["each"])?, amount_of(&option["amount"])?);
    let key = option["key"].as_str()?;
    let value = match &option["value"] {
        Value::String(value) => format!("{key}: {value}"),
        _ => key.to_owned(),
    };
    let quantity = option["quantity"].as_i64().unwrap_or(1).to_string();
    let args = [money(page, each), money(page, amount)];
    let named = [
        ("option", value.as_str()),
        ("quantity", &quantity),
        ("each", &args[0]),
        ("amount", &args[1]),
    ];
    Some(app.say(page, "explain-option", &named))
}

fn amount_of(value: &Value) -> Option<Money> {
    serde_json::from_value(value.clone()).ok()
}
