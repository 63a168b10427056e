//! Placing what is in the cart: customer, order and invoice in one transaction; the gateway comes after it.

use axum::response::{IntoResponse, Redirect, Response};
use billing::ids::{PaymentMethodId, ProductId};
use billing::order::{self, PlaceOrder, Placed, Room};
use billing::{BillingError, cart, gateway, payment_method};
use tenancy::account::{self, AccountError};
use tenancy::user::{self, Hashed, NewUser, User, UserError};
use tenancy::{AccountId, TenantTx, session, sign_in};

use super::desk::{self, Desk, What};
use super::form::{Fields, Way};
use super::view::Trouble;
use super::{Ask, draw, pay};
use crate::auth::send_verification;
use crate::kit::parts::FieldError;
use crate::site::{basket, words};
use crate::web::answer::internal;
use crate::web::client::client;
use crate::web::page;

/// Why nothing was placed.
enum Refused {
    /// Somebody has the address already.
    Taken,
    /// The prices are not those that were shown.
    PriceChanged,
    /// The command said no, or something failed.
    Billing(BillingError),
}

impl From<BillingError> for Refused {
    fn from(error: BillingError) -> Self {
        Self::Billing(error)
    }
}

impl From<platform::db::DbError> for Refused {
    fn from(error: platform::db::DbError) -> Self {
        Self::Billing(error.into())
    }
}

impl From<UserError> for Refused {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Db(error) => error.into(),
            UserError::EmailTaken => Self::Taken,
            other => Self::Billing(BillingError::Conflict("bad_user", other.to_string())),
        }
    }
}

impl From<AccountError> for Refused {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Db(error) => error.into(),
            AccountError::User(error) => error.into(),
            other => Self::Billing(BillingError::Conflict("bad_account", other.to_string())),
        }
    }
}

/// The checkout of a cart.
pub async fn submit(ask: Ask<'_>, fields: &Fields) -> Result<Response, BillingError> {
    let key = checkout_key(fields);
    let desk = desk::of_cart(ask).await?;
    // A second click, or a reload after the answer was lost: the order is there, and the cart is empty.
    if let (Some(key), Some(account)) = (&key, desk.account()) {
        let mut tx = ask.app.tenancy().begin_read(&ask.visitor.scope).await?;
        let known = order::by_key(&mut tx, key, Some(account.id)).await?;
        tx.commit().await?;
        if let Some(known) = known {
            return pay::order(ask, known.id, fields).await;
        }
    }
    if desk.is_empty() && ask.visitor.user.is_some() {
        return Ok(Redirect::to("/cart").into_response());
    }
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    if desk.is_empty() {
        return again(ask, fields, key.as_deref()).await;
    }
    let total = desk.total()?;
    let Some(total) = total.filter(|_| desk.may_order()) else {
        return Ok(draw(
            ask,
            &desk,
            fields,
            Trouble::problem(ask.app.say(&page, "site-cart-wrong", &[])),
        )
        .await);
    };
    let (_, due) = desk.split(total)?;
    let user = ask.visitor.user.as_ref();
    let errors = fields.check((ask.app, &page), &desk, user, due.is_positive());
    if !errors.is_empty() {
        return Ok(draw(ask, &desk, fields, Trouble::fields(errors)).await);
    }
    if fields.expect != total.minor.to_string() {
        let text = ask.app.say(&page, "site-prices-changed-text", &[]);
        return Ok(draw(ask, &desk, fields, Trouble::problem(text)).await);
    }
    let rooms = rooms(ask, &desk).await?;
    let way = fields.way(&desk).filter(|_| due.is_positive());
    match in_one(ask, fields, &desk, way, &rooms).await {
        Ok((placed, user)) => {
            if let Some(user) = &user {
                enter(ask, user).await?;
            }
            basket::hold(&ask.visitor.session, None).await;
            pay::placed(ask, (&desk, &placed), way, fields).await
        }
        Err(Refused::Taken) => taken(ask, fields, &desk, key.as_deref()).await,
        Err(Refused::PriceChanged) => {
            let text = ask.app.say(&page, "site-prices-changed-text", &[]);
            let desk = desk::of_cart(ask).await?;
            Ok(draw(ask, &desk, fields, Trouble::problem(text)).await)
        }
        Err(Refused::Billing(error)) => match words::refusal(ask.app, &page, &error) {
            Some(text) => Ok(draw(ask, &desk, fields, Trouble::problem(text)).await),
            None => Err(error),
        },
    }
}

/// The key of this page's order.
fn checkout_key(fields: &Fields) -> Option<String> {
    let fine = (16..=64).contains(&fields.key.len()) && fields.key.bytes().all(|b| b.is_ascii_alphanumeric());
    fine.then(|| format!("shop:{}", fields.key))
}

/// What the panels have room for, asked before the transaction.
async fn rooms(ask: Ask<'_>, desk: &Desk) -> Result<Vec<Room>, BillingError> {
    let What::Cart(lines) = &desk.what else {
        return Ok(Vec::new());
    };
    let mut products: Vec<ProductId> = Vec::new();
    for offer in lines.iter().filter_map(|line| line.offer.as_ref()) {
        if !products.contains(&offer.product.id) {
            products.push(offer.product.id);
        }
    }
    provisioning::capacity::rooms(&ask.app.workshop(), &ask.visitor.scope, &products).await
}

