//! One language's messages, and a tenant's own strings on top of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

use super::TextError;

/// Longest text a tenant may put in place of ours, in bytes.
const LONGEST_OVERRIDE: usize = 4000;

pub(super) struct Bundle {
    language: String,
    messages: FluentBundle<FluentResource>,
    keys: BTreeSet<String>,
}

impl Bundle {
    pub(super) fn new(language: &str) -> Result<Self, TextError> {
        let id: LanguageIdentifier = language.parse().map_err(|_| TextError::Tag(language.to_owned()))?;
        let messages = FluentBundle::new_concurrent(vec![id]);
        Ok(Self {
            language: language.to_owned(),
            messages,
            keys: BTreeSet::new(),
        })
    }

    pub(super) fn add(&mut self, source: &str) -> Result<(), TextError> {
        let wrong = |why: String| TextError::Source {
            locale: self.language.clone(),
            why,
        };
        let resource =
            FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| wrong(format!("{errors:?}")))?;
        self.keys.extend(message_keys(&resource));
        self.messages
            .add_resource(resource)
            .map_err(|errors| wrong(format!("{errors:?}")))
    }

    pub(super) fn text(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.messages.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.messages.format_pattern(pattern, Some(args), &mut errors);
        if !errors.is_empty() {
            tracing::warn!(
                key,
                language = self.language,
                ?errors,
                "a message was formatted with errors"
            );
        }
        Some(text.into_owned())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    pub(super) fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("language", &self.language)
            .field("messages", &self.keys.len())
            .finish()
    }
}

/// One string a tenant words differently.
#[derive(Clone, Debug)]
pub struct WordOverride {
    /// Language, for example `de`.
    pub language: String,
    /// Key of the message it stands for.
    pub key: String,
    /// The text; may use the same `{ $arguments }` as ours.
    pub text: String,
}

/// A tenant's own strings, parsed once when its settings are loaded.
#[derive(Debug, Default)]
pub struct Overrides {
    by_language: BTreeMap<String, Bundle>,
}

impl Overrides {
    /// Parses every string; each may be one message and nothing else.
    ///
    /// # Errors
    /// Names the first key whose text is too long, does not parse, or holds more than one message.
    pub fn parse(words: &[WordOverride]) -> Result<Self, TextError> {
        let mut by_language: BTreeMap<String, Bundle> = BTreeMap::new();
        for word in words {
            let wrong = |why: &str| TextError::Override {
                key: word.key.clone(),
                why: why.to_owned(),
            };
            if word.text.len() > LONGEST_OVERRIDE {
                return Err(wrong("it is too long"));
            }
            // Continuation lines are indented, so that a line break cannot begin a second message.
            let source = format!("{} =\n    {}\n", word.key, word.text.trim().replace('\n', "\n    "));
            let parsed = FluentResource::try_new(source.clone()).map_err(|_| wrong("it does not parse"))?;
            let keys: Vec<String> = message_keys(&parsed).collect();
            if keys != [word.key.clone()] || parsed.entries().count() != 1 {
                return Err(wrong("it is more than one message"));
            }
            if !by_language.contains_key(&word.language) {
                by_language.insert(word.language.clone(), Bundle::new(&word.language)?);
            }
            if let Some(bundle) = by_language.get_mut(&word.language) {
                bundle.add(&source)?;
            }
        }
        Ok(Self { by_language })
    }

    pub(super) fn text(&self, language: &str, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        self.by_language.get(language).and_then(|bundle| bundle.text(key, args))
    }
}

fn message_keys(resource: &FluentResource) -> impl Iterator<Item = String> + '_ {
    resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message.id.name.to_owned()),
        _ => None,
    })
}
