//! How often someone may call: the generic cell rate algorithm per key, in memory, with a bound on keys.
//!
//! Per process on purpose: it protects this process and needs no shared state. A caller may use the whole quota at
//! once and then gets it back evenly over the window.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Problem;
use crate::clock::Clock;

/// How many keys are remembered at most.
const MAX_KEYS: usize = 100_000;

/// So many calls in so much time.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// The policy's name in the headers.
    pub name: &'static str,
    /// Calls per window; at least one.
    pub limit: u32,
    /// The window; at least a millisecond per call.
    pub window: Duration,
}

impl Quota {
    /// `limit` calls a minute.
    #[must_use]
    pub fn per_minute(name: &'static str, limit: u32) -> Self {
        Self {
            name,
            limit,
            window: Duration::from_secs(60),
        }
    }

    /// Microseconds that one call costs.
    fn cost(&self) -> i64 {
        let micros = i64::try_from(self.window.as_micros()).unwrap_or(i64::MAX);
        (micros / i64::from(self.limit.max(1))).max(1_000)
    }

    /// Microseconds of debt a caller may have: the whole quota.
    fn allowance(&self) -> i64 {
        self.cost().saturating_mul(i64::from(self.limit.max(1)))
    }
}

/// What the limiter says about one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the call may go on.
    pub allowed: bool,
    /// Calls left right now.
    pub remaining: u32,
    /// Seconds until the whole quota is there again.
    pub reset_s: u64,
    /// Seconds until one call may go on; zero when one may now.
    pub retry_after_s: u64,
    quota_limit: u32,
    window_s: u64,
    name: &'static str,
}

impl Verdict {
    /// `RateLimit` and `RateLimit-Policy` for any answer.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let policy = format!("\"{}\";q={};w={}", self.name, self.quota_limit, self.window_s);
        let state = format!("\"{}\";r={};t={}", self.name, self.remaining, self.reset_s);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }

    /// Adds the headers to an answer.
    pub fn apply(&self, response: &mut Response) {
        response.headers_mut().extend(self.headers());
    }

    /// The refusal as a problem: 429 with `Retry-After`.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests; please wait a little.",
        )
        .with_headers(self.headers())
        .with_retry_after(self.retry_after_s.max(1))
    }
}

impl IntoResponse for Verdict {
    /// The refusal. Only call it for a verdict that does not allow the call.
    fn into_response(self) -> Response {
        self.problem().into_response()
    }
}

/// Counts calls per key. Clones share the counts.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    quota: Quota,
    clock: Clock,
    max_keys: usize,
    /// For each key the time, in microseconds, at which its debt is paid back.
    paid_at: Arc<Mutex<HashMap<String, i64>>>,
}

impl RateLimiter {
    /// A limiter for one quota.
    #[must_use]
    pub fn new(quota: Quota, clock: Clock) -> Self {
        Self {
            quota,
            clock,
            max_keys: MAX_KEYS,
            paid_at: Arc::default(),
        }
    }

    /// Counts a call of `key` and judges it. A refused call costs nothing.
    #[must_use]
    pub fn check(&self, key: &str) -> Verdict {
        self.check_at(key, self.clock.now())
    }

    /// Judges a call of `key` without counting it, for what is counted only when it fails.
    #[must_use]
    pub fn peek(&self, key: &str) -> Verdict {
        self.judge(key, self.clock.now(), false)
    }

    fn check_at(&self, key: &str, now: DateTime<Utc>) -> Verdict {
        self.judge(key, now, true)
    }

    fn judge(&self, key: &str, now: DateTime<Utc>, counts: bool) -> Verdict {
        let now = now.timestamp_micros();
        let (cost, allowance) = (self.quota.cost(), self.quota.allowance());
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back must not lock anyone out for longer than the window.
        let before = paid_at
            .get(key)
            .copied()
            .unwrap_or(now)
            .clamp(now, now.saturating_add(allowance));
        let after = before.saturating_add(cost);
        let allowed = after - now <= allowance;
        let debt = if allowed && counts { after - now } else { before - now };
        if allowed && counts {
            if paid_at.len() >= self.max_keys && !paid_at.contains_key(key) {
                make_room(&mut paid_at, now, self.max_keys);
            }
            paid_at.insert(key.to_owned(), after);
        }
        drop(paid_at);
        Verdict {
            allowed,
            remaining: u32::try_from((allowance - debt) / cost).unwrap_or(0),
            reset_s: seconds_up(debt),
            retry_after_s: seconds_up(debt + cost - allowance),
            quota_limit: self.quota.limit,
            window_s: self.quota.window.as_secs(),
            name: self.quota.name,
        }
    }

