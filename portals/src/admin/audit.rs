//! `/admin/audit`: who did what.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use serde_json::Value;
use tenancy::audit::Entry;
use tenancy::audit::list::{Search, browse};
use tenancy::extract::Staff;
use tenancy::permission::ReadAudit;

use super::desk::Say;
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
        &ListPage::new(
            &app,
            &chrome,
            &LIST,
            &wish,
            found.map(|entry| row(Say(&app, &chrome), entry)),
        ),
    )
}

/// The beginning of a day where the tenant is.
fn midnight(day: NaiveDate, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    let at = day.and_hms_opt(0, 0, 0)?;
    zone.from_local_datetime(&at)
        .earliest()
        .map(|at| at.with_timezone(&Utc))
}

fn row(say: Say<'_>, entry: Entry) -> Row {
    let subject = match super::desk::path_of(&entry.subject_id) {
        Some(path) => Cell::code(&entry.subject_id).to(path),
        None => Cell::code(&entry.subject_id),
    };
    let kind = say.or(&format!("audit-kind-{}", entry.actor_kind), &entry.actor_kind);
    Row::plain(vec![
        Cell::text(say.deed(&entry.action)).below(&entry.action),
        Cell::text(entry.actor_name).below(kind),
        subject,
        Cell::quiet(plain(&entry.detail)),
        Cell::at(entry.at),
    ])
}

/// What was kept with a deed, on one line: `reason: asked by phone, amount: 12.00 EUR`.
fn plain(detail: &Value) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Object(money) if money.contains_key("amount") && money.contains_key("currency") => {
            let part = |name: &str| money.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{} {}", part("amount"), part("currency"))
        }
        other => other.to_string(),
    };
    let all = detail.as_object().into_iter().flatten();
    let kept = all.filter(|(_, value)| !value.is_null() && *value != "");
    kept.map(|(name, value)| format!("{}: {}", name.replace('_', " "), word(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::plain;

    #[test]
    fn details_are_read_on_one_line() {
        for (detail, expected) in [
            (json!(null), ""),
            (json!({ "reason": null, "name": "" }), ""),
            (
                json!({ "total": { "amount": "1.00", "currency": "EUR" }, "reason": "so" }),
                "reason: so, total: 1.00 EUR",
            ),
            (json!({ "auto_pay": true }), "auto pay: true"),
        ] {
            assert_eq!(plain(&detail), expected, "{detail}");
        }
    }
}
