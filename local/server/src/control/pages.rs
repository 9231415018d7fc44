//! The built pages.

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use confab_emulator::match_path;
use serde_json::json;

use super::state::{Addresses, Control};

pub(super) async fn home(State(control): State<Control>) -> Response {
    page_with(&control, "home.html", "", "").await
}

/// Serves a service's page or its `config.json`. A page that calls the APIs may connect to each of their addresses.
pub(super) async fn service_page(State(control): State<Control>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = request.uri().path();
    let Addresses {
        gateway,
        aws,
        socket,
        ..
    } = &control.addresses;
    let config_of = path.strip_suffix("/config.json");
    let page_path = config_of.unwrap_or(path);
    let page_path = if page_path.len() > 1 {
        page_path.trim_end_matches('/')
    } else {
        page_path
    };
    let mut pages = control.service_pages.iter();
    let Some(page) = pages.find(|page| match_path(&page.path, page_path).is_some()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match (page.calls_api, config_of) {
        (true, Some(_)) => Json(json!({ "api": gateway })).into_response(),
        (true, None) => {
            let socket = socket
                .as_deref()
                .unwrap_or_default()
                .splitn(4, '/')
                .take(3)
                .collect::<Vec<_>>()
                .join("/");
            page_with(
                &control,
                &page.file,
                &format!("{gateway} {aws} {socket}"),
                aws,
            )
            .await
        }
        (false, None) => page_with(&control, &page.file, "", "").await,
        (false, Some(_)) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn page_with(
    control: &Control,
    name: &str,
    connects_to: &str,
    images_from: &str,
) -> Response {
    let Ok(html) = tokio::fs::read(control.pages.join(name)).await else {
        let text = "The pages are not built. scripts/dev builds them; so does `npm ci && npm run build` in web/.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {images_from}; connect-src 'self' {connects_to}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

pub(super) async fn asset(State(control): State<Control>, Path(name): Path<String>) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((stem, "js")) if !stem.starts_with('.') => "text/javascript; charset=utf-8",
        Some((stem, "css")) if !stem.starts_with('.') => "text/css; charset=utf-8",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A single segment cannot leave the folder.
    if name.contains(['/', '\\']) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read(control.pages.join("assets").join(&name)).await {
        Ok(bytes) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "max-age=31536000, immutable"),
            ],
            bytes,
        )
            .into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Forbids MIME sniffing and referrers.
pub(crate) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}
