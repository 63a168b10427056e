//! The account's team: who may do what; the owner may do everything and stays.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use platform::views::{Context, Tone};
use serde::Serialize;
use tenancy::extract::Member;
use tenancy::member::{self, Member as Place};
use tenancy::permission::{MEMBER, ManageAccount};
use tenancy::user::{self, NewUser, UserError};
use tenancy::{UserId, audit};

use super::tabs;
use crate::app::App;
use crate::kit::parts::{FieldError, Tab};
use crate::mails;
use crate::web::answer::{Html, internal, mark, not_found};
use crate::web::client::client;
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct TeamPage {
    /// Pages beside it.
    pub tabs: Vec<Tab>,
    /// The team, the owner first.
    pub people: Vec<Person>,
    /// What can be given.
    pub rights: Vec<Right>,
    /// As typed.
    pub email: String,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
}

impl Context for TeamPage {
    const TEMPLATE: &'static str = "account/team.html";
}

/// Somebody of the team.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// The owner may do everything.
    pub owner: bool,
    /// Whether it is the reader.
    pub own: bool,
    /// What they may do.
    pub rights: Vec<Right>,
    /// Where it is changed.
    pub path: String,
}

/// Something a member may do.
#[derive(Clone, Debug, Serialize)]
pub struct Right {
    /// The word, which is the field's name.
    pub word: &'static str,
    /// Finished words.
    pub label: String,
    /// Whether it is given.
    pub given: bool,
}

/// A form of check boxes: those that are ticked are sent.
type Ticked = Vec<(String, String)>;

fn rights(fields: &Ticked) -> Vec<String> {
    let ticked = |word: &&str| fields.iter().any(|(name, _)| name == *word);
    let mut given: Vec<String> = MEMBER
        .iter()
        .filter(|word| ticked(word))
        .map(|word| (*word).to_owned())
        .collect();
    // Whoever manages a thing has to see it.
    for (manages, sees) in [("services.manage", "services.use"), ("billing.manage", "billing.read")] {
        if given.iter().any(|word| word == manages) && !given.iter().any(|word| word == sees) {
            given.push(sees.to_owned());
        }
    }
    given
}

/// `GET /account/team`
pub(super) async fn show(State(app): State<App>, member: Member<ManageAccount>, asked: Asked) -> Response {
    draw(&app, &member, &asked, (String::new(), Vec::new()), None).await
}

async fn draw(
    app: &App,
    member: &Member<ManageAccount>,
    asked: &Asked,
    (email, given): (String, Vec<String>),
    error_key: Option<&str>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let people = member::of_account(&mut tx, member.account).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(people)
    };
    let people = match read.await {
        Ok(people) => people,
        Err(error) => return internal(error),
    };
    let page = page::account(app, member, asked, "profile").await;
    let offered = |given: &[String]| -> Vec<Right> {
        let right = |word: &&'static str| Right {
            word,
            label: app.say(&page, &format!("team-{}", word.replace('.', "-")), &[]),
            given: given.iter().any(|known| known == *word),
        };
        MEMBER.iter().map(right).collect()
    };
    let person = |place: Place| Person {
        path: format!("/account/team/{}", place.user_id),
        own: place.user_id == member.user.id,
        rights: offered(&place.permissions),
        name: place.user_name,
        email: place.email,
        owner: place.owner,
    };
    let context = TeamPage {
        tabs: tabs(app, &page, member, "/account/team"),
        people: people.into_iter().map(person).collect(),
        rights: offered(&given),
        email,
        errors: error_key
            .map(|key| FieldError {
                field: "email".into(),
                message: app.say(&page, key, &[]),
            })
            .into_iter()
            .collect(),
    };
    let status = if error_key.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Html::show(app, status, &context, &page)
}

async fn done(app: &App, member: &Member<ManageAccount>, asked: &Asked, key: &str) -> Response {
    let page = page::live(app, member, asked);
    page::flash(&member.session, Tone::Success, app.say(&page, key, &[])).await;
    Redirect::to("/account/team").into_response()
}

