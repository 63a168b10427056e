//! What is asked of Stripe, as its own types.

use std::collections::HashMap;

use billing::gateway::{Charge, HostedPage, SetupPage};
use platform::money::Currency;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionPaymentIntentDataCaptureMethod,
    CreateCheckoutSessionPaymentIntentDataSetupFutureUsage, CreateCheckoutSessionSetupIntentData,
    ExpireCheckoutSession, ProductData, RetrieveCheckoutSession,
};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest as _};
use stripe_core::customer::CreateCustomer;
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, CreatePaymentIntentOffSession, ListPaymentIntent,
    RetrievePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_payment::payment_method::{AttachPaymentMethod, DetachPaymentMethod};
use stripe_shared::{CheckoutSessionMode, PaymentIntentCaptureMethod};

/// Fees and the method used come with the intent.
fn whole() -> Vec<String> {
    vec!["latest_charge.balance_transaction".into(), "payment_method".into()]
}

/// The same of every intent of a list.
fn whole_rows() -> Vec<String> {
    vec![
        "data.latest_charge.balance_transaction".into(),
        "data.payment_method".into(),
    ]
}

fn marked(name: &str, value: &str) -> HashMap<String, String> {
    HashMap::from([(name.to_owned(), value.to_owned())])
}

fn unit(currency: Currency) -> stripe_types::Currency {
    match currency.code().to_ascii_lowercase().parse() {
        Ok(unit) => unit,
    }
}

/// Who the key belongs to.
pub fn account() -> RequestBuilder {
    RequestBuilder::new(StripeMethod::Get, "/account")
}

/// A payer.
pub fn customer(key: &str, name: &str, email: &str) -> RequestBuilder {
    let mut customer = CreateCustomer::new().metadata(marked("account", key));
    // An empty text would unset the field, and Stripe refuses one for an address.
    if !name.is_empty() {
        customer = customer.name(name);
    }
    if !email.is_empty() {
        customer = customer.email(email);
    }
    customer.build()
}

/// A method for later charges.
pub fn attach(customer: &str, token: &str) -> RequestBuilder {
    AttachPaymentMethod::new(token).customer(customer).build()
}

/// A charge or a hold of a saved method, while nobody is there to be sent anywhere.
pub fn charge(charge: &Charge, amount: i64) -> RequestBuilder {
    let mut methods = CreatePaymentIntentAutomaticPaymentMethods::new(true);
    methods.allow_redirects = Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never);
    let mut intent = CreatePaymentIntent::new(amount, unit(charge.amount.currency))
        .customer(&charge.customer)
        .payment_method(&charge.method)
        .automatic_payment_methods(methods)
        .confirm(true)
        .off_session(CreatePaymentIntentOffSession::Bool(true))
        .description(&charge.description)
        .metadata(marked("payment", &charge.key))
        .expand(whole());
    if charge.hold {
        intent = intent.capture_method(PaymentIntentCaptureMethod::Manual);
    }
    intent.build()
}

/// A hosted page.
pub fn page(page: &HostedPage, amount: i64) -> RequestBuilder {
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(unit(page.amount.currency));
    price.product_data = Some(ProductData::new(&page.description));
    price.unit_amount = Some(amount);
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price_data = Some(price);
    line.quantity = Some(1);
    let mut intent = CreateCheckoutSessionPaymentIntentData::new();
    intent.metadata = Some(marked("payment", &page.key));
    intent.description = Some(page.description.clone());
    if page.hold {
        intent.capture_method = Some(CreateCheckoutSessionPaymentIntentDataCaptureMethod::Manual);
    }
    if page.save {
        intent.setup_future_usage = Some(CreateCheckoutSessionPaymentIntentDataSetupFutureUsage::OffSession);
    }
    CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Payment)
        .customer(&page.customer)
        .client_reference_id(&page.key)
        .line_items(vec![line])
        .payment_intent_data(intent)
        .metadata(marked("payment", &page.key))
        .success_url(&page.success_url)
        .cancel_url(&page.cancel_url)
        .build()
}

/// A hosted page as it stands, with all that its outcome says.
pub fn page_by_id(session: &str) -> RequestBuilder {
    let whole = whole().into_iter().map(|path| format!("payment_intent.{path}"));
    RetrieveCheckoutSession::new(session)
        .expand(whole.collect::<Vec<_>>())
        .build()
}

/// A hosted page, ended.
pub fn expire(session: &str) -> RequestBuilder {
    ExpireCheckoutSession::new(session).build()
}

/// A hosted page on which a card is saved.
pub fn setup(page: &SetupPage) -> RequestBuilder {
    let mut intent = CreateCheckoutSessionSetupIntentData::new();
    intent.metadata = Some(marked("setup", &page.key));
    CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Setup)
        .customer(&page.customer)
        .currency(unit(page.currency))
        .client_reference_id(&page.key)
        .setup_intent_data(intent)
        .metadata(marked("setup", &page.key))
        .success_url(&page.success_url)
        .cancel_url(&page.cancel_url)
        .build()
}

