//! Options of a product: a choice, a quantity or a text that a customer gives with the order.

use platform::db::constraint;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{TenantTx, audit};

use super::check_name;
use super::product::changes;
use crate::BillingError;
use crate::ids::{OptionId, OptionValueId, ProductId};

/// What an option asks for.
pub const OPTION_KINDS: [&str; 3] = ["choice", "quantity", "text"];
/// Longest text a customer may give, unless the option says less.
pub const TEXT_MAX_CHARS: i32 = 255;
/// Most values of a choice.
const VALUES_MAX: usize = 200;

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
    /// active or retired.
    pub state: String,
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
    /// What the panel is told; none: the key.
    pub panel_value: Option<Value>,
    /// Whether it is chosen no more.
    pub retired: bool,
}

/// A value of a choice to offer.
#[derive(Debug, Clone)]
pub struct NewOptionValue {
    /// Name in orders.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// What the panel is told; none: the key.
    pub panel_value: Option<Value>,
}

/// An option to add to a product.
#[derive(Debug, Clone, Default)]
pub struct NewOption {
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
    /// Values of a choice, in their order.
    pub values: Vec<NewOptionValue>,
}

/// What to change of an option; what is none stays. Key and kind are for good: orders name them.
#[derive(Debug, Clone, Default)]
pub struct OptionChange {
    /// Name for people.
    pub name: Option<String>,
    /// Whether it must be given.
    pub required: Option<bool>,
    /// Least quantity.
    pub min: Option<i32>,
    /// Most units, or characters of a text.
    pub max: Option<i32>,
    /// The panel setting it sets, or none.
    pub panel_key: Option<Option<String>>,
    /// All values of a choice in their order; one that is left out is chosen no more.
    pub values: Option<Vec<NewOptionValue>>,
}

fn check(option: &NewOption) -> Result<(), BillingError> {
    let wrong = |field, text: &str| Err(BillingError::Field(field, text.into()));
    check_name(&option.name)?;
    if !OPTION_KINDS.contains(&option.kind.as_str()) {
        return wrong("kind", "Use choice, quantity or text.");
    }
    if (option.kind == "choice") == option.values.is_empty() {
        return wrong("values", "A choice needs values, and nothing else has any.");
    }
    if option.values.len() > VALUES_MAX {
        return wrong("values", "A choice has at most 200 values.");
    }
    let mut keys: Vec<&str> = option.values.iter().map(|value| value.key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return wrong("values", "Two values have the same key.");
    }
    for value in &option.values {
        check_name(&value.name).map_err(|_| BillingError::Field("values", "Each value needs a name.".into()))?;
    }
    let (min, max) = (option.min, option.max);
    if option.kind == "quantity" && !(0 <= min && min <= max && (1..=100_000).contains(&max)) {
        return wrong("max", "A quantity goes from min (0 or more) to max (1 to 100000).");
    }
    if option.kind == "text" && !(1..=TEXT_MAX_CHARS).contains(&max) {
        return wrong("max", "A text has 1 to 255 characters.");
    }
    Ok(())
}

/// Adds an option to a product.
///
/// # Errors
/// A wrong field, or a key the product has already.
pub async fn create_option(
    tx: &mut TenantTx,
    product: ProductId,
    new: &NewOption,
) -> Result<ProductOption, BillingError> {
    check(new)?;
    let id: OptionId = tx.new_id();
    sqlx::query(
        "INSERT INTO options (id, product_id, key, name, kind, required, min, max, panel_key, position) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, count(*)::integer FROM options WHERE product_id = $2",
    )
    .bind(id)
    .bind(product)
    .bind(&new.key)
    .bind(new.name.trim())
    .bind(&new.kind)
    .bind(new.required)
    .bind(new.min)
    .bind(new.max)
    .bind(new.panel_key.as_deref().filter(|key| !key.trim().is_empty()))
    .execute(tx.connection())
    .await
    .map_err(named)?;
    keep_values(tx, id, &new.values).await?;
    audit::record(tx, "option.created", id, json!({ "product": product, "key": new.key })).await?;
    find_option(tx, id).await?.ok_or(BillingError::NotFound("option"))
}

