//! Sample values of the typed pages, for the style guide and for tests that render every page in every locale.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use platform::money::{Currency, Money};
use platform::texts::Locale;
use platform::views::{Brand, MenuEntry, MenuSection, Page, Person, Theme};

use super::dashboard::{Dashboard, Figure, OperationRow, OrderRow};
use super::invoice::{InvoicePage, Line, Pay};
use super::parts::{Card, Delta, Meta, Tab};
use super::service::{Access, Action, Bandwidth, InvoiceRow, Plan, ServicePage};
use crate::charts::{Chart, Plot, Point, Series, Stroke, area, bars_stacked, spark};
use crate::status::{self, Badge, InvoiceState};

const MONTHS: [&str; 12] = [
    "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
];

/// The moment all samples are from.
#[must_use]
pub fn moment() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 14, 0, 0)
        .single()
        .unwrap_or_default()
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default()
}

fn tabs(labels: &[&str], active: usize) -> Vec<Tab> {
    let tab = |(at, label): (usize, &&str)| Tab {
        label: (*label).to_owned(),
        path: format!("?view={at}"),
        active: at == active,
    };
    labels.iter().enumerate().map(tab).collect()
}

/// A page of a portal under a brand.
#[must_use]
pub fn page(portal: &'static str, brand: &str, theme: Theme, locale: Locale) -> Page {
    let entry = |key, label_key, icon, count, urgent| MenuEntry {
        key,
        label_key,
        path: "#",
        icon,
        count,
        urgent,
    };
    let section = |label_key, entries: Vec<MenuEntry>| MenuSection { label_key, entries };
    let (nav, menu, name) = if portal == "admin" {
        let business = vec![
            entry("customers", "menu-customers", "users", None, false),
            entry("orders", "menu-orders", "shopping-cart", Some(6), false),
            entry("invoices", "menu-invoices", "file-invoice", Some(23), false),
            entry("services", "menu-services", "server-2", None, false),
            entry("catalogue", "menu-catalogue", "package", None, false),
        ];
        let work = vec![
            entry("provisioning", "menu-provisioning", "list-check", Some(4), false),
            entry("servers", "menu-servers", "stack-2", None, false),
            entry("tasks", "menu-tasks", "flag", Some(2), true),
        ];
        let system = vec![
            entry("resellers", "menu-resellers", "building-store", None, false),
            entry("settings", "menu-settings", "settings", None, false),
        ];
        let dashboard = vec![entry("dashboard", "menu-dashboard", "layout-dashboard", None, false)];
        let menu = vec![
            section("menu-overview", dashboard),
            section("menu-business", business),
            section("menu-operations", work),
            section("menu-system", system),
        ];
        ("dashboard", menu, "Dana Krause")
    } else {
        let entries = vec![
            entry("overview", "menu-overview", "layout-dashboard", None, false),
            entry("services", "menu-services", "server-2", None, false),
            entry("billing", "menu-billing", "file-invoice", None, false),
            entry("support", "menu-support", "headset", None, false),
            entry("domains", "menu-domains", "world", None, false),
        ];
        ("services", vec![section("", entries)], "Sam Hall")
    };
    Page {
        brand: Brand {
            name: brand.to_owned(),
            logo: None,
            logo_dark: None,
            theme_path: String::new(),
            support_email: None,
            legal: Vec::new(),
        },
        dir: locale.direction(),
        locale,
        theme,
        portal,
        user: Some(Person::new(name, "sam@hall.example")),
        nav,
        menu,
        flash: Vec::new(),
        csrf: "sample".to_owned(),
        path: "/".to_owned(),
        hop: "",
        banner: None,
        zone: chrono_tz::UTC,
        now: moment(),
        words: None,
    }
}

fn series(label: &str, stroke: Stroke, values: &[f64], write: impl Fn(f64) -> String) -> Series {
    Series {
        label: label.to_owned(),
        stroke,
        points: values.iter().map(|value| Point::new(*value, write(*value))).collect(),
    }
}

fn thousands(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let unit = if value == 0.0 { "" } else { "k" };
    format!("{sign}${:.0}{unit}", value.abs() / 1000.0)
}

