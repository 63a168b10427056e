//! `/admin/audit`: who did what.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use tenancy::audit::Entry;
use tenancy::audit::list::{Search, browse};
use tenancy::extract::Staff;
use tenancy::permission::ReadAudit;

use crate::app::App;
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/audit",
    title: "audit-title",
    search: Some("audit-search"),
    filters: &[
        Filter::Choice(
            "who",
            "audit-who",
            &[
                ("staff", "audit-kind-staff"),
                ("member", "audit-kind-member"),
                ("system", "audit-kind-system"),
                ("parent", "audit-kind-parent"),
                ("upstream", "audit-kind-upstream"),
                ("visitor", "audit-kind-visitor"),
            ],
        ),
        Filter::Days("at", "audit-at"),
        Filter::Kept("subject"),
    ],
    columns: &[
        Column::new("audit-action").phone(Place::Main),
        Column::new("audit-who").phone(Place::Below),
        Column::new("audit-subject").phone(Place::Hidden),
        Column::new("audit-detail").phone(Place::Hidden),
        Column::new("audit-at").sort("at").phone(Place::End),
    ],
    sort: "-at",
    empty: Empty {
        icon: "history",
        title: "audit-none",
        text: "audit-subtitle",
        action: None,
    },
};

/// `GET /admin/audit`
pub async fn list(State(app): State<App>, staff: Staff<ReadAudit>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let zone = staff.scope.tenant().timezone;
    let (from, to) = wish.days("at");
    let search = Search {
        typed: wish.typed(),
        subject: wish.choice("subject"),
        actor_kind: wish.choice("who"),
        from: from.and_then(|day| midnight(day, zone)),
        to: to
            .and_then(|day| day.checked_add_days(Days::new(1)))
            .and_then(|day| midnight(day, zone)),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(found)
    };
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "audit").await;
    list::show(
        &app,
        &chrome,
        &ListPage::new(&app, &chrome, &LIST, &wish, found.map(row)),
    )
}

/// The beginning of a day where the tenant is.
fn midnight(day: NaiveDate, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    let at = day.and_hms_opt(0, 0, 0)?;
    zone.from_local_datetime(&at)
        .earliest()
        .map(|at| at.with_timezone(&Utc))
}

fn row(entry: Entry) -> Row {
    let detail = if entry.detail.as_object().is_some_and(serde_json::Map::is_empty) {
        String::new()
    } else {
        entry.detail.to_string()
    };
    let subject = match super::desk::path_of(&entry.subject_id) {
        Some(path) => Cell::code(&entry.subject_id).to(path),
        None => Cell::code(&entry.subject_id),
    };
    Row::plain(vec![
        Cell::code(&entry.action),
        Cell::text(entry.actor_name).below(entry.actor_kind),
        subject,
        Cell::quiet(detail),
        Cell::at(entry.at),
    ])
}
