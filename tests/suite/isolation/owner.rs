//! What there is to be seen: everything is asked for as the owners, and their ids, links and forms are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{House, Sent};
use super::routes::Route;

/// What no page may show unescaped.
const HOSTILE: &str = "<script>alert(";
/// How many addresses of one pattern are enough.
const ENOUGH: usize = 3;

/// A request the owners could make.
#[derive(Clone, Debug)]
pub struct Wish {
    pub method: String,
    pub path: String,
    pub sent: Option<Sent>,
    /// Whether it names something of the owner's.
    pub names: bool,
}

/// What was found.
#[derive(Default)]
pub struct Findings {
    /// One or two ids of every kind, by prefix.
    ids: BTreeMap<String, BTreeSet<String>>,
    /// Paths seen in links and forms.
    links: BTreeSet<String>,
    /// Streams of live pages, with their topics.
    pub streams: BTreeSet<String>,
    /// Forms by action: method and fields.
    forms: BTreeMap<String, Vec<(String, String)>>,
    /// How many answers were read.
    pub read: usize,
    /// Pages that show a hostile name as it came.
    pub hostile: BTreeSet<String>,
    /// Addresses that were asked for: none answers otherwise when it is asked again.
    asked: BTreeSet<String>,
    /// Addresses that answered, by pattern.
    pub seen: BTreeMap<String, BTreeSet<String>>,
}

/// Paths that end the session of whoever asks for them, or only pass on.
fn is_left_out(path: &str) -> bool {
    path == "/sign-out" || path == "/enter" || path.starts_with("/go/")
}

/// Looks at everything as both owners.
pub async fn look(house: &House, routes: &[Route]) -> Findings {
    let mut findings = Findings::default();
    for _round in 0..4 {
        let before = findings.size();
        for route in routes
            .iter()
            .filter(|route| route.methods.contains("GET") && !is_left_out(&route.path))
        {
            for path in findings.addresses(route) {
                findings.visit(house, route, &path).await;
            }
        }
        if findings.size() == before {
            break;
        }
    }
    findings
}

impl Findings {
    fn size(&self) -> usize {
        let seen: usize = self.seen.values().map(BTreeSet::len).sum();
        self.ids.len() + self.links.len() + self.forms.len() + seen
    }

    /// Addresses of a pattern: linked ones first, then ids of every kind known.
    fn addresses(&self, route: &Route) -> Vec<String> {
        if !route.has_parameters() {
            return vec![route.path.clone()];
        }
        let mut found: Vec<String> = self
            .links
            .iter()
            .filter(|link| route.fits(link))
            .take(ENOUGH)
            .cloned()
            .collect();
        if route.path.matches('{').count() == 1 {
            for ids in self.ids.values() {
                found.extend(ids.iter().map(|id| fill(route, id)));
            }
        }
        found
    }

    async fn visit(&mut self, house: &House, route: &Route, path: &str) {
        let seen = self.seen.entry(route.path.clone()).or_default();
        if seen.len() >= ENOUGH || !self.asked.insert(path.to_owned()) {
            return;
        }
        let mut open = false;
        for owner in [&house.owner_staff, &house.owner_member] {
            let answer = house.ask(owner, "GET", path, None).await;
            assert!(answer.status < 500, "{} asks {path}: {}", owner.name, answer.status);
            if answer.status == 200 {
                open = true;
                if answer.is_page && answer.body.contains(HOSTILE) {
                    self.hostile.insert(path.to_owned());
                }
                self.read += 1;
                self.keep(&answer.body);
            }
        }
        if open {
            self.seen.entry(route.path.clone()).or_default().insert(path.to_owned());
        }
    }

