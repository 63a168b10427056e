//! From a tenant's stored look to its theme sheet, computed once per look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenancy::brand::{Brand, Colour as Stored, Font as StoredFont};

use crate::theme::{self, BrandColours, Colour, Font, ThemeSheet};

type Key = (Stored, Option<Stored>, Stored, u8, bool);

/// Sheets by look; tenants with the same colours share one.
#[derive(Default)]
pub struct Sheets(Mutex<HashMap<Key, Arc<ThemeSheet>>>);

/// More looks than this are forgotten and computed again.
const KEPT: usize = 10_000;

impl Sheets {
    /// The sheet of a look.
    pub fn of(&self, brand: &Brand) -> Arc<ThemeSheet> {
        let key = (
            brand.color,
            brand.color_dark,
            brand.accent,
            brand.radius,
            brand.font == StoredFont::System,
        );
        let mut sheets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sheets.len() >= KEPT {
            sheets.clear();
        }
        sheets
            .entry(key)
            .or_insert_with(|| Arc::new(theme::theme_css(&colours(brand))))
            .clone()
    }
}

fn colour(stored: Stored) -> Colour {
    Colour::rgb(stored.0, stored.1, stored.2)
}

fn colours(brand: &Brand) -> BrandColours {
    BrandColours {
        brand: colour(brand.color),
        brand_dark: brand.color_dark.map(colour),
        accent: Some(colour(brand.accent)),
        radius_px: brand.radius,
        font: match brand.font {
            StoredFont::Inter => Font::Inter,
            StoredFont::System => Font::System,
        },
    }
}

/// White or near-black, whichever reads better on a colour.
#[must_use]
pub fn readable_on(stored: Stored) -> &'static str {
    let white = colour(stored).contrast(Colour::rgb(0xff, 0xff, 0xff));
    let black = colour(stored).contrast(Colour::rgb(0x10, 0x12, 0x1a));
    if white >= black { "#ffffff" } else { "#10121a" }
}
