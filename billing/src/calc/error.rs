//! The codes a case can fail with.

use platform::money::MoneyError;
use serde::Serialize;

use crate::rules::RuleError;

/// Why there is no result at all.
#[derive(Debug, thiserror::Error)]
pub enum CalcInputError {
    #[error("the input is not JSON: {0}")]
    NotJson(String),
    #[error("the input is neither a JSON object nor an array of them")]
    NeitherObjectNorList,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    Malformed,
    UnknownOp,
    UnknownCurrency,
    MixedCurrency,
    TooPrecise,
    OutOfRange,
    BadRange,
    OutsidePeriod,
    UnknownTimezone,
    UnknownCountry,
    UnknownLine,
}

/// What stands in the place of a result.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct CaseError {
    pub code: Code,
    pub message: String,
}

impl CaseError {
    pub fn new(code: Code, message: impl Into<String>) -> CaseError {
        CaseError {
            code,
            message: message.into(),
        }
    }

    /// An amount that `path` holds and that is no amount of the currency.
    pub fn of_money(path: &str, error: &MoneyError) -> CaseError {
        let code = match error {
            MoneyError::UnknownCurrency(_) => Code::UnknownCurrency,
            MoneyError::MixedCurrency { .. } => Code::MixedCurrency,
            MoneyError::Format => Code::Malformed,
            MoneyError::TooPrecise(_) => Code::TooPrecise,
            MoneyError::OutOfRange | MoneyError::NotAllocatable => Code::OutOfRange,
        };
        CaseError::new(code, format!("{path}: {error}"))
    }
}

impl From<RuleError> for CaseError {
    fn from(error: RuleError) -> CaseError {
        let code = match error {
            RuleError::OutOfRange(_) => Code::OutOfRange,
            RuleError::BadRange(_) => Code::BadRange,
            RuleError::OutsidePeriod(_) => Code::OutsidePeriod,
            RuleError::Contradiction(_) => Code::Malformed,
            RuleError::UnknownLine => Code::UnknownLine,
            RuleError::MixedCurrency => Code::MixedCurrency,
        };
        CaseError::new(code, error.to_string())
    }
}
