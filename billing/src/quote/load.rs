//! The catalogue rows a quote is made from, in a fixed number of statements.

use tenancy::TenantTx;

use super::Offer;
use crate::BillingError;
use crate::catalogue::{self, Plan, Product};
use crate::ids::{PlanId, ProductId};

/// Loads the plans that can be ordered, with prices and options; others are left out.
///
/// # Errors
/// When the database refuses.
pub async fn offers(tx: &mut TenantTx, wanted: &[PlanId]) -> Result<Vec<Offer>, BillingError> {
    let ids: Vec<ProductId> = sqlx::query_scalar("SELECT DISTINCT product_id FROM plans WHERE id = ANY($1)")
        .bind(wanted)
        .fetch_all(tx.connection())
        .await?;
    let products = catalogue::find_products(tx, &ids).await?;
    let mut found = offers_of(tx, &products).await?;
    found.retain(|offer| wanted.contains(&offer.plan.id));
    Ok(found)
}

/// Every plan of these products that can be ordered, in the order of the products.
///
/// # Errors
/// When the database refuses.
pub async fn offers_of(tx: &mut TenantTx, products: &[Product]) -> Result<Vec<Offer>, BillingError> {
    let products: Vec<&Product> = products.iter().filter(|p| p.state != "retired").collect();
    let product_ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let plans: Vec<Plan> = catalogue::plans_of(tx, &product_ids, true).await?;
    let plan_ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
    let prices = catalogue::prices_of(tx, &plan_ids).await?;
    let options = catalogue::options_of(tx, &product_ids, true).await?;
    let option_prices = catalogue::option_prices(tx, &plan_ids).await?;
    let whole = |product: &Product, plan: &Plan| Offer {
        prices: prices
            .iter()
            .filter(|(id, _)| *id == plan.id)
            .map(|(_, price)| price.clone())
            .collect(),
        options: options.iter().filter(|o| o.product_id == product.id).cloned().collect(),
        option_prices: option_prices.iter().filter(|p| p.plan == plan.id).cloned().collect(),
        product: product.clone(),
        plan: plan.clone(),
    };
    Ok(products
        .into_iter()
        .flat_map(|product| {
            let own = plans.iter().filter(move |plan| plan.product_id == product.id);
            own.map(move |plan| (product, plan))
        })
        .map(|(product, plan)| whole(product, plan))
        .collect())
}
