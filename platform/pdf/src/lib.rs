//! Documents as PDF: a typst template and a JSON value in, bytes out.
//!
//! A template is source we ship. Everything a person typed comes in as a value and is only ever
//! set as text, so no name can become markup. The world a template sees (see [`world`]) has no
//! disk, no network and no clock, so the same input gives the same bytes for ever.
//!
//! What a template finds in `sys.inputs`: `data` (the JSON value), `title`, `lang`, and `files`
//! (name to bytes, for `image(..)`). Title, language and fonts are set before its first line.

mod fonts;
mod world;

use serde::Deserialize as _;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Dict, IntoValue as _, Smart, Value};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use world::Sealed;

/// How many further renderings a cached layout step survives unused. Fonts and the template stay
/// warm on a busy process; one document's own text is dropped soon after.
const CACHE_MAX_AGE: usize = 8;

/// One document to be rendered.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Typst source, ours.
    pub template: &'a str,
    /// What to print; reaches the template as values.
    pub data: &'a serde_json::Value,
    /// Shown by viewers as the window title.
    pub title: &'a str,
    /// BCP 47 language tag; script subtags are ignored. Decides direction, hyphenation and the
    /// language a screen reader speaks.
    pub lang: &'a str,
    /// Images the template may draw, by name.
    pub files: &'a [(&'a str, &'a [u8])],
}

/// Why there is no PDF. None of these is the reader's fault: log them, answer "try again later".
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The language tag does not start with two or three letters.
    #[error("not a language tag: {0:?}")]
    Language(String),
    /// The JSON value has no typst counterpart.
    #[error("the data does not fit: {0}")]
    Data(#[from] serde_json::Error),
    /// The template does not compile with this data, or an image is damaged.
    #[error("template: {0}")]
    Template(String),
    /// The laid out pages could not be written.
    #[error("writing the PDF: {0}")]
    Export(String),
}

/// Renders `doc`. Takes tens of milliseconds and blocks: call it where blocking is allowed.
///
/// # Errors
/// See [`PdfError`].
pub fn render(doc: &Document<'_>) -> Result<Vec<u8>, PdfError> {
    let world = Sealed::new(doc.template, doc.title, doc.lang, inputs(doc)?)?;
    let pages = typst::compile::<PagedDocument>(&world).output;
    let bytes = pages
        .map_err(|errors| PdfError::Template(explain(&world, &errors)))
        .and_then(|pages| {
            typst_pdf::pdf(&pages, &anonymous()).map_err(|errors| PdfError::Export(explain(&world, &errors)))
        });
    typst::comemo::evict(CACHE_MAX_AGE);
    bytes
}

/// No date, and no name of the program that wrote the file: both would change the bytes.
fn anonymous() -> PdfOptions {
    PdfOptions {
        creator: Smart::Custom(None),
        timestamp: None,
        ..PdfOptions::default()
    }
}

fn inputs(doc: &Document<'_>) -> Result<Dict, PdfError> {
    let files: Dict = doc
        .files
        .iter()
        .map(|&(name, bytes)| (name.into(), Bytes::new(bytes.to_vec()).into_value()))
        .collect();
    Ok([
        ("data".into(), Value::deserialize(doc.data)?),
        ("title".into(), doc.title.into_value()),
        ("lang".into(), doc.lang.into_value()),
        ("files".into(), files.into_value()),
    ]
    .into_iter()
    .collect())
}

/// The first few messages, each with its line in the template.
fn explain(world: &Sealed, errors: &[SourceDiagnostic]) -> String {
    errors
        .iter()
        .take(3)
        .map(|error| match world.line(error.span) {
            Some(line) => format!("line {line}: {}", error.message),
            None => error.message.to_string(),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests;
