//! A charge of a saved method that the payer's bank wants confirmed. Nobody is there to do it, so the attempt is ended
//! at the gateway, for sure, and counts as declined: its payer is asked to confirm a new one on the gateway's page, and
//! never can two be paid.

use super::Payment;
use crate::gateway::{Decline, Gateway, GatewayContext, Outcome};

/// What a charge of a saved method came to: where it wants its payer, it is ended first. An open page waits for its
/// payer as it should.
pub(super) async fn ended(
    adapter: &dyn Gateway,
    context: &GatewayContext,
    payment: &Payment,
    outcome: Outcome,
) -> Outcome {
    let Outcome::RequiresAction {
        reference: Some(reference),
    } = &outcome
    else {
        return outcome;
    };
    if payment.mode == "redirect" {
        return outcome;
    }
    match adapter
        .release(context, &format!("{}-release", payment.id), reference)
        .await
    {
        Ok(()) => Outcome::Declined {
            reference: Some(reference.clone()),
            class: Decline::Action,
            code: "authentication_required".into(),
            message: "Your bank wants you to confirm this payment.".into(),
        },
        // It may have been confirmed this moment, or is asked about again.
        Err(error) => {
            tracing::warn!(payment = %payment.id, %error, "a charge that wants its payer could not be ended yet");
            outcome
        }
    }
}
