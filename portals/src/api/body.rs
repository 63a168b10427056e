//! Bodies and list parameters, read after the id was found and the scope checked.

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::ApiError;

/// Reads a JSON body: malformed is 400, a wrong shape 422 with the field's path.
///
/// # Errors
/// As said.
pub fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiError> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| ApiError::Malformed(format!("The body is no JSON: {error}.")))?;
    if !value.is_object() {
        return Err(ApiError::Malformed("The body must be a JSON object.".into()));
    }
    if let Some(field) = nul(&value, "") {
        return Err(ApiError::field(
            field,
            "A text holds a character that cannot be stored.",
        ));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        // `items[0].plan` is `items.0.plan` here.
        let place = error.path().to_string().replace('[', ".").replace(']', "");
        let place = if place == "." { "" } else { &place };
        let text = error.inner().to_string();
        ApiError::field(named(place, &text), text)
    })
}

/// The field an error is about: the message names one that is unknown or missing, below the place it was found at.
fn named(place: &str, text: &str) -> String {
    let starts = ["unknown field `", "missing field `"];
    let name = starts
        .iter()
        .find_map(|start| text.strip_prefix(start)?.split('`').next());
    match name {
        Some(name) if place.is_empty() => name.to_owned(),
        Some(name) if place != name && !place.ends_with(&format!(".{name}")) => format!("{place}.{name}"),
        _ if place.is_empty() => "body".to_owned(),
        _ => place.to_owned(),
    }
}

/// Where a text holds a NUL, which PostgreSQL cannot.
fn nul(value: &Value, place: &str) -> Option<String> {
    let below = |name: &str| {
        if place.is_empty() {
            name.to_owned()
        } else {
            format!("{place}.{name}")
        }
    };
    match value {
        Value::String(text) => text.contains('\0').then(|| place.to_owned()),
        Value::Array(rows) => rows
            .iter()
            .enumerate()
            .find_map(|(at, row)| nul(row, &below(&at.to_string()))),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if name.contains('\0') {
                Some(below("?"))
            } else {
                nul(value, &below(name))
            }
        }),
        _ => None,
    }
}

/// The same, where an empty body means "nothing special".
///
/// # Errors
/// As [`read`].
pub fn read_or_default<T: DeserializeOwned + Default>(bytes: &Bytes) -> Result<T, ApiError> {
    if bytes.is_empty() {
        Ok(T::default())
    } else {
        read(bytes)
    }
}

/// `?limit=&after=` and the filters of a list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// 1 to 100.
    pub limit: i64,
    /// The last id of the page before.
    pub after: Option<String>,
    filters: Vec<(String, String)>,
}

impl ListQuery {
    /// A filter's value.
    #[must_use]
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A filter that is an id; one that is none finds nothing, so it is a 422.
    ///
    /// # Errors
    /// When it is no id of the kind.
    pub fn id<K: platform::id::Kind>(&self, name: &str) -> Result<Option<platform::id::Id<K>>, ApiError> {
        match self.filter(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|error| ApiError::field(name, error)),
        }
    }

    /// The id to go on after.
    ///
    /// # Errors
    /// When it is no id of the kind.
    pub fn after<K: platform::id::Kind>(&self) -> Result<Option<platform::id::Id<K>>, ApiError> {
        match &self.after {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|error| ApiError::field("after", error)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let mut query = Self {
            limit: 25,
            after: None,
            filters: Vec::new(),
        };
        for (key, value) in pairs {
            match key.as_ref() {
                "limit" => {
                    let limit = value.parse().ok().filter(|n| (1..=100).contains(n));
                    query.limit =
                        limit.ok_or_else(|| ApiError::field("limit", "A limit is a number from 1 to 100."))?;
                }
                "after" => query.after = Some(value.into_owned()).filter(|v| !v.is_empty()),
                _ => query.filters.push((key.into_owned(), value.into_owned())),
            }
        }
        Ok(query)
    }
}

/// A page of `limit` out of `limit + 1` rows that were read.
pub fn page<T: serde::Serialize>(mut rows: Vec<T>, limit: i64, id: impl Fn(&T) -> String) -> axum::Json<Value> {
    let limit = usize::try_from(limit).unwrap_or(25);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(id);
    axum::Json(json!({ "data": rows, "next": next }))
}

/// A page out of a short list that was read whole, after the id `query` names.
///
/// # Errors
/// When that is no id of the kind.
pub fn window<K: platform::id::Kind, T: serde::Serialize>(
    rows: Vec<T>,
    query: &ListQuery,
    id: impl Fn(&T) -> String,
) -> Result<axum::Json<Value>, ApiError> {
    let rows = match query.after::<K>()?.map(|after| after.to_string()) {
        None => rows,
        Some(after) => rows.into_iter().skip_while(|row| id(row) != after).skip(1).collect(),
    };
    Ok(page(rows, query.limit, id))
}
