//! Pages of API tokens, the same for staff and for a member of an account: list, make, hold to other limits, end.

mod form;
mod page;

use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use platform::views::{Page as Chrome, Tone};
use serde::{Deserialize, Serialize};
use tenancy::token::change::{self, Holder};
use tenancy::token::list::{self, Filter, Row};
use tenancy::token::{self, TokenError};
use tenancy::{TenantScope, TokenId};
use tower_sessions::Session;

pub use page::{TokenPage, sample};

use crate::app::App;
use crate::kit::detail::Typed;
use crate::kit::parts::FieldError;
use crate::refusal;
use crate::web::answer::{Html, internal, mark, not_found};
use crate::web::list::{Column, Empty, Filter as Narrow, ListPage, Params, Place, Spec, show as show_list};
use crate::web::page::flash;

/// Whose pages: one desk for both portals.
pub struct Desk<'a> {
    /// The app.
    pub app: &'a App,
    /// The page around.
    pub chrome: Chrome,
    /// The tenant, acted in.
    pub scope: &'a TenantScope,
    /// The session that is handed a new token once.
    pub session: &'a Session,
    /// Who, and what they may.
    pub holder: Holder,
    /// Whether they may have tokens of their own here: who looks in from above has not.
    pub is_home: bool,
}

/// The text of a token on its way from making to showing, sealed.
#[derive(Serialize, Deserialize)]
struct Fresh {
    id: TokenId,
    sealed: String,
}

const FRESH: &str = "new_token";

const COLUMNS: &[Column] = &[
    Column::new("token-name").sort("name").phone(Place::Main),
    Column::new("token-may").phone(Place::Below),
    Column::new("token-spends").end().phone(Place::Hidden),
    Column::new("token-used").phone(Place::Hidden),
    Column::new("list-status").phone(Place::End),
    Column::new("list-since").sort("since").phone(Place::BelowEnd),
];

const fn spec(path: &'static str, new: &'static str) -> Spec {
    Spec {
        path,
        title: "token-title",
        search: None,
        filters: &[Narrow::Choice(
            "status",
            "list-status",
            &[("standing", "token-standing"), ("all", "token-all")],
        )],
        columns: COLUMNS,
        sort: "-since",
        empty: Empty {
            icon: "key",
            title: "token-none",
            text: "token-none-text",
            action: Some(("token-new", new)),
        },
    }
}

const STAFF: Spec = spec("/admin/tokens", "/admin/tokens/new");
const MEMBER: Spec = spec("/account/tokens", "/account/tokens/new");

