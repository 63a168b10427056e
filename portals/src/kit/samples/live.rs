//! An order while it is built, when it is done, and when it went wrong.

use platform::money::{Currency, Money};
use platform::views::Tone;

use super::moment;
use crate::account::order::{BuildCard, Notice, OrderPage, Ready};
use crate::kit::parts::{Crumb, Step};
use crate::status;

const STEPS: [&str; 6] = ["Payment", "Reserve capacity", "Create", "Install", "Network", "Ready"];

/// The steps with the n-th in this state; those before are done, those after wait.
fn steps(current: usize, state: &'static str) -> Vec<Step> {
    let one = |(at, label): (usize, &&str)| Step {
        label: (*label).to_owned(),
        state: match at.cmp(&current) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => state,
            std::cmp::Ordering::Greater => "waiting",
        },
        detail: (at <= current).then(|| "Took 12 s".to_owned()),
    };
    STEPS.iter().enumerate().map(one).collect()
}

/// Orders in the states a customer sees; more than a few services are listed as lines.
#[must_use]
pub fn orders(currency: Currency) -> Vec<OrderPage> {
    let ready = Ready {
        addresses: vec!["203.0.113.42".into(), "2001:db8:42::1".into()],
        shell: Some("ssh root@203.0.113.42".into()),
        machine: true,
        has_password: true,
    };
    let building = card("web-01.hallsons.example", "provisioning", steps(3, "running"));
    let done = BuildCard {
        ready: Some(ready),
        ..card("web-01.hallsons.example", "active", steps(6, "done"))
    };
    let failed = BuildCard {
        reference: Some("opr_sample".into()),
        ..card("web-01.hallsons.example", "failed", steps(2, "failed"))
    };
    let many = (1..8).map(|n| {
        card(
            &format!("web-{n:02}.hallsons.example"),
            "provisioning",
            steps(2, "running"),
        )
    });
    vec![
        page(
            currency,
            (Tone::Info, "live-leave-title", "live-leave-text"),
            vec![building],
        ),
        page(
            currency,
            (Tone::Success, "live-ready-server", "live-ready-text"),
            vec![done],
        ),
        page(
            currency,
            (Tone::Warning, "live-failed-title", "live-failed-free"),
            vec![failed],
        ),
        page(
            currency,
            (Tone::Warning, "live-pay-title", "live-pay-text"),
            many.collect(),
        ),
    ]
}

fn card(name: &str, status: &str, steps: Vec<Step>) -> BuildCard {
    BuildCard {
        name: name.to_owned(),
        path: "#".into(),
        badge: status::service(status, None, None),
        steps,
        reference: None,
        ready: None,
    }
}

fn page(currency: Currency, notice: (Tone, &'static str, &'static str), builds: Vec<BuildCard>) -> OrderPage {
    let (tone, title_key, text_key) = notice;
    OrderPage {
        path: "#".into(),
        topics: Some("ord:ord_sample".into()),
        refresh_seconds: Some(8),
        number: "1042".into(),
        crumbs: vec![Crumb {
            label: "Order 1042".into(),
            path: None,
        }],
        placed_at: moment(),
        total: Money { minor: 4800, currency },
        badge: status::order("accepted"),
        notice: Some(Notice {
            tone,
            title_key,
            text_key,
        }),
        pay_path: (tone == Tone::Warning).then(|| "#".into()),
        invoice_path: Some("#".into()),
        usual: Some("40 s to 1 min 10 s".into()),
        compact: builds.len() > 4,
        builds,
    }
}
