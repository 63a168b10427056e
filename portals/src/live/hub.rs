//! Who waits for which news in this process. An open page holds a seat here, and no connection.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use billing::ids::ServiceId;
use platform::task::Shutdown;
use provisioning::usage;
use tenancy::news::{self, News};
use tenancy::{AccountId, Tenancy, TenantScope};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::app::App;

/// Most streams of one session: a browser with that many tabs falls back to asking now and then.
pub const PER_SESSION: usize = 8;
/// Most streams of one account, whoever of its team opens them.
pub const PER_ACCOUNT: usize = 64;
/// Most streams of one tenant: a share, so that its visitors cannot take those of others.
pub const PER_TENANT: usize = 1_000;
/// Most streams of this process.
pub const PER_PROCESS: usize = 4_000;

/// Panels asked at once for open pages: one that hangs holds its place for ten seconds and nobody up.
const LOOKS_AT_ONCE: usize = 32;
/// A panel that has answered is not asked the same again before, nor one that has not.
const AFTER_ANSWER: Duration = Duration::from_secs(5);
const AFTER_SILENCE: Duration = Duration::from_secs(30);

/// Whose news: the tenant's schema and the account.
pub type Address = (String, AccountId);

/// The hub. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    seats: Mutex<Seats>,
    looks: Mutex<HashMap<Look, Asked>>,
    stop: Shutdown,
}

#[derive(Default)]
struct Seats {
    waiting: HashMap<Address, watch::Sender<u64>>,
    sessions: HashMap<String, usize>,
    accounts: HashMap<Address, usize>,
    tenants: HashMap<String, usize>,
    taken: usize,
}

/// What is asked of a panel: state or usage of a service.
type Look = (ServiceId, &'static str);

/// A question: under way, or over and not to be asked again before a moment.
enum Asked {
    Open,
    Until(Instant),
}

/// No seat is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// For this session.
    Session,
    /// For this account.
    Account,
    /// For this tenant.
    Tenant,
    /// In this process.
    Process,
}

/// A place in the hub; dropping it frees it.
pub struct Seat {
    hub: Hub,
    address: Address,
    session: String,
    news: watch::Receiver<u64>,
}

impl Hub {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// When the session, the account, the tenant or the process has as many as it may.
    pub fn sit(&self, session: &str, address: Address) -> Result<Seat, Full> {
        let mut seats = self.seats();
        if seats.taken >= PER_PROCESS {
            return Err(Full::Process);
        }
        if has(&seats.sessions, session) >= PER_SESSION {
            return Err(Full::Session);
        }
        if has(&seats.accounts, &address) >= PER_ACCOUNT {
            return Err(Full::Account);
        }
        if has(&seats.tenants, address.0.as_str()) >= PER_TENANT {
            return Err(Full::Tenant);
        }
        *seats.sessions.entry(session.to_owned()).or_default() += 1;
        *seats.accounts.entry(address.clone()).or_default() += 1;
        *seats.tenants.entry(address.0.clone()).or_default() += 1;
        seats.taken += 1;
        let news = seats
            .waiting
            .entry(address.clone())
            .or_insert_with(|| watch::channel(0).0)
            .subscribe();
        Ok(Seat {
            hub: self.clone(),
            address,
            session: session.to_owned(),
            news,
        })
    }

    /// How many seats are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.seats().taken
    }

    /// Passes news on.
    pub fn hear(&self, news: &News) {
        let seats = self.seats();
        match news {
            News::Of {
                schema,
                account: Some(account),
                ..
            } => {
                if let Some(waiting) = seats.waiting.get(&(schema.clone(), *account)) {
                    waiting.send_modify(|heard| *heard += 1);
                }
            }
            News::Of { account: None, .. } => {}
            News::Gap => seats.waiting.values().for_each(|w| w.send_modify(|heard| *heard += 1)),
        }
    }

    /// Whether a panel may be asked now; at most so many at once, and each again only after a while.
    fn may_look(&self, look: Look) -> bool {
        let mut looks = self.0.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        looks.retain(|_, asked| match asked {
            Asked::Open => true,
            Asked::Until(then) => *then > now,
        });
        let open = looks.values().filter(|asked| matches!(asked, Asked::Open)).count();
        if looks.contains_key(&look) || open >= LOOKS_AT_ONCE {
            return false;
        }
        looks.insert(look, Asked::Open);
        true
    }

    /// Asks a service's panel for its `state` or `usage` in the background. Nobody waits: the answer is news.
    pub fn look(&self, app: &App, scope: &TenantScope, look: Look) {
        if !self.may_look(look) {
            return;
        }
        let (hub, shop, scope) = (self.clone(), app.workshop(), scope.clone());
        platform::task::spawn(async move {
            let (service, what) = look;
            let answer = match what {
                "usage" => usage::read(&shop, &scope, service).await.map(drop),
                _ => usage::refresh(&shop, &scope, service).await.map(drop),
            };
            let pause = match answer {
                Ok(()) => AFTER_ANSWER,
                Err(error) => {
                    tracing::info!(%service, what, %error, "a panel did not say how a service is");
                    AFTER_SILENCE
                }
            };
            let mut looks = hub.0.looks.lock().unwrap_or_else(PoisonError::into_inner);
            looks.insert(look, Asked::Until(Instant::now() + pause));
        });
    }

    /// Follows the news of every cell until shutdown, and ends every stream then.
    pub async fn run(self, tenancy: Tenancy, shutdown: Shutdown) {
        news::follow(tenancy, shutdown, |news| self.hear(&news)).await;
        self.0.stop.trigger();
    }

    /// Resolves when streams have to end.
    pub async fn stopped(&self) {
        self.0.stop.wait().await;
    }
}

