//! Shares of a whole, and a row of days.

use super::{Chart, DataTable, Legend, colour, count, escape, n};

/// A share of a whole.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name.
    pub label: String,
    /// Size, not negative.
    pub value: f64,
    /// What it says.
    pub text: String,
}

/// A ring cut into shares.
#[must_use]
pub fn donut(label: &str, heads: [String; 2], parts: &[Part]) -> Chart {
    let whole: f64 = parts.iter().map(|part| part.value.max(0.0)).sum();
    let mut out = format!(
        "<svg class=\"donut\" viewBox=\"0 0 36 36\" role=\"img\" aria-label=\"{}\"><circle class=\"ring\" cx=\"18\" cy=\"18\" r=\"15.9\"/>",
        escape(label)
    );
    let mut passed = 0.0;
    for (at, part) in parts.iter().enumerate().filter(|_| whole > 0.0) {
        let share = part.value.max(0.0) / whole * 100.0;
        out.push_str(&format!(
            "<circle class=\"{}\" cx=\"18\" cy=\"18\" r=\"15.9\" pathLength=\"100\" stroke-dasharray=\"{} {}\" stroke-dashoffset=\"{}\" transform=\"rotate(-90 18 18)\"><title>{}: {}</title></circle>",
            colour(at),
            n(share),
            n(100.0 - share),
            n(-passed),
            escape(&part.label),
            escape(&part.text)
        ));
        passed += share;
    }
    out.push_str("</svg>");
    let legend = parts
        .iter()
        .enumerate()
        .map(|(at, part)| Legend {
            label: part.label.clone(),
            class: colour(at),
        })
        .collect();
    let rows = parts
        .iter()
        .map(|part| vec![part.label.clone(), part.text.clone()])
        .collect();
    Chart {
        html: out,
        legend,
        table: DataTable {
            heads: heads.to_vec(),
            rows,
        },
    }
}

/// How a day went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayState {
    /// No trouble.
    Up,
    /// Slow or partly away.
    Slow,
    /// Away.
    Down,
    /// Nothing known.
    None,
}

/// One day of a row.
#[derive(Clone, Debug)]
pub struct Day {
    /// Date in words.
    pub label: String,
    /// Colour.
    pub state: DayState,
    /// What happened, in words.
    pub text: String,
}

/// A row of days, oldest first.
#[must_use]
pub fn heat(label: &str, heads: [String; 2], days: &[Day]) -> Chart {
    let cell = 1000.0 / count(days.len().max(1));
    let mut out = format!(
        "<svg class=\"heat\" viewBox=\"0 0 1000 32\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escape(label)
    );
    for (at, day) in days.iter().enumerate() {
        let class = match day.state {
            DayState::Up => "up",
            DayState::Slow => "slow",
            DayState::Down => "down",
            DayState::None => "none",
        };
        out.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"0\" width=\"{}\" height=\"32\"><title>{}: {}</title></rect>",
            n(count(at) * cell),
            n(cell * 0.7),
            escape(&day.label),
            escape(&day.text)
        ));
    }
    out.push_str("</svg>");
    let rows = days
        .iter()
        .map(|day| vec![day.label.clone(), day.text.clone()])
        .collect();
    Chart {
        html: out,
        legend: Vec::new(),
        table: DataTable {
            heads: heads.to_vec(),
            rows,
        },
    }
}
