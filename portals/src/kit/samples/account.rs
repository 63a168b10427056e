//! The customers' overview, their own settings, their team, and the small pages beside a service.

use platform::money::{Currency, Money};
use platform::views::Tone;

use super::{day, moment, tabs};
use crate::account::home::{HomePage, InvoiceRow, Open, ServiceRow, Task};
use crate::account::profile::details::Fields;
use crate::account::profile::own::Seen;
use crate::account::profile::team::{Person, Right};
use crate::account::profile::{DetailsPage, ProfilePage, TeamPage};
use crate::account::service::{CancelPage, WayIn};
use crate::kit::parts::{Choice, Crumb, FieldError, Step};
use crate::status::{self, InvoiceState};
use crate::web::countries::Country;

/// The overview with everything on it.
#[must_use]
pub fn home(currency: Currency) -> HomePage {
    let money = |minor| Money { minor, currency };
    let service = |(name, product, status): (&str, &str, &str)| ServiceRow {
        name: name.into(),
        product: product.into(),
        address: "203.0.113.42".into(),
        icon: "server",
        path: "#".into(),
        badge: status::service(status, None, None),
    };
    let invoice = |(number, payment): (&str, &'static str)| InvoiceRow {
        number: number.into(),
        path: "#".into(),
        issued_on: Some(day(11, 17)),
        total: money(4800),
        badge: status::invoice(InvoiceState {
            document: "issued",
            payment,
            collection: "none",
            due: Some(day(12, 1)),
            today: day(11, 22),
        }),
    };
    let task = |(label, done): (&str, bool)| Task {
        step: Step {
            label: label.into(),
            state: if done { "done" } else { "waiting" },
            detail: None,
        },
        path: (!done).then(|| "#".into()),
    };
    HomePage {
        name: "Simon Hall".into(),
        account: "Hall & Sons Ltd".into(),
        open: Some(Open {
            tone: Tone::Warning,
            overdue: false,
            count: 1,
            due: money(4800),
            due_on: Some(day(12, 1)),
            path: "#".into(),
        }),
        credit: Some(money(1000)),
        renews_on: Some(day(12, 1)),
        active: 2,
        on_the_way: 1,
        in_trouble: 0,
        services: Some(
            [
                ("web-01.hallsons.example", "KVM NVMe 8", "active"),
                ("db-01.hallsons.example", "KVM NVMe 16", "provisioning"),
            ]
            .map(service)
            .to_vec(),
        ),
        invoices: Some(
            [("INV-2026-1003", "unpaid"), ("INV-2026-0912", "paid")]
                .map(invoice)
                .to_vec(),
        ),
        checklist: [("Confirm your e-mail address", true), ("Add a payment method", false)]
            .map(task)
            .to_vec(),
        may_order: true,
    }
}

/// A profile whose password was wrong.
#[must_use]
pub fn profile() -> ProfilePage {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.into(),
        label: label.into(),
    };
    let seen = |ok| Seen {
        at: moment(),
        ip: "198.51.100.7".into(),
        browser: "Firefox, Linux".into(),
        ok,
    };
    ProfilePage {
        tabs: tabs(&["Profile", "Billing details", "Team"], 0),
        name: "Simon Hall".into(),
        email: "simon@hallsons.example".into(),
        verified: true,
        locale: "en".into(),
        locales: [("en", "English"), ("de", "Deutsch")].map(choice).to_vec(),
        timezone: "Europe/London".into(),
        zones: [("UTC", "UTC"), ("Europe/London", "Europe/London")]
            .map(choice)
            .to_vec(),
        theme: "auto".into(),
        themes: [("auto", "As the device has it"), ("dark", "Dark")]
            .map(choice)
            .to_vec(),
        errors: Vec::new(),
        password_errors: vec![FieldError {
            field: "current".into(),
            message: "This is not your current password.".into(),
        }],
        sign_ins: vec![seen(true), seen(false)],
    }
}

/// Details as they stand.
#[must_use]
pub fn details() -> DetailsPage {
    DetailsPage {
        tabs: tabs(&["Profile", "Billing details", "Team"], 1),
        number: 1001,
        fields: Fields {
            name: "Simon Hall".into(),
            company: "Hall & Sons Ltd".into(),
            email: "bills@hallsons.example".into(),
            country: "GB".into(),
            ..Fields::default()
        },
        countries: vec![Country {
            value: "GB",
            label: "United Kingdom".into(),
        }],
        errors: vec![FieldError {
            field: "country".into(),
            message: "Choose a country.".into(),
        }],
    }
}

/// A team of three.
#[must_use]
pub fn team() -> TeamPage {
    let right = |(word, label): (&'static str, &str)| Right {
        word,
        label: label.into(),
        given: word == "services.use",
    };
    let rights = [
        ("services.use", "See services, restart them, open their panels"),
        ("billing.read", "See invoices and payments"),
    ]
    .map(right)
    .to_vec();
    let person = |(name, owner, own): (&str, bool, bool)| Person {
        name: name.into(),
        email: "somebody@hallsons.example".into(),
        owner,
        own,
        rights: rights.clone(),
        path: "#".into(),
    };
    TeamPage {
        tabs: tabs(&["Profile", "Billing details", "Team"], 2),
        people: [
            ("Simon Hall", true, false),
            ("Ada Hall", false, true),
            ("Mo", false, false),
        ]
        .map(person)
        .to_vec(),
        rights: rights.clone(),
        email: String::new(),
        errors: Vec::new(),
    }
}

/// Asking before a service ends.
#[must_use]
pub fn cancel() -> CancelPage {
    CancelPage {
        path: "#".into(),
        name: "web-01.hallsons.example".into(),
        crumbs: vec![Crumb {
            label: "Services".into(),
            path: None,
        }],
        ends_on: day(12, 1),
        addresses: vec!["203.0.113.42".into()],
        reason: String::new(),
        error_key: Some("cancel-error-long"),
    }
}

/// A console's address and password.
#[must_use]
pub fn way_in() -> WayIn {
    WayIn {
        title_key: "way-console-title",
        text_key: "way-console-client",
        name: "web-01.hallsons.example".into(),
        back: "#".into(),
        url: Some("wss://panel.example/vnc/1".into()),
        password: Some("sample".into()),
        panel_path: Some("#".into()),
    }
}
