//! Whose cart it is, and in which currency this visitor is shown prices.

use billing::BillingError;
use billing::cart::{self, Cart};
use billing::ids::CartId;
use platform::money::Currency;
use tenancy::account::{self, Account};
use tenancy::extract::Visitor;
use tenancy::permission::Permissions;
use tenancy::{TenantTx, member, session};
use tower_sessions::Session;

const CART: &str = "cart";
const CURRENCY: &str = "currency";

/// What a visitor brings along.
pub struct Basket {
    /// Their cart, if they have one.
    pub cart: Option<Cart>,
    /// Currency of what they are shown.
    pub currency: Currency,
    /// What they can choose from: one entry where there is no choice.
    pub currencies: Vec<Currency>,
    /// Their account, and what they may do for it.
    pub account: Option<(Account, Permissions)>,
}

/// Finds a visitor's cart and currency; after a sign-in the cart of the session joins the user's.
pub async fn find(tx: &mut TenantTx, visitor: &Visitor) -> Result<Basket, BillingError> {
    let held: Option<CartId> = visitor.session.get(CART).await.ok().flatten();
    let user = visitor.user.as_ref().map(|user| user.id);
    let cart = if held.is_some() || user.is_some() {
        cart::find(tx, held, user).await?
    } else {
        None
    };
    let account = own_account(tx, visitor).await?;
    let wished: Option<String> = visitor.session.get(CURRENCY).await.ok().flatten();
    let mut currencies = on_sale(tx).await?;
    if let Some((account, _)) = &account {
        currencies = vec![Currency::parse(&account.currency)?];
    }
    let wanted = cart.as_ref().map(|cart| cart.currency.clone()).or(wished);
    let wanted = wanted.and_then(|code| Currency::parse(&code).ok());
    let own = tx.tenant().currency;
    let currency = [wanted, Some(own)]
        .into_iter()
        .flatten()
        .find(|currency| currencies.contains(currency))
        .or_else(|| currencies.first().copied())
        .unwrap_or(own);
    if let Some(cart) = &cart {
        cart::set_currency(tx, cart, currency).await?;
    }
    Ok(Basket {
        cart,
        currency,
        currencies,
        account,
    })
}

/// Currencies with prices, narrowed by the tenant's settings where they say so.
async fn on_sale(tx: &mut TenantTx) -> Result<Vec<Currency>, BillingError> {
    let mut found = billing::catalogue::currencies(tx).await?;
    let offered = &tx.tenant().settings.currencies;
    if !offered.is_empty() {
        found.retain(|currency| offered.iter().any(|code| code == currency.code()));
    }
    let own = tx.tenant().currency;
    found.sort_by_key(|currency| (*currency != own, currency.code()));
    Ok(found)
}

async fn own_account(tx: &mut TenantTx, visitor: &Visitor) -> Result<Option<(Account, Permissions)>, BillingError> {
    let Some(user) = &visitor.user else { return Ok(None) };
    let memberships = member::of_user(tx, user.id).await?;
    let chosen = session::account(&visitor.session).await;
    let current = memberships
        .iter()
        .find(|m| Some(m.account_id) == chosen)
        .or_else(|| memberships.first());
    let Some(current) = current else { return Ok(None) };
    let found = account::find(tx, current.account_id).await?;
    Ok(found.map(|account| (account, current.rights())))
}

/// The visitor's cart, or a new one.
pub async fn open(tx: &mut TenantTx, visitor: &Visitor, basket: &Basket) -> Result<Cart, BillingError> {
    if let Some(cart) = &basket.cart {
        return Ok(cart.clone());
    }
    cart::open(tx, None, visitor.user.as_ref().map(|user| user.id), basket.currency).await
}

/// Lets the session hold a visitor's cart; a user's is found by the user. Called after the commit.
pub async fn hold(session: &Session, cart: Option<&Cart>) {
    let held: Option<CartId> = session.get(CART).await.ok().flatten();
    let wanted = cart.filter(|cart| cart.user_id.is_none()).map(|cart| cart.id);
    if held == wanted {
        return;
    }
    let kept = match wanted {
        Some(id) => session.insert(CART, id).await,
        None => session.remove::<CartId>(CART).await.map(|_| ()),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "a session could not keep its cart");
    }
}

/// Remembers the currency a visitor chose before having a cart.
pub async fn prefer(session: &Session, currency: Currency) {
    if let Err(error) = session.insert(CURRENCY, currency.code()).await {
        tracing::warn!(%error, "a session could not keep its currency");
    }
}
