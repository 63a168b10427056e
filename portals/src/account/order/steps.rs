//! What is known of an order and its builds, as steps people understand. Words are keys until the page has a language.

use billing::invoice::Invoice;
use billing::order::Order;
use billing::payment::Payment;
use chrono::{DateTime, Utc};
use provisioning::operation::progress::{Build, Phase};

/// A line of a step in words: a key with arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Words.
    Say(&'static str),
    /// How long it took, in seconds.
    Took(i64),
    /// Since when it runs.
    Since(DateTime<Utc>),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Key of its name.
    pub label_key: &'static str,
    /// waiting, running, done or failed.
    pub state: &'static str,
    /// What to say of it.
    pub detail: Option<Detail>,
}

fn stage(label_key: &'static str, state: &'static str, detail: Option<Detail>) -> Stage {
    Stage {
        label_key,
        state,
        detail,
    }
}

/// Whether money was really taken for this invoice: what is held only does not count.
#[must_use]
pub fn is_charged(invoice: Option<&Invoice>) -> bool {
    invoice.is_some_and(|invoice| invoice.allocated_minor - invoice.credited_minor > invoice.refunded_minor)
}

/// Whether the customer has to do something about the payment.
#[must_use]
pub fn wants_payment(order: &Order, invoice: Option<&Invoice>, payment: Option<&Payment>) -> bool {
    let open =
        invoice.is_some_and(|i| i.status == "issued" && ["unpaid", "partly_paid"].contains(&i.payment_status.as_str()));
    let under_way = payment.is_some_and(|p| ["created", "processing", "unknown", "held"].contains(&p.status.as_str()));
    order.status == "pending_payment" && open && !under_way
}

/// The first step: the money.
#[must_use]
pub fn payment_stage(order: &Order, invoice: Option<&Invoice>, payment: Option<&Payment>) -> Stage {
    let say = |state, key| stage("live-step-payment", state, Some(Detail::Say(key)));
    let status = payment.map_or("", |p| p.status.as_str());
    match (order.status.as_str(), status) {
        ("rejected", _) => say("failed", "live-order-rejected"),
        ("cancelled", _) => say("failed", "live-order-cancelled"),
        ("in_review", _) => say("running", "live-in-review"),
        ("accepted", "held") => say("done", "live-held"),
        ("accepted", "cancelled") => say("done", "live-given-back"),
        ("accepted", _) if invoice.is_none_or(|i| i.total_minor == 0) => say("done", "live-nothing-due"),
        ("accepted", _) => say("done", "live-paid"),
        (_, "created" | "processing" | "unknown") => say("running", "live-confirming"),
        (_, "requires_action") => say("waiting", "live-needs-action"),
        (_, "failed") => say("failed", "live-declined"),
        _ => say("waiting", "live-waits-for-money"),
    }
}

/// Names of the phases; what is no machine is set up rather than installed.
fn name(phase: Phase, machine: bool) -> &'static str {
    match phase {
        Phase::Reserve => "live-step-reserve",
        Phase::Create => "live-step-create",
        Phase::Install if machine => "live-step-install",
        Phase::Install => "live-step-set-up",
        Phase::Network => "live-step-network",
        Phase::Ready => "live-step-ready",
    }
}

