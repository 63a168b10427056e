//! Round axes, lines without overshoot, and safe text.

use super::axis::Axis;
use super::{Day, DayState, Part, Plot, Point, Series, Stroke, area, bars_stacked, curve, donut, heat, spark};

fn series(label: &str, values: &[f64]) -> Series {
    Series {
        label: label.into(),
        points: values.iter().map(|v| Point::new(*v, format!("<{v}>"))).collect(),
        stroke: Stroke::Filled,
    }
}

fn plot<'a>(series: Vec<Series>, tick: &'a dyn Fn(f64) -> String) -> Plot<'a> {
    let columns = ["Jun", "Jul", "A\"g"].map(str::to_owned).to_vec();
    Plot {
        label: "Revenue & more".into(),
        heading: "Month".into(),
        columns,
        series,
        tick,
        from_zero: false,
    }
}

#[test]
fn axes_end_at_round_numbers() {
    let check = |values: &[f64], from_zero, expected: &[f64]| {
        assert_eq!(
            Axis::over(values.iter().copied(), from_zero).ticks(),
            expected,
            "{values:?}"
        );
    };
    check(&[22_000.0, 48_312.0], false, &[50_000.0, 40_000.0, 30_000.0, 20_000.0]);
    check(&[3_600.0, -1_900.0], true, &[4_000.0, 2_000.0, 0.0, -2_000.0]);
    check(&[184.0, 14.0], true, &[200.0, 150.0, 100.0, 50.0, 0.0]);
    check(&[], false, &[1.0, 0.5, 0.0]);
    check(&[0.0, 0.0], true, &[1.0, 0.5, 0.0]);
    check(&[f64::NAN, 7.0], false, &[8.0, 6.0, 4.0, 2.0, 0.0]);
}

#[test]
fn a_curve_does_not_leave_the_range_of_its_neighbours() {
    let path = curve::path(&[(0.0, 0.0), (10.0, 100.0), (20.0, 100.0), (30.0, 0.0)]);
    let controls: Vec<f64> = path
        .split(['M', 'C', ' '])
        .filter(|t| !t.is_empty())
        .map(|t| t.parse().unwrap())
        .collect();
    assert!(controls.iter().all(|v| (0.0..=100.0).contains(v)), "{path}");
    assert_eq!(curve::path(&[]), "");
}

#[test]
fn charts_escape_words_and_carry_a_table() {
    let tick = |value: f64| format!("{value}");
    for chart in [
        area(&plot(vec![series("<b>", &[1.0, 2.0, 3.0])], &tick)),
        bars_stacked(&plot(vec![series("<b>", &[1.0, -2.0, 3.0])], &tick)),
    ] {
        assert!(
            !chart.html.contains("<b>") && !chart.html.contains("style="),
            "{}",
            chart.html
        );
        assert!(
            chart.html.starts_with("<figure class=\"chart\" dir=\"ltr\"") && chart.html.contains("Revenue &amp; more")
        );
        assert_eq!(chart.table.heads, ["Month", "<b>"]);
        assert_eq!(chart.table.rows.len(), 3);
        assert_eq!(chart.html.matches("class=\"hover\"").count(), 3);
    }
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert!(spark(&[]).html.contains("<path class=\"line c1\" d=\"\"/>"));
    assert!(!spark(&[1.0, 1.0]).html.contains("NaN"));
    let heads = || ["Part".to_owned(), "Share".to_owned()];
    assert!(
        !donut(
            "x",
            heads(),
            &[Part {
                label: "a".into(),
                value: 0.0,
                text: "0".into()
            }]
        )
        .html
        .contains("NaN")
    );
    assert!(
        heat(
            "x",
            heads(),
            &[Day {
                label: "1".into(),
                state: DayState::Down,
                text: "away".into()
            }]
        )
        .html
        .contains("class=\"down\"")
    );
}
