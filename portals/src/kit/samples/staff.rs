//! A busy day of staff.

use chrono::TimeDelta;
use platform::money::{Currency, Money};

use super::{columns, day, moment, series};
use crate::charts::{Chart, Plot, Stroke, area, bars_stacked, spark};
use crate::kit::dashboard::{Dashboard, Figure, OperationRow, OrderRow, Queue};
use crate::kit::parts::Delta;
use crate::status::{self, Badge};

const MONTHS: [&str; 12] = [
    "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
];

fn thousands(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let unit = if value == 0.0 { "" } else { "k" };
    format!("{sign}${:.0}{unit}", value.abs() / 1000.0)
}

fn revenue() -> Chart {
    let write = |value: f64| format!("${value:.0}");
    let now = [
        31_200.0, 32_800.0, 33_900.0, 35_700.0, 36_200.0, 38_400.0, 40_100.0, 41_000.0, 43_600.0, 45_100.0, 46_910.0,
        48_312.0,
    ];
    let before = [
        22_000.0, 22_900.0, 23_800.0, 24_900.0, 26_000.0, 26_600.0, 27_400.0, 28_300.0, 28_900.0, 29_600.0, 30_100.0,
        30_810.0,
    ];
    let series = vec![
        series("MRR", Stroke::Filled, &now, write),
        series("Previous year", Stroke::Dashed, &before, write),
    ];
    let plot = Plot {
        label: "Monthly recurring revenue, twelve months".to_owned(),
        heading: "Month".to_owned(),
        columns: columns(&MONTHS),
        series,
        tick: &thousands,
        from_zero: false,
    };
    area(&plot)
}

fn movements() -> Chart {
    let write = |value: f64| format!("{value:+.0}");
    let rows: [(&str, [f64; 6]); 4] = [
        ("New", [2100.0, 1600.0, 2400.0, 1900.0, 2700.0, 2300.0]),
        ("Expansion", [800.0, 600.0, 900.0, 500.0, 900.0, 700.0]),
        ("Contraction", [-300.0, -400.0, -200.0, -300.0, -300.0, -400.0]),
        ("Churn", [-900.0, -900.0, -400.0, -600.0, -1600.0, -1198.0]),
    ];
    let plot = Plot {
        label: "Changes of recurring revenue, six months".to_owned(),
        heading: "Month".to_owned(),
        columns: columns(&MONTHS[6..]),
        series: rows
            .iter()
            .map(|(label, values)| series(label, Stroke::Filled, values, write))
            .collect(),
        tick: &thousands,
        from_zero: true,
    };
    bars_stacked(&plot)
}

fn delta(text: &str, direction: &'static str, good: bool, hint: &str) -> Option<Delta> {
    Some(Delta {
        text: text.to_owned(),
        direction,
        good: Some(good),
        hint: hint.to_owned(),
    })
}

fn figures(currency: Currency) -> Vec<Figure> {
    let rising = [31.2, 32.8, 33.9, 35.7, 36.2, 38.4, 40.1, 41.0, 43.6, 45.1, 46.9, 48.3];
    let empty = Figure {
        label_key: "",
        icon: "",
        money: None,
        count: None,
        percent: None,
        delta: None,
        spark: Some(spark(&rising)),
        path: None,
    };
    let money = |minor| Some(Money { minor, currency });
    vec![
        Figure {
            label_key: "dashboard-mrr",
            icon: "chart-line",
            money: money(4_831_200),
            delta: delta("+3.0%", "up", true, "vs. last month"),
            ..empty.clone()
        },
        Figure {
            label_key: "dashboard-arr",
            icon: "trending-up",
            money: money(57_974_400),
            delta: delta("+56.8%", "up", true, "vs. last year"),
            ..empty.clone()
        },
        Figure {
            label_key: "dashboard-services",
            icon: "server-2",
            count: Some(3184),
            delta: delta("+41", "up", true, "net, 30 days"),
            spark: Some(spark(&[1.0, 2.1, 1.4, 2.6, 3.0, 3.0, 4.2, 4.6, 4.1, 5.1])),
            ..empty.clone()
        },
        Figure {
            label_key: "dashboard-churn",
            icon: "user-minus",
            percent: Some("1.84".to_owned()),
            delta: delta("+0.4 pt", "up", false, "vs. last month"),
            spark: Some(spark(&[4.2, 2.4, 3.2, 2.9, 1.1, 1.9, 1.5, 2.6, 2.0, 3.0])),
            ..empty
        },
    ]
}

