//! Value axes with round steps (1, 2 or 5 times a power of ten), and the figure around a plot.

use std::fmt::Write as _;

use super::{HEIGHT, count, escape, n};

/// Labels of columns shown at most; the others stay in the table and under the pointer.
const MOST_LABELS: usize = 12;

/// A range of values with round ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
}

impl Axis {
    /// Covers all values in three to six steps.
    pub(crate) fn over(values: impl Iterator<Item = f64> + Clone, from_zero: bool) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let mut low = finite.clone().fold(f64::INFINITY, f64::min);
        let mut high = finite.fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if from_zero || low >= high {
            low = low.min(0.0);
            high = high.max(0.0);
        }
        if high <= low {
            high = low + 1.0;
        }
        let step = round_step((high - low) / 4.0);
        Self {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    /// Where a value is drawn, from the top.
    pub(crate) fn y(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value } else { self.low };
        (self.high - value) / (self.high - self.low) * HEIGHT
    }

    /// Round values from the top down.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut at = 0_usize;
        while at < 20 {
            let value = self.high - count(at) * self.step;
            if value < self.low - self.step / 2.0 {
                break;
            }
            // Subtraction leaves dust where zero is meant.
            ticks.push(if value.abs() < self.step / 1000.0 { 0.0 } else { value });
            at += 1;
        }
        ticks
    }

    pub(crate) fn grid(&self, out: &mut String) {
        for tick in self.ticks() {
            let zero = if tick == 0.0 && self.low < 0.0 {
                " gridline-zero"
            } else {
                ""
            };
            let y = n(self.y(tick));
            out.push_str(&format!(
                "<line class=\"gridline{zero}\" x1=\"0\" x2=\"1000\" y1=\"{y}\" y2=\"{y}\"/>"
            ));
        }
    }
}

fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough * 0.999)
        .unwrap_or(10.0);
    factor * power
}

/// How columns stand under their labels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Points from edge to edge.
    Points,
    /// Cells side by side.
    Cells,
}

/// Axis labels as text around a drawing. The figure is written from left to right in every language, as its drawing is.
pub(crate) fn figure(label: &str, ticks: &[String], names: &[String], columns: Columns, drawing: &str) -> String {
    let mut out = format!(
        "<figure class=\"chart\" dir=\"ltr\" tabindex=\"0\" role=\"group\" aria-label=\"{}\"><ul class=\"axis-y\" aria-hidden=\"true\">",
        escape(label)
    );
    for tick in ticks {
        out.push_str(&format!("<li>{}</li>", escape(tick)));
    }
    let kind = if columns == Columns::Cells { " axis-cells" } else { "" };
    let small = if columns == Columns::Cells { " plot-sm" } else { "" };
    let _ = write!(
        out,
        "</ul><svg class=\"plot{small}\" viewBox=\"0 0 1000 240\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{drawing}</svg><ul class=\"axis-x{kind}\" aria-hidden=\"true\">",
        escape(label)
    );
    let every = names.len().div_ceil(MOST_LABELS).max(1);
    for (at, name) in names.iter().enumerate() {
        let minor = if names.len() > 7 && (at / every) % 2 == 1 {
            " class=\"minor\""
        } else {
            ""
        };
        let text = if at % every == 0 { escape(name) } else { String::new() };
        out.push_str(&format!("<li{minor}>{text}</li>"));
    }
    out.push_str("</ul></figure>");
    out
}
