//! `/admin/provisioning/{id}`: one wanted change on a panel, what happened to it, and what staff do about it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::service::{self, Service};
use http::StatusCode;
use platform::views::{Page as Chrome, Tone};
use provisioning::OperationId;
use provisioning::operation::{self, Entry, Operation};
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadServices, WriteServices};

use super::desk::Say;
use super::provisioning::kind_name;
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Field, Notice, Table, Typed, crumb, fact};
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{Cell, Row};
use crate::web::page::{self, Asked};

/// `GET /admin/provisioning/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "provisioning").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail<P>(app: &App, staff: &Staff<P>, chrome: &Chrome, id: OperationId) -> Result<Detail, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let found = operation::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("operation"))?;
    let log = operation::history(&mut tx, id).await?;
    let owner = service::find(&mut tx, found.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    let sheet = service::sheet::sheet(&mut tx, found.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    tx.commit().await?;
    let say = Say(app, chrome);
    let name = kind_name(app, chrome, &found.kind);
    let mut notices = Vec::new();
    if found.status == "failed" {
        notices.push(Notice {
            tone: Tone::Danger,
            title: say.it("operation-failed"),
            text: found.reason.as_deref().map(|reason| say.said(reason)),
        });
    }
    let facts = vec![
        fact(
            say.it("list-service"),
            Cell::text(&owner.label).to(format_args!("/admin/services/{}", owner.id)),
        ),
        fact(
            say.it("list-customer"),
            Cell::text(&sheet.account_name).to(format_args!("/admin/customers/{}", owner.account_id)),
        ),
        fact(
            say.it("list-server"),
            Cell::text(sheet.server_name.as_deref().unwrap_or("-")),
        ),
        fact(
            say.it("operation-panel-ref"),
            Cell::code(owner.panel_ref.as_deref().unwrap_or("-")),
        ),
        fact(say.it("list-step"), Cell::text(say.waits(None, &found.step))),
        fact(say.it("operation-tries"), Cell::text(found.tries)),
        fact(say.it("operation-wanted"), Cell::at(found.created_at)),
        fact(
            say.it("operation-finished"),
            found.finished_at.map_or_else(Cell::default, Cell::at),
        ),
    ];
    Ok(Detail {
        title: format!("{name}: {}", owner.label),
        badge: Some(status::operation(&found.status)),
        crumbs: vec![
            crumb(say.it("menu-provisioning"), Some("/admin/provisioning")),
            crumb(name, None),
        ],
        acts: if staff.rights.has(WriteServices::NAME) {
            acts(say, &found, &owner)
        } else {
            Vec::new()
        },
        notices,
        main: vec![Block::table(say.it("operation-log"), log_table(say, &log))],
        side: vec![Block::facts(say.it("detail-facts"), facts)],
        ..Detail::default()
    })
}

fn log_table(say: Say<'_>, log: &[Entry]) -> Table {
    let rows = log
        .iter()
        .rev()
        .map(|entry| {
            let outcome = match entry.outcome.as_str() {
                "retry" => status::operation("retrying"),
                "note" => status::operation("waiting"),
                other => status::operation(other),
            };
            Row::plain(vec![
                Cell::text(say.waits(None, &entry.step)),
                Cell::quiet(say.said(&entry.message)),
                Cell::at(entry.at),
                Cell::badge(outcome),
            ])
        })
        .collect();
    let labels = [
        say.it("list-step"),
        say.it("operation-message"),
        say.it("audit-at"),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("detail-nothing-yet"))
}

/// What can be done in this state.
fn acts(say: Say<'_>, operation: &Operation, owner: &Service) -> Vec<Act> {
    let base = format!("/admin/provisioning/{}", operation.id);
    let act = |verb: &str, icon: &'static str, danger: bool, fields: Vec<Field>| Act {
        id: verb.to_owned(),
        label: say.it(&format!("operation-{verb}")),
        title: say.it(&format!("operation-{verb}-title")),
        text: say.it(&format!("operation-{verb}-text")),
        path: format!("{base}/{verb}"),
        danger,
        icon,
        fields,
        type_name: None,
    };
    let mut acts = Vec::new();
    let is_create = operation.kind == "create";
    let is_failed = operation.status == "failed";
    let is_idle = ["queued", "waiting", "retrying", "failed"].contains(&operation.status.as_str());
    // A build that was given up can be made after all while its service waits for one.
    let is_given_up = is_create && operation.status == "cancelled" && owner.status == "failed";
    if is_failed || is_given_up {
        acts.push(act("retry", "refresh", false, Vec::new()));
    }
    if is_failed && is_create {
        let field =
            Field::text("panel_ref", say.it("operation-panel-ref"), "").hint(say.it("operation-panel-ref-hint"));
        acts.push(act("adopt", "link", false, vec![field]));
    }
    if is_idle && !is_create {
        acts.push(act("skip", "player-skip-forward", false, Vec::new()));
    }
    if is_idle {
        let reason = Field::text("reason", say.it("tenants-reason"), "");
        acts.push(act("cancel", "x", true, vec![reason]));
    }
    acts
}

/// `POST /admin/provisioning/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WriteServices>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let (Ok(id), true) = (
        id.parse::<OperationId>(),
        ["retry", "adopt", "skip", "cancel"].contains(&verb.as_str()),
    ) else {
        return not_found();
    };
    let field = |name: &str| typed.get(name).map_or("", |value| value.trim());
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        match verb.as_str() {
            "retry" => operation::retry(&mut tx, id).await?,
            "adopt" => operation::adopt(&mut tx, id, field("panel_ref")).await?,
            "skip" => operation::skip(&mut tx, id).await?,
            _ => operation::cancel(&mut tx, id, field("reason")).await?,
        }
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    let chrome = page::admin(&app, &staff, &asked, "provisioning").await;
    let say = Say(&app, &chrome);
    match done.await {
        Ok(()) => {
            page::flash(&staff.session, Tone::Success, say.it(&format!("operation-{verb}-done"))).await;
            Redirect::to(&format!("/admin/provisioning/{id}")).into_response()
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => {
            let Some(why) = say.refusal(&error) else {
                return internal(error);
            };
            match detail(&app, &staff, &chrome, id).await {
                Ok(mut context) => {
                    context.refuse(&verb, &typed, why);
                    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
                }
                Err(error) => internal(error),
            }
        }
    }
}
