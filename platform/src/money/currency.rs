//! ISO 4217 codes, each with the number of decimals that its amounts have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MoneyError;

// Codes without minor units (gold, testing, "no currency") are left out: nothing can cost them.
const NO_DECIMALS: &str = "\
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
const TWO_DECIMALS: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR \
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED \
    VES WST XAD XCD XCG YER ZAR ZMW ZWG ";
const THREE_DECIMALS: &str = "\
    BHD IQD JOD KWD LYD OMR TND ";
const FOUR_DECIMALS: &str = "\
    CLF UYW ";

/// A currency of ISO 4217 that has minor units.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// Reads a three-letter code in upper case.
    pub fn parse(code: &str) -> Result<Currency, MoneyError> {
        Currency::all()
            .find(|known| known.code == code)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
    }

    /// Every known currency, by number of decimals and code.
    pub fn all() -> impl Iterator<Item = Currency> {
        [
            (0, NO_DECIMALS),
            (2, TWO_DECIMALS),
            (3, THREE_DECIMALS),
            (4, FOUR_DECIMALS),
        ]
        .into_iter()
        .flat_map(|(exponent, codes)| codes.split_whitespace().map(move |code| Currency { code, exponent }))
    }

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// How many decimals an amount has: JPY 0, USD 2, KWD 3.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// Minor units in one major unit: JPY 1, USD 100, KWD 1000.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(u32::from(self.exponent))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Currency, MoneyError> {
        Currency::parse(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Currency, D::Error> {
        let code = String::deserialize(input)?;
        Currency::parse(&code).map_err(serde::de::Error::custom)
    }
}
