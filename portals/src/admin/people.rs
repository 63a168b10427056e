//! `/admin/staff`: who works for the tenant, and what they may do.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::db::DbError;
use platform::views::{Page as Chrome, Tone};
use tenancy::extract::Staff;
use tenancy::permission::{self, Permission, Permissions, ReadSettings, WriteSettings};
use tenancy::staff::change::{StaffError, revoke, set};
use tenancy::staff::{self, StaffRow};
use tenancy::{UserId, user};

use super::desk::Say;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{Act, Cell, Column, Empty, ListPage, Params, Place, Row, Spec, show as show_list};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/staff",
    title: "menu-staff",
    search: None,
    filters: &[],
    columns: &[
        Column::new("list-name").phone(Place::Main),
        Column::new("settings-staff-rights").phone(Place::Below),
        Column::new("list-status").phone(Place::End),
    ],
    sort: "",
    empty: Empty {
        icon: "users",
        title: "staff-none",
        text: "staff-none-text",
        action: None,
    },
};

/// `GET /admin/staff`
pub async fn list(State(app): State<App>, own: Staff<ReadSettings>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let rows = match everybody(&app, &own).await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    let say = Say(&app, &chrome);
    let may = own.rights.has(WriteSettings::NAME);
    let row = |row: &StaffRow| {
        let rights = if row.permissions.iter().any(|word| word == "*") {
            say.it("settings-staff-every")
        } else {
            row.permissions.join(", ")
        };
        let cells = vec![
            Cell::text(&row.name).below(&row.email),
            Cell::quiet(rights),
            Cell::badge(status::offer(if row.active { "active" } else { "disabled" })),
        ];
        if !may {
            return Row::plain(cells);
        }
        let listed = Row::to(format_args!("/admin/staff/{}", row.user_id), cells);
        if row.active {
            listed.with(vec![Act {
                path: format!("/admin/staff/{}/revoke", row.user_id),
                label: say.it("staff-revoke"),
                icon: "user-minus",
            }])
        } else {
            listed
        }
    };
    let rows: Vec<Row> = rows.iter().map(row).collect();
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, tenancy::listing::Found::whole(rows));
    if may {
        listed = listed.with_action(say.it("staff-new"), "/admin/staff/new", "plus");
    }
    show_list(&app, &chrome, &listed)
}

