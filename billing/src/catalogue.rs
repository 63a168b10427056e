//! What is sold: products, plans, versioned prices.

use platform::calendar::{Cycle, CycleUnit};
use platform::db::constraint;
use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{TenantTx, audit};

use crate::BillingError;
use crate::ids::{PlanId, PriceId, ProductId, ServerId};

/// The kinds of products.
pub const KINDS: [&str; 5] = ["vps", "dedicated", "hosting", "game", "workspace"];

/// A product.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Product {
    /// Key.
    pub id: ProductId,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// vps, dedicated, hosting, game or workspace.
    pub kind: String,
    /// One line.
    pub summary: String,
    /// Label and value pairs.
    pub features: Value,
    /// Which panel endpoint builds it.
    pub server_id: Option<ServerId>,
    /// What the panel is asked for.
    pub panel_settings: Value,
    /// Left; none: as the panel says.
    pub stock: Option<i32>,
    /// Whether a hostname is asked for.
    pub needs_hostname: bool,
    /// active, hidden or retired.
    pub state: String,
    /// When made.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const PRODUCT: &str = "SELECT id, name, slug, kind, summary, features, server_id, panel_settings, stock, needs_hostname, \
     state, created_at FROM products";

/// A product to create.
#[derive(Debug, Clone, Default)]
pub struct NewProduct {
    /// Name.
    pub name: String,
    /// Name in addresses; none: from the name.
    pub slug: Option<String>,
    /// Kind.
    pub kind: String,
    /// One line.
    pub summary: String,
    /// Label and value pairs.
    pub features: Value,
    /// Panel endpoint.
    pub server: Option<ServerId>,
    /// What the panel is asked for.
    pub panel_settings: Value,
    /// How many there are.
    pub stock: Option<i32>,
}

/// Creates a product.
///
/// # Errors
/// A wrong field, or an unknown server.
pub async fn create_product(tx: &mut TenantTx, new: &NewProduct) -> Result<Product, BillingError> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(BillingError::Field(
            "name",
            "A name of 1 to 120 characters is needed.".into(),
        ));
    }
    if !KINDS.contains(&new.kind.as_str()) {
        return Err(BillingError::Field(
            "kind",
            "Use vps, dedicated, hosting, game or workspace.".into(),
        ));
    }
    if !(new.panel_settings.is_object() || new.panel_settings.is_null()) {
        return Err(BillingError::Field(
            "panel_settings",
            "Panel settings are an object.".into(),
        ));
    }
    let id: ProductId = tx.new_id();
    let wanted = slug_of(new.slug.as_deref().unwrap_or(name));
    let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM products WHERE slug = $1)")
        .bind(&wanted)
        .fetch_one(tx.connection())
        .await?;
    let slug = if taken {
        format!("{wanted}-{}", tx.random().base32_lower(4))
    } else {
        wanted
    };
    let settings = if new.panel_settings.is_null() {
        json!({})
    } else {
        new.panel_settings.clone()
    };
    let features = if new.features.is_array() {
        new.features.clone()
    } else {
        json!([])
    };
    let inserted = sqlx::query(
        "INSERT INTO products (id, name, slug, kind, summary, features, server_id, panel_settings, stock, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(name)
    .bind(slug)
    .bind(&new.kind)
    .bind(&new.summary)
    .bind(features)
    .bind(new.server)
    .bind(settings)
    .bind(new.stock)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    if let Err(error) = inserted {
        return Err(match constraint(&error) {
            Some("products_server_id_fkey") => BillingError::Field("server", "There is no such server.".into()),
            Some("products_stock_check") => BillingError::Field("stock", "Stock is not negative.".into()),
            _ => error.into(),
        });
    }
    audit::record(tx, "product.created", id, json!({ "name": name })).await?;
    find_product(tx, id).await?.ok_or(BillingError::NotFound("product"))
}

fn slug_of(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "product".into()
    } else {
        slug.chars().take(60).collect()
    }
}

