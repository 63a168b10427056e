//! What a gateway does when requests and answers are lost, late or garbled.

use billing::gateway::{Asked, GatewayContext, GatewayError, Outcome, Refunded};
use simulators::FaultKind;

use super::rig::{Act, Payer, Remote, Token, declined, eur, held, payer, succeeded, weather};

async fn found(rig: &impl Remote, payer: &Payer, key: &str) -> Outcome {
    let asked = Asked {
        key: key.into(),
        customer: Some(payer.customer.clone()),
        ..Asked::default()
    };
    rig.gateway().fetch(&rig.context(), &asked).await
}

pub async fn a_charge_gone_wrong_is_never_called_failed_and_made_once(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (number, (fault, happened)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let charge = payer.charge(&format!("pay_{number}"), 100, false);
        rig.goes_wrong(Act::Charge, fault);
        let lost = gateway.charge(&context, &charge).await;
        assert!(matches!(lost, Outcome::Unknown { .. }), "{told}: {lost:?}");
        match found(rig, &payer, &charge.key).await {
            Outcome::Nothing => assert!(!happened, "{told}: it happened and was not found"),
            other => {
                succeeded(&other);
                assert!(happened, "{told}: {other:?}");
            }
        }
        // Sent again with its key: once in all.
        succeeded(&gateway.charge(&context, &charge).await);
        let made = i64::try_from(number + 1).expect("a few");
        assert_eq!(rig.moved().await, (100 * made, 0), "{told}");
    }
    assert_eq!(rig.payments().await, weather().len());
}

pub async fn a_capture_gone_wrong_is_asked_about_and_made_once(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (number, (fault, _)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let key = format!("pay_{number}");
        let reference = held(&gateway.charge(&context, &payer.charge(&key, 100, true)).await);
        rig.goes_wrong(Act::Capture, fault);
        let lost = gateway
            .capture(&context, &format!("{key}-capture"), &reference, None)
            .await;
        assert!(matches!(lost, Outcome::Unknown { .. }), "{told}: {lost:?}");
        succeeded(
            &gateway
                .capture(&context, &format!("{key}-capture"), &reference, None)
                .await,
        );
        let made = i64::try_from(number + 1).expect("a few");
        assert_eq!(rig.moved().await, (100 * made, 0), "{told}");
    }
}

pub async fn a_release_gone_wrong_may_be_repeated(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (number, (fault, _)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let key = format!("pay_{number}");
        let reference = held(&gateway.charge(&context, &payer.charge(&key, 100, true)).await);
        rig.goes_wrong(Act::Release, fault);
        let lost = gateway.release(&context, &format!("{key}-release"), &reference).await;
        assert!(matches!(lost, Err(GatewayError::Away(_))), "{told}: {lost:?}");
        gateway
            .release(&context, &format!("{key}-release"), &reference)
            .await
            .unwrap_or_else(|error| panic!("{told}: {error}"));
        declined(
            &gateway
                .capture(&context, &format!("{key}-capture"), &reference, None)
                .await,
        );
    }
    assert_eq!(rig.moved().await, (0, 0));
}

pub async fn a_refund_gone_wrong_is_never_called_failed_and_made_once(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (number, (fault, happened)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let reference = succeeded(
            &gateway
                .charge(&context, &payer.charge(&format!("pay_{number}"), 100, false))
                .await,
        );
        let key = format!("rfd_{number}");
        rig.goes_wrong(Act::Refund, fault);
        match gateway.refund(&context, &key, &reference, eur(100)).await {
            Refunded::Failed(why) => panic!("{told}: {why}"),
            Refunded::Unknown(_) => {}
            Refunded::Succeeded(_) | Refunded::Processing(_) => assert!(happened, "{told}"),
        }
        let again = gateway.refund(&context, &key, &reference, eur(100)).await;
        assert!(
            matches!(again, Refunded::Succeeded(_) | Refunded::Processing(_)),
            "{told}: {again:?}"
        );
        let made = i64::try_from(number + 1).expect("a few");
        assert_eq!(rig.moved().await, (100 * made, 100 * made), "{told}");
    }
}

pub async fn a_refund_is_found_when_its_key_was_forgotten(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let reference = succeeded(&gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await);
    gateway.refund(&context, "rfd_1", &reference, eur(1000)).await;
    rig.forget_keys();
    let again = gateway.refund(&context, "rfd_1", &reference, eur(1000)).await;
    assert!(
        matches!(again, Refunded::Succeeded(_) | Refunded::Processing(_)),
        "it went back, whatever the key: {again:?}"
    );
    assert_eq!(rig.moved().await, (1000, 1000));
}

