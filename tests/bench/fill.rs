//! Filling an installation: tenants from spares by one statement a cell, their business by sets of rows.

use anyhow::{Context, Result, bail};
use billing::catalogue::{self, NewPlan, NewPrice, NewProduct};
use billing::ids::{PlanId, ServerId};
use platform::money::{Currency, Money};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::TenantTx;

use crate::{Plan, say, stage};

const TEMPLATE: &str = include_str!("fill.sql");
/// Months of invoices of every service.
const MONTHS: usize = 2;
/// Spare schemas beyond the tenants: some are timed.
const SPARES: usize = 15;

/// The slug of a tenant; the first is the root.
pub fn slug(n: usize) -> String {
    if n == 0 { "root".into() } else { format!("shop-{n}") }
}

/// Makes and fills both installations.
pub async fn run(plan: &Plan) -> Result<()> {
    let per_tenant = plan.services / 2 / plan.tenants.max(1);
    // Half of everything belongs to the first tenant, in both installations alike.
    let first = plan.services - per_tenant * (plan.tenants - 1);
    for (world, tenants) in [("one", 1), ("many", plan.tenants)] {
        say(&format!(
            "building {tenants} schema(s) in {} database(s)",
            stage::cells(tenants)
        ));
        stage::build(plan, world, tenants, SPARES).await?;
        let cells = stage::cells(tenants);
        place(plan, world, tenants).await?;
        say("filling them");
        let jobs = (1..=cells).map(|cell| fill_cell(plan, world, cell, (first, per_tenant)));
        futures::future::try_join_all(jobs).await?;
    }
    Ok(())
}

/// Gives spares to tenants, the root first, the cells in turn.
async fn place(plan: &Plan, world: &str, tenants: usize) -> Result<()> {
    let mut control = stage::admin(plan, &stage::database(world, 1)).await?;
    let done = sqlx::query(
        "WITH spare AS (SELECT schema_name, cell_id, schema_version, \
             row_number() OVER (ORDER BY n, cell_id) - 1 AS i FROM \
             (SELECT s.*, row_number() OVER (PARTITION BY cell_id ORDER BY schema_name) AS n FROM control.spares s) ranked), \
           taken AS (SELECT * FROM spare WHERE i < $1), \
           root AS (SELECT md5('tenant0')::uuid AS id) \
         INSERT INTO control.tenants (id, slug, name, parent_id, cell_id, schema_name, mode, state, currency, timezone, schema_version, created_at) \
         SELECT md5('tenant' || i)::uuid, CASE i WHEN 0 THEN 'root' ELSE 'shop-' || i END, 'Shop ' || i, \
           CASE i WHEN 0 THEN NULL ELSE (SELECT id FROM root) END, cell_id, schema_name, 'live', 'active', 'USD', 'UTC', schema_version, now() \
         FROM taken ORDER BY i",
    )
    .bind(i64::try_from(tenants)?)
    .execute(&mut control)
    .await?;
    if done.rows_affected() != u64::try_from(tenants)? {
        bail!("there are {} spares for {tenants} tenants", done.rows_affected());
    }
    sqlx::raw_sql(
        "DELETE FROM control.spares s USING control.tenants t WHERE t.schema_name = s.schema_name; \
         INSERT INTO control.changes (kind, key, at) VALUES ('tenant', 'all', now())",
    )
    .execute(&mut control)
    .await?;
    Ok(())
}

async fn fill_cell(plan: &Plan, world: &str, cell: usize, (first, per_tenant): (usize, usize)) -> Result<()> {
    let mut control = stage::admin(plan, &stage::database(world, 1)).await?;
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT slug, schema_name FROM control.tenants WHERE cell_id = $1 ORDER BY slug")
            .bind(i16::try_from(cell)?)
            .fetch_all(&mut control)
            .await?;
    let mut connection = stage::admin(plan, &stage::database(world, cell)).await?;
    for (slug, schema) in rows {
        let services = if slug == "root" { first } else { per_tenant };
        fill_tenant(&mut connection, &schema, services).await?;
    }
    // Statistics are what autovacuum would have gathered by now.
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn fill_tenant(connection: &mut PgConnection, schema: &str, services: usize) -> Result<()> {
    let accounts = services.div_ceil(5).max(1);
    let body = TEMPLATE
        .replace("{accounts}", &accounts.to_string())
        .replace("{services}", &services.to_string())
        .replace("{months}", &MONTHS.to_string());
    let sql = format!("BEGIN; SET LOCAL search_path = {schema}; {body} COMMIT;");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .with_context(|| format!("filling {schema}"))?;
    Ok(())
}

/// A product on a server, for orders that are really built.
pub async fn product_on(tx: &mut TenantTx, server: ServerId) -> Result<PlanId> {
    let new = NewProduct {
        name: "Bench KVM".into(),
        kind: "vps".into(),
        server: Some(server),
        panel_settings: json!({ "package_id": 1, "ipv4": 1, "os_template": 1 }),
        ..NewProduct::default()
    };
    let product = catalogue::create_product(tx, &new).await?;
    let dollars = Currency::parse("USD")?;
    let new = NewPlan {
        product: product.id,
        name: "Monthly".into(),
        cycle_unit: "month".into(),
        cycle_count: 1,
        trial_days: 0,
        prices: vec![NewPrice {
            amount: Money::new(1000, dollars)?,
            setup: Money::zero(dollars),
        }],
    };
    Ok(catalogue::create_plan(tx, &new).await?.id)
}
