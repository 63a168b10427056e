//! The icon sprite: only names that templates and code use.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::gather::Source;

pub(crate) struct Sprite {
    pub(crate) svg: String,
    pub(crate) names: Vec<String>,
}

/// Text before a literal that must be an icon's name.
const NAMED: [&str; 6] = [
    "icon(\"",
    "icon: \"",
    "icon\": \"",
    "icon_name=\"",
    "icon = \"",
    "icon:\"",
];

/// Collects names and draws the sprite.
///
/// A literal after `icon(`, `icon:` and the like must exist. Any other literal that happens to be an icon's name is taken as well
/// (arguments of macros and functions), and so is each line of the extra list.
pub(crate) fn sprite(folder: &Path, templates: &[Source], code: &[Source], extra: &str) -> Result<Sprite, String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut demanded: Vec<(String, String)> = Vec::new();
    for line in extra
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        demanded.push((line.to_owned(), "assets/icons.txt".to_owned()));
    }
    for source in templates.iter().chain(code) {
        for marker in NAMED {
            demanded.extend(after(&source.text, marker).map(|name| (name.to_owned(), source.name.clone())));
        }
    }
    for source in templates.iter().chain(code) {
        let literals = source.text.split(['"', '\'']).filter(|piece| is_name(piece));
        names.extend(
            literals
                .filter(|name| folder.join(format!("{name}.svg")).is_file())
                .map(str::to_owned),
        );
    }
    for (name, place) in demanded.into_iter().filter(|(name, _)| is_name(name)) {
        if !folder.join(format!("{name}.svg")).is_file() {
            return Err(format!("{place}: there is no icon {name:?}"));
        }
        names.insert(name);
    }
    let mut svg = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\">");
    for name in &names {
        let file = fs::read_to_string(folder.join(format!("{name}.svg"))).map_err(|e| format!("icon {name}: {e}"))?;
        svg.push_str(&symbol(name, &file).ok_or_else(|| format!("icon {name} is not drawn as expected"))?);
    }
    svg.push_str("</svg>\n");
    Ok(Sprite {
        svg,
        names: names.into_iter().collect(),
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn after<'a>(text: &'a str, marker: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(marker).skip(1).filter_map(|rest| rest.split('"').next())
}

/// The inner shapes of an icon file as a symbol; the stroke's width is left to the style sheet.
fn symbol(name: &str, file: &str) -> Option<String> {
    let body = file.split_once("<svg")?.1.split_once('>')?.1.rsplit_once("</svg>")?.0;
    let shapes: String = body.lines().map(str::trim).collect();
    let shapes = shapes.replace("<path stroke=\"none\" d=\"M0 0h24v24H0z\" fill=\"none\"/>", "");
    Some(format!(
        "<symbol id=\"{name}\" viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-linecap=\"round\" stroke-linejoin=\"round\">{shapes}</symbol>"
    ))
}
