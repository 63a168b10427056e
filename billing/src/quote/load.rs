//! The catalogue rows a quote is made from, in a fixed number of statements.

use tenancy::TenantTx;

use super::Offer;
use crate::catalogue::{self, Plan, Product};
use crate::ids::{PlanId, ProductId};
use crate::{BillingError, option};

/// Loads the plans that are on sale, with prices and options; others are left out.
///
/// # Errors
/// When the database refuses.
pub async fn offers(tx: &mut TenantTx, wanted: &[PlanId]) -> Result<Vec<Offer>, BillingError> {
    let plans: Vec<Plan> = sqlx::query_as(
        "SELECT l.id, l.product_id, l.name, l.cycle_unit, l.cycle_count, l.trial_days, l.state, l.created_at FROM plans l \
         JOIN products p ON p.id = l.product_id WHERE l.id = ANY($1) AND l.state = 'active' AND p.state <> 'retired'",
    )
    .bind(wanted)
    .fetch_all(tx.connection())
    .await?;
    let plan_ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
    let product_ids: Vec<ProductId> = plans.iter().map(|plan| plan.product_id).collect();
    let products: Vec<Product> = catalogue::find_products(tx, &product_ids).await?;
    let prices = catalogue::prices_of(tx, &plan_ids).await?;
    let options = option::of_products(tx, &product_ids, true).await?;
    let option_prices = option::prices(tx, &plan_ids).await?;
    let whole = |plan: Plan| {
        let product = products.iter().find(|p| p.id == plan.product_id)?.clone();
        Some(Offer {
            prices: prices.iter().filter(|(id, _)| *id == plan.id).map(|(_, price)| price.clone()).collect(),
            options: options.iter().filter(|o| o.product_id == product.id).cloned().collect(),
            option_prices: option_prices.iter().filter(|p| p.plan == plan.id).cloned().collect(),
            product,
            plan,
        })
    };
    Ok(plans.into_iter().filter_map(whole).collect())
}