/// The steps of one service's build; `status` is the service's.
#[must_use]
pub fn build_stages(status: &str, build: Option<&Build>, machine: bool) -> Vec<Stage> {
    let runs = ["active", "suspended", "terminated"].contains(&status);
    let one = |phase| {
        let Some(build) = build else {
            let state = if runs { "done" } else { "waiting" };
            return stage(name(phase, machine), state, None);
        };
        let times = build.times(phase);
        let took = times
            .and_then(|(_, took)| took)
            .filter(|_| phase != Phase::Ready)
            .map(Detail::Took);
        if runs || phase < build.phase {
            return stage(name(phase, machine), "done", took);
        }
        if phase > build.phase || status == "pending" {
            return stage(name(phase, machine), "waiting", None);
        }
        match build.status.as_str() {
            "failed" | "cancelled" => {
                let key = if build.no_capacity {
                    "live-no-room"
                } else {
                    "live-stuck"
                };
                stage(name(phase, machine), "failed", Some(Detail::Say(key)))
            }
            _ if build.held_up => stage(name(phase, machine), "running", Some(Detail::Say("live-held-up"))),
            _ => stage(
                name(phase, machine),
                "running",
                times.map(|(began, _)| Detail::Since(began)),
            ),
        }
    };
    Phase::ALL.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing::ids::{InvoiceId, OrderId, PaymentId, ServiceId};
    use provisioning::OperationId;
    use uuid::Uuid;

    fn order(status: &str) -> Order {
        Order {
            id: OrderId::new(Uuid::nil()),
            number: 1,
            account_id: tenancy::AccountId::new(Uuid::nil()),
            status: status.into(),
            currency: "USD".into(),
            total_minor: 1000,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn payment(status: &str) -> Payment {
        Payment {
            id: PaymentId::new(Uuid::nil()),
            account_id: tenancy::AccountId::new(Uuid::nil()),
            invoice_id: InvoiceId::new(Uuid::nil()),
            gateway_id: None,
            payment_method_id: None,
            amount_minor: 1000,
            currency: "USD".into(),
            mode: "hold".into(),
            status: status.into(),
            provider_ref: None,
            session_ref: None,
            action_url: None,
            save_method: false,
            page: None,
            reference: None,
            fee_minor: None,
            failure_class: None,
            failure_message: None,
            held_until: None,
            capture_minor: None,
            refunded_minor: 0,
            asks: 0,
            created_at: DateTime::UNIX_EPOCH,
            settled_at: None,
        }
    }

    fn build(status: &str, step: &str) -> Build {
        Build {
            service: ServiceId::new(Uuid::nil()),
            operation: OperationId::new(Uuid::nil()),
            status: status.into(),
            phase: Phase::of(step),
            held_up: status == "retrying",
            no_capacity: false,
            reached: vec![(Phase::of(step), DateTime::UNIX_EPOCH)],
            finished_at: None,
        }
    }

    #[test]
    fn money_comes_first_and_says_what_it_waits_for() {
        for (status, attempt, state, key) in [
            ("pending_payment", None, "waiting", "live-waits-for-money"),
            ("pending_payment", Some("processing"), "running", "live-confirming"),
            ("pending_payment", Some("unknown"), "running", "live-confirming"),
            (
                "pending_payment",
                Some("requires_action"),
                "waiting",
                "live-needs-action",
            ),
            ("pending_payment", Some("failed"), "failed", "live-declined"),
            ("in_review", Some("held"), "running", "live-in-review"),
            ("accepted", Some("held"), "done", "live-held"),
            ("accepted", Some("cancelled"), "done", "live-given-back"),
            ("accepted", None, "done", "live-nothing-due"),
            ("rejected", Some("cancelled"), "failed", "live-order-rejected"),
            ("cancelled", None, "failed", "live-order-cancelled"),
        ] {
            let attempt = attempt.map(payment);
            let shown = payment_stage(&order(status), None, attempt.as_ref());
            assert_eq!((shown.state, shown.detail), (state, Some(Detail::Say(key))), "{status}");
        }
    }

    #[test]
    fn one_step_is_current_and_those_before_it_are_done() {
        let states = |status, build: Option<&Build>| -> Vec<&'static str> {
            build_stages(status, build, true).iter().map(|s| s.state).collect()
        };
        let (d, r, w, f) = ("done", "running", "waiting", "failed");
        assert_eq!(states("pending", None), [w; 5]);
        assert_eq!(states("provisioning", None), [w; 5]);
        assert_eq!(states("provisioning", Some(&build("queued", ""))), [r, w, w, w, w]);
        assert_eq!(
            states("provisioning", Some(&build("waiting", "install"))),
            [d, d, r, w, w]
        );
        assert_eq!(states("failed", Some(&build("failed", "create"))), [d, f, w, w, w]);
        assert_eq!(states("active", Some(&build("done", "ready"))), [d; 5]);
        assert_eq!(states("active", None), [d; 5]);
    }
}
