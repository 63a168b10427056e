//! Words by locale: Fluent messages handed in by the binary, single strings overridden per tenant, and the choice of
//! a locale for a visitor. Arguments are wrapped in bidi isolates, so that names and amounts keep their order in any script.

mod bundle;
mod locale;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use bundle::{Overrides, WordOverride};
use fluent_bundle::FluentArgs;
pub use locale::{Direction, Locale, Wishes};

use bundle::Bundle;

/// The locale every message exists in; the others fall back to it.
pub const FALLBACK: &str = "en";

/// Why words could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A source file does not parse, or defines a message twice.
    #[error("words of {locale}: {why}")]
    Source { locale: String, why: String },
    /// A language tag is malformed.
    #[error("{0:?} is not a language tag")]
    Tag(String),
    /// A tenant's own string does not parse or is more than one message.
    #[error("the text for {key:?} cannot be used: {why}")]
    Override { key: String, why: String },
}

/// All messages of all locales.
#[derive(Debug)]
pub struct Texts {
    by_language: BTreeMap<String, Bundle>,
}

impl Texts {
    /// Reads sources as (language, Fluent text); several sources of one language add up.
    ///
    /// # Errors
    /// When a source does not parse or defines an existing message.
    pub fn load(sources: &[(&str, &str)]) -> Result<Self, TextError> {
        let mut by_language: BTreeMap<String, Bundle> = BTreeMap::new();
        for (language, source) in sources {
            if !by_language.contains_key(*language) {
                by_language.insert((*language).to_owned(), Bundle::new(language)?);
            }
            if let Some(bundle) = by_language.get_mut(*language) {
                bundle.add(source)?;
            }
        }
        Ok(Self { by_language })
    }

    /// The languages there are words for.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.by_language.keys().map(String::as_str)
    }

    /// The best locale for a visitor: profile, cookie, Accept-Language, tenant default, English.
    #[must_use]
    pub fn negotiate(&self, wishes: &Wishes<'_>) -> Locale {
        locale::negotiate(wishes, |language| self.by_language.contains_key(language))
    }

    /// One message with arguments; `None` when no locale has the key. The tenant's own string wins, then the locale, then English.
    #[must_use]
    pub fn text(&self, locale: &Locale, own: Option<&Overrides>, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        own.and_then(|words| words.text(locale.language(), key, args))
            .or_else(|| self.by_language.get(locale.language()).and_then(|b| b.text(key, args)))
            .or_else(|| self.by_language.get(FALLBACK).and_then(|b| b.text(key, args)))
    }

    /// A message without arguments; the key itself when there is none, so that a gap is visible and harmless.
    #[must_use]
    pub fn plain(&self, locale: &Locale, own: Option<&Overrides>, key: &str) -> String {
        self.text(locale, own, key, &FluentArgs::new())
            .unwrap_or_else(|| key.to_owned())
    }

    /// A message with text arguments, for mails and documents: no bidi isolates, which plain text readers show as boxes.
    #[must_use]
    pub fn say(&self, locale: &Locale, own: Option<&Overrides>, key: &str, args: &[(&str, &str)]) -> String {
        let mut values = FluentArgs::new();
        for (name, value) in args {
            values.set((*name).to_owned(), (*value).to_owned());
        }
        let text = self.text(locale, own, key, &values).unwrap_or_else(|| key.to_owned());
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    /// Whether English, and so everybody, has this message.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.by_language.get(FALLBACK).is_some_and(|b| b.has(key))
    }

    /// Gaps between the locales as `de: key`, in both directions; empty when every locale has the same messages.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let empty = BTreeSet::new();
        let base = self.by_language.get(FALLBACK).map_or(&empty, Bundle::keys);
        let mut gaps = Vec::new();
        for (language, bundle) in &self.by_language {
            gaps.extend(base.difference(bundle.keys()).map(|key| format!("{language}: {key}")));
            gaps.extend(bundle.keys().difference(base).map(|key| format!("{FALLBACK}: {key}")));
        }
        gaps
    }
}
