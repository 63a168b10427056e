//! The extractor is the permission check: a handler's signature says who may call it.
//!
//! Expects in the request's extensions, put there by the outermost layers: the visitor's
//! [`TenantScope`], the [`HostRoute`] and the tenant's session.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use platform::db::DbError;
use tower_sessions::Session;

use crate::permission::{Permission, Permissions, WriteTenants};
use crate::session::Looking;
use crate::user::{self, User};
use crate::{
    AccountId, Actor, HostRoute, Tenancy, TenantId, TenantScope, TenantState, member, resolve, session, staff,
};

/// Anybody, signed in or not.
pub struct Visitor {
    /// The tenant, acted in by a visitor, or by a member without an account if signed in.
    pub scope: TenantScope,
    /// The host asked.
    pub route: HostRoute,
    /// The session.
    pub session: Session,
    /// Who is signed in.
    pub user: Option<User>,
}

/// A member of an account who has the permission `P`.
pub struct Member<P> {
    /// The tenant, acted in by this member.
    pub scope: TenantScope,
    /// The host asked.
    pub route: HostRoute,
    /// The session.
    pub session: Session,
    /// Who.
    pub user: User,
    /// For which account.
    pub account: AccountId,
    /// All memberships of the user.
    pub memberships: Vec<member::Member>,
    /// What they may do for this account.
    pub rights: Permissions,
    permission: PhantomData<P>,
}

/// Staff of the tenant, or of an ancestor looking in, who have the permission `P`.
pub struct Staff<P> {
    /// The tenant worked on: the own one, or the child looked into.
    pub scope: TenantScope,
    /// The own tenant, whoever is looked into.
    pub home: TenantScope,
    /// The host asked.
    pub route: HostRoute,
    /// The session.
    pub session: Session,
    /// Who.
    pub user: User,
    /// Set while looking into a child.
    pub looking: Option<Looking>,
    /// What they may do.
    pub rights: Permissions,
    permission: PhantomData<P>,
}

/// The request may not do this.
#[derive(Debug)]
pub enum Rejection {
    /// Sign in first, then come back.
    SignIn {
        /// Path to come back to.
        next: String,
    },
    /// Signed in, but not allowed.
    Forbidden {
        /// The missing permission.
        needs: &'static str,
    },
    /// Staff of a suspended tenant are locked out.
    Suspended,
    /// A look into this tenant has had its time: nothing was done, here or there.
    LookEnded {
        /// The child.
        tenant: TenantId,
    },
    /// Nothing here for this person.
    NotFound,
    /// The layers are not in place, or the database is away.
    Broken(String),
}

