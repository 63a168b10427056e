//! Turns at something scarce, shared fairly: nobody has more than a share of them, however many ask in their name.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How turns are given out.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Turns at once, of all together.
    pub total: usize,
    /// Turns at once of one.
    pub each: usize,
    /// Who may wait for a turn of one; more are sent away at once.
    pub waiting: usize,
    /// How long one waits at most.
    pub patience: Duration,
}

/// Turns by whose they are. Clones share them.
#[derive(Clone, Debug)]
pub struct Shares<K> {
    plan: Plan,
    total: Arc<Semaphore>,
    own: Arc<Mutex<HashMap<K, Own>>>,
}

#[derive(Debug)]
struct Own {
    turns: Arc<Semaphore>,
    /// Who holds a turn or waits for one.
    inside: usize,
}

/// A turn; dropping it gives it to the next.
#[derive(Debug)]
pub struct Turn<K: Eq + Hash + Clone> {
    place: Place<K>,
    _own: OwnedSemaphorePermit,
    _total: OwnedSemaphorePermit,
}

impl<K: Eq + Hash + Clone> Turn<K> {
    /// Whose it is.
    #[must_use]
    pub fn of(&self) -> &K {
        &self.place.key
    }
}

/// Being counted among those who hold or wait.
#[derive(Debug)]
struct Place<K: Eq + Hash + Clone> {
    key: K,
    own: Arc<Mutex<HashMap<K, Own>>>,
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut all = locked(&self.own);
        if let Some(own) = all.get_mut(&self.key) {
            own.inside -= 1;
            if own.inside == 0 {
                all.remove(&self.key);
            }
        }
    }
}

fn locked<K>(own: &Mutex<HashMap<K, Own>>) -> MutexGuard<'_, HashMap<K, Own>> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// Turns by this plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            total: Arc::new(Semaphore::new(plan.total)),
            own: Arc::default(),
            plan,
        }
    }

    /// Takes a turn of `key`, or answers none when too many wait for one already, or none came in time.
    pub async fn take(&self, key: &K) -> Option<Turn<K>> {
        let (place, turns) = self.enter(key)?;
        let both = async {
            // One's own first: who has used up their share stands in nobody else's way.
            let own = turns.acquire_owned().await.ok()?;
            let total = self.total.clone().acquire_owned().await.ok()?;
            Some((own, total))
        };
        let (own, total) = tokio::time::timeout(self.plan.patience, both).await.ok()??;
        Some(Turn {
            place,
            _own: own,
            _total: total,
        })
    }

    fn enter(&self, key: &K) -> Option<(Place<K>, Arc<Semaphore>)> {
        let mut all = locked(&self.own);
        let own = all.entry(key.clone()).or_insert_with(|| Own {
            turns: Arc::new(Semaphore::new(self.plan.each)),
            inside: 0,
        });
        if own.inside >= self.plan.each + self.plan.waiting {
            return None;
        }
        own.inside += 1;
        let place = Place {
            key: key.clone(),
            own: self.own.clone(),
        };
        Some((place, own.turns.clone()))
    }

    /// In whose name turns are held or waited for now.
    #[must_use]
    pub fn len(&self) -> usize {
        locked(&self.own).len()
    }

    /// Whether nobody holds or waits for a turn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> Shares<&'static str> {
        Shares::new(Plan {
            total: 4,
            each: 2,
            waiting: 3,
            patience: Duration::from_millis(300),
        })
    }

    #[tokio::test]
    async fn one_who_asks_for_everything_leaves_turns_to_others() {
        let shares = shares();
        let held = [shares.take(&"greedy").await, shares.take(&"greedy").await];
        assert!(held.iter().all(Option::is_some));
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let shares = shares.clone();
                super::super::spawn(async move { shares.take(&"greedy").await.is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(
            shares.take(&"greedy").await.is_none(),
            "more than may wait are sent away at once"
        );
        let calm = shares.take(&"calm").await;
        assert_eq!(calm.as_ref().map(|turn| *turn.of()), Some("calm"));
        drop(held);
        for waiter in waiting {
            assert!(waiter.await.unwrap(), "who waited comes next");
        }
        drop(calm);
        assert!(shares.is_empty(), "nothing is remembered of those who are gone");
    }

    #[tokio::test]
    async fn who_waits_too_long_or_goes_away_leaves_no_trace() {
        let shares = shares();
        let held = [shares.take(&"a").await, shares.take(&"a").await];
        assert!(shares.take(&"a").await.is_none(), "its patience is over");
        let gone = tokio::time::timeout(Duration::from_millis(20), shares.take(&"a")).await;
        assert!(gone.is_err());
        drop(held);
        assert!(shares.is_empty());
        assert!(shares.take(&"a").await.is_some());
    }
}
