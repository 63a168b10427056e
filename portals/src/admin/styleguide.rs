//! `/styleguide`: every component on one page, with made-up values only.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenancy::extract::Staff;
use tenancy::permission::Any;

use crate::app::App;
use crate::web::answer::Html;
use crate::web::page::{self, Asked};

/// `GET /styleguide`, for staff: it stands in their layout.
pub async fn show(State(app): State<App>, staff: Staff<Any>, asked: Asked) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "").await;
    let context = crate::styleguide::samples(staff.scope.tenant().currency);
    Html::show(&app, StatusCode::OK, &context, &chrome)
}
