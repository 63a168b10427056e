//! Splitting a rounded sum over exact shares.

use std::cmp::Reverse;

use super::{Exact, MoneyError};

/// Splits `total_minor`, the rounded sum of `shares`, into whole minor units that add up to it.
///
/// Each share is cut toward zero; the missing units go one each to the largest cut-off parts of the
/// sign that is missing, the earlier first. A total that is not the rounded sum of the shares is
/// refused, because some part would then be a whole unit away from its share.
pub fn allocate(total_minor: i64, shares: &[Exact]) -> Result<Vec<i64>, MoneyError> {
    let mut parts = shares
        .iter()
        .map(|share| share.truncate().ok_or(MoneyError::OutOfRange))
        .collect::<Result<Vec<i64>, MoneyError>>()?;
    let cut_sum: i128 = parts.iter().map(|part| i128::from(*part)).sum();
    let missing = i128::from(total_minor) - cut_sum;
    let unit = i64::try_from(missing.signum()).map_err(|_| MoneyError::OutOfRange)?;

    let mut cut_off: Vec<(usize, Exact)> = shares
        .iter()
        .map(Exact::fraction)
        .enumerate()
        .filter(|(_, part)| {
            if unit < 0 {
                part.is_negative()
            } else {
                part.is_positive()
            }
        })
        .map(|(index, part)| (index, if unit < 0 { -&part } else { part }))
        .collect();
    // Stable, so that of equal parts the earlier comes first.
    cut_off.sort_by_key(|(_, part)| Reverse(part.clone()));

    let count = usize::try_from(missing.unsigned_abs()).map_err(|_| MoneyError::NotAllocatable)?;
    let receivers = cut_off.get(..count).ok_or(MoneyError::NotAllocatable)?;
    for (index, _) in receivers {
        if let Some(part) = parts.get_mut(*index) {
            *part += unit;
        }
    }
    Ok(parts)
}
