//! The fonts every document is set in, read once a process. They are part of the program, so a
//! document looks the same on every machine.

use std::sync::OnceLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// Families in the order they are asked for a glyph.
pub const FAMILIES: [&str; 2] = ["Inter V", "DejaVu Sans"];

/// The loaded fonts and the book typst chooses from.
pub struct Fonts {
    pub book: LazyHash<FontBook>,
    pub faces: Vec<Font>,
}

/// The fonts, loaded on first use.
pub fn loaded() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let files = [ttf_inter::REGULAR, dejavu::sans::regular(), dejavu::sans::bold()];
        let faces: Vec<Font> = files
            .into_iter()
            .flat_map(|file| Font::iter(Bytes::new(file)))
            .collect();
        Fonts {
            book: LazyHash::new(FontBook::from_fonts(&faces)),
            faces,
        }
    })
}
