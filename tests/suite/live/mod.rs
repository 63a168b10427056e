//! What customers see and do with what they bought, over HTTP as a browser does it.

mod order;
pub mod people;
mod service;
mod stream;
