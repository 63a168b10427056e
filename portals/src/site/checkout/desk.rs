//! What lies on the counter: a cart or an order, the account, and the ways to pay.

use billing::BillingError;
use billing::cart::{self, CartLine};
use billing::gateway::{self, GatewayRow};
use billing::ids::{InvoiceId, OrderId};
use billing::invoice::{self, Invoice, Line};
use billing::order::{self, Order, Renews};
use billing::payment_method::{self, PaymentMethod};
use platform::money::{Currency, Money};
use tenancy::TenantTx;
use tenancy::account::Account;
use tenancy::permission::CHARGE_SAVED;

use super::Ask;
use crate::site::basket::{self, Basket};

/// An order that waits for its payment.
pub struct Waiting {
    pub order: Order,
    pub invoice: Option<Invoice>,
    pub lines: Vec<Line>,
    pub renews: Vec<Renews>,
}

/// What is being bought.
pub enum What {
    Cart(Vec<CartLine>),
    Order(Box<Waiting>),
}

/// All that a checkout shows and decides on.
pub struct Desk {
    pub basket: Basket,
    pub what: What,
    pub methods: Vec<PaymentMethod>,
    pub gateways: Vec<GatewayRow>,
    pub terms_url: Option<String>,
    /// The tenant's own country: what most of its customers have.
    pub country: String,
}

impl Desk {
    /// An empty cart.
    pub fn is_empty(&self) -> bool {
        matches!(&self.what, What::Cart(lines) if lines.is_empty())
    }

    /// An order that waits for nothing.
    pub fn is_settled(&self) -> bool {
        match &self.what {
            What::Cart(_) => false,
            What::Order(waiting) => waiting.order.status != "pending_payment" || waiting.is_under_way(),
        }
    }

    pub fn order_id(&self) -> Option<OrderId> {
        match &self.what {
            What::Cart(_) => None,
            What::Order(waiting) => Some(waiting.order.id),
        }
    }

    /// The invoice of an order.
    pub fn invoice_id(&self) -> Option<InvoiceId> {
        match &self.what {
            What::Cart(_) => None,
            What::Order(waiting) => waiting.invoice.as_ref().map(|invoice| invoice.id),
        }
    }

    pub fn account(&self) -> Option<&Account> {
        self.basket.account.as_ref().map(|(account, _)| account)
    }

    /// Whether this person may order for the account; somebody without an account gets one of their own.
    pub fn may_order(&self) -> bool {
        self.basket
            .account
            .as_ref()
            .is_none_or(|(_, rights)| rights.has("services.manage"))
    }

    /// Whether this person may charge what the account has saved, and save more: who may only order pays on the
    /// gateway's own page. Somebody without an account gets one of their own.
    pub fn may_charge_saved(&self) -> bool {
        may_charge(&self.basket)
    }

    pub fn currency(&self) -> Currency {
        self.basket.currency
    }

    /// What all of it costs today; none while something in the cart cannot be sold.
    pub fn total(&self) -> Result<Option<Money>, BillingError> {
        match &self.what {
            What::Cart(lines) => Ok(crate::site::cart::totals(lines, self.currency())?.map(|totals| totals.today)),
            What::Order(waiting) => Ok(Some(Money::new(waiting.order.total_minor, self.currency())?)),
        }
    }

    /// Credit that is used, and what is left to pay.
    pub fn split(&self, total: Money) -> Result<(Money, Money), BillingError> {
        if let What::Order(waiting) = &self.what {
            let due = match &waiting.invoice {
                Some(invoice) => invoice.due()?,
                None => Money::zero(total.currency),
            };
            return Ok((total.sub(due)?, due));
        }
        let held = self.account().map_or(0, |account| account.credit_minor);
        let credit = Money::new(held.clamp(0, total.minor.max(0)), total.currency)?;
        Ok((credit, total.sub(credit)?))
    }
}

impl Waiting {
    fn is_under_way(&self) -> bool {
        self.invoice
            .as_ref()
            .is_some_and(|invoice| invoice.payment_status == "processing" || invoice.payment_status == "paid")
    }
}

fn terms_url(ask: Ask<'_>) -> Option<String> {
    let url = ask.visitor.scope.tenant().settings.terms_url.clone();
    Some(url).filter(|url| !url.is_empty())
}

fn may_charge(basket: &Basket) -> bool {
    let account = basket.account.as_ref();
    account.is_none_or(|(_, rights)| rights.has(CHARGE_SAVED.1))
}

async fn ways(
    ask: Ask<'_>,
    tx: &mut TenantTx,
    basket: &Basket,
) -> Result<(Vec<PaymentMethod>, Vec<GatewayRow>), BillingError> {
    let mut gateways = gateway::list(tx).await?;
    gateways.retain(|gateway| gateway.state == "active" && ask.app.gateways().get(&gateway.kind).is_some());
    let mut methods = match &basket.account {
        Some((account, _)) if may_charge(basket) => payment_method::list(tx, account.id).await?,
        _ => Vec::new(),
    };
    methods.retain(|m| m.state == "active" && gateways.iter().any(|gateway| gateway.id == m.gateway_id));
    methods.sort_by_key(|method| !method.is_default);
    Ok((methods, gateways))
}

/// The counter with this visitor's cart on it, at today's prices.
pub async fn of_cart(ask: Ask<'_>) -> Result<Desk, BillingError> {
    let mut tx = ask.app.tenancy().begin(&ask.visitor.scope).await?;
    let basket = basket::find(&mut tx, ask.visitor).await?;
    let lines = match &basket.cart {
        Some(cart) => cart::price(&mut tx, cart.id, basket.currency).await?,
        None => Vec::new(),
    };
    cart::saw(&mut tx, &lines).await?;
    let (methods, gateways) = ways(ask, &mut tx, &basket).await?;
    tx.commit().await?;
    basket::hold(&ask.visitor.session, basket.cart.as_ref()).await;
    Ok(Desk {
        basket,
        what: What::Cart(lines),
        methods,
        gateways,
        terms_url: terms_url(ask),
        country: ask.visitor.scope.tenant().settings.country.clone(),
    })
}

/// The counter with an order of this visitor's account on it; none when there is no such order.
pub async fn of_order(ask: Ask<'_>, id: OrderId) -> Result<Option<Desk>, BillingError> {
    let mut tx = ask.app.tenancy().begin(&ask.visitor.scope).await?;
    let basket = basket::find(&mut tx, ask.visitor).await?;
    let own = basket.account.as_ref().map(|(account, _)| account.id);
    let found = order::find(&mut tx, id).await?;
    let Some(found) = found.filter(|order| Some(order.account_id) == own) else {
        tx.rollback().await?;
        return Ok(None);
    };
    let (mut row, mut lines) = (None, Vec::new());
    if let Some(invoice) = order::invoice_of(&mut tx, id).await? {
        row = invoice::find(&mut tx, invoice).await?;
        lines = invoice::lines(&mut tx, invoice).await?;
    }
    let waiting = Waiting {
        order: found,
        invoice: row,
        lines,
        renews: order::renews(&mut tx, id).await?,
    };
    let (methods, gateways) = ways(ask, &mut tx, &basket).await?;
    tx.commit().await?;
    Ok(Some(Desk {
        basket,
        what: What::Order(Box::new(waiting)),
        methods,
        gateways,
        terms_url: terms_url(ask),
        country: ask.visitor.scope.tenant().settings.country.clone(),
    }))
}
