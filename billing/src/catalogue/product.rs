//! Products: what a panel builds, under which name.

use platform::db::constraint;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{TenantTx, audit};

use super::{check_name, check_state};
use crate::BillingError;
use crate::ids::{ProductId, ServerId};

/// The kinds of products.
pub const KINDS: [&str; 5] = ["vps", "dedicated", "hosting", "game", "workspace"];
/// Most rows of a product's table of features.
const FEATURES_MAX: usize = 40;

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
    /// Paragraphs, divided by an empty line.
    pub description: String,
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
    /// Place in the shop.
    pub position: i32,
    /// When made.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const PRODUCT: &str = "SELECT id, name, slug, kind, summary, description, features, server_id, panel_settings, stock, \
     needs_hostname, state, position, created_at FROM products";

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
    /// Paragraphs, divided by an empty line.
    pub description: String,
    /// Label and value pairs.
    pub features: Value,
    /// Panel endpoint.
    pub server: Option<ServerId>,
    /// What the panel is asked for.
    pub panel_settings: Value,
    /// How many there are.
    pub stock: Option<i32>,
    /// Whether a hostname is asked for; none: as the kind suggests.
    pub needs_hostname: Option<bool>,
}

/// What to change of a product; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    /// Name.
    pub name: Option<String>,
    /// Name in addresses.
    pub slug: Option<String>,
    /// One line.
    pub summary: Option<String>,
    /// Paragraphs.
    pub description: Option<String>,
    /// Label and value pairs.
    pub features: Option<Value>,
    /// Panel endpoint, or none of them.
    pub server: Option<Option<ServerId>>,
    /// What the panel is asked for, from the next build on.
    pub panel_settings: Option<Value>,
    /// How many there are, or as the panel says.
    pub stock: Option<Option<i32>>,
    /// Whether a hostname is asked for.
    pub needs_hostname: Option<bool>,
    /// active, hidden or retired.
    pub state: Option<String>,
    /// Place in the shop.
    pub position: Option<i32>,
}

fn check(kind: &str, summary: &str, description: &str) -> Result<(), BillingError> {
    if !KINDS.contains(&kind) {
        return Err(BillingError::Field(
            "kind",
            "Use vps, dedicated, hosting, game or workspace.".into(),
        ));
    }
    if summary.chars().count() > 300 {
        return Err(BillingError::Field("summary", "At most 300 characters.".into()));
    }
    if description.chars().count() > 10_000 {
        return Err(BillingError::Field("description", "At most 10000 characters.".into()));
    }
    Ok(())
}

fn panel_settings(given: &Value) -> Result<Value, BillingError> {
    match given {
        Value::Null => Ok(json!({})),
        Value::Object(_) => Ok(given.clone()),
        _ => Err(BillingError::Field(
            "panel_settings",
            "Panel settings are an object.".into(),
        )),
    }
}

/// `[{"label", "value"}]`, both short texts.
fn features(given: &Value) -> Result<Value, BillingError> {
    let rows = match given {
        Value::Null => return Ok(json!([])),
        Value::Array(rows) if rows.len() <= FEATURES_MAX => rows,
        _ => return Err(wrong_features()),
    };
    let short = |row: &Value, key: &str| row[key].as_str().is_some_and(|text| text.chars().count() <= 120);
    if rows.iter().all(|row| short(row, "label") && short(row, "value")) {
        Ok(given.clone())
    } else {
        Err(wrong_features())
    }
}

fn wrong_features() -> BillingError {
    BillingError::Field(
        "features",
        "Features are a list of at most 40 rows with a label and a value of at most 120 characters.".into(),
    )
}

/// Creates a product.
///
/// # Errors
/// A wrong field, or an unknown server.
pub async fn create_product(tx: &mut TenantTx, new: &NewProduct) -> Result<Product, BillingError> {
    let name = check_name(&new.name)?;
    check(&new.kind, &new.summary, &new.description)?;
    let (settings, features) = (panel_settings(&new.panel_settings)?, features(&new.features)?);
    let id: ProductId = tx.new_id();
    let slug = free_slug(tx, new.slug.as_deref().unwrap_or(name)).await?;
    let asks = ["vps", "dedicated", "hosting"].contains(&new.kind.as_str());
    sqlx::query(
        "INSERT INTO products (id, name, slug, kind, summary, description, features, server_id, panel_settings, stock, needs_hostname, \
         position, created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce(max(position), 0) + 1, $12 FROM products",
    )
    .bind(id)
    .bind(name)
    .bind(slug)
    .bind(&new.kind)
    .bind(new.summary.trim())
    .bind(new.description.trim())
    .bind(features)
    .bind(new.server)
    .bind(settings)
    .bind(new.stock)
    .bind(new.needs_hostname.unwrap_or(asks))
    .bind(tx.now())
    .execute(tx.connection())
    .await
    .map_err(named)?;
    audit::record(tx, "product.created", id, json!({ "name": name })).await?;
    find_product(tx, id).await?.ok_or(BillingError::NotFound("product"))
}

fn named(error: sqlx::Error) -> BillingError {
    match constraint(&error) {
        Some("products_server_id_fkey") => BillingError::Field("server", "There is no such server.".into()),
        Some("products_stock_check") => BillingError::Field("stock", "Stock is not negative.".into()),
        Some("products_slug_key") => {
            BillingError::Field("slug", "Another product has this name in its address.".into())
        }
        _ => error.into(),
    }
}

