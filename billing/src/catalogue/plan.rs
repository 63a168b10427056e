//! Plans: a product with a cycle and prices, one version after the other.

use platform::calendar::{Cycle, CycleUnit};
use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::json;
use tenancy::{TenantTx, audit};

use super::product::changes;
use super::{check_name, check_state, find_product};
use crate::BillingError;
use crate::ids::{PlanId, PriceId, ProductId};

/// A plan: a product with a cycle and prices.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Plan {
    /// Key.
    pub id: PlanId,
    /// Product.
    pub product_id: ProductId,
    /// Name.
    pub name: String,
    /// once, day, week, month or year.
    pub cycle_unit: String,
    /// How many units.
    pub cycle_count: i32,
    /// Days before the first charge.
    pub trial_days: i32,
    /// active, hidden or retired.
    pub state: String,
    /// Place among the product's plans.
    pub position: i32,
    /// When made.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

impl Plan {
    /// The cycle; none for a plan that is paid once.
    #[must_use]
    pub fn cycle(&self) -> Option<Cycle> {
        cycle(&self.cycle_unit, self.cycle_count)
    }
}

/// A stored cycle; none for `once`.
#[must_use]
pub fn cycle(unit: &str, count: i32) -> Option<Cycle> {
    let unit = match unit {
        "day" => CycleUnit::Day,
        "week" => CycleUnit::Week,
        "month" => CycleUnit::Month,
        "year" => CycleUnit::Year,
        _ => return None,
    };
    Some(Cycle {
        unit,
        count: u16::try_from(count).ok()?,
    })
}

const PLAN: &str =
    "SELECT id, product_id, name, cycle_unit, cycle_count, trial_days, state, position, created_at FROM plans";

/// A price as sold now.
#[derive(Debug, Clone, Serialize)]
pub struct Price {
    /// Key of the version.
    #[serde(skip)]
    pub id: PriceId,
    /// Version.
    pub version: i32,
    /// Per cycle.
    pub amount: Money,
    /// Once.
    pub setup: Money,
}

/// A price to set.
#[derive(Debug, Clone)]
pub struct NewPrice {
    /// Per cycle.
    pub amount: Money,
    /// Once.
    pub setup: Money,
}

/// A plan to create.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// Product.
    pub product: ProductId,
    /// Name.
    pub name: String,
    /// once, day, week, month or year.
    pub cycle_unit: String,
    /// 1 to 1000.
    pub cycle_count: i32,
    /// 0 to 3650.
    pub trial_days: i32,
    /// One per currency.
    pub prices: Vec<NewPrice>,
}

/// What to change of a plan; what is none stays. A cycle is for good: another cycle is another plan.
#[derive(Debug, Clone, Default)]
pub struct PlanChange {
    /// Name.
    pub name: Option<String>,
    /// Days before the first charge, for new orders.
    pub trial_days: Option<i32>,
    /// active, hidden or retired.
    pub state: Option<String>,
    /// Place among the product's plans.
    pub position: Option<i32>,
    /// New versions, one per currency; other currencies keep theirs.
    pub prices: Vec<NewPrice>,
}

fn check_trial(unit: &str, days: i32) -> Result<(), BillingError> {
    if !(0..=3650).contains(&days) {
        return Err(BillingError::Field(
            "trial_days",
            "A trial lasts 0 to 3650 days.".into(),
        ));
    }
    if unit == "once" && days > 0 {
        return Err(BillingError::Field(
            "trial_days",
            "What is paid once has no trial: nothing would ever be charged.".into(),
        ));
    }
    Ok(())
}