/// Customer, order, invoice and the emptied cart: all of it or nothing.
async fn in_one(
    ask: Ask<'_>,
    fields: &Fields,
    desk: &Desk,
    way: Option<Way>,
    rooms: &[Room],
) -> Result<(Placed, Option<User>), Refused> {
    let password = match (&ask.visitor.user, &desk.basket.account) {
        (None, None) => {
            let tenant = ask.visitor.scope.tenant().id;
            Some(user::hash_password(tenant, &fields.new_password).await?)
        }
        _ => None,
    };
    let mut tx = ask.app.tenancy().begin(&ask.visitor.scope).await?;
    let (account, made) = customer((ask, &mut tx), fields, desk, password).await?;
    let cart = desk.basket.cart.as_ref().ok_or(BillingError::NotFound("cart"))?;
    let items = cart::items(&mut tx, cart.id).await?;
    let saved = match way {
        Some(Way::Saved(id)) => Some(id),
        Some(Way::Page(_)) | None => None,
    };
    let new = PlaceOrder {
        account,
        items: items.iter().map(cart::CartItem::item).collect(),
        payment_method: saved,
        hold: can_hold(ask, &mut tx, saved).await?,
        checkout_key: checkout_key(fields),
        ip: Some(client(ask.headers).ip).filter(|ip| !ip.is_empty()),
    };
    let placed = order::place_within(&mut tx, &new, rooms).await?;
    if placed.total.minor.to_string() != fields.expect {
        tx.rollback().await?;
        return Err(Refused::PriceChanged);
    }
    cart::empty(&mut tx, cart.id).await?;
    tx.commit().await?;
    Ok((placed, made))
}

pub(super) async fn can_hold(
    ask: Ask<'_>,
    tx: &mut TenantTx,
    method: Option<PaymentMethodId>,
) -> Result<bool, BillingError> {
    let Some(method) = method else { return Ok(false) };
    let Some(method) = payment_method::find(tx, method).await? else {
        return Ok(false);
    };
    let kind = gateway::find(tx, method.gateway_id).await?.map(|gateway| gateway.kind);
    let adapter = kind.and_then(|kind| ask.app.gateways().get(&kind).cloned());
    Ok(adapter.is_some_and(|adapter| adapter.can_hold()))
}

/// The account that buys: the visitor's own with the details as typed, or a new one (and a new user).
async fn customer(
    (ask, tx): (Ask<'_>, &mut TenantTx),
    fields: &Fields,
    desk: &Desk,
    password: Option<Hashed>,
) -> Result<(AccountId, Option<User>), Refused> {
    let locale = page::plain(ask.app, ask.visitor, ask.asked).await.locale;
    let language = locale.language();
    let user = ask.visitor.user.as_ref();
    if let Some((account, rights)) = &desk.basket.account {
        let details = fields.details(Some(account), user, language);
        let same = account.company == details.company
            && account.vat_id == details.vat_id
            && account.address1 == details.address1
            && account.city == details.city
            && account.postcode == details.postcode
            && account.country == details.country;
        if !same && rights.has("account.manage") {
            account::update(tx, account.id, &details).await?;
        }
        return Ok((account.id, None));
    }
    let mut details = fields.details(None, user, language);
    details.currency = Some(desk.currency().code().to_owned());
    if user.is_some() {
        return Ok((account::create(tx, &details).await?.id, None));
    }
    let new = NewUser {
        email: fields.email.clone(),
        name: fields.name.clone(),
        password: None,
        locale: Some(language.to_owned()),
    };
    let made = user::create_with(tx, &new, password).await?;
    details.owner = Some(made.id);
    let account = account::create(tx, &details).await?;
    send_verification(ask.app, tx, &made, &client(ask.headers)).await?;
    Ok((account.id, Some(made)))
}

/// The address is taken. Who sends this checkout's key and the right password is who placed its order a
/// moment ago: a second click. Everybody else learns no more than on the sign-up page.
async fn taken(ask: Ask<'_>, fields: &Fields, desk: &Desk, key: Option<&str>) -> Result<Response, BillingError> {
    if let Some(response) = same_person(ask, fields, key).await? {
        return Ok(response);
    }
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    let error = FieldError {
        field: "email".into(),
        message: ask.app.say(&page, "auth-error-taken", &[]),
    };
    Ok(draw(ask, desk, fields, Trouble::fields(vec![error])).await)
}

/// A guest without a cart who sends a checkout: the second click of one that went through, or nothing.
async fn again(ask: Ask<'_>, fields: &Fields, key: Option<&str>) -> Result<Response, BillingError> {
    match same_person(ask, fields, key).await? {
        Some(response) => Ok(response),
        None => Ok(Redirect::to("/cart").into_response()),
    }
}

async fn same_person(ask: Ask<'_>, fields: &Fields, key: Option<&str>) -> Result<Option<Response>, BillingError> {
    let Some(key) = key else { return Ok(None) };
    let mut tx = ask.app.tenancy().begin_read(&ask.visitor.scope).await?;
    let known = order::by_key(&mut tx, key, None).await?;
    tx.commit().await?;
    let Some(known) = known else { return Ok(None) };
    let scope = &ask.visitor.scope;
    let from = client(ask.headers);
    let tenancy = ask.app.tenancy();
    let Ok(user) = sign_in::sign_in(tenancy, scope, &fields.email, &fields.new_password, &from).await else {
        return Ok(None);
    };
    enter(ask, &user).await?;
    Ok(Some(
        Redirect::to(&super::order_path(ask, Some(known.id))).into_response(),
    ))
}

async fn enter(ask: Ask<'_>, user: &User) -> Result<(), BillingError> {
    let now = ask.app.tenancy().now();
    if let Err(error) = session::sign_in(&ask.visitor.session, user, now).await {
        // The order stands; they can sign in by hand.
        let _ = internal(error);
    }
    Ok(())
}
