//! Charts as SVG text: no script, colours by class so that they follow the tenant, labels as HTML so that they never shrink,
//! and the same numbers as a table. Values are drawn as `f64`; what people read was written exactly by the caller.

mod axis;
mod bars;
mod curve;
mod lines;
mod round;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

pub use bars::bars_stacked;
pub use lines::{area, line, spark};
pub use round::{Day, DayState, Part, donut, heat};
use serde::Serialize;

/// Width and height of the drawing's own coordinates; the page stretches them.
pub(crate) const WIDTH: f64 = 1000.0;
pub(crate) const HEIGHT: f64 = 240.0;

/// One value with the words people read for it.
#[derive(Clone, Debug)]
pub struct Point {
    /// Where it is drawn.
    pub value: f64,
    /// What it says, for example `$48,312`.
    pub text: String,
}

impl Point {
    /// A value and its words.
    #[must_use]
    pub fn new(value: f64, text: impl Into<String>) -> Self {
        Self {
            value,
            text: text.into(),
        }
    }
}

/// How a series of lines is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A line with the area under it tinted.
    Filled,
    /// A line.
    Solid,
    /// A thin dashed line, for comparison.
    Dashed,
}

/// One series of values; as many points as the plot has columns.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in the legend.
    pub label: String,
    /// Values.
    pub points: Vec<Point>,
    /// Drawing of lines; bars do not look at it.
    pub stroke: Stroke,
}

/// What a chart shows.
pub struct Plot<'a> {
    /// Read aloud in place of the picture.
    pub label: String,
    /// Name of the columns in the table, for example `Month`.
    pub heading: String,
    /// One label a column.
    pub columns: Vec<String>,
    /// One or more series.
    pub series: Vec<Series>,
    /// Writes a label of the value axis.
    pub tick: &'a dyn Fn(f64) -> String,
    /// Whether the axis begins at zero even when all values are far above it.
    pub from_zero: bool,
}

/// A finished chart, as `ui.chart` and `ui.legend` draw it.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// The figure.
    pub html: String,
    /// Names of the series.
    pub legend: Vec<Legend>,
    /// The same numbers.
    pub table: DataTable,
}

/// One line of a legend.
#[derive(Clone, Debug, Serialize)]
pub struct Legend {
    /// Name.
    pub label: String,
    /// Class that colours its mark.
    pub class: &'static str,
}

/// Numbers behind a chart.
#[derive(Clone, Debug, Serialize)]
pub struct DataTable {
    /// Column names.
    pub heads: Vec<String>,
    /// Rows of cells; the first is the row's name.
    pub rows: Vec<Vec<String>>,
}

/// Class of the n-th series.
pub(crate) fn colour(index: usize) -> &'static str {
    ["c1", "c2", "c3", "c4", "c5"].get(index % 5).copied().unwrap_or("c1")
}

pub(crate) fn table(plot: &Plot<'_>) -> DataTable {
    let heads = std::iter::once(plot.heading.clone())
        .chain(plot.series.iter().map(|s| s.label.clone()))
        .collect();
    let rows = plot.columns.iter().enumerate().map(|(at, name)| {
        let cells = plot
            .series
            .iter()
            .map(|s| s.points.get(at).map_or_else(String::new, |p| p.text.clone()));
        std::iter::once(name.clone()).chain(cells).collect()
    });
    DataTable {
        heads,
        rows: rows.collect(),
    }
}

/// Columns that answer to the pointer, each with its words.
pub(crate) fn hover(plot: &Plot<'_>, out: &mut String, column: impl Fn(usize) -> (f64, f64)) -> fmt::Result {
    for (at, name) in plot.columns.iter().enumerate() {
        let (x, width) = column(at);
        write!(
            out,
            "<rect class=\"hover\" x=\"{}\" y=\"0\" width=\"{}\" height=\"240\"><title>{}",
            n(x),
            n(width),
            escape(name)
        )?;
        for series in &plot.series {
            let text = series.points.get(at).map_or("", |p| p.text.as_str());
            write!(out, "\n{}: {}", escape(&series.label), escape(text))?;
        }
        out.push_str("</title></rect>");
    }
    Ok(())
}

/// A coordinate with one decimal, and none when it is whole.
pub(crate) fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Counts of columns are small; this is exact for all of them.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