async fn free_slug(tx: &mut TenantTx, text: &str) -> Result<String, BillingError> {
    let wanted = slug_of(text);
    let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM products WHERE slug = $1)")
        .bind(&wanted)
        .fetch_one(tx.connection())
        .await?;
    Ok(if taken {
        format!("{wanted}-{}", tx.random().base32_lower(4))
    } else {
        wanted
    })
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
    let slug: String = slug.chars().take(60).collect();
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "product".into() } else { slug.into() }
}

/// Changes a product: its words at once, what a panel is asked for from the next build on.
///
/// # Errors
/// A wrong field, an unknown server, or no such product.
pub async fn update_product(tx: &mut TenantTx, id: ProductId, change: &ProductChange) -> Result<Product, BillingError> {
    let sql = format!("{PRODUCT} WHERE id = $1 FOR UPDATE");
    let found: Option<Product> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let mut product = found.ok_or(BillingError::NotFound("product"))?;
    let before = json!(product);
    apply(&mut product, change)?;
    sqlx::query(
        "UPDATE products SET name = $2, slug = $3, summary = $4, description = $5, features = $6, server_id = $7, panel_settings = $8, \
         stock = $9, needs_hostname = $10, state = $11, position = $12 WHERE id = $1",
    )
    .bind(id)
    .bind(&product.name)
    .bind(&product.slug)
    .bind(&product.summary)
    .bind(&product.description)
    .bind(&product.features)
    .bind(product.server_id)
    .bind(&product.panel_settings)
    .bind(product.stock)
    .bind(product.needs_hostname)
    .bind(&product.state)
    .bind(product.position)
    .execute(tx.connection())
    .await
    .map_err(named)?;
    let changed = changes(&before, &json!(product));
    audit::record(tx, "product.changed", id, changed).await?;
    Ok(product)
}

fn apply(product: &mut Product, change: &ProductChange) -> Result<(), BillingError> {
    if let Some(name) = &change.name {
        product.name = check_name(name)?.to_owned();
    }
    if let Some(slug) = &change.slug {
        product.slug = slug_of(slug);
    }
    if let Some(summary) = &change.summary {
        product.summary = summary.trim().to_owned();
    }
    if let Some(description) = &change.description {
        product.description = description.trim().to_owned();
    }
    check(&product.kind, &product.summary, &product.description)?;
    if let Some(given) = &change.features {
        product.features = features(given)?;
    }
    if let Some(given) = &change.panel_settings {
        product.panel_settings = panel_settings(given)?;
    }
    if let Some(state) = &change.state {
        check_state(state)?;
        product.state.clone_from(state);
    }
    product.server_id = change.server.unwrap_or(product.server_id);
    product.stock = change.stock.unwrap_or(product.stock);
    product.needs_hostname = change.needs_hostname.unwrap_or(product.needs_hostname);
    product.position = change.position.unwrap_or(product.position);
    Ok(())
}

/// Old and new of every key that differs, for the audit log.
pub(super) fn changes(before: &Value, after: &Value) -> Value {
    let differing = before.as_object().into_iter().flatten().filter_map(|(key, old)| {
        let new = &after[key];
        (old != new).then(|| (key.clone(), json!({ "from": old, "to": new })))
    });
    Value::Object(differing.collect())
}

/// A product by id.
///
/// # Errors
/// When the database refuses.
pub async fn find_product(tx: &mut TenantTx, id: ProductId) -> Result<Option<Product>, BillingError> {
    Ok(find_products(tx, &[id]).await?.pop())
}

/// Several products, whatever their state.
///
/// # Errors
/// When the database refuses.
pub async fn find_products(tx: &mut TenantTx, ids: &[ProductId]) -> Result<Vec<Product>, BillingError> {
    let sql = format!("{PRODUCT} WHERE id = ANY($1)");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(tx.connection())
        .await?)
}

/// A product that can be ordered (also one that is hidden from the shop), by its name in addresses.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_slug(tx: &mut TenantTx, slug: &str) -> Result<Option<Product>, BillingError> {
    let sql = format!("{PRODUCT} WHERE slug = $1 AND state <> 'retired'");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(slug)
        .fetch_optional(tx.connection())
        .await?)
}

/// What stands in the shop, of one kind or all, in shop order.
///
/// # Errors
/// When the database refuses.
pub async fn shelf(tx: &mut TenantTx, kind: Option<&str>) -> Result<Vec<Product>, BillingError> {
    let sql = format!(
        "{PRODUCT} WHERE state = 'active' AND ($1::text IS NULL OR kind = $1) ORDER BY position, created_at, id LIMIT 200"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(kind)
        .fetch_all(tx.connection())
        .await?)
}

/// Products newest first, of a kind or all.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_addresses_are_plain() {
        for (name, slug) in [
            ("KVM 2", "kvm-2"),
            ("  Ünder & Over!! ", "nder-over"),
            ("<script>", "script"),
            ("日本", "product"),
        ] {
            assert_eq!(slug_of(name), slug);
        }
        assert_eq!(slug_of(&"a ".repeat(80)).len(), 59);
    }

    #[test]
    fn features_are_rows_of_short_texts() {
        assert_eq!(features(&Value::Null).unwrap(), json!([]));
        assert!(features(&json!([{ "label": "Memory", "value": "4 GB" }])).is_ok());
        for wrong in [
            json!({}),
            json!(["x"]),
            json!([{ "label": "a" }]),
            json!([{ "label": 1, "value": "x" }]),
        ] {
            assert!(features(&wrong).is_err(), "{wrong}");
        }
    }
}
