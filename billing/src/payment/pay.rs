//! Paying an invoice with a saved method, now.

use tenancy::{Tenancy, TenantScope, TenantTx};

use super::{begin, close_page, drive};
use crate::gateway::{self, Gateway, GatewayKinds};
use crate::ids::{InvoiceId, PaymentId, PaymentMethodId};
use crate::invoice::Invoice;
use crate::{BillingError, invoice, payment_method};

/// Whether money for this invoice is held first: its order waits for it, or nothing of it could be built so far, and
/// the gateway can hold.
pub(super) async fn holds(tx: &mut TenantTx, row: &Invoice, adapter: &dyn Gateway) -> Result<bool, BillingError> {
    let waits: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1 AND status = 'pending_payment')")
            .bind(row.order_id)
            .fetch_one(tx.connection())
            .await?;
    Ok((waits || row.collection_status == "undelivered") && adapter.can_hold())
}

/// Pays all that is due with a saved method; a page that is open is closed first. The answer says which payment
/// was begun: what became of it is in its row.
///
/// # Errors
/// When nothing is due, another payment is under way, or the method is not the account's.
pub async fn pay(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: InvoiceId,
    method: PaymentMethodId,
) -> Result<PaymentId, BillingError> {
    close_page(doors, kinds, scope, id).await?;
    let mut tx = doors.begin(scope).await?;
    let row = invoice::locked(&mut tx, id).await?;
    let found = payment_method::find(&mut tx, method)
        .await?
        .ok_or(BillingError::NotFound("payment method"))?;
    let kind = gateway::find(&mut tx, found.gateway_id).await?.map(|row| row.kind);
    let hold = match kind.and_then(|kind| kinds.get(&kind)) {
        Some(adapter) => holds(&mut tx, &row, adapter.as_ref()).await?,
        None => false,
    };
    let payment = begin(&mut tx, id, method, hold).await?;
    tx.commit().await?;
    drive(doors, kinds, scope, payment).await?;
    Ok(payment)
}
