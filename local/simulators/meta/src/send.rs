//! `POST /{phone_number_id}/messages`: sends messages, marks messages as read, and shows the typing
//! indicator.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Call, correlation_id_of, hang, lost_connection};
use confab_simulator_chat::{
    Content, Message, MessageStatus, Person, SendFault, SendOptions, Sender, keep_image, media,
    messages, people,
};
use serde_json::{Value, json};

use crate::{
    access::{authorize, check_number},
    api_error::{self, ApiError},
    ids,
    meta::Meta,
    send_request::{self, Recipient, SendBody, SendRequest},
    webhook::{self, DeliveryStatus, Pricing},
};

/// The code of a picture that could not be downloaded.
const MEDIA_UPLOAD_ERROR: i64 = 131_053;

pub(crate) async fn post(
    State(meta): State<Arc<Meta>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("meta");
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let allowed = authorize(&meta, &headers).and_then(|()| check_number(&meta, &version, &id));
    if let Err(error) = allowed {
        return refused(&meta, call, "call", error);
    }
    if value.get("status").is_some() {
        return mark_as_read(&meta, call, &value);
    }
    call.reference = value
        .get("biz_opaque_callback_data")
        .and_then(Value::as_str);
    let request = match send_request::parse(&value) {
        Ok(request) => request,
        Err(error) => return refused(&meta, call, "send", error),
    };
    let what = match &request.body {
        SendBody::Message(content) => format!("send {}", content.name()),
        SendBody::Reaction { .. } => "send reaction".to_owned(),
    };
    let person = match find(&meta, &request.to) {
        Ok(person) => person,
        Err(error) => return refused(&meta, call, &what, error),
    };
    let fault = meta.chat.next_fault(&person.id);
    if let Some(response) = early_failure(fault.as_ref()).await {
        meta.context.record(
            call,
            format!("{what}: {} on purpose", status_text(&response)),
            false,
        );
        return response;
    }
    let fails_later = fault.as_ref().and_then(|fault| fault.fails_later);
    let accepted = match &request.body {
        SendBody::Message(content) => match keep_image(&meta.chat, content.clone()).await {
            Ok(content) => accept(&meta, &request, &content, &person, fails_later),
            Err(_) => accept(&meta, &request, content, &person, Some(MEDIA_UPLOAD_ERROR)),
        },
        SendBody::Reaction { message_id, emoji } => {
            react(&meta, message_id, emoji.as_deref(), &person)
        }
    };
    let message_id = match accepted {
        Ok(message_id) => message_id,
        Err(error) => return refused(&meta, call, &what, error),
    };
    call.message_id = Some(message_id.clone());
    if fault.as_ref().is_some_and(|fault| fault.drop_after_accept) {
        meta.context.record(
            call,
            format!("{what}: accepted, and the connection lost on purpose"),
            false,
        );
        return lost_connection();
    }
    meta.context.record(call, format!("{what}: 200"), true);
    hang(fault.as_ref().and_then(|fault| fault.hang_ms)).await;
    let contact = match &request.to {
        Recipient::Phone(phone) => json!({"input": phone, "wa_id": phone}),
        Recipient::Scoped(user_id) => json!({"input": user_id, "user_id": user_id}),
    };
    let message = json!({"id": message_id, "message_status": "accepted"});
    Json(json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}))
        .into_response()
}

fn refused(meta: &Meta, call: Call<'_>, what: &str, refusal: ApiError) -> Response {
    let text = format!(
        "{what}: {} {} {}",
        refusal.status.as_u16(),
        refusal.code,
        refusal.details
    );
    meta.context.record(call, text, false);
    refusal.into_response()
}

fn find(meta: &Meta, to: &Recipient) -> Result<Person, ApiError> {
    let store = meta.context.store();
    let person = match to {
        Recipient::Phone(phone) => people::by_phone(&store.db, phone),
        Recipient::Scoped(user_id) => people::by_scoped_id(&store.db, user_id),
    };
    let reachable = |person: &Person| {
        let by_phone = matches!(to, Recipient::Phone(_));
        person.user_id.is_some() && !(by_phone && person.hide_number)
    };
    person
        .map_err(|_| ApiError::internal())?
        .filter(reachable)
        .ok_or_else(ApiError::undeliverable)
}

