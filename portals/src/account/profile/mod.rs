//! A person's own settings, the account's details, and its team.

pub mod details;
pub mod own;
pub mod team;

use axum::Router;
use axum::routing::{get, post};
use platform::views::Page;
use tenancy::extract::Member;
use tenancy::permission::{ManageAccount, Permission};

pub use details::DetailsPage;
pub use own::ProfilePage;
pub(crate) use own::browser;
pub use team::TeamPage;

use crate::app::App;
use crate::kit::parts::Tab;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account/profile", get(own::show).post(own::save))
        .route("/account/profile/password", post(own::password))
        .route("/account/details", get(details::show).post(details::save))
        .route("/account/team", get(team::show).post(team::add))
        .route("/account/team/{user}", post(team::change))
        .route("/account/team/{user}/remove", post(team::remove))
}

/// Tabs of the pages a member may see.
fn tabs<P>(app: &App, page: &Page, member: &Member<P>, here: &str) -> Vec<Tab> {
    let all = [
        ("profile-tab-own", "/account/profile", true),
        (
            "profile-tab-details",
            "/account/details",
            member.rights.has(ManageAccount::NAME),
        ),
        (
            "profile-tab-team",
            "/account/team",
            member.rights.has(ManageAccount::NAME),
        ),
        ("token-title", "/account/tokens", true),
    ];
    all.into_iter()
        .filter(|(_, _, may)| *may)
        .map(|(key, path, _)| Tab {
            label: app.say(page, key, &[]),
            path: path.to_owned(),
            active: path == here,
        })
        .collect()
}
