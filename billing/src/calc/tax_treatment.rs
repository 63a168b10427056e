//! `tax_treatment`: whose tax a sale carries.

use serde::Serialize;

use super::answer::{Answer, Result};
use super::error::{CaseError, Code};
use super::fields::Fields;
use super::item::Item;
use crate::rules::country::Country;
use crate::rules::tax_treatment::{Buyer, tax_treatment};

pub(super) const FIELDS: [&str; 4] = ["seller", "buyer", "date", "kind"];

const BUYER_FIELDS: [&str; 4] = ["country", "region", "vat_id", "vat_valid"];

const RATE_PLACES: u32 = 12;

#[derive(Serialize)]
pub(super) struct Printed {
    scheme: &'static str,
    rate: String,
    note: String,
}

pub(super) fn answer(case: &Fields) -> Result {
    case.required("kind")?.one_of(&[("digital_service", ())])?;
    let seller = country(&case.required("seller")?)?;
    let buyer = buyer(&Fields::open(&case.required("buyer")?, &BUYER_FIELDS)?)?;
    let date = case.required("date")?.date()?;
    let treatment = tax_treatment(seller, &buyer, date)?;
    Ok(Answer::TaxTreatment(Printed {
        scheme: treatment.scheme.as_str(),
        rate: treatment.rate.to_short(RATE_PLACES),
        note: treatment.note,
    }))
}

fn country(item: &Item) -> std::result::Result<Country, CaseError> {
    Country::parse(item.text()?).ok_or_else(|| item.wrong(Code::UnknownCountry, "is no country of ISO 3166-1"))
}

fn buyer(fields: &Fields) -> std::result::Result<Buyer, CaseError> {
    fields.read("vat_id", |item| item.text().map(str::len))?;
    Ok(Buyer {
        country: country(&fields.required("country")?)?,
        region: fields.read("region", |item| region(&item))?,
        vat_valid: fields.read("vat_valid", |item| item.bool())?.unwrap_or(false),
    })
}

/// `ES-CN`: two letters, a hyphen and one to three letters or digits, as ISO 3166-2 writes them.
fn region(item: &Item) -> std::result::Result<String, CaseError> {
    let text = item.text()?;
    let is_code = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    match text.split_once('-') {
        Some((country, part)) if country.len() == 2 && (1..=3).contains(&part.len()) && is_code(part) => {
            Ok(text.to_owned())
        }
        _ => Err(item.malformed("is no region such as ES-CN")),
    }
}
