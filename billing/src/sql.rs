//! Pieces of SQL that several queries share, as literals: a query stays one constant.

/// Whether the invoice `i` is of an order of which nothing could be delivered.
macro_rules! undelivered {
    () => {
        "(i.order_id IS NOT NULL \
         AND EXISTS (SELECT 1 FROM subscriptions s JOIN services v ON v.subscription_id = s.id WHERE s.order_id = i.order_id \
           AND v.activated_at IS NULL AND v.status IN ('failed', 'terminated')) \
         AND NOT EXISTS (SELECT 1 FROM subscriptions s JOIN services v ON v.subscription_id = s.id WHERE s.order_id = i.order_id \
           AND (v.activated_at IS NOT NULL OR v.status IN ('pending', 'provisioning'))))"
    };
}

/// How far the invoice `i` is followed up, for whoever reads it: what was not delivered is never late.
macro_rules! collection {
    () => {
        concat!(
            "CASE WHEN i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid') AND ",
            undelivered!(),
            " THEN 'undelivered' ELSE i.collection_status END AS collection_status"
        )
    };
}
