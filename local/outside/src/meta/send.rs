//! `POST /{phone_number_id}/messages`: the app sends, marks as read, shows that it is typing.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    authorize, check_number,
    letter::{self, Letter, LetterBody, Recipient},
    refusal::Refusal,
    webhook::{self, Outcome, Pricing},
};
use crate::{
    Outside,
    chat::{Content, Message, Person, Side, Stage},
    fetch, ids,
    outside::Call,
    settings::Fault,
    store::{
        media,
        messages::{self, Backstage},
        people,
    },
};

/// What a status says of a picture that is not there.
const NO_MEDIA: i64 = 131_053;
/// How long a person's message lets the app write freely.
pub(crate) const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

pub(crate) async fn post(
    State(outside): State<Arc<Outside>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("meta");
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let allowed =
        authorize(&outside, &headers).and_then(|()| check_number(&outside, &version, &id));
    if let Err(refusal) = allowed {
        return refused(&outside, call, "call", refusal);
    }
    if value.get("status").is_some() {
        return read(&outside, call, &value);
    }
    call.reference = value
        .get("biz_opaque_callback_data")
        .and_then(Value::as_str);
    let letter = match letter::read(&value) {
        Ok(letter) => letter,
        Err(refusal) => return refused(&outside, call, "send", refusal),
    };
    let what = match &letter.body {
        LetterBody::Message(content) => format!("send {}", content.word()),
        LetterBody::Reaction { .. } => "send reaction".to_owned(),
    };
    let person = match find(&outside, &letter.to) {
        Ok(person) => person,
        Err(refusal) => return refused(&outside, call, &what, refusal),
    };
    let fault = outside.next_fault(Some(&person.id));
    if let Some(response) = before(fault.as_ref()).await {
        outside.saw(
            call,
            format!("{what}: {} on purpose", told(&response)),
            false,
        );
        return response;
    }
    let fails_later = fault.as_ref().and_then(|fault| fault.fails_later);
    let accepted = match &letter.body {
        LetterBody::Message(content) => match fetch::kept(&outside, content.clone()).await {
            Ok(content) => accept(&outside, &letter, &content, &person, fails_later),
            Err(_) => accept(&outside, &letter, content, &person, Some(NO_MEDIA)),
        },
        LetterBody::Reaction { message_id, emoji } => {
            react(&outside, message_id, emoji.as_deref(), &person)
        }
    };
    let message_id = match accepted {
        Ok(message_id) => message_id,
        Err(refusal) => return refused(&outside, call, &what, refusal),
    };
    call.message_id = Some(message_id.clone());
    if fault.as_ref().is_some_and(|fault| fault.drop_after_accept) {
        outside.saw(
            call,
            format!("{what}: accepted, and the connection lost on purpose"),
            false,
        );
        return lost_connection();
    }
    outside.saw(call, format!("{what}: 200"), true);
    hang(fault.as_ref()).await;
    let contact = match &letter.to {
        Recipient::Phone(phone) => json!({"input": phone, "wa_id": phone}),
        Recipient::Scoped(user_id) => json!({"input": user_id, "user_id": user_id}),
    };
    let message = json!({"id": message_id, "message_status": "accepted"});
    Json(json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}))
        .into_response()
}

fn refused(outside: &Outside, call: Call<'_>, what: &str, refusal: Refusal) -> Response {
    let text = format!(
        "{what}: {} {} {}",
        refusal.status.as_u16(),
        refusal.code,
        refusal.details
    );
    outside.saw(call, text, false);
    refusal.into_response()
}

fn find(outside: &Outside, to: &Recipient) -> Result<Person, Refusal> {
    let store = outside.store();
    let person = match to {
        Recipient::Phone(phone) => people::by_phone(&store.db, phone),
        Recipient::Scoped(user_id) => people::by_scoped_id(&store.db, user_id),
    };
    let reachable = |person: &Person| {
        let by_phone = matches!(to, Recipient::Phone(_));
        person.user_id.is_some() && !(by_phone && person.hide_number)
    };
    person
        .map_err(|_| Refusal::internal())?
        .filter(reachable)
        .ok_or_else(Refusal::undeliverable)
}

