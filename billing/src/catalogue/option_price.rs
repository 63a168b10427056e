//! What options cost: per plan (its cycle), currency and version; for a choice, per value.

use platform::money::Money;
use serde::Serialize;
use serde_json::json;
use tenancy::{TenantTx, audit};

use super::plan::{check_price, lock_plan};
use super::{NewPrice, find_option};
use crate::BillingError;
use crate::error::currency;
use crate::ids::{OptionId, OptionPriceId, OptionValueId, PlanId};

/// What an option (or one of its values) costs with a plan, per cycle and once.
#[derive(Debug, Clone, Serialize)]
pub struct OptionPrice {
    /// Option.
    pub option: OptionId,
    /// Value of a choice.
    pub value: Option<OptionValueId>,
    /// Plan whose cycle it has.
    pub plan: PlanId,
    /// Version.
    pub version: i32,
    /// Per unit and cycle.
    pub amount: Money,
    /// Per unit, once.
    pub setup: Money,
}

/// Sets a new version of what an option costs with a plan; `value` is the key of a choice's value.
/// The price it has already is no new version.
///
/// # Errors
/// A negative amount, two currencies, or an option that is not of the plan's product.
pub async fn set_option_price(
    tx: &mut TenantTx,
    plan: PlanId,
    option: OptionId,
    value: Option<&str>,
    price: &NewPrice,
) -> Result<(), BillingError> {
    check_price(price.amount, price.setup)?;
    let plan = lock_plan(tx, plan).await?;
    let no_option = || BillingError::Field("option", "The plan's product has no such option.".into());
    let found = find_option(tx, option)
        .await?
        .filter(|o| o.product_id == plan.product_id)
        .ok_or_else(no_option)?;
    let value = match (found.kind.as_str(), value) {
        ("choice", Some(key)) => found.values.iter().find(|v| v.key == key).map(|v| Some(v.id)),
        ("quantity" | "text", None) => Some(None),
        _ => None,
    };
    let wrong = "A choice is priced by one of its values, anything else without a value.";
    let value = value.ok_or_else(|| BillingError::Field("value", wrong.into()))?;
    let same =
        |p: &OptionPrice| p.option == option && p.value == value && p.amount == price.amount && p.setup == price.setup;
    if option_prices(tx, &[plan.id]).await?.iter().any(same) {
        return Ok(());
    }
    let id: OptionPriceId = tx.new_id();
    sqlx::query(
        "INSERT INTO option_prices (id, option_id, value_id, plan_id, currency, version, amount_minor, setup_minor, created_at) \
         SELECT $1, $2, $3, $4, $5, coalesce(max(version), 0) + 1, $6, $7, $8 FROM option_prices \
         WHERE plan_id = $4 AND option_id = $2 AND value_id IS NOT DISTINCT FROM $3 AND currency = $5",
    )
    .bind(id)
    .bind(option)
    .bind(value)
    .bind(plan.id)
    .bind(price.amount.currency.code())
    .bind(price.amount.minor)
    .bind(price.setup.minor)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let detail = json!({ "plan": plan.id, "value": value, "amount": price.amount, "setup": price.setup });
    audit::record(tx, "option.priced", option, detail).await?;
    Ok(())
}

type PriceRow = (OptionId, Option<OptionValueId>, PlanId, String, i32, i64, i64);

/// What options cost now with these plans, in every currency.
///
/// # Errors
/// When the database refuses.
pub async fn option_prices(tx: &mut TenantTx, plans: &[PlanId]) -> Result<Vec<OptionPrice>, BillingError> {
    let rows: Vec<PriceRow> = sqlx::query_as(
        "SELECT DISTINCT ON (plan_id, option_id, value_id, currency) option_id, value_id, plan_id, currency, version, amount_minor, \
         setup_minor FROM option_prices WHERE plan_id = ANY($1) ORDER BY plan_id, option_id, value_id, currency, version DESC",
    )
    .bind(plans)
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|(option, value, plan, code, version, amount, setup)| {
            let unit = currency(&code)?;
            Ok(OptionPrice {
                option,
                value,
                plan,
                version,
                amount: Money::new(amount, unit)?,
                setup: Money::new(setup, unit)?,
            })
        })
        .collect()
}