/// Values by key: known ones are renamed and put back on offer, new ones added, missing ones retired.
async fn keep_values(tx: &mut TenantTx, option: OptionId, values: &[NewOptionValue]) -> Result<(), BillingError> {
    let keys: Vec<&str> = values.iter().map(|value| value.key.as_str()).collect();
    sqlx::query(
        "UPDATE option_values SET retired_at = $3 WHERE option_id = $1 AND NOT key = ANY($2) AND retired_at IS NULL",
    )
    .bind(option)
    .bind(&keys)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    for (position, value) in values.iter().enumerate() {
        let id: OptionValueId = tx.new_id();
        sqlx::query(
            "INSERT INTO option_values (id, option_id, key, name, panel_value, position) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (option_id, key) DO UPDATE SET name = excluded.name, panel_value = excluded.panel_value, \
             position = excluded.position, retired_at = NULL",
        )
        .bind(id)
        .bind(option)
        .bind(&value.key)
        .bind(value.name.trim())
        .bind(value.panel_value.as_ref().filter(|told| !told.is_null()))
        .bind(i32::try_from(position).unwrap_or(i32::MAX))
        .execute(tx.connection())
        .await
        .map_err(named)?;
    }
    Ok(())
}

fn named(error: sqlx::Error) -> BillingError {
    let key_rule = "A key is a small letter, then small letters, digits and _, at most 40 in all.";
    let value_rule = "A value's key has small letters, digits, _, . and -, at most 40 in all.";
    match constraint(&error) {
        Some("options_product_id_fkey") => BillingError::NotFound("product"),
        Some("options_product_id_key_key") => BillingError::Field("key", "The product has this option already.".into()),
        Some("options_key_check") => BillingError::Field("key", key_rule.into()),
        Some("option_values_key_check") => BillingError::Field("values", value_rule.into()),
        _ => error.into(),
    }
}

