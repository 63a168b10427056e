//! Whose an address is: rights that are given to whoever has it are for the reader of its mailbox.

use platform::db::DbError;
use serde_json::Value;

use crate::{Actor, TenantTx, UserId, audit, sign_in};

/// Before rights are given to whoever has an address: a sign-in that was made with it and never confirmed may be
/// a stranger's, so its password, sessions, links, tokens and helpers end. True when there was one. Who acts for
/// themselves is no stranger to themselves: nothing ends then.
///
/// # Errors
/// When the database refuses.
pub async fn reclaim(tx: &mut TenantTx, id: UserId) -> Result<bool, DbError> {
    if let Actor::Member { user, .. } | Actor::Staff { user, .. } = tx.actor()
        && *user == id
    {
        return Ok(false);
    }
    let done = sqlx::query(
        "UPDATE users SET password_hash = NULL, session_epoch = session_epoch + 1 \
         WHERE id = $1 AND verified_at IS NULL AND password_hash IS NOT NULL",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for statement in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM user_tokens WHERE user_id = $1",
        "DELETE FROM api_tokens WHERE user_id = $1",
        // Whom a stranger let in beside themselves.
        "DELETE FROM members WHERE NOT owner AND account_id IN \
           (SELECT o.account_id FROM members o WHERE o.user_id = $1 AND o.owner)",
    ] {
        sqlx::query(statement).bind(id).execute(tx.connection()).await?;
    }
    sign_in::disown(tx, id).await?;
    audit::record(tx, "user.reclaimed", id, Value::Null).await?;
    Ok(true)
}

/// Whether somebody has no password yet, so that they cannot sign in before they were invited.
///
/// # Errors
/// When the database refuses.
pub async fn needs_invitation(tx: &mut TenantTx, id: UserId) -> Result<bool, DbError> {
    Ok(
        sqlx::query_scalar("SELECT password_hash IS NULL AND disabled_at IS NULL FROM users WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?
            .unwrap_or(false),
    )
}
