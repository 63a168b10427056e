//! What the checkout's form says, and what is wrong with it.

use billing::ids::{GatewayId, PaymentMethodId};
use billing::payment_method::PaymentMethod;
use platform::views::Page;
use serde::{Deserialize, Serialize};
use tenancy::account::{Account, NewAccount};
use tenancy::user::{self, User};

use super::desk::Desk;
use crate::app::App;
use crate::kit::parts::FieldError;
use crate::web::countries::is_country;

/// The fields as they were sent; what was not sent is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Fields {
    pub key: String,
    pub expect: String,
    pub order: String,
    pub identity: String,
    pub email: String,
    pub password: String,
    pub name: String,
    pub new_password: String,
    pub company: String,
    pub vat_id: String,
    pub address1: String,
    pub city: String,
    pub postcode: String,
    pub country: String,
    pub pay: String,
    pub save: String,
    pub terms: String,
}

/// What of them is shown again; a password never is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Shown {
    pub identity: String,
    pub email: String,
    pub name: String,
    pub company: String,
    pub vat_id: String,
    pub address1: String,
    pub city: String,
    pub postcode: String,
    pub country: String,
    pub pay: String,
    pub save: bool,
    pub terms: bool,
}

/// How somebody wants to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A saved method.
    Saved(PaymentMethodId),
    /// The gateway's own page.
    Page(GatewayId),
}

impl Fields {
    /// The form before anybody typed: what the account knows.
    pub fn of(desk: &Desk, key: String) -> Self {
        let mut fields = Self {
            key,
            order: desk.order_id().map(|id| id.to_string()).unwrap_or_default(),
            identity: "new".into(),
            ..Self::default()
        };
        if let Some(account) = desk.account() {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            fields.company = text(&account.company);
            fields.vat_id = text(&account.vat_id);
            fields.address1 = text(&account.address1);
            fields.city = text(&account.city);
            fields.postcode = text(&account.postcode);
            fields.country.clone_from(&account.country);
        }
        fields
    }

    pub fn shown(&self, default_pay: &str, country: &str) -> Shown {
        let or = |text: &str, default: &str| {
            let text = if text.is_empty() { default } else { text };
            text.to_owned()
        };
        Shown {
            identity: or(&self.identity, "new"),
            email: self.email.clone(),
            name: self.name.clone(),
            company: self.company.clone(),
            vat_id: self.vat_id.clone(),
            address1: self.address1.clone(),
            city: self.city.clone(),
            postcode: self.postcode.clone(),
            country: or(&self.country, country),
            pay: or(&self.pay, default_pay),
            save: !self.save.is_empty(),
            terms: !self.terms.is_empty(),
        }
    }

    /// The way to pay that was chosen, if it is one of those on offer.
    pub fn way(&self, desk: &Desk) -> Option<Way> {
        if let Some(id) = self.pay.strip_prefix("new:") {
            let id = id.parse().ok()?;
            return desk.gateways.iter().any(|g| g.id == id).then_some(Way::Page(id));
        }
        let id = self.pay.parse().ok()?;
        let own = |method: &PaymentMethod| method.id == id;
        desk.methods.iter().any(own).then_some(Way::Saved(id))
    }

    /// The account's details as typed, over what it has already.
    pub fn details(&self, account: Option<&Account>, user: Option<&User>, locale: &str) -> NewAccount {
        let optional = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let kept = |pick: fn(&Account) -> Option<String>| account.and_then(pick);
        NewAccount {
            name: match (account, user) {
                (Some(account), _) => account.name.clone(),
                (None, Some(user)) => user.name.clone(),
                (None, None) => self.name.trim().to_owned(),
            },
            email: match (account, user) {
                (Some(account), _) => account.email.clone(),
                (None, Some(user)) => user.email.clone(),
                (None, None) => self.email.trim().to_owned(),
            },
            phone: kept(|a| a.phone.clone()),
            address2: kept(|a| a.address2.clone()),
            region: kept(|a| a.region.clone()),
            company: optional(&self.company),
            address1: optional(&self.address1),
            city: optional(&self.city),
            postcode: optional(&self.postcode),
            country: self.country.trim().to_ascii_uppercase(),
            vat_id: optional(&self.vat_id),
            locale: account.is_none().then(|| locale.to_owned()),
            owner: user.map(|user| user.id),
            ..NewAccount::default()
        }
    }

    /// Everything that is wrong, beside the field it belongs to.
    pub fn check(
        &self,
        (app, page): (&App, &Page),
        desk: &Desk,
        user: Option<&User>,
        needs_way: bool,
    ) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut complain = |field: &str, key: &str| {
            errors.push(FieldError {
                field: field.to_owned(),
                message: app.say(page, key, &[]),
            });
        };
        if user.is_none() {
            if user::normalise_email(&self.email).is_none() {
                complain("email", "auth-error-email");
            }
            if user::check_name(&self.name).is_err() {
                complain("name", "auth-error-name");
            }
            if user::check_password(&self.new_password).is_err() {
                complain("new_password", "auth-error-password");
            }
        }
        let needed = [("address1", &self.address1), ("city", &self.city)];
        let optional = [
            ("company", &self.company),
            ("vat_id", &self.vat_id),
            ("postcode", &self.postcode),
        ];
        for (field, text) in needed.iter().chain(&optional) {
            if text.chars().count() > 120 || text.chars().any(char::is_control) {
                complain(field, "site-fault-line");
            }
        }
        for (field, text) in needed {
            if text.trim().is_empty() {
                complain(field, "site-fault-required");
            }
        }
        if !is_country(&self.country.trim().to_ascii_uppercase()) {
            complain("country", "auth-error-country");
        }
        if needs_way && self.way(desk).is_none() {
            complain("pay-1", "site-fault-pay");
        }
        if desk.terms_url.is_some() && self.terms.is_empty() {
            complain("terms", "site-fault-terms");
        }
        errors
    }
}
