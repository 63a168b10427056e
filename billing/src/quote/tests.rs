//! Laws of pricing, and a table of what is refused.

use chrono::{DateTime, NaiveDate, Utc};
use platform::money::{Currency, Money};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::catalogue::OptionValue;
use crate::ids::{OptionKind, OptionValueId, OptionValueKind, PriceKind};

fn code(text: &str) -> Currency {
    Currency::parse(text).unwrap()
}

fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency).unwrap()
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 31).unwrap()
}

fn id<K>(n: u128) -> platform::id::Id<K> {
    platform::id::Id::new(Uuid::from_u128(n))
}

fn product() -> Product {
    Product {
        id: id(1),
        name: "KVM 2".into(),
        slug: "kvm-2".into(),
        kind: "vps".into(),
        summary: String::new(),
        description: String::new(),
        features: json!([]),
        server_id: None,
        panel_settings: json!({}),
        stock: None,
        needs_hostname: true,
        state: "active".into(),
        position: 0,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

fn plan(unit: &str, trial_days: i32) -> Plan {
    Plan {
        id: id(2),
        product_id: id(1),
        name: "Monthly".into(),
        cycle_unit: unit.into(),
        cycle_count: 1,
        trial_days,
        state: "active".into(),
        position: 0,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

fn option(n: u128, key: &str, kind: &str, required: bool, max: i32) -> ProductOption {
    let value = |v: u128, name: &str, retired| OptionValue {
        id: id::<OptionValueKind>(n * 10 + v),
        option_id: id(n),
        key: name.into(),
        name: name.to_uppercase(),
        panel_value: None,
        retired,
    };
    ProductOption {
        id: id(n),
        product_id: id(1),
        key: key.into(),
        name: key.to_uppercase(),
        kind: kind.into(),
        required,
        min: 0,
        max,
        panel_key: None,
        state: "active".into(),
        values: if kind == "choice" {
            vec![
                value(1, "debian", false),
                value(2, "windows", false),
                value(3, "old", true),
            ]
        } else {
            Vec::new()
        },
    }
}

fn price(amount: i64, setup: i64, currency: Currency) -> Price {
    Price {
        id: id::<PriceKind>(3),
        version: 7,
        amount: money(amount, currency),
        setup: money(setup, currency),
    }
}

fn option_price(n: u128, value: Option<OptionValueId>, amount: i64, setup: i64, currency: Currency) -> OptionPrice {
    OptionPrice {
        option: id::<OptionKind>(n),
        value,
        plan: id(2),
        version: 4,
        amount: money(amount, currency),
        setup: money(setup, currency),
    }
}

/// A product with a choice (two prices), a quantity and a text.
fn offer(unit: &str, trial: i32, currency: Currency, amounts: [i64; 8]) -> Offer {
    let [base, setup, choice, choice_setup, each, each_setup, text, text_setup] = amounts;
    Offer {
        product: product(),
        plan: plan(unit, trial),
        prices: vec![price(base, setup, currency)],
        options: vec![
            option(100, "os", "choice", true, 1),
            option(200, "ipv4", "quantity", false, 8),
            option(300, "note", "text", false, 12),
        ],
        option_prices: vec![
            option_price(100, Some(id(1002)), choice, choice_setup, currency),
            option_price(200, None, each, each_setup, currency),
            option_price(300, None, text, text_setup, currency),
        ],
    }
}

fn item(quantity: i32, options: Value) -> Item {
    Item {
        plan: id(2),
        quantity,
        hostname: "web.example.com".into(),
        options,
    }
}

fn minor(value: &Value, currency: Currency) -> i64 {
    assert_eq!(value["currency"], currency.code());
    Money::parse(value["amount"].as_str().unwrap(), currency).unwrap().minor
}

/// What a person with the trace and a pencil gets.
fn recomputed(explain: &Value, currency: Currency) -> (i64, i64) {
    let options: i64 = explain["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| {
            let sum = minor(&o["each"], currency) * o["quantity"].as_i64().unwrap();
            assert_eq!(sum, minor(&o["amount"], currency));
            sum
        })
        .sum();
    let unit = minor(&explain["base"], currency) + options;
    (unit, unit * explain["quantity"].as_i64().unwrap())
}

proptest! {
    #[test]
    fn amounts_add_up_and_explain_themselves(
        amounts in prop::array::uniform8(0_i64..10_000_000),
        quantity in 1_i32..=100,
        ips in 0_i32..=8,
        windows in any::<bool>(),
        yen in any::<bool>(),
        trial in prop::sample::select(vec![0, 14]),
    ) {
        let currency = code(if yen { "JPY" } else { "USD" });
        let offers = [offer("month", trial, currency, amounts)];
        let os = if windows { "windows" } else { "debian" };
        let wanted = item(quantity, json!({ "os": os, "ipv4": ips, "note": "hi" }));
        let quote = quote(&offers, std::slice::from_ref(&wanted), currency, day()).unwrap();
        let one = &quote.items[0];
        let [base, setup, choice, choice_setup, each, each_setup, text, text_setup] = amounts;
        let unit = base + if windows { choice } else { 0 } + each * i64::from(ips) + text;
        let once = setup + if windows { choice_setup } else { 0 } + each_setup * i64::from(ips) + text_setup;
        prop_assert_eq!(one.unit.minor, unit);
        prop_assert_eq!(one.setup.minor, once);
        let due = (once + if trial > 0 { 0 } else { unit }) * i64::from(quantity);
        prop_assert_eq!(quote.due_today.minor, due);
        prop_assert_eq!(one.lines.iter().map(|l| l.amount.minor).sum::<i64>(), due);
        for line in &one.lines {
            prop_assert_eq!(recomputed(&line.explain, currency), (line.unit.minor, line.amount.minor));
        }
        // What the subscription keeps is what a renewal bills: unit times units.
        prop_assert_eq!(recomputed(&one.explain, currency), (unit, unit * i64::from(quantity)));
        prop_assert_eq!(one.renews_at, Some(money(unit * i64::from(quantity), currency)));
        prop_assert_eq!(quote.renewals, one.renews_at.unwrap());
    }

    #[test]
    fn an_order_is_the_sum_of_its_items(quantities in prop::collection::vec(1_i32..=100, 1..10)) {
        let usd = code("USD");
        let offers = [offer("month", 0, usd, [999, 100, 50, 0, 25, 5, 0, 0])];
        let items: Vec<Item> = quantities.iter().map(|n| item(*n, json!({ "os": "windows" }))).collect();
        let whole = quote(&offers, &items, usd, day()).unwrap();
        let parts: i64 = items
            .iter()
            .map(|item| quote(&offers, std::slice::from_ref(item), usd, day()).unwrap().due_today.minor)
            .sum();
        prop_assert_eq!(whole.due_today.minor, parts);
    }
}

#[test]
fn what_is_wrong_names_its_field() {
    let usd = code("USD");
    let offers = [offer("month", 0, usd, [1000, 0, 500, 0, 200, 0, 0, 0])];
    let check = |options: Value, field: &str, fault: Fault| {
        let error = quote(&offers, &[item(1, options.clone())], usd, day()).unwrap_err();
        let QuoteError::Items(problems) = error else {
            panic!("{error}")
        };
        let known: Vec<_> = problems.iter().map(|p| (p.field.as_str(), &p.fault)).collect();
        assert!(known.contains(&(field, &fault)), "{options}: {known:?}");
    };
    check(json!({}), "options.os", Fault::Required);
    check(json!({ "os": "" }), "options.os", Fault::Required);
    check(json!({ "os": "old" }), "options.os", Fault::NoChoice);
    check(json!({ "os": "beos" }), "options.os", Fault::NoChoice);
    check(json!({ "os": 5 }), "options.os", Fault::NoChoice);
    check(json!({ "os": "debian", "ipv4": 9 }), "options.ipv4", Fault::Range(0, 8));
    check(
        json!({ "os": "debian", "ipv4": -1 }),
        "options.ipv4",
        Fault::Range(0, 8),
    );
    check(
        json!({ "os": "debian", "ipv4": "two" }),
        "options.ipv4",
        Fault::NotNumber,
    );
    check(json!({ "os": "debian", "ipv4": 1.5 }), "options.ipv4", Fault::NotNumber);
    check(
        json!({ "os": "debian", "note": "x".repeat(13) }),
        "options.note",
        Fault::TooLong(12),
    );
    check(
        json!({ "os": "debian", "note": "a\nb" }),
        "options.note",
        Fault::NotOneLine,
    );
    check(json!({ "os": "debian", "note": 1 }), "options.note", Fault::NotText);
    check(json!({ "os": "debian", "ram": 1 }), "options.ram", Fault::NoOption);
    check(json!([]), "options", Fault::OptionsShape);
}

#[test]
fn several_problems_are_told_at_once_and_say_where() {
    let usd = code("USD");
    let offers = [offer("month", 0, usd, [1000, 0, 0, 0, 0, 0, 0, 0])];
    let good = item(1, json!({ "os": "debian" }));
    let bad = Item {
        quantity: 0,
        hostname: "<b>".into(),
        options: json!({ "ipv4": 99 }),
        ..good.clone()
    };
    let unknown = Item {
        plan: id(99),
        ..good.clone()
    };
    let error: crate::BillingError = quote(&offers, &[good, bad, unknown], usd, day()).unwrap_err().into();
    let crate::BillingError::Fields(fields) = error else {
        panic!("{error}")
    };
    let names: Vec<&str> = fields.iter().map(|(field, _)| field.as_str()).collect();
    let expected = [
        "items.1.quantity",
        "items.1.hostname",
        "items.1.options.os",
        "items.1.options.ipv4",
        "items.2.plan",
    ];
    assert_eq!(names, expected);
    assert!(quote(&offers, &[], usd, day()).is_err());
}

#[test]
fn another_currency_is_refused_and_never_mixed() {
    let (usd, eur) = (code("USD"), code("EUR"));
    let mut only_usd = offer("month", 0, usd, [1000, 0, 500, 0, 200, 0, 0, 0]);
    let wanted = [item(1, json!({ "os": "windows", "ipv4": 1 }))];
    let fault = |offers: &[Offer]| match quote(offers, &wanted, eur, day()) {
        Err(QuoteError::Items(problems)) => problems.into_iter().map(|p| p.fault).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let all = fault(std::slice::from_ref(&only_usd));
    assert!(all.contains(&Fault::NoPrice(eur)));
    only_usd.prices.push(price(900, 0, eur));
    let both = vec![Fault::OptionNoPrice(eur), Fault::OptionNoPrice(eur)];
    assert_eq!(fault(std::slice::from_ref(&only_usd)), both);
}

#[test]
fn a_trial_and_what_is_paid_once() {
    let usd = code("USD");
    let trial = quote(
        &[offer("month", 14, usd, [1000, 250, 0, 0, 0, 0, 0, 0])],
        &[item(2, json!({ "os": "debian" }))],
        usd,
        day(),
    )
    .unwrap();
    assert_eq!(trial.due_today.minor, 500, "only the setup is due");
    assert_eq!(trial.items[0].renews_on, NaiveDate::from_ymd_opt(2026, 2, 14));
    let once = quote(
        &[offer("once", 0, usd, [1000, 0, 0, 0, 0, 0, 0, 0])],
        &[item(1, json!({ "os": "debian" }))],
        usd,
        day(),
    )
    .unwrap();
    assert_eq!((once.due_today.minor, once.items[0].renews_on), (1000, None));
    assert_eq!(once.renewals.minor, 0);
    let month = quote(
        &[offer("month", 0, usd, [1000, 0, 0, 0, 0, 0, 0, 0])],
        &[item(1, json!({ "os": "debian" }))],
        usd,
        day(),
    )
    .unwrap();
    assert_eq!(month.items[0].renews_on, NaiveDate::from_ymd_opt(2026, 2, 28));
}

#[test]
fn an_option_without_any_price_is_free() {
    let usd = code("USD");
    let mut free = offer("month", 0, usd, [1000, 0, 500, 0, 200, 0, 0, 0]);
    free.option_prices.clear();
    let wanted = [item(1, json!({ "os": "windows", "ipv4": 3 }))];
    let quoted = quote(&[free], &wanted, usd, day()).unwrap();
    assert_eq!(quoted.due_today.minor, 1000);
    assert_eq!(quoted.items[0].item.options, json!({ "os": "windows", "ipv4": 3 }));
}

#[test]
fn amounts_beyond_money_are_an_error() {
    let usd = code("USD");
    let huge = offer("month", 0, usd, [platform::money::MAX_MINOR, 0, 0, 0, 0, 0, 0, 0]);
    let wanted = [item(100, json!({ "os": "debian" }))];
    assert!(matches!(quote(&[huge], &wanted, usd, day()), Err(QuoteError::Money(_))));
}

const AGREED: [i64; 8] = [1_000, 500, 0, 0, 0, 0, 0, 0];

#[test]
fn an_agreed_price_replaces_the_plans_own_and_is_told() {
    let check = |minor: i64, expected: Option<(i64, Option<i64>)>| {
        let eur = code("EUR");
        let quoted = quote_one(
            &[offer("month", 0, eur, AGREED)],
            &item(3, json!({ "os": "debian" })),
            eur,
            day(),
        )
        .unwrap();
        let setup = quoted.setup.minor * 3;
        let listed = quoted.unit;
        let found = agree(quoted, money(minor, eur));
        let seen = found
            .as_ref()
            .ok()
            .map(|q| (q.due_today.minor - setup, q.renews_at.map(|m| m.minor)));
        assert_eq!(seen, expected, "{minor}");
        let Ok(found) = found else { return };
        let line = found.lines.iter().find(|line| line.kind == "recurring").unwrap();
        assert_eq!(line.amount.minor, minor * 3);
        assert_eq!(line.explain["agreed"]["instead_of"], json!(listed));
        assert_eq!(
            found.explain["unit"],
            json!(money(minor, eur)),
            "renewals bill what was agreed"
        );
    };
    check(700, Some((2_100, Some(2_100))));
    check(0, Some((0, Some(0))));
    check(-1, None);
    let quoted = quote_one(
        &[offer("month", 0, code("EUR"), AGREED)],
        &item(1, json!({ "os": "debian" })),
        code("EUR"),
        day(),
    )
    .unwrap();
    assert!(agree(quoted, money(700, code("USD"))).is_err());
}
