//! One table makes the router and the document, so that they cannot say different things.

use std::collections::BTreeMap;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, on};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::app::App;

/// What the document says of one endpoint.
pub struct Doc {
    summary: &'static str,
    scope: Option<(&'static str, Option<&'static str>)>,
    query: Vec<(&'static str, &'static str)>,
    request: Option<Value>,
    may_be_empty: bool,
    answer: Option<Value>,
    status: u16,
    also: Option<(u16, Value)>,
    schemas: Map<String, Value>,
    list: bool,
    public: bool,
}

impl Doc {
    /// An endpoint that needs `staff` scope, or `member` for a member's token.
    pub fn new(summary: &'static str, staff: &'static str, member: Option<&'static str>) -> Self {
        Self {
            summary,
            scope: Some((staff, member)),
            query: Vec::new(),
            request: None,
            may_be_empty: false,
            answer: None,
            status: 200,
            also: None,
            schemas: Map::new(),
            list: false,
            public: false,
        }
    }

    /// Takes this body.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self) -> Self {
        self.request = Some(self.schema::<T>());
        self
    }

    /// Takes this, or no body at all.
    #[must_use]
    pub fn may_take<T: ToSchema>(mut self) -> Self {
        self.may_be_empty = true;
        self.takes::<T>()
    }

    /// Answers this.
    #[must_use]
    pub fn gives<T: ToSchema>(mut self) -> Self {
        self.answer = Some(self.schema::<T>());
        self
    }

    /// Answers any JSON object.
    #[must_use]
    pub fn gives_object(mut self) -> Self {
        self.answer = Some(json!({ "type": "object" }));
        self
    }

    /// Answers a page of these.
    #[must_use]
    pub fn lists<T: ToSchema>(mut self) -> Self {
        let row = self.schema::<T>();
        self.answer = Some(json!({
            "type": "object",
            "required": ["data", "next"],
            "properties": { "data": { "type": "array", "items": row }, "next": { "type": ["string", "null"] } }
        }));
        self.list = true;
        self
    }

    /// A filter of a list.
    #[must_use]
    pub fn filter(mut self, name: &'static str, about: &'static str) -> Self {
        self.query.push((name, about));
        self
    }

    /// Answers with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Answers this with another status where the request asks for something else.
    #[must_use]
    pub fn also<T: ToSchema>(mut self, status: u16) -> Self {
        let schema = self.schema::<T>();
        self.also = Some((status, schema));
        self
    }

    fn schema<T: ToSchema>(&mut self) -> Value {
        let mut found = Vec::new();
        T::schemas(&mut found);
        found.push((T::name().into_owned(), T::schema()));
        for (name, schema) in found {
            if let Ok(value) = serde_json::to_value(schema) {
                self.schemas.insert(name, value);
            }
        }
        json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
    }

    fn operation(&self, id: &str, (method, path): (&str, &str)) -> Value {
        let mut parameters: Vec<Value> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{').and_then(|p| p.strip_suffix('}')))
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        for (name, about) in &self.query {
            parameters
                .push(json!({ "name": name, "in": "query", "description": about, "schema": { "type": "string" } }));
        }
        if self.list {
            parameters.push(json!({ "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 25 } }));
            parameters.push(json!({ "name": "after", "in": "query", "description": "the `next` of the page before", "schema": { "type": "string" } }));
        }
        let content = |schema: &Value| json!({ "application/json": { "schema": schema } });
        let mut responses = Map::new();
        let mut answer = json!({ "description": "done" });
        if let Some(schema) = &self.answer {
            answer["content"] = content(schema);
        }
        responses.insert(self.status.to_string(), answer);
        if let Some((status, schema)) = &self.also {
            responses.insert(
                status.to_string(),
                json!({ "description": "done", "content": content(schema) }),
            );
        }
        let problem = |text: &str| json!({ "description": text, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
        responses.insert("404".into(), problem("nothing with this id in this tenant"));
        if !self.public {
            responses.insert("401".into(), problem("no valid token of this tenant"));
            responses.insert("403".into(), problem("the token lacks the scope"));
            responses.insert("429".into(), problem("too many requests; see Retry-After"));
            responses.insert(
                "503".into(),
                problem("too much at once, nothing was done; see Retry-After"),
            );
        }
        if method == "post" {
            parameters.push(
                json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 } }),
            );
        }
        responses.insert("502".into(), problem("a panel or gateway failed or did not answer"));
        if method != "get" {
            responses.insert("413".into(), problem("the body is too large"));
            responses.insert("415".into(), problem("the body is not JSON"));
        }
        if self.request.is_some() {
            responses.insert("400".into(), problem("the body is malformed"));
            responses.insert(
                "409".into(),
                problem("the state, or the Idempotency-Key, does not allow it"),
            );
            responses.insert("422".into(), problem("some fields are wrong"));
        } else {
            responses.insert("422".into(), problem("a query parameter is wrong"));
            responses.insert("409".into(), problem("the state does not allow it"));
        }
        let mut operation =
            json!({ "operationId": id, "summary": self.summary, "parameters": parameters, "responses": responses });
        if let Some(schema) = &self.request {
            operation["requestBody"] = json!({ "required": !self.may_be_empty, "content": content(schema) });
        }
        if let Some((staff, member)) = self.scope {
            operation["x-staff-scope"] = json!(staff);
            operation["x-member-scope"] = json!(member);
        } else {
            operation["security"] = json!([]);
        }
        operation
    }
}

/// An exact amount, as it is written everywhere.
#[derive(ToSchema)]
#[schema(as = Money)]
#[expect(dead_code, reason = "documents platform's Money")]
pub struct MoneyDoc {
    amount: String,
    currency: String,
}

/// The endpoints so far.
#[derive(Default)]
pub struct Endpoints {
    routes: BTreeMap<String, MethodRouter<App>>,
    paths: BTreeMap<String, Map<String, Value>>,
    schemas: Map<String, Value>,
}

impl Endpoints {
    /// `GET path`.
    #[must_use]
    pub fn get<H, T>(self, path: &str, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("get", path, doc, on(axum::routing::MethodFilter::GET, handler))
    }

    /// `POST path`.
    #[must_use]
    pub fn post<H, T>(self, path: &str, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("post", path, doc, on(axum::routing::MethodFilter::POST, handler))
    }

    /// `PATCH path`.
    #[must_use]
    pub fn patch<H, T>(self, path: &str, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("patch", path, doc, on(axum::routing::MethodFilter::PATCH, handler))
    }

    /// `DELETE path`.
    #[must_use]
    pub fn delete<H, T>(self, path: &str, doc: Doc, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("delete", path, doc, on(axum::routing::MethodFilter::DELETE, handler))
    }

    fn add(mut self, method: &str, path: &str, doc: Doc, route: MethodRouter<App>) -> Self {
        let id = format!("{method}{}", path.replace(['/', '{', '}'], "_").replace("__", "_"))
            .trim_end_matches('_')
            .to_owned();
        let operation = doc.operation(&id, (method, path));
        self.paths
            .entry(path.to_owned())
            .or_default()
            .insert(method.to_owned(), operation);
        self.schemas.extend(doc.schemas);
        let known = self.routes.remove(path).unwrap_or_default();
        self.routes.insert(path.to_owned(), known.merge(route));
        self
    }

    /// All endpoints of another part.
    #[must_use]
    pub fn and(self, part: impl FnOnce(Self) -> Self) -> Self {
        part(self)
    }

    /// The router, below `/api/v1`.
    pub fn router(self) -> Router<App> {
        self.routes
            .into_iter()
            .fold(Router::new(), |router, (path, route)| router.route(&path, route))
    }

    /// The OpenAPI document.
    pub fn document(self) -> Value {
        let mut schemas = self.schemas;
        schemas.insert("Problem".into(), problem_schema());
        schemas.insert("Money".into(), money_schema());
        json!({
            "openapi": "3.1.0",
            "info": { "title": "Billing API", "version": "1", "description": "Money is a decimal string with its currency; ids are prefixed strings; errors are problem documents (RFC 9457)." },
            "servers": [{ "url": "/api/v1" }],
            "security": [{ "token": [] }],
            "paths": self.paths,
            "components": { "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } }
        })
    }
}

fn money_schema() -> Value {
    json!({ "type": "object", "required": ["amount", "currency"], "properties": {
        "amount": { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "examples": ["12.34"] },
        "currency": { "type": "string", "minLength": 3, "maxLength": 3, "examples": ["USD"] } } })
}

fn problem_schema() -> Value {
    json!({ "type": "object", "required": ["type", "title", "status", "code", "request_id"], "properties": {
        "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
        "code": { "type": "string" }, "request_id": { "type": ["string", "null"] },
        "errors": { "type": "array", "items": { "type": "object", "properties": { "field": { "type": "string" }, "message": { "type": "string" } } } } } })
}
