//! A smooth line that never overshoots its points: monotone cubic interpolation (Fritsch and Carlson, 1980).

use super::n;

/// A path through the points, from left to right.
pub(crate) fn path(points: &[(f64, f64)]) -> String {
    let Some((first_x, first_y)) = points.first() else {
        return String::new();
    };
    let mut out = format!("M{} {}", n(*first_x), n(*first_y));
    let slopes = slopes(points);
    for (pair, slope) in points.windows(2).zip(slopes.windows(2)) {
        let ([(x0, y0), (x1, y1)], [m0, m1]) = (pair, slope) else {
            continue;
        };
        let third = (x1 - x0) / 3.0;
        out.push_str(&format!(
            "C{} {} {} {} {} {}",
            n(x0 + third),
            n(y0 + m0 * third),
            n(x1 - third),
            n(y1 - m1 * third),
            n(*x1),
            n(*y1)
        ));
    }
    out
}

/// The slope at every point: flat at peaks, otherwise the harmonic mean of its neighbours' slopes.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let secants: Vec<f64> = points
        .windows(2)
        .map(|pair| match pair {
            [(x0, y0), (x1, y1)] if x1 > x0 => (y1 - y0) / (x1 - x0),
            _ => 0.0,
        })
        .collect();
    let mut out = Vec::with_capacity(points.len());
    out.push(secants.first().copied().unwrap_or(0.0));
    for pair in secants.windows(2) {
        let [before, after] = pair else { continue };
        out.push(if before * after <= 0.0 {
            0.0
        } else {
            2.0 * before * after / (before + after)
        });
    }
    out.push(secants.last().copied().unwrap_or(0.0));
    out
}