impl From<DbError> for Rejection {
    fn from(error: DbError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Marks a bare error response, for the layer that draws the error page.
#[derive(Debug, Clone)]
pub struct ErrorMark {
    /// A word for the page: `sign_in`, `forbidden`, `suspended`, `not_found`, `broken`.
    pub code: &'static str,
    /// What is missing.
    pub detail: String,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let (status, code, detail) = match self {
            Self::SignIn { next } => {
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("next", &next)
                    .finish();
                return Redirect::to(&format!("/sign-in?{query}")).into_response();
            }
            Self::Forbidden { needs } => (StatusCode::FORBIDDEN, "forbidden", needs.to_owned()),
            Self::LookEnded { tenant } => {
                return Redirect::to(&format!("/admin/tenants/{tenant}?look=ended")).into_response();
            }
            Self::Suspended => (StatusCode::FORBIDDEN, "suspended", String::new()),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", String::new()),
            Self::Broken(why) => {
                tracing::error!(why, "a request could not be authorised");
                (StatusCode::INTERNAL_SERVER_ERROR, "broken", String::new())
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(ErrorMark { code, detail });
        response
    }
}

struct Base {
    tenancy: Tenancy,
    scope: TenantScope,
    route: HostRoute,
    session: Session,
    user: Option<User>,
    rights: Rights,
}

/// What more is asked about the signed-in user, in the transaction that reads them.
#[derive(Clone, Copy)]
enum Wants {
    Nobody,
    Memberships,
    Staff,
}

/// The answer.
#[derive(Default)]
struct Rights {
    memberships: Vec<member::Member>,
    staff: Option<Permissions>,
}

async fn base<S>(parts: &mut Parts, state: &S, wants: Wants) -> Result<Base, Rejection>
where
    S: Send + Sync,
    Tenancy: FromRef<S>,
{
    let tenancy = Tenancy::from_ref(state);
    let missing = || Rejection::Broken("the tenant layer is missing".into());
    let scope = parts.extensions.get::<TenantScope>().cloned().ok_or_else(missing)?;
    let route = parts.extensions.get::<HostRoute>().cloned().ok_or_else(missing)?;
    let session = parts.extensions.get::<Session>().cloned().ok_or_else(missing)?;
    let (user, rights) = match session::signed_in(&session).await {
        None => (None, Rights::default()),
        Some(signed_in) => {
            let mut tx = tenancy.begin_read(&scope).await?;
            let user = user::find(&mut tx, signed_in.user).await?;
            let user = user.filter(|user| user.session_epoch == signed_in.epoch && user.disabled_at.is_none());
            let mut rights = Rights::default();
            if let Some(user) = &user {
                match wants {
                    Wants::Nobody => {}
                    Wants::Memberships => rights.memberships = member::of_user(&mut tx, user.id).await?,
                    Wants::Staff => rights.staff = staff::rights(&mut tx, user.id).await?,
                }
            }
            tx.commit().await?;
            (user, rights)
        }
    };
    Ok(Base {
        tenancy,
        scope,
        route,
        session,
        user,
        rights,
    })
}

fn next_path(parts: &Parts) -> String {
    if parts.method == http::Method::GET {
        return parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
    }
    // A form whose session ended: back to the page it is on, if that is one of ours.
    page_before(parts).unwrap_or_else(|| "/".to_owned())
}

fn page_before(parts: &Parts) -> Option<String> {
    let text = |name: http::HeaderName| parts.headers.get(name)?.to_str().ok();
    let page: http::Uri = text(http::header::REFERER)?.parse().ok()?;
    let ours = page.authority()?.as_str() == text(http::header::HOST)?;
    ours.then(|| page.path_and_query().map(ToString::to_string)).flatten()
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Tenancy: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let base = base(parts, state, Wants::Nobody).await?;
        let scope = match &base.user {
            Some(user) => base.scope.acting(Actor::Member {
                user: user.id,
                name: user.name.clone(),
                account: None,
            }),
            None => base.scope,
        };
        Ok(Self {
            scope,
            route: base.route,
            session: base.session,
            user: base.user,
        })
    }
}

impl<S, P> FromRequestParts<S> for Member<P>
where
    S: Send + Sync,
    Tenancy: FromRef<S>,
    P: Permission,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let base = base(parts, state, Wants::Memberships).await?;
        let user = base.user.ok_or_else(|| Rejection::SignIn { next: next_path(parts) })?;
        let memberships = base.rights.memberships;
        let chosen = session::account(&base.session).await;
        let current = memberships
            .iter()
            .find(|m| Some(m.account_id) == chosen)
            .or_else(|| memberships.first());
        let current = current.ok_or(Rejection::Forbidden { needs: "account" })?;
        let rights = current.rights();
        if !rights.allows::<P>() {
            return Err(Rejection::Forbidden { needs: P::NAME });
        }
        let account = current.account_id;
        let scope = base.scope.acting(Actor::Member {
            user: user.id,
            name: user.name.clone(),
            account: Some(account),
        });
        Ok(Self {
            scope,
            route: base.route,
            session: base.session,
            user,
            account,
            memberships,
            rights,
            permission: PhantomData,
        })
    }
}

/// Ends a look whose time is over. What was asked is not done at all: it was meant for the child, and in the own tenant
/// it would mean something else.
async fn end_look((tenancy, session): (&Tenancy, &Session), home: &TenantScope, tenant: TenantId) -> Rejection {
    if let Err(error) = session::look(session, None).await {
        return Rejection::Broken(error.to_string());
    }
    match resolve::end_look(tenancy, home, tenant, "time").await {
        // A child that is gone, or is no child any more, has no log to write to.
        Ok(()) | Err(resolve::ResolveError::UnknownTenant) => Rejection::LookEnded { tenant },
        Err(error) => Rejection::Broken(error.to_string()),
    }
}

impl<S, P> FromRequestParts<S> for Staff<P>
where
    S: Send + Sync,
    Tenancy: FromRef<S>,
    P: Permission,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let base = base(parts, state, Wants::Staff).await?;
        let user = base.user.ok_or_else(|| Rejection::SignIn { next: next_path(parts) })?;
        // A customer who guesses the path learns nothing about it.
        let rights = base.rights.staff.ok_or(Rejection::NotFound)?;
        let tenant = base.scope.tenant();
        if tenant.state != TenantState::Active {
            return Err(Rejection::Suspended);
        }
        if !rights.allows::<P>() {
            return Err(Rejection::Forbidden { needs: P::NAME });
        }
        let home = base.scope.acting(Actor::Staff {
            user: user.id,
            name: user.name.clone(),
        });
        // The right to look may have been taken back since the look began.
        let looking = match rights.allows::<WriteTenants>() {
            true => session::looking(&base.session).await,
            false => None,
        };
        if let Some(look) = looking.as_ref().filter(|look| look.until() <= base.tenancy.now()) {
            return Err(end_look((&base.tenancy, &base.session), &home, look.tenant).await);
        }
        let scope = match &looking {
            Some(look) => resolve::looking(&base.tenancy, &home, look.tenant).map_err(|_| Rejection::NotFound)?,
            None => home.clone(),
        };
        Ok(Self {
            scope,
            home,
            route: base.route,
            session: base.session,
            user,
            looking,
            rights,
            permission: PhantomData,
        })
    }
}
