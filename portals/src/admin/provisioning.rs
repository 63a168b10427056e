//! `/admin/provisioning`: what is wanted on panels, and how far it got.

use axum::extract::State;
use axum::response::Response;
use billing::BillingError;
use platform::views::Page as Chrome;
use provisioning::operation::list::{Row as Operation, Search, browse};
use tenancy::extract::Staff;
use tenancy::permission::ReadServices;

use crate::app::App;
use crate::kit::parts::Choice;
use crate::refusal;
use crate::status;
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/provisioning",
    title: "menu-provisioning",
    search: Some("list-search-operations"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[
                ("open", "status-open"),
                ("failed", "status-failed"),
                ("running", "status-running"),
                ("waiting", "status-waiting"),
                ("retrying", "status-retrying"),
                ("queued", "status-queued"),
                ("done", "status-done"),
                ("cancelled", "status-cancelled"),
            ],
        ),
        Filter::Choice("kind", "list-kind", KINDS),
        Filter::Own("server", "list-server"),
        Filter::Kept("service"),
    ],
    columns: &[
        Column::new("list-kind").phone(Place::Main),
        Column::new("list-service").phone(Place::Below),
        Column::new("list-server").phone(Place::Hidden),
        Column::new("list-step").phone(Place::Hidden),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "list-check",
        title: "list-no-operations",
        text: "list-no-operations-text",
        action: None,
    },
};

/// What can be wanted on a panel.
const KINDS: &[(&str, &str)] = &[
    ("create", "operation-create"),
    ("suspend", "operation-suspend"),
    ("resume", "operation-resume"),
    ("terminate", "operation-terminate"),
    ("change_plan", "operation-change-plan"),
    ("power", "operation-power"),
    ("root_password", "operation-root-password"),
];

/// The name of a kind of operation.
pub fn kind_name(app: &App, chrome: &Chrome, kind: &str) -> String {
    let key = KINDS.iter().find(|(known, _)| *known == kind).map(|(_, key)| *key);
    key.map_or_else(|| kind.to_owned(), |key| app.say(chrome, key, &[]))
}

/// `GET /admin/provisioning`
pub async fn list(State(app): State<App>, staff: Staff<ReadServices>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        status: wish.choice("status"),
        kind: wish.choice("kind"),
        server: wish.id("server"),
        service: wish.id("service"),
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        let servers = provisioning::server::list(&mut tx, 200, None).await?;
        tx.commit().await?;
        Ok::<_, BillingError>((found, servers))
    };
    let (found, servers) = match read.await {
        Ok(read) => read,
        Err(error) => return internal(error),
    };
    let choice = |value: String, label: String| Choice { value, label };
    let servers = servers.into_iter().map(|s| choice(s.id.to_string(), s.name)).collect();
    let chrome = page::admin(&app, &staff, &asked, "provisioning").await;
    let found = found.map(|operation| row(&app, &chrome, operation));
    let listed = ListPage::new(&app, &chrome, &LIST, &wish, found).with_options("server", servers);
    list::show(&app, &chrome, &listed)
}

fn row(app: &App, chrome: &Chrome, operation: Operation) -> Row {
    let path = format!("/admin/provisioning/{}", operation.id);
    Row::to(
        path,
        vec![
            Cell::text(kind_name(app, chrome, &operation.kind)),
            Cell::text(operation.service_label).below(operation.account_name),
            Cell::text(operation.server_name.unwrap_or_default()),
            Cell::quiet(refusal::waits(
                app,
                chrome,
                operation.reason.as_deref(),
                &operation.step,
            )),
            Cell::badge(status::operation(&operation.status)),
            Cell::at(operation.created_at),
        ],
    )
}
