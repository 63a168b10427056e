//! A customer's server and invoice.

use chrono::NaiveDate;
use platform::money::{Currency, Money};

use super::{day, moment, series, tabs};
use crate::charts::{Chart, Plot, Stroke, area};
use crate::kit::invoice::{InvoicePage, Line, Pay, UseCredit};
use crate::kit::parts::{Card, Meta};
use crate::kit::service::{Access, Action, Activity, Bandwidth, InvoiceRow, Password, Plan, ServicePage};
use crate::status::{self, Badge, InvoiceState};

fn text(words: &str) -> String {
    words.to_owned()
}

fn bandwidth() -> Chart {
    let write = |value: f64| format!("{value:.0} Mb/s");
    let out = [
        22.0, 52.0, 58.0, 66.0, 80.0, 96.0, 138.0, 148.0, 158.0, 164.0, 166.0, 164.0, 184.0, 172.0, 156.0, 136.0,
        114.0, 92.0, 97.0, 74.0, 56.0, 42.0, 30.0, 24.0, 20.0,
    ];
    let into = [
        40.0, 58.0, 64.0, 68.0, 71.0, 72.0, 71.0, 80.0, 75.0, 68.0, 60.0, 52.0, 42.0, 32.0, 26.0, 30.0, 22.0, 18.0,
        15.0, 14.0, 16.0, 31.0, 36.0, 42.0, 49.0,
    ];
    let plot = Plot {
        label: "Bandwidth, 24 hours".to_owned(),
        heading: "Time".to_owned(),
        columns: (0..=24).map(|hour| format!("{hour:02}:00")).collect(),
        series: vec![
            series("Out", Stroke::Filled, &out, write),
            series("In", Stroke::Filled, &into, write),
        ],
        tick: &write,
        from_zero: true,
    };
    area(&plot)
}

fn paid(payment: &str, due: NaiveDate) -> Badge {
    status::invoice(InvoiceState {
        document: "issued",
        payment,
        collection: "none",
        due: Some(due),
        today: day(11, 22),
    })
}

/// A running server.
#[must_use]
pub fn service(currency: Currency) -> ServicePage {
    let access = |(label, value)| Access {
        label: text(label),
        value: text(value),
    };
    let meta = |(icon, words)| Meta {
        icon,
        text: text(words),
    };
    ServicePage {
        path: text("#"),
        topics: Some(text("svc:svc_sample")),
        name: text("web-01.hallsons.example"),
        picture: "server-2",
        badge: status::service("active", None, None),
        meta: [
            (None, "KVM NVMe 8"),
            (Some("map-pin"), "Frankfurt 1"),
            (Some("disc"), "Debian 13"),
            (None, "Up 41 days"),
        ]
        .map(meta)
        .to_vec(),
        power: Some(status::power("running")),
        notice: None,
        actions: actions(),
        bandwidth: Some(Bandwidth {
            chart: Some(bandwidth()),
            ranges: tabs(&["24 h", "7 d", "30 d"], 0),
            used: 1_840_000_000_000,
            included: Some(10_000_000_000_000),
            resets_on: Some(day(12, 1)),
        }),
        access: [
            ("IPv4", "203.0.113.42"),
            ("IPv6", "2001:db8:42::/64"),
            ("SSH", "root@203.0.113.42"),
        ]
        .map(access)
        .to_vec(),
        password: Some(Password {
            waiting: true,
            under_way: false,
            can_reset: true,
        }),
        plan: Plan {
            price: Money { minor: 4800, currency },
            period_key: "ui-per-month",
            renews_on: Some(day(12, 1)),
            ends_on: None,
            pays_with: Some(text("Visa ···· 4242")),
            sizes: vec![
                (text("vCPU / memory"), text("4 / 8 GB")),
                (text("Disk"), text("160 GB NVMe")),
            ],
            change_path: Some(text("#")),
            cancel_path: Some(text("#")),
            keep_path: None,
        },
        invoices: Some(invoices(currency)),
        activity: activity(),
    }
}

fn activity() -> Vec<Activity> {
    let rows = [
        ("Restarted", "refresh"),
        ("Set up and running", "circle-check"),
        ("Ordered and paid", "shopping-cart"),
    ];
    let entry = |(words, icon)| Activity {
        at: moment(),
        text: text(words),
        who: None,
        icon,
    };
    rows.map(entry).to_vec()
}