/// Changes an option for new orders; services keep what they were sold.
///
/// # Errors
/// A wrong field, or no such option.
pub async fn update_option(
    tx: &mut TenantTx,
    id: OptionId,
    change: &OptionChange,
) -> Result<ProductOption, BillingError> {
    sqlx::query("SELECT id FROM options WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let before = find_option(tx, id).await?.ok_or(BillingError::NotFound("option"))?;
    let kept = |value: &OptionValue| NewOptionValue {
        key: value.key.clone(),
        name: value.name.clone(),
        panel_value: value.panel_value.clone(),
    };
    let after = NewOption {
        key: before.key.clone(),
        kind: before.kind.clone(),
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        required: change.required.unwrap_or(before.required),
        min: change.min.unwrap_or(before.min),
        max: change.max.unwrap_or(before.max),
        panel_key: change.panel_key.clone().unwrap_or_else(|| before.panel_key.clone()),
        values: change
            .values
            .clone()
            .unwrap_or_else(|| before.values.iter().filter(|v| !v.retired).map(kept).collect()),
    };
    check(&after)?;
    sqlx::query("UPDATE options SET name = $2, required = $3, min = $4, max = $5, panel_key = $6 WHERE id = $1")
        .bind(id)
        .bind(after.name.trim())
        .bind(after.required)
        .bind(after.min)
        .bind(after.max)
        .bind(after.panel_key.as_deref().filter(|key| !key.trim().is_empty()))
        .execute(tx.connection())
        .await?;
    keep_values(tx, id, &after.values).await?;
    let now = find_option(tx, id).await?.ok_or(BillingError::NotFound("option"))?;
    audit::record(tx, "option.changed", id, changes(&json!(before), &json!(now))).await?;
    Ok(now)
}

/// Takes an option off sale; services keep what they have. A second time changes nothing.
///
/// # Errors
/// When there is no such option.
pub async fn retire_option(tx: &mut TenantTx, id: OptionId) -> Result<(), BillingError> {
    let done = sqlx::query("UPDATE options SET state = 'retired' WHERE id = $1 AND state = 'active'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return find_option(tx, id)
            .await?
            .map(|_| ())
            .ok_or(BillingError::NotFound("option"));
    }
    audit::record(tx, "option.retired", id, Value::Null).await?;
    Ok(())
}

/// An option by id, whatever its state.
///
/// # Errors
/// When the database refuses.
pub async fn find_option(tx: &mut TenantTx, id: OptionId) -> Result<Option<ProductOption>, BillingError> {
    let product: Option<ProductId> = sqlx::query_scalar("SELECT product_id FROM options WHERE id = $1")
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let Some(product) = product else { return Ok(None) };
    let all = options_of(tx, &[product], false).await?;
    Ok(all.into_iter().find(|option| option.id == id))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: OptionId,
    product_id: ProductId,
    key: String,
    name: String,
    kind: String,
    required: bool,
    min: i32,
    max: i32,
    panel_key: Option<String>,
    state: String,
}

/// The options of several products in their order; with `on_sale`, only those, and only values on offer.
///
/// # Errors
/// When the database refuses.
pub async fn options_of(
    tx: &mut TenantTx,
    products: &[ProductId],
    on_sale: bool,
) -> Result<Vec<ProductOption>, BillingError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, product_id, key, name, kind, required, min, max, panel_key, state FROM options \
         WHERE product_id = ANY($1) AND (state = 'active' OR NOT $2) ORDER BY position, id",
    )
    .bind(products)
    .bind(on_sale)
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<OptionId> = rows.iter().map(|row| row.id).collect();
    let values: Vec<OptionValue> = sqlx::query_as(
        "SELECT id, option_id, key, name, panel_value, retired_at IS NOT NULL AS retired FROM option_values \
         WHERE option_id = ANY($1) AND (retired_at IS NULL OR NOT $2) ORDER BY position, id",
    )
    .bind(&ids)
    .bind(on_sale)
    .fetch_all(tx.connection())
    .await?;
    let whole = |row: Row| ProductOption {
        values: values.iter().filter(|v| v.option_id == row.id).cloned().collect(),
        id: row.id,
        product_id: row.product_id,
        key: row.key,
        name: row.name,
        kind: row.kind,
        required: row.required,
        min: row.min,
        max: row.max,
        panel_key: row.panel_key,
        state: row.state,
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// Makes a product's options be these: known keys are changed (and put back on sale), new ones added,
/// those that are left out retired.
///
/// # Errors
/// A wrong field, or a known key of another kind.
pub async fn set_options(tx: &mut TenantTx, product: ProductId, wanted: &[NewOption]) -> Result<(), BillingError> {
    let mut keys: Vec<&str> = wanted.iter().map(|option| option.key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(BillingError::Field("options", "Two options have the same key.".into()));
    }
    let known = options_of(tx, &[product], false).await?;
    for gone in known.iter().filter(|o| !keys.contains(&o.key.as_str())) {
        retire_option(tx, gone.id).await?;
    }
    for (position, new) in wanted.iter().enumerate() {
        let id = match known.iter().find(|o| o.key == new.key) {
            Some(old) if old.kind != new.kind => {
                let why = format!("{} is a {} for good; use another key.", old.key, old.kind);
                return Err(BillingError::Field("options", why));
            }
            Some(old) => {
                let change = OptionChange {
                    name: Some(new.name.clone()),
                    required: Some(new.required),
                    min: Some(new.min),
                    max: Some(new.max),
                    panel_key: Some(new.panel_key.clone()),
                    values: Some(new.values.clone()),
                };
                update_option(tx, old.id, &change).await?.id
            }
            None => create_option(tx, product, new).await?.id,
        };
        sqlx::query("UPDATE options SET state = 'active', position = $2 WHERE id = $1")
            .bind(id)
            .bind(i32::try_from(position).unwrap_or(i32::MAX))
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}
