//! Products with their options, and plans with their prices: what is sold.

mod options;
mod plans;
mod products;

use super::endpoints::Endpoints;

pub fn endpoints(e: Endpoints) -> Endpoints {
    e.and(products::endpoints).and(plans::endpoints)
}

/// A field of a change that may be set to nothing: left out is `None`, null is `Some(None)`.
fn nullable<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(from).map(Some)
}
