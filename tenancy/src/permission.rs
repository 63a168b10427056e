//! What people may do. The extractor checks it; a handler's signature says which one it needs.

/// A permission as a type, for `Staff<P>` and `Member<P>`.
pub trait Permission: Send + Sync + 'static {
    /// The word stored with roles, members and tokens; also the API scope.
    const NAME: &'static str;
}

macro_rules! permissions {
    ($list:ident: $($name:ident = $word:literal, $says:literal;)*) => {
        $(
            #[doc = $says]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Permission for $name {
                const NAME: &'static str = $word;
            }
        )*
        /// The words of this group, in the order pages show them.
        pub const $list: &[&str] = &[$($word),*];
    };
}

permissions! { STAFF:
    ReadAccounts = "accounts.read", "See customers.";
    WriteAccounts = "accounts.write", "Create and change customers, their users and payment methods.";
    ReadCatalogue = "catalogue.read", "See products, plans and prices.";
    WriteCatalogue = "catalogue.write", "Change products, plans and prices.";
    ReadOrders = "orders.read", "See orders.";
    WriteOrders = "orders.write", "Place and cancel orders.";
    AgreePrices = "orders.price", "Agree on other prices in orders.";
    ReadInvoices = "invoices.read", "See invoices and credit.";
    WriteInvoices = "invoices.write", "Issue and void invoices, run the billing day, give credit.";
    ReadPayments = "payments.read", "See payments and refunds.";
    WritePayments = "payments.write", "Charge, refund and configure gateways.";
    ReadServices = "services.read", "See services and operations.";
    WriteServices = "services.write", "Suspend, resume, terminate and restart services; retry operations.";
    ReadServers = "servers.read", "See panel endpoints.";
    WriteServers = "servers.write", "Configure panel endpoints.";
    ReadTenants = "tenants.read", "See the tenants below.";
    WriteTenants = "tenants.write", "Create, open, suspend and resume the tenants below.";
    ReadSettings = "settings.read", "See settings, staff and hosts.";
    WriteSettings = "settings.write", "Change settings, staff and hosts.";
    ReadReports = "reports.read", "See reports and the dashboard.";
    ReadAudit = "audit.read", "See the audit log and events.";
}

permissions! { MEMBER:
    UseServices = "services.use", "See services, restart them, open their panels.";
    ManageServices = "services.manage", "Order, change and cancel services.";
    ReadBilling = "billing.read", "See invoices and payments.";
    ManageBilling = "billing.manage", "Pay invoices and manage payment methods.";
    ManageAccount = "account.manage", "Change the account and its members.";
}

/// What charging a saved payment method needs, of staff and of a member: the one place that says so, for API and shop. Who
/// may order without it pays on the gateway's own page, or somebody else pays later.
pub const CHARGE_SAVED: (&str, &str) = (WritePayments::NAME, ManageBilling::NAME);

/// Anybody who has signed in on that side: no particular permission.
#[derive(Debug, Clone, Copy)]
pub struct Any;

impl Permission for Any {
    const NAME: &'static str = "";
}

/// A set of permissions as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    all: bool,
    words: Vec<String>,
}

impl Permissions {
    /// Every permission.
    #[must_use]
    pub fn all() -> Self {
        Self {
            all: true,
            words: Vec::new(),
        }
    }

    /// From stored words; `*` is every one.
    pub fn from_words(words: impl IntoIterator<Item = String>) -> Self {
        let words: Vec<String> = words.into_iter().collect();
        Self {
            all: words.iter().any(|w| w == "*"),
            words,
        }
    }

    /// Whether this set has `word` (the empty word is had by everyone).
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        word.is_empty() || self.all || self.words.iter().any(|w| w == word)
    }

    /// Whether this set has the permission `P`.
    #[must_use]
    pub fn allows<P: Permission>(&self) -> bool {
        self.has(P::NAME)
    }

    /// What both sets have: a token's scopes narrow what its user may do.
    #[must_use]
    pub fn narrowed(&self, scopes: Option<&[String]>) -> Self {
        match scopes {
            None => self.clone(),
            Some(scopes) => {
                let words = scopes.iter().filter(|s| *s != "*" && self.has(s)).cloned().collect();
                Self {
                    all: self.all && scopes.iter().any(|s| s == "*"),
                    words,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_has_more_than_its_user() {
        let user = Permissions::from_words(["invoices.read".to_owned()]);
        let token = user.narrowed(Some(&["invoices.read".into(), "servers.write".into(), "*".into()]));
        assert!(token.has("invoices.read") && !token.has("servers.write") && !token.has("accounts.read"));
        assert!(
            Permissions::all()
                .narrowed(Some(&["servers.write".into()]))
                .has("servers.write")
        );
        assert!(
            !Permissions::all()
                .narrowed(Some(&["servers.write".into()]))
                .has("invoices.read")
        );
    }
}
