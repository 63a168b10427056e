//! Pages keep the content policy: no styles, handlers or scripts in the markup.

use super::tree::{files, refuse};

/// The markup without template expressions, each replaced by nothing.
fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let close = match rest.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                out.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            }
        };
        out.push_str(&rest[..start]);
        let inside = &rest[start..];
        let end = inside.find(close).map_or(inside.len(), |at| at + close.len());
        // Line numbers stay right.
        out.extend(inside[..end].chars().filter(|&c| c == '\n'));
        rest = &inside[end..];
    }
    out.push_str(rest);
    out
}

/// Whether a line has an attribute that the policy would block.
fn is_blocked(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let attribute = lower
        .split(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .any(|word| {
            let Some((name, _)) = word.split_once('=') else {
                return false;
            };
            name == "style"
                || name.starts_with("hx-on")
                || (name.len() > 2 && name.starts_with("on") && name.bytes().all(|b| b.is_ascii_lowercase()))
        });
    attribute
        || lower.contains("<style")
        || lower.contains("javascript:")
        || (lower.contains("<script") && !lower.contains("src="))
}

#[test]
fn no_template_carries_styles_handlers_or_scripts() {
    let broken: Vec<String> = files(&[".html"])
        .iter()
        .filter(|file| file.is_in(&["portals/templates"]))
        .flat_map(|file| {
            let markup = markup(&file.text);
            let lines: Vec<(usize, String)> = markup
                .lines()
                .enumerate()
                .map(|(n, line)| (n + 1, line.to_owned()))
                .collect();
            lines
                .into_iter()
                .filter(|(_, line)| is_blocked(line))
                .map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    refuse("the content policy blocks what is written into the page", &broken);
}

#[test]
fn the_rule_itself_sees_what_it_should() {
    for (line, blocked) in [
        ("<p style=\"color:red\">", true),
        ("<button onclick=\"x()\">", true),
        ("<p hx-on:click=\"x\">", true),
        ("<script>x()</script>", true),
        ("<script src=\"/app.js\" defer></script>", false),
        ("<a href=\"/x?on=1\" class=\"one\">", false),
        ("{{ today|date(style=\"full\") }}", false),
        ("{% call ui.x(style=\"a\", onclick=1) %}", false),
    ] {
        assert_eq!(is_blocked(&markup(line)), blocked, "{line}");
    }
}
