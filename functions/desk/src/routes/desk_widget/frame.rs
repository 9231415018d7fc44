//! The frame of the widget: a document of ours that only the sites of a bot may show.

use confab_core::{Error, Result};
use confab_lambda::Response;
use desk_domain::{BotSettings, DeploymentKey};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{CACHE_CONTROL, response_of};

/// The address of the frame's script, on the origin of the frame.
const SCRIPT: &str = "/w/frame.js";

pub(super) fn render(
    key: &DeploymentKey,
    settings: &BotSettings,
    socket_url: &str,
    bucket_url: &str,
) -> Result<Response> {
    let mut response = response_of(StatusCode::OK, "text/html; charset=utf-8", html(key));
    let policy = policy(&settings.frame_ancestors(), socket_url, bucket_url);
    let policy = HeaderValue::try_from(policy).map_err(|e| Error::internal("render_failed", e))?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A key has lower-case letters, digits and an underscore alone.
fn html(key: &DeploymentKey) -> String {
    format!(
        "<!doctype html>\n\
         <html lang=\"en\" data-key=\"{key}\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Chat</title>\n\
         <script type=\"module\" src=\"{SCRIPT}\"></script>\n"
    )
}

/// Attachments are uploaded to the bucket, and pictures among them are shown from it.
fn policy(frame_ancestors: &str, socket_url: &str, bucket_url: &str) -> String {
    let socket = origin_of(socket_url);
    format!(
        "default-src 'self'; connect-src 'self' {socket} {bucket_url}; img-src 'self' data: blob: {bucket_url}/; \
         object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}"
    )
}

/// Returns the scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_is_allowed_by_its_origin_and_the_bucket_by_its_address() {
        for (url, origin) in [
            ("wss://a.example/live", "wss://a.example"),
            ("ws://127.0.0.1:7071/abc/live", "ws://127.0.0.1:7071"),
            ("wss://a.example", "wss://a.example"),
        ] {
            assert_eq!(origin_of(url), origin);
        }
        let bucket = "http://127.0.0.1:7072/files";
        let policy = policy("https://shop.example", "wss://a.example/live", bucket);
        assert!(
            policy.contains("connect-src 'self' wss://a.example http://127.0.0.1:7072/files;"),
            "{policy}"
        );
        assert!(
            policy.contains("img-src 'self' data: blob: http://127.0.0.1:7072/files/;"),
            "{policy}"
        );
        assert!(
            policy.ends_with("frame-ancestors https://shop.example"),
            "{policy}"
        );
    }
}
