//! Sends a message of a person: the message and its webhook are saved in one transaction.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::length;
use confab_messaging::Channel;
use confab_simulator_base::{Answer, NewWebhook, Problem};
use confab_simulator_chat::{
    Content, Media, Message, MessageStatus, Person, SendOptions, Sender, media, messages, people,
};
use confab_simulator_meta::{ids as meta_ids, webhook as meta};
use confab_simulator_twilio::{ids as twilio_ids, webhook as twilio};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{people::find, phone::Phone};

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NewMessage {
    Text {
        text: String,
        #[serde(default)]
        reply_to: Option<String>,
    },
    Image {
        /// Base64.
        data: String,
        mime_type: String,
        #[serde(default)]
        caption: Option<String>,
        #[serde(default)]
        reply_to: Option<String>,
    },
    ButtonReply {
        id: String,
        title: String,
        #[serde(default)]
        reply_to: Option<String>,
    },
    ListReply {
        id: String,
        title: String,
        #[serde(default)]
        description: Option<String>,
        #[serde(default)]
        reply_to: Option<String>,
    },
    Reaction {
        message_id: String,
        #[serde(default)]
        emoji: Option<String>,
    },
    /// Fields of the provider that go into the webhook as they are.
    Raw { fields: Map<String, Value> },
}

/// Larger than messengers allow, because the app has to survive that. An empty picture is allowed,
/// too.
const MAX_PICTURE_BYTES: usize = 48 * 1024 * 1024;

pub(crate) async fn send(
    State(phone): State<Arc<Phone>>,
    Path(id): Path<String>,
    new_message: Result<Json<NewMessage>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new_message) = new_message?;
    let person = find(&phone, &id)?;
    let (content, picture, reply_to) = match new_message {
        NewMessage::Text { text, reply_to } => {
            if !(1..=4_096).contains(&length(&text)) {
                return Err(Problem::Invalid("A text has 1 to 4096 characters.".into()));
            }
            (Content::Text { text }, None, reply_to)
        }
        NewMessage::Image {
            data,
            mime_type,
            caption,
            reply_to,
        } => {
            let media = picture(&phone, &person, &data, &mime_type)?;
            let url = format!("/api/phone/media/{}", media.id);
            let caption = caption.filter(|caption| !caption.is_empty());
            (
                Content::Image {
                    media_id: Some(media.id.clone()),
                    url,
                    caption,
                },
                Some(media),
                reply_to,
            )
        }
        NewMessage::ButtonReply {
            id,
            title,
            reply_to,
        } => (Content::ButtonReply { id, title }, None, reply_to),
        NewMessage::ListReply {
            id,
            title,
            description,
            reply_to,
        } => (
            Content::ListReply {
                id,
                title,
                description,
            },
            None,
            reply_to,
        ),
        NewMessage::Raw { fields } => (Content::Unknown { raw: fields.into() }, None, None),
        NewMessage::Reaction { message_id, emoji } => {
            return react(&phone, &person, &message_id, emoji.as_deref());
        }
    };
    write(&phone, &person, content, picture, reply_to)
}

fn picture(phone: &Phone, person: &Person, data: &str, mime_type: &str) -> Answer<Media> {
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| Problem::Invalid("The data is not base64.".into()))?;
    if bytes.len() > MAX_PICTURE_BYTES {
        return Err(Problem::Invalid("A picture has at most 48 MB.".into()));
    }
    if !mime_type.starts_with("image/") || mime_type.contains("svg") {
        return Err(Problem::Invalid(
            "The type must be that of a picture.".into(),
        ));
    }
    let id = match person.channel {
        Channel::Meta => meta_ids::media_id(),
        Channel::Twilio => twilio_ids::media_id(),
    };
    Ok(Media::new(id, mime_type, bytes, phone.context.now()))
}

fn write(
    phone: &Phone,
    person: &Person,
    content: Content,
    picture: Option<Media>,
    reply_to: Option<String>,
) -> Answer<Json<Value>> {
    let now = phone.context.now();
    let message = Message {
        id: message_id(person.channel),
        seq: 0,
        at: now,
        from: Sender::Person,
        status: MessageStatus::Sending,
        error: None,
        context_id: reply_to,
        reaction: None,
        correlation_id: None,
        content,
    };
    let picture = picture.map(|media| Media {
        message_id: Some(message.id.clone()),
        ..media
    });
    let webhook = webhook(phone, person, &message, picture.as_ref());
    let message = phone.context.store().write(|tx| {
        if let Some(media) = &picture {
            media::add(tx.db, media)?;
        }
        people::set_wrote_at(tx.db, &person.id, now)?;
        let message = messages::add(tx.db, &person.id, message, &SendOptions::default())?;
        phone.chat.enqueue(tx, &webhook, now)?;
        Ok::<_, rusqlite::Error>(message)
    })?;
    phone.chat.webhooks.wake();
    phone.chat.show(&person.id, &message);
    Ok(Json(json!({"id": message.id, "seq": message.seq})))
}

fn webhook(
    phone: &Phone,
    person: &Person,
    message: &Message,
    picture: Option<&Media>,
) -> NewWebhook {
    let reply_to = message.context_id.as_deref();
    match person.channel {
        Channel::Meta => {
            let (mime_type, sha256) =
                picture.map_or(("", ""), |media| (&media.mime_type, &media.sha256));
            let body = meta::body(&message.content, mime_type, sha256);
            meta::message(person, &message.id, message.at, body, reply_to)
        }
        Channel::Twilio => {
            let incoming = twilio::IncomingMessage {
                id: &message.id,
                content: &message.content,
                media: picture,
                reply_to,
            };
            twilio::message(&phone.twilio, person, &incoming)
        }
    }
}

fn react(
    phone: &Phone,
    person: &Person,
    message_id: &str,
    emoji: Option<&str>,
) -> Answer<Json<Value>> {
    if person.channel == Channel::Twilio {
        return Err(Problem::Invalid(
            "Twilio tells nothing of reactions.".into(),
        ));
    }
    let now = phone.context.now();
    let emoji = emoji.filter(|emoji| !emoji.is_empty());
    let id = meta_ids::message_id();
    let webhook = meta::message(person, &id, now, meta::reaction(message_id, emoji), None);
    let message = phone.context.store().write(|tx| {
        let stored = messages::get(tx.db, message_id)?.filter(|stored| stored.person == person.id);
        let stored = stored.ok_or(Problem::NotFound("message"))?;
        messages::set_reaction(tx.db, message_id, emoji)?;
        people::set_wrote_at(tx.db, &person.id, now)?;
        phone.chat.enqueue(tx, &webhook, now)?;
        Ok::<_, Problem>(Message {
            reaction: emoji.map(Into::into),
            ..stored.message
        })
    })?;
    phone.chat.webhooks.wake();
    phone.chat.show(&person.id, &message);
    Ok(Json(json!({"id": id, "seq": message.seq})))
}

fn message_id(channel: Channel) -> String {
    match channel {
        Channel::Meta => meta_ids::message_id(),
        Channel::Twilio => twilio_ids::message_id(),
    }
}