impl Desk<'_> {
    fn spec(&self) -> &'static Spec {
        match self.holder.account {
            None => &STAFF,
            Some(_) => &MEMBER,
        }
    }

    fn base(&self) -> &'static str {
        self.spec().path
    }

    fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.say(&self.chrome, key, args)
    }

    /// The list.
    pub async fn list(self, params: &Params) -> Response {
        let spec = self.spec();
        let wish = spec.read(params);
        let sees_all = self.holder.sees_all();
        let filter = Filter {
            user: (!sees_all).then_some(self.holder.user),
            account: self.holder.account,
            staff: self.holder.account.is_none() && !sees_all,
            standing: wish.choice("status").as_deref() != Some("all"),
        };
        let read = async {
            let mut tx = self.app.tenancy().begin_read(self.scope).await?;
            let found = list::browse(&mut tx, &filter, &wish.window()).await?;
            tx.commit().await?;
            Ok::<_, platform::db::DbError>(found)
        };
        match read.await {
            Ok(found) => {
                let rows = found.map(|row| page::row(&self, row));
                let mut listed = ListPage::new(self.app, &self.chrome, spec, &wish, rows);
                if self.is_home {
                    let new = format!("{}/new", self.base());
                    listed = listed.with_action(self.say("token-new", &[]), new, "plus");
                }
                show_list(self.app, &self.chrome, &listed)
            }
            Err(error) => internal(error),
        }
    }

    /// The empty form.
    pub async fn blank(self) -> Response {
        if !self.is_home {
            return not_found();
        }
        match form::choices(self.app, self.scope, (&self.holder, None)).await {
            Ok(choices) => {
                let typed = form::fresh(self.app, self.scope, &choices).await;
                self.form(StatusCode::OK, &choices, &typed, Vec::new())
            }
            Err(error) => internal(error),
        }
    }

    fn form(&self, status: StatusCode, choices: &form::Choices, typed: &Typed, errors: Vec<FieldError>) -> Response {
        let page = page::new(self, choices, typed, errors);
        Html::show(self.app, status, &page, &self.chrome)
    }

    /// Makes one; its text waits in the session for the page that shows it.
    pub async fn create(self, typed: &Typed) -> Response {
        if !self.is_home {
            return mark(StatusCode::FORBIDDEN, "forbidden");
        }
        let choices = match form::choices(self.app, self.scope, (&self.holder, None)).await {
            Ok(choices) => choices,
            Err(error) => return internal(error),
        };
        let limits = match form::read(&self, &choices, typed) {
            Ok(limits) => limits,
            Err(errors) => return self.form(StatusCode::UNPROCESSABLE_ENTITY, &choices, typed, errors),
        };
        let new = form::new_token(&self.holder, limits, typed);
        let made = async {
            self.holder.covers(None, new.scopes.as_deref())?;
            let mut tx = self.app.tenancy().begin(self.scope).await?;
            let (id, text) = token::create(&mut tx, self.holder.user, &new).await?;
            let sealed = STANDARD.encode(tx.seal("sessions", FRESH, id, text.as_bytes()));
            tx.commit().await?;
            Ok::<_, TokenError>(Fresh { id, sealed })
        };
        match made.await {
            Ok(fresh) => {
                let path = format!("{}/{}", self.base(), fresh.id);
                if let Err(error) = self.session.insert(FRESH, fresh).await {
                    return internal(error);
                }
                Redirect::to(&path).into_response()
            }
            Err(TokenError::Made(id)) => Redirect::to(&format!("{}/{id}", self.base())).into_response(),
            Err(error) => match refusal::words(self.app, &self.chrome, &error) {
                errors if errors.is_empty() => internal(error),
                errors => self.form(StatusCode::UNPROCESSABLE_ENTITY, &choices, typed, errors),
            },
        }
    }

    async fn find(&self, id: &str) -> Result<Option<(Row, page::Money)>, billing::BillingError> {
        let Ok(id) = id.parse::<TokenId>() else { return Ok(None) };
        let mut tx = self.app.tenancy().begin_read(self.scope).await?;
        let row = list::find(&mut tx, id).await?.filter(|row| self.holder.sees(row));
        let Some(row) = row else { return Ok(None) };
        let money = page::Money::read(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(Some((row, money)))
    }

    /// One token; the text of one that was made a moment ago, this once.
    pub async fn show(self, id: &str) -> Response {
        let (row, money) = match self.find(id).await {
            Ok(Some(found)) => found,
            Ok(None) => return not_found(),
            Err(error) => return internal(error),
        };
        let text = self.take_fresh(row.id).await;
        let choices = match form::choices(self.app, self.scope, (&self.holder, Some(&row))).await {
            Ok(choices) => choices,
            Err(error) => return internal(error),
        };
        let typed = form::of(&row, &money, self.scope);
        let page = page::known(&self, &row, &money, (&choices, &typed, Vec::new()), text);
        let mut response = Html::show(self.app, StatusCode::OK, &page, &self.chrome);
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    async fn take_fresh(&self, id: TokenId) -> Option<String> {
        let waiting: Option<Fresh> = self.session.get(FRESH).await.ok().flatten();
        let fresh = waiting.filter(|fresh| fresh.id == id)?;
        self.session.remove::<Fresh>(FRESH).await.ok()?;
        let sealed = STANDARD.decode(&fresh.sealed).ok()?;
        let tx = self.app.tenancy().begin_read(self.scope).await.ok()?;
        let text = tx.open("sessions", FRESH, id, &sealed).ok()?;
        String::from_utf8(text).ok()
    }

    /// Holds it to other limits.
    pub async fn update(self, id: &str, typed: &Typed) -> Response {
        let (row, money) = match self.find(id).await {
            Ok(Some(found)) => found,
            Ok(None) => return not_found(),
            Err(error) => return internal(error),
        };
        if !self.holder.may_change(&row) {
            return mark(StatusCode::FORBIDDEN, "forbidden");
        }
        let choices = match form::choices(self.app, self.scope, (&self.holder, Some(&row))).await {
            Ok(choices) => choices,
            Err(error) => return internal(error),
        };
        let again = |errors: Vec<FieldError>| {
            let page = page::known(&self, &row, &money, (&choices, typed, errors), None);
            Html::show(self.app, StatusCode::UNPROCESSABLE_ENTITY, &page, &self.chrome)
        };
        let limits = match form::read(&self, &choices, typed) {
            Ok(limits) => form::keeping(limits, &row, self.scope),
            Err(errors) => return again(errors),
        };
        let done = async {
            let mut tx = self.app.tenancy().begin(self.scope).await?;
            change::restrict(&mut tx, &self.holder, row.id, limits).await?;
            tx.commit().await?;
            Ok::<_, TokenError>(())
        };
        match done.await {
            Ok(()) => {
                flash(self.session, Tone::Success, self.say("token-saved", &[])).await;
                Redirect::to(&format!("{}/{}", self.base(), row.id)).into_response()
            }
            Err(TokenError::Unknown) => not_found(),
            Err(error) => match refusal::words(self.app, &self.chrome, &error) {
                errors if errors.is_empty() => internal(error),
                errors => again(errors),
            },
        }
    }

    /// Ends it.
    pub async fn revoke(self, id: &str) -> Response {
        let row = match self.find(id).await {
            Ok(Some((row, _))) => row,
            Ok(None) => return not_found(),
            Err(error) => return internal(error),
        };
        if !self.holder.may_change(&row) {
            return mark(StatusCode::FORBIDDEN, "forbidden");
        }
        let done = async {
            let mut tx = self.app.tenancy().begin(self.scope).await?;
            change::revoke(&mut tx, &self.holder, row.id).await?;
            tx.commit().await?;
            Ok::<_, TokenError>(())
        };
        match done.await {
            Ok(()) => {
                let text = self.say("token-revoked", &[("name", &row.name)]);
                flash(self.session, Tone::Success, text).await;
                Redirect::to(self.base()).into_response()
            }
            Err(TokenError::Unknown) => not_found(),
            Err(error) => internal(error),
        }
    }
}
