//! VirtFusion. Its creates have no idempotency key, so each is looked for before it is sent again;
//! answers are read leniently, and a 404 without its own message is an outage, not an absence.

use std::time::Duration;

use async_trait::async_trait;
use billing::service::Confirmed;
use http::Method;
use platform::outbound::{OutboundRequest, OutboundResponse};
use serde_json::{Value, json};

use crate::panel::{Panel, PanelContext, PanelError, PanelIds, Power, Progress, Wanted};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Virtfusion;

/// An answer, told apart by what it means to us.
enum Answer {
    Ok(Value),
    /// 404 with the panel's own message.
    Missing,
}

fn request(context: &PanelContext, method: Method, path: &str) -> OutboundRequest {
    let token = context.credentials.expose()["token"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let url = format!("{}/api/v1{path}", context.base_url);
    context
        .outbound
        .request(method, &url)
        .bearer(&token)
        .headers(accept())
        .timeout(Duration::from_secs(30))
}

fn accept() -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    headers
}

/// Every shape an error comes in: errors as list or by field, msg, message, nothing.
fn error_text(body: &Value) -> String {
    let errors = match &body["errors"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields
            .values()
            .flat_map(|v| v.as_array().into_iter().flatten().filter_map(Value::as_str))
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    };
    [
        errors.as_str(),
        body["msg"].as_str().unwrap_or_default(),
        body["message"].as_str().unwrap_or_default(),
    ]
    .into_iter()
    .find(|text| !text.is_empty())
    .unwrap_or("no reason given")
    .to_owned()
}

fn read(response: &OutboundResponse) -> Result<Answer, PanelError> {
    let body: Option<Value> = response.json().ok();
    let text = || body.as_ref().map_or_else(|| "no reason given".to_owned(), error_text);
    match response.status.as_u16() {
        200..=299 if response.body.is_empty() => Ok(Answer::Ok(Value::Null)),
        200..=299 => body
            .map(Answer::Ok)
            .ok_or_else(|| PanelError::retry(10, "the panel's answer is not JSON")),
        401 => Err(PanelError::Refused("the panel does not accept the token".into())),
        403 => Err(PanelError::Refused("the token lacks a permission on the panel".into())),
        404 if body.as_ref().is_some_and(|b| b["msg"].is_string()) => Ok(Answer::Missing),
        404 => Err(PanelError::retry(
            30,
            "the panel answers 404 without a message: an outage",
        )),
        422 => Err(refusal(&text())),
        423 => Err(PanelError::retry(5, format!("locked: {}", text()))),
        429 => {
            let wait = response
                .header("retry-after")
                .and_then(|v| v.parse().ok())
                .unwrap_or(10_u64);
            Err(PanelError::retry(wait.clamp(1, 600), "the panel limits the rate"))
        }
        status @ 500..=599 => Err(PanelError::retry(10, format!("the panel answers {status}"))),
        409 => Err(PanelError::retry(5, text())),
        status => Err(PanelError::Refused(format!("{status}: {}", text()))),
    }
}

/// A 422 that speaks of room is no capacity; any other is a no.
fn refusal(text: &str) -> PanelError {
    let lower = text.to_lowercase();
    let room = [
        "capacity",
        "resource",
        "no hypervisor",
        "not enough",
        "available",
        "insufficient",
        "free ip",
    ];
    if room.iter().any(|word| lower.contains(word)) {
        PanelError::NoCapacity(text.to_owned())
    } else {
        PanelError::Refused(text.to_owned())
    }
}

