//! A tenant's look: name, logo, colours. Values are typed, so that no style reaches a page unread.

use serde::{Deserialize, Serialize};

/// A tenant's own look, as stored; unset fields resolve to the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrandValues {
    /// `#rrggbb`, in light mode.
    pub color: Option<Colour>,
    /// `#rrggbb`, in dark mode.
    pub color_dark: Option<Colour>,
    /// `#rrggbb`, the second colour of charts.
    pub accent: Option<Colour>,
    /// Corner radius in pixels, 0 to 12.
    pub radius: Option<u8>,
    /// `inter` or `system`.
    pub font: Option<Font>,
    /// The mark beside the name: an icon of ours.
    pub mark: Option<String>,
    /// A PNG or sanitised SVG, by its address on the tenant's own host.
    pub logo: Option<String>,
}

/// The resolved look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brand {
    /// Name for people.
    pub name: String,
    /// Light mode.
    pub color: Colour,
    /// Dark mode; none: derived from the light one.
    pub color_dark: Option<Colour>,
    /// Second chart colour.
    pub accent: Colour,
    /// Pixels.
    pub radius: u8,
    /// Typeface.
    pub font: Font,
    /// Icon name.
    pub mark: String,
    /// Address of the logo.
    pub logo: Option<String>,
}

/// Typefaces on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Font {
    /// The bundled one.
    Inter,
    /// Whatever the visitor's system has.
    System,
}

/// An sRGB colour, spelt `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub u8, pub u8, pub u8);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no colour of the form #rrggbb");
        let digits = text
            .strip_prefix('#')
            .filter(|d| d.len() == 6 && d.is_ascii())
            .ok_or_else(wrong)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let part = |range: std::ops::Range<usize>| u8::from_str_radix(&digits[range], 16).map_err(|_| wrong());
        Ok(Self(part(0..2)?, part(2..4)?, part(4..6)?))
    }
}

impl From<Colour> for String {
    fn from(c: Colour) -> Self {
        format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2)
    }
}

impl Brand {
    /// The look of a tenant called `name` with these values.
    #[must_use]
    pub fn resolve(name: &str, values: &BrandValues) -> Self {
        Self {
            name: name.to_owned(),
            color: values.color.unwrap_or(Colour(0x6a, 0x5c, 0xf0)),
            color_dark: values.color_dark,
            accent: values.accent.unwrap_or(Colour(0x0f, 0xa3, 0x8c)),
            radius: values.radius.unwrap_or(6).min(12),
            font: values.font.unwrap_or(Font::Inter),
            mark: values.mark.clone().unwrap_or_else(|| "bolt".into()),
            logo: values.logo.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_hex_colour_is_one() {
        for (text, ok) in [
            ("#6A5CF0", true),
            ("#fff", false),
            ("red", false),
            ("#12345g", false),
            ("#1234567", false),
            ("#€€", false),
            ("#+1+2+3", false),
        ] {
            assert_eq!(Colour::try_from(text.to_owned()).is_ok(), ok, "{text}");
        }
    }
}
