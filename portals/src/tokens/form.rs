//! The form of a token: what stands in it, and what it says.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use platform::db::DbError;
use platform::money::{Currency, Money};
use tenancy::token::change::Holder;
use tenancy::token::list::Row;
use tenancy::token::{Limits, NewToken};
use tenancy::{TenantScope, account};

use super::{Desk, page};
use crate::kit::detail::{Field, Typed};
use crate::kit::parts::{Choice, FieldError};

/// What can be given: scopes and currencies.
pub struct Choices {
    words: Vec<&'static str>,
    currencies: Vec<Currency>,
}

/// What this person can give a token, or this one.
pub async fn choices(
    app: &crate::app::App,
    scope: &TenantScope,
    (holder, row): (&Holder, Option<&Row>),
) -> Result<Choices, DbError> {
    let tenant = scope.tenant();
    let mut codes = vec![tenant.currency.code().to_owned()];
    codes.extend(tenant.settings.currencies.iter().cloned());
    if let Some(id) = holder.account.or(row.and_then(|row| row.account_id)) {
        let mut tx = app.tenancy().begin_read(scope).await?;
        if let Some(own) = account::find(&mut tx, id).await? {
            // An account is billed in one currency: a limit in another would refuse everything.
            codes = vec![own.currency];
        }
        tx.commit().await?;
    }
    let mut currencies: Vec<Currency> = Vec::new();
    for currency in codes.iter().filter_map(|code| Currency::parse(code).ok()) {
        if !currencies.contains(&currency) {
            currencies.push(currency);
        }
    }
    Ok(Choices {
        words: holder.words(row),
        currencies,
    })
}

/// A form that nobody filled in: with a key of its own, so that a second click makes no second token.
pub async fn fresh(app: &crate::app::App, scope: &TenantScope, choices: &Choices) -> Typed {
    let key = match app.tenancy().begin_read(scope).await {
        Ok(tx) => tx.random().base32_lower(26),
        Err(_) => String::new(),
    };
    let mut typed = Typed::from([("key".to_owned(), key)]);
    if let Some(first) = choices.currencies.first() {
        typed.insert("currency".to_owned(), first.code().to_owned());
    }
    typed
}

/// The form of a token as it is.
pub fn of(row: &Row, money: &page::Money, scope: &TenantScope) -> Typed {
    let mut typed = Typed::from([
        ("name".to_owned(), row.name.clone()),
        ("ip_list".to_owned(), row.ip_list.join("\n")),
    ]);
    match &row.scopes {
        None => {
            typed.insert("may.all".to_owned(), "on".to_owned());
        }
        Some(scopes) => typed.extend(scopes.iter().map(|word| (format!("may.{word}"), "on".to_owned()))),
    }
    if let Some(day) = row.expires_at.and_then(|end| last_day(end, scope)) {
        typed.insert("expires_on".to_owned(), day.to_string());
    }
    if let Some(limit) = money.limit {
        typed.insert("limit".to_owned(), limit.to_decimal_string());
        typed.insert("currency".to_owned(), limit.currency.code().to_owned());
    }
    typed
}

/// The last day on which a token that ends then is good.
fn last_day(end: DateTime<Utc>, scope: &TenantScope) -> Option<NaiveDate> {
    let before = end.checked_sub_signed(chrono::TimeDelta::seconds(1))?;
    Some(before.with_timezone(&scope.tenant().timezone).date_naive())
}

/// The end of a day where the tenant is.
fn end_of(day: NaiveDate, scope: &TenantScope) -> Option<DateTime<Utc>> {
    let next = day.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0)?;
    let end = scope.tenant().timezone.from_local_datetime(&next).earliest()?;
    Some(end.with_timezone(&Utc))
}

/// An end that names the same day as before stays what it was, to the second.
pub fn keeping(mut limits: Limits, row: &Row, scope: &TenantScope) -> Limits {
    let day = |end: Option<DateTime<Utc>>| end.and_then(|end| last_day(end, scope));
    if day(limits.expires_at) == day(row.expires_at) {
        limits.expires_at = row.expires_at;
    }
    limits
}

