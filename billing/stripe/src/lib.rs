//! Stripe, behind billing's gateway trait; no Stripe shape leaves this crate.
//!
//! What is asked is built with `async-stripe`'s request types ([`ask`]), so that a parameter Stripe does not know does
//! not compile, and the API version is the one they were made for. What travels, travels over the platform's one way
//! out ([`door`]): public addresses only, a private CA where one is set, time and size capped, our own idempotency key,
//! one attempt a call. `async-stripe`'s HTTP client is not used, because it can do none of that: it resolves and dials
//! any address, has no hook for roots or addresses, and its retries make up keys of their own.
//!
//! What is answered is read field by field ([`read`]) with `async-stripe`'s vocabularies (states, kinds of error), not
//! into its whole objects: their readers refuse a whole answer for one field that is missing or of another shape, and
//! keep neither the body nor the status. A charge that happened would look like an error. Here an answer that cannot be
//! read is `Unknown`, and asked about. Signatures of events are checked over the raw bytes with the injected clock
//! ([`event`]): the crate's own check reads the machine's clock and then refuses events whose object it cannot read.

mod amount;
mod ask;
mod door;
mod event;
mod read;

use async_trait::async_trait;
use billing::gateway::{
    Asked, Charge, Gateway, GatewayContext, GatewayError, HostedPage, InboundEvent, Opened, Outcome, Refunded,
    SavedMethod, SeenDispute, SeenRefund, SetupPage, SetupState,
};
use chrono::{DateTime, Utc};
use platform::money::{Currency, Money};
use platform::outbound::Outbound;
use serde_json::{Value, json};
use stripe_client_core::RequestBuilder;
use stripe_shared::CheckoutSessionStatus;

use door::Called;

/// How many pages of a payer's intents are looked through for one of ours.
const PAGES: usize = 20;

/// The adapter.
#[derive(Clone)]
pub struct Stripe {
    outbound: Outbound,
}

impl Stripe {
    /// Over the one way out.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    async fn call(&self, context: &GatewayContext, asked: RequestBuilder, key: Option<&str>) -> Called {
        door::call(&self.outbound, context, asked, key).await
    }

    /// A call where no payment is at stake.
    async fn plain(
        &self,
        context: &GatewayContext,
        asked: RequestBuilder,
        key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        match self.call(context, asked, key).await {
            Called::Ok(body) => Ok(body),
            Called::Refused(refusal) => Err(GatewayError::Refused(read::message(&refusal.error))),
            Called::Lost(why) | Called::NotSent(why) => Err(GatewayError::Away(why)),
        }
    }

    /// What an intent says now.
    async fn look(&self, context: &GatewayContext, reference: &str) -> Outcome {
        match self.call(context, ask::intent(reference), None).await {
            Called::Ok(intent) => read::intent(&intent),
            other => unseen(other),
        }
    }

    /// What became of a page.
    async fn look_at_page(&self, context: &GatewayContext, session: &str) -> Outcome {
        match self.call(context, ask::page_by_id(session), None).await {
            Called::Ok(session) => read::page(&session),
            other => unseen(other),
        }
    }

    /// A page that was opened.
    async fn opened(&self, context: &GatewayContext, asked: RequestBuilder, key: &str) -> Result<Opened, GatewayError> {
        let session = self.plain(context, asked, Some(key)).await?;
        match (read::id(&session), session["url"].as_str()) {
            (Some(session), Some(url)) => Ok(Opened {
                session,
                url: url.to_owned(),
            }),
            _ => Err(GatewayError::Away("the page has no address".into())),
        }
    }

    /// Looks through the payer's intents for the one that carries our key. Only a list read to its end says `Nothing`.
    async fn find_by_key(&self, context: &GatewayContext, asked: &Asked) -> Outcome {
        let Some(customer) = &asked.customer else {
            return Outcome::Nothing;
        };
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let list = match self.call(context, ask::intents(customer, after.as_deref()), None).await {
                Called::Ok(list) if list["data"].is_array() => list,
                Called::Ok(_) => break,
                other => return unseen(other),
            };
            let rows = rows(&list);
            if let Some(ours) = rows.iter().find(|row| row["metadata"]["payment"] == asked.key.as_str()) {
                return read::intent(ours);
            }
            after = rows.last().and_then(read::id);
            if list["has_more"] != true || after.is_none() {
                return Outcome::Nothing;
            }
        }
        Outcome::Unknown {
            why: "the payer's payments could not be read to their end".into(),
        }
    }
}

