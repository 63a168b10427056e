//! The pages a payer sees: the checkout page, the bank's challenge, a receipt.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::Value;

use super::refusal::Refusal;
use super::state::State;
use super::{checkout, intent, setup};
use crate::{escape_html, form};

const GOOD: &str = "4242424242424242";
const CHALLENGED: &str = "4000002760003184";
const CHALLENGED_SETUP: &str = "4000002500003155";
const DECLINED: &str = "4000000000000002";

/// Answers whatever is not the API.
pub(super) fn answer(state: &mut State, verb: &str, path: &str, body: &str) -> Response {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let choice = form::parse(body);
    let choice = form::text(&choice, "choice").unwrap_or_default();
    match (verb, segments.as_slice()) {
        ("GET", ["c", "pay", id]) => show(state, id, None),
        ("POST", ["c", "pay", id]) => choose(state, id, choice),
        ("GET", ["authenticate", id]) => challenge(state, id),
        ("POST", ["authenticate", id]) => answer_challenge(state, id, choice == "pass"),
        ("GET", ["receipts", id]) => receipt(state, id),
        ("GET", [""]) => page(
            "Simulated Stripe",
            "<p>A gateway for tests. The API is below <code>/v1</code>.</p>",
        ),
        _ => (StatusCode::NOT_FOUND, "not found").into_response(),
    }
}

fn gone() -> Response {
    let told = page("Page not found", "<p>There is nothing to pay here.</p>");
    (StatusCode::NOT_FOUND, told).into_response()
}

fn show(state: &mut State, id: &str, problem: Option<&str>) -> Response {
    let Some(session) = state.holder(id).and_then(|book| book.find(id).cloned()) else {
        return gone();
    };
    if session["status"] != "open" {
        let told = "<p>This checkout is finished. You may close the page.</p>";
        return page("Checkout finished", told);
    }
    let payment = session["mode"] == "payment";
    let sum = escape_html(&amount_text(&session));
    let heading = if payment {
        format!("Pay {sum}")
    } else {
        "Save a card".to_owned()
    };
    let mut rows = String::new();
    for row in session["simulated_lines"].as_array().into_iter().flatten() {
        let name = escape_html(row["description"].as_str().unwrap_or_default());
        rows.push_str(&format!(
            "<li><span>{name}</span><span>{}</span></li>",
            escape_html(&amount_text(row))
        ));
    }
    let told = problem.map_or_else(String::new, |text| {
        format!("<p class=\"problem\" role=\"alert\">{}</p>", escape_html(text))
    });
    let verb = if payment { "Pay with" } else { "Save" };
    let cancel = match session["cancel_url"].is_string() {
        true => "<button class=\"quiet\" name=\"choice\" value=\"cancel\">Cancel</button>",
        false => "",
    };
    let body = format!(
        "<ul>{rows}</ul>{told}<form method=\"post\" action=\"/c/pay/{id}\">\
         <button name=\"choice\" value=\"card\">{verb} test card 4242</button>\
         <button class=\"second\" name=\"choice\" value=\"challenge\">Card that needs authentication</button>\
         <button class=\"second\" name=\"choice\" value=\"declined\">Declined card</button>{cancel}</form>\
         <p class=\"note\">Simulated checkout. No money moves.</p>"
    );
    page(&heading, &body)
}

fn choose(state: &mut State, id: &str, choice: &str) -> Response {
    let Some(book) = state.holder(id) else {
        return gone();
    };
    let Some(session) = book.find(id).cloned() else {
        return gone();
    };
    let (number, passed) = match choice {
        "card" => (GOOD, false),
        "declined" => (DECLINED, false),
        "challenge" => return challenge_page(&format!("/c/pay/{id}"), &session),
        // The card that asks once may be charged later without the payer, as a saved card must.
        "pass" if session["mode"] == "setup" => (CHALLENGED_SETUP, true),
        "pass" => (CHALLENGED, true),
        "fail" => {
            return show(
                state,
                id,
                Some("The bank did not confirm that it is you. Try another card."),
            );
        }
        "cancel" => return away(&session, "cancel_url", id),
        _ => return show(state, id, Some("Choose a card.")),
    };
    match checkout::pay(book, id, number, passed) {
        Ok(session) => away(&session, "success_url", id),
        Err(Refusal { error, .. }) => {
            let told = error["message"]
                .as_str()
                .unwrap_or("Your card was declined.")
                .to_owned();
            show(state, id, Some(&told))
        }
    }
}

fn away(session: &Value, field: &str, id: &str) -> Response {
    match session[field].as_str() {
        Some(url) => Redirect::to(&url.replace("{CHECKOUT_SESSION_ID}", id)).into_response(),
        None => page("Done", "<p>You may close the page.</p>"),
    }
}

