//! Stacked bars; gains stand on the zero line and losses hang from it.

use super::axis::{Axis, Columns, figure};
use super::{Chart, Legend, Plot, WIDTH, colour, count, hover, n, table};

/// Share of a column that its bar fills.
const FILLED: f64 = 0.46;

/// One bar a column, of one piece a series. Zero is always drawn.
#[must_use]
pub fn bars_stacked(plot: &Plot<'_>) -> Chart {
    let columns = plot.columns.len();
    let sums = (0..columns).flat_map(|at| {
        let values = plot
            .series
            .iter()
            .filter_map(move |s| s.points.get(at))
            .map(|p| p.value);
        let up: f64 = values.clone().filter(|v| *v > 0.0).sum();
        let down: f64 = values.filter(|v| *v < 0.0).sum();
        [up, down]
    });
    let axis = Axis::over(sums, true);
    let cell = WIDTH / count(columns.max(1));
    let mut drawing = String::new();
    axis.grid(&mut drawing);
    for at in 0..columns {
        let x = (count(at) + (1.0 - FILLED) / 2.0) * cell;
        let (mut up, mut down) = (0.0, 0.0);
        for (index, series) in plot.series.iter().enumerate() {
            let value = series.points.get(at).map_or(0.0, |p| p.value);
            let edge = if value >= 0.0 { &mut up } else { &mut down };
            let (from, to) = (axis.y(*edge), axis.y(*edge + value));
            *edge += value;
            let (top, height) = (from.min(to), (from - to).abs());
            drawing.push_str(&format!(
                "<rect class=\"piece {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                colour(index),
                n(x),
                n(top),
                n(FILLED * cell),
                n(height)
            ));
        }
    }
    let _ = hover(plot, &mut drawing, |at| (count(at) * cell, cell));
    let legend = plot
        .series
        .iter()
        .enumerate()
        .map(|(at, s)| Legend {
            label: s.label.clone(),
            class: colour(at),
        })
        .collect();
    let ticks: Vec<String> = axis.ticks().into_iter().map(plot.tick).collect();
    Chart {
        html: figure(&plot.label, &ticks, &plot.columns, Columns::Cells, &drawing),
        legend,
        table: table(plot),
    }
}
