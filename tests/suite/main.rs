//! The one integration binary: every room together, over a real database.

mod architecture;
mod buying;
mod gateway;
mod live;
mod money;
mod once;
mod provisioning;
mod sandbox;
mod staff;
mod tenancy;
mod walk;
