//! A sandbox tenant: its own gateway, panel and clock, over HTTP.

mod clock;
mod collection;
mod gateway;
mod mails;
mod page;
pub mod trial;
