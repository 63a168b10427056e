//! Every component on one page, to look at and to compare after an upgrade of the style packages.

use platform::money::{Currency, Money};
use platform::views::{Context, Tone};
use serde::Serialize;

use crate::charts::{Chart, Day, DayState, Part, donut, heat};
use crate::kit::parts::{Card, Choice, Crumb, FieldError, Filters, Pager, Select, Span, Step, Tab};
use crate::kit::samples;
use crate::status::{self, Badge};

/// Context of the style guide.
#[derive(Clone, Debug, Serialize)]
pub struct Styleguide {
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    badges: Vec<Badge>,
    power: Vec<Badge>,
    tones: Vec<Tone>,
    amount: Money,
    at: String,
    area: Chart,
    bars: Chart,
    donut: Chart,
    heat: Chart,
    steps: Vec<Step>,
    cards: Vec<Card>,
    choices: Vec<Choice>,
    filters: Filters,
    pager: Pager,
    errors: Vec<FieldError>,
}

impl Context for Styleguide {
    const TEMPLATE: &'static str = "styleguide.html";
}

fn text(words: &str) -> String {
    words.to_owned()
}

/// A sample of everything.
#[must_use]
pub fn samples(currency: Currency) -> Styleguide {
    let dashboard = samples::dashboard(currency);
    let crumb = |(label, path): (&str, Option<&str>)| Crumb {
        label: text(label),
        path: path.map(text),
    };
    let card = |(value, label, hint, icon): (&str, &str, Option<&str>, _)| Card {
        value: text(value),
        label: text(label),
        hint: hint.map(text),
        icon,
    };
    Styleguide {
        crumbs: [("Services", Some("#")), ("web-01", None)].map(crumb).to_vec(),
        tabs: tabs(),
        badges: status::all(),
        power: ["running", "stopped", "starting", "unknown"]
            .map(status::power)
            .to_vec(),
        tones: vec![Tone::Success, Tone::Info, Tone::Warning, Tone::Danger],
        amount: Money {
            minor: -123_456,
            currency,
        },
        at: samples::moment().to_rfc3339(),
        area: dashboard.revenue,
        bars: dashboard.movements,
        donut: shares(),
        heat: days(),
        steps: steps(),
        cards: [
            ("m", "Monthly", Some("Billed every month"), Some("calendar")),
            ("y", "Yearly", None, None),
        ]
        .map(card)
        .to_vec(),
        filters: filters(),
        choices: choices(),
        pager: Pager {
            previous: Some(text("#")),
            next: Some(text("#")),
            shown: 25,
            total: Some(1234),
            here: text("#"),
        },
        errors: vec![FieldError {
            field: text("wrong"),
            message: text("Enter a host name such as web-01.example.com"),
        }],
    }
}

fn choices() -> Vec<Choice> {
    let choice = |(value, label)| Choice {
        value: text(value),
        label: text(label),
    };
    [("de", "Germany"), ("gb", "United Kingdom"), ("us", "United States")]
        .map(choice)
        .to_vec()
}

fn filters() -> Filters {
    Filters {
        action: text("#"),
        query: Some(text("hall")),
        selects: vec![Select {
            name: "country",
            label: text("Country"),
            value: text("de"),
            options: choices(),
        }],
        spans: vec![Span {
            name: "issued",
            label: text("Issued"),
            from: text("2026-11-01"),
            to: String::new(),
        }],
        kept: Vec::new(),
        clear_path: Some(text("#")),
    }
}

fn tabs() -> Vec<Tab> {
    let tab = |label: &str, active| Tab {
        label: text(label),
        path: text("#"),
        active,
    };
    vec![tab("30 d", false), tab("12 mo", true), tab("All", false)]
}

fn steps() -> Vec<Step> {
    let step = |(label, state, detail): (&str, _, Option<&str>)| Step {
        label: text(label),
        state,
        detail: detail.map(text),
    };
    let rows = [
        ("Payment", "done", Some("2 s")),
        ("Create", "running", Some("usually 40 s")),
        ("Network", "waiting", None),
        ("Ready", "failed", Some("the panel did not answer")),
    ];
    rows.map(step).to_vec()
}

fn shares() -> Chart {
    let part = |label: &str, value: f64| Part {
        label: label.to_owned(),
        value,
        text: format!("{value:.0}%"),
    };
    donut(
        "Revenue by product",
        ["Product".to_owned(), "Share".to_owned()],
        &[
            part("VPS", 48.0),
            part("Dedicated", 27.0),
            part("Hosting", 15.0),
            part("Game", 10.0),
        ],
    )
}

fn days() -> Chart {
    let day = |number: usize| {
        let (state, text) = match number {
            31 => (DayState::Down, "12 min away"),
            32 | 60 => (DayState::Slow, "slow"),
            0..5 => (DayState::None, "nothing known"),
            _ => (DayState::Up, "no trouble"),
        };
        Day {
            label: format!("Day {number}"),
            state,
            text: text.to_owned(),
        }
    };
    let days: Vec<Day> = (0..90).map(day).collect();
    heat("Ninety days", ["Day".to_owned(), "State".to_owned()], &days)
}
