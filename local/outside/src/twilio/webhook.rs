//! Webhooks as Twilio writes them: forms, one update each.

use confab_messaging::{Channel, Reference};
use serde_json::{Map, Value, json};

use crate::{
    Secrets,
    chat::{Content, Person},
    queue::{Kind, Lane, Provider},
    store::{media::Media, webhooks::Notice},
};

pub(crate) struct Said<'a> {
    pub(crate) id: &'a str,
    pub(crate) content: &'a Content,
    pub(crate) media: Option<&'a Media>,
    pub(crate) reply_to: Option<&'a str>,
    /// Where this API can be reached.
    pub(crate) base_url: &'a str,
}

/// What a person said. It goes to the address that the account has for incoming messages.
pub(crate) fn message(secrets: &Secrets, person: &Person, said: &Said<'_>) -> Notice {
    let account = &secrets.twilio_account_sid;
    let mut params = frame(secrets, person, said.id);
    let mut set = |name: &str, value: &str| {
        params.insert(name.to_owned(), value.into());
    };
    set("From", &format!("whatsapp:+{}", person.phone));
    set("To", &secrets.twilio_from);
    set("WaId", &person.phone);
    set("ProfileName", &person.name);
    set("SmsStatus", "received");
    set("NumSegments", "1");
    set("NumMedia", "0");
    set("Body", "");
    set("MessageType", "text");
    if let Some(replied) = said.reply_to {
        set("OriginalRepliedMessageSid", replied);
        set("OriginalRepliedMessageSender", &secrets.twilio_from);
    }
    match said.content {
        Content::Text { text } => set("Body", text),
        Content::Image { caption, .. } => {
            set("MessageType", "image");
            set("Body", caption.as_deref().unwrap_or_default());
            if let Some(media) = said.media {
                let (base, message) = (said.base_url, said.id);
                let url = format!(
                    "{base}/twilio/2010-04-01/Accounts/{account}/Messages/{message}/Media/{}",
                    media.id
                );
                set("NumMedia", "1");
                set("MediaUrl0", &url);
                set("MediaContentType0", &media.mime_type);
            }
        }
        Content::ButtonReply { id, title } => {
            set("MessageType", "button");
            set("Body", title);
            set("ButtonText", title);
            set("ButtonPayload", id);
        }
        Content::ListReply { id, title, .. } => {
            set("MessageType", "interactive");
            set("Body", title);
            set("ListTitle", title);
            set("ListId", id);
        }
        Content::Unknown { raw } => {
            for (name, value) in raw.as_object().into_iter().flatten() {
                let plain = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                set(name, &plain);
            }
        }
        _ => {}
    }
    notice(person, Kind::Message, said.id, json!({"params": params}))
}

/// What became of a message of the app. It goes to the address that came with the message.
pub(crate) fn status(
    secrets: &Secrets,
    person: &Person,
    id: &str,
    word: &str,
    error: Option<i64>,
    callback: &str,
) -> Notice {
    let mut params = frame(secrets, person, id);
    params.insert("From".into(), secrets.twilio_from.as_str().into());
    params.insert("To".into(), format!("whatsapp:+{}", person.phone).into());
    params.insert("MessageStatus".into(), word.into());
    params.insert("SmsStatus".into(), word.into());
    if let Some(code) = error {
        params.insert("ErrorCode".into(), code.to_string().into());
    }
    notice(
        person,
        Kind::Status,
        id,
        json!({"params": params, "url": callback}),
    )
}

/// The form of a webhook, in the order in which it goes out.
pub(crate) fn params(payload: &Value) -> Vec<(String, String)> {
    let params = payload["params"].as_object();
    let pairs = params.into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The app's reference in the address for statuses.
pub(crate) fn reference(callback: &str) -> Option<String> {
    let (_, query) = callback.split_once('?')?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "ref");
    let reference = found?.1.replace('.', " ");
    reference
        .parse::<Reference>()
        .ok()
        .map(|reference| reference.to_string())
}

fn frame(secrets: &Secrets, person: &Person, id: &str) -> Map<String, Value> {
    let account = secrets.twilio_account_sid.as_str();
    let fields = [
        ("MessageSid", id),
        ("SmsSid", id),
        ("SmsMessageSid", id),
        ("AccountSid", account),
        ("ApiVersion", "2010-04-01"),
        ("ChannelPrefix", "whatsapp"),
    ];
    debug_assert_eq!(person.channel, Channel::Twilio);
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn notice(person: &Person, kind: Kind, message_id: &str, payload: Value) -> Notice {
    Notice {
        lane: Lane {
            person: person.id.clone(),
            kind,
        },
        provider: Provider::Twilio,
        message_id: message_id.to_owned(),
        payload,
    }
}
