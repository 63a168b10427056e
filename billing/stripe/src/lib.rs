//! Stripe, behind billing's gateway trait; no Stripe shape leaves this crate.
//!
//! Answers are read field by field and leniently: a charge whose answer cannot be read may exist, so
//! it is `Unknown` and asked about. Every call that moves money carries our own key.

mod amount;
mod event;
mod read;

use std::time::Duration;

use async_trait::async_trait;
use billing::gateway::{
    Asked, Charge, Gateway, GatewayContext, GatewayError, HostedPage, InboundEvent, Opened, Outcome, Refunded,
    SavedMethod,
};
use chrono::{DateTime, Utc};
use http::Method;
use platform::money::Money;
use platform::outbound::{Outbound, OutboundError};
use serde_json::{Value, json};

use read::{id, saved};

/// The adapter.
#[derive(Clone)]
pub struct Stripe {
    outbound: Outbound,
}

/// How a call ended.
enum Called {
    /// 2xx with JSON.
    Ok(Value),
    /// A clear no in Stripe's own words.
    Error(Value),
    /// It may have happened.
    Lost(String),
    /// It certainly did not.
    NotSent(String),
}

type Fields = Vec<(String, String)>;

fn field(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

impl Stripe {
    /// Over the one way out.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    async fn call(
        &self,
        context: &GatewayContext,
        method: Method,
        path: &str,
        key: Option<&str>,
        fields: &Fields,
    ) -> Called {
        let base = context.settings["api_base"]
            .as_str()
            .unwrap_or("https://api.stripe.com")
            .trim_end_matches('/');
        let secret = context.credentials.expose()["secret_key"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut url = format!("{base}/v1/{path}");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let get = method == Method::GET;
        if get && !form.is_empty() {
            url.push('?');
            url.push_str(&form);
        }
        let outbound = match context.settings["ca_file"].as_str().map(std::fs::read) {
            None => self.outbound.clone(),
            Some(Ok(pem)) => match self.outbound.with_ca(&pem) {
                Ok(outbound) => outbound,
                Err(error) => return Called::NotSent(format!("ca_file: {error}")),
            },
            Some(Err(error)) => return Called::NotSent(format!("ca_file: {error}")),
        };
        let mut request = outbound
            .request(method, &url)
            .bearer(&secret)
            .timeout(Duration::from_secs(40));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(account) = context.settings["connected_account"].as_str() {
            request = request.header("stripe-account", account);
        }
        if !get {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
        }
        match request.send().await {
            Err(error) if error.may_have_been_sent() => Called::Lost(error.to_string()),
            Err(error @ (OutboundError::Blocked | OutboundError::Connect(_) | OutboundError::Invalid(_))) => {
                Called::NotSent(error.to_string())
            }
            Err(error) => Called::Lost(error.to_string()),
            Ok(response) => {
                let status = response.status.as_u16();
                match response.json::<Value>() {
                    Ok(body) if response.is_success() => Called::Ok(body),
                    // Ours was seen by another request, or their side failed: nobody knows.
                    Ok(_) if status == 409 || status >= 500 => Called::Lost(format!("Stripe answers {status}")),
                    Ok(body) if status == 429 => Called::NotSent(read::message(&body)),
                    Ok(body) => Called::Error(body),
                    Err(_) => Called::Lost(format!("Stripe answers {status} without JSON")),
                }
            }
        }
    }

    /// A call where no payment is at stake.
    async fn plain(
        &self,
        context: &GatewayContext,
        method: Method,
        path: &str,
        key: Option<&str>,
        fields: &Fields,
    ) -> Result<Value, GatewayError> {
        match self.call(context, method, path, key, fields).await {
            Called::Ok(body) => Ok(body),
            Called::Error(body) => Err(GatewayError::Refused(read::message(&body))),
            Called::Lost(why) | Called::NotSent(why) => Err(GatewayError::Away(why)),
        }
    }

    fn outcome(called: Called) -> Outcome {
        match called {
            Called::Ok(intent) => read::intent(&intent),
            Called::Error(body) => read::declined(&body),
            Called::Lost(why) => Outcome::Unknown { why },
            Called::NotSent(why) => Outcome::NotSent { why },
        }
    }

    /// Looks through the payer's latest intents for the one that carries our key.
    async fn find_by_key(&self, context: &GatewayContext, asked: &Asked) -> Outcome {
        let Some(customer) = &asked.customer else {
            return Outcome::Nothing;
        };
        let fields = vec![
            field("customer", customer),
            field("limit", 100),
            field("expand[]", "data.latest_charge.balance_transaction"),
        ];
        match self.call(context, Method::GET, "payment_intents", None, &fields).await {
            Called::Ok(list) => {
                let ours = |intent: &&Value| intent["metadata"]["payment"].as_str() == Some(asked.key.as_str());
                list["data"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(ours)
                    .map_or(Outcome::Nothing, read::intent)
            }
            Called::Error(body) => Outcome::Unknown {
                why: read::message(&body),
            },
            Called::Lost(why) | Called::NotSent(why) => Outcome::Unknown { why },
        }
    }
}

const EXPAND: &str = "latest_charge.balance_transaction";

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

    async fn check(&self, context: &GatewayContext) -> Result<String, GatewayError> {
        let account = self.plain(context, Method::GET, "account", None, &Vec::new()).await?;
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
        let fields = vec![
            field("name", name),
            field("email", email),
            field("metadata[account]", key),
        ];
        let customer = self
            .plain(context, Method::POST, "customers", Some(key), &fields)
            .await?;
        id(&customer).ok_or_else(|| GatewayError::Away("the customer has no id".into()))
    }

    async fn attach(&self, context: &GatewayContext, customer: &str, token: &str) -> Result<SavedMethod, GatewayError> {
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let fields = vec![field("customer", customer)];
        let method = self
            .plain(
                context,
                Method::POST,
                &format!("payment_methods/{token}/attach"),
                None,
                &fields,
            )
            .await?;
        saved(&method).ok_or_else(|| GatewayError::Away("the payment method has no id".into()))
    }

    async fn charge(&self, context: &GatewayContext, charge: &Charge) -> Outcome {
        let amount = match amount::to_stripe(charge.amount) {
            Ok(amount) => amount,
            Err(why) => return read::refused("amount_not_possible", &why),
        };
        let mut fields = vec![
            field("amount", amount),
            field("currency", charge.amount.currency.code().to_ascii_lowercase()),
            field("customer", &charge.customer),
            field("payment_method", &charge.method),
            field("confirm", true),
            field("off_session", true),
            field("description", &charge.description),
            field("metadata[payment]", &charge.key),
            field("expand[]", EXPAND),
        ];
        if charge.hold {
            fields.push(field("capture_method", "manual"));
        }
        Self::outcome(
            self.call(context, Method::POST, "payment_intents", Some(&charge.key), &fields)
                .await,
        )
    }

    async fn open_page(&self, context: &GatewayContext, page: &HostedPage) -> Result<Opened, GatewayError> {
        let amount = amount::to_stripe(page.amount).map_err(GatewayError::Refused)?;
        let mut fields = vec![
            field("mode", "payment"),
            field("customer", &page.customer),
            field("client_reference_id", &page.key),
            field("line_items[0][quantity]", 1),
            field(
                "line_items[0][price_data][currency]",
                page.amount.currency.code().to_ascii_lowercase(),
            ),
            field("line_items[0][price_data][unit_amount]", amount),
            field("line_items[0][price_data][product_data][name]", &page.description),
            field("payment_intent_data[metadata][payment]", &page.key),
            field("metadata[payment]", &page.key),
            field("success_url", &page.success_url),
            field("cancel_url", &page.cancel_url),
        ];
        if page.save {
            fields.push(field("payment_intent_data[setup_future_usage]", "off_session"));
        }
        let session = self
            .plain(context, Method::POST, "checkout/sessions", Some(&page.key), &fields)
            .await?;
        match (id(&session), session["url"].as_str()) {
            (Some(session), Some(url)) => Ok(Opened {
                session,
                url: url.to_owned(),
            }),
            _ => Err(GatewayError::Away("the payment page has no address".into())),
        }
    }

    async fn capture(&self, context: &GatewayContext, key: &str, reference: &str) -> Outcome {
        let fields = vec![field("expand[]", EXPAND)];
        match self
            .call(
                context,
                Method::POST,
                &format!("payment_intents/{reference}/capture"),
                Some(key),
                &fields,
            )
            .await
        {
            // Captured already, or gone: the intent itself says which.
            Called::Error(..) => {
                self.fetch(
                    context,
                    &Asked {
                        reference: Some(reference.to_owned()),
                        ..Asked::default()
                    },
                )
                .await
            }
            other => Self::outcome(other),
        }
    }

    async fn release(&self, context: &GatewayContext, key: &str, reference: &str) -> Result<(), GatewayError> {
        match self
            .call(
                context,
                Method::POST,
                &format!("payment_intents/{reference}/cancel"),
                Some(key),
                &Vec::new(),
            )
            .await
        {
            Called::Ok(_) => Ok(()),
            Called::Error(body) if body["error"]["payment_intent"]["status"] == "canceled" => Ok(()),
            Called::Error(body) => Err(GatewayError::Refused(read::message(&body))),
            Called::Lost(why) | Called::NotSent(why) => Err(GatewayError::Away(why)),
        }
    }

    async fn refund(&self, context: &GatewayContext, key: &str, reference: &str, amount: Money) -> Refunded {
        let minor = match amount::to_stripe(amount) {
            Ok(minor) => minor,
            Err(why) => return Refunded::Failed(why),
        };
        let fields = vec![
            field("payment_intent", reference),
            field("amount", minor),
            field("metadata[refund]", key),
        ];
        match self.call(context, Method::POST, "refunds", Some(key), &fields).await {
            Called::Ok(refund) => {
                let reference = id(&refund).unwrap_or_default();
                match refund["status"].as_str() {
                    Some("succeeded") => Refunded::Succeeded(reference),
                    Some("failed" | "canceled") => Refunded::Failed("Stripe could not send it back".into()),
                    _ => Refunded::Processing(reference),
                }
            }
            Called::Error(body) => Refunded::Failed(read::message(&body)),
            Called::Lost(why) | Called::NotSent(why) => Refunded::Unknown(why),
        }
    }

    async fn fetch(&self, context: &GatewayContext, asked: &Asked) -> Outcome {
        let mut reference = asked.reference.clone();
        if let (None, Some(session)) = (&reference, &asked.session) {
            match self
                .call(
                    context,
                    Method::GET,
                    &format!("checkout/sessions/{session}"),
                    None,
                    &Vec::new(),
                )
                .await
            {
                Called::Ok(session) => match session["payment_intent"].as_str() {
                    Some(intent) => reference = Some(intent.to_owned()),
                    None if session["status"] == "expired" => {
                        return read::refused("expired", "The payment page was not used in time.");
                    }
                    None => return Outcome::Nothing,
                },
                Called::Error(body) => {
                    return Outcome::Unknown {
                        why: read::message(&body),
                    };
                }
                Called::Lost(why) | Called::NotSent(why) => return Outcome::Unknown { why },
            }
        }
        let Some(reference) = reference else {
            return self.find_by_key(context, asked).await;
        };
        let fields = vec![field("expand[]", EXPAND)];
        match self
            .call(
                context,
                Method::GET,
                &format!("payment_intents/{reference}"),
                None,
                &fields,
            )
            .await
        {
            Called::Ok(intent) => read::intent(&intent),
            Called::Error(body) => Outcome::Unknown {
                why: read::message(&body),
            },
            Called::Lost(why) | Called::NotSent(why) => Outcome::Unknown { why },
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
            .unwrap_or_default()
            .to_owned();
        event::parse(&secret, headers, body, now)
    }
}
