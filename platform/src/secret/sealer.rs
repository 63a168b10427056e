//! Sealing of single columns with XChaCha20-Poly1305.
//!
//! Layout: version (1 byte), key id (4 bytes: the start of the key's SHA-256), nonce (24 bytes), ciphertext with tag.
//! The place of the value (tenant, table, column, row) is authenticated, so a sealed value copied elsewhere does not open.

use std::fmt::Display;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use super::{SecretKey, sha256};
use crate::random::Random;

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
const TAG_LEN: usize = 16;

/// The place a sealed value belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aad {
    /// The tenant that owns the row, or `control` for shared tables.
    pub tenant: String,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's key.
    pub row: String,
}

impl Aad {
    /// The place `table.column` of `row` in `tenant`.
    pub fn new(tenant: impl Display, table: &'static str, column: &'static str, row: impl Display) -> Self {
        Self {
            tenant: tenant.to_string(),
            table,
            column,
            row: row.to_string(),
        }
    }

    /// Every part with its length in front, so that no two places read the same.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in [&self.tenant, self.table, self.column, &self.row] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// Why a sealed value did not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// Too short, or of a version this program does not know.
    #[error("the sealed value has an unknown format")]
    Format,
    /// Sealed with a key that is not configured.
    #[error("the sealed value needs key {0}, which is not configured")]
    UnknownKey(String),
    /// Changed, or moved from another place.
    #[error("the sealed value does not belong here or was changed")]
    Refused,
    /// Opened, but the text in it is not UTF-8.
    #[error("the sealed value is not text")]
    NotText,
}

/// Seals with its first key and opens with any of its keys.
#[derive(Clone)]
pub struct Sealer {
    current: Key,
    older: Vec<Key>,
    random: Random,
}

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID_LEN],
    cipher: XChaCha20Poly1305,
}

impl Key {
    fn new(key: &SecretKey) -> Self {
        let [a, b, c, d, ..] = sha256(key.expose());
        Self {
            id: [a, b, c, d],
            cipher: XChaCha20Poly1305::new(key.expose().into()),
        }
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({} and {} older)", self.key_id(), self.older.len())
    }
}

impl Sealer {
    /// Seals and opens with `key`.
    #[must_use]
    pub fn new(key: impl Into<SecretKey>) -> Self {
        Self {
            current: Key::new(&key.into()),
            older: Vec::new(),
            random: Random::os(),
        }
    }

    /// Also opens what an earlier `key` sealed, while values are sealed anew.
    #[must_use]
    pub fn and_older(mut self, key: impl Into<SecretKey>) -> Self {
        self.older.push(Key::new(&key.into()));
        self
    }

    /// Draws nonces from `random`: for tests that repeat.
    #[must_use]
    pub fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The id of the key that seals, as eight hex digits.
    #[must_use]
    pub fn key_id(&self) -> String {
        hex::encode(self.current.id)
    }

    /// Whether `sealed` should be sealed again because an older key did it.
    #[must_use]
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=KEY_ID_LEN) != Some(&self.current.id[..])
    }

    /// Seals `plain` for the place `aad`.
    #[must_use]
    pub fn seal(&self, plain: &[u8], aad: &Aad) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = self.random.bytes();
        let payload = Payload {
            msg: plain,
            aad: &bound(&self.current.id, aad),
        };
        let Ok(body) = self.current.cipher.encrypt(XNonce::from_slice(&nonce), payload) else {
            unreachable!("only values above 256 GiB cannot be sealed");
        };
        let mut out = Vec::with_capacity(HEADER_LEN + body.len());
        out.push(VERSION);
        out.extend_from_slice(&self.current.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        out
    }

    /// Opens what [`seal`](Self::seal) made for the same place.
    ///
    /// # Errors
    /// When the format, the key or the place is not the one it was sealed with.
    pub fn open(&self, sealed: &[u8], aad: &Aad) -> Result<Vec<u8>, SecretError> {
        if sealed.len() < HEADER_LEN + TAG_LEN || sealed[0] != VERSION {
            return Err(SecretError::Format);
        }
        let (header, body) = sealed.split_at(HEADER_LEN);
        let (id, nonce) = header[1..].split_at(KEY_ID_LEN);
        let key = std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
            .ok_or_else(|| SecretError::UnknownKey(hex::encode(id)))?;
        key.cipher
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: body,
                    aad: &bound(&key.id, aad),
                },
            )
            .map_err(|_| SecretError::Refused)
    }

    /// Opens sealed text.
    ///
    /// # Errors
    /// As [`open`](Self::open), or when the value is not UTF-8.
    pub fn open_text(&self, sealed: &[u8], aad: &Aad) -> Result<super::Secret<String>, SecretError> {
        String::from_utf8(self.open(sealed, aad)?)
            .map(super::Secret::new)
            .map_err(|_| SecretError::NotText)
    }
}

/// What is authenticated besides the value: the header's version and key id, and the place.
fn bound(id: &[u8; KEY_ID_LEN], aad: &Aad) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.extend_from_slice(id);
    out.extend_from_slice(&aad.encode());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Aad {
        Aad::new("t_abc", "gateways", "credentials", "row-1")
    }

    #[test]
    fn opens_only_in_its_place() {
        let sealer = Sealer::new([1; 32]);
        let sealed = sealer.seal(b"sk_live_1", &place());
        assert_eq!(sealer.open(&sealed, &place()).unwrap(), b"sk_live_1");
        assert_eq!(sealer.open_text(&sealed, &place()).unwrap().expose(), "sk_live_1");
        for other in [
            Aad {
                tenant: "t_xyz".into(),
                ..place()
            },
            Aad {
                table: "servers",
                ..place()
            },
            Aad {
                column: "settings",
                ..place()
            },
            Aad {
                row: "row-2".into(),
                ..place()
            },
            Aad {
                tenant: "t_abcg".into(),
                table: "ateways",
                ..place()
            },
        ] {
            assert_eq!(sealer.open(&sealed, &other), Err(SecretError::Refused), "{other:?}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealer = Sealer::new([1; 32]);
        let sealed = sealer.seal(b"secret", &place());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(&changed, &place()).is_err(), "byte {at}");
        }
        for len in 0..sealed.len() {
            assert!(sealer.open(&sealed[..len], &place()).is_err(), "length {len}");
        }
    }

    #[test]
    fn older_keys_open_and_new_ones_seal() {
        let old = Sealer::new([1; 32]);
        let sealed = old.seal(b"x", &place());
        let rotated = Sealer::new([2; 32]).and_older([1; 32]);
        assert_eq!(rotated.open(&sealed, &place()).unwrap(), b"x");
        assert!(rotated.is_outdated(&sealed));
        let again = rotated.seal(b"x", &place());
        assert!(!rotated.is_outdated(&again));
        assert_eq!(
            old.open(&again, &place()),
            Err(SecretError::UnknownKey(rotated.key_id()))
        );
    }

    #[test]
    fn nonces_differ_and_empty_values_are_fine() {
        let sealer = Sealer::new([1; 32]).with_random(Random::seeded(1));
        let (first, second) = (sealer.seal(b"", &place()), sealer.seal(b"", &place()));
        assert_ne!(first, second);
        assert_eq!(first.len(), HEADER_LEN + TAG_LEN);
        assert_eq!(sealer.open(&second, &place()).unwrap(), b"");
        assert_eq!(sealer.open(b"", &place()), Err(SecretError::Format));
    }
}
