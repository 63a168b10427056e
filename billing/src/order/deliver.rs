//! What an order makes: subscriptions and services, and the lines of its first invoice.

use chrono::Datelike;
use serde_json::json;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::ids::{OrderId, ServiceId, SubscriptionId};
use crate::invoice::DraftLine;
use crate::quote::{QuotedItem, hostname_of_unit};

/// One unit's lines: each unit has a subscription of its own, so a line is for one.
pub(super) fn first_lines(subscription: SubscriptionId, quoted: &QuotedItem, unit: i32) -> Vec<DraftLine> {
    let options: Vec<String> = quoted
        .options
        .iter()
        .map(|o| format!("{}: {}", o.name, o.value))
        .collect();
    let host = hostname_of_unit(&quoted.item.hostname, unit);
    let detail = match (host.as_str(), options.is_empty()) {
        ("", _) => options.join(", "),
        (host, true) => host.to_owned(),
        (host, false) => format!("{host} ({})", options.join(", ")),
    };
    quoted
        .lines
        .iter()
        .map(|line| {
            let mut explain = line.explain.clone();
            explain["quantity"] = json!(1);
            DraftLine {
                kind: line.kind,
                subscription: Some(subscription),
                product_kind: quoted.product.kind.clone(),
                description: quoted.description.clone(),
                detail: detail.clone(),
                period: Some(line.period),
                quantity: 1,
                unit: line.unit,
                amount: line.unit,
                explain,
            }
        })
        .collect()
}

/// One unit: its subscription, its service and the room kept for it.
pub(super) async fn deliver(
    tx: &mut TenantTx,
    order: OrderId,
    account: AccountId,
    quoted: &QuotedItem,
    unit: i32,
) -> Result<(SubscriptionId, ServiceId), BillingError> {
    let subscription = subscribe(tx, order, account, quoted).await?;
    let service: ServiceId = tx.new_id();
    let now = tx.now();
    let host = hostname_of_unit(&quoted.item.hostname, unit);
    let label = if host.is_empty() { &quoted.product.name } else { &host };
    sqlx::query(
        "INSERT INTO services (id, account_id, subscription_id, product_id, plan_id, server_id, label, hostname, options, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10)",
    )
    .bind(service)
    .bind(account)
    .bind(subscription)
    .bind(quoted.product.id)
    .bind(quoted.plan.id)
    .bind(quoted.product.server_id)
    .bind(label)
    .bind(&host)
    .bind(&quoted.item.options)
    .bind(now)
    .execute(tx.connection())
    .await?;
    sqlx::query("INSERT INTO capacity_holds (service_id, product_id, server_id, created_at) VALUES ($1, $2, $3, $4)")
        .bind(service)
        .bind(quoted.product.id)
        .bind(quoted.product.server_id)
        .bind(now)
        .execute(tx.connection())
        .await?;
    Ok((subscription, service))
}

async fn subscribe(
    tx: &mut TenantTx,
    order: OrderId,
    account: AccountId,
    quoted: &QuotedItem,
) -> Result<SubscriptionId, BillingError> {
    let id: SubscriptionId = tx.new_id();
    let mut trace = quoted.explain.clone();
    trace["quantity"] = json!(1);
    sqlx::query(
        "INSERT INTO subscriptions (id, account_id, order_id, plan_id, price_id, currency, quantity, unit_minor, price_trace, cycle_unit, \
         cycle_count, anchor_day, start_on, billed_through, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12, $13, 'pending', $14)",
    )
    .bind(id)
    .bind(account)
    .bind(order)
    .bind(quoted.plan.id)
    .bind(quoted.price.id)
    .bind(quoted.unit.currency.code())
    .bind(quoted.unit.minor)
    .bind(json!([trace]))
    .bind(&quoted.plan.cycle_unit)
    .bind(quoted.plan.cycle_count)
    .bind(i16::try_from(quoted.starts_on.day()).unwrap_or(1))
    .bind(quoted.starts_on)
    .bind(quoted.renews_on)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(id)
}
