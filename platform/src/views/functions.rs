//! Functions of templates: words, icons, asset paths.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, Object, ValueKind};
use minijinja::{Environment, Error, ErrorKind, HtmlEscape, State, Value};

use super::page::Page;
use crate::texts::{Locale, Overrides, Texts};

/// Name of the global that carries the [`Scope`].
pub(super) const SCOPE: &str = "_scope";

/// What filters and functions need of the page, in Rust types.
pub(super) struct Scope {
    pub(super) locale: Locale,
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
    texts: Arc<Texts>,
    own: Option<Arc<Overrides>>,
}

impl Scope {
    pub(super) fn new(page: &Page, texts: &Arc<Texts>) -> Self {
        Self {
            locale: page.locale.clone(),
            zone: page.zone,
            now: page.now,
            texts: Arc::clone(texts),
            own: page.words.clone(),
        }
    }

    fn text(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        self.texts.text(&self.locale, self.own.as_deref(), key, args)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

impl Object for Scope {}

/// Runs `use_it` with the page's scope.
pub(super) fn with_scope<R>(
    state: &State<'_, '_>,
    use_it: impl FnOnce(&Scope) -> Result<R, Error>,
) -> Result<R, Error> {
    let value = state.lookup(SCOPE);
    let scope = value.as_ref().and_then(|value| value.downcast_object_ref::<Scope>());
    scope.map_or_else(|| Err(refused("there is no page to render for".to_owned())), use_it)
}

pub(super) fn refused(why: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

pub(super) fn register(
    environment: &mut Environment<'static>,
    asset: fn(&str) -> Option<&'static str>,
    icon_known: fn(&str) -> bool,
) {
    environment.add_function("t", words);
    environment.add_function("asset", move |name: &str| {
        asset(name).ok_or_else(|| refused(format!("no asset is called {name}")))
    });
    environment.add_function("icon", move |name: &str, class: Option<&str>| {
        if !icon_known(name) {
            return Err(refused(format!("the sprite has no icon {name}")));
        }
        let sprite = asset("icons.svg").ok_or_else(|| refused("there is no sprite".to_owned()))?;
        let class = HtmlEscape(class.unwrap_or(""));
        Ok(Value::from_safe_string(format!(
            "<svg class=\"icon {class}\" width=\"20\" height=\"20\" aria-hidden=\"true\" focusable=\"false\"><use href=\"{sprite}#{name}\"/></svg>"
        )))
    });
}

/// Marks around the place of an argument that is markup already; private-use characters no text has.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// `t("key", name=value)`: the words in the page's language. An argument made by a filter (money, a date) keeps its markup.
fn words(state: &State<'_, '_>, key: &str, named: Kwargs) -> Result<Value, Error> {
    let mut args = FluentArgs::new();
    let mut markup: Vec<String> = Vec::new();
    for name in named.args().map(str::to_owned).collect::<Vec<_>>() {
        let value: Value = named.get(&name)?;
        if value.is_undefined() {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                format!("argument {name} of the text {key}"),
            ));
        }
        if value.is_safe() {
            args.set(name, format!("{OPEN}{}{CLOSE}", markup.len()));
            markup.push(value.to_string());
        } else {
            args.set(name, argument(&value));
        }
    }
    named.assert_all_used()?;
    let text = with_scope(state, |scope| Ok(scope.text(key, &args)))?;
    let Some(text) = text else {
        return Err(refused(format!("there are no words for {key}")));
    };
    if markup.is_empty() {
        return Ok(Value::from(text));
    }
    let mut html = HtmlEscape(&text).to_string();
    for (index, part) in markup.iter().enumerate() {
        html = html.replace(&format!("{OPEN}{index}{CLOSE}"), part);
    }
    Ok(Value::from_safe_string(html))
}

fn argument(value: &Value) -> FluentValue<'static> {
    match value.kind() {
        ValueKind::Number => {
            i64::try_from(value.clone()).map_or_else(|_| FluentValue::from(value.to_string()), FluentValue::from)
        }
        _ => FluentValue::from(value.to_string()),
    }
}
