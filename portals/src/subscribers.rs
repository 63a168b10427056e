//! Which job follows which event: one line per subscriber.

use platform::event::Subscriptions;

/// Every subscription of the platform.
#[must_use]
pub fn subscriptions() -> Subscriptions {
    Subscriptions::default()
}