/// One per currency, none negative.
fn check_prices(prices: &[NewPrice]) -> Result<(), BillingError> {
    let mut currencies: Vec<&str> = prices.iter().map(|price| price.amount.currency.code()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if currencies.len() != prices.len() {
        return Err(BillingError::Field("prices", "One price per currency.".into()));
    }
    prices
        .iter()
        .try_for_each(|price| check_price(price.amount, price.setup))
}

pub(super) fn check_price(amount: Money, setup: Money) -> Result<(), BillingError> {
    amount.same_currency(setup)?;
    if amount.is_negative() || setup.is_negative() {
        return Err(BillingError::Field("prices", "A price is not negative.".into()));
    }
    Ok(())
}

/// Creates a plan with its first prices.
///
/// # Errors
/// A wrong field or an unknown product.
pub async fn create_plan(tx: &mut TenantTx, new: &NewPlan) -> Result<Plan, BillingError> {
    let name = check_name(&new.name)?;
    if !["once", "day", "week", "month", "year"].contains(&new.cycle_unit.as_str()) {
        return Err(BillingError::Field(
            "cycle.unit",
            "Use once, day, week, month or year.".into(),
        ));
    }
    if !(1..=1000).contains(&new.cycle_count) {
        return Err(BillingError::Field("cycle.count", "A count is from 1 to 1000.".into()));
    }
    check_trial(&new.cycle_unit, new.trial_days)?;
    if new.prices.is_empty() {
        return Err(BillingError::Field(
            "prices",
            "A plan needs a price in at least one currency.".into(),
        ));
    }
    check_prices(&new.prices)?;
    find_product(tx, new.product)
        .await?
        .ok_or(BillingError::Field("product", "There is no such product.".into()))?;
    let id: PlanId = tx.new_id();
    sqlx::query(
        "INSERT INTO plans (id, product_id, name, cycle_unit, cycle_count, trial_days, position, created_at) \
         SELECT $1, $2, $3, $4, $5, $6, coalesce(max(position), 0) + 1, $7 FROM plans WHERE product_id = $2",
    )
    .bind(id)
    .bind(new.product)
    .bind(name)
    .bind(&new.cycle_unit)
    .bind(new.cycle_count)
    .bind(new.trial_days)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    for price in &new.prices {
        set_price(tx, id, price).await?;
    }
    audit::record(tx, "plan.created", id, json!({ "name": new.name })).await?;
    find_plan(tx, id).await?.ok_or(BillingError::NotFound("plan"))
}

/// Changes a plan. Prices are new versions, for what is sold from now on.
///
/// # Errors
/// A wrong field, or no such plan.
pub async fn update_plan(tx: &mut TenantTx, id: PlanId, change: &PlanChange) -> Result<Plan, BillingError> {
    let mut plan = lock_plan(tx, id).await?;
    let before = json!(plan);
    if let Some(name) = &change.name {
        plan.name = check_name(name)?.to_owned();
    }
    if let Some(state) = &change.state {
        check_state(state)?;
        plan.state.clone_from(state);
    }
    plan.trial_days = change.trial_days.unwrap_or(plan.trial_days);
    plan.position = change.position.unwrap_or(plan.position);
    check_trial(&plan.cycle_unit, plan.trial_days)?;
    check_prices(&change.prices)?;
    sqlx::query("UPDATE plans SET name = $2, trial_days = $3, state = $4, position = $5 WHERE id = $1")
        .bind(id)
        .bind(&plan.name)
        .bind(plan.trial_days)
        .bind(&plan.state)
        .bind(plan.position)
        .execute(tx.connection())
        .await?;
    for price in &change.prices {
        set_price(tx, id, price).await?;
    }
    audit::record(tx, "plan.changed", id, changes(&before, &json!(plan))).await?;
    Ok(plan)
}

/// The plan's row is the order of things: two prices that are set at once become two versions.
pub(super) async fn lock_plan(tx: &mut TenantTx, id: PlanId) -> Result<Plan, BillingError> {
    let sql = format!("{PLAN} WHERE id = $1 FOR NO KEY UPDATE");
    let found: Option<Plan> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    found.ok_or(BillingError::NotFound("plan"))
}

/// Sets a new version of a price; subscriptions keep the version they were sold at. The price it has
/// already is no new version.
///
/// # Errors
/// A negative amount, or no such plan.
pub async fn set_price(tx: &mut TenantTx, plan: PlanId, price: &NewPrice) -> Result<(), BillingError> {
    check_price(price.amount, price.setup)?;
    lock_plan(tx, plan).await?;
    let now_sold = prices(tx, plan).await?;
    if now_sold
        .iter()
        .any(|known| known.amount == price.amount && known.setup == price.setup)
    {
        return Ok(());
    }
    let id: PriceId = tx.new_id();
    sqlx::query(
        "INSERT INTO prices (id, plan_id, currency, version, amount_minor, setup_minor, created_at) \
         SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6 FROM prices WHERE plan_id = $2 AND currency = $3",
    )
    .bind(id)
    .bind(plan)
    .bind(price.amount.currency.code())
    .bind(price.amount.minor)
    .bind(price.setup.minor)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let detail = json!({ "amount": price.amount, "setup": price.setup });
    audit::record(tx, "plan.priced", plan, detail).await?;
    Ok(())
}

/// A plan by id.
///
/// # Errors
/// When the database refuses.
pub async fn find_plan(tx: &mut TenantTx, id: PlanId) -> Result<Option<Plan>, BillingError> {
    let sql = format!("{PLAN} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Plans newest first, of one product or of all.
///
/// # Errors
/// When the database refuses.
pub async fn list_plans(
    tx: &mut TenantTx,
    product: Option<ProductId>,
    limit: i64,
    after: Option<PlanId>,
) -> Result<Vec<Plan>, BillingError> {
    let sql = format!(
        "{PLAN} WHERE ($1::uuid IS NULL OR product_id = $1) AND ($3::uuid IS NULL OR (created_at, id) < \
         (SELECT p.created_at, p.id FROM plans p WHERE p.id = $3)) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// The plans of several products in shop order; with `on_sale`, only those.
///
/// # Errors
/// When the database refuses.
pub async fn plans_of(tx: &mut TenantTx, products: &[ProductId], on_sale: bool) -> Result<Vec<Plan>, BillingError> {
    let sql =
        format!("{PLAN} WHERE product_id = ANY($1) AND (state = 'active' OR NOT $2) ORDER BY position, created_at, id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(products)
        .bind(on_sale)
        .fetch_all(tx.connection())
        .await?)
}

type PriceRow = (PlanId, PriceId, String, i32, i64, i64);

/// The prices a plan is sold at now, one per currency.
///
/// # Errors
/// When the database refuses.
pub async fn prices(tx: &mut TenantTx, plan: PlanId) -> Result<Vec<Price>, BillingError> {
    let found = prices_of(tx, &[plan]).await?;
    Ok(found.into_iter().map(|(_, price)| price).collect())
}

/// The prices several plans are sold at now, one per plan and currency.
///
/// # Errors
/// When the database refuses.
pub async fn prices_of(tx: &mut TenantTx, plans: &[PlanId]) -> Result<Vec<(PlanId, Price)>, BillingError> {
    let rows: Vec<PriceRow> = sqlx::query_as(
        "SELECT DISTINCT ON (plan_id, currency) plan_id, id, currency, version, amount_minor, setup_minor FROM prices \
         WHERE plan_id = ANY($1) ORDER BY plan_id, currency, version DESC",
    )
    .bind(plans)
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|(plan, id, code, version, amount, setup)| {
            let currency = Currency::parse(&code)?;
            let price = Price {
                id,
                version,
                amount: Money::new(amount, currency)?,
                setup: Money::new(setup, currency)?,
            };
            Ok((plan, price))
        })
        .collect()
}

/// The currencies anything on sale has a price in.
///
/// # Errors
/// When the database refuses.
pub async fn currencies(tx: &mut TenantTx) -> Result<Vec<Currency>, BillingError> {
    let codes: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT r.currency FROM prices r JOIN plans l ON l.id = r.plan_id JOIN products p ON p.id = l.product_id \
         WHERE l.state = 'active' AND p.state = 'active' ORDER BY r.currency",
    )
    .fetch_all(tx.connection())
    .await?;
    codes.iter().map(|code| Ok(Currency::parse(code)?)).collect()
}
