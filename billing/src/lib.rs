//! Money in and money owed: catalogue, orders, subscriptions, invoices, payments, the ledger.
//!
//! `rules` are pure: from what exists and what is proposed to what is missing. Commands take a
//! `TenantTx` and write facts, postings and events in one transaction; a gateway is called between
//! two transactions, never inside one. This room publishes what it wants done on a server
//! (`service.paid`, `service.suspension_wanted`, ...) and never calls `provisioning`.

#[macro_use]
mod sql;

pub mod allowance;
pub mod calc;
pub mod cart;
pub mod catalogue;
pub mod collection;
pub mod credit;
pub mod dispute;
pub mod error;
pub mod gateway;
pub mod ids;
pub mod inbox;
pub mod invoice;
pub mod ledger;
pub mod order;
pub mod payment;
pub mod payment_method;
pub mod payment_setup;
pub mod quote;
pub mod refund;
pub mod renewal;
pub mod report;
pub mod rules;
pub mod sandbox;
pub mod service;
pub mod standing;
pub mod subscription;
pub mod suspension;

pub use error::BillingError;
