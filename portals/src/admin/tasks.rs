//! `/admin/tasks`: what failed for good, or needs a person.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use platform::db::DbError;
use platform::views::Tone;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadServices, WriteServices};
use tenancy::task::list::{Row as Task, Search, browse};
use tenancy::{TaskId, task};

use super::desk::{Say, path_of};
use crate::app::App;
use crate::status;
use crate::web::answer::{internal, not_found};
use crate::web::list::{self, Act, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/tasks",
    title: "menu-tasks",
    search: Some("tasks-search"),
    filters: &[Filter::Choice(
        "status",
        "list-status",
        &[
            ("open", "status-open"),
            ("retried", "status-retried"),
            ("done", "status-done"),
            ("dismissed", "status-dismissed"),
        ],
    )],
    columns: &[
        Column::new("tasks-what").phone(Place::Main),
        Column::new("tasks-why").phone(Place::Below),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "circle-check",
        title: "tasks-none",
        text: "tasks-none-text",
        action: None,
    },
};

/// `GET /admin/tasks`
pub async fn list(State(app): State<App>, staff: Staff<ReadServices>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        state: wish.choice("status"),
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, DbError>(found)
    };
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "tasks").await;
    let may = staff.rights.has(WriteServices::NAME);
    let found = found.map(|task| row(Say(&app, &chrome), task, may));
    list::show(&app, &chrome, &ListPage::new(&app, &chrome, &LIST, &wish, found))
}

fn row(say: Say<'_>, task: Task, may: bool) -> Row {
    let cells = vec![
        Cell::text(say.said(&task.title)),
        Cell::quiet(say.said(&task.reason)),
        Cell::badge(status::task(&task.state)).below(task.closed_by.clone().unwrap_or_default()),
        Cell::at(task.created_at),
    ];
    let row = match task.subject_id.as_deref().and_then(path_of) {
        Some(path) => Row::to(path, cells),
        None => Row::plain(cells),
    };
    if !may || task.state != "open" {
        return row;
    }
    let act = |verb: &str, icon: &'static str| Act {
        path: format!("/admin/tasks/{}/{verb}", task.id),
        label: say.it(&format!("tasks-{verb}")),
        icon,
    };
    let mut acts = Vec::new();
    if task.can_retry {
        acts.push(act("retry", "refresh"));
    }
    acts.push(act("dismiss", "x"));
    row.with(acts)
}

/// `POST /admin/tasks/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WriteServices>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
) -> Response {
    let (Ok(id), true) = (id.parse::<TaskId>(), ["retry", "dismiss"].contains(&verb.as_str())) else {
        return not_found();
    };
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        let known = task::find(&mut tx, id).await?.is_some();
        let done = match verb.as_str() {
            "retry" => task::retry(&mut tx, id).await?,
            _ => task::dismiss(&mut tx, id, "dismissed by staff").await?,
        };
        tx.commit().await?;
        Ok::<_, DbError>((known, done))
    };
    let chrome = page::admin(&app, &staff, &asked, "tasks").await;
    let say = Say(&app, &chrome);
    match done.await {
        Ok((false, _)) => not_found(),
        Ok((true, true)) => {
            page::flash(&staff.session, Tone::Success, say.it(&format!("tasks-{verb}-done"))).await;
            Redirect::to("/admin/tasks?status=open").into_response()
        }
        // Somebody else was faster: said, and nothing done twice.
        Ok((true, false)) => {
            page::flash(&staff.session, Tone::Warning, say.it("tasks-not-open")).await;
            Redirect::to("/admin/tasks?status=open").into_response()
        }
        Err(error) => internal(error),
    }
}
