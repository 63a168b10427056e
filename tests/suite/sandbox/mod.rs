//! A sandbox tenant: its own gateway, panel and clock, over HTTP.

mod clock;
mod collection;
mod gateway;
mod holds;
mod lost;
mod mails;
mod page;
mod rules;
pub mod trial;
mod yard;