fn accept(
    outside: &Outside,
    letter: &Letter,
    content: &Content,
    person: &Person,
    fails_later: Option<i64>,
) -> Result<String, Refusal> {
    let now = outside.now();
    let template = matches!(content, Content::Template { .. });
    let open = person.wrote_at.is_some_and(|at| now - at < WINDOW_MS);
    let refusal = (!open && !template).then(Refusal::window);
    if let Content::Image {
        media_id: Some(id), ..
    } = content
    {
        let known = media::get(&outside.store().db, id).map_err(|_| Refusal::internal())?;
        known.ok_or_else(|| Refusal::value(format!("There is no media {id}.")))?;
    }
    let failed = refusal.as_ref().map(|refusal| refusal.code).or(fails_later);
    let message = Message {
        id: ids::meta_message(),
        seq: 0,
        at: now,
        from: Side::Bot,
        status: if failed.is_some() {
            Stage::Failed
        } else {
            Stage::Delivered
        },
        error: failed.map(|code| format!("{code} {}", super::refusal::title(code))),
        context_id: letter.context_id.clone(),
        reaction: None,
        correlation_id: correlation_of(letter.reference.as_deref()),
        content: content.clone(),
    };
    let id = message.id.clone();
    let backstage = Backstage {
        reference: letter.reference.clone(),
        callback: None,
    };
    let pricing = Some(Pricing {
        free: open,
        template,
    });
    let reference = letter.reference.as_deref();
    let saved = outside.store().write(|writer| {
        let message = messages::add(writer.db, &person.id, message, &backstage)?;
        if writer.settings.statuses && refusal.is_none() {
            let end = fails_later.map_or(Outcome::Delivered, Outcome::Failed);
            for outcome in [Outcome::Sent, end] {
                let pricing = pricing.filter(|_| !matches!(outcome, Outcome::Failed(_)));
                writer.owe(
                    &webhook::status(person, &id, now, outcome, reference, pricing),
                    now,
                )?;
            }
        }
        Ok::<_, rusqlite::Error>(message)
    });
    let message = saved.map_err(|_| Refusal::internal())?;
    outside.work.notify_one();
    outside.show(&person.id, &message);
    refusal.map_or(Ok(id), Err)
}

pub(crate) fn correlation_of(reference: Option<&str>) -> Option<String> {
    let reference: confab_messaging::Reference = reference?.parse().ok()?;
    Some(reference.correlation_id.to_string())
}

fn react(
    outside: &Outside,
    message_id: &str,
    emoji: Option<&str>,
    person: &Person,
) -> Result<String, Refusal> {
    let store = outside.store();
    let known = messages::get(&store.db, message_id).map_err(|_| Refusal::internal())?;
    let kept = known.filter(|kept| kept.person == person.id);
    let kept = kept.ok_or_else(|| Refusal::value("There is no such message to react to."))?;
    messages::set_reaction(&store.db, message_id, emoji).map_err(|_| Refusal::internal())?;
    drop(store);
    let message = Message {
        reaction: emoji.map(Into::into),
        ..kept.message
    };
    outside.show(&person.id, &message);
    Ok(ids::meta_message())
}

/// Blue ticks on a message and all before it, and perhaps the three dots.
fn read(outside: &Outside, mut call: Call<'_>, value: &Value) -> Response {
    let message_id = value
        .get("message_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let typing = value.get("typing_indicator").is_some();
    let what = if typing { "typing" } else { "mark as read" };
    call.message_id = Some(message_id.to_owned());
    let marked = outside.store().write(|writer| {
        let Some(kept) = messages::get(writer.db, message_id)? else {
            return Ok(None);
        };
        let seen = messages::unseen_by_app(writer.db, &kept.person, kept.message.seq)?;
        for kept in &seen {
            messages::set_status(writer.db, &kept.message.id, Stage::Read, None)?;
        }
        Ok::<_, rusqlite::Error>(Some((kept, seen)))
    });
    let (kept, seen) = match marked {
        Ok(Some(marked)) => marked,
        Ok(None) => {
            return refused(
                outside,
                call,
                what,
                Refusal::parameter("There is no such message."),
            );
        }
        Err(_) => return refused(outside, call, what, Refusal::internal()),
    };
    for kept in seen {
        let message = Message {
            status: Stage::Read,
            ..kept.message
        };
        outside.show(&kept.person, &message);
    }
    if typing {
        outside.tell("typing", json!({"person": kept.person}));
    }
    call.correlation_id = kept.message.correlation_id;
    outside.saw(call, format!("{what}: 200"), true);
    Json(json!({"success": true})).into_response()
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
        Some(code) => Refusal::staged(status, code).into_response(),
        None => (status, "<html>on purpose</html>").into_response(),
    })
}

pub(crate) async fn hang(fault: Option<&Fault>) {
    if let Some(ms) = fault.and_then(|fault| fault.hang_ms) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// The body breaks off at once, and with it the connection.
pub(crate) fn lost_connection() -> Response {
    let broken =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("on purpose")) });
    Body::from_stream(broken).into_response()
}

fn told(response: &Response) -> String {
    match response.status() {
        StatusCode::OK => "connection lost".into(),
        status => status.as_u16().to_string(),
    }
}
