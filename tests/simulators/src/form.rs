//! Form bodies and queries with bracket keys (`a[b][]=1`) read into one JSON tree of strings.

use serde_json::{Map, Value};

/// Reads `application/x-www-form-urlencoded` text. All leaves are strings; numbered or empty brackets make lists.
#[must_use]
pub fn parse(text: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), decode(value));
        let path = split_key(&key);
        place(&mut root, &path, value);
    }
    listify(&mut root);
    root
}

/// Joins the query and the body of one request; the body wins.
#[must_use]
pub fn parse_both(query: &str, body: &str) -> Value {
    parse(&format!("{query}&{body}"))
}

fn split_key(key: &str) -> Vec<String> {
    let Some(open) = key.find('[') else {
        return vec![key.to_owned()];
    };
    let mut path = vec![key[..open].to_owned()];
    for part in key[open..].split('[').skip(1) {
        path.push(part.trim_end_matches(']').to_owned());
    }
    path
}

fn place(node: &mut Value, path: &[String], value: String) {
    let Some((head, rest)) = path.split_first() else {
        *node = Value::String(value);
        return;
    };
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    let Value::Object(map) = node else { return };
    let name = if head.is_empty() {
        format!("{:06}", map.len())
    } else if head.bytes().all(|byte| byte.is_ascii_digit()) && head.len() < 6 {
        format!("{head:0>6}")
    } else {
        head.clone()
    };
    place(map.entry(name).or_insert(Value::Null), rest, value);
}

/// Turns maps whose keys are all padded positions into lists.
fn listify(node: &mut Value) {
    let Value::Object(map) = node else { return };
    for child in map.values_mut() {
        listify(child);
    }
    let positions = !map.is_empty()
        && map
            .keys()
            .all(|key| key.len() == 6 && key.bytes().all(|byte| byte.is_ascii_digit()));
    if positions {
        let mut rows: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
        rows.sort_by(|left, right| left.0.cmp(&right.0));
        *node = Value::Array(rows.into_iter().map(|(_, value)| value).collect());
    }
}

/// Percent-decoding with `+` as a space.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (_, Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', None) => out.push(b' '),
            (byte, None) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Finds a value by a dotted path (`payment_intent_data.metadata`).
#[must_use]
pub fn find<'tree>(tree: &'tree Value, path: &str) -> Option<&'tree Value> {
    path.split('.').try_fold(tree, |node, name| match node {
        Value::Array(rows) => rows.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })
}

/// A non-empty text at a dotted path.
#[must_use]
pub fn text<'tree>(tree: &'tree Value, path: &str) -> Option<&'tree str> {
    find(tree, path)?.as_str().filter(|text| !text.is_empty())
}

/// A whole number at a dotted path, written as text or as a number.
#[must_use]
pub fn whole(tree: &Value, path: &str) -> Option<i64> {
    let node = find(tree, path)?;
    node.as_i64().or_else(|| node.as_str()?.trim().parse().ok())
}

/// `true` or `1` at a dotted path, written as text, number or bool.
#[must_use]
pub fn flag(tree: &Value, path: &str) -> bool {
    match find(tree, path) {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => matches!(text.as_str(), "true" | "1" | "on"),
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brackets_become_a_tree() {
        let tree = parse("a=1&m[k%20x]=v+w&l[]=p&l[]=q&i[0][n]=2&i[1][n]=3&e=");
        assert_eq!(
            tree,
            json!({"a": "1", "m": {"k x": "v w"}, "l": ["p", "q"], "i": [{"n": "2"}, {"n": "3"}], "e": ""})
        );
        assert_eq!(whole(&tree, "i.1.n"), Some(3));
        assert_eq!(text(&tree, "e"), None);
    }

    #[test]
    fn a_broken_percent_sign_stays() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%E2%82%AC%2"), "€%2");
    }
}
