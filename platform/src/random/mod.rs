//! The one source of randomness. Tests seed it, so that tokens and ids repeat.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;

/// The lower-case RFC 4648 base32 alphabet: safe in host names and schema names.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Random bytes, and the shapes made of them. Clones of a seeded source share its state.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    Os,
    Seeded(Arc<Mutex<StdRng>>),
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Source::Os => "Random::os",
            Source::Seeded(_) => "Random::seeded",
        })
    }
}

impl Random {
    /// A cryptographic generator, seeded and reseeded by the operating system.
    #[must_use]
    pub fn os() -> Self {
        Self(Source::Os)
    }

    /// A generator whose output follows from `seed`: for tests only.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills `into`.
    pub fn fill(&self, into: &mut [u8]) {
        match &self.0 {
            Source::Os => fill_from_os(into),
            Source::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(into),
        }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A random number over the whole range.
    #[must_use]
    pub fn u64(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// An unguessable string of `len_bytes` random bytes in base64url without padding.
    #[must_use]
    pub fn token(&self, len_bytes: usize) -> String {
        let mut bytes = vec![0; len_bytes];
        self.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `n_chars` characters of lower-case base32, five random bits each.
    #[must_use]
    pub fn base32_lower(&self, n_chars: usize) -> String {
        let mut bytes = vec![0; n_chars];
        self.fill(&mut bytes);
        // 256 is a multiple of 32, so the low five bits are unbiased.
        bytes
            .iter()
            .map(|byte| char::from(BASE32[usize::from(byte & 31)]))
            .collect()
    }

    /// A version 7 UUID for the given time, in milliseconds since 1970 (earlier times count as 1970).
    #[must_use]
    pub fn uuid_v7(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
fn fill_from_os(into: &mut [u8]) {
    rand::rng().fill_bytes(into);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_os_does_not() {
        let draw = |random: &Random| (random.u64(), random.token(16), random.base32_lower(13));
        assert_eq!(draw(&Random::seeded(7)), draw(&Random::seeded(7)));
        assert_ne!(draw(&Random::seeded(7)), draw(&Random::seeded(8)));
        assert_ne!(draw(&Random::os()), draw(&Random::os()));
    }

    #[test]
    fn shapes() {
        let random = Random::os();
        assert_eq!(random.token(32).len(), 43);
        let name = random.base32_lower(26);
        assert_eq!(name.len(), 26);
        assert!(name.bytes().all(|byte| BASE32.contains(&byte)));
        let at = DateTime::from_timestamp_millis(1_767_225_600_123).unwrap();
        let id = random.uuid_v7(at);
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_767_225_600, 123_000_000));
    }
}
