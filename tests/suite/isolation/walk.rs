//! Everybody who has no business there asks for everything.

use super::owner::{self, Wish};
use super::people::{Answer, House, PRIVATE, Person, SOLD};
use super::routes;
use crate::architecture::tree;

/// Where people make tokens for themselves.
const OWN_TOKENS: [&str; 3] = ["/api/v1/tokens", "/admin/tokens", "/account/tokens"];

/// Somebody who walks, and how much of the owner is theirs to see.
struct Stranger {
    who: Person,
    /// Of the owner's own tenant: what it sells is no secret, and what is refused is named.
    at_home: bool,
    /// Has an account of their own there, which they may change as they like.
    has_account: bool,
}

impl Stranger {
    /// Whether a request is theirs to try: their own tenant's pages are not the owner's.
    fn tries(&self, wish: &Wish) -> bool {
        let changes = wish.method != "GET";
        // Whoever has a place has tokens of their own, which may no more than they.
        if changes && OWN_TOKENS.contains(&wish.path.as_str()) {
            return false;
        }
        let inside = ["/admin", "/account", "/api/v1/", "/hooks/"]
            .iter()
            .any(|part| wish.path.starts_with(part));
        // Shop and sign-in are for everybody; what a stranger changes without naming anything is their own.
        let own = self.has_account && wish.path.starts_with("/account") && !names(wish);
        !changes || (inside && !own && (names(wish) || self.at_home))
    }

    /// What is wrong with an answer, if anything is.
    fn judge(&self, wish: &Wish, answer: &Answer) -> Option<String> {
        let body = answer.body.to_lowercase();
        if answer.status >= 500 {
            return Some(format!("fails with {}", answer.status));
        }
        // Who belongs to a team may know its name.
        let own_team = self.who.name == "a member without permissions" && wish.path == "/account";
        if (body.contains(PRIVATE) && !own_team) || (!self.at_home && body.contains(SOLD)) {
            return Some(format!("answers {} and shows what is the owner's", answer.status));
        }
        let led_to_sign_in = answer.status == 303 && answer.location.starts_with("/sign-in");
        let refused = [401, 403, 404, 405].contains(&answer.status) || led_to_sign_in;
        let changes = wish.method != "GET";
        let own_profile = wish.path.starts_with("/account") && !names(wish);
        // A form that misses something is refused before anything is looked up, and an id of somebody else's in a
        // body is no such thing.
        let looked_up = wish.path.starts_with("/api/") && names(wish);
        let malformed = changes && !looked_up && [400, 422].contains(&answer.status);
        if changes && !refused && !malformed && !own_profile {
            return Some(format!("is answered {} {}", answer.status, answer.location));
        }
        if names(wish) && !refused && !malformed && !self.at_home && is_inside(&wish.path) {
            return Some(format!("is answered {} {}", answer.status, answer.location));
        }
        None
    }
}

/// Whether the path names something of the owner's: ids have an underscore, words like `new` have none.
fn names(wish: &Wish) -> bool {
    wish.names && wish.path.contains('_')
}

fn is_inside(path: &str) -> bool {
    ["/admin", "/account", "/api/v1/"]
        .iter()
        .any(|part| path.starts_with(part))
}

async fn strangers(house: &House) -> Vec<Stranger> {
    let other = house.shop.world.account("demo", "Other").await.id;
    let owners = house.account("demo").await;
    let elsewhere = house.account("north").await;
    let nobody = Person {
        name: "nobody",
        cookie: None,
        token: None,
        ..house.owner_staff.clone()
    };
    let at_home = [
        nobody,
        house
            .member("a member of another account", "demo", "o@other.test", other, &["*"])
            .await,
        house
            .member("a member without permissions", "demo", "m@other.test", owners, &[])
            .await,
        house
            .staff("staff without permissions", "demo", "s@other.test", &[])
            .await,
    ];
    let away = [
        house
            .staff("another tenant's staff", "north", "ops@north.test", &["*"])
            .await,
        house
            .member("another tenant's customer", "north", "c@north.test", elsewhere, &["*"])
            .await,
    ];
    let here = at_home.into_iter().map(|who| Stranger {
        has_account: who.name == "a member of another account",
        who,
        at_home: true,
    });
    here.chain(away.into_iter().map(|who| Stranger {
        who,
        at_home: false,
        has_account: true,
    }))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_at_what_is_not_theirs() {
    let house = House::open().await;
    let routes = routes::all();
    let found = owner::look(&house, &routes).await;
    let wishes = found.wishes(&routes);
    for needed in ["/api/v1/invoices/{id}", "/api/v1/services/{id}", "/admin/", "/account"] {
        let mut seen = found
            .seen
            .iter()
            .filter(|(path, seen)| path.starts_with(needed) && !seen.is_empty());
        assert!(seen.next().is_some(), "{needed} was seen by its owners");
    }
    let naming = wishes.iter().filter(|wish| wish.names).count();
    assert!(naming > 40, "{naming} requests name something of the owner's");
    let strangers = strangers(&house).await;
    let before = house.tables("demo").await;
    let mut broken = Vec::new();
    for stranger in &strangers {
        for wish in wishes.iter().filter(|wish| stranger.tries(wish)) {
            let answer = house
                .ask(&stranger.who, &wish.method, &wish.path, wish.sent.as_ref())
                .await;
            if let Some(why) = stranger.judge(wish, &answer) {
                broken.push(format!("{}: {} {} {why}", stranger.who.name, wish.method, wish.path));
            }
        }
    }
    for (table, print) in house.tables("demo").await {
        // A member without permissions may change their own name and password, and ask for a link to their own address.
        let own = ["users", "user_tokens", "sign_ins", "mails"].contains(&table.as_str());
        if !own && before.get(&table) != Some(&print) {
            broken.push(format!("{table} changed"));
        }
    }
    let mut tx = house.shop.world.begin("demo").await;
    let told: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT to_address FROM mails WHERE template IN ('mail-verify', 'mail-reset')")
            .fetch_all(tx.connection())
            .await
            .expect("mails");
    drop(tx);
    if told.iter().any(|address| address != "m@other.test") {
        broken.push(format!("mails went to {told:?}"));
    }
    tree::refuse("what is somebody else's is not there", &broken);
}
