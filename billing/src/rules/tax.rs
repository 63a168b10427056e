//! How much tax lines carry: exact per line and rate, rounded per line or once per rate.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use platform::money::{Currency, Exact, Money, Rounding, allocate};

use super::RuleError;

/// Where tax is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaxLevel {
    /// Once per rate, on the sum of all lines, and shared out to them.
    PerRate,
    /// On each line and rate.
    PerLine,
}

/// An amount that is taxed at each of its rates; no tax is laid on tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxLine {
    pub amount: Money,
    /// Percent, each once.
    pub rates: Vec<Exact>,
    /// Whether the amount contains the tax.
    pub inclusive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxedLine {
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// The tax at each rate, in the order of the line's rates.
    pub taxes: Vec<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTotal {
    pub rate: Exact,
    /// The sum of net over the lines that carry the rate.
    pub base: Money,
    pub tax: Money,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    pub lines: Vec<TaxedLine>,
    /// By rising rate.
    pub by_rate: Vec<RateTotal>,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
}

/// One rate of one line, before rounding.
struct Share {
    line: usize,
    /// Position among the line's rates.
    position: usize,
    exact: Exact,
}

/// Taxes all lines, all in `currency`.
pub fn tax(currency: Currency, lines: &[TaxLine], level: TaxLevel, rounding: Rounding) -> Result<Taxed, RuleError> {
    let by_rate = shares_by_rate(currency, lines)?;
    let mut taxes: Vec<Vec<Money>> = lines
        .iter()
        .map(|line| vec![Money::zero(currency); line.rates.len()])
        .collect();
    for shares in by_rate.values() {
        for (share, minor) in shares.iter().zip(round_shares(shares, level, rounding)?) {
            if let Some(slot) = taxes.get_mut(share.line).and_then(|line| line.get_mut(share.position)) {
                *slot = Money::new(minor, currency)?;
            }
        }
    }
    let lines = lines
        .iter()
        .zip(taxes)
        .map(|(line, taxes)| taxed_line(currency, line, taxes))
        .collect::<Result<Vec<TaxedLine>, RuleError>>()?;
    let by_rate = by_rate
        .iter()
        .map(|(rate, shares)| rate_total(currency, rate, shares, &lines))
        .collect::<Result<Vec<RateTotal>, RuleError>>()?;
    Ok(Taxed {
        net: Money::sum(currency, lines.iter().map(|line| line.net))?,
        tax: Money::sum(currency, lines.iter().map(|line| line.tax))?,
        total: Money::sum(currency, lines.iter().map(|line| line.total))?,
        lines,
        by_rate,
    })
}

fn shares_by_rate(currency: Currency, lines: &[TaxLine]) -> Result<BTreeMap<Exact, Vec<Share>>, RuleError> {
    let mut by_rate: BTreeMap<Exact, Vec<Share>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        line.amount.same_currency(Money::zero(currency))?;
        let distinct: BTreeSet<&Exact> = line.rates.iter().collect();
        if distinct.len() < line.rates.len() {
            return Err(RuleError::Contradiction("a line names a rate twice"));
        }
        let hundred = Exact::from(100_u32);
        let divisor = match line.inclusive {
            true => &hundred + &line.rates.iter().sum(),
            false => hundred,
        };
        for (position, rate) in line.rates.iter().enumerate() {
            let exact = (&line.amount.exact_minor() * rate)
                .divide(&divisor)
                .ok_or(RuleError::OutOfRange("rate"))?;
            by_rate.entry(rate.clone()).or_default().push(Share {
                line: index,
                position,
                exact,
            });
        }
    }
    Ok(by_rate)
}

fn round_shares(shares: &[Share], level: TaxLevel, rounding: Rounding) -> Result<Vec<i64>, RuleError> {
    let too_big = || RuleError::OutOfRange("tax");
    match level {
        TaxLevel::PerLine => shares
            .iter()
            .map(|share| share.exact.round(rounding).ok_or_else(too_big))
            .collect(),
        TaxLevel::PerRate => {
            let exact: Vec<Exact> = shares.iter().map(|share| share.exact.clone()).collect();
            let total = exact.iter().sum::<Exact>().round(rounding).ok_or_else(too_big)?;
            Ok(allocate(total, &exact)?)
        }
    }
}

fn taxed_line(currency: Currency, line: &TaxLine, taxes: Vec<Money>) -> Result<TaxedLine, RuleError> {
    let tax = Money::sum(currency, taxes.iter().copied())?;
    let (net, total) = match line.inclusive {
        true => (line.amount.sub(tax)?, line.amount),
        false => (line.amount, line.amount.add(tax)?),
    };
    Ok(TaxedLine { net, tax, total, taxes })
}

fn rate_total(currency: Currency, rate: &Exact, shares: &[Share], lines: &[TaxedLine]) -> Result<RateTotal, RuleError> {
    let carrying = || {
        shares
            .iter()
            .filter_map(|share| lines.get(share.line).map(|line| (share, line)))
    };
    let base = Money::sum(currency, carrying().map(|(_, line)| line.net))?;
    let taxes = carrying().filter_map(|(share, line)| line.taxes.get(share.position).copied());
    Ok(RateTotal {
        rate: rate.clone(),
        base,
        tax: Money::sum(currency, taxes)?,
    })
}