/// A question without an answer.
fn unseen(called: Called) -> Outcome {
    let why = match called {
        Called::Ok(_) => "an answer that is not understood".into(),
        Called::Refused(refusal) => read::message(&refusal.error),
        Called::Lost(why) | Called::NotSent(why) => why,
    };
    Outcome::Unknown { why }
}

fn rows(list: &Value) -> &[Value] {
    list["data"].as_array().map_or(&[], Vec::as_slice)
}

#[async_trait]
impl Gateway for Stripe {
    fn kind(&self) -> &'static str {
        "stripe"
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "required": ["secret_key", "webhook_secret"], "properties": {
            "secret_key": { "type": "string", "title": "Restricted or secret key" },
            "webhook_secret": { "type": "string", "title": "Webhook signing secret" } } })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {
            "api_base": { "type": "string", "title": "Address of the API" }, "ca_file": { "type": "string", "title": "Private CA" },
            "connected_account": { "type": "string", "title": "Connected account" } } })
    }

    fn can_hold(&self) -> bool {
        true
    }

    fn step(&self, currency: Currency) -> i64 {
        amount::step(currency)
    }

    async fn check(&self, context: &GatewayContext) -> Result<String, GatewayError> {
        let account = self.plain(context, ask::account(), None).await?;
        Ok(format!(
            "Stripe accepts the key of {}.",
            account["id"].as_str().unwrap_or("an account")
        ))
    }

    async fn ensure_customer(
        &self,
        context: &GatewayContext,
        key: &str,
        name: &str,
        email: &str,
    ) -> Result<String, GatewayError> {
        let asked = ask::customer(key, name, email);
        let customer = self.plain(context, asked, Some(key)).await?;
        read::id(&customer).ok_or_else(|| GatewayError::Away("the customer has no id".into()))
    }

    async fn attach(&self, context: &GatewayContext, customer: &str, token: &str) -> Result<SavedMethod, GatewayError> {
        let method = self.plain(context, ask::attach(customer, token), None).await?;
        read::saved(&method).ok_or_else(|| GatewayError::Away("the payment method has no id".into()))
    }

    async fn charge(&self, context: &GatewayContext, charge: &Charge) -> Outcome {
        match amount::to_stripe(charge.amount) {
            Err(why) => read::refused("amount_not_possible", &why),
            Ok(amount) => {
                let asked = ask::charge(charge, amount);
                read::outcome(self.call(context, asked, Some(&charge.key)).await)
            }
        }
    }

    async fn open_page(&self, context: &GatewayContext, page: &HostedPage) -> Result<Opened, GatewayError> {
        let amount = amount::to_stripe(page.amount).map_err(GatewayError::Refused)?;
        self.opened(context, ask::page(page, amount), &page.key).await
    }

    async fn close_page(&self, context: &GatewayContext, session: &str) -> Outcome {
        match self.call(context, ask::expire(session), None).await {
            Called::Ok(session) if read::page_status(&session) == CheckoutSessionStatus::Expired => Outcome::Closed,
            // Paid or expired already: the page itself says which.
            Called::Ok(_) | Called::Refused(_) => match self.look_at_page(context, session).await {
                Outcome::RequiresAction { .. } => Outcome::Unknown {
                    why: "the payment page could not be closed".into(),
                },
                said => said,
            },
            other => unseen(other),
        }
    }

    async fn open_setup(&self, context: &GatewayContext, page: &SetupPage) -> Result<Opened, GatewayError> {
        self.opened(context, ask::setup(page), &page.key).await
    }

    async fn fetch_setup(&self, context: &GatewayContext, session: &str) -> Result<SetupState, GatewayError> {
        let session = self.plain(context, ask::setup_by_id(session), None).await?;
        match read::page_status(&session) {
            CheckoutSessionStatus::Complete => read::setup(&session["setup_intent"])
                .ok_or_else(|| GatewayError::Away("the saved method cannot be read".into())),
            CheckoutSessionStatus::Expired => Ok(SetupState::Ended),
            _ => Ok(SetupState::Open),
        }
    }

    async fn detach(&self, context: &GatewayContext, method: &str) -> Result<(), GatewayError> {
        match self.call(context, ask::detach(method), None).await {
            Called::Ok(_) => Ok(()),
            // Gone or detached already: what was wanted.
            Called::Refused(refusal) if !refusal.is_about_the_key() => Ok(()),
            Called::Refused(refusal) => Err(GatewayError::Refused(read::message(&refusal.error))),
            Called::Lost(why) | Called::NotSent(why) => Err(GatewayError::Away(why)),
        }
    }

    async fn capture(&self, context: &GatewayContext, key: &str, reference: &str, part: Option<Money>) -> Outcome {
        let part = match part.map(amount::to_stripe).transpose() {
            // Nothing of the payer's is wrong: what is held stays held.
            Err(why) => return Outcome::NotSent { why },
            Ok(part) => part,
        };
        match self.call(context, ask::capture(reference, part), Some(key)).await {
            // Captured already, or gone: the intent itself says which.
            Called::Refused(_) => self.look(context, reference).await,
            other => read::outcome(other),
        }
    }

    async fn release(&self, context: &GatewayContext, key: &str, reference: &str) -> Result<(), GatewayError> {
        match self.call(context, ask::cancel(reference), Some(key)).await {
            Called::Ok(_) => Ok(()),
            Called::Refused(refusal) if refusal.error["payment_intent"]["status"] == "canceled" => Ok(()),
            Called::Refused(refusal) => Err(GatewayError::Refused(read::message(&refusal.error))),
            Called::Lost(why) | Called::NotSent(why) => Err(GatewayError::Away(why)),
        }
    }

    async fn refund(&self, context: &GatewayContext, key: &str, reference: &str, amount: Money) -> Refunded {
        let minor = match amount::to_stripe(amount) {
            Ok(minor) => minor,
            Err(why) => return Refunded::Failed(why),
        };
        let refused = match self.call(context, ask::refund(key, reference, minor), Some(key)).await {
            Called::Ok(refund) => return read::refund(&refund),
            Called::Refused(refusal) => Refunded::Failed(read::message(&refusal.error)),
            Called::Lost(why) | Called::NotSent(why) => Refunded::Unknown(why),
        };
        // An earlier try with this key may have gone through: Stripe forgets keys, not refunds.
        match self.call(context, ask::refunds(reference), None).await {
            Called::Ok(list) => rows(&list)
                .iter()
                .find(|row| row["metadata"]["refund"] == key)
                .map_or(refused, read::refund),
            _ => refused,
        }
    }

    async fn refunds(&self, context: &GatewayContext, reference: &str) -> Result<Vec<SeenRefund>, GatewayError> {
        let list = self.plain(context, ask::refunds(reference), None).await?;
        Ok(rows(&list).iter().filter_map(read::seen_refund).collect())
    }

    async fn disputes(&self, context: &GatewayContext, reference: &str) -> Result<Vec<SeenDispute>, GatewayError> {
        let list = self.plain(context, ask::disputes(reference), None).await?;
        Ok(rows(&list).iter().filter_map(read::dispute).collect())
    }

    async fn fetch(&self, context: &GatewayContext, asked: &Asked) -> Outcome {
        // A page is asked about by its own id for as long as we know it: it may be open whatever its intent says.
        if let Some(session) = &asked.session {
            return self.look_at_page(context, session).await;
        }
        match &asked.reference {
            Some(reference) => self.look(context, reference).await,
            None => self.find_by_key(context, asked).await,
        }
    }

    fn parse_event(
        &self,
        context: &GatewayContext,
        headers: &[(String, String)],
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<InboundEvent, GatewayError> {
        let secret = context.credentials.expose()["webhook_secret"]
            .as_str()
            .unwrap_or_default();
        event::parse(secret, headers, body, now)
    }
}
