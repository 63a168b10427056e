//! Sample values of the shop's pages.

use platform::money::Currency;
use platform::money::Money;

use super::day;
use crate::kit::parts::{Choice, Crumb, FieldError};
use crate::site::cart::{CartPage, CartRow, Renewal, Totals};
use crate::site::checkout::{Buyer, CheckoutPage, MethodCard, PlacedRow, Shown};
use crate::site::configure::OrderPage;
use crate::site::product::ProductPage;
use crate::site::shelf::{Compare, CompareHead, CompareRow, Home, KindCard, Products};
use crate::site::view::{Feature, OptionField, OrderForm, PriceView, ProductCard, QuoteRow, QuoteView, Term};
use crate::web::countries::Country;

fn money(currency: Currency, minor: i64) -> Money {
    Money { minor, currency }
}

fn price(currency: Currency, minor: i64) -> PriceView {
    PriceView {
        amount: money(currency, minor),
        unit: "month".into(),
        count: 1,
    }
}

fn card(currency: Currency) -> ProductCard {
    let feature = |label: &str, value: &str| Feature {
        label: label.into(),
        value: value.into(),
    };
    ProductCard {
        name: "KVM 2".into(),
        kind: "vps".into(),
        summary: "Two cores, four gigabytes".into(),
        path: "/products/vps/kvm-2".into(),
        order_path: "/order/kvm-2".into(),
        features: vec![feature("Memory", "4 GB"), feature("Disk", "80 GB NVMe")],
        price: Some(price(currency, 1000)),
        many: true,
        sold_out: false,
        left: Some(3),
    }
}

/// The home page.
#[must_use]
pub fn home(currency: Currency) -> Home {
    Home {
        tagline: "Servers that are ready in a minute".into(),
        kinds: vec![KindCard {
            key: "vps",
            icon: "server",
            path: "/products/vps".into(),
            price: Some(price(currency, 1000)),
        }],
        picks: vec![card(currency)],
        signed_in: false,
    }
}

/// Products of a kind.
#[must_use]
pub fn products(currency: Currency) -> Products {
    let head = || CompareHead {
        name: "KVM 2".into(),
        path: "/products/vps/kvm-2".into(),
        price: Some(price(currency, 1000)),
    };
    Products {
        kind: "vps",
        products: vec![
            card(currency),
            ProductCard {
                sold_out: true,
                ..card(currency)
            },
        ],
        compare: Some(Compare {
            heads: vec![head(), head()],
            rows: vec![CompareRow {
                label: "Memory".into(),
                cells: vec![Some("4 GB".into()), None],
            }],
        }),
    }
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb {
        label: "VPS".into(),
        path: None,
    }]
}

fn form(currency: Currency) -> OrderForm {
    let option = |name: &str, kind: &str| OptionField {
        name: name.into(),
        label: "Operating system".into(),
        kind: kind.into(),
        required: kind == "choice",
        min: 0,
        max: 8,
        value: String::new(),
        choices: vec![Choice {
            value: "debian".into(),
            label: "Debian".into(),
        }],
        hint: Some("$1.00 each".into()),
        error: None,
    };
    OrderForm {
        product: "kvm-2".into(),
        order_path: "/order/kvm-2".into(),
        terms: vec![Term {
            value: "pln_0".into(),
            name: "Yearly".into(),
            price: price(currency, 10_000),
            monthly: Some(money(currency, 833)),
            saving: Some(16),
            setup: Some(money(currency, 100)),
            trial_days: 0,
            checked: true,
        }],
        options: vec![
            option("option_os", "choice"),
            option("option_ipv4", "quantity"),
            option("option_note", "text"),
        ],
        needs_hostname: true,
        hostname: "web-1.example.com".into(),
        quantity: "1".into(),
        item: Some("cit_0".into()),
    }
}

