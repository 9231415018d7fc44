//! `Messages.json`: sends messages, and lists sent messages.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use confab_core::{Timestamp, length};
use confab_messaging::Channel;
use confab_simulator_base::{Call, correlation_id_of, hang, lost_connection};
use confab_simulator_chat::{
    Content, Message, MessageStatus, Person, SendFault, SendOptions, Sender, StoredMessage,
    keep_image, messages, people,
};
use serde_json::{Value, json};

use crate::{
    access::{authorize, digits},
    api_error::ApiError,
    ids,
    twilio::Twilio,
    webhook,
};

/// The code of a picture that could not be downloaded.
const MEDIA_DOWNLOAD_ERROR: i64 = 63_019;
/// The code of a message after the reply window, which Twilio reports only after it accepted the
/// message.
const REPLY_WINDOW_CLOSED: i64 = 63_016;

pub(crate) async fn send(
    State(twilio): State<Arc<Twilio>>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("twilio");
    if let Err(error) = authorize(&twilio, &sid, &headers) {
        return refused(&twilio, call, "send", error);
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let reference = form
        .get("StatusCallback")
        .and_then(|callback| webhook::reference(callback));
    call.reference = reference.as_deref();
    let (person, content) =
        match person(&twilio, &form).and_then(|person| Ok((person, content(&form)?))) {
            Ok(read) => read,
            Err(error) => return refused(&twilio, call, "send", error),
        };
    let what = format!("send {}", content.name());
    let fault = twilio.chat.next_fault(&person.id);
    if let Some(response) = early_failure(fault.as_ref()).await {
        twilio
            .context
            .record(call, format!("{what}: failed on purpose"), false);
        return response;
    }
    let fails_later = fault.as_ref().and_then(|fault| fault.fails_later);
    let (content, fails_later) = match keep_image(&twilio.chat, content.clone()).await {
        Ok(content) => (content, fails_later),
        Err(_) => (content, Some(MEDIA_DOWNLOAD_ERROR)),
    };
    let options = SendOptions {
        reference: reference.clone(),
        status_callback: form.get("StatusCallback").cloned(),
    };
    let message = match accept(&twilio, &person, content, &options, fails_later) {
        Ok(message) => message,
        Err(error) => return refused(&twilio, call, &what, error),
    };
    call.message_id = Some(message.id.clone());
    if fault.as_ref().is_some_and(|fault| fault.drop_after_accept) {
        twilio.context.record(
            call,
            format!("{what}: accepted, and the connection lost on purpose"),
            false,
        );
        return lost_connection();
    }
    twilio.context.record(call, format!("{what}: 201"), true);
    hang(fault.as_ref().and_then(|fault| fault.hang_ms)).await;
    let queued = Message {
        status: MessageStatus::Sending,
        ..message
    };
    (
        StatusCode::CREATED,
        Json(resource(&twilio, &person.phone, &queued)),
    )
        .into_response()
}

pub(crate) async fn list(
    State(twilio): State<Arc<Twilio>>,
    Path(sid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("twilio");
    let found = authorize(&twilio, &sid, &headers).and_then(|()| search(&twilio, &query));
    match found {
        Ok(messages) => {
            twilio
                .context
                .record(call, format!("look up: {} found", messages.len()), true);
            Json(json!({"messages": messages, "page": 0, "page_size": 1_000})).into_response()
        }
        Err(error) => refused(&twilio, call, "look up", error),
    }
}

fn search(twilio: &Twilio, query: &HashMap<String, String>) -> Result<Vec<Value>, ApiError> {
    let from_us = query
        .get("From")
        .is_none_or(|from| *from == twilio.account.from);
    let to = query.get("To").and_then(|to| digits(to));
    let since = query
        .get("DateSent>")
        .map(|day| day.chars().take(10).collect::<String>());
    let store = twilio.context.store();
    let person = match to {
        Some(phone) => people::by_phone(&store.db, phone).map_err(|_| ApiError::internal())?,
        None => return Err(ApiError::bad(21_211, "The 'To' number is required here.")),
    };
    let Some(person) = person.filter(|_| from_us) else {
        return Ok(Vec::new());
    };
    let sent =
        messages::sent_by_app(&store.db, Some(&person.id)).map_err(|_| ApiError::internal())?;
    drop(store);
    let recent = |stored: &StoredMessage| {
        let day = time(stored.message.at).strftime("%Y-%m-%d").to_string();
        since.as_ref().is_none_or(|since| day >= *since)
    };
    let found = sent.iter().rev().filter(|stored| recent(stored));
    Ok(found
        .map(|stored| resource(twilio, &person.phone, &stored.message))
        .collect())
}

fn refused(twilio: &Twilio, call: Call<'_>, what: &str, refusal: ApiError) -> Response {
    let text = format!(
        "{what}: {} {} {}",
        refusal.status.as_u16(),
        refusal.code,
        refusal.message
    );
    twilio.context.record(call, text, false);
    refusal.into_response()
}

fn person(twilio: &Twilio, form: &HashMap<String, String>) -> Result<Person, ApiError> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("From") != twilio.account.from {
        return Err(ApiError::bad(
            63_007,
            "Twilio could not find a Channel with the specified From address",
        ));
    }
    let invalid = || {
        ApiError::bad(
            21_211,
            &format!(
                "The 'To' number {} is not a valid phone number.",
                field("To")
            ),
        )
    };
    let phone = digits(field("To")).ok_or_else(invalid)?;
    let person =
        people::by_phone(&twilio.context.store().db, phone).map_err(|_| ApiError::internal())?;
    let person = person.filter(|person| person.channel == Channel::Twilio);
    person.ok_or_else(|| ApiError::bad(63_003, "Channel could not find To address"))
}

fn content(form: &HashMap<String, String>) -> Result<Content, ApiError> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty()).cloned();
    let body = field("Body");
    if body.as_deref().is_some_and(|body| length(body) > 1_600) {
        return Err(ApiError::bad(
            21_617,
            "The concatenated message body exceeds the 1600 character limit.",
        ));
    }
    if let Some(name) = field("ContentSid") {
        if name.len() != 34 || !name.starts_with("HX") {
            return Err(ApiError::bad(
                21_655,
                "The ContentSid Parameter is Invalid.",
            ));
        }
        let variables = field("ContentVariables").unwrap_or_else(|| "{}".into());
        let variables: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&variables)
                .map_err(|_| ApiError::bad(21_656, "The ContentVariables Parameter is invalid."))?;
        let parameters = variables.into_values().collect();
        return Ok(Content::Template {
            name,
            language: String::new(),
            parameters,
        });
    }
    match (field("MediaUrl"), body) {
        (Some(url), caption) => Ok(Content::Image {
            media_id: None,
            url,
            caption,
        }),
        (None, Some(text)) => Ok(Content::Text { text }),
        (None, None) => Err(ApiError::bad(
            21_619,
            "A text message body or media urls must be specified.",
        )),
    }
}

