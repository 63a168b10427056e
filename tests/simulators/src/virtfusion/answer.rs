//! The panel's ways to answer: data, an empty 204, and its several shapes of error.

use axum::response::{IntoResponse, Json, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A status and, unless it is empty, a body.
pub(super) struct Answer {
    pub status: u16,
    pub body: Option<Value>,
}

/// Either way an answer; `Err` lets a handler leave early.
pub(super) type Reply = Result<Answer, Answer>;

impl Answer {
    pub fn data(status: u16, data: Value) -> Self {
        Self::raw(status, json!({ "data": data }))
    }

    pub fn raw(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, body: None }
    }

    /// The older endpoints' error.
    pub fn msg(status: u16, text: &str) -> Self {
        Self::raw(status, json!({ "msg": text }))
    }

    /// 422 with plain texts.
    pub fn refused(text: &str) -> Self {
        Self::raw(422, json!({ "errors": [text] }))
    }

    /// 422 for one field.
    pub fn invalid(field: &str, text: &str) -> Self {
        Self::raw(422, json!({ "errors": { field: [text] } }))
    }

    pub fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        }
    }
}

/// The paginator's envelope around one page of `rows`.
pub(super) fn page(rows: &[Value], query: &Value, path: &str) -> Answer {
    let per_page = crate::form::whole(query, "results").unwrap_or(20).clamp(1, 200);
    let current = crate::form::whole(query, "page").unwrap_or(1).max(1);
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let last = ((total + per_page - 1) / per_page).max(1);
    let skip = usize::try_from((current - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    let take = usize::try_from(per_page).unwrap_or(20);
    let shown: Vec<&Value> = rows.iter().skip(skip).take(take).collect();
    let first_shown = (!shown.is_empty()).then_some((current - 1) * per_page + 1);
    let last_shown = first_shown.map(|first| first + i64::try_from(shown.len()).unwrap_or_default() - 1);
    let link = |number: i64| format!("{path}?page={number}");
    Answer::raw(
        200,
        json!({
            "current_page": current,
            "data": shown,
            "first_page_url": link(1),
            "from": first_shown,
            "last_page": last,
            "last_page_url": link(last),
            "links": [],
            "next_page_url": (current < last).then(|| link(current + 1)),
            "path": path,
            "per_page": per_page,
            "prev_page_url": (current > 1).then(|| link(current - 1)),
            "to": last_shown,
            "total": total,
        }),
    )
}
