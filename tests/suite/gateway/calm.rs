//! What a gateway does when nothing goes wrong on the way.

use billing::gateway::{Asked, Decline, GatewayError, Outcome, Refunded};

use super::rig::{Rig, Token, declined, eur, held, payer, succeeded};

pub async fn a_charge_is_made_once_per_key(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let charge = payer.charge("pay_1", 1234, false);
    let first = succeeded(&gateway.charge(&context, &charge).await);
    let again = succeeded(&gateway.charge(&context, &charge).await);
    assert_eq!(first, again);
    assert_eq!((rig.payments().await, rig.moved().await), (1, (1234, 0)));
    let other = succeeded(&gateway.charge(&context, &payer.charge("pay_2", 500, false)).await);
    assert_ne!(first, other, "another key is another payment");
    assert_eq!(rig.moved().await, (1734, 0));
}

pub async fn a_hold_is_taken_once_and_cannot_be_given_back_then(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    assert!(gateway.can_hold());
    let payer = payer(rig, Token::Good).await;
    let reference = held(&gateway.charge(&context, &payer.charge("pay_1", 1000, true)).await);
    assert_eq!(rig.moved().await, (0, 0), "held is not taken");
    for key in ["pay_1-capture", "pay_1-capture", "pay_1-capture-again"] {
        let taken = succeeded(&gateway.capture(&context, key, &reference, None).await);
        assert_eq!(taken, reference);
    }
    assert_eq!(rig.moved().await, (1000, 0));
    let back = gateway.release(&context, "pay_1-release", &reference).await;
    assert!(matches!(back, Err(GatewayError::Refused(_))), "{back:?}");
    assert_eq!(rig.moved().await, (1000, 0));
}

pub async fn a_hold_is_given_back_once_and_cannot_be_taken_then(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let reference = held(&gateway.charge(&context, &payer.charge("pay_1", 1000, true)).await);
    for key in ["pay_1-release", "pay_1-release", "pay_1-release-again"] {
        gateway.release(&context, key, &reference).await.expect("given back");
    }
    let taken = gateway.capture(&context, "pay_1-capture", &reference, None).await;
    declined(&taken);
    assert_eq!(rig.moved().await, (0, 0));
}

pub async fn a_declined_card_is_a_clear_no(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::DeclinesCharges).await;
    let charge = payer.charge("pay_1", 1000, false);
    let first = gateway.charge(&context, &charge).await;
    assert_eq!(declined(&first), Decline::Retry);
    assert_eq!(
        first,
        gateway.charge(&context, &charge).await,
        "the same key, the same no"
    );
    assert_eq!(rig.moved().await, (0, 0));
}

pub async fn a_card_that_needs_its_owner_says_so(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::WantsOwner).await;
    let outcome = gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await;
    assert_eq!(declined(&outcome), Decline::Action);
    assert_eq!(rig.moved().await, (0, 0));
}

pub async fn money_goes_back_in_parts_and_never_more_than_came(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let reference = succeeded(&gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await);
    for (key, minor, back) in [("rfd_1", 400, 400), ("rfd_1", 400, 400), ("rfd_2", 600, 1000)] {
        let done = gateway.refund(&context, key, &reference, eur(minor)).await;
        assert!(
            matches!(done, Refunded::Succeeded(_) | Refunded::Processing(_)),
            "{key}: {done:?}"
        );
        assert_eq!(rig.moved().await, (1000, back), "{key}");
    }
    let over = gateway.refund(&context, "rfd_3", &reference, eur(1)).await;
    assert!(matches!(over, Refunded::Failed(_)), "{over:?}");
    assert_eq!(rig.moved().await, (1000, 1000));
}

pub async fn a_page_is_opened_once_per_key_and_paid_once(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let page = gateway
        .open_page(&context, &payer.page("pay_1", false))
        .await
        .expect("a page");
    let again = gateway
        .open_page(&context, &payer.page("pay_1", false))
        .await
        .expect("a page");
    assert_eq!((&page.session, &page.url), (&again.session, &again.url));
    assert!(!page.url.is_empty());
    assert_eq!(rig.pages().await, 1);
    let asked = Asked {
        key: "pay_1".into(),
        session: Some(page.session.clone()),
        customer: Some(payer.customer.clone()),
        ..Asked::default()
    };
    let open = gateway.fetch(&context, &asked).await;
    assert!(
        matches!(open, Outcome::Nothing | Outcome::RequiresAction { .. }),
        "nobody paid yet: {open:?}"
    );
    rig.pay_page(&page.session).await;
    succeeded(&gateway.fetch(&context, &asked).await);
    assert_eq!(rig.moved().await, (1234, 0));
    // A page nobody used ends, and says so.
    let unused = gateway
        .open_page(&context, &payer.page("pay_2", false))
        .await
        .expect("a page");
    rig.end_page(&unused.session).await;
    let asked = Asked {
        key: "pay_2".into(),
        session: Some(unused.session),
        ..asked
    };
    let ended = gateway.fetch(&context, &asked).await;
    let waits = matches!(
        ended,
        Outcome::Nothing | Outcome::RequiresAction { .. } | Outcome::Unknown { .. } | Outcome::Succeeded { .. }
    );
    assert!(!waits, "an ended page is not waited for: {ended:?}");
}

pub async fn a_method_is_kept_only_with_consent(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    for (key, save) in [("pay_1", true), ("pay_2", false)] {
        let page = gateway
            .open_page(&context, &payer.page(key, save))
            .await
            .expect("a page");
        rig.pay_page(&page.session).await;
        let asked = Asked {
            key: key.into(),
            session: Some(page.session),
            ..Asked::default()
        };
        let outcome = gateway.fetch(&context, &asked).await;
        let Outcome::Succeeded { saved, .. } = outcome else {
            panic!("paid: {outcome:?}");
        };
        assert_eq!(saved.is_some(), save, "{key}: {saved:?}");
        let Some(saved) = saved else { continue };
        assert_eq!(saved.last4.len(), 4, "{saved:?}");
        let mut later = payer.charge("pay_9", 700, false);
        later.method = saved.reference;
        succeeded(&gateway.charge(&context, &later).await);
    }
}

pub async fn a_payment_is_found_by_our_key(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let made = succeeded(&gateway.charge(&context, &payer.charge("pay_1", 1000, false)).await);
    let ask = |key: &str, reference: Option<&str>, customer: Option<&str>| Asked {
        key: key.into(),
        reference: reference.map(Into::into),
        customer: customer.map(Into::into),
        ..Asked::default()
    };
    let customer = Some(payer.customer.as_str());
    let found = gateway.fetch(&context, &ask("pay_1", None, customer)).await;
    assert_eq!(succeeded(&found), made);
    let known = gateway.fetch(&context, &ask("pay_1", Some(&made), None)).await;
    assert_eq!(succeeded(&known), made);
    let other = gateway.fetch(&context, &ask("pay_2", None, customer)).await;
    assert_eq!(other, Outcome::Nothing);
    let nobody = gateway.fetch(&context, &ask("pay_2", None, None)).await;
    assert_eq!(nobody, Outcome::Nothing, "who is no payer there has paid nothing");
}

pub async fn a_token_nobody_gave_is_refused(rig: &impl Rig) {
    let (gateway, context) = (rig.gateway(), rig.context());
    let payer = payer(rig, Token::Good).await;
    let refused = gateway.attach(&context, &payer.customer, "pm_nobody").await;
    assert!(matches!(refused, Err(GatewayError::Refused(_))), "{refused:?}");
}
