//! Options of a product: a choice, a quantity or a text; what each costs per plan and currency.
//!
//! A price is a new version, never a change: what was sold keeps the price in its trace.

use platform::db::constraint;
use platform::money::Money;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenancy::{TenantTx, audit};

use crate::BillingError;
use crate::error::currency;
use crate::ids::{OptionId, OptionPriceId, OptionValueId, PlanId, ProductId};

/// Longest text a customer may give, unless the option says less.
pub const TEXT_MAX_CHARS: i32 = 255;

/// Something a customer may choose with a product.
#[derive(Debug, Clone, Serialize)]
pub struct ProductOption {
    /// Key of the row.
    pub id: OptionId,
    /// Whose option.
    pub product_id: ProductId,
    /// Name in orders: `ipv4`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// choice, quantity or text.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// Least quantity.
    pub min: i32,
    /// Most units, or characters of a text.
    pub max: i32,
    /// The panel setting it sets.
    pub panel_key: Option<String>,
    /// What a choice offers.
    pub values: Vec<OptionValue>,
}

/// One value of a choice.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct OptionValue {
    /// Key of the row.
    pub id: OptionValueId,
    /// Whose value.
    #[serde(skip)]
    pub option_id: OptionId,
    /// Name in orders: `daily`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// What the panel is told.
    pub panel_value: Option<Value>,
}

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

/// An option to add to a product.
#[derive(Debug, Clone)]
pub struct NewOption {
    /// Product.
    pub product: ProductId,
    /// Name in orders.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// choice, quantity or text.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// Least quantity.
    pub min: i32,
    /// Most units, or characters of a text.
    pub max: i32,
    /// The panel setting it sets.
    pub panel_key: Option<String>,
    /// Values of a choice: key, name, what the panel is told.
    pub values: Vec<(String, String, Option<Value>)>,
}

fn check(new: &NewOption) -> Result<(), BillingError> {
    let wrong = |field, text: &str| Err(BillingError::Field(field, text.into()));
    if !["choice", "quantity", "text"].contains(&new.kind.as_str()) {
        return wrong("kind", "Use choice, quantity or text.");
    }
    if new.name.trim().is_empty() || new.name.chars().count() > 120 {
        return wrong("name", "A name of 1 to 120 characters is needed.");
    }
    if (new.kind == "choice") == new.values.is_empty() {
        return wrong("values", "A choice needs values, and nothing else has any.");
    }
    if new.kind == "quantity" && !(0 <= new.min && new.min <= new.max && 1 <= new.max && new.max <= 100_000) {
        return wrong("max", "A quantity goes from min (0 or more) to max (1 to 100000).");
    }
    if new.kind == "text" && !(1..=TEXT_MAX_CHARS).contains(&new.max) {
        return wrong("max", "A text has 1 to 255 characters.");
    }
    Ok(())
}

