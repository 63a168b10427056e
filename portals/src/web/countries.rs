//! Countries for address forms, by name in the reader's language.

use serde::Serialize;

use crate::app::{App, front_texts};
use platform::texts::Locale;
use platform::views::Page;

/// ISO 3166-1 alpha-2.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI \
    BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN \
    CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

/// One option of a country field.
#[derive(Debug, Clone, Serialize)]
pub struct Country {
    /// Code.
    pub value: &'static str,
    /// Name.
    pub label: String,
}

/// Every country, sorted by its name in `language`.
#[must_use]
pub fn countries(language: &str) -> Vec<Country> {
    let locale = Locale::parse(language).unwrap_or_else(|_| Locale::fallback());
    let mut list: Vec<Country> = CODES
        .split_whitespace()
        .map(|code| Country {
            value: code,
            label: front_texts().plain(&locale, None, &format!("country-{}", code.to_ascii_lowercase())),
        })
        .collect();
    list.sort_by_key(|country| {
        country
            .label
            .replace(['Ä', 'Å'], "A")
            .replace('Ö', "O")
            .replace('Ü', "U")
    });
    list
}

/// A line of an address as people read it: a country by its name, anything else as it is.
#[must_use]
pub fn line(app: &App, page: &Page, line: &str) -> String {
    if is_country(line) {
        app.say(page, &format!("country-{}", line.to_ascii_lowercase()), &[])
    } else {
        line.to_owned()
    }
}

/// Whether `code` is one of them.
#[must_use]
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && CODES.split_whitespace().any(|known| known == code)
}
