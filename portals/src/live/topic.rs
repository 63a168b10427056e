//! What a page may follow: each topic is authorised on its own, and drawn as the page draws it.

use billing::BillingError;
use billing::ids::{OrderId, ServiceId};
use platform::views::Page;
use tenancy::permission::{Permission, Permissions, UseServices};
use tenancy::{AccountId, TenantTx};

use crate::account::{order, service};
use crate::app::App;

/// Topics of one stream, at most.
const MOST: usize = 8;

/// Something that changes while one looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// An order on its way: `ord:ord_..`.
    Order(OrderId),
    /// A service: `svc:svc_..`.
    Service(ServiceId),
}

/// A part of a page, and the id of the element it is for.
pub struct Part {
    /// Id of the element whose content it is.
    pub target: &'static str,
    /// Markup.
    pub html: String,
}

impl Topic {
    /// Reads `ord:ord_..,svc:svc_..`; none when one of them is no topic.
    #[must_use]
    pub fn list(text: &str) -> Option<Vec<Self>> {
        let topics: Option<Vec<Self>> = text.split(',').map(Self::read).collect();
        topics.filter(|topics| topics.len() <= MOST)
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("ord", id) => id.parse().ok().map(Self::Order),
            ("svc", id) => id.parse().ok().map(Self::Service),
            _ => None,
        }
    }

    /// The permission it wants.
    #[must_use]
    pub fn needs(self) -> &'static str {
        match self {
            Self::Order(_) | Self::Service(_) => UseServices::NAME,
        }
    }

    /// Whether these rights are enough.
    #[must_use]
    pub fn is_allowed(self, rights: &Permissions) -> bool {
        rights.has(self.needs())
    }

    /// Draws it as it is now; none when it is not this account's.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn draw(
        self,
        app: &App,
        tx: &mut TenantTx,
        account: AccountId,
        (page, rights): (&Page, &Permissions),
    ) -> Result<Option<Vec<Part>>, BillingError> {
        match self {
            Self::Order(id) => {
                let html = order::live(app, tx, (account, id), page).await?;
                Ok(html.map(|html| vec![Part { target: "live", html }]))
            }
            Self::Service(id) => service::live(app, tx, (account, id), (page, rights)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_topics_are_taken() {
        let id = OrderId::new(uuid::Uuid::from_u128(1));
        let one = format!("ord:{id}");
        assert_eq!(Topic::list(&one), Some(vec![Topic::Order(id)]));
        assert_eq!(Topic::list(&format!("{one},{one}")).map(|t| t.len()), Some(2));
        let many = [one.as_str(); MOST + 1].join(",");
        let service = ServiceId::new(uuid::Uuid::from_u128(1));
        assert_eq!(
            Topic::list(&format!("svc:{service}")),
            Some(vec![Topic::Service(service)])
        );
        for wrong in [
            "",
            "ord",
            "ord:",
            "ord:svc_1",
            "svc:ord_1",
            "all:1",
            &format!("{one},"),
            &many,
        ] {
            assert_eq!(Topic::list(wrong), None, "{wrong:?}");
        }
    }
}
