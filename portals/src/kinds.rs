//! Every kind of gateway and panel this binary has.

use std::sync::Arc;

use billing::gateway::GatewayKinds;
use billing_stripe::Stripe;
use platform::outbound::Outbound;
use provisioning::{PanelKinds, Virtfusion};

/// The gateways.
#[must_use]
pub fn gateways(outbound: &Outbound) -> GatewayKinds {
    GatewayKinds::default().with(Arc::new(Stripe::new(outbound.clone())))
}

/// The panels.
#[must_use]
pub fn panels() -> PanelKinds {
    PanelKinds::default().with(Arc::new(Virtfusion))
}
