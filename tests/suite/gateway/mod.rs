//! What every gateway must do, whichever it is: one suite, run for each adapter against its simulator.
//!
//! A new adapter implements [`rig::Rig`], and [`rig::Remote`] when its calls travel, and gets a line at the end; it
//! inherits every check.

mod calm;
mod rig;
mod sandbox;
mod storm;
mod stripe;
mod wire;

use rig::Rig;

/// One test per check, for an adapter's rig.
macro_rules! checks {
    ($rig:ty: $($room:ident::$check:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $check() {
                super::$room::$check(&<$rig as super::Rig>::open().await).await;
            }
        )+
    };
}

/// Of every gateway.
macro_rules! of_every {
    ($rig:ty) => {
        checks! { $rig:
            calm::a_charge_is_made_once_per_key,
            calm::a_hold_is_taken_once_and_cannot_be_given_back_then,
            calm::a_hold_is_given_back_once_and_cannot_be_taken_then,
            calm::a_declined_card_is_a_clear_no,
            calm::a_card_that_needs_its_owner_says_so,
            calm::money_goes_back_in_parts_and_never_more_than_came,
            calm::a_page_is_opened_once_per_key_and_paid_once,
            calm::a_method_is_kept_only_with_consent,
            calm::a_payment_is_found_by_our_key,
            calm::a_token_nobody_gave_is_refused,
        }
    };
}

/// Of a gateway whose calls travel.
macro_rules! of_remote {
    ($rig:ty) => {
        checks! { $rig:
            wire::ids_from_elsewhere_reach_no_other_path,
            wire::a_wrong_key_is_staffs_to_mend,
            wire::an_address_that_is_not_ours_to_call_is_not_called,
            storm::a_charge_gone_wrong_is_never_called_failed_and_made_once,
            storm::a_capture_gone_wrong_is_asked_about_and_made_once,
            storm::a_release_gone_wrong_may_be_repeated,
            storm::a_refund_gone_wrong_is_never_called_failed_and_made_once,
            storm::a_refund_is_found_when_its_key_was_forgotten,
            storm::a_question_gone_wrong_answers_nothing_definite,
            storm::a_page_gone_wrong_opens_once,
            storm::an_attachment_or_a_payer_gone_wrong_may_be_repeated,
            storm::a_busy_gateway_was_not_asked,
            storm::a_key_in_use_or_used_for_something_else_is_asked_about,
            storm::an_answer_of_another_version_is_read,
        }
    };
}

mod on_stripe {
    of_every!(super::stripe::OverStripe);
    of_remote!(super::stripe::OverStripe);
}

mod on_sandbox {
    of_every!(super::sandbox::OverSandbox);
}
