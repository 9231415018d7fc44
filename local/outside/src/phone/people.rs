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
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Outside,
    chat::{Message, Person, Stage},
    meta::webhook::{self as meta, Outcome},
    problem::{Answer, Problem},
    store::{self, media, messages::Kept},
    twilio::webhook as twilio,
};

pub(crate) async fn list(State(outside): State<Arc<Outside>>) -> Answer<Json<Vec<Person>>> {
    Ok(Json(store::people::all(&outside.store().db)?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    name: String,
    channel: Channel,
    #[serde(default)]
    hide_number: bool,
}

pub(crate) async fn add(
    State(outside): State<Arc<Outside>>,
    new: Result<Json<NewPerson>, JsonRejection>,
) -> Answer<Json<Person>> {
    let Json(NewPerson {
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
    let person = outside.store().write(|writer| {
        let id = store::people::add(writer.db, name.trim(), channel, hide_number)?;
        store::people::get(writer.db, &id)
    })?;
    person.map(Json).ok_or(Problem::NotFound("person"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct After {
    #[serde(default)]
    after: i64,
}

pub(crate) async fn messages(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    Query(After { after }): Query<After>,
) -> Answer<Json<Vec<Message>>> {
    let person = find(&outside, &id)?;
    Ok(Json(store::messages::after(
        &outside.store().db,
        &person.id,
        after,
    )?))
}

/// The person opens the chat: read receipts go out for all that was not seen yet.
pub(crate) async fn read(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let person = find(&outside, &id)?;
    let now = outside.now();
    let unread = outside.store().write(|writer| {
        let unread = store::messages::unread(writer.db, &person.id)?;
        for Kept {
            message, backstage, ..
        } in &unread
        {
            store::messages::set_status(writer.db, &message.id, Stage::Read, None)?;
            let reference = backstage.reference.as_deref();
            let receipt = match (person.channel, &backstage.callback) {
                (Channel::Meta, _) => Some(meta::status(
                    &person,
                    &message.id,
                    now,
                    Outcome::Read,
                    reference,
                    None,
                )),
                (Channel::Twilio, Some(callback)) => {
                    let secrets = &outside.options.secrets;
                    Some(twilio::status(
                        secrets,
                        &person,
                        &message.id,
                        "read",
                        None,
                        callback,
                    ))
                }
                (Channel::Twilio, None) => None,
            };
            if let Some(receipt) = receipt.filter(|_| writer.settings.statuses) {
                writer.owe(&receipt, now)?;
            }
        }
        Ok::<_, rusqlite::Error>(unread)
    })?;
    outside.work.notify_one();
    for kept in &unread {
        let message = Message {
            status: Stage::Read,
            ..kept.message.clone()
        };
        outside.show(&person.id, &message);
    }
    Ok(Json(json!({"read": unread.len()})))
}

pub(crate) async fn media(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
) -> Answer<impl IntoResponse> {
    let media = media::get(&outside.store().db, &id)?.ok_or(Problem::NotFound("picture"))?;
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

pub(crate) fn find(outside: &Outside, id: &str) -> Answer<Person> {
    store::people::get(&outside.store().db, id)?.ok_or(Problem::NotFound("person"))
}