fn challenge(state: &mut State, id: &str) -> Response {
    match state.holder(id).and_then(|book| book.find(id).cloned()) {
        Some(object) if object["status"] == "requires_action" => {
            challenge_page(&format!("/authenticate/{id}"), &object)
        }
        Some(_) => page("Nothing to confirm", "<p>This payment needs no confirmation now.</p>"),
        None => gone(),
    }
}

fn challenge_page(action: &str, object: &Value) -> Response {
    let told = match object["currency"].is_string() {
        true => format!(
            "<p>Your bank asks: is this payment of <strong>{}</strong> yours?</p>",
            escape_html(&amount_text(object))
        ),
        false => "<p>Your bank asks: do you want to save this card?</p>".to_owned(),
    };
    let body = format!(
        "{told}<form method=\"post\" action=\"{action}\">\
         <button name=\"choice\" value=\"pass\">Complete authentication</button>\
         <button class=\"second\" name=\"choice\" value=\"fail\">Fail authentication</button></form>"
    );
    page("Confirm it is you", &body)
}

fn answer_challenge(state: &mut State, id: &str, passed: bool) -> Response {
    let Some(book) = state.holder(id) else {
        return gone();
    };
    let before = book.find(id).cloned().unwrap_or_default();
    let done = match (id.starts_with("seti_"), passed) {
        (true, true) if before["status"] == "requires_action" => Ok(setup::succeed(book, id)),
        (true, _) => setup::fail_authentication(book, id),
        (false, true) => intent::authenticated(book, id),
        (false, false) => intent::fail_authentication(book, id),
    };
    let status = match &done {
        Ok(object) if object["status"] == "requires_payment_method" => "failed",
        Ok(_) => "succeeded",
        Err(_) => "failed",
    };
    match before["next_action"]["redirect_to_url"]["return_url"].as_str() {
        Some(url) => {
            let name = if id.starts_with("seti_") {
                "setup_intent"
            } else {
                "payment_intent"
            };
            let joint = if url.contains('?') { '&' } else { '?' };
            Redirect::to(&format!("{url}{joint}{name}={id}&redirect_status={status}")).into_response()
        }
        None => page(
            "Thank you",
            &format!("<p>Authentication {status}. You may close the page.</p>"),
        ),
    }
}

fn receipt(state: &mut State, id: &str) -> Response {
    match state.holder(id).and_then(|book| book.find(id).cloned()) {
        Some(charge) => page(
            "Receipt",
            &format!("<p>{} paid.</p>", escape_html(&amount_text(&charge))),
        ),
        None => gone(),
    }
}

fn amount_text(object: &Value) -> String {
    let amount = object["amount_total"]
        .as_i64()
        .or(object["amount"].as_i64())
        .unwrap_or_default();
    let code = object["currency"].as_str().unwrap_or_default();
    let whole = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
    ];
    if whole.contains(&code) {
        return format!("{amount} {}", code.to_uppercase());
    }
    format!("{}.{:02} {}", amount / 100, amount % 100, code.to_uppercase())
}

const STYLE: &str = "*{box-sizing:border-box}body{margin:0;background:#f4f5f8;color:#1b1f2a;font:16px/1.5 system-ui,sans-serif}\
main{max-width:26rem;margin:8vh auto;padding:2rem;background:#fff;border:1px solid #dfe2ea;border-radius:12px}\
h1{font-size:1.5rem;margin:0 0 1rem}ul{list-style:none;margin:0 0 1rem;padding:0}li{display:flex;justify-content:space-between;gap:1rem;\
padding:.4rem 0;border-bottom:1px solid #eceef3}form{display:grid;gap:.6rem}button{font:inherit;padding:.7rem 1rem;border-radius:8px;\
border:1px solid #4a3fc7;background:#4a3fc7;color:#fff;cursor:pointer}button.second{background:#fff;color:#4a3fc7}\
button.quiet{background:none;border-color:transparent;color:#555c6e}button:focus-visible{outline:3px solid #9a93ea;outline-offset:2px}\
.problem{background:#fdecec;color:#8c1d1d;padding:.6rem .8rem;border-radius:8px}.note{color:#5b6273;font-size:.85rem;margin:1rem 0 0}\
@media(prefers-color-scheme:dark){body{background:#14161d;color:#e8eaf1}main{background:#1d2029;border-color:#343947}li{border-color:#343947}\
button.second{background:#1d2029;color:#b3adff}button.quiet,.note{color:#a4abbd}.problem{background:#4a1f22;color:#ffd5d5}}";

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    Html(html).into_response()
}
