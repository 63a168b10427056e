//! Bundled style, script, icon and font files: embedded, named by their content, compressed once at build time.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// One embedded file.
pub struct Asset {
    /// Plain name, as templates write it.
    pub name: &'static str,
    /// Where it is served; changes with the content.
    pub path: &'static str,
    /// Media type.
    pub mime: &'static str,
    /// The file.
    pub body: &'static [u8],
    /// The file, compressed; fonts are compressed already.
    pub gz: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The path of a file by its plain name, for example `app.css`.
#[must_use]
pub fn asset_path(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.path)
}

/// Whether the sprite has an icon.
#[must_use]
pub fn has_icon(name: &str) -> bool {
    ICONS.binary_search(&name).is_ok()
}

/// `GET /assets/{file}`: an immutable answer, or 404 for a name this build does not have.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let wanted = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(file.as_str()));
    let Some(asset) = wanted else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let packed = asset.gz.filter(|_| takes_gzip(&headers));
    let mut answer = packed.unwrap_or(asset.body).into_response();
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && weight.trim() != "q=0"
    })
}

#[cfg(test)]
mod tests {
    use super::{ASSETS, asset_path, has_icon, serve};
    use axum::extract::Path;
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    /// Budgets of a first visit, compressed.
    #[test]
    fn sizes_stay_within_budget() {
        let size = |names: &[&str]| -> usize {
            ASSETS
                .iter()
                .filter(|a| names.contains(&a.name))
                .map(|a| a.gz.map_or(a.body.len(), <[u8]>::len))
                .sum()
        };
        let css = size(&["base.css", "app.css"]);
        let scripts = size(&["htmx.js", "hx-sse.js", "app.js", "theme.js"]);
        assert!(css <= 35 * 1024, "style sheets are {css} bytes");
        assert!(scripts <= 25 * 1024, "scripts are {scripts} bytes");
        assert!(size(&["app.js"]) <= 4 * 1024);
    }

    #[test]
    fn names_are_neutral_and_versions_are_in_the_path() {
        for asset in ASSETS {
            assert!(
                asset.path.starts_with("/assets/") && asset.path.len() > asset.name.len() + 16,
                "{}",
                asset.path
            );
            assert!(!asset.path.to_lowercase().contains("ezscale"));
        }
        assert!(asset_path("app.css").is_some() && asset_path("nope.css").is_none());
        let absent = "no-such-icon";
        assert!(has_icon("check") && !has_icon(absent));
    }

    #[tokio::test]
    async fn files_are_immutable_and_compressed_for_who_takes_it() {
        let file = asset_path("app.css").unwrap().trim_start_matches("/assets/").to_owned();
        let mut headers = HeaderMap::new();
        let plain = serve(Path(file.clone()), headers.clone()).await;
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip;q=0.8"));
        let packed = serve(Path(file), headers.clone()).await;
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(
            packed.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        assert_eq!(
            serve(Path("../Cargo.toml".to_owned()), headers).await.status(),
            StatusCode::NOT_FOUND
        );
    }
}
