//! A token as its page and its row draw it.

use billing::{BillingError, allowance};
use platform::money;
use platform::views::Context;
use serde::Serialize;
use tenancy::TenantTx;
use tenancy::permission::MEMBER;
use tenancy::token::list::Row as Token;

use super::Desk;
use super::form::{self, Choices};
use crate::kit::detail::{Act, Fact, FormPart, Typed, fact};
use crate::kit::parts::{Crumb, FieldError};
use crate::status::{self, Badge};
use crate::web::list::{Cell, Row};

/// The page.
#[derive(Debug, Serialize)]
pub struct TokenPage {
    layout: &'static str,
    title: String,
    crumbs: Vec<Crumb>,
    badge: Option<Badge>,
    /// The text of the token, shown this once.
    secret: Option<String>,
    facts: Vec<Fact>,
    form: Option<FormPart>,
    errors: Vec<FieldError>,
    /// Ends it; asks first.
    end: Option<Act>,
    back: &'static str,
}

impl Context for TokenPage {
    const TEMPLATE: &'static str = "token.html";
}

/// What a token may spend, and has.
pub struct Money {
    pub limit: Option<money::Money>,
    spent: Option<money::Money>,
}

impl Money {
    pub async fn read(tx: &mut TenantTx, row: &Token) -> Result<Self, BillingError> {
        let limit = row.spending_limit(tx.tenant())?;
        let spent = match limit {
            Some(limit) => Some(allowance::spent(tx, row.id, limit.currency).await?),
            None => None,
        };
        Ok(Self { limit, spent })
    }
}

