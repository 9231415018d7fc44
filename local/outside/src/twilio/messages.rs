//! `Messages.json`: the app sends, and looks up what it sent.

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
use serde_json::{Value, json};

use super::{authorize, digits, refusal::Refusal, webhook};
use crate::{
    Outside,
    chat::{Content, Message, Person, Side, Stage},
    fetch, ids,
    meta::{WINDOW_MS, correlation_of, hang, lost_connection},
    outside::Call,
    settings::Fault,
    store::{
        messages::{self, Backstage, Kept},
        people,
    },
};

/// What a status says of a picture that is not there.
const NO_MEDIA: i64 = 63_019;
/// Outside of the day in which the app may write freely. Twilio finds out after it took the message.
const OUTSIDE_WINDOW: i64 = 63_016;

pub(crate) async fn send(
    State(outside): State<Arc<Outside>>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("twilio");
    if let Err(refusal) = authorize(&outside, &sid, &headers) {
        return refused(&outside, call, "send", refusal);
    }
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let reference = form
        .get("StatusCallback")
        .and_then(|callback| webhook::reference(callback));
    call.reference = reference.as_deref();
    let (person, content) =
        match person(&outside, &form).and_then(|person| Ok((person, content(&form)?))) {
            Ok(read) => read,
            Err(refusal) => return refused(&outside, call, "send", refusal),
        };
    let what = format!("send {}", content.word());
    let fault = outside.next_fault(Some(&person.id));
    if let Some(response) = before(fault.as_ref()).await {
        outside.saw(call, format!("{what}: failed on purpose"), false);
        return response;
    }
    let fails_later = fault.as_ref().and_then(|fault| fault.fails_later);
    let (content, fails_later) = match fetch::kept(&outside, content.clone()).await {
        Ok(content) => (content, fails_later),
        Err(_) => (content, Some(NO_MEDIA)),
    };
    let callback = form.get("StatusCallback").cloned();
    let backstage = Backstage {
        reference: reference.clone(),
        callback,
    };
    let message = match accept(&outside, &person, content, &backstage, fails_later) {
        Ok(message) => message,
        Err(refusal) => return refused(&outside, call, &what, refusal),
    };
    call.message_id = Some(message.id.clone());
    if fault.as_ref().is_some_and(|fault| fault.drop_after_accept) {
        outside.saw(
            call,
            format!("{what}: accepted, and the connection lost on purpose"),
            false,
        );
        return lost_connection();
    }
    outside.saw(call, format!("{what}: 201"), true);
    hang(fault.as_ref()).await;
    let resource = Message {
        status: Stage::Sending,
        ..message
    };
    (
        StatusCode::CREATED,
        Json(shown(&outside, &person.phone, &resource)),
    )
        .into_response()
}

pub(crate) async fn list(
    State(outside): State<Arc<Outside>>,
    Path(sid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("twilio");
    let found = authorize(&outside, &sid, &headers).and_then(|()| search(&outside, &query));
    match found {
        Ok(messages) => {
            outside.saw(call, format!("look up: {} found", messages.len()), true);
            Json(json!({"messages": messages, "page": 0, "page_size": 1_000})).into_response()
        }
        Err(refusal) => refused(&outside, call, "look up", refusal),
    }
}

fn search(outside: &Outside, query: &HashMap<String, String>) -> Result<Vec<Value>, Refusal> {
    let from_us = query
        .get("From")
        .is_none_or(|from| *from == outside.options.secrets.twilio_from);
    let to = query.get("To").and_then(|to| digits(to));
    let since = query
        .get("DateSent>")
        .map(|day| day.chars().take(10).collect::<String>());
    let store = outside.store();
    let person = match to {
        Some(phone) => people::by_phone(&store.db, phone).map_err(|_| Refusal::internal())?,
        None => return Err(Refusal::bad(21_211, "The 'To' number is required here.")),
    };
    let Some(person) = person.filter(|_| from_us) else {
        return Ok(Vec::new());
    };
    let sent =
        messages::sent_by_app(&store.db, Some(&person.id)).map_err(|_| Refusal::internal())?;
    drop(store);
    let recent = |kept: &Kept| {
        let day = time(kept.message.at).strftime("%Y-%m-%d").to_string();
        since.as_ref().is_none_or(|since| day >= *since)
    };
    let found = sent.iter().rev().filter(|kept| recent(kept));
    Ok(found
        .map(|kept| shown(outside, &person.phone, &kept.message))
        .collect())
}

fn refused(outside: &Outside, call: Call<'_>, what: &str, refusal: Refusal) -> Response {
    let text = format!(
        "{what}: {} {} {}",
        refusal.status.as_u16(),
        refusal.code,
        refusal.message
    );
    outside.saw(call, text, false);
    refusal.into_response()
}

fn person(outside: &Outside, form: &HashMap<String, String>) -> Result<Person, Refusal> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("From") != outside.options.secrets.twilio_from {
        return Err(Refusal::bad(
            63_007,
            "Twilio could not find a Channel with the specified From address",
        ));
    }
    let invalid = || {
        Refusal::bad(
            21_211,
            &format!(
                "The 'To' number {} is not a valid phone number.",
                field("To")
            ),
        )
    };
    let phone = digits(field("To")).ok_or_else(invalid)?;
    let person = people::by_phone(&outside.store().db, phone).map_err(|_| Refusal::internal())?;
    let person = person.filter(|person| person.channel == Channel::Twilio);
    person.ok_or_else(|| Refusal::bad(63_003, "Channel could not find To address"))
}

