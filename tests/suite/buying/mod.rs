//! The buying side: options and prices, cart, checkout, as a browser and a program use them.

pub mod browser;
mod checkout;
mod options;
mod pages;
