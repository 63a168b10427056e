//! What a metered quantity costs.

use platform::money::{Currency, Exact, Money, Rounding, allocate};

use super::RuleError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TierModel {
    /// Each tier prices the units that fall into it.
    Graduated,
    /// The tier that all units fit into prices all of them.
    Volume,
    /// One tier, sold in blocks.
    Package,
}

/// One step of a price. Prices are in the currency's major unit and may be finer than money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The last unit in it; nothing for the last tier, and only there.
    pub up_to: Option<Exact>,
    pub unit_price: Exact,
    pub flat: Exact,
    /// Units are sold in whole blocks of this size, at `unit_price` a block.
    pub block: Option<Exact>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    pub units: Exact,
    /// Units that cost nothing.
    pub included: Exact,
    /// What the whole costs at least.
    pub minimum: Money,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiered {
    /// One per tier; they add up to the rounded sum.
    pub tier_amounts: Vec<Money>,
    /// What lifts the sum to the minimum.
    pub true_up: Money,
    pub total: Money,
}

pub fn price_tiers(
    currency: Currency,
    metered: &Metered,
    tiers: &[Tier],
    model: TierModel,
) -> Result<Tiered, RuleError> {
    check(tiers, model)?;
    let counted = (&metered.units - &metered.included).max(Exact::zero());
    let minor_per_major = Exact::from(currency.minor_per_major());
    let exact = units_by_tier(&counted, tiers, model)
        .into_iter()
        .zip(tiers)
        .map(|(units, tier)| match units {
            Some(units) => Ok(&price_of(tier, &units)? * &minor_per_major),
            None => Ok(Exact::zero()),
        })
        .collect::<Result<Vec<Exact>, RuleError>>()?;
    let sum = Money::from_exact_minor(&exact.iter().sum(), currency, Rounding::HalfUp)?;
    let tier_amounts = allocate(sum.minor, &exact)?
        .into_iter()
        .map(|minor| Money::new(minor, currency))
        .collect::<Result<Vec<Money>, _>>()?;
    let short = metered.minimum.sub(sum)?;
    let true_up = if short.is_negative() {
        Money::zero(currency)
    } else {
        short
    };
    Ok(Tiered {
        tier_amounts,
        true_up,
        total: sum.add(true_up)?,
    })
}

fn check(tiers: &[Tier], model: TierModel) -> Result<(), RuleError> {
    let Some((last, others)) = tiers.split_last() else {
        return Err(RuleError::Contradiction("at least one tier is needed"));
    };
    if last.up_to.is_some() || others.iter().any(|tier| tier.up_to.is_none()) {
        return Err(RuleError::Contradiction(
            "up_to is null on the last tier and only there",
        ));
    }
    if model == TierModel::Package && (!others.is_empty() || last.block.is_none()) {
        return Err(RuleError::Contradiction("a package is exactly one tier with a block"));
    }
    let mut below = Exact::zero();
    for up_to in others.iter().filter_map(|tier| tier.up_to.as_ref()) {
        if *up_to <= below {
            return Err(RuleError::BadRange("tiers must rise from above 0"));
        }
        below = up_to.clone();
    }
    Ok(())
}

/// The units that each tier prices; nothing where a tier has no part in the price.
fn units_by_tier(counted: &Exact, tiers: &[Tier], model: TierModel) -> Vec<Option<Exact>> {
    let mut below = Exact::zero();
    let mut chosen = false;
    let mut units = Vec::with_capacity(tiers.len());
    for (index, tier) in tiers.iter().enumerate() {
        let fits = tier.up_to.as_ref().is_none_or(|up_to| counted <= up_to);
        units.push(match model {
            TierModel::Volume | TierModel::Package => (fits && !chosen).then(|| counted.clone()),
            TierModel::Graduated => {
                let top = tier.up_to.as_ref().map_or(counted, |up_to| up_to.min(counted));
                let inside = top - &below;
                (index == 0 || inside.is_positive()).then_some(inside)
            }
        });
        chosen |= fits;
        if let Some(up_to) = &tier.up_to {
            below = up_to.clone();
        }
    }
    units
}

fn price_of(tier: &Tier, units: &Exact) -> Result<Exact, RuleError> {
    let sold = match &tier.block {
        Some(block) if block.is_positive() => units.divide(block).unwrap_or_default().ceil(),
        Some(_) => return Err(RuleError::OutOfRange("block")),
        None => units.clone(),
    };
    Ok(&(&sold * &tier.unit_price) + &tier.flat)
}
