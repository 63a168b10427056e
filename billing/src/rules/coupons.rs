//! Which discount each line gets. Coupons apply one after the other to what is left.

use platform::money::{Currency, Exact, Money, Rounding, allocate};

use super::RuleError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CouponValue {
    /// Percent of what is left on its lines, 0 to 100.
    Percent(Exact),
    /// An amount, spread over its lines.
    Fixed(Money),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    pub value: CouponValue,
    /// Positions of the lines it is for; all when not said.
    pub applies_to: Option<Vec<usize>>,
    /// Whether it may be used together with others.
    pub stack: bool,
    /// The most it may ever give; for a fixed one its value is a limit too.
    pub max: Option<Money>,
    /// What it gave before; comes off its limit.
    pub used: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CouponOrder {
    #[default]
    AsGiven,
    PercentFirst,
    FixedFirst,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    pub line: usize,
    pub coupon: usize,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountedLine {
    pub discount: Money,
    pub net: Money,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discounted {
    /// In the order they were applied; none of them is zero.
    pub discounts: Vec<Discount>,
    pub lines: Vec<DiscountedLine>,
    pub discount: Money,
    pub net: Money,
}

/// Applies coupons to line amounts, all in `currency` and none negative.
pub fn apply_coupons(
    currency: Currency,
    amounts: &[Money],
    coupons: &[Coupon],
    order: CouponOrder,
) -> Result<Discounted, RuleError> {
    check(currency, amounts, coupons)?;
    let mut left: Vec<i64> = amounts.iter().map(|amount| amount.minor).collect();
    let mut discounts = Vec::new();
    let mut any_applied = false;
    let mut alone_applied = false;
    for (index, coupon) in in_order(coupons, order) {
        if alone_applied || (any_applied && !coupon.stack) {
            continue;
        }
        let gave = give(coupon, &left)?;
        if gave.is_empty() {
            continue;
        }
        any_applied = true;
        alone_applied = !coupon.stack;
        for (line, minor) in gave {
            if let Some(rest) = left.get_mut(line) {
                *rest -= minor;
            }
            discounts.push(Discount {
                line,
                coupon: index,
                amount: Money::new(minor, currency)?,
            });
        }
    }
    let lines = amounts
        .iter()
        .zip(left)
        .map(|(amount, rest)| {
            let net = Money::new(rest, currency)?;
            Ok(DiscountedLine {
                discount: amount.sub(net)?,
                net,
            })
        })
        .collect::<Result<Vec<DiscountedLine>, RuleError>>()?;
    Ok(Discounted {
        discount: Money::sum(currency, lines.iter().map(|line| line.discount))?,
        net: Money::sum(currency, lines.iter().map(|line| line.net))?,
        discounts,
        lines,
    })
}

fn check(currency: Currency, amounts: &[Money], coupons: &[Coupon]) -> Result<(), RuleError> {
    let zero = Money::zero(currency);
    let limits = coupons.iter().flat_map(|coupon| {
        let value = match &coupon.value {
            CouponValue::Fixed(value) => Some(*value),
            CouponValue::Percent(_) => None,
        };
        [value, coupon.max, Some(coupon.used)].into_iter().flatten()
    });
    for amount in amounts.iter().copied().chain(limits) {
        amount.same_currency(zero)?;
        if amount.is_negative() {
            return Err(RuleError::OutOfRange("amount"));
        }
    }
    for coupon in coupons {
        if matches!(&coupon.value, CouponValue::Percent(rate) if rate.is_negative() || *rate > Exact::from(100_u32)) {
            return Err(RuleError::OutOfRange("value"));
        }
        let mut positions = coupon.applies_to.iter().flatten();
        if positions.any(|position| *position >= amounts.len()) {
            return Err(RuleError::UnknownLine);
        }
    }
    Ok(())
}

fn in_order(coupons: &[Coupon], order: CouponOrder) -> Vec<(usize, &Coupon)> {
    let mut sorted: Vec<(usize, &Coupon)> = coupons.iter().enumerate().collect();
    let is_fixed = |coupon: &Coupon| matches!(coupon.value, CouponValue::Fixed(_));
    match order {
        CouponOrder::AsGiven => {}
        CouponOrder::PercentFirst => sorted.sort_by_key(|(_, coupon)| is_fixed(coupon)),
        CouponOrder::FixedFirst => sorted.sort_by_key(|(_, coupon)| !is_fixed(coupon)),
    }
    sorted
}

/// What a coupon gives to which lines, in minor units above zero.
fn give(coupon: &Coupon, left: &[i64]) -> Result<Vec<(usize, i64)>, RuleError> {
    let is_mine = |line: usize| coupon.applies_to.as_ref().is_none_or(|lines| lines.contains(&line));
    let mine: Vec<(usize, Exact)> = left
        .iter()
        .enumerate()
        .filter(|(line, _)| is_mine(*line))
        .map(|(line, rest)| (line, Exact::from(*rest)))
        .collect();
    let sum: Exact = mine.iter().map(|(_, rest)| rest).sum();
    let too_big = || RuleError::OutOfRange("discount");
    let wanted = match &coupon.value {
        CouponValue::Fixed(value) => value.exact_minor().min(sum.clone()),
        CouponValue::Percent(percent) => {
            let exact = (&sum * percent).divide(&Exact::from(100_u32)).ok_or_else(too_big)?;
            Exact::from(exact.round(Rounding::HalfUp).ok_or_else(too_big)?)
        }
    };
    let allowed = limit(coupon).map_or(wanted.clone(), |limit| wanted.min(limit));
    let total = allowed.truncate().ok_or_else(too_big)?;
    if total == 0 {
        return Ok(Vec::new());
    }
    let shares = mine
        .iter()
        .map(|(_, rest)| (&allowed * rest).divide(&sum).ok_or_else(too_big))
        .collect::<Result<Vec<Exact>, RuleError>>()?;
    let parts = allocate(total, &shares)?;
    Ok(mine
        .iter()
        .zip(parts)
        .map(|((line, _), minor)| (*line, minor))
        .filter(|(_, minor)| *minor > 0)
        .collect())
}

/// What the coupon may still give, if that is limited.
fn limit(coupon: &Coupon) -> Option<Exact> {
    let value = match &coupon.value {
        CouponValue::Fixed(value) => Some(*value),
        CouponValue::Percent(_) => None,
    };
    let ever = [value, coupon.max]
        .into_iter()
        .flatten()
        .map(|money| money.minor)
        .min()?;
    Some(Exact::from((ever - coupon.used.minor).max(0)))
}
