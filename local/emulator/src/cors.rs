//! CORS headers of HTTP APIs and buckets.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::template::Cors;

/// Adds the CORS headers that `cors` grants to `origin`; none when it grants nothing.
pub(crate) fn add_headers(headers: &mut HeaderMap, cors: &Cors, origin: &str, is_preflight: bool) {
    let is_open = cors.origins.iter().any(|known| known == "*");
    if !is_open && !cors.origins.iter().any(|known| known == origin) {
        return;
    }
    let mut insert = |name: HeaderName, value: &str| {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        if is_open { "*" } else { origin },
    );
    if is_preflight {
        insert(header::ACCESS_CONTROL_ALLOW_METHODS, &cors.methods);
        insert(header::ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers);
        insert(header::ACCESS_CONTROL_MAX_AGE, &cors.max_age.to_string());
    } else {
        insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed);
    }
}
