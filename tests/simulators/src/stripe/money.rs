//! Currency rules: known codes, smallest and largest amounts, steps, and the processing fee.

use super::refusal::Refusal;

const KNOWN: &str = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny \
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs \
khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen \
pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu \
uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw";

/// Refuses what Stripe refuses about an amount, which is in the currency's minor unit.
pub(super) fn check(amount: i64, currency: &str) -> Result<(), Refusal> {
    if !KNOWN.split_whitespace().any(|code| code == currency) {
        let told = format!("Invalid currency: {currency}. Stripe does not currently support it.");
        return Err(Refusal::invalid("currency", &told));
    }
    if amount < smallest(currency) {
        let told = format!(
            "Amount must be at least {} {currency} in the smallest unit.",
            smallest(currency)
        );
        return Err(Refusal::coded("amount_too_small", "amount", &told));
    }
    if amount > 99_999_999 {
        let told = "Amount must be no more than 99999999.";
        return Err(Refusal::coded("amount_too_large", "amount", told));
    }
    let step = step(currency);
    if amount % step != 0 {
        let told = format!("Amounts in {currency} must be divisible by {step}.");
        return Err(Refusal::coded("parameter_invalid_integer", "amount", &told));
    }
    Ok(())
}

fn smallest(currency: &str) -> i64 {
    match currency {
        "gbp" => 30,
        "aed" | "pln" | "ron" => 200,
        "bgn" => 100,
        "czk" => 1_500,
        "dkk" => 250,
        "hkd" => 400,
        "huf" => 17_500,
        "mxn" | "thb" => 1_000,
        "myr" => 200,
        "nok" | "sek" => 300,
        "kwd" | "bhd" | "omr" | "jod" | "tnd" => 200,
        _ => 50,
    }
}

fn step(currency: &str) -> i64 {
    match currency {
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        "isk" | "ugx" => 100,
        _ => 1,
    }
}

/// 2.9 % and 30 of the smallest unit, rounded half up.
pub(super) fn fee(amount: i64) -> i64 {
    (amount * 29 + 500) / 1000 + 30
}
