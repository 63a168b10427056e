//! The page that lists the mails, shows one, and gives them as JSON.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;

use super::Mailbox;
use super::mail::Mail;
use crate::escape_html;

pub(super) fn router(mailbox: Mailbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/mails/{id}", get(show))
        .route("/mails/{id}/raw", get(raw))
        .route("/mails/{id}/attachments/{place}", get(attachment))
        .route("/clear", post(clear))
        .route("/api/mails", get(all).delete(forget))
        .with_state(mailbox)
}

#[derive(Deserialize)]
struct Wanted {
    refresh: Option<u32>,
    to: Option<String>,
}

async fn list(State(mailbox): State<Mailbox>, Query(wanted): Query<Wanted>) -> Html<String> {
    let mut rows = String::new();
    for mail in mailbox.all().iter().rev() {
        let subject = if mail.subject.is_empty() {
            "(no subject)"
        } else {
            &mail.subject
        };
        rows.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td><a href=\"/mails/{}\">{}</a></td></tr>",
            mail.received.format("%Y-%m-%d %H:%M:%S"),
            escape_html(&mail.from),
            escape_html(&mail.recipients.join(", ")),
            mail.id,
            escape_html(subject),
        ));
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=\"4\">No mail yet.</td></tr>");
    }
    let (meta, link) = match wanted.refresh {
        Some(seconds) => (
            format!("<meta http-equiv=\"refresh\" content=\"{}\">", seconds.max(1)),
            "<a href=\"/\">Stop refreshing</a>",
        ),
        None => (String::new(), "<a href=\"/?refresh=3\">Refresh by itself</a>"),
    };
    let body = format!(
        "<nav>{link} <a href=\"/api/mails\">JSON</a> <form method=\"post\" action=\"/clear\"><button>Forget all</button></form></nav>\
         <table><thead><tr><th>Received</th><th>From</th><th>To</th><th>Subject</th></tr></thead><tbody>{rows}</tbody></table>"
    );
    Html(page("Mail", &meta, &body))
}

async fn show(State(mailbox): State<Mailbox>, Path(id): Path<u64>) -> Response {
    match mailbox.find(id) {
        Some(mail) => Html(page(&escape_html(&mail.subject), "", &body_of(&mail))).into_response(),
        None => (StatusCode::NOT_FOUND, "no such mail").into_response(),
    }
}

fn body_of(mail: &Mail) -> String {
    let mut out = String::from("<nav><a href=\"/\">All mails</a> ");
    out.push_str(&format!("<a href=\"/mails/{}/raw\">Raw</a></nav><dl>", mail.id));
    for (name, value) in [
        ("From", mail.from.as_str()),
        ("To", &mail.to),
        (
            "Envelope",
            &format!("{} to {}", mail.sender, mail.recipients.join(", ")),
        ),
        ("Received", &mail.received.to_rfc3339()),
    ] {
        out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>", escape_html(value)));
    }
    out.push_str("</dl>");
    if let Some(html) = &mail.html {
        // No scripts and no origin inside the frame: links open in a new tab, nothing else works.
        out.push_str(&format!(
            "<h2>HTML</h2><iframe title=\"HTML part\" sandbox=\"allow-popups\" srcdoc=\"{}\"></iframe>",
            escape_html(html)
        ));
    }
    if let Some(text) = &mail.text {
        out.push_str(&format!("<h2>Text</h2><pre>{}</pre>", escape_html(text)));
    }
    for (place, part) in mail.attachments.iter().enumerate() {
        out.push_str(&format!(
            "<p><a href=\"/mails/{}/attachments/{place}\">{}</a> ({} bytes)</p>",
            mail.id,
            escape_html(&part.name),
            part.content.len()
        ));
    }
    out
}

async fn raw(State(mailbox): State<Mailbox>, Path(id): Path<u64>) -> Response {
    match mailbox.find(id) {
        Some(mail) => ([("content-type", "text/plain; charset=utf-8")], mail.raw.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "no such mail").into_response(),
    }
}

async fn attachment(State(mailbox): State<Mailbox>, Path((id, place)): Path<(u64, usize)>) -> Response {
    let mail = mailbox.find(id);
    match mail.as_ref().and_then(|mail| mail.attachments.get(place)) {
        Some(part) => {
            let headers = [
                ("content-type", "application/octet-stream".to_owned()),
                (
                    "content-disposition",
                    format!("attachment; filename=\"{}\"", part.name.replace(['"', '\r', '\n'], "")),
                ),
            ];
            (headers, part.content.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no such attachment").into_response(),
    }
}

/// Oldest first; `?to=` keeps the mails to one address.
async fn all(State(mailbox): State<Mailbox>, Query(wanted): Query<Wanted>) -> Response {
    let mails = mailbox.all();
    let kept: Vec<&Mail> = mails
        .iter()
        .map(std::convert::AsRef::as_ref)
        .filter(|mail| {
            wanted
                .to
                .as_ref()
                .is_none_or(|to| mail.recipients.iter().any(|held| held.eq_ignore_ascii_case(to)))
        })
        .collect();
    Json(kept).into_response()
}

async fn forget(State(mailbox): State<Mailbox>) -> StatusCode {
    mailbox.0.lock().unwrap().mails.clear();
    StatusCode::NO_CONTENT
}

async fn clear(State(mailbox): State<Mailbox>) -> Redirect {
    mailbox.0.lock().unwrap().mails.clear();
    Redirect::to("/")
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f2a;background:#fff}\
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #dfe2ea;vertical-align:top}\
nav{display:flex;gap:1rem;align-items:center;margin:0 0 1rem}nav form{margin:0}iframe{width:100%;height:36rem;border:1px solid #dfe2ea;\
background:#fff}pre{white-space:pre-wrap;background:#f4f5f8;padding:1rem;border-radius:8px;color:#1b1f2a}dl{display:grid;\
grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}dt{color:#555c6e}\
@media(prefers-color-scheme:dark){body{background:#14161d;color:#e8eaf1}a{color:#b3adff}th,td{border-color:#343947}dt{color:#a4abbd}}";

fn page(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">{head}\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}
