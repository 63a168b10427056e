//! Who is asking, on whose behalf, and what they may touch.
//!
//! A [`TenantScope`] (tenant and actor) is minted only in [`resolve`]: from a host, from a job
//! row, from a parent looking into a child, or across one upstream link. [`Tenancy::begin`] turns
//! it into a [`TenantTx`], the only executor that the rooms above see; [`ControlTx`] reads and
//! writes what tenants share. A query without a tenant does not compile.
//!
//! | module | holds |
//! |---|---|
//! | `scope`, `tx`, `control`, `door` | the four types and the pools behind them |
//! | `resolve`, `directory` | host to tenant in memory, fed by the change feed |
//! | `schema` | cells, spare schemas, roles, the migration runner and its lint |
//! | `tenant`, `host`, `settings`, `brand` | a business, its names, its look |
//! | `user`, `account`, `member`, `staff`, `token`, `session`, `sign_in` | people and their rights |
//! | `audit`, `task`, `jobs`, `news` | what was done, what needs a person, what runs later, what just changed |
//! | `clock` | the time a sandbox tenant has of its own |
//!
//! # Doors
//!
//! The way in, from a request's Host header:
//!
//! ```no_run
//! # async fn f(tenancy: tenancy::Tenancy) -> Result<(), Box<dyn std::error::Error>> {
//! let (scope, _route) = tenancy::resolve::host(&tenancy, "demo.ezscale.localhost")?;
//! let mut tx = tenancy.begin(&scope).await?;
//! sqlx::query("SELECT id FROM users").fetch_all(tx.connection()).await?;
//! tx.commit().await?;
//! # Ok(()) }
//! ```
//!
//! There is no other. Nobody outside makes a scope, with or without its constructor:
//!
//! ```compile_fail,E0624
//! fn f(tenant: std::sync::Arc<tenancy::Tenant>) -> tenancy::TenantScope {
//!     tenancy::TenantScope::mint(tenant, tenancy::Actor::Visitor)
//! }
//! ```
//! ```compile_fail,E0451
//! fn f(tenant: std::sync::Arc<tenancy::Tenant>) -> tenancy::TenantScope {
//!     tenancy::TenantScope { tenant, actor: tenancy::Actor::Visitor, token: None }
//! }
//! ```
//!
//! Nor does anybody become somebody else in a scope they were given:
//!
//! ```compile_fail,E0624
//! fn f(scope: &tenancy::TenantScope) -> tenancy::TenantScope {
//!     scope.acting(tenancy::Actor::System { name: "root".into() })
//! }
//! ```
//!
//! A transaction comes from a scope, never from a pool or a connection:
//!
//! ```compile_fail,E0603
//! use tenancy::tx::TxKit;
//! ```
//! ```compile_fail,E0624
//! async fn f(slots: &platform::db::Slots, scope: &tenancy::TenantScope) {
//!     let _ = tenancy::TenantTx::begin(slots, scope, panic!(), panic!(), false).await;
//! }
//! ```
//! ```compile_fail,E0451
//! fn f(guarded: platform::db::GuardedTx, scope: tenancy::TenantScope) -> tenancy::TenantTx {
//!     tenancy::TenantTx { guarded, scope, now: panic!(), kit: panic!() }
//! }
//! ```
//! ```compile_fail,E0624
//! async fn f(slots: &platform::db::Slots, random: platform::random::Random) {
//!     let _ = tenancy::ControlTx::begin(slots, chrono::DateTime::UNIX_EPOCH, random).await;
//! }
//! ```
//!
//! The pools behind the doors are this room's own, and a command takes no executor but a bound one:
//!
//! ```compile_fail,E0624
//! fn f(tenancy: &tenancy::Tenancy) {
//!     let _ = tenancy.cell(1);
//! }
//! ```
//! ```compile_fail,E0277
//! async fn f(tenancy: &tenancy::Tenancy) {
//!     let _ = sqlx::query("SELECT id FROM users").fetch_all(tenancy).await;
//! }
//! ```
//! ```compile_fail,E0308
//! async fn f(connection: &mut sqlx::PgConnection) {
//!     let _ = tenancy::staff::list(connection).await;
//! }
//! ```
//! ```compile_fail,E0308
//! async fn f(control: &mut tenancy::ControlTx) {
//!     let _ = tenancy::staff::list(control).await;
//! }
//! ```

mod control;
mod directory;
mod door;
mod ids;
mod scope;
mod tx;

pub mod account;
pub mod audit;
pub mod brand;
pub mod clock;
pub mod extract;
pub mod host;
pub mod idempotency;
pub mod jobs;
pub mod listing;
pub mod mail;
pub mod member;
pub mod news;
mod password;
pub mod permission;
pub mod purge;
pub mod resolve;
pub mod schema;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod staff;
pub mod task;
pub mod tenant;
pub mod timeline;
pub mod token;
pub mod user;

pub use control::ControlTx;
pub use directory::{Directory, HostRoute, Portal};
pub use door::{Tenancy, TenancyOptions};
pub use ids::*;
pub use scope::{Actor, Mode, Tenant, TenantScope, TenantState};
pub use tx::TenantTx;
