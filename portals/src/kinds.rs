//! Every kind of gateway and panel this binary has.

use std::sync::Arc;

use billing::gateway::GatewayKinds;
use billing::sandbox::Sandbox;
use billing_stripe::Stripe;
use platform::outbound::Outbound;
use provisioning::PanelKinds;

/// The gateways.
#[must_use]
pub fn gateways(outbound: &Outbound) -> GatewayKinds {
    GatewayKinds::default()
        .with(Arc::new(Stripe::new(outbound.clone())))
        .with(Arc::new(Sandbox))
}

/// The panels.
#[must_use]
pub fn panels() -> PanelKinds {
    PanelKinds::default()
}
