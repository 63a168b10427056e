//! Typed ids: a UUIDv7 in the row, a visible prefix outside (`inv_01jd...`).
//!
//! The text form is the prefix, an underscore and 26 lower-case Crockford base32 digits; it sorts
//! by creation time, and only the canonical spelling is accepted.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Which noun an id names. Declared in the room that owns the noun, by [`id_kind!`](crate::id_kind).
pub trait Kind: 'static {
    /// The three letters before the underscore.
    const PREFIX: &'static str;
}

/// An id of one kind; two kinds do not mix.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// Declares an id type: `id_kind!(InvoiceId, InvoiceKind, "inv")`.
#[macro_export]
macro_rules! id_kind {
    ($name:ident, $kind:ident, $prefix:literal) => {
        #[doc = concat!("Kind of ids spelt `", $prefix, "_...`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {}
        impl $crate::id::Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("Id spelt `", $prefix, "_...`.")]
        pub type $name = $crate::id::Id<$kind>;
    };
}

/// The text is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {0}_…")]
pub struct IdError(&'static str);

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LEN: usize = 26;

impl<K> Id<K> {
    /// A new id for `now`, from the injected clock and randomness.
    #[must_use]
    pub fn new(uuid_v7: Uuid) -> Self {
        Self {
            uuid: uuid_v7,
            kind: PhantomData,
        }
    }

    /// The row's key.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; LEN];
        let mut rest = self.uuid.as_u128();
        for slot in text.iter_mut().rev() {
            *slot = DIGITS[usize::try_from(rest & 31).unwrap_or_default()];
            rest >>= 5;
        }
        write!(f, "{}_{}", K::PREFIX, std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError(K::PREFIX);
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or_else(|| error.clone())?;
        if digits.len() != LEN || !(b'0'..=b'7').contains(&digits.as_bytes()[0]) {
            return Err(error);
        }
        let mut value = 0_u128;
        for byte in digits.bytes() {
            let digit = DIGITS.iter().position(|d| *d == byte).ok_or_else(|| error.clone())?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self::new(Uuid::from_u128(value)))
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<K> sqlx::Type<sqlx::Postgres> for Id<K> {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <Uuid as sqlx::Type<sqlx::Postgres>>::type_info()
    }
}
impl<K> sqlx::postgres::PgHasArrayType for Id<K> {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        <Uuid as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}
impl<'q, K> sqlx::Encode<'q, sqlx::Postgres> for Id<K> {
    fn encode_by_ref(
        &self,
        buf: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        <Uuid as sqlx::Encode<'q, sqlx::Postgres>>::encode_by_ref(&self.uuid, buf)
    }
}
impl<'r, K> sqlx::Decode<'r, sqlx::Postgres> for Id<K> {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self::new(<Uuid as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    id_kind!(ThingId, ThingKind, "thg");

    #[test]
    fn the_text_form_round_trips_and_only_the_canonical_one_parses() {
        let id = ThingId::new(Uuid::from_u128(0x0193_5a7b_0000_7000_8000_0000_0000_0001));
        let text = id.to_string();
        assert_eq!(text.len(), 30);
        assert_eq!(text.parse::<ThingId>().unwrap(), id);
        for wrong in [
            "",
            "thg_",
            "acc_01jd",
            &text.to_uppercase(),
            &text[..29],
            "thg_80000000000000000000000000",
            &text.replace('0', "u"),
        ] {
            assert!(wrong.parse::<ThingId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn text_sorts_as_time() {
        let early = ThingId::new(Uuid::from_u128(1)).to_string();
        let late = ThingId::new(Uuid::from_u128(2 << 80)).to_string();
        assert!(early < late);
    }
}
