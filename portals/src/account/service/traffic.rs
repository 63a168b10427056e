//! Readings of a counter as a chart of speed.

use chrono::{DateTime, Utc};
use platform::format::{self, DateStyle};
use platform::views::Page;
use provisioning::usage;

use super::facts::{Facts, Span};
use crate::app::App;
use crate::charts::{Chart, Plot, Point, Series, Stroke, area};
use crate::kit::parts::Tab;
use crate::kit::service::Bandwidth;

/// The card of a service's traffic.
#[must_use]
pub fn bandwidth(app: &App, page: &Page, facts: &Facts, span: Span) -> Bandwidth {
    let path = format!("/account/services/{}", facts.service.id);
    let tab = |one: Span| Tab {
        label: app.say(page, &format!("service-span-{}", one.word()), &[]),
        path: format!("{path}?range={}", one.word()),
        active: one == span,
    };
    let latest = |readings: &[usage::Reading]| readings.last().map_or(0, |reading| reading.value);
    let used = latest(&facts.traffic.into).saturating_add(latest(&facts.traffic.out));
    let enough = facts.traffic.out.len() > 1 && facts.traffic.into.len() > 1;
    Bandwidth {
        chart: enough.then(|| chart(app, page, facts, span)),
        ranges: Span::ALL.into_iter().map(tab).collect(),
        used: u64::try_from(used).unwrap_or(0),
        included: facts.seen.included_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        resets_on: facts.seen.resets_on.filter(|day| *day > facts.today),
    }
}

fn chart(app: &App, page: &Page, facts: &Facts, span: Span) -> Chart {
    let (columns, each) = span.columns();
    let from = facts.now - span.length();
    let seconds = f64::from(i32::try_from(each.num_seconds()).unwrap_or(1));
    let write = |bits: f64| speed(page, bits);
    let series = |key: &str, readings: &[usage::Reading]| Series {
        label: app.say(page, key, &[]),
        points: usage::course(readings, from, facts.now, columns)
            .into_iter()
            .map(|bytes| {
                let bits = approximately(bytes) * 8.0 / seconds;
                Point::new(bits, write(bits))
            })
            .collect(),
        stroke: Stroke::Filled,
    };
    let begin = |index: usize| from + each * i32::try_from(index).unwrap_or(0);
    let series = vec![
        series("service-traffic-out", &facts.traffic.out),
        series("service-traffic-in", &facts.traffic.into),
    ];
    area(&Plot {
        label: app.say(page, "service-bandwidth", &[]),
        heading: app.say(page, "service-time", &[]),
        columns: (0..columns).map(|index| name(page, begin(index), span)).collect(),
        series,
        tick: &write,
        from_zero: true,
    })
}

fn name(page: &Page, at: DateTime<Utc>, span: Span) -> String {
    let local = at.with_timezone(&page.zone);
    match span {
        Span::Day => local.format("%H:%M").to_string(),
        Span::Week | Span::Month => format::date(&page.locale, local.date_naive(), DateStyle::Short),
    }
}

/// Drawn to a pixel, so the nearest float is near enough.
#[expect(clippy::cast_precision_loss, reason = "a chart is drawn to a pixel")]
fn approximately(bytes: i64) -> f64 {
    bytes as f64
}

fn speed(page: &Page, bits: f64) -> String {
    let units = ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"];
    let mut value = bits.max(0.0);
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let text = if value < 10.0 && unit > 0 && value.fract() > 0.05 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    let number = format::number(&page.locale, &text, None).unwrap_or(text);
    format!("{number} {}", units.get(unit).copied().unwrap_or("b/s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::samples;
    use platform::texts::Locale;
    use platform::views::Theme;

    #[test]
    fn speeds_are_written_in_the_unit_that_reads_best() {
        let page = samples::page("account", "Northwind", Theme::Light, Locale::parse("de").unwrap());
        for (bits, text) in [
            (0.0, "0 b/s"),
            (900.0, "900 b/s"),
            (1500.0, "1,5 kb/s"),
            (2_000_000.0, "2 Mb/s"),
            (184_400_000.0, "184 Mb/s"),
            (3_200_000_000.0, "3,2 Gb/s"),
        ] {
            assert_eq!(speed(&page, bits), text);
        }
    }

    #[test]
    fn every_span_is_as_long_as_its_columns() {
        for (span, hours) in [(Span::Day, 24), (Span::Week, 168), (Span::Month, 720)] {
            assert_eq!(span.length().num_hours(), hours);
            assert_eq!(Span::parse(span.word()), span);
        }
        assert_eq!(Span::parse("a year"), Span::Day);
    }
}