    fn keep(&mut self, body: &str) {
        for word in body.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_') {
            if word.len() == 30 && word.as_bytes()[3] == b'_' {
                let known = self.ids.entry(word[..3].to_owned()).or_default();
                if known.len() < 2 {
                    known.insert(word.to_owned());
                }
            }
        }
        for (at, _) in body.match_indices("sse:connect=\"") {
            let stream = body[at + "sse:connect=\"".len()..]
                .split('"')
                .next()
                .unwrap_or_default();
            self.streams.insert(stream.replace("&#x2f;", "/").replace("&amp;", "&"));
        }
        for name in ["href=\"", "action=\"", "hx-get=\"", "hx-post=\"", "src=\""] {
            for (at, _) in body.match_indices(name) {
                let rest = &body[at + name.len()..];
                let link = rest.split('"').next().unwrap_or_default();
                let path = link.split(['?', '#']).next().unwrap_or_default();
                if path.starts_with('/') {
                    self.links.insert(path.to_owned());
                }
            }
        }
        for (at, _) in body.match_indices("<form") {
            let form = body[at..].split("</form>").next().unwrap_or_default();
            let action = attribute(form, "action").unwrap_or_default();
            let path = action.split('?').next().unwrap_or_default().to_owned();
            if path.starts_with('/') {
                self.forms.entry(path).or_insert_with(|| fields(form));
            }
        }
    }

    /// Every request there is for what the owners have, reads and changes alike.
    pub fn wishes(&self, routes: &[Route]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for route in routes.iter().filter(|route| !is_left_out(&route.path)) {
            for method in &route.methods {
                for path in self.targets(route, method, routes) {
                    let sent = match method.as_str() {
                        "GET" => None,
                        _ if route.is_api() => Some(Sent::Json(
                            route
                                .bodies
                                .get(method)
                                .cloned()
                                .unwrap_or_else(|| serde_json::json!({})),
                        )),
                        _ => Some(Sent::Form(self.forms.get(&path).cloned().unwrap_or_default())),
                    };
                    wishes.push(Wish {
                        method: method.clone(),
                        names: path != route.path,
                        path,
                        sent,
                    });
                }
            }
        }
        wishes.extend(self.streams.iter().map(|stream| Wish {
            method: "GET".into(),
            path: stream.clone(),
            sent: None,
            names: true,
        }));
        wishes
    }

    fn targets(&self, route: &Route, method: &str, routes: &[Route]) -> Vec<String> {
        if !route.has_parameters() {
            return vec![route.path.clone()];
        }
        if let Some(seen) = self
            .seen
            .get(&route.path)
            .filter(|seen| method == "GET" && !seen.is_empty())
        {
            return seen.iter().cloned().collect();
        }
        // A change of something: the ids that the thing itself was seen with.
        let parts = route.parts();
        let thing = parts
            .iter()
            .rposition(|part| part.starts_with('{'))
            .map_or(0, |at| at + 1);
        let shown = routes.iter().filter(|other| {
            let own = other.parts();
            own.len() >= thing
                && own
                    .iter()
                    .zip(&parts)
                    .take(thing)
                    .all(|(a, b)| a == b || (a.starts_with('{') && b.starts_with('{')))
        });
        let mut found: BTreeSet<String> = shown
            .filter_map(|other| self.seen.get(&other.path))
            .flatten()
            .map(|path| {
                path.split('/')
                    .take(thing)
                    .chain(parts[thing..].iter().copied())
                    .collect::<Vec<_>>()
                    .join("/")
            })
            .filter(|path| !path.contains('{'))
            .collect();
        if found.is_empty() {
            found.extend(self.links.iter().filter(|link| route.fits(link)).cloned());
            found.extend(
                self.ids
                    .values()
                    .filter_map(|ids| ids.first())
                    .map(|id| fill(route, id)),
            );
        }
        found.into_iter().collect()
    }
}

/// The pattern with this id in every place.
fn fill(route: &Route, id: &str) -> String {
    let parts: Vec<&str> = route
        .parts()
        .into_iter()
        .map(|part| if part.starts_with('{') { id } else { part })
        .collect();
    parts.join("/")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let rest = &tag[tag.find(&format!(" {name}=\""))? + name.len() + 3..];
    rest.split('"')
        .next()
        .map(|value| value.replace("&#x2f;", "/").replace("&amp;", "&"))
}

/// Names and values of a form's fields.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for tag in ["<input", "<select", "<textarea", "<button"] {
        for (at, _) in form.match_indices(tag) {
            let tag = &form[at..];
            if let Some(name) = attribute(tag, "name") {
                let value = attribute(tag, "value").unwrap_or_default();
                found.push((name, if value.is_empty() { "1".into() } else { value }));
            }
        }
    }
    found
}
