//! Webhooks: forms with one update each.

use confab_messaging::{Channel, Reference};
use confab_simulator_base::{NewWebhook, OrderingKey, Provider, WebhookKind};
use confab_simulator_chat::{Content, Media, Person};
use serde_json::{Map, Value, json};

use crate::{account::TwilioAccount, twilio::Twilio};

pub const PROVIDER: Provider = Provider {
    name: "twilio",
    batches: false,
};

#[derive(Debug)]
pub struct IncomingMessage<'a> {
    pub id: &'a str,
    pub content: &'a Content,
    pub media: Option<&'a Media>,
    pub reply_to: Option<&'a str>,
}

/// Builds the webhook of a person's message, which goes to the account's address for incoming
/// messages.
pub fn message(twilio: &Twilio, person: &Person, incoming: &IncomingMessage<'_>) -> NewWebhook {
    let account = &twilio.account;
    let account_sid = &account.account_sid;
    let mut params = frame(account, person, incoming.id);
    let mut set = |name: &str, value: &str| {
        params.insert(name.to_owned(), value.into());
    };
    set("From", &format!("whatsapp:+{}", person.phone));
    set("To", &account.from);
    set("WaId", &person.phone);
    set("ProfileName", &person.name);
    set("SmsStatus", "received");
    set("NumSegments", "1");
    set("NumMedia", "0");
    set("Body", "");
    set("MessageType", "text");
    if let Some(replied) = incoming.reply_to {
        set("OriginalRepliedMessageSid", replied);
        set("OriginalRepliedMessageSender", &account.from);
    }
    match incoming.content {
        Content::Text { text } => set("Body", text),
        Content::Image { caption, .. } => {
            set("MessageType", "image");
            set("Body", caption.as_deref().unwrap_or_default());
            if let Some(media) = incoming.media {
                let (base, message) = (twilio.context.base_url(), incoming.id);
                let url = format!(
                    "{base}/twilio/2010-04-01/Accounts/{account_sid}/Messages/{message}/Media/{}",
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
    webhook(
        person,
        WebhookKind::Message,
        incoming.id,
        json!({"params": params}),
    )
}

/// Builds the webhook of a status, which goes to the address that the app gave with the message.
pub fn status(
    twilio: &Twilio,
    person: &Person,
    id: &str,
    status: &str,
    error: Option<i64>,
    callback: &str,
) -> NewWebhook {
    let account = &twilio.account;
    let mut params = frame(account, person, id);
    params.insert("From".into(), account.from.as_str().into());
    params.insert("To".into(), format!("whatsapp:+{}", person.phone).into());
    params.insert("MessageStatus".into(), status.into());
    params.insert("SmsStatus".into(), status.into());
    if let Some(code) = error {
        params.insert("ErrorCode".into(), code.to_string().into());
    }
    webhook(
        person,
        WebhookKind::Status,
        id,
        json!({"params": params, "url": callback}),
    )
}

/// Returns the fields of the form, in the order in which they are signed and sent.
pub(crate) fn params(payload: &Value) -> Vec<(String, String)> {
    let params = payload["params"].as_object();
    let pairs = params.into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Reads the app's reference from the address for statuses.
pub(crate) fn reference(callback: &str) -> Option<String> {
    let (_, query) = callback.split_once('?')?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "ref");
    let reference = found?.1.replace('.', " ");
    reference
        .parse::<Reference>()
        .ok()
        .map(|reference| reference.to_string())
}

fn frame(account: &TwilioAccount, person: &Person, id: &str) -> Map<String, Value> {
    let account_sid = account.account_sid.as_str();
    let fields = [
        ("MessageSid", id),
        ("SmsSid", id),
        ("SmsMessageSid", id),
        ("AccountSid", account_sid),
        ("ApiVersion", "2010-04-01"),
        ("ChannelPrefix", "whatsapp"),
    ];
    debug_assert_eq!(person.channel, Channel::Twilio);
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn webhook(person: &Person, kind: WebhookKind, message_id: &str, payload: Value) -> NewWebhook {
    NewWebhook {
        ordering_key: OrderingKey {
            owner: person.id.clone(),
            kind,
        },
        provider: PROVIDER,
        message_id: message_id.to_owned(),
        payload,
    }
}
