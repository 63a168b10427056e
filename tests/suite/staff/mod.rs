//! The staff portal, as a browser without JavaScript uses it.

pub mod browser;
mod lists;
mod pages;
mod supply;