fn actions() -> Vec<Action> {
    let asks = (
        text("Shut down web-01?"),
        text("Everything that runs on it stops until it is started again."),
    );
    let rows = [
        ("Console", "terminal-2", None, None),
        ("Restart", "refresh", Some("restart"), None),
        ("Shut down", "power", Some("stop"), Some(asks)),
    ];
    let action = |(label, icon, action, confirm): (&str, _, Option<&'static str>, _)| Action {
        label: text(label),
        icon,
        path: text("#"),
        action,
        confirm,
    };
    rows.into_iter().map(action).collect()
}

fn invoices(currency: Currency) -> Vec<InvoiceRow> {
    let rows = [
        ("INV-2026-1003", 11, "unpaid"),
        ("INV-2026-0912", 10, "paid"),
        ("INV-2026-0817", 9, "paid"),
    ];
    let row = |(number, month, payment)| InvoiceRow {
        number: text(number),
        path: text("#"),
        issued_on: day(month, 17),
        total: Money { minor: 4800, currency },
        badge: paid(payment, day(month + 1, 1)),
        payable: payment == "unpaid",
    };
    rows.into_iter().map(row).collect()
}

/// An invoice that waits to be paid.
#[must_use]
pub fn invoice(currency: Currency) -> InvoicePage {
    let money = |minor| Money { minor, currency };
    let sum = |(label, minor)| (text(label), money(minor));
    InvoicePage {
        id: text("inv_sample"),
        number: text("INV-2026-1003"),
        badge: paid("unpaid", day(12, 1)),
        issued_on: day(11, 17),
        due_on: Some(day(12, 1)),
        seller_name: text("Northwind"),
        seller: [
            "Northwind GmbH",
            "Hafenstr. 12",
            "20457 Hamburg, Germany",
            "VAT DE 312 445 901",
        ]
        .map(text)
        .to_vec(),
        buyer: [
            "Hall & Sons Ltd",
            "4 Mill Lane",
            "Leeds LS1 4AP, UK",
            "VAT GB 298 1140 33",
        ]
        .map(text)
        .to_vec(),
        lines: lines(currency),
        sums: [
            ("Subtotal", 5724),
            ("VAT, reverse charge 0%", 0),
            ("Account credit", -1000),
        ]
        .map(sum)
        .to_vec(),
        total: money(5724),
        amount_due: money(4724),
        notes: vec![text("Reverse charge: the recipient accounts for the tax.")],
        pdf_path: text("#"),
        notice: None,
        history: Vec::new(),
        credit: Some(UseCredit {
            path: text("#"),
            amount: money(1000),
        }),
        pay: Some(pay(money(4724))),
    }
}

/// Title, detail, quantity with cents each, cents, steps.
type LineSample = (
    &'static str,
    &'static str,
    Option<(&'static str, i64)>,
    i64,
    Vec<String>,
);

fn lines(currency: Currency) -> Vec<Line> {
    let money = |minor| Money { minor, currency };
    let steps = vec![
        text("Price of 3 March 2026: $48.00 per month"),
        text("One whole month from 1 Dec"),
    ];
    let rows = [
        (
            "KVM NVMe 8",
            "web-01.hallsons.example · 1 Dec – 31 Dec 2026",
            Some(("1", 4800)),
            4800,
            steps,
        ),
        (
            "Extra IPv4 address",
            "2 × 203.0.113.0/24",
            Some(("2", 300)),
            600,
            Vec::new(),
        ),
        ("Daily backups", "7 restore points", Some(("1", 960)), 960, Vec::new()),
        ("Loyalty discount", "10% for 12 months", None, -636, Vec::new()),
    ];
    let line = |(title, detail, each, amount, explain): LineSample| Line {
        title: text(title),
        detail: text(detail),
        quantity: each.map(|(quantity, _)| text(quantity)),
        unit_price: each.map(|(_, minor)| money(minor)),
        amount: money(amount),
        explain,
    };
    rows.into_iter().map(line).collect()
}

fn pay(amount: Money) -> Pay {
    let rows = [
        ("pmt_1", "Visa ···· 4242", "Expires 08/28", "credit-card"),
        ("paypal", "PayPal", "You will be redirected", "brand-paypal"),
        ("bank", "Bank transfer", "1 to 3 working days", "building-bank"),
    ];
    let method = |(value, label, hint, icon)| Card {
        value: text(value),
        label: text(label),
        hint: Some(text(hint)),
        icon: Some(icon),
    };
    Pay {
        path: text("#"),
        amount,
        offer: false,
        methods: rows.map(method).to_vec(),
        method: text("pmt_1"),
        confirm: false,
        automatic: true,
        error: None,
    }
}
