//! A tenant's colours as a style sheet. Colours are parsed, never pasted: the sheet holds only numbers this file wrote.
//! A logo's colour is never refused; text on it and in it is moved until it can be read (4.5:1, WCAG AA).

mod colour;

pub use colour::{Colour, ColourError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Contrast small text needs.
const READABLE: f64 = 4.5;
/// Contrast a filled button needs against its surroundings.
const VISIBLE: f64 = 3.0;
/// Widest corner, in pixels.
const WIDEST_RADIUS: u8 = 12;

const WHITE: Colour = Colour::rgb(0xff, 0xff, 0xff);
const NEAR_BLACK: Colour = Colour::rgb(0x10, 0x12, 0x1a);
const LIGHT_SURFACE: Colour = WHITE;
const LIGHT_PAGE: Colour = Colour::rgb(0xf6, 0xf6, 0xf8);
const DARK_SURFACE: Colour = Colour::rgb(0x23, 0x24, 0x2e);
const DARK_PAGE: Colour = Colour::rgb(0x1a, 0x1b, 0x23);

/// Typeface of a tenant's pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Font {
    /// Inter, served with the pages.
    #[default]
    Inter,
    /// Whatever the device has.
    System,
}

/// What a tenant chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandColours {
    /// Main colour.
    pub brand: Colour,
    /// Main colour on dark pages; derived when absent.
    pub brand_dark: Option<Colour>,
    /// Second series of charts; chosen when absent.
    pub accent: Option<Colour>,
    /// Corner radius in pixels, at most 12.
    pub radius_px: u8,
    /// Typeface.
    pub font: Font,
}

impl Default for BrandColours {
    fn default() -> Self {
        Self {
            brand: Colour::rgb(0x6a, 0x5c, 0xf0),
            brand_dark: None,
            accent: None,
            radius_px: 6,
            font: Font::Inter,
        }
    }
}

/// A finished style sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeSheet {
    /// The text.
    pub css: String,
    /// Names the version in `/theme/{hash}.css`.
    pub hash: String,
}

impl ThemeSheet {
    /// Where pages link to it.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/theme/{}.css", self.hash)
    }
}

/// The colours of one mode, after correction.
struct Mode {
    brand: Colour,
    fg: Colour,
    ink: Colour,
    tint: Colour,
}

/// The sheet for a tenant's choice.
#[must_use]
pub fn theme_css(choice: &BrandColours) -> ThemeSheet {
    let light = mode(choice.brand, &[LIGHT_SURFACE, LIGHT_PAGE], 0.12, false);
    let dark_brand = choice
        .brand_dark
        .unwrap_or_else(|| choice.brand.until(VISIBLE, &[DARK_SURFACE], true));
    let dark = mode(dark_brand, &[DARK_SURFACE, DARK_PAGE], 0.24, true);
    // A second series of the brand's own hue could not be told apart from the first.
    let accent = choice
        .accent
        .unwrap_or(if (100.0..230.0).contains(&choice.brand.hue()) {
            Colour::rgb(0xc2, 0x62, 0x0a)
        } else {
            Colour::rgb(0x12, 0xa5, 0x94)
        });
    let radius = choice.radius_px.min(WIDEST_RADIUS);
    let font = match choice.font {
        Font::Inter => "",
        Font::System => ";--font:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif",
    };
    let css = format!(
        ":root{{{};--chart-2:{};--radius:{radius}px{font}}}\n[data-bs-theme=dark]{{{};--chart-2:{}}}\n",
        light.declarations(),
        accent.until(VISIBLE, &[LIGHT_SURFACE], false),
        dark.declarations(),
        accent.until(VISIBLE, &[DARK_SURFACE], true),
    );
    let digest = hex::encode(Sha256::digest(css.as_bytes()));
    ThemeSheet {
        hash: digest.chars().take(16).collect(),
        css,
    }
}

fn mode(brand: Colour, grounds: &[Colour], tint_share: f64, lighter: bool) -> Mode {
    let surface = grounds.first().copied().unwrap_or(WHITE);
    let tint = brand.mixed_into(surface, tint_share);
    let mut behind = grounds.to_vec();
    behind.push(tint);
    let ink = brand.until(READABLE, &behind, lighter);
    let fg = if brand.contrast(WHITE) >= brand.contrast(NEAR_BLACK) {
        WHITE
    } else {
        NEAR_BLACK
    };
    // Between the two there are colours on which neither reads well; those give way by a shade.
    let brand = brand.until(READABLE, &[fg], fg == NEAR_BLACK);
    Mode { brand, fg, ink, tint }
}

impl Mode {
    fn declarations(&self) -> String {
        let Self { brand, fg, ink, tint } = self;
        format!("--brand:{brand};--brand-fg:{fg};--brand-ink:{ink};--brand-tint:{tint}")
    }
}

#[cfg(test)]
mod tests {
    use super::{BrandColours, Colour, DARK_PAGE, DARK_SURFACE, Font, LIGHT_PAGE, LIGHT_SURFACE, mode, theme_css};

    fn colour(hex: &str) -> Colour {
        hex.parse().unwrap()
    }

    #[test]
    fn every_logo_colour_becomes_readable() {
        for hex in [
            "#6a5cf0", "#0b7a5f", "#ffee00", "#ffffff", "#000000", "#ff0000", "#7367f0", "#00ff88", "#123456",
            "#808080",
        ] {
            let check = |grounds: &[Colour], share, lighter| {
                let made = mode(colour(hex), grounds, share, lighter);
                for ground in grounds.iter().chain([&made.tint]) {
                    assert!(made.ink.contrast(*ground) >= 4.5, "{hex}: {} on {ground}", made.ink);
                }
                assert!(made.fg.contrast(made.brand) >= 4.5, "{hex}: text on the brand");
            };
            check(&[LIGHT_SURFACE, LIGHT_PAGE], 0.12, false);
            check(&[DARK_SURFACE, DARK_PAGE], 0.24, true);
        }
    }

    #[test]
    fn the_sheet_is_made_of_numbers_only() {
        let choice = BrandColours {
            brand: colour("#0b7a5f"),
            brand_dark: Some(colour("#2dbd95")),
            accent: None,
            radius_px: 200,
            font: Font::System,
        };
        let sheet = theme_css(&choice);
        assert!(
            sheet.css.starts_with(":root{--brand:#0b7a5f;--brand-fg:#ffffff;"),
            "{}",
            sheet.css
        );
        assert!(sheet.css.contains("--radius:12px") && sheet.css.contains("--brand:#2dbd95;--brand-fg:#10121a"));
        assert!(!sheet.css.contains("--success") && !sheet.css.contains("url("));
        assert_eq!(sheet.path(), format!("/theme/{}.css", sheet.hash));
        assert_eq!(theme_css(&choice), sheet);
        assert_ne!(theme_css(&BrandColours::default()).hash, sheet.hash);
    }

    #[test]
    fn only_colours_are_colours() {
        for wrong in ["", "#12", "red", "#12345g", "#fff;}body{", "url(x)", "#1234567", "#ééé"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
        assert_eq!(colour("#ABC").to_string(), "#aabbcc");
    }
}
