//! What the shop says of faults, terms and refusals, in the reader's language.

use billing::BillingError;
use billing::quote::{Fault, ItemProblem};
use platform::format::{MoneyStyle, money};
use platform::money::Money;
use platform::views::Page;

use crate::app::App;
use crate::kit::parts::FieldError;

/// A fault as a sentence.
pub fn fault(app: &App, page: &Page, fault: &Fault) -> String {
    let say = |key: &str, args: &[(&str, &str)]| app.say(page, key, args);
    match fault {
        Fault::ItemCount => say("site-fault-items", &[]),
        Fault::NoPlan => say("site-fault-plan", &[]),
        Fault::NoPrice(currency) | Fault::OptionNoPrice(currency) => {
            say("site-fault-currency", &[("currency", currency.code())])
        }
        Fault::Quantity => say("site-fault-quantity", &[]),
        Fault::Hostname => say("site-fault-hostname", &[]),
        Fault::OptionsShape | Fault::NoOption => say("site-fault-option", &[]),
        Fault::Required => say("site-fault-required", &[]),
        Fault::NoChoice => say("site-fault-choice", &[]),
        Fault::NotText | Fault::NotOneLine => say("site-fault-text", &[]),
        Fault::TooLong(max) => say("site-fault-long", &[("max", &max.to_string())]),
        Fault::NotNumber => say("site-fault-number", &[]),
        Fault::Range(min, max) => say(
            "site-fault-range",
            &[("min", &min.to_string()), ("max", &max.to_string())],
        ),
        Fault::Calendar => say("site-fault-plan", &[]),
    }
}

/// Problems as messages beside the form's fields; an option `os` has the field `option_os`.
pub fn field_errors(app: &App, page: &Page, problems: &[ItemProblem]) -> Vec<FieldError> {
    let field = |name: &str| match name.strip_prefix("options.") {
        Some(key) => format!("option_{key}"),
        None => name.to_owned(),
    };
    problems
        .iter()
        .map(|p| FieldError {
            field: field(&p.field),
            message: fault(app, page, &p.fault),
        })
        .collect()
}

/// A refusal of a command in the reader's language, where it has a word for it.
pub fn refusal(app: &App, page: &Page, error: &BillingError) -> Option<String> {
    let key = match error {
        BillingError::Conflict("no_capacity" | "out_of_stock", _) => "site-sold-meanwhile",
        BillingError::Conflict("cart_full", _) => "site-cart-full",
        BillingError::Conflict("payment_in_flight", _) => "site-payment-in-flight",
        BillingError::Conflict("gateway_away", _) => "site-gateway-away",
        BillingError::Conflict("gateway_refused", _) => "site-gateway-refused",
        BillingError::Conflict("payment_exists" | "order_closed" | "paid", _) => "site-order-closed",
        other => {
            let words = crate::refusal::words(app, page, other)
                .into_iter()
                .map(|error| error.message);
            return words.reduce(|all, next| format!("{all} {next}"));
        }
    };
    Some(app.say(page, key, &[]))
}

/// An amount as plain text, for places where markup cannot stand.
pub fn amount(page: &Page, amount: Money) -> String {
    let text = amount.to_decimal_string();
    money(&page.locale, &text, amount.currency.code(), MoneyStyle::default()).unwrap_or(text)
}
