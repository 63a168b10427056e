//! A token in every form, bound to the visitor's session: the second proof beside the same origin.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::{SecretKey, constant_time_eq, keyed_hash};

/// The token of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The token of `session_id`: the same on every node, and worthless for any other session.
    #[must_use]
    pub fn derive(secret: &SecretKey, session_id: &str) -> Self {
        let key = secret.derive("csrf");
        Self(URL_SAFE_NO_PAD.encode(keyed_hash(key.expose(), session_id.as_bytes())))
    }

    /// The token as it stands in a form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `presented` is this token, in constant time.
    #[must_use]
    pub fn verify(&self, presented: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), presented.as_bytes())
    }
}

impl std::fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[csrf token]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_one_session_and_one_key() {
        let key = SecretKey::from([1; 32]);
        let token = CsrfToken::derive(&key, "session-1");
        let shown = token.as_str().to_owned();
        for (other, fits) in [
            (CsrfToken::derive(&key, "session-1"), true),
            (CsrfToken::derive(&key, "session-2"), false),
            (CsrfToken::derive(&SecretKey::from([2; 32]), "session-1"), false),
        ] {
            assert_eq!(other.verify(&shown), fits);
        }
        assert!(!token.verify("") && !token.verify(&shown[1..]) && !token.verify(&format!("{shown}x")));
        assert_eq!(format!("{token:?}"), "[csrf token]");
    }
}
