//! The World harness: a database of its own per test, a clock that stands still, seeded
//! randomness, mail in memory. Nothing of ours is mocked; only what lies outside is simulated.
//!
//! | module | holds |
//! |---|---|
//! | `database` | the template and its clones, dropped when the test ends |
//! | `world` | tenants, scopes, transactions, a second node, jobs run until nothing is due |
//! | `people` | users, accounts, staff and the scopes they act in |
//! | `server` | a router on a port of its own, asked under any host name |
//! | `browser` | somebody with cookies who opens pages and sends forms |

mod browser;
mod database;
mod people;
pub mod schema;
mod server;
mod world;

pub use browser::{Browser, Page};
pub use database::Database;
pub use people::{PASSWORD, Person, confirm};
pub use server::Server;
pub use world::World;