pub async fn a_question_gone_wrong_answers_nothing_definite(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let reference = succeeded(&gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await);
    for (fault, _) in weather() {
        let told = format!("{fault:?}");
        rig.goes_wrong(Act::Fetch, fault.clone());
        let by_key = found(rig, &payer, "pay_1").await;
        assert!(matches!(by_key, Outcome::Unknown { .. }), "{told}: {by_key:?}");
        rig.goes_wrong(Act::Fetch, fault);
        let asked = Asked {
            key: "pay_1".into(),
            reference: Some(reference.clone()),
            ..Asked::default()
        };
        let by_id = gateway.fetch(&context, &asked).await;
        assert!(matches!(by_id, Outcome::Unknown { .. }), "{told}: {by_id:?}");
    }
    let wrong: GatewayContext = rig.wrong_context();
    let asked = Asked {
        key: "pay_1".into(),
        customer: Some(payer.customer),
        ..Asked::default()
    };
    let stranger = gateway.fetch(&wrong, &asked).await;
    assert!(
        matches!(stranger, Outcome::Unknown { .. }),
        "a key that may not look has not seen that there is nothing: {stranger:?}"
    );
}

pub async fn a_page_gone_wrong_opens_once(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (number, (fault, _)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let page = payer.page(&format!("pay_{number}"), false);
        rig.goes_wrong(Act::OpenPage, fault);
        let lost = gateway.open_page(&context, &page).await;
        assert!(matches!(lost, Err(GatewayError::Away(_))), "{told}: {lost:?}");
        gateway
            .open_page(&context, &page)
            .await
            .unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!(rig.pages().await, number + 1, "{told}");
    }
}

pub async fn an_attachment_or_a_payer_gone_wrong_may_be_repeated(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    for (number, (fault, _)) in weather().into_iter().enumerate() {
        let told = format!("{fault:?}");
        let key = format!("customer-acc_{number}");
        rig.goes_wrong(Act::Payer, fault.clone());
        let lost = gateway.ensure_customer(&context, &key, "Ada", "ada@hall.test").await;
        assert!(matches!(lost, Err(GatewayError::Away(_))), "{told}: {lost:?}");
        let customer = gateway
            .ensure_customer(&context, &key, "Ada", "ada@hall.test")
            .await
            .unwrap_or_else(|error| panic!("{told}: {error}"));
        rig.goes_wrong(Act::Attach, fault);
        let lost = gateway.attach(&context, &customer, rig.token(Token::Good)).await;
        assert!(matches!(lost, Err(GatewayError::Away(_))), "{told}: {lost:?}");
        gateway
            .attach(&context, &customer, rig.token(Token::Good))
            .await
            .unwrap_or_else(|error| panic!("{told}: {error}"));
    }
}

pub async fn a_busy_gateway_was_not_asked(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let charge = payer.charge("pay_1", 1000, false);
    rig.goes_wrong(Act::Charge, rig.busy());
    let outcome = gateway.charge(&context, &charge).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
    succeeded(&gateway.charge(&context, &charge).await);
}

pub async fn a_key_in_use_or_used_for_something_else_is_asked_about(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for trouble in rig.key_troubles() {
        let told = format!("{trouble:?}");
        rig.goes_wrong(Act::Charge, trouble.clone());
        let outcome = gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{told}: {outcome:?}");
        rig.goes_wrong(Act::Refund, trouble);
        let refund = gateway.refund(&context, "rfd_1", "pi_1", eur(1)).await;
        assert!(matches!(refund, Refunded::Unknown(_)), "{told}: {refund:?}");
    }
    // For real: the key of a payment that was made, with another amount.
    let made = succeeded(&gateway.charge(&context, &payer.charge("pay_2", 1000, false)).await);
    let outcome = gateway.charge(&context, &payer.charge("pay_2", 999, false)).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert_eq!(succeeded(&found(rig, &payer, "pay_2").await), made);
}

pub async fn an_answer_of_another_version_is_read(rig: &impl Remote) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let strange = FaultKind::Status {
        status: 200,
        body: rig.strange_success().to_string(),
        headers: std::collections::BTreeMap::new(),
    };
    rig.goes_wrong(Act::Charge, strange);
    succeeded(&gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await);
}
