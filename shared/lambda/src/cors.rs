//! CORS headers of functions whose API has no CORS rules of its own.

use http::{HeaderMap, HeaderValue, header, header::Entry};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "authorization, content-type, idempotency-key, x-tenant-id, x-request-id";
const EXPOSED: &str = "retry-after, x-correlation-id, etag";
/// Browsers ask again after at most this many seconds.
const MAX_AGE: &str = "7200";

/// Lets the pages of an origin read the response and send their cookies, unless the route has decided itself.
pub(crate) fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    let Entry::Vacant(allowed) = headers.entry(header::ACCESS_CONTROL_ALLOW_ORIGIN) else {
        return;
    };
    allowed.insert(origin);
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        (header::VARY, "origin"),
    ];
    for (name, value) in fixed {
        headers.append(name, HeaderValue::from_static(value));
    }
}
