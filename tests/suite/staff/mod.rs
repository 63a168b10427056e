//! The staff portal, as a browser without JavaScript uses it.

pub mod browser;
mod german;
mod lists;
mod order;
mod pages;
mod supply;
mod tenants;
