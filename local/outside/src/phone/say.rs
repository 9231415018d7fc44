//! A person says something: it is saved together with the webhook that it owes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::length;
use confab_messaging::Channel;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::people::find;
use crate::{
    Outside,
    chat::{Content, Message, Person, Side, Stage},
    ids,
    meta::webhook as meta,
    problem::{Answer, Problem},
    store::{
        media::{self, Media},
        messages::{self, Backstage},
        people,
        webhooks::Notice,
    },
    twilio::webhook as twilio,
};

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Said {
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
    /// Anything that the provider might bring: its own fields, as they go into the webhook.
    Raw { fields: Map<String, Value> },
}

/// More than messengers let through, and nothing at all too: the app has to bear both.
const LARGEST_PICTURE: usize = 48 * 1024 * 1024;

pub(crate) async fn say(
    State(outside): State<Arc<Outside>>,
    Path(id): Path<String>,
    said: Result<Json<Said>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(said) = said?;
    let person = find(&outside, &id)?;
    let (content, picture, reply_to) = match said {
        Said::Text { text, reply_to } => {
            if !(1..=4_096).contains(&length(&text)) {
                return Err(Problem::Invalid("A text has 1 to 4096 characters.".into()));
            }
            (Content::Text { text }, None, reply_to)
        }
        Said::Image {
            data,
            mime_type,
            caption,
            reply_to,
        } => {
            let media = picture(&outside, &person, &data, &mime_type)?;
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
        Said::ButtonReply {
            id,
            title,
            reply_to,
        } => (Content::ButtonReply { id, title }, None, reply_to),
        Said::ListReply {
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
        Said::Raw { fields } => (Content::Unknown { raw: fields.into() }, None, None),
        Said::Reaction { message_id, emoji } => {
            return react(&outside, &person, &message_id, emoji.as_deref());
        }
    };
    write(&outside, &person, content, picture, reply_to)
}

fn picture(outside: &Outside, person: &Person, data: &str, mime_type: &str) -> Answer<Media> {
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| Problem::Invalid("The data is not base64.".into()))?;
    if bytes.len() > LARGEST_PICTURE {
        return Err(Problem::Invalid("A picture has at most 48 MB.".into()));
    }
    if !mime_type.starts_with("image/") || mime_type.contains("svg") {
        return Err(Problem::Invalid(
            "The type must be that of a picture.".into(),
        ));
    }
    let id = match person.channel {
        Channel::Meta => ids::meta_media(),
        Channel::Twilio => ids::twilio_media(),
    };
    Ok(Media::new(id, mime_type, bytes, outside.now()))
}

fn write(
    outside: &Outside,
    person: &Person,
    content: Content,
    picture: Option<Media>,
    reply_to: Option<String>,
) -> Answer<Json<Value>> {
    let now = outside.now();
    let message = Message {
        id: message_id(person.channel),
        seq: 0,
        at: now,
        from: Side::Person,
        status: Stage::Sending,
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
    let notice = notice(outside, person, &message, picture.as_ref());
    let message = outside.store().write(|writer| {
        if let Some(media) = &picture {
            media::add(writer.db, media)?;
        }
        people::wrote(writer.db, &person.id, now)?;
        let message = messages::add(writer.db, &person.id, message, &Backstage::default())?;
        writer.owe(&notice, now)?;
        Ok::<_, rusqlite::Error>(message)
    })?;
    outside.work.notify_one();
    outside.show(&person.id, &message);
    Ok(Json(json!({"id": message.id, "seq": message.seq})))
}

fn notice(
    outside: &Outside,
    person: &Person,
    message: &Message,
    picture: Option<&Media>,
) -> Notice {
    let reply_to = message.context_id.as_deref();
    match person.channel {
        Channel::Meta => {
            let (mime_type, sha256) =
                picture.map_or(("", ""), |media| (&media.mime_type, &media.sha256));
            let body = meta::body(&message.content, mime_type, sha256);
            meta::message(person, &message.id, message.at, body, reply_to)
        }
        Channel::Twilio => {
            let base_url = &outside.options.base_url;
            let said = twilio::Said {
                id: &message.id,
                content: &message.content,
                media: picture,
                reply_to,
                base_url,
            };
            twilio::message(&outside.options.secrets, person, &said)
        }
    }
}

fn react(
    outside: &Outside,
    person: &Person,
    message_id: &str,
    emoji: Option<&str>,
) -> Answer<Json<Value>> {
    if person.channel == Channel::Twilio {
        return Err(Problem::Invalid(
            "Twilio tells nothing of reactions.".into(),
        ));
    }
    let now = outside.now();
    let emoji = emoji.filter(|emoji| !emoji.is_empty());
    let id = ids::meta_message();
    let notice = meta::message(person, &id, now, meta::reaction(message_id, emoji), None);
    let message = outside.store().write(|writer| {
        let kept = messages::get(writer.db, message_id)?.filter(|kept| kept.person == person.id);
        let kept = kept.ok_or(Problem::NotFound("message"))?;
        messages::set_reaction(writer.db, message_id, emoji)?;
        people::wrote(writer.db, &person.id, now)?;
        writer.owe(&notice, now)?;
        Ok::<_, Problem>(Message {
            reaction: emoji.map(Into::into),
            ..kept.message
        })
    })?;
    outside.work.notify_one();
    outside.show(&person.id, &message);
    Ok(Json(json!({"id": id, "seq": message.seq})))
}

fn message_id(channel: Channel) -> String {
    match channel {
        Channel::Meta => ids::meta_message(),
        Channel::Twilio => ids::twilio_message(),
    }
}