/// What was typed, or what is wrong with it beside each field. What the command checks is left to it.
pub fn read(desk: &Desk<'_>, choices: &Choices, typed: &Typed) -> Result<Limits, Vec<FieldError>> {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let mut errors = Vec::new();
    let mut complain = |field: &str, key: &str| {
        errors.push(FieldError {
            field: field.to_owned(),
            message: desk.say(key, &[]),
        });
    };
    let given: Vec<String> = typed
        .keys()
        .filter_map(|name| name.strip_prefix("may."))
        .filter(|word| *word != "all")
        .map(str::to_owned)
        .collect();
    let all = typed.contains_key("may.all");
    if !all && given.is_empty() {
        complain("scopes", "token-error-scopes");
    }
    if text("name").is_empty() {
        complain("name", "refused-token-name");
    }
    let expires_at = match text("expires_on") {
        "" => None,
        day => {
            let end = day.parse().ok().and_then(|day| end_of(day, desk.scope));
            if end.is_none() {
                complain("expires_on", "token-error-day");
            }
            end
        }
    };
    let spending_limit = match text("limit") {
        "" => None,
        amount => {
            let unit = choices.currencies.iter().find(|unit| unit.code() == text("currency"));
            let limit = unit.and_then(|unit| Money::parse(amount, *unit).ok());
            if limit.is_none() {
                complain("limit", "token-error-limit");
            }
            limit
        }
    };
    let networks = text("ip_list").split([',', ' ', '\n', '\r', '\t', ';']);
    let ip_list = networks.filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Limits {
        name: text("name").to_owned(),
        scopes: (!all).then_some(given),
        ip_list,
        expires_at,
        spending_limit,
    })
}

/// The token a form asks for.
pub fn new_token(holder: &Holder, limits: Limits, typed: &Typed) -> NewToken {
    let key = typed
        .get("key")
        .filter(|key| (16..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric()));
    NewToken {
        name: limits.name,
        account: holder.account,
        scopes: limits.scopes,
        ip_list: limits.ip_list,
        expires_at: limits.expires_at,
        spending_limit: limits.spending_limit,
        key: key.map(|key| format!("page:{}:{key}", holder.user)),
    }
}

/// The fields, as they were typed.
pub fn fields(desk: &Desk<'_>, choices: &Choices, typed: &Typed) -> Vec<Field> {
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let ticked = |name: &str| typed.contains_key(name);
    let mut fields = vec![
        Field::text("key", String::new(), text("key")).kind("hidden"),
        Field::text("name", desk.say("token-name", &[]), text("name")).hint(desk.say("token-name-hint", &[])),
        Field::text("scopes", desk.say("token-may", &[]), "")
            .kind("heading")
            .hint(desk.say("token-may-hint", &[])),
        Field::tick("may.all", desk.say("token-may-all", &[]), ticked("may.all")),
    ];
    for word in &choices.words {
        let name = format!("may.{word}");
        fields.push(Field::tick(&name, page::word(desk, word), ticked(&name)));
    }
    let money = choices.currencies.iter().map(|unit| Choice {
        value: unit.code().to_owned(),
        label: unit.code().to_owned(),
    });
    fields.extend([
        Field::text("held", desk.say("token-held", &[]), "")
            .kind("heading")
            .hint(desk.say("token-held-hint", &[])),
        Field::text("ip_list", desk.say("token-networks", &[]), text("ip_list"))
            .kind("textarea")
            .optional()
            .hint(desk.say("token-networks-hint", &[])),
        Field::text("expires_on", desk.say("token-expires", &[]), text("expires_on"))
            .kind("date")
            .optional()
            .hint(desk.say("token-expires-hint", &[])),
        Field::text("limit", desk.say("token-limit", &[]), text("limit"))
            .optional()
            .hint(desk.say("token-limit-hint", &[])),
        Field::text("currency", desk.say("token-currency", &[]), text("currency")).choices(money.collect()),
    ]);
    fields
}
