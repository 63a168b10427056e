//! Whether somebody signs in from where, or with what, they never did: by the login history alone, no map of addresses.

use std::net::IpAddr;

use platform::db::DbError;

use super::Client;
use crate::{TenantTx, UserId};

/// Earlier sign-ins that are looked at.
const LOOK_BACK: i64 = 200;

/// Whether no earlier sign-in of this user came from this network with this device. The first one is not new: there is
/// nobody who could be surprised by it.
pub(super) async fn is_new(tx: &mut TenantTx, user: UserId, client: &Client) -> Result<bool, DbError> {
    let earlier: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT ip, user_agent FROM sign_ins WHERE user_id = $1 AND outcome = 'ok' ORDER BY at DESC LIMIT $2",
    )
    .bind(user)
    .bind(LOOK_BACK)
    .fetch_all(tx.connection())
    .await?;
    let place = |ip: &str, agent: &str| (network(ip), device(agent));
    let here = place(&client.ip, &client.user_agent);
    let mut known = earlier
        .iter()
        .map(|(ip, agent)| place(ip.as_deref().unwrap_or_default(), agent.as_deref().unwrap_or_default()));
    Ok(!earlier.is_empty() && !known.any(|place| place == here))
}

/// The provider's part of an address: who is given a new one within it every day is where they were.
fn network(ip: &str) -> String {
    match ip.parse() {
        Ok(IpAddr::V4(ip)) => format!("{}.{}", ip.octets()[0], ip.octets()[1]),
        Ok(IpAddr::V6(ip)) => match ip.to_ipv4_mapped() {
            Some(ip) => format!("{}.{}", ip.octets()[0], ip.octets()[1]),
            None => format!("{:x}:{:x}", ip.segments()[0], ip.segments()[1]),
        },
        Err(_) => ip.to_owned(),
    }
}

/// A browser without its versions: an update is no new device.
fn device(agent: &str) -> String {
    agent.chars().filter(|c| c.is_alphabetic()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_providers_part() {
        for (ip, expected) in [
            ("198.51.100.7", "198.51"),
            ("198.51.3.4", "198.51"),
            ("::ffff:198.51.3.4", "198.51"),
            ("2001:db8:1::1", "2001:db8"),
            ("", ""),
        ] {
            assert_eq!(network(ip), expected, "{ip}");
        }
    }

    #[test]
    fn an_update_is_the_same_device() {
        assert_eq!(
            device("Firefox/141.0 (X11; Linux)"),
            device("Firefox/142.1 (X11; Linux)")
        );
        assert_ne!(
            device("Firefox/141.0 (X11; Linux)"),
            device("Firefox/141.0 (Macintosh)")
        );
    }
}