/// The staff dashboard.
#[must_use]
pub fn dashboard(currency: Currency) -> Dashboard {
    Dashboard {
        today: day(11, 22),
        currency: currency.code().to_owned(),
        others: vec!["Besides: €1,204 a month, €310 open".to_owned()],
        figures: figures(currency),
        queues: queues(),
        revenue: revenue(),
        net_new: Money {
            minor: 140_200,
            currency,
        },
        net_new_month: day(11, 1),
        movements: movements(),
        orders: orders(currency),
        operations: operations(),
    }
}

/// Number, minutes ago, cents; account, address, product; state.
type OrderSample = (
    (&'static str, i64, i64),
    (&'static str, &'static str, &'static str),
    Badge,
);

fn orders(currency: Currency) -> Vec<OrderRow> {
    let active = || status::service("active", None, None);
    let review = status::service("pending", Some("fraud_review"), None);
    let rows: [OrderSample; 6] = [
        (
            ("10482", 2, 4800),
            ("Marta Lindqvist", "marta@lindqvist.example", "KVM NVMe 8"),
            status::service("provisioning", None, None),
        ),
        (
            ("10481", 11, 18_900),
            ("Hall & Sons Ltd", "ops@hallsons.example", "Ryzen 7950X dedicated"),
            review,
        ),
        (
            ("10480", 24, 7188),
            ("Yusuf Demir", "yusuf@demir.example", "Web hosting Plus"),
            active(),
        ),
        (
            ("10479", 60, 43_200),
            ("Pixel Foundry", "billing@pixelfoundry.example", "KVM NVMe 32 ×3"),
            active(),
        ),
        (
            ("10478", 75, 1440),
            ("Joana Reis", "joana@reis.example", "Minecraft 6 GB"),
            status::service("pending", None, None),
        ),
        (
            ("10477", 130, 600),
            ("test94812", "qz94812@mail.example", "KVM NVMe 2"),
            status::order("rejected"),
        ),
    ];
    let row = |((number, minutes, minor), (account, email, product), badge): OrderSample| OrderRow {
        number: number.to_owned(),
        path: "#".to_owned(),
        at: moment() - TimeDelta::minutes(minutes),
        account: account.to_owned(),
        email: email.to_owned(),
        product: product.to_owned(),
        total: Money { minor, currency },
        badge,
    };
    rows.into_iter().map(row).collect()
}

fn operations() -> Vec<OperationRow> {
    let rows = [
        (
            "Create VM",
            "svc-88214 · KVM NVMe 8 · fra1",
            "running",
            60,
            "Installing OS",
        ),
        (
            "Bare-metal deploy",
            "svc-88213 · Ryzen 7950X · ash1",
            "waiting",
            10,
            "Waiting for fraud review",
        ),
        (
            "Suspend",
            "svc-81177 · overdue 14 days",
            "queued",
            0,
            "Starts 22:00 UTC",
        ),
        (
            "Create hosting account",
            "svc-88209 · web-plus-04",
            "failed",
            80,
            "API timeout, retry 3 of 5",
        ),
    ];
    let row = |(title, detail, state, percent, note): (&str, &str, &str, u8, &str)| OperationRow {
        title: title.to_owned(),
        path: "#".to_owned(),
        detail: detail.to_owned(),
        badge: status::operation(state),
        percent: Some(percent),
        note: note.to_owned(),
        retry_path: (state == "failed").then(|| "#".to_owned()),
    };
    rows.into_iter().map(row).collect()
}

fn queues() -> Vec<Queue> {
    let queue = |label: &str, count, icon| Queue {
        label: label.to_owned(),
        count,
        path: "#",
        icon,
    };
    vec![
        queue("Open tasks", 2, "flag"),
        queue("Failed operations", 1, "alert-triangle"),
        queue("Overdue invoices", 7, "clock"),
        queue("Orders waiting", 0, "shopping-cart"),
    ]
}
