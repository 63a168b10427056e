//! What can be done with a saved payment method.

use axum::extract::{Path, State};
use billing::ids::PaymentMethodId;
use billing::payment_method;
use http::StatusCode;
use tenancy::AccountId;

use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = |summary| Doc::new(summary, "accounts.write", Some("billing.manage")).status(204);
    e.delete(
        "/accounts/{id}/payment_methods/{method}",
        doc("Removes a payment method"),
        remove,
    )
    .post(
        "/accounts/{id}/payment_methods/{method}/default",
        doc("Makes a payment method the one that due invoices are charged to"),
        make_default,
    )
}

/// The account and its method, if the caller sees them and may change them.
async fn found(
    app: &App,
    caller: &ApiCaller,
    (account, method): &(String, String),
) -> Result<(AccountId, PaymentMethodId), ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let account = super::accounts::find(&mut tx, caller, account).await?;
    let method: PaymentMethodId = method.parse().map_err(|_| ApiError::NotFound)?;
    payment_method::find(&mut tx, method)
        .await?
        .filter(|found| found.account_id == account.id)
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("accounts.write", Some("billing.manage"))?;
    Ok((account.id, method))
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (account, method) = found(&app, &caller, &path).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    payment_method::remove(&mut tx, account, method).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn make_default(
    State(app): State<App>,
    caller: ApiCaller,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (account, method) = found(&app, &caller, &path).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    payment_method::make_default(&mut tx, account, method).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
