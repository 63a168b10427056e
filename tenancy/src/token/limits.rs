//! What a token is held to: scopes, networks, an end, an amount a month. Checked in one place for making and changing.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use platform::money::Money;
use serde_json::{Value, json};

use super::{NewToken, TokenError};
use crate::TenantTx;
use crate::permission::{MEMBER, STAFF};

/// Networks of one token.
const NETWORKS: usize = 50;

/// What a token is held to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// Name for people.
    pub name: String,
    /// None: all that the user may do.
    pub scopes: Option<Vec<String>>,
    /// Addresses or networks it may come from; empty: any.
    pub ip_list: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Most it may spend in a calendar month; none: no limit.
    pub spending_limit: Option<Money>,
}

impl Limits {
    pub(super) fn of(new: &NewToken) -> Self {
        let name = new.name.trim();
        Self {
            name: if name.is_empty() { "API" } else { name }.to_owned(),
            scopes: new.scopes.clone(),
            ip_list: new.ip_list.clone(),
            expires_at: new.expires_at,
            spending_limit: new.spending_limit,
        }
    }

    /// What the audit log keeps of it.
    pub(super) fn detail(&self) -> Value {
        json!({ "name": self.name, "scopes": self.scopes, "ip_list": self.ip_list, "expires_at": self.expires_at,
                "spending_limit": self.spending_limit })
    }
}

/// The same in the form that is stored. Tokens live by our time, whatever a sandbox's clock says.
///
/// # Errors
/// What is wrong with it.
pub fn check(tx: &TenantTx, limits: Limits) -> Result<Limits, TokenError> {
    let now = tx.now() - tx.tenant().clock_offset;
    if limits.expires_at.is_some_and(|end| end <= now) {
        return Err(TokenError::PastExpiry);
    }
    plain(limits)
}

fn plain(mut limits: Limits) -> Result<Limits, TokenError> {
    limits.name = limits.name.trim().to_owned();
    let fine = (1..=120).contains(&limits.name.chars().count()) && !limits.name.chars().any(char::is_control);
    if !fine {
        return Err(TokenError::BadName);
    }
    let known = |word: &&String| STAFF.contains(&word.as_str()) || MEMBER.contains(&word.as_str());
    if let Some(wrong) = limits.scopes.iter().flatten().find(|word| !known(word)) {
        return Err(TokenError::UnknownScope(wrong.clone()));
    }
    if limits.ip_list.len() > NETWORKS {
        return Err(TokenError::ManyNetworks);
    }
    let networks = limits.ip_list.iter().map(|text| network(text));
    limits.ip_list = networks.collect::<Result<_, _>>()?;
    if limits.spending_limit.is_some_and(Money::is_negative) {
        return Err(TokenError::BadLimit);
    }
    Ok(limits)
}

/// An address or a network in its plain form.
fn network(text: &str) -> Result<String, TokenError> {
    let text = text.trim();
    match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
        (Ok(ip), _) => Ok(ip.to_canonical().to_string()),
        (_, Ok(net)) => Ok(net.trunc().to_string()),
        _ => Err(TokenError::BadNetwork(text.chars().take(60).collect())),
    }
}

/// Whether a client may come from `ip`.
pub(super) fn allowed(list: &[String], ip: &str) -> bool {
    let Ok(ip) = ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) else {
        return false;
    };
    list.iter().any(|entry| match entry.parse::<IpNet>() {
        Ok(net) => net.contains(&ip),
        Err(_) => entry.parse() == Ok(ip),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_kept_in_their_plain_form() {
        for (typed, kept) in [
            ("192.0.2.7", Some("192.0.2.7")),
            (" 192.0.2.7/24 ", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("2001:DB8::1/32", Some("2001:db8::/32")),
            ("192.0.2.0/33", None),
            ("example.com", None),
            ("", None),
        ] {
            assert_eq!(network(typed).ok().as_deref(), kept, "{typed}");
        }
        let list = vec!["192.0.2.0/24".to_owned(), "2001:db8::1".to_owned()];
        for (ip, fine) in [
            ("192.0.2.9", true),
            ("::ffff:192.0.2.9", true),
            ("2001:db8::1", true),
            ("192.0.3.1", false),
            ("", false),
        ] {
            assert_eq!(allowed(&list, ip), fine, "{ip}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let named = |name: &str| Limits {
            name: name.to_owned(),
            ..Limits::default()
        };
        assert!(matches!(plain(named(" ")), Err(TokenError::BadName)));
        assert!(matches!(plain(named(&"x".repeat(121))), Err(TokenError::BadName)));
        let many = Limits {
            ip_list: vec!["192.0.2.1".to_owned(); NETWORKS + 1],
            ..named("x")
        };
        assert!(matches!(plain(many), Err(TokenError::ManyNetworks)));
        let eats = Limits {
            scopes: Some(vec!["*".to_owned()]),
            ..named("x")
        };
        assert!(matches!(plain(eats), Err(TokenError::UnknownScope(_))));
    }
}