/// Such a page as it stands, with the card.
pub fn setup_by_id(session: &str) -> RequestBuilder {
    RetrieveCheckoutSession::new(session)
        .expand(vec!["setup_intent.payment_method".into()])
        .build()
}

/// A method, forgotten.
pub fn detach(method: &str) -> RequestBuilder {
    DetachPaymentMethod::new(method).build()
}

/// An intent as it stands.
pub fn intent(id: &str) -> RequestBuilder {
    RetrievePaymentIntent::new(id).expand(whole()).build()
}

/// A payer's intents, newest first, from after one of them on.
pub fn intents(customer: &str, after: Option<&str>) -> RequestBuilder {
    let mut list = ListPaymentIntent::new()
        .customer(customer)
        .limit(100)
        .expand(whole_rows());
    if let Some(after) = after {
        list = list.starting_after(after);
    }
    list.build()
}

/// What is held, taken: all of it, or a part.
pub fn capture(intent: &str, part: Option<i64>) -> RequestBuilder {
    let mut capture = CapturePaymentIntent::new(intent).expand(whole());
    if let Some(part) = part {
        capture = capture.amount_to_capture(part);
    }
    capture.build()
}

/// What is held, given back.
pub fn cancel(intent: &str) -> RequestBuilder {
    CancelPaymentIntent::new(intent).build()
}

/// Money sent back.
pub fn refund(key: &str, intent: &str, amount: i64) -> RequestBuilder {
    CreateRefund::new()
        .payment_intent(intent)
        .amount(amount)
        .metadata(marked("refund", key))
        .build()
}

/// An intent's refunds.
pub fn refunds(intent: &str) -> RequestBuilder {
    ListRefund::new().payment_intent(intent).limit(100).build()
}

/// An intent's disputes.
pub fn disputes(intent: &str) -> RequestBuilder {
    let of = HashMap::from([("payment_intent", intent), ("limit", "100")]);
    RequestBuilder::new(StripeMethod::Get, "/disputes").query(&of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::money::Money;

    fn form(body: &str) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        pairs.sort();
        pairs
    }

    fn has(pairs: &[(String, String)], name: &str, value: &str) {
        let found = pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str());
        assert_eq!(found, Some(value), "{name} in {pairs:?}");
    }

    #[test]
    fn a_charge_says_all_that_a_charge_without_the_payer_needs() {
        let asked = charge(
            &Charge {
                key: "pay_1".into(),
                amount: Money::parse("12.34", Currency::parse("EUR").unwrap()).unwrap(),
                customer: "cus_1".into(),
                method: "pm_1".into(),
                hold: true,
                description: "INV & <1>".into(),
            },
            1234,
        );
        assert_eq!(asked.path, "/payment_intents");
        let pairs = form(&asked.body.unwrap());
        for (name, value) in [
            ("amount", "1234"),
            ("currency", "eur"),
            ("customer", "cus_1"),
            ("payment_method", "pm_1"),
            ("confirm", "true"),
            ("off_session", "true"),
            ("capture_method", "manual"),
            ("automatic_payment_methods[enabled]", "true"),
            ("automatic_payment_methods[allow_redirects]", "never"),
            ("metadata[payment]", "pay_1"),
            ("description", "INV & <1>"),
            ("expand[0]", "latest_charge.balance_transaction"),
        ] {
            has(&pairs, name, value);
        }
    }

    #[test]
    fn a_page_carries_our_key_and_saves_only_with_consent() {
        let wish = |save| HostedPage {
            key: "pay_1".into(),
            amount: Money::parse("5", Currency::parse("JPY").unwrap()).unwrap(),
            customer: "cus_1".into(),
            save,
            hold: save,
            description: "Invoice 7".into(),
            success_url: "https://shop.example/account/orders/ord_1?x=1".into(),
            cancel_url: "https://shop.example/cart".into(),
        };
        let saving = form(&page(&wish(true), 5).body.unwrap());
        for (name, value) in [
            ("mode", "payment"),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][currency]", "jpy"),
            ("line_items[0][price_data][unit_amount]", "5"),
            ("line_items[0][price_data][product_data][name]", "Invoice 7"),
            ("payment_intent_data[metadata][payment]", "pay_1"),
            ("payment_intent_data[setup_future_usage]", "off_session"),
            ("payment_intent_data[capture_method]", "manual"),
            ("client_reference_id", "pay_1"),
            ("success_url", "https://shop.example/account/orders/ord_1?x=1"),
        ] {
            has(&saving, name, value);
        }
        let once = page(&wish(false), 5).body.unwrap();
        assert!(!once.contains("setup_future_usage") && !once.contains("capture_method"));
    }
}
