//! HTML pages from templates: strict about undefined names, escaped by default, bounded in work, and told about the
//! visitor (locale, brand, session) by one [`Page`] value. Templates and words are handed in by the binary.

mod filters;
mod functions;
mod page;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter};
pub use page::{Banner, Brand, Flash, MenuEntry, MenuSection, Page, Person, Theme, Tone};
use serde::Serialize;

use crate::texts::Texts;
use functions::Scope;

/// Instructions one page may run; the largest page takes a few hundred thousand.
const FUEL: u64 = 5_000_000;

/// A value with everything one template needs.
pub trait Context: Serialize {
    /// File name below `templates`, for example `account/invoice.html`.
    const TEMPLATE: &'static str;
}

/// What the binary brings along.
pub struct Setup {
    /// Name and source of every template.
    pub templates: &'static [(&'static str, &'static str)],
    /// Where to read templates anew at every page, so that an edit needs no rebuild; for development only.
    pub folder: Option<PathBuf>,
    /// All words.
    pub texts: Arc<Texts>,
    /// The path of a bundled file by its plain name.
    pub asset: fn(&str) -> Option<&'static str>,
    /// Whether the icon sprite has a name.
    pub icon: fn(&str) -> bool,
    /// More functions for templates.
    pub extend: fn(&mut Environment<'static>),
}

/// Why a page could not be made. The text is for the log, never for the visitor.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A template is missing or does not parse.
    #[error("template {name}: {why}")]
    Template { name: String, why: String },
    /// A template asked for something its context does not have, or ran too long.
    #[error("rendering {name}: {why}")]
    Render { name: String, why: String },
}

/// The templates, ready to render.
#[derive(Clone)]
pub struct Views {
    base: Environment<'static>,
    texts: Arc<Texts>,
}

impl Views {
    /// Parses every template and registers filters and functions.
    ///
    /// # Errors
    /// When a template does not parse.
    pub fn new(setup: Setup) -> Result<Self, ViewError> {
        let mut base = Environment::new();
        base.set_undefined_behavior(UndefinedBehavior::Strict);
        base.set_auto_escape_callback(|name| match name.rsplit('.').next() {
            Some("txt") => AutoEscape::None,
            _ => AutoEscape::Html,
        });
        base.set_formatter(write_escaped);
        base.set_fuel(Some(FUEL));
        // With debug on, an error would carry the page's values into the log.
        base.set_debug(false);
        filters::register(&mut base);
        functions::register(&mut base, setup.asset, setup.icon);
        (setup.extend)(&mut base);
        if let Some(folder) = setup.folder.filter(|folder| folder.is_dir()) {
            base.set_loader(move |name| Ok(read_below(&folder, name)));
        } else {
            for (name, source) in setup.templates {
                base.add_template(name, source)
                    .map_err(|error| template_error(name, &error))?;
            }
        }
        Ok(Self {
            base,
            texts: setup.texts,
        })
    }

    /// The words pages are written in.
    #[must_use]
    pub fn texts(&self) -> &Arc<Texts> {
        &self.texts
    }

    /// A whole page from its typed context.
    ///
    /// # Errors
    /// When the template is missing or asks for something the context does not have.
    pub fn show<C: Context>(&self, context: &C, page: &Page) -> Result<String, ViewError> {
        self.render(C::TEMPLATE, context, page)
    }

    /// A template by name.
    ///
    /// # Errors
    /// As [`Views::show`].
    pub fn render<C: Serialize>(&self, name: &str, context: &C, page: &Page) -> Result<String, ViewError> {
        let environment = self.told_about(page);
        let template = environment
            .get_template(name)
            .map_err(|error| template_error(name, &error))?;
        template
            .render(Value::from(Serde(context)))
            .map_err(|error| render_error(name, &error))
    }

    /// One `{% block %}` of a page, for an answer that replaces a part of it.
    ///
    /// # Errors
    /// As [`Views::show`], and when the template has no such block.
    pub fn part<C: Context>(&self, block: &str, context: &C, page: &Page) -> Result<String, ViewError> {
        let name = C::TEMPLATE;
        let environment = self.told_about(page);
        let template = environment
            .get_template(name)
            .map_err(|error| template_error(name, &error))?;
        let mut captured = template
            .render_captured(Value::from(Serde(context)))
            .map_err(|error| render_error(name, &error))?;
        captured
            .with_state_mut(|state| state.render_block(block))
            .map_err(|error| render_error(name, &error))
    }

    /// Cloning shares the parsed templates; the page becomes a global, so that macros see it as well.
    fn told_about(&self, page: &Page) -> Environment<'static> {
        let mut environment = self.base.clone();
        environment.add_global("page", Value::from(Serde(page)));
        environment.add_global(functions::SCOPE, Value::from_object(Scope::new(page, &self.texts)));
        environment
    }
}

/// Escapes what HTML needs and leaves slashes alone, so that links stay readable; nothing is written for none.
fn write_escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    let text = value
        .as_str()
        .filter(|_| !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html));
    let Some(text) = text else {
        return escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        let entity = match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        };
        out.write_str(entity)?;
        rest = &special[1..];
    }
    Ok(out.write_str(rest)?)
}

fn read_below(folder: &Path, name: &str) -> Option<String> {
    let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if plain {
        std::fs::read_to_string(folder.join(name)).ok()
    } else {
        None
    }
}

fn template_error(name: &str, error: &minijinja::Error) -> ViewError {
    ViewError::Template {
        name: name.to_owned(),
        why: chain(error),
    }
}

fn render_error(name: &str, error: &minijinja::Error) -> ViewError {
    ViewError::Render {
        name: name.to_owned(),
        why: chain(error),
    }
}

/// The whole chain of causes with the template lines, since the outermost text alone says little.
fn chain(error: &minijinja::Error) -> String {
    let mut text = format!("{error:#}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("; caused by {cause:#}"));
        source = cause.source();
    }
    text
}
