//! Whose value added tax a digital service carries, and at what rate.

use chrono::NaiveDate;
use platform::money::Exact;

use super::RuleError;
use super::country::Country;
use super::vat_rate::{FIRST_DAY, in_eu, standard_rate};

/// Parts of Spain that are outside the tax territory of the European Union.
const OUTSIDE_EU: [&str; 3] = ["ES-CN", "ES-CE", "ES-ML"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    pub country: Country,
    /// ISO 3166-2, of that country.
    pub region: Option<String>,
    /// Whether a tax number was checked and found valid. A number alone proves nothing.
    pub vat_valid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The seller's own country, at its standard rate.
    Domestic,
    /// The buyer owes the tax.
    ReverseCharge,
    /// The buyer's standard rate, reported through the one-stop shop.
    Oss,
    /// Outside the tax territory.
    Export,
    /// The seller's own country, whose tax is not in our tables.
    None,
}

impl Scheme {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Domestic => "domestic",
            Scheme::ReverseCharge => "reverse_charge",
            Scheme::Oss => "oss",
            Scheme::Export => "export",
            Scheme::None => "none",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treatment {
    pub scheme: Scheme,
    /// Percent.
    pub rate: Exact,
    /// One sentence for the invoice.
    pub note: String,
}

/// How a digital service sold on `date` is taxed.
pub fn tax_treatment(seller: Country, buyer: &Buyer, date: NaiveDate) -> Result<Treatment, RuleError> {
    if FIRST_DAY.is_none_or(|first| date < first) {
        return Err(RuleError::OutOfRange("date"));
    }
    let region = buyer.region.as_deref();
    if region.is_some_and(|region| region.split('-').next() != Some(buyer.country.code())) {
        return Err(RuleError::Contradiction("the region is not in the country"));
    }
    let outside = region.is_some_and(|region| OUTSIDE_EU.contains(&region));
    let own = standard_rate(buyer.country, date);
    let (scheme, rate) = match own {
        _ if outside => (Scheme::Export, None),
        Some(rate) if seller == buyer.country => (Scheme::Domestic, Some(rate)),
        None if seller == buyer.country => (Scheme::None, None),
        Some(_) if in_eu(buyer.country) && buyer.vat_valid => (Scheme::ReverseCharge, None),
        Some(rate) if in_eu(buyer.country) => (Scheme::Oss, Some(rate)),
        _ => (Scheme::Export, None),
    };
    let rate = rate.unwrap_or_default();
    let note = note(scheme, seller, region.unwrap_or(buyer.country.code()), &rate);
    Ok(Treatment { scheme, rate, note })
}

fn note(scheme: Scheme, seller: Country, buyer: &str, rate: &Exact) -> String {
    let rate = rate.to_short(2);
    match scheme {
        Scheme::Domestic => {
            format!("Seller and buyer are in {seller}: VAT at its standard rate of {rate} %.")
        }
        Scheme::ReverseCharge => format!("Reverse charge: the buyer in {buyer} owes the VAT."),
        Scheme::Oss => {
            format!("VAT of {buyer} at its standard rate of {rate} %, through the one-stop shop.")
        }
        Scheme::Export => {
            format!("The buyer in {buyer} is outside the EU VAT territory: no VAT is charged.")
        }
        Scheme::None => format!("Seller and buyer are in {seller}, where no VAT of ours applies."),
    }
}