fn accept(
    twilio: &Twilio,
    person: &Person,
    content: Content,
    options: &SendOptions,
    fails_later: Option<i64>,
) -> Result<Message, ApiError> {
    let now = twilio.context.now();
    let template = matches!(content, Content::Template { .. });
    let open = twilio.chat.is_reply_window_open(person);
    let failed = fails_later.or((!open && !template).then_some(REPLY_WINDOW_CLOSED));
    let message = Message {
        id: ids::message_id(),
        seq: 0,
        at: now,
        from: Sender::Bot,
        status: if failed.is_some() {
            MessageStatus::Failed
        } else {
            MessageStatus::Delivered
        },
        error: failed.map(|code| code.to_string()),
        context_id: None,
        reaction: None,
        correlation_id: correlation_id_of(options.reference.as_deref()),
        content,
    };
    let id = message.id.clone();
    let saved = twilio.context.store().write(|tx| {
        let message = messages::add(tx.db, &person.id, message, options)?;
        if let Some(callback) = options.status_callback.as_deref()
            && twilio.chat.settings.get().statuses
        {
            let end = if failed.is_some() {
                "undelivered"
            } else {
                "delivered"
            };
            for (status, error) in [("sent", None), (end, failed)] {
                let webhook = webhook::status(twilio, person, &id, status, error, callback);
                twilio.chat.enqueue(tx, &webhook, now)?;
            }
        }
        Ok::<_, rusqlite::Error>(message)
    });
    let message = saved.map_err(|_| ApiError::internal())?;
    twilio.chat.webhooks.wake();
    twilio.chat.show(&person.id, &message);
    Ok(message)
}

/// Renders a message as the API does.
fn resource(twilio: &Twilio, phone: &str, message: &Message) -> Value {
    let account = &twilio.account;
    let (body, media) = match &message.content {
        Content::Text { text } => (text.as_str(), 0),
        Content::Image { caption, .. } => (caption.as_deref().unwrap_or_default(), 1),
        _ => ("", 0),
    };
    let date =
        jiff::fmt::rfc2822::to_string(&time(message.at).to_zoned(jiff::tz::TimeZone::UTC)).ok();
    let status = if message.status == MessageStatus::Sending {
        "queued"
    } else {
        message.status.name()
    };
    json!({
        "sid": message.id, "account_sid": account.account_sid, "api_version": "2010-04-01",
        "from": account.from, "to": format!("whatsapp:+{phone}"), "body": body, "num_media": media.to_string(),
        "num_segments": "1", "direction": "outbound-api", "status": status, "date_created": date, "date_sent": date,
        "date_updated": date, "error_code": message.error.as_deref().and_then(|code| code.parse::<i64>().ok()),
    })
}

/// Returns the response of a fault that prevents the send.
async fn early_failure(fault: Option<&SendFault>) -> Option<Response> {
    let fault = fault?;
    if fault.drop_before_accept {
        return Some(lost_connection());
    }
    if fault.http.is_none() && fault.code.is_none() {
        return None;
    }
    hang(fault.hang_ms).await;
    let status = StatusCode::from_u16(fault.http.unwrap_or(400)).unwrap_or(StatusCode::BAD_REQUEST);
    Some(match fault.code {
        Some(code) => ApiError::new(status, code, "On purpose").into_response(),
        None => (status, "<html>on purpose</html>").into_response(),
    })
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
