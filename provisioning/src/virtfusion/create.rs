//! Creating, step by step: owner, record, installation, confirmation.
//!
//! The panel has no idempotency key for servers. So the owner's servers are listed and kept before
//! the first create, and after a lost answer the list is read again, several times, before another
//! create is sent: what is new there and not known to be another service's is ours.

use billing::service::Confirmed;
use http::Method;
use serde_json::{Value, json};

use super::client::{Answer, call, data, get, id_of};
use super::read::observed;
use crate::panel::{PASSWORD, PanelContext, PanelError, Progress, REFERENCE, Step, Target, Wanted};

/// How often the list is read after a lost answer before the create is sent again.
const LOOKS: i64 = 3;

/// The next step of a create.
pub(super) async fn step(context: &PanelContext, target: &mut Target) -> Step {
    let Some(user) = target.id("user") else {
        return owner(context, target).await;
    };
    let Some(server) = target.id(REFERENCE) else {
        return record(context, target, &user).await;
    };
    if target.id("build").is_none() {
        return install(context, target, &server).await;
    }
    confirm(context, target, &server).await
}

async fn find_owner(context: &PanelContext, owner: i64) -> Result<Option<String>, PanelError> {
    let path = format!("/users/{owner}/byExtRelation");
    match call(context, Method::GET, &path, None).await? {
        Answer::Ok(value) => id_of(value.get("data").unwrap_or(&value)).map(Some),
        Answer::Missing(_) => Ok(None),
    }
}

/// The owner's user there, found by our number or made.
async fn owner(context: &PanelContext, target: &mut Target) -> Step {
    let wanted = &target.wanted;
    let user = match find_owner(context, wanted.owner).await? {
        Some(user) => user,
        None => make_owner(context, wanted).await?,
    };
    target.ids.insert("user".into(), json!(user));
    Ok(Progress::again("reserve", 0))
}

async fn make_owner(context: &PanelContext, wanted: &Wanted) -> Result<String, PanelError> {
    let body = json!({ "name": wanted.owner_name, "email": wanted.owner_email, "extRelationId": wanted.owner, "sendMail": false });
    let refused = match data(context, Method::POST, "/users", Some(&body)).await {
        Ok(user) => return id_of(&user),
        Err(PanelError::Refused(why) | PanelError::NoCapacity(why)) => why,
        Err(other) => return Err(other),
    };
    // A user made by another call in between has our number by now; one of the same address has not.
    match find_owner(context, wanted.owner).await? {
        Some(user) => Ok(user),
        None => Err(PanelError::Refused(format!(
            "the panel's user could not be made ({refused}); if {} exists there, set its external id to {} and try again",
            wanted.owner_email, wanted.owner
        ))),
    }
}

/// One server of an owner's list: id and name.
async fn listed(context: &PanelContext, user: &str) -> Result<Vec<(String, String)>, PanelError> {
    let list = get(context, &format!("/servers/user/{user}")).await?;
    let row = |server: &Value| Ok((id_of(server)?, server["name"].as_str().unwrap_or_default().to_owned()));
    list.as_array().into_iter().flatten().map(row).collect()
}

/// Which server of the list a lost create made, if one did.
fn ours(list: Vec<(String, String)>, before: &[String], wanted: &Wanted) -> Result<Option<String>, PanelError> {
    if let Some((id, _)) = list.iter().find(|(_, name)| *name == wanted.service) {
        return Ok(Some(id.clone()));
    }
    // A name is given by the installation: one with another name is somebody else's.
    let mut fresh = list
        .into_iter()
        .filter(|(id, name)| name.is_empty() && !before.contains(id) && !wanted.taken.contains(id))
        .map(|(id, _)| id);
    match (fresh.next(), fresh.next()) {
        (Some(_), Some(_)) => Err(PanelError::refused(
            "several unknown servers of this owner: which one is this service's has to be decided by hand",
        )),
        (found, _) => Ok(found),
    }
}

/// The server that a create made whose answer was lost, if it carries its name. One without a name is not
/// touched on a guess.
pub(super) async fn lost(context: &PanelContext, target: &Target) -> Result<Option<String>, PanelError> {
    let (Some(user), Some(before)) = (target.id("user"), target.ids.get("before")) else {
        return Ok(None);
    };
    let before: Vec<String> = serde_json::from_value(before.clone()).unwrap_or_default();
    let list = listed(context, &user).await?;
    let named = list.iter().find(|(_, name)| *name == target.wanted.service);
    if let Some((id, _)) = named {
        return Ok(Some(id.clone()));
    }
    match ours(list, &before, &target.wanted)? {
        None => Ok(None),
        Some(id) => Err(PanelError::Refused(format!(
            "server {id} on the panel may be what a lost answer made: remove it there if it is, then mark this done"
        ))),
    }
}

