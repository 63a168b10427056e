//! How often a password may be guessed. Nobody can lock an owner out: a browser or a network from which somebody came
//! in before has tries of its own, and whoever sets a new password by mail starts anew. Everybody else shares the
//! tries of an address, whether or not somebody has it.

use chrono::{DateTime, TimeDelta, Utc};
use platform::db::DbError;

use super::Client;
use crate::{TenantTx, UserId};

/// Wrong tries before one has to wait.
const FREE: i64 = 5;
/// Wrong tries that count.
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// Wrong tries of one network, on whatever addresses, within [`NETWORK_WINDOW`].
const PER_NETWORK: i64 = 50;
const NETWORK_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// How long a place is known after somebody came in from it.
const KNOWN: TimeDelta = TimeDelta::days(180);

/// Who tries.
pub(super) enum Source {
    /// A browser that this person came in with before.
    Device(String),
    /// A network that they came in from before.
    Network(String),
    /// Anybody.
    Anybody,
}

impl Source {
    /// Whose tries are counted together.
    pub(super) fn bucket(&self) -> Option<String> {
        match self {
            Self::Device(hash) => Some(format!("device:{hash}")),
            Self::Network(network) => Some(format!("network:{network}")),
            Self::Anybody => None,
        }
    }
}

/// Tries on one address come one after the other until this transaction ends, so that each counts those before it.
pub(super) async fn one_by_one(tx: &mut TenantTx, email: &str) -> Result<(), DbError> {
    let key = format!("sign-in:{}:{email}", tx.tenant().schema);
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(key)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn source(tx: &mut TenantTx, user: Option<UserId>, client: &Client) -> Result<Source, DbError> {
    let (device, network) = (client.device_hash(), client.network());
    let since = tx.now() - KNOWN;
    let (by_device, by_network): (bool, bool) = sqlx::query_as(
        "SELECT coalesce(bool_or(device = $2), false), coalesce(bool_or(network = $3), false) FROM sign_ins \
         WHERE user_id = $1 AND outcome IN ('ok', 'reset') AND at > $4",
    )
    .bind(user)
    .bind(&device)
    .bind(&network)
    .bind(since)
    .fetch_one(tx.connection())
    .await?;
    Ok(match device {
        Some(hash) if by_device => Source::Device(hash),
        _ if by_network && !network.is_empty() => Source::Network(network),
        _ => Source::Anybody,
    })
}

/// Whether this try has to wait, counted in the tenant's own history.
pub(super) async fn is_throttled(
    tx: &mut TenantTx,
    email: &str,
    source: &Source,
    client: &Client,
) -> Result<bool, DbError> {
    let now = tx.now();
    let (wrong, last, by_network): (i64, Option<DateTime<Utc>>, i64) = sqlx::query_as(
        "SELECT count(*), max(at), (SELECT count(*) FROM sign_ins WHERE network = $4 AND at > $5 AND outcome = 'wrong') \
         FROM sign_ins WHERE email_norm = $1 AND at > $2 AND outcome = 'wrong' AND bucket IS NOT DISTINCT FROM $3",
    )
    .bind(email)
    .bind(now - WINDOW)
    .bind(source.bucket())
    .bind(client.network())
    .bind(now - NETWORK_WINDOW)
    .fetch_one(tx.connection())
    .await?;
    // A browser that is known is not answerable for whoever else has its network.
    let crowd = by_network >= PER_NETWORK && !client.ip.is_empty() && !matches!(source, Source::Device(_));
    Ok(crowd || last.is_some_and(|last| now - last < pause(wrong)))
}

/// How long to wait after so many wrong tries.
fn pause(wrong: i64) -> TimeDelta {
    match wrong - FREE {
        ..0 => TimeDelta::zero(),
        over @ 0..4 => TimeDelta::minutes(1 << over),
        _ => TimeDelta::minutes(15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_has_an_end() {
        for (wrong, minutes) in [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (1_000, 15)] {
            assert_eq!(pause(wrong), TimeDelta::minutes(minutes), "{wrong}");
        }
    }
}
