//! `/account/tokens`: one's own API tokens, and with `account.manage` the team's.

use axum::extract::{Path, State};
use axum::response::Response;
use tenancy::extract::Member;
use tenancy::permission::Any;
use tenancy::token::change::Holder;

use crate::app::App;
use crate::kit::detail::Typed;
use crate::tokens::Desk;
use crate::web::form::Form;
use crate::web::list::Params;
use crate::web::page::{self, Asked};

async fn desk<'a>(app: &'a App, member: &'a Member<Any>, asked: &Asked) -> Desk<'a> {
    Desk {
        app,
        chrome: page::account(app, member, asked, "profile").await,
        scope: &member.scope,
        session: &member.session,
        holder: Holder {
            user: member.user.id,
            account: Some(member.account),
            rights: member.rights.clone(),
        },
        is_home: true,
    }
}

/// `GET /account/tokens`
pub async fn list(State(app): State<App>, member: Member<Any>, asked: Asked, params: Params) -> Response {
    desk(&app, &member, &asked).await.list(&params).await
}

/// `GET /account/tokens/new`
pub async fn new(State(app): State<App>, member: Member<Any>, asked: Asked) -> Response {
    desk(&app, &member, &asked).await.blank().await
}

/// `POST /account/tokens`
pub async fn create(State(app): State<App>, member: Member<Any>, asked: Asked, Form(typed): Form<Typed>) -> Response {
    desk(&app, &member, &asked).await.create(&typed).await
}

/// `GET /account/tokens/{id}`
pub async fn show(State(app): State<App>, member: Member<Any>, asked: Asked, Path(id): Path<String>) -> Response {
    desk(&app, &member, &asked).await.show(&id).await
}

/// `POST /account/tokens/{id}`
pub async fn update(
    State(app): State<App>,
    member: Member<Any>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    desk(&app, &member, &asked).await.update(&id, &typed).await
}

/// `POST /account/tokens/{id}/revoke`
pub async fn revoke(State(app): State<App>, member: Member<Any>, asked: Asked, Path(id): Path<String>) -> Response {
    desk(&app, &member, &asked).await.revoke(&id).await
}
