//! Paying for an order that is placed: a saved method is charged, or the gateway's page is opened.

use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::ids::{OrderId, PaymentId, PaymentMethodId};
use billing::order::{self as orders, Placed};
use billing::payment::{self, PageWish};

use super::desk::{self, Desk};
use super::form::{Fields, Way};
use super::view::Trouble;
use super::{Ask, draw, order_path, place};
use platform::views::Tone;

use crate::site::words;
use crate::web::answer::leave;
use crate::web::page;

/// An order that waits for its payment, with a way to pay chosen.
pub async fn order(ask: Ask<'_>, id: OrderId, fields: &Fields) -> Result<Response, BillingError> {
    let desk = desk::of_order(ask, id).await?.ok_or(BillingError::NotFound("order"))?;
    let watch = Redirect::to(&order_path(ask, Some(id))).into_response();
    if desk.is_settled() {
        return Ok(watch);
    }
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    let Some(way) = fields.way(&desk).filter(|_| desk.may_order()) else {
        let text = ask.app.say(&page, "site-fault-pay", &[]);
        return Ok(draw(ask, &desk, fields, Trouble::problem(text)).await);
    };
    let Some(invoice) = desk.invoice_id() else {
        return Ok(watch);
    };
    let tried = match way {
        Way::Page(gateway) => {
            let wish = wish(ask, id, invoice, gateway, saves(&desk, fields));
            let scope = &ask.visitor.scope;
            return match payment::open_page(ask.app.tenancy(), ask.app.gateways(), scope, &wish).await {
                Ok(url) => Ok(leave(ask.app, &page, &url)),
                Err(error) => refused(ask, id, fields, error).await,
            };
        }
        Way::Saved(method) => {
            // A page that was opened before cannot be paid as well.
            let scope = &ask.visitor.scope;
            match payment::close_page(ask.app.tenancy(), ask.app.gateways(), scope, invoice).await {
                Ok(()) => begin(ask, invoice, method).await,
                Err(error) => Err(error),
            }
        }
    };
    match tried {
        Ok(payment) => driven(ask, id, payment, fields).await,
        // The other click is at it: its order page says what becomes of it.
        Err(BillingError::Conflict("payment_in_flight" | "nothing_due", _)) => Ok(watch),
        Err(error) => refused(ask, id, fields, error).await,
    }
}

/// Whether the card is kept: where the buyer wishes it and may keep one for the account.
fn saves(desk: &Desk, fields: &Fields) -> bool {
    !fields.save.is_empty() && desk.may_charge_saved()
}

fn wish(
    ask: Ask<'_>,
    order: OrderId,
    invoice: billing::ids::InvoiceId,
    gateway: billing::ids::GatewayId,
    save: bool,
) -> PageWish {
    let own = origin(ask);
    PageWish {
        invoice,
        gateway,
        save,
        success_url: format!("{own}/checkout/return?order={order}"),
        cancel_url: format!("{own}/checkout?order={order}"),
    }
}

/// This host as the browser knows it: the session is here, so one comes back here.
fn origin(ask: Ask<'_>) -> String {
    let scheme = if ask.app.is_secure() { "https" } else { "http" };
    let host = ask.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    format!("{scheme}://{}", host.unwrap_or(&ask.visitor.route.hostname))
}

async fn begin(
    ask: Ask<'_>,
    invoice: billing::ids::InvoiceId,
    method: PaymentMethodId,
) -> Result<PaymentId, BillingError> {
    let mut tx = ask.app.tenancy().begin(&ask.visitor.scope).await?;
    let hold = place::can_hold(ask, &mut tx, Some(method)).await?;
    let payment = payment::begin(&mut tx, invoice, method, hold).await?;
    tx.commit().await?;
    Ok(payment)
}

/// After an order was placed just now.
pub async fn placed(
    ask: Ask<'_>,
    (desk, placed): (&Desk, &Placed),
    way: Option<Way>,
    fields: &Fields,
) -> Result<Response, BillingError> {
    let id = placed.order;
    match (way, placed.payment, placed.invoice) {
        (Some(Way::Saved(_)), Some(payment), _) => driven(ask, id, payment, fields).await,
        (Some(Way::Page(gateway)), _, Some(invoice)) => {
            let wish = wish(ask, id, invoice, gateway, saves(desk, fields));
            let scope = &ask.visitor.scope;
            match payment::open_page(ask.app.tenancy(), ask.app.gateways(), scope, &wish).await {
                Ok(url) => {
                    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
                    Ok(leave(ask.app, &page, &url))
                }
                Err(error) => refused(ask, id, fields, error).await,
            }
        }
        _ => Ok(Redirect::to(&order_path(ask, Some(id))).into_response()),
    }
}

/// Drives a payment that was begun, and says what became of it. Its job takes over if this stops here.
async fn driven(ask: Ask<'_>, id: OrderId, payment: PaymentId, fields: &Fields) -> Result<Response, BillingError> {
    let scope = &ask.visitor.scope;
    if let Err(error) = payment::drive(ask.app.tenancy(), ask.app.gateways(), scope, payment).await {
        tracing::warn!(%error, %payment, "a checkout leaves its payment to the job");
    }
    let mut tx = ask.app.tenancy().begin_read(scope).await?;
    let class = orders::declined(&mut tx, id).await?;
    tx.commit().await?;
    let Some(class) = class else {
        return Ok(Redirect::to(&order_path(ask, Some(id))).into_response());
    };
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    let key = match class.as_str() {
        "new_card" => "site-declined-new-card",
        "action" => "site-declined-action",
        _ => "site-declined-retry",
    };
    let trouble = Trouble {
        declined: Some(ask.app.say(&page, key, &[])),
        ..Trouble::default()
    };
    again(ask, id, fields, trouble).await
}

async fn refused(ask: Ask<'_>, id: OrderId, fields: &Fields, error: BillingError) -> Result<Response, BillingError> {
    let page = page::plain(ask.app, ask.visitor, ask.asked).await;
    match words::refusal(ask.app, &page, &error) {
        Some(text) => again(ask, id, fields, Trouble::problem(text)).await,
        None => Err(error),
    }
}

/// The same page for the order that is placed now: what was typed is kept, other ways to pay are offered.
async fn again(ask: Ask<'_>, id: OrderId, fields: &Fields, trouble: Trouble) -> Result<Response, BillingError> {
    match desk::of_order(ask, id).await? {
        Some(desk) => {
            let mut fields = fields.clone();
            fields.order = id.to_string();
            Ok(draw(ask, &desk, &fields, trouble).await)
        }
        // A new customer is signed in from the next request on.
        None => {
            if let Some(text) = trouble.declined.or(trouble.problem) {
                page::flash(&ask.visitor.session, Tone::Warning, text).await;
            }
            Ok(Redirect::to(&format!("/checkout?order={id}")).into_response())
        }
    }
}
