//! News: what changed for whom, heard at commit by every node, for pages that are open.
//!
//! One listener per cell, on a connection outside the pools: an open page holds none. News may be lost
//! with a connection; whoever follows is told that something may have been missed.

use std::time::Duration;

use platform::event::NEWS;
use platform::task::Shutdown;
use sqlx::postgres::{PgListener, PgPoolOptions};

use crate::{AccountId, Tenancy};

/// How soon a lost listener is opened again, and how often it is asked whether there are new cells.
const PAUSE: Duration = Duration::from_secs(2);
const CELLS_EVERY: Duration = Duration::from_secs(30);

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Of this account (none: of no account in particular) in the tenant with this schema.
    Of {
        /// Schema of the tenant.
        schema: String,
        /// Account.
        account: Option<AccountId>,
        /// Prefixed id.
        subject: String,
    },
    /// Something may have been missed.
    Gap,
}

/// Reads what [`platform::event::tell`] wrote.
fn read(payload: &str) -> Option<News> {
    let mut words = payload.splitn(3, ' ');
    let (schema, account, subject) = (words.next()?, words.next()?, words.next()?);
    let account = match account {
        "-" => None,
        id => Some(AccountId::new(id.parse().ok()?)),
    };
    Some(News::Of {
        schema: schema.to_owned(),
        account,
        subject: subject.to_owned(),
    })
}

/// Listens in every cell until shutdown.
pub async fn follow(tenancy: Tenancy, shutdown: Shutdown, heard: impl Fn(News) + Sync) {
    while !shutdown.is_triggered() {
        let mut cells = tenancy.cell_ids();
        cells.sort_unstable();
        let listening = cells.iter().map(|cell| listen(&tenancy, *cell, &shutdown, &heard));
        let changed = async {
            loop {
                tokio::time::sleep(CELLS_EVERY).await;
                let mut now = tenancy.cell_ids();
                now.sort_unstable();
                if now != cells {
                    return;
                }
            }
        };
        tokio::select! {
            _ = futures::future::join_all(listening) => { shutdown.sleep(PAUSE).await; }
            () = changed => heard(News::Gap),
            () = shutdown.wait() => return,
        }
    }
}

async fn listen(tenancy: &Tenancy, cell: i16, shutdown: &Shutdown, heard: &(impl Fn(News) + Sync)) {
    while !shutdown.is_triggered() {
        if let Err(error) = hear(tenancy, cell, heard).await {
            tracing::warn!(cell, %error, "news are not heard; open pages ask now and then until they are");
        }
        heard(News::Gap);
        shutdown.sleep(PAUSE).await;
    }
}

async fn hear(tenancy: &Tenancy, cell: i16, heard: &(impl Fn(News) + Sync)) -> Result<(), platform::db::DbError> {
    let login = tenancy.cell(cell)?.login.application_name("ezscale news");
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(login);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(NEWS).await?;
    heard(News::Gap);
    // None: the connection was lost, and with it perhaps some news.
    while let Some(told) = listener.try_recv().await? {
        match read(told.payload()) {
            Some(news) => heard(news),
            None => tracing::debug!(payload = told.payload(), "news that make no sense"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_name_a_tenant_an_account_and_a_subject() {
        let account = uuid::Uuid::from_u128(7);
        let of = |account, subject: &str| {
            Some(News::Of {
                schema: "t_a".into(),
                account,
                subject: subject.into(),
            })
        };
        assert_eq!(
            read(&format!("t_a {account} svc_1")),
            of(Some(AccountId::new(account)), "svc_1")
        );
        assert_eq!(read("t_a - product_1"), of(None, "product_1"));
        for wrong in ["", "t_a", "t_a -", "t_a nobody svc_1"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
