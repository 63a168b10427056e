//! Filters of templates: values in, localised words out, with the machine-readable value beside them.

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, HtmlEscape, State, Value};

use super::functions::{Scope, refused, with_scope};
use crate::format::{self, DateStyle, MoneyStyle};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("money", money);
    environment.add_filter("number", number);
    environment.add_filter("percent", percent);
    environment.add_filter("bytes", bytes);
    environment.add_filter("date", date);
    environment.add_filter("datetime", datetime);
    environment.add_filter("ago", ago);
}

/// `{"amount","currency"}|money(sign=false, code=false, whole=false)`.
fn money(state: &State<'_, '_>, value: &Value, named: Kwargs) -> Result<Value, Error> {
    let (amount, currency) = (value.get_attr("amount")?, value.get_attr("currency")?);
    let (Some(amount), Some(currency)) = (amount.as_str(), currency.as_str()) else {
        return Err(refused(format!("{value} is not an amount with a currency")));
    };
    let flag = |name: &str| named.get::<Option<bool>>(name).map(|on| on.unwrap_or(false));
    let style = MoneyStyle {
        sign: flag("sign")?,
        code: flag("code")?,
        whole: flag("whole")?,
    };
    named.assert_all_used()?;
    let text = with_scope(state, |scope| {
        format::money(&scope.locale, amount, currency, style).map_err(|e| refused(e.to_string()))
    })?;
    let (amount, text) = (HtmlEscape(amount), HtmlEscape(&text));
    Ok(Value::from_safe_string(format!(
        "<bdi><data value=\"{amount}\">{text}</data></bdi>"
    )))
}

/// `value|number(places=none)`; takes numbers and decimal text.
fn number(state: &State<'_, '_>, value: &Value, named: Kwargs) -> Result<Value, Error> {
    let places = named.get::<Option<i16>>("places")?;
    named.assert_all_used()?;
    isolated(state, |scope| {
        format::number(&scope.locale, &value.to_string(), places).map_err(|e| refused(e.to_string()))
    })
}

/// `1.5|percent(places=none)` is `1.5%`.
fn percent(state: &State<'_, '_>, value: &Value, named: Kwargs) -> Result<Value, Error> {
    let places = named.get::<Option<i16>>("places")?;
    named.assert_all_used()?;
    isolated(state, |scope| {
        format::percent(&scope.locale, &value.to_string(), places).map_err(|e| refused(e.to_string()))
    })
}

/// A count of bytes as a size.
fn bytes(state: &State<'_, '_>, count: u64) -> Result<Value, Error> {
    isolated(state, |scope| Ok(format::bytes(&scope.locale, count)))
}

/// `"2026-11-22"|date(style="medium")`; styles: short, medium, long, full, month. An instant is shown as its day in the page's zone.
fn date(state: &State<'_, '_>, value: &str, named: Kwargs) -> Result<Value, Error> {
    let name = named.get::<Option<&str>>("style")?.unwrap_or("medium");
    let style = DateStyle::named(name).ok_or_else(|| refused(format!("no date style is called {name}")))?;
    named.assert_all_used()?;
    with_scope(state, |scope| {
        let day = match instant(value) {
            Ok(at) => at.with_timezone(&scope.zone).date_naive(),
            Err(_) => value
                .parse::<NaiveDate>()
                .map_err(|_| refused(format!("{value} is not a date")))?,
        };
        Ok(time_tag(&day.to_string(), "", &format::date(&scope.locale, day, style)))
    })
}

/// `instant|datetime(seconds=false)`: absolute, with the zone.
fn datetime(state: &State<'_, '_>, value: &str, named: Kwargs) -> Result<Value, Error> {
    let seconds = named.get::<Option<bool>>("seconds")?.unwrap_or(false);
    named.assert_all_used()?;
    let at = instant(value)?;
    with_scope(state, |scope| {
        Ok(time_tag(
            &at.to_rfc3339(),
            "",
            &format::datetime(&scope.locale, at, scope.zone, seconds),
        ))
    })
}

/// `instant|ago`: near times in words, with the exact time as a title.
fn ago(state: &State<'_, '_>, value: &str) -> Result<Value, Error> {
    let at = instant(value)?;
    with_scope(state, |scope| {
        let exact = format::datetime(&scope.locale, at, scope.zone, true);
        Ok(time_tag(
            &at.to_rfc3339(),
            &exact,
            &format::ago(&scope.locale, at, scope.now, scope.zone),
        ))
    })
}

fn isolated(state: &State<'_, '_>, write: impl FnOnce(&Scope) -> Result<String, Error>) -> Result<Value, Error> {
    let text = with_scope(state, write)?;
    Ok(Value::from_safe_string(format!("<bdi>{}</bdi>", HtmlEscape(&text))))
}

fn instant(value: &str) -> Result<DateTime<Utc>, Error> {
    DateTime::parse_from_rfc3339(value)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| refused(format!("{value} is not an instant")))
}

fn time_tag(machine: &str, title: &str, text: &str) -> Value {
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(" title=\"{}\"", HtmlEscape(title))
    };
    Value::from_safe_string(format!(
        "<time datetime=\"{}\"{title}>{}</time>",
        HtmlEscape(machine),
        HtmlEscape(text)
    ))
}
