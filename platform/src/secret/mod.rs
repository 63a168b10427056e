//! Secrets: sealed columns, keyed hashes of tokens, and a wrapper that keeps them out of logs.

mod hash;
mod sealer;

pub use hash::{constant_time_eq, derive_key, keyed_hash, sha256};
pub use sealer::{Aad, Sealer, SecretError};

/// A value that must not be printed. `Debug` shows nothing of it and it does not serialise.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: the name makes each use easy to find.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, unwrapped.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl From<String> for Secret<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// The installation's root key: 32 bytes from which everything else is sealed or derived.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// The raw key.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of its own for one purpose, so that no key serves two.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(derive_key(&self.0, purpose))
    }
}

impl From<[u8; 32]> for SecretKey {
    fn from(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl From<&SecretKey> for SecretKey {
    fn from(key: &SecretKey) -> Self {
        key.clone()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", Secret::from("hunter2"), SecretKey::from([b'k'; 32]));
        assert_eq!(shown, "[secret] [secret key]");
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        let key = SecretKey::from([1; 32]);
        assert_ne!(key.derive("gateway").expose(), key.derive("session").expose());
        assert_eq!(key.derive("gateway").expose(), key.derive("gateway").expose());
    }
}
