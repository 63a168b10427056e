//! The busiest pages, each asked of the first (big) tenant and of others in turn.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use billing::ids::{InvoiceId, ServiceId};
use tenancy::session::{self, TenantStore};
use tenancy::token::{self, NewToken};
use tenancy::{AccountId, Tenancy, UserId, resolve, user};
use tower_sessions::Session;

use crate::fill;

/// How many tenants are asked, evenly spread.
const ASKED: usize = 25;

/// One page of one tenant, as somebody.
#[derive(Debug, Clone)]
pub struct Page {
    pub name: &'static str,
    pub url: String,
    pub host: String,
    pub cookie: Option<String>,
    pub token: Option<String>,
}

/// Who looks.
enum As {
    Visitor,
    Customer,
    Staff,
    Token,
}

/// Name, path with ids put in, who looks.
const PAGES: &[(&str, &str, As)] = &[
    ("shop", "/", As::Visitor),
    ("product", "/products/vps/product-5", As::Visitor),
    ("services", "/account/services", As::Customer),
    ("one service", "/account/services/{service}", As::Customer),
    ("invoices", "/account/invoices", As::Customer),
    ("one invoice", "/account/invoices/{invoice}", As::Customer),
    ("staff: dashboard", "/admin", As::Staff),
    ("staff: customers", "/admin/customers", As::Staff),
    ("staff: one customer", "/admin/customers/{account}", As::Staff),
    ("staff: services", "/admin/services", As::Staff),
    ("staff: invoices", "/admin/invoices", As::Staff),
    ("api: services", "/api/v1/services?limit=25", As::Token),
];

/// Every page to ask for, in turn.
pub async fn of(doors: &Tenancy, address: SocketAddr) -> Result<Vec<Page>> {
    let count = doors.directory().tenants().count();
    let mut by_tenant = Vec::new();
    for n in (0..count).step_by((count / ASKED).max(1)) {
        by_tenant.push(tenant(doors, address, &fill::slug(n)).await?);
    }
    // The first tenant is every second one: it has half of everything.
    let first = by_tenant[0].clone();
    let mut pages = Vec::new();
    for own in &by_tenant {
        for (page, big) in own.iter().zip(&first) {
            pages.push(page.clone());
            pages.push(big.clone());
        }
    }
    Ok(pages)
}

#[derive(sqlx::FromRow)]
struct Rows {
    account: AccountId,
    service: ServiceId,
    invoice: InvoiceId,
    customer: UserId,
    staff: UserId,
}

async fn tenant(doors: &Tenancy, address: SocketAddr, slug: &str) -> Result<Vec<Page>> {
    let id = doors.directory().slug(slug).context("a tenant")?.id;
    let scope = resolve::system(doors, id, "bench")?;
    let mut tx = doors.begin(&scope).await?;
    let rows: Rows = sqlx::query_as(
        "SELECT v.account_id AS account, v.id AS service, l.invoice_id AS invoice, m.user_id AS customer, s.user_id AS staff \
         FROM services v JOIN members m ON m.account_id = v.account_id \
         JOIN invoice_lines l ON l.subscription_id = v.subscription_id, staff s \
         WHERE v.status = 'active' ORDER BY v.id LIMIT 1",
    )
    .fetch_one(tx.connection())
    .await?;
    let (_, token) = token::create(&mut tx, rows.staff, &NewToken::default()).await?;
    tx.commit().await?;
    let customer = sign_in(doors, slug, rows.customer).await?;
    let staff = sign_in(doors, slug, rows.staff).await?;
    let page = |(name, path, who): &(&'static str, &str, As)| Page {
        name,
        url: format!(
            "http://{address}{}",
            path.replace("{account}", &rows.account.to_string())
                .replace("{service}", &rows.service.to_string())
                .replace("{invoice}", &rows.invoice.to_string())
        ),
        host: format!("{slug}.ezscale.localhost"),
        cookie: match who {
            As::Customer => Some(customer.clone()),
            As::Staff => Some(staff.clone()),
            As::Visitor | As::Token => None,
        },
        token: matches!(who, As::Token).then(|| token.clone()),
    };
    Ok(PAGES.iter().map(page).collect())
}

/// A session as the sign-in page leaves it behind.
async fn sign_in(doors: &Tenancy, slug: &str, id: UserId) -> Result<String> {
    let (visitor, _) = resolve::host(doors, &format!("{slug}.ezscale.localhost"))?;
    let mut tx = doors.begin(&visitor).await?;
    let who = user::find(&mut tx, id).await?.context("the user")?;
    tx.commit().await?;
    let store = std::sync::Arc::new(TenantStore::new(doors.clone(), visitor));
    let session = Session::new(None, store, None);
    session::sign_in(&session, &who, doors.now()).await?;
    session.save().await?;
    Ok(format!("sid={}", session.id().context("a session id")?))
}
