//! What a billing command answers when it does not do as asked; nothing is written then.

use platform::db::DbError;
use platform::money::MoneyError;

/// A refusal a caller can act on, or a failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// A field is wrong.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// Several fields are wrong, by their paths in what was sent.
    #[error("{}", said(.0))]
    Fields(Vec<(String, String)>),
    /// There is no such thing in this tenant.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The state does not allow it; a stable code and a sentence.
    #[error("{1}")]
    Conflict(&'static str, String),
    /// Amounts.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

fn said(fields: &[(String, String)]) -> String {
    let each: Vec<String> = fields
        .iter()
        .map(|(field, message)| format!("{field}: {message}"))
        .collect();
    each.join(" ")
}

impl From<sqlx::Error> for BillingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// A stored currency code; rows are checked when written.
pub(crate) fn currency(code: &str) -> Result<platform::money::Currency, BillingError> {
    Ok(platform::money::Currency::parse(code)?)
}
