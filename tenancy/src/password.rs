//! Hashing and comparing passwords: argon2id, slow on purpose, so turns at it are shared between tenants.

use std::sync::OnceLock;
use std::time::Duration;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use platform::db::DbError;
use platform::task::{Plan, Shares};

use crate::TenantId;

/// Each turn takes some 20 MB and a core for tens of milliseconds. One tenant has half of them at most, and few may wait
/// for one: some of them hold a connection.
const PLAN: Plan = Plan {
    total: 4,
    each: 2,
    waiting: 8,
    patience: Duration::from_secs(3),
};

fn turns() -> &'static Shares<TenantId> {
    static TURNS: OnceLock<Shares<TenantId>> = OnceLock::new();
    TURNS.get_or_init(|| Shares::new(PLAN))
}

/// Runs slow work off the async threads, in the tenant's turn.
async fn in_turn<T: Send + 'static>(tenant: TenantId, work: impl FnOnce() -> T + Send + 'static) -> Result<T, DbError> {
    let turn = turns().take(&tenant).await.ok_or(DbError::Busy(PLAN.patience))?;
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also when nobody waits for it any more.
        let _turn = turn;
        work()
    });
    done.await.map_err(|error| DbError::Row(error.to_string()))
}

/// The form in which a password is stored.
///
/// # Errors
/// When too much is hashed for this tenant at once.
pub(crate) async fn hash(tenant: TenantId, password: String) -> Result<String, DbError> {
    let hashed = in_turn(tenant, move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    hashed.await?.map_err(|error| DbError::Row(error.to_string()))
}

/// Compares, spending the same time when there is no hash, so that nobody learns who has an account.
///
/// # Errors
/// When too much is compared for this tenant at once.
pub(crate) async fn matches(tenant: TenantId, password: String, stored: Option<String>) -> Result<bool, DbError> {
    in_turn(tenant, move || match stored.as_deref().map(PasswordHash::new) {
        Some(Ok(hash)) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
        Some(Err(_)) | None => {
            let _ = Argon2::default().hash_password(password.as_bytes());
            false
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::new(Uuid::from_u128(n))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_hostile_tenant_takes_no_others_turns() {
        let flood = (0..40).map(|_| hash(tenant(1), "correct horse battery".to_owned()));
        let flood = platform::task::spawn(futures::future::join_all(flood.collect::<Vec<_>>()));
        tokio::task::yield_now().await;
        let stored = hash(tenant(2), "another horse".to_owned())
            .await
            .expect("a turn of its own");
        assert!(
            matches(tenant(2), "another horse".to_owned(), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!matches(tenant(2), "no horse".to_owned(), Some(stored)).await.unwrap());
        assert!(!matches(tenant(2), "no horse".to_owned(), None).await.unwrap());
        let answers = flood.await.unwrap();
        let refused = answers
            .iter()
            .filter(|answer| matches!(answer, Err(DbError::Busy(_))))
            .count();
        assert!(refused >= 40 - PLAN.each - PLAN.waiting, "{refused}");
        assert!(answers.iter().any(Result::is_ok));
    }
}
