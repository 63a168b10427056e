//! The vocabulary of states: database words to a word for people, a tone and an icon. Every badge of every page comes from here,
//! and tenants cannot recolour it: a red brand must not make "Paid" look overdue.

use chrono::NaiveDate;
use platform::views::Tone;
use serde::Serialize;

/// What `ui.status` and `ui.power` draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// Message key of the word.
    pub label_key: &'static str,
    /// Meaning, which picks the colours.
    pub tone: Tone,
    /// Icon beside the word, so that colour is never alone.
    pub icon: &'static str,
    /// A date in the word, where it has one.
    pub date: Option<NaiveDate>,
}

/// Marks a literal for the build's icon scan.
const fn icon(name: &'static str) -> &'static str {
    name
}

const fn badge(label_key: &'static str, tone: Tone, icon: &'static str) -> Badge {
    Badge {
        label_key,
        tone,
        icon,
        date: None,
    }
}

const fn unknown() -> Badge {
    badge("status-unknown", Tone::Neutral, icon("question-mark"))
}

/// The three states of an invoice and what makes it late.
#[derive(Clone, Copy, Debug)]
pub struct InvoiceState<'a> {
    /// `draft`, `issued`, `void`.
    pub document: &'a str,
    /// `unpaid`, `processing`, `partly_paid`, `paid`, `refunded`, `partly_refunded`, `disputed`.
    pub payment: &'a str,
    /// `none`, `overdue`, `promised`, `written_off`, `undelivered`.
    pub collection: &'a str,
    /// Due date, if it has one.
    pub due: Option<NaiveDate>,
    /// Today in the tenant's billing zone.
    pub today: NaiveDate,
}

/// One word for an invoice.
#[must_use]
pub fn invoice(state: InvoiceState<'_>) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match (state.document, state.payment, state.collection) {
        ("draft", _, _) => badge("status-draft", Neutral, icon("pencil")),
        ("void", _, _) => badge("status-void", Neutral, icon("x")),
        (_, "paid", _) => badge("status-paid", Success, icon("check")),
        (_, "refunded", _) => badge("status-refunded", Neutral, icon("arrow-back-up")),
        (_, "partly_refunded", _) => badge("status-partly-refunded", Neutral, icon("arrow-back-up")),
        (_, "disputed", _) => badge("status-disputed", Danger, icon("scale")),
        (_, "processing", _) => badge("status-processing", Info, icon("loader-2")),
        (_, _, "undelivered") => badge("status-undelivered", Neutral, icon("ban")),
        (_, _, "written_off") => badge("status-written-off", Neutral, icon("ban")),
        (_, _, "promised") => badge("status-promised", Info, icon("calendar")),
        (_, _, "overdue") => badge("status-overdue", Danger, icon("alert-triangle")),
        (_, payment, _)
            if state.due.is_some_and(|due| due < state.today) && matches!(payment, "unpaid" | "partly_paid") =>
        {
            badge("status-overdue", Danger, icon("alert-triangle"))
        }
        (_, "partly_paid", _) => badge("status-partly-paid", Info, icon("circle-half")),
        (_, "unpaid", _) if state.due == Some(state.today) => badge("status-due-today", Warning, icon("clock")),
        (_, "unpaid", _) => badge("status-unpaid", Warning, icon("clock")),
        _ => unknown(),
    }
}

/// A service; `ends_on` when it is cancelled for a later day.
#[must_use]
pub fn service(status: &str, reason: Option<&str>, ends_on: Option<NaiveDate>) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match (status, reason) {
        ("pending", Some("fraud_review" | "in_review")) => badge("status-fraud-review", Warning, icon("shield-search")),
        ("pending", _) => badge("status-awaiting-payment", Warning, icon("clock")),
        ("provisioning", _) => badge("status-provisioning", Info, icon("loader-2")),
        ("active", _) if ends_on.is_some() => Badge {
            date: ends_on,
            ..badge("status-cancelling", Warning, icon("calendar-x"))
        },
        ("active", Some("action_needed")) => badge("status-action-needed", Warning, icon("alert-triangle")),
        ("active", _) => badge("status-active", Success, icon("check")),
        ("suspended", _) => badge("status-suspended", Danger, icon("player-pause")),
        ("cancelled", _) => badge("status-cancelled", Neutral, icon("x")),
        ("terminated", _) => badge("status-terminated", Neutral, icon("x")),
        ("failed", _) => badge("status-failed", Danger, icon("alert-triangle")),
        _ => unknown(),
    }
}

/// Power as a panel reports it; drawn by `ui.power`.
#[must_use]
pub fn power(state: &str) -> Badge {
    use Tone::{Info, Neutral, Success};
    match state {
        "running" | "on" => badge("status-running", Success, icon("player-play")),
        "stopped" | "off" => badge("status-stopped", Neutral, icon("player-stop")),
        "starting" => badge("status-starting", Info, icon("loader-2")),
        "stopping" => badge("status-stopping", Info, icon("loader-2")),
        "rebuilding" => badge("status-rebuilding", Info, icon("loader-2")),
        _ => unknown(),
    }
}

