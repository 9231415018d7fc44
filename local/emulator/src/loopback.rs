//! Refuses requests of other sites' pages to what listens on loopback.

use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use serde_json::json;

async fn refuse_foreign(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        let error =
            json!({ "code": "foreign_page", "message": "Only pages of this laptop may ask this." });
        return (StatusCode::FORBIDDEN, Json(json!({ "error": error }))).into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_here = |authority: &str| {
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    };
    let foreign_host = header(header::HOST).is_some_and(|host| !is_here(host));
    let page = header(header::ORIGIN)
        .map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host));
    foreign_host || page.is_some_and(|host| !is_here(host))
}

/// Refuses requests whose `Origin` or `Host` is not loopback, which covers DNS rebinding.
pub fn guard(router: Router) -> Router {
    router.layer(middleware::from_fn(refuse_foreign))
}