fn quote(currency: Currency) -> QuoteView {
    QuoteView {
        lines: vec![QuoteRow {
            label: "Yearly".into(),
            amount: money(currency, 10_000),
        }],
        today: Some(money(currency, 10_000)),
        renewal: Some(price(currency, 10_000)),
        trial_until: Some(day(12, 1)),
        problem: None,
    }
}

/// A product.
#[must_use]
pub fn product(currency: Currency) -> ProductPage {
    ProductPage {
        product: card(currency),
        crumbs: crumbs(),
        description: vec!["A small server.".into()],
        form: Some(form(currency)),
        quote: quote(currency),
    }
}

/// Configuring it.
#[must_use]
pub fn order(currency: Currency) -> OrderPage {
    OrderPage {
        product: card(currency),
        crumbs: crumbs(),
        form: Some(form(currency)),
        errors: vec![FieldError {
            field: "hostname".into(),
            message: "Use a full host name.".into(),
        }],
        quote: quote(currency),
    }
}

fn row(currency: Currency) -> CartRow {
    CartRow {
        id: "cit_0".into(),
        name: "KVM 2".into(),
        plan: "Monthly".into(),
        hostname: "web-1.example.com".into(),
        details: vec!["Operating system: Debian".into()],
        quantity: 2,
        edit_path: Some("/order/kvm-2?item=cit_0".into()),
        price: Some(price(currency, 2000)),
        setup: Some(money(currency, 100)),
        trial_days: 14,
        before: Some(money(currency, 900)),
        problem: Some("This plan is not on sale any more.".into()),
    }
}

fn renewal(currency: Currency) -> Renewal {
    Renewal {
        amount: money(currency, 2000),
        unit: "month".into(),
        count: 1,
        on: day(12, 22),
    }
}

/// The cart.
#[must_use]
pub fn cart(currency: Currency) -> CartPage {
    let choice = |code: &str| Choice {
        value: code.into(),
        label: code.into(),
    };
    CartPage {
        items: vec![row(currency)],
        totals: Some(Totals {
            today: money(currency, 2100),
            renewals: vec![renewal(currency)],
        }),
        currency: "USD".into(),
        currencies: vec![choice("USD"), choice("EUR")],
        changed: true,
        problem: None,
    }
}

/// The checkout of a guest.
#[must_use]
pub fn checkout(currency: Currency) -> CheckoutPage {
    CheckoutPage {
        items: vec![row(currency)],
        placed: Vec::new(),
        order: None,
        number: None,
        total: money(currency, 2100),
        credit: Some(money(currency, 500)),
        due: money(currency, 1600),
        renewals: vec![renewal(currency)],
        buyer: None,
        may_order: true,
        form: Shown {
            identity: "new".into(),
            country: "DE".into(),
            pay: "new:gtw_0".into(),
            ..Shown::default()
        },
        countries: vec![Country {
            value: "DE",
            label: "Germany".into(),
        }],
        methods: vec![MethodCard {
            value: "new:gtw_0".into(),
            label: "Card".into(),
            hint: Some("on the provider's page".into()),
            icon: "credit-card",
        }],
        needs_payment: true,
        can_save: true,
        terms_url: Some("/terms".into()),
        key: "sample".into(),
        expect: 2100,
        errors: Vec::new(),
        declined: None,
        problem: Some("The price has changed.".into()),
    }
}

/// The checkout of an order that waits for its payment.
#[must_use]
pub fn declined(currency: Currency) -> CheckoutPage {
    CheckoutPage {
        items: Vec::new(),
        placed: vec![PlacedRow {
            description: "KVM 2 · Monthly".into(),
            detail: "web-1.example.com".into(),
            from: Some(day(11, 22)),
            to: Some(day(12, 22)),
            amount: money(currency, 2100),
        }],
        order: Some("ord_0".into()),
        number: Some(10_001),
        buyer: Some(Buyer {
            name: "Ana Reis".into(),
            email: "ana@reis.example".into(),
            account: None,
        }),
        declined: Some("This card was declined.".into()),
        ..checkout(currency)
    }
}
