//! The printed invoice: stored once, served the same for ever.

use sha2::{Digest, Sha256};
use tenancy::TenantTx;

use crate::BillingError;
use crate::ids::InvoiceId;

/// A stored document.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Document {
    /// SHA-256 of the bytes.
    pub sha256: Vec<u8>,
    /// The file.
    pub pdf: Vec<u8>,
}

/// The stored document of an invoice.
///
/// # Errors
/// When the database refuses.
pub async fn document(tx: &mut TenantTx, id: InvoiceId) -> Result<Option<Document>, BillingError> {
    Ok(
        sqlx::query_as("SELECT sha256, pdf FROM documents WHERE invoice_id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?,
    )
}

/// Stores a document; the first one stays, whoever else printed it meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn keep_document(tx: &mut TenantTx, id: InvoiceId, pdf: &[u8]) -> Result<Document, BillingError> {
    let hash: [u8; 32] = Sha256::digest(pdf).into();
    sqlx::query(
        "INSERT INTO documents (invoice_id, sha256, pdf, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (invoice_id) DO NOTHING",
    )
    .bind(id)
    .bind(&hash[..])
    .bind(pdf)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    document(tx, id).await?.ok_or(BillingError::NotFound("document"))
}
