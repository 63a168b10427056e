//! What customers see and do with what they bought, over HTTP as a browser does it.

mod home;
mod order;
pub mod people;
mod profile;
mod service;
mod stream;
