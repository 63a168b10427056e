//! Lines and areas over time, and the small line of a key figure.

use super::axis::{Axis, Columns, figure};
use super::{Chart, HEIGHT, Legend, Plot, Series, Stroke, WIDTH, colour, count, curve, hover, n, table};

/// Lines with tinted areas under the filled ones.
#[must_use]
pub fn area(plot: &Plot<'_>) -> Chart {
    let values = plot.series.iter().flat_map(|s| s.points.iter().map(|p| p.value));
    let axis = Axis::over(values, plot.from_zero);
    let mut drawing = String::new();
    axis.grid(&mut drawing);
    let step = WIDTH / count(plot.columns.len().saturating_sub(1).max(1));
    let mut legend = Vec::new();
    let mut solid = 0_usize;
    for series in &plot.series {
        let points: Vec<(f64, f64)> = series
            .points
            .iter()
            .enumerate()
            .map(|(at, p)| (count(at) * step, axis.y(p.value)))
            .collect();
        let class = if series.stroke == Stroke::Dashed {
            "dashed"
        } else {
            colour(solid)
        };
        solid += usize::from(series.stroke != Stroke::Dashed);
        drawing.push_str(&stroke(&points, series.stroke, class));
        legend.push(Legend {
            label: series.label.clone(),
            class,
        });
    }
    let _ = hover(plot, &mut drawing, |at| {
        let centre = count(at) * step;
        let (from, to) = ((centre - step / 2.0).max(0.0), (centre + step / 2.0).min(WIDTH));
        (from, to - from)
    });
    let ticks: Vec<String> = axis.ticks().into_iter().map(plot.tick).collect();
    Chart {
        html: figure(&plot.label, &ticks, &plot.columns, Columns::Points, &drawing),
        legend,
        table: table(plot),
    }
}

/// Lines without areas.
#[must_use]
pub fn line(plot: &Plot<'_>) -> Chart {
    let plain = |series: &Series| Series {
        stroke: if series.stroke == Stroke::Filled {
            Stroke::Solid
        } else {
            series.stroke
        },
        ..series.clone()
    };
    let series = plot.series.iter().map(plain).collect();
    let (label, heading, columns) = (plot.label.clone(), plot.heading.clone(), plot.columns.clone());
    area(&Plot {
        label,
        heading,
        columns,
        series,
        tick: plot.tick,
        from_zero: plot.from_zero,
    })
}

fn stroke(points: &[(f64, f64)], stroke: Stroke, class: &str) -> String {
    let path = curve::path(points);
    let line = format!("<path class=\"line {class}\" d=\"{path}\"/>");
    let (Stroke::Filled, Some((first, _)), Some((last, _))) = (stroke, points.first(), points.last()) else {
        return line;
    };
    format!(
        "<path class=\"area {class}\" d=\"{path}L{} {}L{} {}Z\"/>{line}",
        n(*last),
        n(HEIGHT),
        n(*first),
        n(HEIGHT)
    )
}

/// A small line under a key figure; decoration, so it is not read aloud.
#[must_use]
pub fn spark(values: &[f64]) -> Chart {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let step = WIDTH / count(values.len().saturating_sub(1).max(1));
    // A margin above and below keeps the stroke inside the drawing.
    let y = |value: f64| HEIGHT * (0.94 - 0.88 * (value - low) / span);
    let points: Vec<(f64, f64)> = values
        .iter()
        .enumerate()
        .map(|(at, value)| (count(at) * step, y(*value)))
        .collect();
    let drawing = stroke(&points, Stroke::Filled, "c1");
    let html = format!(
        "<svg class=\"spark\" viewBox=\"0 0 1000 240\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{drawing}</svg>"
    );
    Chart {
        html,
        legend: Vec::new(),
        table: super::DataTable {
            heads: Vec::new(),
            rows: Vec::new(),
        },
    }
}
