//! The one integration binary: every room together, over a real database.

mod access;
mod api;
mod architecture;
mod bad_input;
mod buying;
mod gateway;
mod identity;
mod isolation;
mod live;
mod money;
mod once;
mod provisioning;
mod sandbox;
mod staff;
mod tenancy;
mod walk;
