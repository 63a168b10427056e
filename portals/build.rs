//! Turns templates, words and pinned front-end packages into tables the binary embeds: names, hashes, gzip, an icon
//! subset, and the part of the style sheet that templates use. Nothing is downloaded and Node is not run.

#[path = "build/gather.rs"]
mod gather;
#[path = "build/icons.rs"]
mod icons;
#[path = "build/purge.rs"]
mod purge;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gather::{Source, fnv, sources, write_if_changed};

type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    let room = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for watched in [
        "templates",
        "texts",
        "src",
        "build",
        "assets/app.css",
        "assets/app.js",
        "assets/theme.js",
        "assets/favicon.svg",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }
    for watched in [
        "assets/icons.txt",
        "assets/classes.txt",
        "assets/package-lock.json",
        "assets/node_modules/.package-lock.json",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let packages = room.join("assets/node_modules");
    if !packages.join("@tabler/core/dist/css/tabler.min.css").is_file() {
        return Err(
            "portals/assets/node_modules is missing: run bin/setup, which installs the pinned front-end packages"
                .into(),
        );
    }
    let templates = sources(&room.join("templates"), &["html", "txt"])?;
    let code = sources(&room.join("src"), &["rs"])?;
    let words = sources(&room.join("texts"), &["ftl"])?;
    write_if_changed(
        &out.join("templates.rs"),
        table("TEMPLATES", "templates", &templates, |s| s.name.clone())?.as_bytes(),
    )?;
    write_if_changed(
        &out.join("texts.rs"),
        table("TEXTS", "texts", &words, language_of)?.as_bytes(),
    )?;
    let extra_icons = fs::read_to_string(room.join("assets/icons.txt"))?;
    let sprite = icons::sprite(
        &packages.join("@tabler/icons/icons/outline"),
        &templates,
        &code,
        &extra_icons,
    )?;
    let used = purge::used_words(&[&templates, &code], &room.join("assets"))?;
    let assets = assets(&room.join("assets"), &packages, &sprite.svg, &used)?;
    let text = embed(&out, &assets, &sprite.names)?;
    write_if_changed(&out.join("assets.rs"), text.as_bytes())?;
    Ok(())
}

/// The first folder of a word file's name.
fn language_of(source: &Source) -> String {
    source.name.split('/').next().unwrap_or_default().to_owned()
}

/// A Rust table of (key, included text).
fn table(name: &str, folder: &str, files: &[Source], key: impl Fn(&Source) -> String) -> Result<String, Fault> {
    let mut text = format!("pub(crate) static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = format!("/{folder}/{}", file.name);
        writeln!(
            text,
            "    ({:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),",
            key(file)
        )?;
    }
    text.push_str("];\n");
    Ok(text)
}

struct Built {
    name: &'static str,
    mime: &'static str,
    body: Vec<u8>,
}

fn assets(own: &Path, packages: &Path, sprite: &str, used: &purge::Words) -> Result<Vec<Built>, Fault> {
    const CSS: &str = "text/css; charset=utf-8";
    const JS: &str = "text/javascript; charset=utf-8";
    const SVG: &str = "image/svg+xml";
    let text = |path: &str| fs::read_to_string(packages.join(path)).map_err(|e| format!("{path}: {e}"));
    let mine = |name: &str| fs::read_to_string(own.join(name)).map_err(|e| format!("{name}: {e}"));
    let app_css = mine("app.css")?;
    let sheet = |path: &str| -> Result<Vec<u8>, Fault> { Ok(purge::purged(&text(path)?, &app_css, used).into_bytes()) };
    Ok(vec![
        Built {
            name: "base.css",
            mime: CSS,
            body: sheet("@tabler/core/dist/css/tabler.min.css")?,
        },
        Built {
            name: "base-rtl.css",
            mime: CSS,
            body: sheet("@tabler/core/dist/css/tabler.rtl.min.css")?,
        },
        Built {
            name: "app.css",
            mime: CSS,
            body: purge::squeezed(&app_css).into_bytes(),
        },
        Built {
            name: "htmx.js",
            mime: JS,
            body: text("htmx.org/dist/htmx.min.js")?.into_bytes(),
        },
        Built {
            name: "hx-sse.js",
            mime: JS,
            body: text("htmx.org/dist/ext/hx-sse.min.js")?.into_bytes(),
        },
        Built {
            name: "app.js",
            mime: JS,
            body: mine("app.js")?.into_bytes(),
        },
        Built {
            name: "theme.js",
            mime: JS,
            body: mine("theme.js")?.into_bytes(),
        },
        Built {
            name: "icons.svg",
            mime: SVG,
            body: sprite.as_bytes().to_vec(),
        },
        Built {
            name: "favicon.svg",
            mime: SVG,
            body: mine("favicon.svg")?.into_bytes(),
        },
        Built {
            name: "inter.woff2",
            mime: "font/woff2",
            body: fs::read(packages.join("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"))?,
        },
        Built {
            name: "inter-ext.woff2",
            mime: "font/woff2",
            body: fs::read(packages.join("@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2"))?,
        },
    ])
}

/// Writes every asset, plain and compressed, and the table that includes them. Fonts go first: the style sheet names them.
fn embed(out: &Path, assets: &[Built], icon_names: &[String]) -> Result<String, Fault> {
    let hashed = |asset: &Built, body: &[u8]| {
        let (stem, ext) = asset.name.rsplit_once('.').unwrap_or((asset.name, "bin"));
        format!("{stem}.{:016x}.{ext}", fnv(body))
    };
    let fonts: Vec<(&str, String)> = assets
        .iter()
        .filter(|a| a.mime == "font/woff2")
        .map(|a| (a.name, hashed(a, &a.body)))
        .collect();
    let mut text = String::from("pub(crate) static ASSETS: &[Asset] = &[\n");
    for asset in assets {
        let mut body = asset.body.clone();
        if asset.name == "app.css" {
            let mut sheet = String::from_utf8(body)?;
            for (name, file) in &fonts {
                sheet = sheet.replace(&format!("url({name})"), &format!("url({file})"));
            }
            body = sheet.into_bytes();
        }
        let file = hashed(asset, &body);
        write_if_changed(&out.join(&file), &body)?;
        let include = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))");
        let gz = if asset.mime == "font/woff2" {
            "None".to_owned()
        } else {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&body)?;
            write_if_changed(&out.join(format!("{file}.gz")), &encoder.finish()?)?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}.gz\")))")
        };
        writeln!(
            text,
            "    Asset {{ name: {:?}, path: {:?}, mime: {:?}, body: {include}, gz: {gz} }},",
            asset.name,
            format!("/assets/{file}"),
            asset.mime
        )?;
    }
    text.push_str("];\n");
    writeln!(
        text,
        "/// Icons of the sprite, sorted.\npub(crate) static ICONS: &[&str] = &{icon_names:?};"
    )?;
    Ok(text)
}
