//! Why a panel's step did not do as asked.

use std::time::Duration;

use platform::outbound::OutboundError;

/// What to do about it is the variant.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PanelError {
    /// Later, perhaps by itself: certainly nothing happened.
    #[error("{why}")]
    Retry {
        /// How long to wait.
        after: Duration,
        /// For the log.
        why: String,
    },
    /// There is no room.
    #[error("no capacity: {0}")]
    NoCapacity(String),
    /// A clear no.
    #[error("refused: {0}")]
    Refused(String),
    /// It is not there any more.
    #[error("the panel knows of no such service")]
    Gone,
    /// It may have happened: whoever repeats the step looks first.
    #[error("unknown outcome: {0}")]
    Unknown(String),
}

impl PanelError {
    /// Later, after `seconds`.
    pub fn retry(seconds: u64, why: impl ToString) -> Self {
        Self::Retry {
            after: Duration::from_secs(seconds),
            why: why.to_string(),
        }
    }

    /// A clear no.
    pub fn refused(why: impl ToString) -> Self {
        Self::Refused(why.to_string())
    }

    /// A panel is asked for what is not among its capabilities.
    #[must_use]
    pub fn cannot(what: &str) -> Self {
        Self::Refused(format!("this panel cannot {what}"))
    }
}

impl From<OutboundError> for PanelError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Blocked => Self::refused("the panel's address may not be called; see outbound.allow"),
            OutboundError::Invalid(why) => Self::Refused(why),
            OutboundError::Connect(_) => Self::retry(10, error),
            OutboundError::Timeout | OutboundError::Lost(_) | OutboundError::TooLarge(_) => {
                Self::Unknown(error.to_string())
            }
        }
    }
}
