//! What happened to a service, in words: facts of its timeline, and acts on its panel.

use chrono::{DateTime, Utc};
use platform::views::Page;
use provisioning::operation::Operation;

use super::facts::Facts;
use crate::app::App;
use crate::kit::service::Activity;

/// Lines shown at most.
const MOST: usize = 12;

/// Marks a literal for the build's icon scan.
const fn icon(name: &'static str) -> &'static str {
    name
}

/// Words and icon of an event; what is not for customers has none.
fn event(event_type: &str) -> Option<(&'static str, &'static str)> {
    Some(match event_type {
        "service.paid" => ("act-ordered", icon("shopping-cart")),
        "service.provisioned" => ("act-provisioned", icon("circle-check")),
        "service.provisioning_failed" => ("act-provisioning-failed", icon("alert-triangle")),
        "service.suspended" => ("act-suspended", icon("player-pause")),
        "service.resumed" => ("act-resumed", icon("player-play")),
        "service.changed" => ("act-changed", icon("arrows-exchange")),
        "service.termination_wanted" => ("act-termination-wanted", icon("calendar-x")),
        "service.terminated" => ("act-terminated", icon("x")),
        "subscription.cancellation_scheduled" => ("act-cancelled", icon("calendar-x")),
        "subscription.cancellation_withdrawn" => ("act-kept", icon("calendar")),
        _ => return None,
    })
}

/// Words and icon of an act that somebody asked for.
fn act(operation: &Operation) -> Option<(&'static str, &'static str)> {
    let failed = ["failed", "cancelled"].contains(&operation.status.as_str());
    Some(match (operation.kind.as_str(), operation.input["action"].as_str()) {
        ("power", _) if failed => ("act-power-failed", icon("alert-triangle")),
        ("power", Some("start")) => ("act-started", icon("player-play")),
        ("power", Some("restart")) => ("act-restarted", icon("refresh")),
        ("power", _) => ("act-stopped", icon("power")),
        ("root_password", _) if failed => ("act-password-failed", icon("alert-triangle")),
        ("root_password", _) => ("act-password", icon("key")),
        _ => return None,
    })
}

/// Both together, the newest first.
pub fn entries(app: &App, page: &Page, facts: &Facts) -> Vec<Activity> {
    let line = |at: DateTime<Utc>, (key, icon): (&'static str, &'static str)| Activity {
        at,
        text: app.say(page, key, &[]),
        who: None,
        icon,
    };
    let events = facts
        .events
        .iter()
        .filter_map(|e| Some(line(e.at, event(&e.event_type)?)));
    let acts = facts
        .operations
        .iter()
        .filter_map(|o| Some(line(o.created_at, act(o)?)));
    let mut all: Vec<Activity> = events.chain(acts).collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    all.truncate(MOST);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_read_has_words_in_every_language() {
        let texts = crate::kit::texts().unwrap();
        for event_type in [
            "service.paid",
            "service.provisioned",
            "service.provisioning_failed",
            "service.suspended",
            "service.resumed",
            "service.changed",
            "service.termination_wanted",
            "service.terminated",
            "subscription.cancellation_scheduled",
            "subscription.cancellation_withdrawn",
        ] {
            let (key, icon) = event(event_type).unwrap();
            assert!(texts.has(key) && crate::assets::has_icon(icon), "{event_type}");
        }
        assert_eq!(event("service.suspension_wanted"), None);
    }
}
