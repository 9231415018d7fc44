//! What sites and the widget call: the configuration, the frame, embed tokens and sessions of visitors.
//!
//! The loader calls from the page of a site, so that the browser names the origin, which a bot's list must have. The frame
//! is a document of ours and needs no such headers.

mod cors;
mod frame;

use std::sync::Arc;

use confab_core::{Error, Kind, Result, after};
use confab_lambda::{
    ApiRequest, Response, Router,
    extract::{Json, Path, Whole},
    response,
};
use confab_worker::Consistency;
use desk_domain::{DeploymentKey, WidgetConfig};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{EMBED_TTL, EmbedTicket, take_visitor_tokens, visitor_source},
    services::{
        bot_cache::{Widget, find_widget},
        etags::is_known,
        widget_files::find_file,
        widget_sessions::{SessionRequest, open_session},
    },
    state::{Part, State},
};

use cors::Site;

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sealer,
    Part::SocketUrl,
    Part::Objects,
    Part::DynamoDbConnection,
];

/// How long browsers use a configuration or a frame without asking again.
const CACHE_CONTROL: &str = "max-age=60";
const LOADER: &str = "w.js";

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct EmbedRequest {
    key: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct EmbedAnswer {
    embed_token: String,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /chatbots/widget/{key}", show_config)
        .route("OPTIONS /chatbots/widget/{key}", allow_config)
        .route("GET /w.js", show_loader)
        .route("GET /w/{key}", show_frame)
        .route("POST /widget/embed", create_embed)
        .route("OPTIONS /widget/embed", allow_embed)
        .route("GET /widget/embed/{key}", import_embed)
        .route("POST /widget/sessions", create_session)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/chatbots/widget/{key}",
    operation_id = "show_widget_config",
    tag = "Widget",
    params(("key" = DeploymentKey, Path)),
    responses(
        (status = 200, description = "The configuration. Browsers may keep it for a minute.", body = WidgetConfig),
        (status = 304, description = "The configuration that the browser has is current."),
        Forbidden,
        NotFound,
    ),
    security(())
))]
pub(crate) async fn show_config(
    state: Arc<State>,
    Whole(request): Whole,
    Path(key): Path<DeploymentKey>,
) -> Result<Response> {
    if cors::is_own_page(&request) {
        let widget = find_widget(&state, &key, Consistency::Eventual).await?;
        return Ok(cors::vary(render_config(&request, &widget)?));
    }
    let site = match Site::open(&state, &request, &key, Consistency::Eventual).await {
        Ok(site) => site,
        Err(error) => return Ok(cors::refuse(&request, &error)),
    };
    let config = render_config(&request, &site.widget);
    Ok(site.answer(&request, config))
}

fn render_config(request: &ApiRequest, widget: &Widget) -> Result<Response> {
    let body = widget.config().render()?;
    let etag = WidgetConfig::etag(&body);
    let etag_value =
        HeaderValue::from_str(&etag).map_err(|e| Error::internal("render_failed", e))?;
    let mut response = if is_known(request.header("if-none-match"), &etag) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else {
        let text = String::from_utf8_lossy(&body);
        response_of(StatusCode::OK, "application/json", text)
    };
    let headers = response.headers_mut();
    let cache_control = HeaderValue::from_static(CACHE_CONTROL);
    headers.insert(header::CACHE_CONTROL, cache_control);
    headers.insert(header::ETAG, etag_value);
    Ok(response)
}

fn response_of(status: StatusCode, media_type: &'static str, body: impl Into<String>) -> Response {
    let mut response = response::text(status, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

#[cfg_attr(test, utoipa::path(
    options,
    path = "/chatbots/widget/{key}",
    operation_id = "allow_widget_config",
    tag = "Widget",
    params(("key" = DeploymentKey, Path)),
    responses((status = 204, description = "Pages of this site may ask."), Forbidden, NotFound),
    security(())
))]
pub(crate) async fn allow_config(
    state: Arc<State>,
    Whole(request): Whole,
    Path(key): Path<DeploymentKey>,
) -> Result<Response> {
    match Site::open(&state, &request, &key, Consistency::Eventual).await {
        Ok(site) => Ok(site.answer(&request, Ok(cors::preflight()))),
        Err(error) => Ok(cors::refuse(&request, &error)),
    }
}

/// The loader, which sites have in their pages.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/w.js",
    operation_id = "show_loader",
    tag = "Widget",
    responses(
        (status = 200, description = "The script that sites have in their pages.", body = String, content_type = "text/javascript"),
        (status = 304, description = "The script that the browser has is current."),
        NotFound,
    ),
    security(())
))]
pub(crate) async fn show_loader(Whole(request): Whole) -> Result<Response> {
    find_file(&request, LOADER).ok_or_else(|| Error::not_found("file"))
}

