//! Leaves out rules of the third-party style sheet whose classes nobody mentions. A rule is kept unless it is certain to be unused:
//! any word in a template or source file counts as a mention.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::gather::Source;

/// Every word that could be a class.
pub(crate) type Words = BTreeSet<String>;

/// Words of templates, string literals of code, the own scripts, and the list of classes built from pieces.
pub(crate) fn used_words(groups: &[&Vec<Source>], own: &Path) -> io::Result<Words> {
    let mut words = Words::new();
    for source in groups.iter().flat_map(|group| group.iter()) {
        if source.name.ends_with(".rs") {
            // Odd pieces between quotes are literals; an escaped quote only shifts the rest to over-inclusion and back.
            source
                .text
                .split('"')
                .skip(1)
                .step_by(2)
                .for_each(|literal| take_words(literal, &mut words));
        } else {
            take_words(&source.text, &mut words);
        }
    }
    for name in ["app.js", "theme.js", "classes.txt"] {
        take_words(&fs::read_to_string(own.join(name))?, &mut words);
    }
    Ok(words)
}

fn take_words(text: &str, words: &mut Words) {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    words.extend(
        text.split(|c| !inside(c))
            .filter(|word| !word.is_empty())
            .map(str::to_owned),
    );
}

/// The sheet without unmentioned classes, unused animations and unused variables.
pub(crate) fn purged(sheet: &str, own: &str, used: &Words) -> String {
    let licence = sheet
        .find("/*!")
        .and_then(|from| sheet[from..].find("*/").map(|len| &sheet[from..from + len + 2]))
        .unwrap_or("");
    let mut kept = String::new();
    keep_rules(&without_comments(sheet), used, &mut kept);
    let kept = without_idle_keyframes(&kept);
    let kept = without_idle_variables(kept, own);
    format!("{licence}\n{kept}")
}

/// Comments and needless white space taken out.
pub(crate) fn squeezed(sheet: &str) -> String {
    let text = without_comments(sheet);
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        out.push_str(line);
        if !line.ends_with(['{', '}', ';', ',']) {
            out.push(' ');
        }
    }
    out
}

fn without_comments(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some(from) = rest.find("/*") {
        out.push_str(&rest[..from]);
        rest = rest[from..].find("*/").map_or("", |to| &rest[from + to + 2..]);
    }
    out.push_str(rest);
    out
}

/// Splits at the next `{` or `;`: (prelude, body if it is a block, rest).
fn next_rule(sheet: &str) -> Option<(&str, Option<&str>, &str)> {
    let open = sheet.find(['{', ';'])?;
    if sheet.as_bytes().get(open) == Some(&b';') {
        return Some((&sheet[..open], None, &sheet[open + 1..]));
    }
    let mut depth = 0_usize;
    let mut quote: Option<u8> = None;
    for (at, byte) in sheet.bytes().enumerate().skip(open) {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (b, Some(q)) if b == q => quote = None,
            (_, Some(_)) => {}
            (b'{', None) => depth += 1,
            (b'}', None) => {
                depth -= 1;
                if depth == 0 {
                    return Some((&sheet[..open], Some(&sheet[open + 1..at]), &sheet[at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

fn keep_rules(sheet: &str, used: &Words, out: &mut String) {
    let mut rest = sheet;
    while let Some((prelude, body, after)) = next_rule(rest) {
        rest = after;
        let prelude = prelude.trim();
        match body {
            None => out.push_str(&format!("{prelude};")),
            Some(body) if prelude.starts_with("@media") || prelude.starts_with("@supports") => {
                let mut inner = String::new();
                keep_rules(body, used, &mut inner);
                if !inner.is_empty() {
                    out.push_str(&format!("{prelude}{{{inner}}}"));
                }
            }
            Some(body) if prelude.starts_with('@') => out.push_str(&format!("{prelude}{{{body}}}")),
            Some(body) => {
                let selectors: Vec<&str> = split_list(prelude).into_iter().filter(|s| mentioned(s, used)).collect();
                if !selectors.is_empty() && !body.trim().is_empty() {
                    out.push_str(&format!("{}{{{body}}}", selectors.join(",")));
                }
            }
        }
    }
}

/// Splits a selector list at commas outside brackets.
fn split_list(selectors: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, byte) in selectors.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(selectors[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(selectors[from..].trim());
    parts
}

/// Whether every class outside brackets is a known word; what stands in `:not(..)` or `:is(..)` is not looked at.
fn mentioned(selector: &str, used: &Words) -> bool {
    let mut flat = String::new();
    let mut depth = 0_usize;
    for c in selector.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => flat.push(c),
            _ => {}
        }
    }
    flat.split('.').skip(1).all(|rest| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '\\';
        let class: String = rest.chars().take_while(|c| inside(*c)).filter(|c| *c != '\\').collect();
        used.contains(&class)
    })
}

fn without_idle_keyframes(sheet: &str) -> String {
    let (mut out, mut rest) = (String::new(), sheet);
    while let Some((prelude, body, after)) = next_rule(rest) {
        rest = after;
        let idle = prelude
            .split_once("keyframes ")
            .is_some_and(|(_, name)| sheet.matches(name.trim()).count() < 2);
        match body {
            _ if idle => {}
            None => out.push_str(&format!("{prelude};")),
            Some(body) => out.push_str(&format!("{prelude}{{{body}}}")),
        }
    }
    out
}

/// Drops `--name:value` where nothing reads `--name`; repeated, since one variable may only serve another.
fn without_idle_variables(mut sheet: String, own: &str) -> String {
    for _ in 0..6 {
        let read: Words = [sheet.as_str(), own].iter().flat_map(|text| reads(text)).collect();
        let before = sheet.len();
        sheet = drop_declarations(&sheet, &read);
        if sheet.len() == before {
            break;
        }
    }
    sheet
}

fn reads(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("var(").skip(1).map(|rest| {
        rest.trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect()
    })
}

fn drop_declarations(sheet: &str, read: &Words) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some(at) = rest.find(['{', ';']).map(|at| at + 1) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        while let Some((name, value_end)) = declaration(rest).filter(|(name, _)| !read.contains(*name)) {
            let _ = name;
            rest = &rest[value_end..];
        }
    }
    out.push_str(rest);
    out
}

/// A custom property at the start of the text: its name, and where what follows begins (past `;`, at `}`).
fn declaration(text: &str) -> Option<(&str, usize)> {
    if !text.starts_with("--") {
        return None;
    }
    let colon = text.find(':')?;
    let (mut depth, mut quote) = (0_usize, None);
    for (at, byte) in text.bytes().enumerate().skip(colon) {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (b, Some(q)) if b == q => quote = None,
            (_, Some(_)) => {}
            (b'(', None) => depth += 1,
            (b')', None) => depth = depth.saturating_sub(1),
            (b';', None) if depth == 0 => return Some((&text[..colon], at + 1)),
            (b'}', None) if depth == 0 => return Some((&text[..colon], at)),
            _ => {}
        }
    }
    None
}