    /// Forgets `key`, for example after a sign-in that worked.
    pub fn forget(&self, key: &str) {
        self.paid_at.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Forgets the keys without debt; when too few have none, the tenth that owes least.
fn make_room(paid_at: &mut HashMap<String, i64>, now: i64, max_keys: usize) {
    paid_at.retain(|_, at| *at > now);
    let spare = max_keys / 10 + 1;
    if paid_at.len() + spare <= max_keys {
        return;
    }
    let mut times: Vec<i64> = paid_at.values().copied().collect();
    let nth = spare.min(times.len()).saturating_sub(1);
    if times.is_empty() {
        return;
    }
    let (_, limit, _) = times.select_nth_unstable(nth);
    let limit = *limit;
    paid_at.retain(|_, at| *at > limit);
}

fn seconds_up(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn limiter(limit: u32) -> (RateLimiter, Clock) {
        let clock = Clock::fixed(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        (RateLimiter::new(Quota::per_minute("api", limit), clock.clone()), clock)
    }

    #[test]
    fn looking_counts_nothing() {
        let (limiter, _) = limiter(2);
        for _ in 0..5 {
            let seen = limiter.peek("a");
            assert!(seen.allowed && seen.remaining == 2);
        }
        assert!(limiter.check("a").allowed && limiter.peek("a").remaining == 1);
        assert!(limiter.check("a").allowed && !limiter.peek("a").allowed);
        assert!(limiter.peek("b").allowed);
    }

    #[test]
    fn a_burst_then_an_even_flow() {
        let (limiter, clock) = limiter(6);
        // (seconds that pass before, allowed, remaining, reset, retry after)
        let table = [
            (0, true, 5, 10, 0),
            (0, true, 4, 20, 0),
            (0, true, 3, 30, 0),
            (0, true, 2, 40, 0),
            (0, true, 1, 50, 0),
            (0, true, 0, 60, 10),
            (0, false, 0, 60, 10),
            (4, false, 0, 56, 6),
            (6, true, 0, 60, 10),
            (600, true, 5, 10, 0),
        ];
        for (row, (pause, allowed, remaining, reset, retry)) in table.into_iter().enumerate() {
            clock.advance(TimeDelta::seconds(pause));
            let verdict = limiter.check("a");
            let found = (
                verdict.allowed,
                verdict.remaining,
                verdict.reset_s,
                verdict.retry_after_s,
            );
            assert_eq!(found, (allowed, remaining, reset, retry), "row {row}");
        }
    }

    #[test]
    fn keys_are_separate_and_can_be_forgotten() {
        let (limiter, clock) = limiter(1);
        assert!(limiter.check("a").allowed);
        assert!(!limiter.check("a").allowed);
        assert!(limiter.check("b").allowed);
        limiter.forget("a");
        assert!(limiter.check("a").allowed);
        clock.advance(TimeDelta::hours(-5));
        assert!(!limiter.check("a").allowed);
        clock.advance(TimeDelta::seconds(61));
        assert!(limiter.check("b").allowed || limiter.check("c").allowed);
    }

    #[test]
    fn the_map_is_bounded() {
        let (mut limiter, clock) = limiter(10);
        limiter.max_keys = 50;
        for key in 0..1_000 {
            clock.advance(TimeDelta::milliseconds(1));
            assert!(limiter.check(&key.to_string()).allowed);
            assert!(limiter.paid_at.lock().unwrap().len() <= 50);
        }
    }

    #[test]
    fn headers_and_refusal() {
        let (limiter, _) = limiter(2);
        let first = limiter.check("a");
        assert_eq!(first.headers()["ratelimit-policy"], "\"api\";q=2;w=60");
        assert_eq!(first.headers()["ratelimit"], "\"api\";r=1;t=30");
        let _second = limiter.check("a");
        let refused = limiter.check("a").into_response();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "30");
        assert_eq!(refused.headers()["ratelimit"], "\"api\";r=0;t=60");
    }
}
