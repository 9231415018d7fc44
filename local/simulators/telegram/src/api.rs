//! The Bot API: authentication, faults, flood limits and dispatch.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Call, hang, lost_connection};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    album, api_error::ApiError, calls, chat_methods, connect, edit, faults::CallFault,
    files::MediaKind, method::Method, params::Params, send, telegram::Telegram, webhook,
};

const CORRELATION_HEADER: &str = "x-correlation-id";

/// The result of a call, with the description that few methods have.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) result: Value,
    description: Option<&'static str>,
}

impl Done {
    pub(crate) fn described(result: impl Into<Value>, description: &'static str) -> Self {
        Self {
            result: result.into(),
            description: Some(description),
        }
    }
}

impl From<Value> for Done {
    fn from(result: Value) -> Self {
        Self {
            result,
            description: None,
        }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": true, "result": self.result});
        if let Some(description) = self.description {
            body["description"] = description.into();
        }
        Json(body).into_response()
    }
}

pub(crate) async fn call(
    State(telegram): State<Arc<Telegram>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let mut record = Call::new("telegram");
    record.correlation_id = correlation_id(request.headers());
    let method = match authorize(&telegram, &path) {
        Ok(method) => method,
        Err(error) => {
            let text = format!("call: {} {}", error.code, error.description);
            telegram.context.record(record, text, false);
            return error.into_response();
        }
    };
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(error) => {
            let none = Params::default();
            calls::add(&telegram, method, &none, Err(&error), true);
            return error.into_response();
        }
    };
    let fault = next_fault(&telegram, method, &params);
    if fault.as_ref().is_some_and(|fault| fault.drop_before) {
        telegram
            .context
            .record(record, format!("{}: lost", method.name()), false);
        return lost_connection();
    }
    let refusal = fault.as_ref().and_then(CallFault::refusal);
    let result = match refusal {
        Some(refusal) => Err(refusal),
        None => execute(&telegram, method, &params, fault.as_ref()).await,
    };
    let is_lost = fault.as_ref().is_some_and(|fault| fault.drop_after);
    let seen = result.as_ref().map(|done| &done.result);
    calls::add(&telegram, method, &params, seen, !is_lost);
    let code = result.as_ref().map_or_else(|error| error.code, |_| 200);
    record.message_id = params.integer("chat_id").map(|chat| chat.to_string());
    let text = format!("{}: {code}", method.name());
    telegram.context.record(record, text, result.is_ok());
    hang(fault.and_then(|fault| fault.hang_ms)).await;
    if is_lost {
        return lost_connection();
    }
    result.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

/// Carries out a call.
pub(crate) async fn execute(
    telegram: &Telegram,
    method: Method,
    params: &Params,
    fault: Option<&CallFault>,
) -> Result<Done, ApiError> {
    if method.is_send() {
        check_flood(telegram, method, params)?;
    }
    let result = match method {
        Method::SetWebhook => return connect::set(telegram, params),
        Method::DeleteWebhook => return connect::delete(telegram, params),
        Method::GetWebhookInfo => {
            let store = telegram.context.store();
            webhook::get(&store.db)?.info(&store.db)?
        }
        Method::GetMe => me(telegram),
        Method::SendMessage => send::message(telegram, params)?,
        Method::SendPhoto => send::media(telegram, params, MediaKind::Photo).await?,
        Method::SendDocument => send::media(telegram, params, MediaKind::Document).await?,
        Method::SendMediaGroup => album::send(telegram, params, fault).await?,
        Method::EditMessageText => edit::text(telegram, params)?,
        Method::EditMessageCaption => edit::caption(telegram, params)?,
        Method::EditMessageReplyMarkup => edit::reply_markup(telegram, params)?,
        Method::EditMessageMedia => edit::media(telegram, params).await?,
        Method::DeleteMessage => chat_methods::delete(telegram, params, false)?,
        Method::DeleteMessages => chat_methods::delete(telegram, params, true)?,
        Method::AnswerCallbackQuery => chat_methods::answer_callback(telegram, params)?,
        Method::SendChatAction => chat_methods::chat_action(telegram, params)?,
        Method::SendMessageDraft => chat_methods::draft(telegram, params)?,
        Method::SetMyCommands => chat_methods::set_commands(telegram, params)?,
        Method::GetMyCommands => chat_methods::commands(telegram, params)?,
        Method::GetFile => chat_methods::get_file(telegram, params)?,
    };
    Ok(result.into())
}

/// Returns the bot as `getMe` does.
pub(crate) fn me(telegram: &Telegram) -> Value {
    let mut me = telegram.account.user();
    me["can_join_groups"] = true.into();
    me["can_read_all_group_messages"] = (!telegram.settings.get().privacy).into();
    me["supports_inline_queries"] = false.into();
    me
}

/// Whether a token is the bot's. Without a configured token none is.
pub(crate) fn is_token(telegram: &Telegram, token: &str) -> bool {
    let expected = telegram.account.token.expose_secret();
    !expected.is_empty() && token == expected
}

pub(crate) fn correlation_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CORRELATION_HEADER)?;
    Some(value.to_str().ok()?.to_owned())
}

fn authorize(telegram: &Telegram, path: &str) -> Result<Method, ApiError> {
    let path = path.strip_prefix("bot");
    let parts = path.and_then(|path| path.split_once('/'));
    let (token, method) = parts.ok_or_else(|| ApiError::of_status(404))?;
    if !is_token(telegram, token) {
        return Err(ApiError::unauthorized());
    }
    Method::from_name(method).ok_or_else(ApiError::no_method)
}

fn next_fault(telegram: &Telegram, method: Method, params: &Params) -> Option<CallFault> {
    let settings = telegram.settings.get();
    let mut live = telegram.live();
    let chat = params.integer("chat_id");
    let asked = live.faults.take(|fault| fault.fits(method, chat));
    asked.or_else(|| CallFault::by_chance(&settings, method, &mut live.random))
}

fn check_flood(telegram: &Telegram, method: Method, params: &Params) -> Result<(), ApiError> {
    let settings = telegram.settings.get();
    let Some(chat) = params.integer("chat_id").filter(|_| settings.flood) else {
        return Ok(());
    };
    let messages = match method {
        Method::SendMediaGroup => {
            let media = params.json("media")?.unwrap_or_default();
            media.as_array().map_or(1, Vec::len)
        }
        _ => 1,
    };
    let messages = i64::try_from(messages).unwrap_or(1);
    let now = telegram.context.now();
    let taken = telegram
        .live()
        .flood
        .take(chat, messages, settings.chat_burst, now);
    taken.map_err(ApiError::too_many)
}