async fn call(context: &PanelContext, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, PanelError> {
    let request = request(context, method, path);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    read(&request.send().await?)
}

async fn data(context: &PanelContext, method: Method, path: &str, body: Option<&Value>) -> Result<Value, PanelError> {
    match call(context, method, path, body).await? {
        Answer::Ok(value) => Ok(value.get("data").cloned().unwrap_or(value)),
        Answer::Missing => Err(PanelError::Gone),
    }
}

fn id_of(value: &Value) -> Result<String, PanelError> {
    match &value["id"] {
        Value::Number(n) => Ok(n.to_string()),
        Value::String(s) => Ok(s.clone()),
        _ => Err(PanelError::retry(10, "the panel's answer has no id")),
    }
}

fn text(ids: &PanelIds, key: &str) -> Option<String> {
    ids.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn again(step: &'static str, seconds: u64) -> Progress {
    Progress::Again {
        step,
        after: Duration::from_secs(seconds),
    }
}

impl Virtfusion {
    /// The owner's user there, found by our number or made.
    async fn user(self, context: &PanelContext, wanted: &Wanted, ids: &mut PanelIds) -> Result<Progress, PanelError> {
        let path = format!("/users/{}/byExtRelation", wanted.owner);
        let user = match call(context, Method::GET, &path, None).await? {
            Answer::Ok(value) => value.get("data").cloned().unwrap_or(value),
            Answer::Missing => {
                let body = json!({ "name": wanted.owner_name, "email": wanted.owner_email, "extRelationId": wanted.owner, "sendMail": false });
                data(context, Method::POST, "/users", Some(&body))
                    .await
                    .map_err(|error| match error {
                        PanelError::Refused(why) => PanelError::Refused(format!(
                            "the panel's user could not be made ({why}); if {} exists there, set its external id to {}",
                            wanted.owner_email, wanted.owner
                        )),
                        other => other,
                    })?
            }
        };
        ids.insert("user".into(), json!(id_of(&user)?));
        Ok(again("reserve", 0))
    }

    async fn servers_of(self, context: &PanelContext, user: &str) -> Result<Vec<String>, PanelError> {
        let list = data(context, Method::GET, &format!("/servers/user/{user}"), None).await?;
        list.as_array().into_iter().flatten().map(id_of).collect()
    }

    /// Looks for a server that a lost answer made, and only then makes one.
    async fn server(
        self,
        context: &PanelContext,
        wanted: &Wanted,
        ids: &mut PanelIds,
        user: &str,
    ) -> Result<Progress, PanelError> {
        let Some(before) = ids.get("before").cloned() else {
            ids.insert("before".into(), json!(self.servers_of(context, user).await?));
            return Ok(again("create", 0));
        };
        let before: Vec<String> = serde_json::from_value(before).unwrap_or_default();
        let found = self.servers_of(context, user).await?;
        let mut fresh = found
            .into_iter()
            .filter(|id| !before.contains(id) && !wanted.taken.contains(id));
        if let Some(id) = fresh.next() {
            if fresh.next().is_some() {
                return Err(PanelError::Refused(
                    "several unknown servers of this owner: which one is ours has to be decided by hand".into(),
                ));
            }
            ids.insert("server".into(), json!(id));
            return Ok(again("install", 0));
        }
        let server = data(
            context,
            Method::POST,
            "/servers",
            Some(&self.order(context, wanted, user)?),
        )
        .await?;
        ids.insert("server".into(), json!(id_of(&server)?));
        Ok(again("install", 0))
    }

    fn order(self, context: &PanelContext, wanted: &Wanted, user: &str) -> Result<Value, PanelError> {
        let settings = &wanted.settings;
        let group = settings
            .get("hypervisor_group")
            .or_else(|| context.settings.get("hypervisor_group"));
        let number = |value: Option<&Value>| value.and_then(Value::as_i64);
        let package = number(settings.get("package_id"))
            .ok_or_else(|| PanelError::Refused("the product names no package_id".into()))?;
        let mut body = json!({
            "packageId": package,
            "userId": user.parse::<i64>().map_err(|_| PanelError::Refused("the panel's user id is no number".into()))?,
            "hypervisorId": number(group).unwrap_or(1),
            "ipv4": number(settings.get("ipv4")).unwrap_or(1),
        });
        for (ours, theirs) in [
            ("memory", "memory"),
            ("cpu_cores", "cpuCores"),
            ("storage", "storage"),
            ("traffic", "traffic"),
        ] {
            if let Some(value) = number(settings.get(ours)) {
                body[theirs] = json!(value);
            }
        }
        Ok(body)
    }

    async fn build(
        self,
        context: &PanelContext,
        wanted: &Wanted,
        ids: &mut PanelIds,
        server: &str,
    ) -> Result<Progress, PanelError> {
        let Some(template) = wanted.settings.get("os_template").and_then(Value::as_i64) else {
            ids.insert("build".into(), json!("none"));
            return Ok(again("confirm", 0));
        };
        let state = data(context, Method::GET, &format!("/servers/{server}"), None).await?;
        if !state["built"].is_null() {
            ids.insert("build".into(), json!("sent"));
            return Ok(again("network", 0));
        }
        if state["tasks"]["active"].as_bool() == Some(true) {
            return Ok(again("install", 2));
        }
        let mut body = json!({ "operatingSystemId": template, "name": wanted.service, "email": false });
        if !wanted.hostname.is_empty() {
            body["hostname"] = json!(wanted.hostname);
        }
        let built = data(context, Method::POST, &format!("/servers/{server}/build"), Some(&body)).await?;
        if let Some(password) = built["settings"]["decryptedPassword"].as_str() {
            // The one answer that carries it; the runner seals it and takes it out of the ids.
            ids.insert(PASSWORD.into(), json!(password));
        }
        ids.insert("build".into(), json!("sent"));
        Ok(again("network", 2))
    }

    async fn confirm(self, context: &PanelContext, ids: &PanelIds, server: &str) -> Result<Progress, PanelError> {
        let state = data(context, Method::GET, &format!("/servers/{server}"), None).await?;
        if state["buildFailed"].as_bool() == Some(true) {
            return Err(PanelError::Refused("the installation failed on the panel".into()));
        }
        let building = text(ids, "build").as_deref() == Some("sent");
        if building && (state["built"].is_null() || state["tasks"]["active"].as_bool() == Some(true)) {
            return Ok(again("network", 2));
        }
        Ok(Progress::Done(Confirmed {
            panel_ref: server.to_owned(),
            ip_addresses: addresses(&state),
            observed: observed(&state),
        }))
    }
}

/// Key under which a step hands over a password.
pub const PASSWORD: &str = "password";

fn addresses(state: &Value) -> Vec<String> {
    let interfaces = state["network"]["interfaces"].as_array().into_iter().flatten();
    interfaces
        .flat_map(|interface| interface["ipv4"].as_array().into_iter().flatten())
        .filter_map(|ip| ip["address"].as_str().map(str::to_owned))
        .collect()
}

fn observed(state: &Value) -> Value {
    json!({ "suspended": state["suspended"], "state": state["state"], "name": state["name"], "built": state["built"],
            "resources": state["settings"]["resources"], "owner": state["owner"]["extRelationId"] })
}

#[async_trait]
impl Panel for Virtfusion {
    fn kind(&self) -> &'static str {
        "virtfusion"
    }

    fn capabilities(&self) -> &'static [&'static str] {
        &["create", "suspend", "resume", "terminate", "power", "sign_in_link"]
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "required": ["token"], "properties": { "token": { "type": "string", "title": "API token" } } })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": { "hypervisor_group": { "type": "integer", "title": "Hypervisor group" } } })
    }

    fn panel_settings_schema(&self) -> Value {
        let integer = |title: &str| json!({ "type": "integer", "title": title });
        json!({ "type": "object", "required": ["package_id"], "properties": {
            "package_id": integer("Package"), "hypervisor_group": integer("Hypervisor group"), "ipv4": integer("IPv4 addresses"),
            "os_template": integer("Operating system"), "memory": integer("Memory in MB"), "cpu_cores": integer("CPU cores"),
            "storage": integer("Storage in GB"), "traffic": integer("Traffic in GB, 0 is unlimited") } })
    }

    async fn check(&self, context: &PanelContext) -> Result<String, PanelError> {
        call(context, Method::GET, "/connect", None).await?;
        match call(context, Method::GET, "/compute/hypervisors/groups?results=1", None).await {
            Ok(_) => Ok("The panel accepts the token.".into()),
            Err(PanelError::Refused(_)) => {
                Ok("The panel accepts the token, which cannot read hypervisor groups.".into())
            }
            Err(other) => Err(other),
        }
    }

    async fn create(
        &self,
        context: &PanelContext,
        wanted: &Wanted,
        ids: &mut PanelIds,
    ) -> Result<Progress, PanelError> {
        let Some(user) = text(ids, "user") else {
            return self.user(context, wanted, ids).await;
        };
        let Some(server) = text(ids, "server") else {
            return self.server(context, wanted, ids, &user).await;
        };
        if !ids.contains_key("build") {
            return self.build(context, wanted, ids, &server).await;
        }
        self.confirm(context, ids, &server).await
    }

    async fn suspend(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError> {
        let state = data(context, Method::GET, &format!("/servers/{panel_ref}"), None).await?;
        if state["suspended"].as_bool() == Some(true) {
            return Ok(());
        }
        data(context, Method::POST, &format!("/servers/{panel_ref}/suspend"), None)
            .await
            .map(drop)
    }

    async fn resume(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError> {
        let state = data(context, Method::GET, &format!("/servers/{panel_ref}"), None).await?;
        if state["suspended"].as_bool() == Some(false) {
            return Ok(());
        }
        data(context, Method::POST, &format!("/servers/{panel_ref}/unsuspend"), None)
            .await
            .map(drop)
    }

    async fn terminate(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError> {
        match call(context, Method::DELETE, &format!("/servers/{panel_ref}?delay=0"), None).await? {
            Answer::Ok(_) | Answer::Missing => Ok(()),
        }
    }

    async fn power(&self, context: &PanelContext, panel_ref: &str, power: Power) -> Result<(), PanelError> {
        let verb = match power {
            Power::Start => "boot",
            Power::Shutdown => "shutdown",
            Power::Restart => "restart",
            Power::Off => "poweroff",
        };
        data(
            context,
            Method::POST,
            &format!("/servers/{panel_ref}/power/{verb}"),
            None,
        )
        .await
        .map(drop)
    }

    async fn sign_in_link(&self, context: &PanelContext, owner: i64, panel_ref: &str) -> Result<String, PanelError> {
        let path = format!("/users/{owner}/serverAuthenticationTokens/{panel_ref}");
        let answer = data(context, Method::POST, &path, None).await?;
        let path = answer["authentication"]["endpoint_complete"]
            .as_str()
            .filter(|p| p.starts_with('/') && !p.starts_with("//"));
        let path = path.ok_or_else(|| PanelError::Refused("the panel's link is not one of its own".into()))?;
        Ok(format!("{}{path}", context.base_url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_in_every_shape_they_come_in() {
        for (body, text) in [
            (json!({ "errors": ["no room"] }), "no room"),
            (json!({ "errors": { "name": ["too long"] } }), "too long"),
            (json!({ "msg": "server not found" }), "server not found"),
            (json!({ "message": "oops" }), "oops"),
            (json!({}), "no reason given"),
        ] {
            assert_eq!(error_text(&body), text);
        }
    }

    #[test]
    fn no_room_is_told_from_no() {
        assert!(matches!(
            refusal("No hypervisor with enough resources"),
            PanelError::NoCapacity(_)
        ));
        assert!(matches!(refusal("The package id is invalid."), PanelError::Refused(_)));
    }
}
