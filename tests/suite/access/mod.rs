//! Who may come in with what, and how far it reaches: API tokens, their limits, shares of a tenant, what is forgotten.

mod checkout;
mod door;
mod pages;
mod purge;
mod spending;
mod tokens;
