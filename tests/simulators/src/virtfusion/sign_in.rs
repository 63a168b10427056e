//! Sign-in links: two tokens that work once, for a minute.

use chrono::Duration;
use serde_json::json;

use super::answer::{Answer, Reply};
use super::state::{SignIn, State};
use super::{server, user};
use crate::random_word;
use crate::ticker::stamp;

/// `POST /users/{ext}/authenticationTokens` and `/serverAuthenticationTokens/{server}`.
pub(super) fn issue(state: &mut State, relation: &str, query: &serde_json::Value, server_id: Option<i64>) -> Reply {
    let user_id = user::by_relation(state, relation, query)?;
    if let Some(id) = server_id {
        server::known(state, id)?;
        if state.servers[&id].owner_id != user_id {
            return Err(Answer::msg(404, "server not found"));
        }
    }
    let ttl = state.config.sign_in_ttl_seconds;
    let expires = state.config.ticker.now() + Duration::seconds(ttl);
    let tokens = (random_word(48), random_word(48));
    state.sign_ins.push(SignIn {
        tokens: tokens.clone(),
        user_id,
        server_id,
        expires,
    });
    Ok(Answer::data(
        200,
        json!({"authentication": {
            "tokens": {"1": tokens.0, "2": tokens.1},
            "endpoint": "/token_authenticate",
            "endpoint_complete": format!("/token_authenticate/?1={}&2={}", tokens.0, tokens.1),
            "expiry": {"ttl": ttl, "expires": stamp(expires)},
        }}),
    ))
}

/// Follows a link: who signed in and on which server they land, or nothing when it is used or too old.
pub(super) fn redeem(state: &mut State, first: &str, second: &str) -> Option<(String, Option<i64>)> {
    let now = state.config.ticker.now();
    state.sign_ins.retain(|row| row.expires > now);
    let place = state
        .sign_ins
        .iter()
        .position(|row| row.tokens.0 == first && row.tokens.1 == second)?;
    let row = state.sign_ins.remove(place);
    let email = state.users.get(&row.user_id)?.email.clone();
    Some((email, row.server_id))
}
