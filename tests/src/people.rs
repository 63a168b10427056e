//! People in a world: users, their accounts, staff, and the scopes they act in.

use tenancy::account::{self, Account, NewAccount};
use tenancy::token::{self, Caller, NewToken};
use tenancy::user::{self, NewUser, User};
use tenancy::{AccountId, TenantTx, UserId, member, staff};

use crate::World;

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody with a token.
pub struct Person {
    /// Who.
    pub user: User,
    /// The token's text.
    pub token: String,
    /// What the token is recognised as, with the scope to act in.
    pub caller: Caller,
}

/// Their address counts as confirmed.
pub async fn confirm(tx: &mut TenantTx, user: UserId) {
    sqlx::query("UPDATE users SET verified_at = $2 WHERE id = $1")
        .bind(user)
        .bind(tx.now())
        .execute(tx.connection())
        .await
        .expect("confirmed");
}

impl World {
    /// A user without a place in any account. A password costs a noticeable moment, so ask for it.
    pub async fn user(&self, slug: &str, email: &str, password: Option<&str>) -> User {
        let mut tx = self.begin(slug).await;
        let new = NewUser {
            email: email.into(),
            name: "Somebody".into(),
            password: password.map(str::to_owned),
            locale: None,
        };
        let user = user::create(&mut tx, &new).await.expect("a user");
        tx.commit().await.expect("a commit");
        user
    }

    /// An account, owned by the user of its address.
    pub async fn account(&self, slug: &str, name: &str) -> Account {
        let mut tx = self.begin(slug).await;
        let new = NewAccount {
            name: name.into(),
            email: format!("bills@{}.test", name.to_lowercase().replace(' ', "-")),
            country: "DE".into(),
            ..NewAccount::default()
        };
        let account = account::create(&mut tx, &new).await.expect("an account");
        tx.commit().await.expect("a commit");
        account
    }

    /// A staff user with these permissions.
    pub async fn staff(&self, slug: &str, email: &str, permissions: &[&str]) -> Person {
        let user = self.user(slug, email, None).await;
        let words: Vec<String> = permissions.iter().map(|&word| word.to_owned()).collect();
        let mut tx = self.begin(slug).await;
        staff::grant(&mut tx, user.id, &words).await.expect("a grant");
        tx.commit().await.expect("a commit");
        self.with_token(slug, user, NewToken::default()).await
    }

    /// A member of an account's team with these permissions.
    pub async fn member(&self, slug: &str, email: &str, account: AccountId, permissions: &[&str]) -> Person {
        let user = self.user(slug, email, None).await;
        let words: Vec<String> = permissions.iter().map(|&word| word.to_owned()).collect();
        let mut tx = self.begin(slug).await;
        confirm(&mut tx, user.id).await;
        member::add(&mut tx, account, user.id, false, &words)
            .await
            .expect("a member");
        tx.commit().await.expect("a commit");
        self.with_token(
            slug,
            user,
            NewToken {
                account: Some(account),
                ..NewToken::default()
            },
        )
        .await
    }

    /// Makes a token for a user who is staff or a member, and recognises it.
    pub async fn with_token(&self, slug: &str, user: User, new: NewToken) -> Person {
        let mut tx = self.begin(slug).await;
        let (_, text) = token::create(&mut tx, user.id, &new).await.expect("a token");
        tx.commit().await.expect("a commit");
        let caller = self
            .recognise(slug, &text, "192.0.2.1")
            .await
            .expect("the token is good");
        Person {
            user,
            token: text,
            caller,
        }
    }

    /// What a token is taken for on a tenant's host, coming from `ip`.
    pub async fn recognise(&self, slug: &str, text: &str, ip: &str) -> Option<Caller> {
        self.judge(slug, text, ip).await.ok()
    }

    /// The same, with why it is refused.
    pub async fn judge(&self, slug: &str, text: &str, ip: &str) -> Result<Caller, token::Refused> {
        token::recognise(&self.tenancy, &self.visitor(slug), text, ip)
            .await
            .expect("the database answers")
    }
}