/// An order.
#[must_use]
pub fn order(status: &str) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match status {
        "cart" => badge("status-cart", Neutral, icon("shopping-cart")),
        "pending_payment" => badge("status-pending-payment", Warning, icon("clock")),
        "in_review" => badge("status-in-review", Warning, icon("shield-search")),
        "accepted" => badge("status-accepted", Info, icon("check")),
        "completed" => badge("status-completed", Success, icon("check")),
        "rejected" => badge("status-rejected", Danger, icon("ban")),
        "cancelled" => badge("status-cancelled", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// An operation on a panel, or a job.
#[must_use]
pub fn operation(state: &str) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match state {
        "queued" | "wanted" | "pending" => badge("status-queued", Neutral, icon("clock")),
        "running" | "started" => badge("status-running", Info, icon("loader-2")),
        "waiting" | "unknown" => badge("status-waiting", Warning, icon("clock")),
        "retrying" => badge("status-retrying", Warning, icon("refresh")),
        "failed" => badge("status-failed", Danger, icon("alert-triangle")),
        "done" | "succeeded" => badge("status-done", Success, icon("check")),
        "cancelled" => badge("status-cancelled", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// A task of staff.
#[must_use]
pub fn task(state: &str) -> Badge {
    use Tone::{Info, Neutral, Success, Warning};
    match state {
        "open" => badge("status-open", Warning, icon("flag")),
        "retried" => badge("status-retried", Info, icon("refresh")),
        "done" => badge("status-done", Success, icon("check")),
        "dismissed" => badge("status-dismissed", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// A mail.
#[must_use]
pub fn mail(state: &str) -> Badge {
    match state {
        "queued" => badge("status-mail-queued", Tone::Neutral, icon("clock")),
        "sent" => badge("status-mail-sent", Tone::Success, icon("check")),
        "failed" => badge("status-mail-failed", Tone::Danger, icon("alert-triangle")),
        "kept" => badge("status-mail-kept", Tone::Info, icon("mail")),
        _ => unknown(),
    }
}

/// A product, plan, gateway or whatever else is offered or not.
#[must_use]
pub fn offer(state: &str) -> Badge {
    use Tone::{Neutral, Success, Warning};
    match state {
        "active" => badge("status-active", Success, icon("check")),
        "hidden" => badge("status-hidden", Warning, icon("eye-off")),
        "retired" => badge("status-retired", Neutral, icon("archive")),
        "disabled" => badge("status-disabled", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// An API token.
#[must_use]
pub fn token(status: &str) -> Badge {
    use Tone::{Neutral, Success, Warning};
    match status {
        "active" => badge("status-active", Success, icon("check")),
        "expired" => badge("status-expired", Warning, icon("clock-x")),
        "revoked" => badge("status-revoked", Neutral, icon("ban")),
        _ => unknown(),
    }
}

/// An order by itself and by how far its services are.
#[must_use]
pub fn delivery(order_status: &str, delivery: Option<&str>) -> Badge {
    match (order_status, delivery) {
        ("accepted", Some("active" | "suspended" | "terminated")) => order("completed"),
        ("accepted", Some(unfinished)) => service(unfinished, None, None),
        _ => order(order_status),
    }
}

/// A payment attempt or a refund.
#[must_use]
pub fn payment(status: &str) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match status {
        "pending" | "created" => badge("status-pending", Neutral, icon("clock")),
        "processing" | "unknown" => badge("status-processing", Info, icon("loader-2")),
        "authorised" | "authorized" | "held" => badge("status-authorised", Info, icon("lock")),
        "needs_action" | "requires_action" => badge("status-needs-action", Warning, icon("alert-triangle")),
        "succeeded" | "captured" => badge("status-succeeded", Success, icon("check")),
        "failed" => badge("status-failed", Danger, icon("alert-triangle")),
        "released" => badge("status-released", Neutral, icon("arrow-back-up")),
        "cancelled" => badge("status-cancelled", Neutral, icon("x")),
        "refunded" => badge("status-refunded", Neutral, icon("arrow-back-up")),
        "disputed" => badge("status-disputed", Danger, icon("scale")),
        _ => unknown(),
    }
}

/// A tenant.
#[must_use]
pub fn tenant(status: &str) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match status {
        "active" | "live" => badge("status-active", Success, icon("check")),
        "sandbox" => badge("status-sandbox", Info, icon("flask")),
        "pending" | "creating" => badge("status-pending", Neutral, icon("clock")),
        "suspended" => badge("status-suspended", Danger, icon("player-pause")),
        "parked" => badge("status-parked", Warning, icon("alert-triangle")),
        "closed" => badge("status-closed", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// A host: its proof and certificate.
#[must_use]
pub fn host(status: &str) -> Badge {
    use Tone::{Danger, Info, Neutral, Success, Warning};
    match status {
        "claimed" | "pending" | "awaiting_dns" => badge("status-awaiting-dns", Warning, icon("clock")),
        "verified" => badge("status-verified", Info, icon("shield-check")),
        "issuing" => badge("status-issuing", Info, icon("loader-2")),
        "serving" => badge("status-serving", Success, icon("check")),
        "failing" => badge("status-failing", Danger, icon("alert-triangle")),
        "disabled" | "removed" => badge("status-disabled", Neutral, icon("x")),
        _ => unknown(),
    }
}

/// A server (panel endpoint) after its last check.
#[must_use]
pub fn server(status: &str) -> Badge {
    use Tone::{Danger, Neutral, Success, Warning};
    match status {
        "online" | "ok" => badge("status-online", Success, icon("check")),
        "degraded" => badge("status-degraded", Warning, icon("alert-triangle")),
        "offline" | "failed" => badge("status-offline", Danger, icon("alert-triangle")),
        "disabled" => badge("status-disabled", Neutral, icon("x")),
        "new" => badge("status-new", Neutral, icon("clock")),
        _ => unknown(),
    }
}

/// Every badge there is, for the style guide and for the test that each has its words.
#[must_use]
pub fn all() -> Vec<Badge> {
    let mut badges = all_invoices();
    let service_words = "pending provisioning active suspended cancelled terminated failed";
    badges.extend(service_words.split(' ').map(|word| service(word, None, None)));
    badges.push(service("pending", Some("fraud_review"), None));
    badges.push(service("active", Some("action_needed"), None));
    badges.push(service("active", None, Some(NaiveDate::default())));
    badges.extend(["running", "stopped", "starting", "stopping", "rebuilding", "?"].map(power));
    badges.extend(
        "cart pending_payment in_review accepted completed rejected"
            .split(' ')
            .map(order),
    );
    badges.extend(["queued", "running", "waiting", "retrying", "done"].map(operation));
    badges.extend(["pending", "authorised", "needs_action", "succeeded", "released"].map(payment));
    badges.extend(["sandbox", "parked", "closed"].map(tenant));
    badges.extend(
        "awaiting_dns verified issuing serving failing disabled"
            .split(' ')
            .map(host),
    );
    badges.extend(["open", "retried", "dismissed"].map(task));
    badges.extend(["hidden", "retired"].map(offer));
    badges.extend(["online", "degraded", "offline", "new"].map(server));
    badges
}

fn all_invoices() -> Vec<Badge> {
    let today = NaiveDate::default();
    let one = |document, payment, collection, due| {
        invoice(InvoiceState {
            document,
            payment,
            collection,
            due,
            today,
        })
    };
    let mut badges = vec![
        one("draft", "unpaid", "none", None),
        one("void", "unpaid", "none", None),
        one("issued", "unpaid", "none", Some(today)),
    ];
    let payments = "unpaid processing partly_paid paid refunded partly_refunded disputed";
    badges.extend(payments.split(' ').map(|word| one("issued", word, "none", None)));
    badges
        .extend(["written_off", "promised", "overdue", "undelivered"].map(|word| one("issued", "unpaid", word, None)));
    badges
}

#[cfg(test)]
mod tests {
    use super::{InvoiceState, all, invoice, service};
    use crate::assets::has_icon;
    use chrono::NaiveDate;

    #[test]
    fn every_badge_has_its_words_and_icon() {
        let texts = crate::kit::texts().unwrap();
        for badge in all() {
            assert!(texts.has(badge.label_key), "{}", badge.label_key);
            assert!(has_icon(badge.icon), "{}", badge.icon);
        }
    }

    #[test]
    fn the_state_that_matters_most_names_an_invoice() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        let check = |document, payment, collection, due, expected: &str| {
            let state = InvoiceState {
                document,
                payment,
                collection,
                due: Some(day(due)),
                today: day(22),
            };
            assert_eq!(invoice(state).label_key, expected, "{state:?}");
        };
        check("draft", "unpaid", "none", 1, "status-draft");
        check("issued", "unpaid", "none", 23, "status-unpaid");
        check("issued", "unpaid", "none", 22, "status-due-today");
        check("issued", "unpaid", "none", 21, "status-overdue");
        check("issued", "partly_paid", "none", 23, "status-partly-paid");
        check("issued", "partly_paid", "overdue", 21, "status-overdue");
        check("issued", "unpaid", "undelivered", 21, "status-undelivered");
        check("issued", "processing", "overdue", 21, "status-processing");
        check("issued", "paid", "none", 1, "status-paid");
        check("void", "paid", "none", 1, "status-void");
        assert_eq!(service("active", None, Some(day(30))).date, Some(day(30)));
    }
}