impl Seat {
    /// Resolves at the next news.
    pub async fn changed(&mut self) {
        // The sender lives as long as this seat does.
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Forgets what was heard so far: it is about to be read.
    pub fn caught_up(&mut self) {
        self.news.mark_unchanged();
    }

    /// Resolves when the stream has to end.
    pub async fn stopped(&self) {
        self.hub.stopped().await;
    }
}

fn has<K: Eq + Hash + Borrow<Q>, Q: Eq + Hash + ?Sized>(counts: &HashMap<K, usize>, key: &Q) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn leave<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(own) = counts.get_mut(key) {
        *own = own.saturating_sub(1);
        if *own == 0 {
            counts.remove(key);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.hub.seats();
        seats.taken = seats.taken.saturating_sub(1);
        leave(&mut seats.sessions, &self.session);
        leave(&mut seats.accounts, &self.address);
        leave(&mut seats.tenants, &self.address.0);
        // This seat's own receiver is still counted.
        if seats
            .waiting
            .get(&self.address)
            .is_some_and(|w| w.receiver_count() <= 1)
        {
            seats.waiting.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn address(schema: &str, account: u128) -> Address {
        (schema.to_owned(), AccountId::new(Uuid::from_u128(account)))
    }

    fn of(schema: &str, account: u128) -> News {
        News::Of {
            schema: schema.to_owned(),
            account: Some(AccountId::new(Uuid::from_u128(account))),
            subject: "svc_1".into(),
        }
    }

    fn hears(seat: &Seat) -> bool {
        seat.news.has_changed().unwrap()
    }

    #[test]
    fn news_reach_their_account_in_their_tenant_and_nobody_else() {
        let hub = Hub::default();
        let mine = hub.sit("s1", address("t_a", 1)).unwrap();
        let others = [("t_a", 2), ("t_b", 1)].map(|(schema, account)| hub.sit("s2", address(schema, account)).unwrap());
        hub.hear(&of("t_a", 1));
        assert!(hears(&mine));
        assert!(!others.iter().any(hears));
        hub.hear(&News::Gap);
        assert!(others.iter().all(hears), "a gap may have held anything");
    }

    #[tokio::test]
    async fn a_panel_is_asked_once_at_a_time_and_not_for_everything_at_once() {
        let hub = Hub::default();
        let service = |n: u128| ServiceId::new(Uuid::from_u128(n));
        assert!(hub.may_look((service(1), "state")));
        assert!(!hub.may_look((service(1), "state")));
        assert!(hub.may_look((service(1), "usage")));
        let more = (2..100).filter(|n| hub.may_look((service(*n), "state"))).count();
        assert_eq!(more + 2, LOOKS_AT_ONCE);
    }

    #[test]
    fn seats_are_bounded_and_come_back() {
        let hub = Hub::default();
        let sit = || hub.sit("s1", address("t_a", 1));
        let mut seats: Vec<Seat> = (0..PER_SESSION).map(|_| sit().unwrap()).collect();
        assert_eq!(sit().err(), Some(Full::Session));
        assert!(hub.sit("s2", address("t_a", 1)).is_ok());
        seats.pop();
        assert!(sit().is_ok());
        // Neither one account nor one tenant takes the seats of others.
        let name = |n: usize| format!("other{n}");
        while let Ok(seat) = hub.sit(&name(seats.len()), address("t_a", 1)) {
            seats.push(seat);
        }
        assert_eq!(
            hub.sit(&name(0), address("t_a", 1)).err(),
            Some(Full::Account),
            "{}",
            seats.len()
        );
        while let Ok(seat) = hub.sit(&name(seats.len()), address("t_a", 2 + seats.len() as u128 / 32)) {
            seats.push(seat);
        }
        assert_eq!(seats.len(), PER_TENANT);
        assert_eq!(hub.sit("s9", address("t_a", 999)).err(), Some(Full::Tenant));
        assert!(hub.sit("s9", address("t_b", 1)).is_ok());
        drop(seats);
        assert_eq!(hub.taken(), 0);
        assert!(hub.seats().accounts.is_empty() && hub.seats().tenants.is_empty());
        assert!(hub.seats().waiting.is_empty() && hub.seats().sessions.is_empty());
    }
}
