//! Hashes: of tokens we only compare, and of keys we derive.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// HMAC-SHA256 of `message` under `key`: what is stored of a token, so that the table alone cannot be searched.
#[must_use]
pub fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length");
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A key of its own for `purpose`, from a root key.
#[must_use]
pub fn derive_key(root: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut message = b"ezscale key v1:".to_vec();
    message.extend_from_slice(purpose.as_bytes());
    keyed_hash(root, &message)
}

/// SHA-256 of `message`.
#[must_use]
pub fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Whether both are the same, in a time that depends on their length only.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // RFC 4231, test case 2.
        assert_eq!(
            hex::encode(keyed_hash(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn comparison() {
        for (left, right, same) in [
            ("", "", true),
            ("a", "a", true),
            ("a", "b", false),
            ("a", "ab", false),
            ("", "a", false),
        ] {
            assert_eq!(
                constant_time_eq(left.as_bytes(), right.as_bytes()),
                same,
                "{left:?} {right:?}"
            );
        }
    }
}
