//! A language tag, its direction of writing, and the choice of one for a visitor.

use serde::{Deserialize, Serialize};

use super::{FALLBACK, TextError};

/// Longest list of wishes read from a browser; the rest is ignored.
const MOST_WISHES: usize = 20;

/// A language tag such as `en` or `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale {
    tag: String,
}

/// Direction of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// What is known about a visitor's language, strongest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// The signed-in user's setting.
    pub profile: Option<&'a str>,
    /// The language chosen on this host before signing in.
    pub cookie: Option<&'a str>,
    /// The `Accept-Language` header.
    pub accept_language: Option<&'a str>,
    /// The tenant's setting.
    pub tenant: Option<&'a str>,
}

impl Locale {
    /// Checks the form of a tag: two or three letters, then letters and digits separated by hyphens.
    ///
    /// # Errors
    /// When the tag is not of that form.
    pub fn parse(tag: &str) -> Result<Self, TextError> {
        let parts: Vec<&str> = tag.split(['-', '_']).collect();
        let language_ok = parts
            .first()
            .is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
        let rest_ok = parts
            .iter()
            .skip(1)
            .all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !language_ok || !rest_ok || parts.len() > 4 {
            return Err(TextError::Tag(tag.to_owned()));
        }
        let mut out = parts[0].to_ascii_lowercase();
        for part in &parts[1..] {
            out.push('-');
            out.push_str(&if part.len() == 2 {
                part.to_ascii_uppercase()
            } else {
                (*part).to_owned()
            });
        }
        Ok(Self { tag: out })
    }

    /// The locale everything falls back to.
    #[must_use]
    pub fn fallback() -> Self {
        Self {
            tag: FALLBACK.to_owned(),
        }
    }

    /// The whole tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The language alone.
    #[must_use]
    pub fn language(&self) -> &str {
        self.tag.split('-').next().unwrap_or(FALLBACK)
    }

    /// Which way this language is written.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.language() {
            "ar" | "fa" | "he" | "ur" | "yi" | "ps" | "dv" | "ckb" => Direction::Rtl,
            _ => Direction::Ltr,
        }
    }
}

impl TryFrom<String> for Locale {
    type Error = TextError;
    fn try_from(tag: String) -> Result<Self, TextError> {
        Self::parse(&tag)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.tag
    }
}

pub(super) fn negotiate(wishes: &Wishes<'_>, known: impl Fn(&str) -> bool) -> Locale {
    let usable = |tag: &str| Locale::parse(tag).ok().filter(|locale| known(locale.language()));
    wishes
        .profile
        .and_then(usable)
        .or_else(|| wishes.cookie.and_then(usable))
        .or_else(|| {
            wishes
                .accept_language
                .and_then(|header| ranked(header).into_iter().find_map(usable))
        })
        .or_else(|| wishes.tenant.and_then(usable))
        .unwrap_or_else(Locale::fallback)
}

/// The tags of an `Accept-Language` header, best first; weights are thousandths, equal ones keep their order.
fn ranked(header: &str) -> Vec<&str> {
    let mut tags: Vec<(u32, &str)> = header
        .split(',')
        .take(MOST_WISHES)
        .filter_map(|part| {
            let mut fields = part.split(';').map(str::trim);
            let tag = fields.next().filter(|tag| !tag.is_empty() && *tag != "*")?;
            let weight = fields
                .find_map(|field| field.strip_prefix("q="))
                .map_or(1000, thousandths);
            (weight > 0).then_some((weight, tag))
        })
        .collect();
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole
        .parse::<u32>()
        .unwrap_or(0)
        .min(1)
        .saturating_mul(1000)
        .saturating_add(digits.parse().unwrap_or(0))
        .min(1000)
}