/// Looks for a server that a lost answer made, and only then makes one.
async fn record(context: &PanelContext, target: &mut Target, user: &str) -> Step {
    let list = listed(context, user).await?;
    let Some(before) = target.ids.get("before").cloned() else {
        let ids: Vec<String> = list.into_iter().map(|row| row.0).collect();
        target.ids.insert("before".into(), json!(ids));
        return Ok(Progress::again("create", 0));
    };
    let before: Vec<String> = serde_json::from_value(before).unwrap_or_default();
    if let Some(id) = ours(list, &before, &target.wanted)? {
        target.ids.insert(REFERENCE.into(), json!(id));
        return Ok(Progress::again("install", 0));
    }
    let looks = target.ids.get("looks").and_then(Value::as_i64).unwrap_or(0);
    if looks > 0 {
        target.ids.insert("looks".into(), json!(looks - 1));
        return Ok(Progress::again("look", 2));
    }
    let body = order(context, &target.wanted, user)?;
    // Before the call: whatever becomes of its answer, the next step looks first.
    target.ids.insert("looks".into(), json!(LOOKS));
    let made = data(context, Method::POST, "/servers", Some(&body)).await;
    if matches!(&made, Err(error) if !matches!(error, PanelError::Unknown(_))) {
        target.ids.insert("looks".into(), json!(0));
    }
    target.ids.insert(REFERENCE.into(), json!(id_of(&made?)?));
    Ok(Progress::again("install", 0))
}

fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What the product says, sent only where it says something: the package decides the rest.
const OVERRIDES: [(&str, &str); 9] = [
    ("ipv4", "ipv4"),
    ("memory", "memory"),
    ("cpu_cores", "cpuCores"),
    ("storage", "storage"),
    ("traffic", "traffic"),
    ("network_speed_in", "networkSpeedInbound"),
    ("network_speed_out", "networkSpeedOutbound"),
    ("storage_profile", "storageProfile"),
    ("network_profile", "networkProfile"),
];

fn order(context: &PanelContext, wanted: &Wanted, user: &str) -> Result<Value, PanelError> {
    let settings = &wanted.settings;
    let group = number(settings.get("hypervisor_group")).or_else(|| number(context.settings.get("hypervisor_group")));
    let need = |value: Option<i64>, what: &str| value.ok_or_else(|| PanelError::refused(what));
    let mut body = json!({
        "packageId": need(number(settings.get("package_id")), "the product names no package_id")?,
        "userId": need(user.parse().ok(), "the panel's user id is no number")?,
        "hypervisorId": need(group, "neither the product nor the server names a hypervisor_group")?,
    });
    for (ours, theirs) in OVERRIDES {
        if let Some(value) = number(settings.get(ours)) {
            body[theirs] = json!(value);
        }
    }
    Ok(body)
}

async fn install(context: &PanelContext, target: &mut Target, server: &str) -> Step {
    let Some(template) = number(target.wanted.settings.get("os_template")) else {
        target.ids.insert("build".into(), json!("none"));
        return Ok(Progress::again("confirm", 0));
    };
    let state = get(context, &format!("/servers/{server}")).await?;
    if state["tasks"]["active"].as_bool() == Some(true) {
        return Ok(Progress::again("install", 2));
    }
    if !state["built"].is_null() {
        // The answer of an earlier build was lost, and the password with it.
        target.ids.insert("build".into(), json!("sent"));
        return Ok(Progress::again("confirm", 0));
    }
    let mut body = json!({ "operatingSystemId": template, "name": target.wanted.service, "email": false });
    if !target.wanted.hostname.is_empty() {
        body["hostname"] = json!(target.wanted.hostname);
    }
    let built = data(context, Method::POST, &format!("/servers/{server}/build"), Some(&body)).await?;
    if let Some(password) = built["settings"]["decryptedPassword"].as_str() {
        // The one answer that carries it.
        target.ids.insert(PASSWORD.into(), json!(password));
    }
    target.ids.insert("build".into(), json!("sent"));
    Ok(Progress::again("wait", 2))
}

async fn confirm(context: &PanelContext, target: &mut Target, server: &str) -> Step {
    let state = get(context, &format!("/servers/{server}")).await?;
    if state["buildFailed"].as_bool() == Some(true) {
        // So that a retry by staff installs again.
        target.ids.remove("build");
        return Err(PanelError::refused("the installation failed on the panel"));
    }
    let building = target.id("build").as_deref() == Some("sent");
    if building && (state["built"].is_null() || state["tasks"]["active"].as_bool() == Some(true)) {
        return Ok(Progress::again("wait", 2));
    }
    let seen = observed(&state)?;
    Ok(Progress::Done(Some(Confirmed {
        panel_ref: server.to_owned(),
        ip_addresses: seen.ip_addresses.clone(),
        observed: json!(seen),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            service: "svc_1".into(),
            taken: vec!["3".into()],
            ..Wanted::default()
        }
    }

    #[test]
    fn a_lost_create_is_found_by_name_or_by_being_the_only_new_one() {
        let row = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        let before = ["1".to_owned()];
        let found = |list| ours(list, &before, &wanted());
        assert_eq!(found(vec![row("1", "")]).unwrap(), None);
        assert_eq!(found(vec![row("3", "")]).unwrap(), None, "another service's");
        assert_eq!(found(vec![row("4", "theirs")]).unwrap(), None, "somebody else's name");
        assert_eq!(found(vec![row("1", ""), row("4", "")]).unwrap().as_deref(), Some("4"));
        assert_eq!(
            found(vec![row("4", ""), row("5", "svc_1")]).unwrap().as_deref(),
            Some("5")
        );
        assert!(matches!(
            found(vec![row("4", ""), row("5", "")]),
            Err(PanelError::Refused(_))
        ));
    }

    #[test]
    fn numbers_come_as_numbers_or_text() {
        assert_eq!(number(Some(&json!(2048))), Some(2048));
        assert_eq!(number(Some(&json!(" 4 "))), Some(4));
        assert_eq!(number(Some(&json!("daily"))), None);
        assert_eq!(number(None), None);
    }
}
