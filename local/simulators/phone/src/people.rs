//! People, their chats and their pictures.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::IntoResponse,
};
use confab_core::length;
use confab_messaging::Channel;
use confab_simulator_base::{Answer, NewWebhook, Problem};
use confab_simulator_chat::{
    Message, MessageStatus, NewPerson, Person, SendOptions, StoredMessage, media, messages, people,
};
use confab_simulator_meta::{
    ids,
    webhook::{self as meta, DeliveryStatus},
};
use confab_simulator_twilio::webhook as twilio;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::phone::Phone;

pub(crate) async fn list(State(phone): State<Arc<Phone>>) -> Answer<Json<Vec<Person>>> {
    Ok(Json(people::all(&phone.context.store().db)?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPersonBody {
    name: String,
    channel: Channel,
    #[serde(default)]
    hide_number: bool,
}

pub(crate) async fn add(
    State(phone): State<Arc<Phone>>,
    new: Result<Json<NewPersonBody>, JsonRejection>,
) -> Answer<Json<Person>> {
    let Json(NewPersonBody {
        name,
        channel,
        hide_number,
    }) = new?;
    if !(1..=100).contains(&length(name.trim())) {
        return Err(Problem::Invalid("A name has 1 to 100 characters.".into()));
    }
    if hide_number && channel == Channel::Twilio {
        return Err(Problem::Invalid("Twilio always tells the number.".into()));
    }
    let person = phone.context.store().write(|tx| {
        let user_id = (channel == Channel::Meta).then(ids::scoped_user_id);
        let person = NewPerson {
            name: name.trim(),
            channel,
            user_id: user_id.as_deref(),
            hide_number,
        };
        let id = people::add(tx.db, &person)?;
        people::get(tx.db, &id)
    })?;
    person.map(Json).ok_or(Problem::NotFound("person"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct MessageQuery {
    #[serde(default)]
    after: i64,
}

pub(crate) async fn messages(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
    Query(MessageQuery { after }): Query<MessageQuery>,
) -> Answer<Json<Vec<Message>>> {
    let person = find(&phone, &id)?;
    Ok(Json(messages::after(
        &phone.context.store().db,
        &person.id,
        after,
    )?))
}

/// Marks the chat as read by the person, and sends read receipts for unread messages.
pub(crate) async fn read(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let person = find(&phone, &id)?;
    let now = phone.context.now();
    let unread = phone.context.store().write(|tx| {
        let unread = messages::unread(tx.db, &person.id)?;
        for StoredMessage {
            message, options, ..
        } in &unread
        {
            messages::set_status(tx.db, &message.id, MessageStatus::Read, None)?;
            if let Some(receipt) = read_receipt(&phone, &person, message, options, now)
                && phone.chat.settings.get().statuses
            {
                phone.chat.enqueue(tx, &receipt, now)?;
            }
        }
        Ok::<_, rusqlite::Error>(unread)
    })?;
    phone.chat.webhooks.wake();
    for stored in &unread {
        let message = Message {
            status: MessageStatus::Read,
            ..stored.message.clone()
        };
        phone.chat.show(&person.id, &message);
    }
    Ok(Json(json!({"read": unread.len()})))
}

/// Builds the status of a message that the person has seen, if the provider sends one.
fn read_receipt(
    phone: &Phone,
    person: &Person,
    message: &Message,
    options: &SendOptions,
    now: i64,
) -> Option<NewWebhook> {
    match person.channel {
        Channel::Meta => Some(meta::status(
            person,
            &message.id,
            now,
            DeliveryStatus::Read,
            options.reference.as_deref(),
            None,
        )),
        Channel::Twilio => {
            let callback = options.status_callback.as_deref()?;
            Some(twilio::status(
                &phone.twilio,
                person,
                &message.id,
                "read",
                None,
                callback,
            ))
        }
    }
}

pub(crate) async fn media(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
) -> Answer<impl IntoResponse> {
    let media = media::get(&phone.context.store().db, &id)?.ok_or(Problem::NotFound("picture"))?;
    let headers = [
        (CONTENT_TYPE, media.mime_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
        (
            CACHE_CONTROL,
            "private, max-age=31536000, immutable".to_owned(),
        ),
    ];
    Ok((headers, media.bytes))
}

pub(crate) fn find(phone: &Phone, id: &str) -> Answer<Person> {
    people::get(&phone.context.store().db, id)?.ok_or(Problem::NotFound("person"))
}
