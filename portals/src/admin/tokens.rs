//! `/admin/tokens`: one's own API tokens, and with `settings.read` everybody's.

use axum::extract::{Path, State};
use axum::response::Response;
use tenancy::extract::Staff;
use tenancy::permission::Any;
use tenancy::token::change::Holder;

use crate::app::App;
use crate::kit::detail::Typed;
use crate::tokens::Desk;
use crate::web::form::Form;
use crate::web::list::Params;
use crate::web::page::{self, Asked};

async fn desk<'a>(app: &'a App, staff: &'a Staff<Any>, asked: &Asked) -> Desk<'a> {
    Desk {
        app,
        chrome: page::admin(app, staff, asked, "tokens").await,
        scope: &staff.scope,
        session: &staff.session,
        holder: Holder {
            user: staff.user.id,
            account: None,
            rights: staff.rights.clone(),
        },
        is_home: staff.looking.is_none(),
    }
}

/// `GET /admin/tokens`
pub async fn list(State(app): State<App>, staff: Staff<Any>, asked: Asked, params: Params) -> Response {
    desk(&app, &staff, &asked).await.list(&params).await
}

/// `GET /admin/tokens/new`
pub async fn new(State(app): State<App>, staff: Staff<Any>, asked: Asked) -> Response {
    desk(&app, &staff, &asked).await.blank().await
}

/// `POST /admin/tokens`
pub async fn create(State(app): State<App>, staff: Staff<Any>, asked: Asked, Form(typed): Form<Typed>) -> Response {
    desk(&app, &staff, &asked).await.create(&typed).await
}

/// `GET /admin/tokens/{id}`
pub async fn show(State(app): State<App>, staff: Staff<Any>, asked: Asked, Path(id): Path<String>) -> Response {
    desk(&app, &staff, &asked).await.show(&id).await
}

/// `POST /admin/tokens/{id}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<Any>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    desk(&app, &staff, &asked).await.update(&id, &typed).await
}

/// `POST /admin/tokens/{id}/revoke`
pub async fn revoke(State(app): State<App>, staff: Staff<Any>, asked: Asked, Path(id): Path<String>) -> Response {
    desk(&app, &staff, &asked).await.revoke(&id).await
}
