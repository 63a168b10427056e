//! A colour, its contrast (WCAG 2.2 relative luminance), and moves in OKLCH lightness, which keep its hue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An opaque sRGB colour; written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// Not `#rgb` or `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written #rrggbb")]
pub struct ColourError;

/// Lightness and the two colour axes of OKLab.
#[derive(Clone, Copy)]
struct Oklab {
    lightness: f64,
    a: f64,
    b: f64,
}

impl Colour {
    /// From its channels.
    #[must_use]
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Contrast with another colour, 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Hue in degrees of OKLCH, 0 to 360.
    #[must_use]
    pub fn hue(self) -> f64 {
        let lab = self.oklab();
        lab.b.atan2(lab.a).to_degrees().rem_euclid(360.0)
    }

    /// This colour, made lighter or darker until it has the contrast with every ground.
    #[must_use]
    pub fn until(self, contrast: f64, grounds: &[Self], lighter: bool) -> Self {
        let enough = |colour: Self| grounds.iter().all(|ground| colour.contrast(*ground) >= contrast);
        let mut lab = self.oklab();
        let mut colour = self;
        for _ in 0..200 {
            if enough(colour) {
                return colour;
            }
            lab.lightness += if lighter { 0.005 } else { -0.005 };
            colour = Self::from_oklab(lab);
        }
        if lighter {
            Self::rgb(0xff, 0xff, 0xff)
        } else {
            Self::rgb(0, 0, 0)
        }
    }

    /// A share of this colour in another, as `color-mix(in oklab, ..)` mixes.
    #[must_use]
    pub fn mixed_into(self, ground: Self, share: f64) -> Self {
        let (top, under) = (self.oklab(), ground.oklab());
        let mix = |x: f64, y: f64| x * share + y * (1.0 - share);
        Self::from_oklab(Oklab {
            lightness: mix(top.lightness, under.lightness),
            a: mix(top.a, under.a),
            b: mix(top.b, under.b),
        })
    }

    fn linear(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Matrices of the OKLab definition (Björn Ottosson, 2020).
    fn oklab(self) -> Oklab {
        let [r, g, b] = self.linear();
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        Oklab {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }

    fn from_oklab(lab: Oklab) -> Self {
        let l = (lab.lightness + 0.396_337_777_4 * lab.a + 0.215_803_757_3 * lab.b).powi(3);
        let m = (lab.lightness - 0.105_561_345_8 * lab.a - 0.063_854_172_8 * lab.b).powi(3);
        let s = (lab.lightness - 0.089_484_177_5 * lab.a - 1.291_485_548_0 * lab.b).powi(3);
        Self {
            red: channel(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
            green: channel(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
            blue: channel(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
        }
    }
}

/// A linear value as an 8-bit channel; outside the gamut it is clipped.
fn channel(linear: f64) -> u8 {
    let value = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    let scaled = (value.clamp(0.0, 1.0) * 255.0).round();
    (0..=u8::MAX).find(|byte| f64::from(*byte) >= scaled).unwrap_or(u8::MAX)
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .ok_or(ColourError)?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| ColourError)?;
        let [_, red, green, blue] = match digits.len() {
            6 => value.to_be_bytes(),
            3 => [0, value >> 8, (value >> 4) & 15, value & 15].map(|nibble| u8::try_from(nibble * 17).unwrap_or(0)),
            _ => return Err(ColourError),
        };
        Ok(Self { red, green, blue })
    }
}

impl TryFrom<String> for Colour {
    type Error = ColourError;
    fn try_from(text: String) -> Result<Self, ColourError> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}
