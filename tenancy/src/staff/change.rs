//! Who works for the tenant: granted and taken back by somebody who has at least as many rights.

use platform::db::DbError;
use serde_json::Value;

use super::{StaffRow, list};
use crate::permission::{Permissions, STAFF};
use crate::{TenantTx, UserId, audit, staff, user};

/// Why somebody is not made staff, or stays it.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// A permission the one who asks does not have, or that does not exist.
    #[error("you cannot give the permission {0}, because you do not have it")]
    NotYours(String),
    /// Their rights are more than those of the one who asks.
    #[error("you cannot change somebody who may do more than you")]
    AboveYou,
    /// Nobody would be left who may do everything.
    #[error("somebody must be left who may do everything")]
    LastOne,
    /// No such staff.
    #[error("there is no such person")]
    Unknown,
    /// The user.
    #[error(transparent)]
    User(#[from] user::UserError),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for StaffError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

fn covers(own: &Permissions, words: &[String]) -> Result<(), StaffError> {
    match words
        .iter()
        .find(|word| !(own.has(word) && (*word == "*" || STAFF.contains(&word.as_str()))))
    {
        Some(word) => Err(StaffError::NotYours(word.clone())),
        None => Ok(()),
    }
}

/// Whether somebody else is left who may do everything.
async fn others_remain(tx: &mut TenantTx, without: UserId) -> Result<bool, StaffError> {
    // Two who take each other's rights away come one after the other.
    sqlx::query("SELECT user_id FROM staff WHERE active ORDER BY user_id FOR UPDATE")
        .execute(tx.connection())
        .await?;
    let all = list(tx).await?;
    let is_whole =
        |row: &&StaffRow| row.active && row.user_id != without && row.permissions.iter().any(|word| word == "*");
    Ok(all.iter().any(|row| is_whole(&row)))
}

async fn known(tx: &mut TenantTx, id: UserId) -> Result<Option<StaffRow>, StaffError> {
    Ok(list(tx).await?.into_iter().find(|row| row.user_id == id))
}

/// Gives a user exactly these permissions, as `own` allows.
///
/// # Errors
/// When a permission is not the giver's to give, or nobody would be left who may do everything.
pub async fn set(tx: &mut TenantTx, own: &Permissions, id: UserId, words: &[String]) -> Result<(), StaffError> {
    covers(own, words)?;
    if let Some(before) = known(tx, id).await? {
        covers(own, &before.permissions).map_err(|_| StaffError::AboveYou)?;
        let loses_all =
            before.active && before.permissions.iter().any(|word| word == "*") && !words.iter().any(|word| word == "*");
        if loses_all && !others_remain(tx, id).await? {
            return Err(StaffError::LastOne);
        }
    }
    Ok(staff::grant(tx, id, words).await?)
}

/// Ends somebody's work here; their sign-in as a customer stays.
///
/// # Errors
/// When they may do more than the one who asks, or nobody would be left who may do everything.
pub async fn revoke(tx: &mut TenantTx, own: &Permissions, id: UserId) -> Result<(), StaffError> {
    let before = known(tx, id)
        .await?
        .filter(|row| row.active)
        .ok_or(StaffError::Unknown)?;
    covers(own, &before.permissions).map_err(|_| StaffError::AboveYou)?;
    if !others_remain(tx, id).await? && before.permissions.iter().any(|word| word == "*") {
        return Err(StaffError::LastOne);
    }
    sqlx::query("UPDATE staff SET active = false WHERE user_id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    Ok(audit::record(tx, "staff.revoked", id, Value::Null).await?)
}
