//! Panel users, found by the caller's own id (`extRelationId`, or `relStr`).

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::state::{State, User};
use crate::ticker::stamp;
use crate::{form, random_word};

pub(super) fn picture(user: &User) -> Value {
    json!({
        "id": user.id,
        "admin": false,
        "extRelationId": user.ext_relation_id,
        "relStr": user.rel_str,
        "selfService": user.self_service,
        "name": user.name,
        "email": user.email,
        "timezone": "Europe/London",
        "suspended": false,
        "twoFactorAuth": false,
        "created": stamp(user.created),
        "updated": stamp(user.updated),
    })
}

/// The user behind an external relation, or the panel's 404.
pub(super) fn by_relation(state: &State, relation: &str, query: &Value) -> Result<i64, Answer> {
    let textual = form::flag(query, "relStr");
    state
        .users
        .values()
        .find(|user| {
            if textual {
                user.rel_str.as_deref() == Some(relation)
            } else {
                user.ext_relation_id.is_some() && user.ext_relation_id == relation.parse().ok()
            }
        })
        .map(|user| user.id)
        .ok_or_else(|| Answer::msg(404, "ext_relation_id not found"))
}

/// `GET /users/{ext}/byExtRelation`.
pub(super) fn show(state: &State, relation: &str, query: &Value) -> Reply {
    let id = by_relation(state, relation, query)?;
    Ok(Answer::data(200, picture(&state.users[&id])))
}

/// `POST /users`. E-mail and external relation are unique; on a duplicate the user is not told.
pub(super) fn create(state: &mut State, body: &Value) -> Reply {
    let name = form::text(body, "name").ok_or_else(|| Answer::invalid("name", "The name field is required."))?;
    let email = form::text(body, "email")
        .filter(|email| email.contains('@'))
        .ok_or_else(|| Answer::invalid("email", "The email field must be a valid email address."))?;
    let ext = form::whole(body, "extRelationId");
    let rel_str = form::text(body, "relStr").map(str::to_owned);
    refuse_duplicates(state, email, ext, rel_str.as_deref(), None)?;
    let self_service = form::whole(body, "selfService").unwrap_or(0);
    if !(0..=3).contains(&self_service) {
        return Err(Answer::invalid(
            "selfService",
            "The self service field must be between 0 and 3.",
        ));
    }
    let id = state.add_user(name, email, ext).id;
    let Some(user) = state.users.get_mut(&id) else {
        return Err(Answer::empty(500));
    };
    user.rel_str = rel_str;
    user.self_service = self_service;
    let mut shown = picture(user);
    shown["password"] = json!(user.password);
    Ok(Answer::data(201, shown))
}

/// `PUT /users/{ext}/byExtRelation`.
pub(super) fn change(state: &mut State, relation: &str, query: &Value, body: &Value) -> Reply {
    let id = by_relation(state, relation, query)?;
    if let Some(email) = form::text(body, "email") {
        refuse_duplicates(state, email, None, None, Some(id))?;
    }
    let now = state.config.ticker.now();
    let Some(user) = state.users.get_mut(&id) else {
        return Err(Answer::empty(500));
    };
    if let Some(name) = form::text(body, "name") {
        user.name = name.to_owned();
    }
    if let Some(email) = form::text(body, "email") {
        user.email = email.to_owned();
    }
    if let Some(self_service) = form::whole(body, "selfService") {
        user.self_service = self_service;
    }
    if body.get("enabled").is_some() {
        user.enabled = form::flag(body, "enabled");
    }
    user.updated = now;
    Ok(Answer::data(
        201,
        json!({"name": user.name, "email": user.email, "selfService": user.self_service, "enabled": user.enabled}),
    ))
}

/// `DELETE /users/{ext}/byExtRelation`; refused while the user owns servers.
pub(super) fn delete(state: &mut State, relation: &str, query: &Value) -> Reply {
    let id = by_relation(state, relation, query)?;
    if state.servers.values().any(|server| server.owner_id == id) {
        return Err(Answer::msg(409, "user still owns servers"));
    }
    state.users.remove(&id);
    Ok(Answer::empty(204))
}

/// `POST /users/{ext}/byExtRelation/resetPassword`.
pub(super) fn reset_password(state: &mut State, relation: &str, query: &Value) -> Reply {
    let id = by_relation(state, relation, query)?;
    let Some(user) = state.users.get_mut(&id) else {
        return Err(Answer::empty(500));
    };
    user.password = random_word(16);
    Ok(Answer::data(
        201,
        json!({"email": user.email, "password": user.password}),
    ))
}

fn refuse_duplicates(
    state: &State,
    email: &str,
    ext: Option<i64>,
    rel_str: Option<&str>,
    except: Option<i64>,
) -> Result<(), Answer> {
    for user in state.users.values().filter(|user| Some(user.id) != except) {
        if user.email.eq_ignore_ascii_case(email) {
            return Err(Answer::invalid("email", "The email has already been taken."));
        }
        if ext.is_some() && user.ext_relation_id == ext {
            return Err(Answer::invalid(
                "extRelationId",
                "The ext relation id has already been taken.",
            ));
        }
        if rel_str.is_some() && user.rel_str.as_deref() == rel_str {
            return Err(Answer::invalid("relStr", "The rel str has already been taken."));
        }
    }
    Ok(())
}
