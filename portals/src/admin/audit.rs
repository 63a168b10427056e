//! The audit log.

use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use platform::views::Context;
use serde::{Deserialize, Serialize};
use tenancy::audit::{self, Entry};
use tenancy::extract::Staff;
use tenancy::permission::ReadAudit;

use crate::app::App;
use crate::web::answer::{Html, internal};
use crate::web::page::{self, Asked};

const ROWS: usize = 50;

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

#[derive(Serialize)]
struct AuditPage {
    rows: Vec<Entry>,
    query: String,
    next: Option<String>,
}

impl Context for AuditPage {
    const TEMPLATE: &'static str = "admin/audit.html";
}

/// `GET /admin/audit`
pub async fn list(State(app): State<App>, staff: Staff<ReadAudit>, asked: Asked, Query(wish): Query<Wish>) -> Response {
    let search = Some(wish.q.trim()).filter(|q| !q.is_empty());
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = audit::list(&mut tx, None, search, 51, wish.after.parse().ok()).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(rows)
    };
    let mut rows = match read.await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = rows.last().filter(|_| more).map(|last| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &wish.q)
            .append_pair("after", &last.id.to_string())
            .finish();
        format!("/admin/audit?{query}")
    });
    let page = page::admin(&app, &staff, &asked, "audit").await;
    Html::show(
        &app,
        StatusCode::OK,
        &AuditPage {
            rows,
            query: wish.q,
            next,
        },
        &page,
    )
}