/// `POST /account/team`: somebody known joins; somebody without a password gets a mail with a link to set one.
pub(super) async fn add(
    State(app): State<App>,
    member: Member<ManageAccount>,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Ticked>,
) -> Response {
    let network = client(&headers).network();
    let email = fields
        .iter()
        .find(|(name, _)| name == "email")
        .map(|(_, value)| value.trim().to_owned());
    let (email, given) = (email.unwrap_or_default(), rights(&fields));
    if given.is_empty() {
        return draw(&app, &member, &asked, (email, given), Some("team-error-rights")).await;
    }
    if !covers(&member, &given) {
        return draw(&app, &member, &asked, (email, given), Some("team-error-above")).await;
    }
    let join = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        let user = match user::find_by_email(&mut tx, &email).await? {
            Some(user) => user,
            None => {
                let new = NewUser {
                    name: email.split('@').next().unwrap_or_default().to_owned(),
                    email: email.clone(),
                    ..NewUser::default()
                };
                user::create(&mut tx, &new).await?
            }
        };
        let team = member::of_account(&mut tx, member.account).await?;
        if team.iter().any(|place| place.user_id == user.id) {
            return Ok(false);
        }
        member::add(&mut tx, member.account, user.id, false, &given).await?;
        let detail = serde_json::json!({ "account": member.account, "permissions": given });
        audit::record(&mut tx, "member.added", user.id, detail).await?;
        mails::people::join(&app, &mut tx, &user, &network).await?;
        tx.commit().await?;
        Ok::<_, UserError>(true)
    };
    match join.await {
        Ok(true) => done(&app, &member, &asked, "team-added").await,
        Ok(false) => draw(&app, &member, &asked, (email, given), Some("team-error-there")).await,
        Err(UserError::BadEmail | UserError::BadName) => {
            draw(&app, &member, &asked, (email, given), Some("team-error-email")).await
        }
        Err(error) => internal(error),
    }
}

/// Nobody gives or takes what they do not hold themselves.
fn covers(member: &Member<ManageAccount>, words: &[String]) -> bool {
    words.iter().all(|word| member.rights.has(word))
}

/// The place of somebody else in this team; the owner's and one's own stay as they are.
async fn other(app: &App, member: &Member<ManageAccount>, user: UserId) -> Result<Option<Place>, Response> {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let team = member::of_account(&mut tx, member.account).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(team)
    };
    let team = read.await.map_err(internal)?;
    let Some(place) = team.into_iter().find(|place| place.user_id == user) else {
        return Ok(None);
    };
    if place.owner || place.user_id == member.user.id || !covers(member, &place.permissions) {
        return Err(mark(StatusCode::FORBIDDEN, "forbidden"));
    }
    Ok(Some(place))
}

/// `POST /account/team/{user}`
pub(super) async fn change(
    State(app): State<App>,
    member: Member<ManageAccount>,
    asked: Asked,
    Path(user): Path<String>,
    Form(fields): Form<Ticked>,
) -> Response {
    let Ok(user) = user.parse::<UserId>() else {
        return not_found();
    };
    match other(&app, &member, user).await {
        Ok(Some(_)) => {}
        Ok(None) => return not_found(),
        Err(answer) => return answer,
    }
    let given = rights(&fields);
    if !covers(&member, &given) {
        return mark(StatusCode::FORBIDDEN, "forbidden");
    }
    let save = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        member::add(&mut tx, member.account, user, false, &given).await?;
        let detail = serde_json::json!({ "account": member.account, "permissions": given });
        audit::record(&mut tx, "member.changed", user, detail).await?;
        tx.commit().await
    };
    match save.await {
        Ok(()) => done(&app, &member, &asked, "team-changed").await,
        Err(error) => internal(error),
    }
}

/// `POST /account/team/{user}/remove`
pub(super) async fn remove(
    State(app): State<App>,
    member: Member<ManageAccount>,
    asked: Asked,
    Path(user): Path<String>,
) -> Response {
    let Ok(user) = user.parse::<UserId>() else {
        return not_found();
    };
    match other(&app, &member, user).await {
        Ok(Some(_)) => {}
        Ok(None) => return not_found(),
        Err(answer) => return answer,
    }
    let save = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        member::remove(&mut tx, member.account, user).await?;
        tx.commit().await
    };
    match save.await {
        Ok(()) => done(&app, &member, &asked, "team-removed").await,
        Err(error) => internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_rights_are_given_and_managing_includes_seeing() {
        let ticked = |words: &[&str]| -> Ticked { words.iter().map(|w| ((*w).to_owned(), "on".to_owned())).collect() };
        assert_eq!(
            rights(&ticked(&["services.manage"])),
            ["services.manage", "services.use"]
        );
        assert_eq!(rights(&ticked(&["billing.read", "*", "staff"])), ["billing.read"]);
        assert!(rights(&ticked(&["email", "name"])).is_empty());
        let texts = crate::kit::texts().unwrap();
        for word in MEMBER {
            assert!(texts.has(&format!("team-{}", word.replace('.', "-"))), "{word}");
        }
    }
}
