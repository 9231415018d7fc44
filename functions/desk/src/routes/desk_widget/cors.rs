//! Responses that pages of other origins may read: those of the sites of a bot.

use confab_core::{Error, Result};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::Consistency;
use desk_domain::DeploymentKey;
use http::{HeaderValue, StatusCode, header};

use crate::{
    services::bot_cache::{Widget, find_widget},
    state::State,
};

const METHODS: &str = "GET, POST";
const HEADERS: &str = "content-type, if-none-match";
const EXPOSED: &str = "etag, retry-after, x-correlation-id";
/// Browsers ask again after at most this many seconds.
const MAX_AGE: &str = "600";
/// What a response depends on. Caches keep one for each.
const VARY: &str = "Origin, Sec-Fetch-Site";

/// A page that the bot's list of origins has.
pub(super) struct Site {
    pub(super) widget: Widget,
    pub(super) origin: String,
}

impl Site {
    /// Finds the widget of a key, and checks the origin that the browser names.
    pub(super) async fn open(
        state: &State,
        request: &ApiRequest,
        key: &DeploymentKey,
        read: Consistency,
    ) -> Result<Self> {
        let widget = find_widget(state, key, read).await?;
        let origin = request.header("origin");
        widget.settings().authorize_origin(origin)?;
        Ok(Self {
            widget,
            origin: origin.unwrap_or_default().to_owned(),
        })
    }

    /// Lets the page read an outcome, even an error.
    pub(super) fn answer(&self, request: &ApiRequest, outcome: Result<Response>) -> Response {
        let response = outcome.unwrap_or_else(|error| request.problem(&error));
        allow(vary(response), &self.origin)
    }
}

/// Whether the frame asks, which is a page of our own origin. Browsers name no origin then.
pub(super) fn is_own_page(request: &ApiRequest) -> bool {
    let is_same_origin = request.header("sec-fetch-site") == Some("same-origin");
    is_same_origin && request.header("origin").is_none()
}

/// Refuses a page that is of no site of the bot. Scripts of the page cannot read why.
pub(super) fn refuse(request: &ApiRequest, error: &Error) -> Response {
    vary(request.problem(error))
}

/// Answers the question of a browser whether a page may call.
pub(super) fn preflight() -> Response {
    let mut response = response::empty(StatusCode::NO_CONTENT);
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

pub(super) fn vary(mut response: Response) -> Response {
    let vary = HeaderValue::from_static(VARY);
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// Lets the pages of an origin read a response.
pub(super) fn allow(mut response: Response, origin: &str) -> Response {
    let Ok(origin) = HeaderValue::from_str(origin) else {
        return response;
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static(EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}