/// A product by id.
///
/// # Errors
/// When the database refuses.
pub async fn find_product(tx: &mut TenantTx, id: ProductId) -> Result<Option<Product>, BillingError> {
    let sql = format!("{PRODUCT} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// A product that is on sale, by its name in addresses.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_slug(tx: &mut TenantTx, slug: &str) -> Result<Option<Product>, BillingError> {
    let sql = format!("{PRODUCT} WHERE slug = $1 AND state = 'active'");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(slug)
        .fetch_optional(tx.connection())
        .await?)
}

/// Products newest first, or, of one kind, in shop order.
///
/// # Errors
/// When the database refuses.
pub async fn list_products(
    tx: &mut TenantTx,
    kind: Option<&str>,
    limit: i64,
    after: Option<ProductId>,
) -> Result<Vec<Product>, BillingError> {
    let sql = format!(
        "{PRODUCT} WHERE ($1::text IS NULL OR kind = $1) AND ($3::uuid IS NULL OR (created_at, id) < \
         (SELECT p.created_at, p.id FROM products p WHERE p.id = $3)) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(kind)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

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

const PLAN: &str = "SELECT id, product_id, name, cycle_unit, cycle_count, trial_days, state, created_at FROM plans";

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

/// Creates a plan with its first prices.
///
/// # Errors
/// A wrong field or an unknown product.
pub async fn create_plan(tx: &mut TenantTx, new: &NewPlan) -> Result<Plan, BillingError> {
    if !["once", "day", "week", "month", "year"].contains(&new.cycle_unit.as_str()) {
        return Err(BillingError::Field(
            "cycle.unit",
            "Use once, day, week, month or year.".into(),
        ));
    }
    if !(1..=1000).contains(&new.cycle_count) {
        return Err(BillingError::Field("cycle.count", "A count is from 1 to 1000.".into()));
    }
    if !(0..=3650).contains(&new.trial_days) {
        return Err(BillingError::Field(
            "trial_days",
            "A trial lasts 0 to 3650 days.".into(),
        ));
    }
    if new.prices.is_empty() {
        return Err(BillingError::Field(
            "prices",
            "A plan needs a price in at least one currency.".into(),
        ));
    }
    let mut currencies: Vec<&str> = new.prices.iter().map(|price| price.amount.currency.code()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if currencies.len() != new.prices.len() {
        return Err(BillingError::Field("prices", "One price per currency.".into()));
    }
    find_product(tx, new.product)
        .await?
        .ok_or(BillingError::Field("product", "There is no such product.".into()))?;
    let id: PlanId = tx.new_id();
    sqlx::query(
        "INSERT INTO plans (id, product_id, name, cycle_unit, cycle_count, trial_days, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(new.product)
    .bind(new.name.trim())
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

/// Sets a new version of a price; subscriptions keep the version they were sold at.
///
/// # Errors
/// A negative amount.
pub async fn set_price(tx: &mut TenantTx, plan: PlanId, price: &NewPrice) -> Result<(), BillingError> {
    price.amount.same_currency(price.setup)?;
    if price.amount.is_negative() || price.setup.is_negative() {
        return Err(BillingError::Field("prices", "A price is not negative.".into()));
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

type PriceRow = (PriceId, String, i32, i64, i64);

/// The prices a plan is sold at now, one per currency.
///
/// # Errors
/// When the database refuses.
pub async fn prices(tx: &mut TenantTx, plan: PlanId) -> Result<Vec<Price>, BillingError> {
    let rows: Vec<PriceRow> = sqlx::query_as(
        "SELECT DISTINCT ON (currency) id, currency, version, amount_minor, setup_minor FROM prices WHERE plan_id = $1 \
         ORDER BY currency, version DESC",
    )
    .bind(plan)
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|(id, code, version, amount, setup)| {
            let currency = Currency::parse(&code)?;
            Ok(Price {
                id,
                version,
                amount: Money::new(amount, currency)?,
                setup: Money::new(setup, currency)?,
            })
        })
        .collect()
}