/// A script of the frame, or the frame of a bot.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/w/{key}",
    operation_id = "show_frame",
    tag = "Widget",
    params(("key" = String, Path, description = "A deployment key, or the name of a file")),
    responses(
        (status = 200, description = "The frame of a chatbot, a script of the frame, or the licences of a script.", content((String = "text/html"), (String = "text/javascript"), (String = "text/plain"))),
        (status = 304, description = "The script that the browser has is current."),
        NotFound,
    ),
    security(())
))]
pub(crate) async fn show_frame(
    state: Arc<State>,
    Whole(request): Whole,
    Path(name): Path<String>,
) -> Result<Response> {
    if let Some(file) = find_file(&request, &name) {
        return Ok(file);
    }
    let key = DeploymentKey::parse(&name)?;
    let widget = find_widget(&state, &key, Consistency::Eventual).await?;
    let bucket_url = state.objects()?.url();
    frame::render(&key, widget.settings(), state.socket_url()?, &bucket_url)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/widget/embed",
    operation_id = "create_embed_token",
    tag = "Widget",
    request_body = EmbedRequest,
    responses(
        (status = 201, description = "A token that opens sessions for a minute.", body = EmbedAnswer),
        BodyRefusals,
        PaymentRequired,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn create_embed(
    state: Arc<State>,
    Whole(request): Whole,
    Json(asked): Json<EmbedRequest>,
) -> Result<Response> {
    let key = DeploymentKey::parse(&asked.key)?;
    let site = match Site::open(&state, &request, &key, Consistency::Strong).await {
        Ok(site) => site,
        Err(error) => return Ok(cors::refuse(&request, &error)),
    };
    let sealed = seal_embed(&state, &request, &key, &site).await;
    let answer = sealed
        .and_then(|embed_token| response::json(StatusCode::CREATED, &EmbedAnswer { embed_token }));
    Ok(site.answer(&request, answer))
}

/// Answers like `create_embed`, as a module. A page imports it although its policy does not let it connect to us.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/widget/embed/{key}",
    operation_id = "import_embed_token",
    tag = "Widget",
    params(("key" = DeploymentKey, Path)),
    responses(
        (status = 200, description = "A module with the token, or with the `code` of a refusal.", body = String, content_type = "text/javascript"),
        PaymentRequired,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn import_embed(
    state: Arc<State>,
    Whole(request): Whole,
    Path(name): Path<String>,
) -> Result<Response> {
    let opened = async {
        let key = DeploymentKey::parse(&name)?;
        let site = Site::open(&state, &request, &key, Consistency::Strong).await?;
        Ok::<_, Error>((key, site))
    };
    let (key, site) = match opened.await {
        Ok(opened) => opened,
        Err(error) => return Ok(refuse_import(&request, &error)),
    };
    let sealed = seal_embed(&state, &request, &key, &site).await;
    Ok(site.answer(&request, sealed.map(|token| module("embed_token", &token))))
}

/// Says why there is no widget, so that the loader removes itself and its console names the reason. Other failures are
/// no modules, and the loader tries again.
fn refuse_import(request: &ApiRequest, error: &Error) -> Response {
    let is_final = matches!(error.kind(), Kind::Forbidden | Kind::NotFound);
    match request.header("origin") {
        Some(origin) if is_final => cors::allow(cors::vary(module("code", error.code())), origin),
        _ => cors::refuse(request, error),
    }
}

/// Sealed tokens and codes have letters, digits, `-`, `_` and dots alone.
fn module(name: &str, value: &str) -> Response {
    let module = format!("export default {{\"{name}\":\"{value}\"}};\n");
    let mut response = response_of(StatusCode::OK, "text/javascript; charset=utf-8", module);
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

async fn seal_embed(
    state: &State,
    request: &ApiRequest,
    key: &DeploymentKey,
    site: &Site,
) -> Result<String> {
    let widget = &site.widget;
    widget.tenant.check(true)?;
    take_visitor_tokens(state, widget.tenant, None, &visitor_source(request)).await?;
    let ticket = EmbedTicket {
        tenant: widget.grant.id(),
        bot: widget.bot(),
        key: key.clone(),
        origin: site.origin.clone(),
    };
    let expires_at = after(state.clock.now(), EMBED_TTL);
    state.sealer()?.seal(&ticket, expires_at).await
}

/// Lets any page ask. The answer is for the pages of the bot's sites alone.
#[cfg_attr(test, utoipa::path(
    options,
    path = "/widget/embed",
    operation_id = "allow_embed_token",
    tag = "Widget",
    responses(
        (status = 204, description = "Any page may ask. The answer is for the sites of the chatbot alone."),
    ),
    security(())
))]
pub(crate) async fn allow_embed(Whole(request): Whole) -> Result<Response> {
    let response = cors::vary(cors::preflight());
    Ok(match request.header("origin") {
        Some(origin) => cors::allow(response, origin),
        None => response,
    })
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/widget/sessions",
    operation_id = "create_visitor_session",
    tag = "Widget",
    request_body = SessionRequest,
    responses(
        (status = 201, description = "The session of a visitor.", body = VisitorSession),
        BodyRefusals,
        Unauthorized,
        PaymentRequired,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn create_session(
    state: Arc<State>,
    Whole(request): Whole,
    Json(asked): Json<SessionRequest>,
) -> Result<Response> {
    let session = open_session(&state, &asked, &visitor_source(&request)).await?;
    response::json(StatusCode::CREATED, &session)
}

#[cfg(test)]
use crate::contract::{
    BodyRefusals, Forbidden, NotFound, PaymentRequired, RateLimited, Unauthorized,
};
#[cfg(test)]
use crate::services::widget_sessions::VisitorSession;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bodies_are_not_sent_again() {
        let etag = "\"0123\"";
        for known in ["\"0123\"", "W/\"0123\"", "\"9\", \"0123\"", "*"] {
            assert!(is_known(Some(known), etag), "{known}");
        }
        for other in [None, Some(""), Some("0123"), Some("\"01234\"")] {
            assert!(!is_known(other, etag), "{other:?}");
        }
    }
}