fn layout(desk: &Desk<'_>) -> &'static str {
    match desk.holder.account {
        None => "layouts/admin.html",
        Some(_) => "layouts/account.html",
    }
}

fn crumbs(desk: &Desk<'_>, own: &str) -> Vec<Crumb> {
    let crumb = |label: String, path: Option<&str>| Crumb {
        label,
        path: path.map(str::to_owned),
    };
    vec![
        crumb(desk.say("token-title", &[]), Some(desk.base())),
        crumb(own.to_owned(), None),
    ]
}

/// What a scope allows, in words.
pub fn word(desk: &Desk<'_>, word: &str) -> String {
    let group = if MEMBER.contains(&word) { "team" } else { "permission" };
    let key = format!("{group}-{}", word.replace('.', "-"));
    if desk.app.views().texts().has(&key) {
        desk.say(&key, &[])
    } else {
        word.to_owned()
    }
}

fn may(desk: &Desk<'_>, row: &Token) -> String {
    match &row.scopes {
        None => desk.say("token-may-all-short", &[]),
        Some(scopes) => scopes.join(", "),
    }
}

/// A row of the list.
pub fn row(desk: &Desk<'_>, token: Token) -> Row {
    let now = desk.app.tenancy().now();
    let limit = token.spending_limit(desk.scope.tenant()).ok().flatten();
    let who = match &token.account_name {
        Some(account) if desk.holder.account.is_none() => format!("{} ({account})", token.user_name),
        _ => token.user_name.clone(),
    };
    let used = match token.last_used_at {
        Some(at) => Cell::at(at),
        None => Cell::quiet(desk.say("token-never", &[])),
    };
    Row::to(
        format_args!("{}/{}", desk.base(), token.id),
        vec![
            Cell::text(&token.name).below(who),
            Cell::quiet(may(desk, &token)),
            limit.map_or_else(|| Cell::quiet(desk.say("token-no-limit", &[])), Cell::money),
            used,
            Cell::badge(status::token(token.status(now))),
            Cell::at(token.created_at),
        ],
    )
}

/// The form of a new one.
pub fn new(desk: &Desk<'_>, choices: &Choices, typed: &Typed, errors: Vec<FieldError>) -> TokenPage {
    let title = desk.say("token-new", &[]);
    let mut form = FormPart {
        id: "token".to_owned(),
        path: desk.base().to_owned(),
        fields: form::fields(desk, choices, typed),
        submit: desk.say("token-make", &[]),
    };
    form.explain(&errors);
    TokenPage {
        layout: layout(desk),
        crumbs: crumbs(desk, &title),
        title,
        badge: None,
        secret: None,
        facts: Vec::new(),
        form: Some(form),
        errors,
        end: None,
        back: desk.base(),
    }
}

/// One that is there.
pub fn known(
    desk: &Desk<'_>,
    row: &Token,
    money: &Money,
    (choices, typed, errors): (&Choices, &Typed, Vec<FieldError>),
    secret: Option<String>,
) -> TokenPage {
    let path = format!("{}/{}", desk.base(), row.id);
    let stands = row.revoked_at.is_none();
    let form = (stands && desk.holder.may_limit(row)).then(|| {
        let mut form = FormPart {
            id: "token".to_owned(),
            path: path.clone(),
            fields: form::fields(desk, choices, typed),
            submit: desk.say("profile-save", &[]),
        };
        form.explain(&errors);
        form
    });
    TokenPage {
        layout: layout(desk),
        title: row.name.clone(),
        crumbs: crumbs(desk, &row.name),
        badge: Some(status::token(row.status(desk.app.tenancy().now()))),
        secret,
        facts: facts(desk, row, money),
        form,
        errors,
        end: (stands && desk.holder.may_change(row)).then(|| Act {
            id: "revoke".to_owned(),
            label: desk.say("token-revoke", &[]),
            title: desk.say("token-revoke-title", &[("name", &row.name)]),
            text: desk.say("token-revoke-text", &[]),
            path: format!("{path}/revoke"),
            danger: true,
            icon: "ban",
            ..Act::default()
        }),
        back: desk.base(),
    }
}

fn facts(desk: &Desk<'_>, row: &Token, money: &Money) -> Vec<Fact> {
    let say = |key: &str| desk.say(key, &[]);
    let networks = if row.ip_list.is_empty() {
        Cell::quiet(say("token-anywhere"))
    } else {
        Cell::code(row.ip_list.join(", "))
    };
    let used = match row.last_used_at {
        Some(at) => Cell::at(at).below(row.last_used_ip.as_deref().unwrap_or_default()),
        None => Cell::quiet(say("token-never")),
    };
    let mut facts = vec![
        fact(say("token-whose"), Cell::text(&row.user_name).below(&row.email)),
        fact(say("token-may"), Cell::text(may(desk, row))),
        fact(say("token-networks"), networks),
        fact(
            say("token-expires"),
            row.expires_at
                .map_or_else(|| Cell::quiet(say("token-forever")), Cell::at),
        ),
        fact(
            say("token-limit"),
            money
                .limit
                .map_or_else(|| Cell::quiet(say("token-no-limit")), Cell::money),
        ),
    ];
    if let Some(spent) = money.spent {
        facts.push(fact(say("token-spent"), Cell::money(spent)));
    }
    facts.extend([
        fact(say("token-used"), used),
        fact(say("list-since"), Cell::at(row.created_at)),
    ]);
    if let Some(at) = row.revoked_at {
        let by = row.revoked_by.as_deref().unwrap_or_default();
        facts.push(fact(say("token-revoked-at"), Cell::at(at).below(by)));
    }
    facts.push(fact(say("detail-id"), Cell::code(row.id)));
    facts
}

/// A token that was made a moment ago, with every part of the page.
#[must_use]
pub fn sample(layout: &'static str) -> TokenPage {
    use crate::kit::detail::Field;
    let crumb = |label: &str, path: Option<&str>| Crumb {
        label: label.to_owned(),
        path: path.map(str::to_owned),
    };
    TokenPage {
        layout,
        title: "Deploy robot".to_owned(),
        crumbs: vec![crumb("API tokens", Some("#")), crumb("Deploy robot", None)],
        badge: Some(status::token("active")),
        secret: Some("ezs_6vN0exampleexampleexampleexample".to_owned()),
        facts: vec![
            fact(
                "Belongs to".to_owned(),
                Cell::text("Dana Krause").below("dana@hall.example"),
            ),
            fact("May come from".to_owned(), Cell::code("192.0.2.0/24")),
            fact("Id".to_owned(), Cell::code("tok_1")),
        ],
        form: Some(FormPart {
            id: "token".to_owned(),
            path: "#".to_owned(),
            fields: vec![
                Field::text("key", String::new(), "k").kind("hidden"),
                Field::text("name", "Name".to_owned(), "Deploy robot"),
                Field::text("scopes", "May".to_owned(), "")
                    .kind("heading")
                    .hint("Choose.".to_owned()),
                Field::tick("may.all", "Everything you may do".to_owned(), false),
                Field::tick("may.invoices.read", "See invoices".to_owned(), true),
                Field::text("ip_list", "May come from".to_owned(), "192.0.2.0/24")
                    .kind("textarea")
                    .optional(),
                Field::text("expires_on", "Ends on".to_owned(), "2027-01-31")
                    .kind("date")
                    .optional(),
            ],
            submit: "Save".to_owned(),
        }),
        errors: Vec::new(),
        end: Some(Act {
            id: "revoke".to_owned(),
            label: "Revoke".to_owned(),
            title: "Revoke Deploy robot?".to_owned(),
            text: "It stops working at once.".to_owned(),
            path: "#".to_owned(),
            danger: true,
            icon: "ban",
            ..Act::default()
        }),
        back: "#",
    }
}
