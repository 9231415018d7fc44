//! The cookie of a browser's session. Scripts cannot read it, and pages of other sites cannot use it.

use std::time::Duration;

use confab_core::{Error, Kind, Result};
use confab_lambda::{ApiRequest, Response};
use http::{HeaderValue, header};

use crate::state::State;

/// With this prefix, browsers accept the cookie from this host alone, and only with `Secure` and `Path=/`.
const SESSION_COOKIE: &str = "__Host-desk";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// Returns the refresh token of a browser.
pub(crate) fn session_cookie(request: &ApiRequest) -> Option<String> {
    let cookies = request.request.headers().get(header::COOKIE)?;
    // Cookies of others may hold any bytes.
    let cookies = String::from_utf8_lossy(cookies.as_bytes());
    let mut pairs = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let own = pairs.find(|(name, _)| *name == SESSION_COOKIE);
    own.map(|(_, value)| value.to_owned())
}

/// Lets the browser keep a refresh token.
pub(crate) fn set_session_cookie(
    response: &mut Response,
    token: &str,
    max_age: Duration,
) -> Result<()> {
    let cookie = format!(
        "{SESSION_COOKIE}={token}; {ATTRIBUTES}; Max-Age={}",
        max_age.as_secs()
    );
    let cookie = HeaderValue::from_str(&cookie);
    let cookie = cookie.map_err(|error| Error::internal("render_failed", error))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}

/// Lets the browser forget its refresh token.
pub(crate) fn clear_session_cookie(response: &mut Response) -> Result<()> {
    set_session_cookie(response, "", Duration::ZERO)
}

/// Refuses a request that a page of another site makes with the cookie, or to have it set. Browsers name the origin
/// with each request that changes something. Other clients name none.
pub(crate) fn require_own_page(state: &State, request: &ApiRequest) -> Result<()> {
    let Some(origin) = request.request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let is_own = |own: &str| own.as_bytes() == origin.as_bytes();
    if state.console_origin().is_some_and(is_own) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Forbidden,
        "origin_not_allowed",
        "This page may not use your session.",
    ))
}

#[cfg(test)]
mod tests {
    use confab_core::{CorrelationId, Timestamp};
    use confab_lambda::response;
    use http::StatusCode;

    use super::*;

    fn cookie(value: &[u8]) -> Option<String> {
        let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
        let mut request = ApiRequest::new(http::Request::default(), correlation_id);
        let value = HeaderValue::from_bytes(value).unwrap();
        request.request.headers_mut().insert(header::COOKIE, value);
        session_cookie(&request)
    }

    #[test]
    fn cookie_is_found_among_others() {
        assert_eq!(cookie(b"__Host-desk=one").as_deref(), Some("one"));
        let among = cookie("a=1;b=\u{e9}; __Host-desk=two; __Host-desk2=x".as_bytes());
        assert_eq!(among.as_deref(), Some("two"));
        for other in [
            "",
            "desk=1",
            "__host-desk=1",
            "x__Host-desk=1",
            "__Host-desk",
        ] {
            assert_eq!(cookie(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn cookie_is_kept_from_scripts_and_other_sites() {
        let mut response = response::empty(StatusCode::NO_CONTENT);
        set_session_cookie(&mut response, "token", Duration::from_secs(60)).unwrap();
        clear_session_cookie(&mut response).unwrap();
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(
            cookies,
            [
                "__Host-desk=token; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60",
                "__Host-desk=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
            ]
        );
    }
}