fn columns(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
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

/// A busy day.
#[must_use]
pub fn dashboard(currency: Currency) -> Dashboard {
    let order = |number: &str, minutes, account: &str, email: &str, product: &str, minor, badge: Badge| OrderRow {
        number: number.to_owned(),
        path: "#".to_owned(),
        at: moment() - TimeDelta::minutes(minutes),
        account: account.to_owned(),
        email: email.to_owned(),
        product: product.to_owned(),
        total: Money { minor, currency },
        badge,
    };
    let work = |title: &str, detail: &str, badge: Badge, percent, note: &str, retry: bool| OperationRow {
        title: title.to_owned(),
        path: "#".to_owned(),
        detail: detail.to_owned(),
        badge,
        percent,
        note: note.to_owned(),
        retry_path: retry.then(|| "#".to_owned()),
    };
    Dashboard {
        today: day(11, 22),
        currency: currency.code().to_owned(),
        ranges: tabs(&["30 d", "12 mo", "All"], 1),
        figures: figures(currency),
        revenue: revenue(),
        net_new: Money {
            minor: 140_200,
            currency,
        },
        net_new_month: day(11, 1),
        movements: movements(),
        orders: vec![
            order(
                "10482",
                2,
                "Marta Lindqvist",
                "marta@lindqvist.example",
                "KVM NVMe 8",
                4800,
                status::service("provisioning", None, None),
            ),
            order(
                "10481",
                11,
                "Hall & Sons Ltd",
                "ops@hallsons.example",
                "Ryzen 7950X dedicated",
                18_900,
                status::service("pending", Some("fraud_review"), None),
            ),
            order(
                "10480",
                24,
                "Yusuf Demir",
                "yusuf@demir.example",
                "Web hosting Plus",
                7188,
                status::service("active", None, None),
            ),
            order(
                "10479",
                60,
                "Pixel Foundry",
                "billing@pixelfoundry.example",
                "KVM NVMe 32 ×3",
                43_200,
                status::service("active", None, None),
            ),
            order(
                "10478",
                75,
                "Joana Reis",
                "joana@reis.example",
                "Minecraft 6 GB",
                1440,
                status::service("pending", None, None),
            ),
            order(
                "10477",
                130,
                "test94812",
                "qz94812@mail.example",
                "KVM NVMe 2",
                600,
                status::order("rejected"),
            ),
        ],
        operations: vec![
            work(
                "Create VM",
                "svc-88214 · KVM NVMe 8 · fra1",
                status::operation("running"),
                60,
                "Installing OS",
                false,
            ),
            work(
                "Bare-metal deploy",
                "svc-88213 · Ryzen 7950X · ash1",
                status::operation("waiting"),
                10,
                "Waiting for fraud review",
                false,
            ),
            work(
                "Suspend",
                "svc-81177 · overdue 14 days",
                status::operation("queued"),
                0,
                "Starts 22:00 UTC",
                false,
            ),
            work(
                "Create hosting account",
                "svc-88209 · web-plus-04",
                status::operation("failed"),
                80,
                "API timeout, retry 3 of 5",
                true,
            ),
        ],
    }
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
    let text = |words: &str| words.to_owned();
    let action = |label: &str, icon, action, link, confirm| Action {
        label: text(label),
        icon,
        path: text("#"),
        link,
        action,
        confirm,
    };
    let invoice = |number: &str, issued_on, badge, payable| InvoiceRow {
        number: text(number),
        path: text("#"),
        issued_on,
        total: Money { minor: 4800, currency },
        badge,
        payable,
    };
    let access = |label: &str, value: &str| Access {
        label: text(label),
        value: text(value),
    };
    let meta = |icon, words: &str| Meta {
        icon,
        text: text(words),
    };
    ServicePage {
        id: text("svc_sample"),
        name: text("web-01.hallsons.example"),
        picture: "server-2",
        badge: status::service("active", None, None),
        meta: vec![
            meta(None, "KVM NVMe 8"),
            meta(Some("map-pin"), "Frankfurt 1"),
            meta(Some("disc"), "Debian 13"),
            meta(None, "Up 41 days"),
        ],
        tabs: tabs(&["Overview", "Network", "Backups", "Rebuild", "Activity"], 0),
        actions: vec![
            action("Console", "terminal-2", None, true, None),
            action("Restart", "refresh", Some("restart"), false, None),
            action(
                "Shut down",
                "power",
                Some("stop"),
                false,
                Some((
                    text("Shut down web-01?"),
                    text("Everything that runs on it stops until it is started again."),
                )),
            ),
        ],
        bandwidth: Some(Bandwidth {
            chart: bandwidth(),
            ranges: tabs(&["24 h", "7 d", "30 d"], 0),
            used: 1_840_000_000_000,
            included: Some(10_000_000_000_000),
            resets_on: day(12, 1),
        }),
        access: vec![
            access("IPv4", "203.0.113.42"),
            access("IPv6", "2001:db8:42::/64"),
            access("SSH", "root@203.0.113.42"),
        ],
        reset_path: Some(text("#")),
        plan: Plan {
            price: Money { minor: 4800, currency },
            period_key: "ui-per-month",
            renews_on: Some(day(12, 1)),
            pays_with: Some(text("Visa ···· 4242")),
            sizes: vec![
                (text("vCPU / memory"), text("4 / 8 GB")),
                (text("Disk"), text("160 GB NVMe")),
            ],
            change_path: Some(text("#")),
            cancel_path: Some(text("#")),
        },
        invoices: vec![
            invoice("INV-2026-1003", day(11, 17), paid("unpaid", day(12, 1)), true),
            invoice("INV-2026-0912", day(10, 17), paid("paid", day(11, 1)), false),
            invoice("INV-2026-0817", day(9, 17), paid("paid", day(10, 1)), false),
        ],
    }
}

/// An invoice that waits to be paid.
#[must_use]
pub fn invoice(currency: Currency) -> InvoicePage {
    let text = |words: &str| words.to_owned();
    let money = |minor| Money { minor, currency };
    let line = |title: &str, detail: &str, quantity: Option<&str>, unit: Option<i64>, amount| Line {
        title: text(title),
        detail: text(detail),
        quantity: quantity.map(str::to_owned),
        unit_price: unit.map(money),
        amount: money(amount),
        explain: Vec::new(),
    };
    let method = |value: &str, label: &str, hint: &str, icon| Card {
        value: text(value),
        label: text(label),
        hint: Some(text(hint)),
        icon: Some(icon),
    };
    let mut first = line(
        "KVM NVMe 8",
        "web-01.hallsons.example · 1 Dec – 31 Dec 2026",
        Some("1"),
        Some(4800),
        4800,
    );
    first.explain = vec![
        text("Price of 3 March 2026: $48.00 per month"),
        text("One whole month from 1 Dec"),
    ];
    InvoicePage {
        id: text("inv_sample"),
        number: text("INV-2026-1003"),
        badge: paid("unpaid", day(12, 1)),
        issued_on: day(11, 17),
        due_on: Some(day(12, 1)),
        seller_name: text("Northwind"),
        seller: vec![
            text("Northwind GmbH"),
            text("Hafenstr. 12"),
            text("20457 Hamburg, Germany"),
            text("VAT DE 312 445 901"),
        ],
        buyer: vec![
            text("Hall & Sons Ltd"),
            text("4 Mill Lane"),
            text("Leeds LS1 4AP, UK"),
            text("VAT GB 298 1140 33"),
        ],
        lines: vec![
            first,
            line("Extra IPv4 address", "2 × 203.0.113.0/24", Some("2"), Some(300), 600),
            line("Daily backups", "7 restore points", Some("1"), Some(960), 960),
            line("Loyalty discount", "10% for 12 months", None, None, -636),
        ],
        sums: vec![
            (text("Subtotal"), money(5724)),
            (text("VAT, reverse charge 0%"), money(0)),
            (text("Account credit"), money(-1000)),
        ],
        total: money(5724),
        amount_due: money(4724),
        notes: vec![text("Reverse charge: the recipient accounts for the tax.")],
        pdf_path: text("#"),
        pay: Some(Pay {
            path: text("#"),
            methods: vec![
                method("pmt_1", "Visa ···· 4242", "Expires 08/28", "credit-card"),
                method("paypal", "PayPal", "You will be redirected", "brand-paypal"),
                method("bank", "Bank transfer", "1 to 3 working days", "building-bank"),
            ],
            method: text("pmt_1"),
            idempotency_key: text("sample"),
            automatic: true,
            error: None,
        }),
    }
}
