//! One tenant below: what it is, how it does, and what can be done about it. Nothing of its own schema is read.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use platform::db::DbError;
use platform::views::{Page as Chrome, Tone};
use serde::Deserialize;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadAccounts, ReadTenants, WriteTenants};
use tenancy::tenant::{self, Child};
use tenancy::{Portal, TenantId};

use crate::admin::desk::Say;
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Fact, Field, Notice, Table, Typed, crumb, fact};
use crate::kit::parts::{Link, Meta};
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::list::{Cell, Row};
use crate::web::page::{self, Asked};

/// What a redirect has to tell.
#[derive(Deserialize)]
pub struct Told {
    #[serde(default)]
    look: String,
}

/// `GET /admin/tenants/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadTenants>,
    asked: Asked,
    Path(id): Path<String>,
    Query(told): Query<Told>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "tenants").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(Some(mut context)) if told.look == "ended" => {
            let say = Say(&app, &chrome);
            let ended = Notice {
                tone: Tone::Warning,
                title: say.it("look-ended"),
                text: Some(say.it("look-ended-text")),
            };
            context.notices.insert(0, ended);
            Html::show(&app, StatusCode::OK, &context, &chrome)
        }
        Ok(Some(context)) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

/// The same page after an act was refused for want of a reason.
pub(super) async fn refused(
    app: &App,
    staff: &Staff<WriteTenants>,
    asked: &Asked,
    id: TenantId,
    (act, reason): (&str, &str),
) -> Response {
    let chrome = page::admin(app, staff, asked, "tenants").await;
    match detail(app, staff, &chrome, id).await {
        Ok(Some(mut context)) => {
            let typed = Typed::from([("reason".to_owned(), reason.to_owned())]);
            context.refuse(act, &typed, Say(app, &chrome).it("tenants-error-reason"));
            Html::show(app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
        }
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail<P>(app: &App, staff: &Staff<P>, chrome: &Chrome, id: TenantId) -> Result<Option<Detail>, DbError> {
    let Some(child) = tenant::child(app.tenancy(), staff.home.tenant().id, id).await? else {
        return Ok(None);
    };
    let directory = app.tenancy().directory();
    let Some(known) = directory.tenant(id) else {
        return Ok(None);
    };
    let say = Say(app, chrome);
    let mut page = Detail {
        title: child.row.name.clone(),
        badge: Some(status::tenant(state(&child))),
        crumbs: vec![
            crumb(say.it("tenants-title"), Some("/admin/tenants")),
            crumb(child.row.name.clone(), None),
        ],
        picture: Some("building-store"),
        meta: vec![Meta {
            icon: Some("world"),
            text: app.host_for(known, Portal::Site).to_string(),
        }],
        links: vec![Link {
            label: say.it("tenants-visit"),
            path: app.link(known, Portal::Site, "/"),
            icon: "external-link",
            tone: "plain",
        }],
        notices: notices(say, &child),
        ..Detail::default()
    };
    if staff.rights.has(WriteTenants::NAME) {
        page.acts = acts(say, &child);
    }
    page.main
        .push(Block::facts(say.it("tenants-business"), business(say, &child)));
    page.main
        .push(Block::table(say.it("tenants-hosts"), hosts(app, say, &child)));
    let ours = child.row.parent_id == Some(staff.home.tenant().id) && staff.rights.has(ReadAccounts::NAME);
    let parent = child
        .row
        .parent_id
        .and_then(|id| directory.tenant(id))
        .map(|tenant| tenant.name.clone());
    let mut facts = facts(say, &child, parent);
    facts.insert(
        4,
        fact(
            say.it("customer-language"),
            Cell::text(say.or(&format!("language-{}", known.locale), &known.locale)),
        ),
    );
    facts.insert(5, fact(say.it("tenants-timezone"), Cell::text(known.timezone.name())));
    if let Some(account) = child.account.filter(|_| ours) {
        let cell = Cell::text(say.it("tenants-account-here")).to(format_args!("/admin/customers/{account}"));
        facts.push(fact(say.it("tenants-account"), cell));
    }
    page.side.push(Block::facts(say.it("tenants-facts"), facts));
    Ok(Some(page))
}

fn state(child: &Child) -> &str {
    if child.row.parked_reason.is_some() {
        "parked"
    } else {
        &child.row.state
    }
}

fn notices(say: Say<'_>, child: &Child) -> Vec<Notice> {
    let notice = |tone, key: &str, text: &str| Notice {
        tone,
        title: say.it(key),
        text: Some(text.to_owned()),
    };
    let mut notices = Vec::new();
    if let Some(reason) = &child.row.parked_reason {
        notices.push(notice(Tone::Danger, "tenants-parked", reason));
    }
    if let Some(reason) = &child.row.reason {
        notices.push(notice(Tone::Warning, "tenants-suspended-note", reason));
    }
    notices
}

fn acts(say: Say<'_>, child: &Child) -> Vec<Act> {
    let act = |verb: &str, icon: &'static str, danger: bool| Act {
        id: verb.to_owned(),
        label: say.it(&format!("tenants-{verb}")),
        title: say.with(&format!("tenants-{verb}-title"), &[("name", &child.row.name)]),
        text: say.it(&format!("tenants-{verb}-text")),
        path: format!("/admin/tenants/{}/{verb}", child.row.id),
        danger,
        icon,
        ..Act::default()
    };
    let why = || vec![Field::text("reason", say.it("tenants-reason"), "").hint(say.it("tenants-reason-hint"))];
    let change = if child.row.state == "suspended" {
        act("resume", "player-play", false)
    } else {
        Act {
            fields: why(),
            ..act("suspend", "player-pause", true)
        }
    };
    vec![
        Act {
            fields: why(),
            ..act("look", "eye", false)
        },
        change,
    ]
}

fn business(say: Say<'_>, child: &Child) -> Vec<Fact> {
    let figures = &child.row.figures;
    let money = |minor| Cell::minor(minor, &figures.currency);
    vec![
        fact(say.it("tenants-mrr"), money(figures.mrr_minor)),
        fact(say.it("tenants-services"), Cell::text(figures.active_services)),
        fact(say.it("tenants-accounts"), Cell::text(figures.accounts)),
        fact(say.it("tenants-open-money"), money(figures.open_minor)),
        fact(say.it("tenants-overdue"), money(figures.overdue_minor)),
        fact(say.it("tenants-tasks"), Cell::text(figures.open_tasks)),
        fact(
            say.it("tenants-active"),
            child
                .active_at
                .map_or_else(|| Cell::quiet(say.it("tenants-never")), Cell::at),
        ),
    ]
}

fn facts(say: Say<'_>, child: &Child, parent: Option<String>) -> Vec<Fact> {
    let version = if child.version == child.wanted {
        say.with("tenants-version-now", &[("version", &child.version.to_string())])
    } else {
        let versions = [child.version.to_string(), child.wanted.to_string()];
        say.with(
            "tenants-version-old",
            &[("version", &versions[0]), ("wanted", &versions[1])],
        )
    };
    vec![
        fact(say.it("tenants-slug"), Cell::code(&child.row.slug)),
        fact(say.it("tenants-parent"), Cell::text(parent.unwrap_or_default())),
        fact(
            say.it("tenants-mode"),
            Cell::text(say.it(&format!("tenants-mode-{}", child.row.mode))),
        ),
        fact(say.it("tenants-currency"), Cell::text(&child.row.figures.currency)),
        fact(
            say.it("tenants-since"),
            Cell::day(Some(child.row.created_at.date_naive())),
        ),
        fact(say.it("tenants-version"), Cell::text(version)),
        fact(say.it("detail-id"), Cell::code(child.row.id)),
    ]
}

/// The name it always has, and those it claims.
fn hosts(app: &App, say: Say<'_>, child: &Child) -> Table {
    let own = Row::plain(vec![
        Cell::text(format_args!("{}.{}", child.row.slug, app.tenancy().base_domain())),
        Cell::quiet(say.it("tenants-portal-all")),
        Cell::badge(status::host("serving")),
    ]);
    let claimed = child.hosts.iter().map(|host| {
        let name = Cell::text(&host.hostname);
        Row::plain(vec![
            match &host.reason {
                Some(reason) => name.below(reason),
                None => name,
            },
            Cell::quiet(say.or(&format!("tenants-portal-{}", host.portal), &host.portal)),
            Cell::badge(status::host(&host.state)),
        ])
    });
    let labels = ["tenants-host", "tenants-portal", "list-status"].map(|key| say.it(key));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, std::iter::once(own).chain(claimed).collect(), String::new())
}
