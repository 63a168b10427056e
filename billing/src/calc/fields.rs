//! The fields of one object of a case: all known, none twice.

use std::collections::BTreeSet;

use platform::money::Currency;

use super::error::{CaseError, Code};
use super::item::Item;
use super::node::Node;

pub(super) struct Fields<'a> {
    path: String,
    fields: &'a [(String, Node)],
}

impl<'a> Fields<'a> {
    /// Opens an object that may have the `allowed` fields and no others.
    pub fn open(item: &Item<'a>, allowed: &[&str]) -> Result<Fields<'a>, CaseError> {
        let fields = item.object()?;
        let mut seen = BTreeSet::new();
        for (name, _) in fields {
            if !allowed.contains(&name.as_str()) {
                return Err(item.malformed(&format!("has no field {name:?}")));
            }
            if !seen.insert(name) {
                return Err(item.malformed(&format!("has {name:?} twice")));
            }
        }
        Ok(Fields {
            path: item.path().to_owned(),
            fields,
        })
    }

    pub fn optional(&self, name: &str) -> Option<Item<'a>> {
        let (_, node) = self.fields.iter().find(|(key, _)| key == name)?;
        Some(Item::at(node, &self.path, name))
    }

    pub fn required(&self, name: &str) -> Result<Item<'a>, CaseError> {
        self.optional(name)
            .ok_or_else(|| CaseError::new(Code::Malformed, format!("{}: {name:?} is missing", self.path)))
    }

    /// Reads a field that may be left out.
    pub fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(Item<'a>) -> Result<T, CaseError>,
    ) -> Result<Option<T>, CaseError> {
        self.optional(name).map(read).transpose()
    }

    /// Refuses a repeated `currency` that is another one.
    pub fn check_currency(&self, currency: Currency) -> Result<(), CaseError> {
        match self.read("currency", |item| item.currency())? {
            Some(other) if other != currency => Err(CaseError::new(
                Code::MixedCurrency,
                format!("{}: {other} in a case in {currency}", self.path),
            )),
            _ => Ok(()),
        }
    }
}