fn content(form: &HashMap<String, String>) -> Result<Content, Refusal> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty()).cloned();
    let body = field("Body");
    if body.as_deref().is_some_and(|body| length(body) > 1_600) {
        return Err(Refusal::bad(
            21_617,
            "The concatenated message body exceeds the 1600 character limit.",
        ));
    }
    if let Some(name) = field("ContentSid") {
        if name.len() != 34 || !name.starts_with("HX") {
            return Err(Refusal::bad(21_655, "The ContentSid Parameter is Invalid."));
        }
        let variables = field("ContentVariables").unwrap_or_else(|| "{}".into());
        let variables: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&variables)
                .map_err(|_| Refusal::bad(21_656, "The ContentVariables Parameter is invalid."))?;
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
        (None, None) => Err(Refusal::bad(
            21_619,
            "A text message body or media urls must be specified.",
        )),
    }
}

fn accept(
    outside: &Outside,
    person: &Person,
    content: Content,
    backstage: &Backstage,
    fails_later: Option<i64>,
) -> Result<Message, Refusal> {
    let now = outside.now();
    let template = matches!(content, Content::Template { .. });
    let open = person.wrote_at.is_some_and(|at| now - at < WINDOW_MS);
    let failed = fails_later.or((!open && !template).then_some(OUTSIDE_WINDOW));
    let message = Message {
        id: ids::twilio_message(),
        seq: 0,
        at: now,
        from: Side::Bot,
        status: if failed.is_some() {
            Stage::Failed
        } else {
            Stage::Delivered
        },
        error: failed.map(|code| code.to_string()),
        context_id: None,
        reaction: None,
        correlation_id: correlation_of(backstage.reference.as_deref()),
        content,
    };
    let id = message.id.clone();
    let saved = outside.store().write(|writer| {
        let message = messages::add(writer.db, &person.id, message, backstage)?;
        if let Some(callback) = backstage
            .callback
            .as_deref()
            .filter(|_| writer.settings.statuses)
        {
            let end = if failed.is_some() {
                "undelivered"
            } else {
                "delivered"
            };
            for (word, error) in [("sent", None), (end, failed)] {
                let status =
                    webhook::status(&outside.options.secrets, person, &id, word, error, callback);
                writer.owe(&status, now)?;
            }
        }
        Ok::<_, rusqlite::Error>(message)
    });
    let message = saved.map_err(|_| Refusal::internal())?;
    outside.work.notify_one();
    outside.show(&person.id, &message);
    Ok(message)
}

/// The message as the API shows it.
fn shown(outside: &Outside, phone: &str, message: &Message) -> Value {
    let secrets = &outside.options.secrets;
    let (body, media) = match &message.content {
        Content::Text { text } => (text.as_str(), 0),
        Content::Image { caption, .. } => (caption.as_deref().unwrap_or_default(), 1),
        _ => ("", 0),
    };
    let date =
        jiff::fmt::rfc2822::to_string(&time(message.at).to_zoned(jiff::tz::TimeZone::UTC)).ok();
    let status = if message.status == Stage::Sending {
        "queued"
    } else {
        message.status.word()
    };
    json!({
        "sid": message.id, "account_sid": secrets.twilio_account_sid, "api_version": "2010-04-01",
        "from": secrets.twilio_from, "to": format!("whatsapp:+{phone}"), "body": body, "num_media": media.to_string(),
        "num_segments": "1", "direction": "outbound-api", "status": status, "date_created": date, "date_sent": date,
        "date_updated": date, "error_code": message.error.as_deref().and_then(|code| code.parse::<i64>().ok()),
    })
}

/// What goes wrong before anything is done.
async fn before(fault: Option<&Fault>) -> Option<Response> {
    let fault = fault?;
    if fault.drop_before_accept {
        return Some(lost_connection());
    }
    if fault.http.is_none() && fault.code.is_none() {
        return None;
    }
    hang(Some(fault)).await;
    let status = StatusCode::from_u16(fault.http.unwrap_or(400)).unwrap_or(StatusCode::BAD_REQUEST);
    Some(match fault.code {
        Some(code) => Refusal::new(status, code, "On purpose").into_response(),
        None => (status, "<html>on purpose</html>").into_response(),
    })
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
