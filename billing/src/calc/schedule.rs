//! `schedule`: which periods a cycle makes.

use serde::Serialize;

use super::answer::{Answer, Result, Span};
use super::error::{CaseError, Code};
use super::fields::Fields;
use crate::rules::schedule::{Extent, schedule};

pub(super) const FIELDS: [&str; 6] = ["start", "timezone", "cycle", "anchor_day", "count", "until"];

const MAX_COUNT: u32 = 1200;

#[derive(Serialize)]
pub(super) struct Printed {
    periods: Vec<Span>,
    stub: Option<PrintedStub>,
}

#[derive(Serialize)]
struct PrintedStub {
    period: Span,
    within: Span,
}

pub(super) fn answer(case: &Fields) -> Result {
    let extent = extent(case)?;
    let zone = case.read("timezone", |item| item.zone())?;
    let start = case.required("start")?.start(zone)?;
    let cycle = case.required("cycle")?.cycle()?;
    let anchor_day = case.read("anchor_day", |item| item.anchor_day(cycle.unit))?;
    let made = schedule(start, cycle, anchor_day, extent)?;
    let stub = match made.stub {
        Some(stub) => Some(PrintedStub {
            period: Span::new(stub.period)?,
            within: Span::new(stub.whole)?,
        }),
        None => None,
    };
    let periods = made
        .periods
        .into_iter()
        .map(Span::new)
        .collect::<std::result::Result<_, CaseError>>()?;
    Ok(Answer::Schedule(Printed { periods, stub }))
}

fn extent(case: &Fields) -> std::result::Result<Extent, CaseError> {
    match (case.optional("count"), case.optional("until")) {
        (Some(count), None) => {
            let count = count.integer(1, MAX_COUNT)?;
            Ok(Extent::Count(count as usize))
        }
        (None, Some(until)) => Ok(Extent::Until(until.date()?)),
        _ => Err(CaseError::new(
            Code::Malformed,
            "case: either \"count\" or \"until\" is needed",
        )),
    }
}