async fn everybody<P>(app: &App, own: &Staff<P>) -> Result<Vec<StaffRow>, DbError> {
    let mut tx = app.tenancy().begin_read(&own.scope).await?;
    let rows = staff::list(&mut tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// A box for each permission that is the giver's to give.
fn boxes(say: Say<'_>, own: &Permissions, has: &Permissions) -> Vec<Field> {
    let mut fields = vec![
        Field::text("rights", say.it("staff-rights"), "")
            .kind("heading")
            .hint(say.it("staff-rights-hint")),
    ];
    if own.has("*") || own == &Permissions::all() {
        fields.push(Field::tick(
            "may.*",
            say.it("settings-staff-every"),
            has == &Permissions::all() || has.has("*"),
        ));
    }
    for word in permission::STAFF.iter().filter(|word| own.has(word)) {
        let key = format!("permission-{}", word.replace('.', "-"));
        fields.push(Field::tick(
            format_args!("may.{word}"),
            say.or(&key, word),
            has.has(word),
        ));
    }
    fields
}

fn form(say: Say<'_>, own: &Permissions, known: Option<&StaffRow>) -> FormPage {
    let has = known.map_or_else(Permissions::default, |row| {
        Permissions::from_words(row.permissions.clone())
    });
    let mut fields = Vec::new();
    if known.is_none() {
        fields.push(
            Field::text("email", say.it("list-email"), "")
                .kind("email")
                .hint(say.it("staff-email-hint")),
        );
        fields.push(Field::text("name", say.it("list-name"), "").optional());
    }
    fields.extend(boxes(say, own, &has));
    let title = known.map_or_else(|| say.it("staff-new"), |row| row.name.clone());
    FormPage {
        subtitle: known.map(|row| row.email.clone()),
        crumbs: vec![
            crumb(say.it("menu-staff"), Some("/admin/staff")),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "staff".to_owned(),
            path: known.map_or_else(
                || "/admin/staff".to_owned(),
                |row| format!("/admin/staff/{}", row.user_id),
            ),
            fields,
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: "/admin/staff".to_owned(),
    }
}

fn ticked(typed: &Typed) -> Vec<String> {
    typed
        .keys()
        .filter_map(|name| name.strip_prefix("may."))
        .map(str::to_owned)
        .collect()
}

/// `GET /admin/staff/new`
pub async fn new(State(app): State<App>, own: Staff<WriteSettings>, asked: Asked) -> Response {
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    Html::show(
        &app,
        StatusCode::OK,
        &form(Say(&app, &chrome), &own.rights, None),
        &chrome,
    )
}

fn refuse(app: &App, chrome: &Chrome, page: FormPage, typed: &Typed, error: StaffError) -> Response {
    let say = Say(app, chrome);
    if matches!(error, StaffError::Unknown) {
        return not_found();
    }
    let errors = say.refusals(&error);
    if errors.is_empty() {
        return internal(error);
    }
    Html::show(
        app,
        StatusCode::UNPROCESSABLE_ENTITY,
        &page.refused(typed, errors),
        chrome,
    )
}

/// `POST /admin/staff`: somebody new gets a link to set a password.
pub async fn create(
    State(app): State<App>,
    own: Staff<WriteSettings>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let done = async {
        let mut tx = app.tenancy().begin(&own.scope).await?;
        let email = user::normalise_email(text("email")).ok_or(user::UserError::BadEmail)?;
        let person = match user::find_by_email(&mut tx, &email).await? {
            Some(person) => {
                user::reclaim(&mut tx, person.id).await?;
                person
            }
            None => {
                let name = Some(text("name")).filter(|name| !name.is_empty());
                let new = user::NewUser {
                    name: name.or(email.split('@').next()).unwrap_or_default().to_owned(),
                    email: text("email").to_owned(),
                    ..user::NewUser::default()
                };
                user::create(&mut tx, &new).await?
            }
        };
        set(&mut tx, &own.rights, person.id, &ticked(&typed)).await?;
        crate::mails::people::invite(&app, &mut tx, &person, tenancy::Portal::Admin, None).await?;
        tx.commit().await?;
        Ok::<_, StaffError>(())
    };
    let done = done.await;
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    let say = Say(&app, &chrome);
    match done {
        Ok(()) => {
            page::flash(&own.session, Tone::Success, say.it("settings-saved")).await;
            Redirect::to("/admin/staff").into_response()
        }
        Err(error) => refuse(&app, &chrome, form(say, &own.rights, None), &typed, error),
    }
}

/// `GET /admin/staff/{id}`
pub async fn edit(State(app): State<App>, own: Staff<WriteSettings>, asked: Asked, Path(id): Path<String>) -> Response {
    let rows = match everybody(&app, &own).await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let Some(row) = rows.iter().find(|row| row.user_id.to_string() == id) else {
        return not_found();
    };
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    Html::show(
        &app,
        StatusCode::OK,
        &form(Say(&app, &chrome), &own.rights, Some(row)),
        &chrome,
    )
}

/// `POST /admin/staff/{id}`
pub async fn update(
    State(app): State<App>,
    own: Staff<WriteSettings>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let rows = match everybody(&app, &own).await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let Some(row) = rows.iter().find(|row| row.user_id.to_string() == id) else {
        return not_found();
    };
    let done = async {
        let mut tx = app.tenancy().begin(&own.scope).await?;
        set(&mut tx, &own.rights, row.user_id, &ticked(&typed)).await?;
        tx.commit().await?;
        Ok::<_, StaffError>(())
    };
    let done = done.await;
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    let say = Say(&app, &chrome);
    match done {
        Ok(()) => {
            page::flash(&own.session, Tone::Success, say.it("settings-saved")).await;
            Redirect::to("/admin/staff").into_response()
        }
        Err(error) => refuse(&app, &chrome, form(say, &own.rights, Some(row)), &typed, error),
    }
}

/// `POST /admin/staff/{id}/revoke`
pub async fn end(State(app): State<App>, own: Staff<WriteSettings>, asked: Asked, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<UserId>() else {
        return not_found();
    };
    let done = async {
        let mut tx = app.tenancy().begin(&own.scope).await?;
        revoke(&mut tx, &own.rights, id).await?;
        tx.commit().await?;
        Ok::<_, StaffError>(())
    };
    let done = done.await;
    let chrome = page::admin(&app, &own, &asked, "staff").await;
    let say = Say(&app, &chrome);
    let (tone, text) = match done {
        Ok(()) => (Tone::Success, say.it("staff-revoked")),
        Err(StaffError::Unknown) => return not_found(),
        Err(StaffError::LastOne) => (Tone::Danger, say.it("staff-last-one")),
        Err(StaffError::AboveYou | StaffError::NotYours(_)) => (Tone::Danger, say.it("staff-above-you")),
        Err(StaffError::Db(error)) => return internal(error),
        Err(StaffError::User(error)) => return internal(error),
    };
    page::flash(&own.session, tone, text).await;
    Redirect::to("/admin/staff").into_response()
}