fn accept(
    meta: &Meta,
    request: &SendRequest,
    content: &Content,
    person: &Person,
    fails_later: Option<i64>,
) -> Result<String, ApiError> {
    let now = meta.context.now();
    let template = matches!(content, Content::Template { .. });
    let open = meta.chat.is_reply_window_open(person);
    let refusal = (!open && !template).then(ApiError::window);
    if let Content::Image {
        media_id: Some(id), ..
    } = content
    {
        let known = media::get(&meta.context.store().db, id).map_err(|_| ApiError::internal())?;
        known.ok_or_else(|| ApiError::value(format!("There is no media {id}.")))?;
    }
    let failed = refusal.as_ref().map(|refusal| refusal.code).or(fails_later);
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
        error: failed.map(|code| format!("{code} {}", api_error::title(code))),
        context_id: request.context_id.clone(),
        reaction: None,
        correlation_id: correlation_id_of(request.reference.as_deref()),
        content: content.clone(),
    };
    let id = message.id.clone();
    let options = SendOptions {
        reference: request.reference.clone(),
        status_callback: None,
    };
    let pricing = Some(Pricing {
        free: open,
        template,
    });
    let reference = request.reference.as_deref();
    let saved = meta.context.store().write(|tx| {
        let message = messages::add(tx.db, &person.id, message, &options)?;
        if meta.chat.settings.get().statuses && refusal.is_none() {
            let end = fails_later.map_or(DeliveryStatus::Delivered, DeliveryStatus::Failed);
            for outcome in [DeliveryStatus::Sent, end] {
                let pricing = pricing.filter(|_| !matches!(outcome, DeliveryStatus::Failed(_)));
                let status = webhook::status(person, &id, now, outcome, reference, pricing);
                meta.chat.enqueue(tx, &status, now)?;
            }
        }
        Ok::<_, rusqlite::Error>(message)
    });
    let message = saved.map_err(|_| ApiError::internal())?;
    meta.chat.webhooks.wake();
    meta.chat.show(&person.id, &message);
    refusal.map_or(Ok(id), Err)
}

fn react(
    meta: &Meta,
    message_id: &str,
    emoji: Option<&str>,
    person: &Person,
) -> Result<String, ApiError> {
    let store = meta.context.store();
    let known = messages::get(&store.db, message_id).map_err(|_| ApiError::internal())?;
    let stored = known.filter(|stored| stored.person == person.id);
    let stored = stored.ok_or_else(|| ApiError::value("There is no such message to react to."))?;
    messages::set_reaction(&store.db, message_id, emoji).map_err(|_| ApiError::internal())?;
    drop(store);
    let message = Message {
        reaction: emoji.map(Into::into),
        ..stored.message
    };
    meta.chat.show(&person.id, &message);
    Ok(ids::message_id())
}

/// Marks a message and all before it as read, and shows the typing indicator if asked.
fn mark_as_read(meta: &Meta, mut call: Call<'_>, value: &Value) -> Response {
    let message_id = value
        .get("message_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let typing = value.get("typing_indicator").is_some();
    let what = if typing { "typing" } else { "mark as read" };
    call.message_id = Some(message_id.to_owned());
    let marked = meta.context.store().write(|tx| {
        let Some(stored) = messages::get(tx.db, message_id)? else {
            return Ok(None);
        };
        let seen = messages::unseen_by_app(tx.db, &stored.person, stored.message.seq)?;
        for stored in &seen {
            messages::set_status(tx.db, &stored.message.id, MessageStatus::Read, None)?;
        }
        Ok::<_, rusqlite::Error>(Some((stored, seen)))
    });
    let (stored, seen) = match marked {
        Ok(Some(marked)) => marked,
        Ok(None) => {
            return refused(
                meta,
                call,
                what,
                ApiError::parameter("There is no such message."),
            );
        }
        Err(_) => return refused(meta, call, what, ApiError::internal()),
    };
    for stored in seen {
        let message = Message {
            status: MessageStatus::Read,
            ..stored.message
        };
        meta.chat.show(&stored.person, &message);
    }
    if typing {
        meta.chat
            .update_pages("typing", json!({"person": stored.person}));
    }
    call.correlation_id = stored.message.correlation_id;
    meta.context.record(call, format!("{what}: 200"), true);
    Json(json!({"success": true})).into_response()
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
        Some(code) => ApiError::staged(status, code).into_response(),
        None => (status, "<html>on purpose</html>").into_response(),
    })
}

fn status_text(response: &Response) -> String {
    match response.status() {
        StatusCode::OK => "connection lost".into(),
        status => status.as_u16().to_string(),
    }
}
