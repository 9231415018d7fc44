//! Who signed a request. A function's access key is its name, so that its calls are counted and permitted as its own.

use axum::http::HeaderMap;

/// The caller of requests that no function signed: a test, a command line, a presigned URL.
pub(crate) const OUTSIDE: &str = "outside";
/// The secret key of every function.
pub(crate) const SECRET_KEY: &str = "local";

/// Returns the access key of a signed request; empty when it is not signed.
pub(crate) fn access_key(headers: &HeaderMap) -> String {
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let credential = authorization
        .split("Credential=")
        .nth(1)
        .unwrap_or_default();
    credential.split('/').next().unwrap_or_default().to_owned()
}
