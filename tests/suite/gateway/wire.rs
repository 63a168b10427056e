//! What an adapter whose calls travel must do about addresses, ids and keys.

use billing::gateway::{Asked, GatewayError, Outcome};

use super::rig::{Remote, Token, payer, succeeded};

pub async fn ids_from_elsewhere_reach_no_other_path(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for hostile in [
        "../customers",
        "pm_1?expand=x",
        "pm_1/../../refunds",
        "",
        "pm 1",
        "pm_%2e%2e",
        "pm_1#",
        "🦀",
    ] {
        let refused = gateway.attach(&context, &payer.customer, hostile).await;
        assert!(
            matches!(refused, Err(GatewayError::Refused(_))),
            "{hostile}: {refused:?}"
        );
        let asked = Asked {
            key: "pay_1".into(),
            reference: Some(hostile.into()),
            ..Asked::default()
        };
        let outcome = gateway.fetch(&context, &asked).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{hostile}: {outcome:?}");
    }
}

pub async fn a_wrong_key_is_staffs_to_mend(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    gateway.check(&context).await.expect("the key works");
    let wrong = rig.wrong_context();
    let refused = gateway.check(&wrong).await;
    assert!(matches!(refused, Err(GatewayError::Refused(_))), "{refused:?}");
    let charge = payer.charge("pay_1", 1000, false);
    let outcome = gateway.charge(&wrong, &charge).await;
    assert!(
        matches!(outcome, Outcome::NotSent { .. }),
        "no card was declined: {outcome:?}"
    );
    succeeded(&gateway.charge(&context, &charge).await);
}

pub async fn an_address_that_is_not_ours_to_call_is_not_called(rig: &impl Remote) {
    let (gateway, mut context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let charge = payer.charge("pay_1", 1000, false);
    // A port nobody listens on, addresses inside, and what is no address.
    for base in [
        "http://127.0.0.1:9",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://[::1]:1",
        "ftp://x",
        "nonsense",
    ] {
        context.settings["api_base"] = base.into();
        let outcome = gateway.charge(&context, &charge).await;
        assert!(matches!(outcome, Outcome::NotSent { .. }), "{base}: {outcome:?}");
    }
    assert_eq!(rig.payments().await, 0);
}
