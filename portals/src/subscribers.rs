//! Which job follows which event: one line per subscriber.

use platform::event::Subscriptions;
use platform::job::Class;

use crate::jobs::{NOTIFY, OPERATE, PRINT_INVOICE, SERVICE_DECIDED, TELL_DOWNSTREAM, WARN_USER};

/// Every subscription of the platform.
#[must_use]
pub fn subscriptions() -> Subscriptions {
    Subscriptions::default()
        .on("invoice.created", Class::Low, PRINT_INVOICE)
        .on("service.paid", Class::Critical, OPERATE)
        .on("service.payment_lost", Class::Critical, OPERATE)
        .on("service.suspension_wanted", Class::Critical, OPERATE)
        .on("service.resume_wanted", Class::Critical, OPERATE)
        .on("service.termination_wanted", Class::Critical, OPERATE)
        .on("service.released", Class::Critical, OPERATE)
        .on("service.provisioned", Class::Critical, SERVICE_DECIDED)
        .on("service.provisioning_failed", Class::Critical, SERVICE_DECIDED)
        .on("service.terminated", Class::Critical, SERVICE_DECIDED)
        .on("service.provisioned", Class::Critical, TELL_DOWNSTREAM)
        .on("service.provisioning_failed", Class::Critical, TELL_DOWNSTREAM)
        .on("service.suspended", Class::Critical, TELL_DOWNSTREAM)
        .on("service.resumed", Class::Critical, TELL_DOWNSTREAM)
        .on("service.changed", Class::Critical, TELL_DOWNSTREAM)
        .on("service.readdressed", Class::Critical, TELL_DOWNSTREAM)
        .on("service.terminated", Class::Critical, TELL_DOWNSTREAM)
        .on("order.created", Class::Normal, NOTIFY)
        .on("order.waiting", Class::Normal, NOTIFY)
        .on("order.cancelled", Class::Normal, NOTIFY)
        .on("invoice.created", Class::Normal, NOTIFY)
        .on("invoice.reminded", Class::Normal, NOTIFY)
        .on("invoice.due_soon", Class::Normal, NOTIFY)
        .on("payment_method.expiring", Class::Normal, NOTIFY)
        .on("user.signed_in_anew", Class::Normal, WARN_USER)
        .on("payment.succeeded", Class::Normal, NOTIFY)
        .on("payment.failed", Class::Normal, NOTIFY)
        .on("payment.refunded", Class::Normal, NOTIFY)
        .on("service.provisioned", Class::Normal, NOTIFY)
        .on("service.provisioning_failed", Class::Normal, NOTIFY)
        .on("service.undelivered", Class::Normal, NOTIFY)
        .on("service.suspended", Class::Normal, NOTIFY)
        .on("service.resumed", Class::Normal, NOTIFY)
        .on("service.terminated", Class::Normal, NOTIFY)
}
