//! `ezscale calc`: the money rules as JSON in and out, for anyone who wants to check an amount.
//!
//! It reads cases strictly (a wrong one gets an error in its place), calls the very functions that
//! bill, and prints their answers. No rule lives here.
//!
//! | file | holds |
//! |---|---|
//! | `node`, `fields` | JSON as it was written, and reading typed values out of it |
//! | `error` | the codes a case can fail with |
//! | `answer` | how amounts, days and periods are printed |
//! | the others | one operation each |

mod answer;
mod change;
mod coupons;
mod error;
mod fields;
mod item;
mod node;
mod plan;
mod prorate;
mod schedule;
mod tax;
mod tax_treatment;
mod tiers;

#[cfg(test)]
mod tests;

use answer::{Answer, Result as Answered};
use error::{CaseError, Code};
use fields::Fields;
use item::Item;
use node::Node;
use serde::Serialize;

pub use error::CalcInputError;

/// Fields that every case may have.
const EVERYWHERE: [&str; 2] = ["op", "id"];

#[derive(Serialize)]
struct Reply<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Node>,
    #[serde(flatten)]
    answer: Answer,
}

/// Answers one case (a JSON object) or a list of them, in the same shape and order.
pub fn run(input: &str) -> Result<String, CalcInputError> {
    let node: Node = serde_json::from_str(input).map_err(|error| CalcInputError::NotJson(error.to_string()))?;
    let printed = match &node {
        Node::Object(_) => serde_json::to_string(&reply(&node)),
        Node::List(cases) => serde_json::to_string(&cases.iter().map(reply).collect::<Vec<Reply>>()),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Number(_) | Node::Text(_) => {
            return Err(CalcInputError::NeitherObjectNorList);
        }
    };
    printed.map_err(|error| CalcInputError::NotJson(error.to_string()))
}

fn reply(case: &Node) -> Reply<'_> {
    let answer = answer(case).unwrap_or_else(|error| Answer::Error { error });
    Reply {
        id: case.field("id"),
        answer,
    }
}

fn answer(case: &Node) -> Answered {
    let item = Item::root(case);
    let op = item.word_in("op")?;
    let open = |allowed: &[&'static str]| Fields::open(&item, &[&EVERYWHERE, allowed].concat());
    match op {
        "prorate" => prorate::answer(&open(&prorate::FIELDS)?),
        "schedule" => schedule::answer(&open(&schedule::FIELDS)?),
        "plan" => plan::answer(&open(&plan::FIELDS)?),
        "change" => change::answer(&open(&change::FIELDS)?),
        "cancel" => change::answer_cancel(&open(&change::CANCEL_FIELDS)?),
        "tax" => tax::answer(&open(&tax::FIELDS)?),
        "coupons" => coupons::answer(&open(&coupons::FIELDS)?),
        "tiers" => tiers::answer(&open(&tiers::FIELDS)?),
        "tax_treatment" => tax_treatment::answer(&open(&tax_treatment::FIELDS)?),
        other => Err(CaseError::new(Code::UnknownOp, format!("unknown op {other:?}"))),
    }
}
