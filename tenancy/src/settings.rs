//! Settings resolve: own value, else the parent's, else the default.
//!
//! Own values live in the tenant's row in `control`, so every node holds them with the host map.
//! Credentials, gateways and keys are no settings and never resolve upward.

use platform::db::DbError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ControlTx, TenantId};

/// The resolved settings of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Legal name on documents; empty: the tenant's name.
    pub legal_name: String,
    /// Address lines on documents.
    pub address: Vec<String>,
    /// ISO country of the seller.
    pub country: String,
    /// VAT id on documents.
    pub vat_id: String,
    /// Name in the From of mails; empty: the tenant's name.
    pub mail_from_name: String,
    /// Where answers to mails go; empty: the support address. Who they are from is the platform's to say, as long as
    /// nobody has proved that a domain's mail is theirs to send.
    pub mail_from: String,
    /// Where customers write to.
    pub support_email: String,
    /// Currencies on offer, the default first; empty: the tenant's own.
    pub currencies: Vec<String>,
    /// Prefix of invoice numbers.
    pub invoice_prefix: String,
    /// Days from issue to due for renewals.
    pub due_days: u32,
    /// How many days before the period a renewal invoice is issued.
    pub invoice_days_before: u32,
    /// How many days before it is due an open invoice is named once more; 0: never.
    pub due_soon_days: u32,
    /// Days after the due date at which an unpaid service is suspended.
    pub suspend_after_days: u32,
    /// Days after which an order that nobody paid is cancelled; 0: never.
    pub order_expire_days: u32,
    /// Days after the due date on which reminders go out.
    pub reminder_days: Vec<u32>,
    /// Days after a failed charge on which it is tried again.
    pub retry_days: Vec<u32>,
    /// Local hour at which the billing day begins.
    pub billing_hour: u32,
    /// Staff turn it on in a demo: sandbox gateway and panel in a live tenant.
    pub allow_simulated: bool,
    /// Link to the terms of service.
    pub terms_url: String,
    /// One line under the name on the home page.
    pub tagline: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            legal_name: String::new(),
            address: Vec::new(),
            country: String::new(),
            vat_id: String::new(),
            mail_from_name: String::new(),
            mail_from: String::new(),
            support_email: String::new(),
            currencies: Vec::new(),
            invoice_prefix: "INV-".into(),
            due_days: 0,
            invoice_days_before: 0,
            due_soon_days: 3,
            suspend_after_days: 7,
            order_expire_days: 14,
            reminder_days: vec![1, 3, 5],
            retry_days: vec![1, 3, 5, 7],
            billing_hour: 1,
            allow_simulated: false,
            terms_url: String::new(),
            tagline: String::new(),
        }
    }
}

/// What a parent's value may stand in for; who the seller is, never.
const INHERITED: &[&str] = &[
    "currencies",
    "due_days",
    "invoice_days_before",
    "due_soon_days",
    "suspend_after_days",
    "order_expire_days",
    "reminder_days",
    "retry_days",
    "billing_hour",
    "brand",
];

/// Merges a chain of own values, the root's first, this tenant's last.
#[must_use]
pub fn merge(chain: &[Map<String, Value>]) -> Map<String, Value> {
    let mut merged = Map::new();
    for (depth, own) in chain.iter().enumerate() {
        let last = depth + 1 == chain.len();
        for (key, value) in own {
            if last || INHERITED.contains(&key.as_str()) {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    merged
}

impl Settings {
    /// Reads settings out of merged values; a value of the wrong type falls back to the default.
    #[must_use]
    pub fn from_values(values: &Map<String, Value>) -> Self {
        let Ok(Value::Object(mut whole)) = serde_json::to_value(Self::default()) else {
            return Self::default();
        };
        for (key, value) in values {
            let Some(default) = whole.get(key) else { continue };
            let mut probe = whole.clone();
            probe.insert(key.clone(), value.clone());
            if default != value && serde_json::from_value::<Self>(Value::Object(probe.clone())).is_ok() {
                whole = probe;
            }
        }
        serde_json::from_value(Value::Object(whole)).unwrap_or_default()
    }
}

/// A setting that cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// No setting has this name.
    #[error("there is no setting {0:?}")]
    Unknown(String),
    /// The value is of the wrong kind.
    #[error("setting {0:?} cannot have this value")]
    Wrong(String),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Stores a tenant's own values (null removes one) and tells every node.
///
/// # Errors
/// An unknown name or a value of the wrong kind; nothing is stored then.
pub async fn change(tx: &mut ControlTx, tenant: TenantId, values: &Map<String, Value>) -> Result<(), SettingError> {
    let Ok(Value::Object(known)) = serde_json::to_value(Settings::default()) else {
        return Ok(());
    };
    for (key, value) in values {
        if key == "brand" {
            if !value.is_null() && serde_json::from_value::<crate::brand::BrandValues>(value.clone()).is_err() {
                return Err(SettingError::Wrong(key.clone()));
            }
            continue;
        }
        if !known.contains_key(key) {
            return Err(SettingError::Unknown(key.clone()));
        }
        let mut probe = known.clone();
        probe.insert(key.clone(), value.clone());
        if !value.is_null() && serde_json::from_value::<Settings>(Value::Object(probe)).is_err() {
            return Err(SettingError::Wrong(key.clone()));
        }
    }
    sqlx::query(
        "UPDATE control.tenants SET settings = jsonb_strip_nulls(settings || $2), generation = generation + 1 WHERE id = $1",
    )
    .bind(tenant)
    .bind(Value::Object(values.clone()))
    .execute(tx.connection())
    .await
    .map_err(DbError::from)?;
    tx.announce("tenant", tenant).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn own_value_then_parents_then_default_but_never_the_parents_identity() {
        let chain = [
            map(json!({"due_days": 14, "legal_name": "Root Ltd", "mail_from": "root@root.test"})),
            map(json!({"tagline": "Ours"})),
        ];
        let settings = Settings::from_values(&merge(&chain));
        assert_eq!(settings.due_days, 14);
        assert_eq!((&*settings.legal_name, &*settings.mail_from), ("", ""));
        assert_eq!(settings.tagline, "Ours");
        assert_eq!(settings.suspend_after_days, 7);
    }

    #[test]
    fn a_value_of_the_wrong_type_falls_back() {
        let settings = Settings::from_values(&map(json!({"due_days": "soon", "billing_hour": 3})));
        assert_eq!((settings.due_days, settings.billing_hour), (0, 3));
    }
}
