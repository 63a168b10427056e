//! From nothing to a running server, over HTTP, with Stripe and VirtFusion as their simulators play them.

mod order;
mod renewal;
pub mod shop;
