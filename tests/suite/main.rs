//! The one integration binary: every room together, over a real database.

mod architecture;
mod tenancy;
mod walk;
