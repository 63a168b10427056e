//! What page writers fill in: shapes the macros of `templates/ui.html` draw, the contexts of the three pages whose look everything
//! else follows, and the templates and words as this build has them.

pub mod dashboard;
pub mod detail;
pub mod invoice;
pub mod parts;
pub mod samples;
pub mod service;

use std::path::PathBuf;
use std::sync::Arc;

use platform::texts::{TextError, Texts};
use platform::views::{Setup, ViewError, Views};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));
include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Why the kit cannot be used; both are faults of the build.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// Words.
    #[error(transparent)]
    Texts(#[from] TextError),
    /// Templates.
    #[error(transparent)]
    Views(#[from] ViewError),
}

/// The words this build has.
///
/// # Errors
/// When a word file does not parse.
pub fn texts() -> Result<Texts, TextError> {
    Texts::load(TEXTS)
}

/// The templates this build has; a debug build reads them from their folder, so that an edit needs no rebuild.
///
/// # Errors
/// When a template or a word file does not parse.
pub fn views() -> Result<Views, KitError> {
    let folder = cfg!(debug_assertions).then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")));
    Ok(Views::new(Setup {
        templates: TEMPLATES,
        folder,
        texts: Arc::new(texts()?),
        asset: crate::assets::asset_path,
        icon: crate::assets::has_icon,
        extend: |_| {},
    })?)
}

#[cfg(test)]
mod tests;
