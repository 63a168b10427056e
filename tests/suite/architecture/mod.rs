//! The rules of the house, read from the sources and manifests themselves.

mod house;
mod licences;
mod sources;
mod templates;
pub mod tree;
