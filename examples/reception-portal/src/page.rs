//! The page, built by Vite into `page/dist`: inside this program; read from there in debug builds,
//! but for those for Windows.

use std::borrow::Cow;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// The folder may be missing where nobody needs the page.
#[derive(RustEmbed)]
#[folder = "page/dist"]
#[allow_missing = true]
struct Page;

/// Files by their names; every other path is a screen of the page, which finds its own way.
pub(crate) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Page::get(path) {
        Some(file) => answer(path, file.data),
        None if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        None => match Page::get("index.html") {
            Some(file) => answer("index.html", file.data),
            None => (StatusCode::SERVICE_UNAVAILABLE, "the page was not built").into_response(),
        },
    }
}

fn answer(path: &str, data: Cow<'static, [u8]>) -> Response {
    // Vite names what is in this folder by its content.
    let caching = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    ([(CONTENT_TYPE, content_type(path)), (CACHE_CONTROL, caching)], data).into_response()
}

/// What Vite makes, and no more: browsers are told not to guess.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