/// Adds an option to a product.
///
/// # Errors
/// A wrong field, or a key the product has already.
pub async fn create(tx: &mut TenantTx, new: &NewOption) -> Result<ProductOption, BillingError> {
    check(new)?;
    let id: OptionId = tx.new_id();
    sqlx::query(
        "INSERT INTO options (id, product_id, key, name, kind, required, min, max, panel_key, position) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, count(*)::integer FROM options WHERE product_id = $2",
    )
    .bind(id)
    .bind(new.product)
    .bind(&new.key)
    .bind(new.name.trim())
    .bind(&new.kind)
    .bind(new.required)
    .bind(new.min)
    .bind(new.max)
    .bind(&new.panel_key)
    .execute(tx.connection())
    .await
    .map_err(named)?;
    for (position, (key, name, panel_value)) in new.values.iter().enumerate() {
        let value: OptionValueId = tx.new_id();
        sqlx::query(
            "INSERT INTO option_values (id, option_id, key, name, panel_value, position) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(value)
        .bind(id)
        .bind(key)
        .bind(name)
        .bind(panel_value)
        .bind(i32::try_from(position).unwrap_or(i32::MAX))
        .execute(tx.connection())
        .await
        .map_err(named)?;
    }
    audit::record(tx, "option.created", id, json!({ "product": new.product, "key": new.key })).await?;
    let all = of_product(tx, new.product).await?;
    all.into_iter().find(|o| o.id == id).ok_or(BillingError::NotFound("option"))
}

fn named(error: sqlx::Error) -> BillingError {
    match constraint(&error) {
        Some("options_product_id_fkey") => BillingError::Field("product", "There is no such product.".into()),
        Some("options_product_id_key_key") => BillingError::Field("key", "The product has this option already.".into()),
        Some("options_key_check") => {
            BillingError::Field("key", "A key is a small letter, then small letters, digits and _.".into())
        }
        Some("option_values_key_check") => {
            BillingError::Field("values", "A value's key has small letters, digits, _, . and -.".into())
        }
        Some("option_values_option_id_key_key") => BillingError::Field("values", "Two values have the same key.".into()),
        _ => error.into(),
    }
}

/// Takes an option off sale; services keep what they have.
///
/// # Errors
/// When there is no such option on sale.
pub async fn retire(tx: &mut TenantTx, id: OptionId) -> Result<(), BillingError> {
    let done = sqlx::query("UPDATE options SET state = 'retired' WHERE id = $1 AND state = 'active'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::NotFound("option"));
    }
    audit::record(tx, "option.retired", id, Value::Null).await?;
    Ok(())
}

type OptionRow = (OptionId, ProductId, String, String, String, bool, i32, i32, Option<String>);

/// The options of a product that are on sale, in their order.
///
/// # Errors
/// When the database refuses.
pub async fn of_product(tx: &mut TenantTx, product: ProductId) -> Result<Vec<ProductOption>, BillingError> {
    of_products(tx, &[product], true).await
}

/// The options of several products; with `on_sale` false, retired ones too.
pub(crate) async fn of_products(
    tx: &mut TenantTx,
    products: &[ProductId],
    on_sale: bool,
) -> Result<Vec<ProductOption>, BillingError> {
    let rows: Vec<OptionRow> = sqlx::query_as(
        "SELECT id, product_id, key, name, kind, required, min, max, panel_key FROM options \
         WHERE product_id = ANY($1) AND (state = 'active' OR NOT $2) ORDER BY position, id",
    )
    .bind(products)
    .bind(on_sale)
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<OptionId> = rows.iter().map(|row| row.0).collect();
    let values: Vec<OptionValue> = sqlx::query_as(
        "SELECT id, option_id, key, name, panel_value FROM option_values WHERE option_id = ANY($1) ORDER BY position, id",
    )
    .bind(&ids)
    .fetch_all(tx.connection())
    .await?;
    let whole = |(id, product_id, key, name, kind, required, min, max, panel_key): OptionRow| ProductOption {
        values: values.iter().filter(|v| v.option_id == id).cloned().collect(),
        id,
        product_id,
        key,
        name,
        kind,
        required,
        min,
        max,
        panel_key,
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// Sets a new version of what an option costs with a plan.
///
/// # Errors
/// A negative amount, two currencies, or an option that is not of the plan's product.
pub async fn set_price(
    tx: &mut TenantTx,
    plan: PlanId,
    option: OptionId,
    value: Option<OptionValueId>,
    (amount, setup): (Money, Money),
) -> Result<(), BillingError> {
    amount.same_currency(setup)?;
    if amount.is_negative() || setup.is_negative() {
        return Err(BillingError::Field("prices", "A price is not negative.".into()));
    }
    let id: OptionPriceId = tx.new_id();
    let done = sqlx::query(
        "INSERT INTO option_prices (id, option_id, value_id, plan_id, currency, version, amount_minor, setup_minor, created_at) \
         SELECT $1, o.id, $3, l.id, $5, (SELECT coalesce(max(p.version), 0) + 1 FROM option_prices p WHERE p.plan_id = l.id \
           AND p.option_id = o.id AND p.value_id IS NOT DISTINCT FROM $3 AND p.currency = $5), $6, $7, $8 \
         FROM options o JOIN plans l ON l.product_id = o.product_id WHERE o.id = $2 AND l.id = $4 \
           AND (o.kind = 'choice') = ($3::uuid IS NOT NULL) \
           AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM option_values v WHERE v.id = $3 AND v.option_id = o.id))",
    )
    .bind(id)
    .bind(option)
    .bind(value)
    .bind(plan)
    .bind(amount.currency.code())
    .bind(amount.minor)
    .bind(setup.minor)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::Field("option", "The plan's product has no such option or value.".into()));
    }
    audit::record(tx, "option.priced", option, json!({ "plan": plan, "amount": amount, "setup": setup })).await?;
    Ok(())
}

type PriceRow = (OptionId, Option<OptionValueId>, PlanId, String, i32, i64, i64);

/// What options cost now with these plans, in every currency.
///
/// # Errors
/// When the database refuses.
pub async fn prices(tx: &mut TenantTx, plans: &[PlanId]) -> Result<Vec<OptionPrice>, BillingError> {
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
            let (amount, setup) = (Money::new(amount, unit)?, Money::new(setup, unit)?);
            Ok(OptionPrice { option, value, plan, version, amount, setup })
        })
        .collect()
}

/// The panel settings that a service's options set, beside its product's own.
///
/// # Errors
/// When the database refuses.
pub async fn panel_settings(
    tx: &mut TenantTx,
    product: ProductId,
    chosen: &Value,
) -> Result<Map<String, Value>, BillingError> {
    let options = of_products(tx, &[product], false).await?;
    Ok(settings_of(&options, chosen))
}

fn settings_of(options: &[ProductOption], chosen: &Value) -> Map<String, Value> {
    let mut settings = Map::new();
    for option in options {
        let (Some(panel_key), Some(given)) = (&option.panel_key, chosen.get(&option.key)) else { continue };
        let value = option.values.iter().find(|v| given.as_str() == Some(v.key.as_str()));
        let told = value.and_then(|v| v.panel_value.clone()).unwrap_or_else(|| given.clone());
        settings.insert(panel_key.clone(), told);
    }
    settings
}
