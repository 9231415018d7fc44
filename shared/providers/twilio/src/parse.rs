//! Parses Twilio's webhook forms into updates: incoming messages and delivery statuses.

use confab_core::{Error, Phone, Result, Timestamp};
use confab_messaging::{
    Address, Channel, Content, DeliveryFailure, DeliveryStatus, Identity, Inbound, Media,
    StatusUpdate, Update,
};
use confab_provider_base::{
    lenient::LenientString,
    parsed::{Parsed, id, label, line, strip_control_characters, text},
};

/// Twilio sends about forty parameters. A form with more fails its signature, which covers all of
/// them.
const MAX_PARAMS: usize = 2_000;
const MAX_MEDIA_ITEMS: usize = 10;
const MAX_URL_BYTES: usize = 2_048;

/// Decodes a form into its parameters, in their order.
pub fn form(raw_body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(raw_body)
        .take(MAX_PARAMS)
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

/// Parses the parameters of one webhook.
/// `query` is our callback's query, which returns the reference. `now` is the update's time, since
/// Twilio sends none.
pub fn parse(params: &[(String, String)], query: &str, now: Timestamp) -> Parsed {
    let form = Form(params);
    let mut parsed = Parsed::default();
    let update = match form.get("MessageStatus") {
        Some(status) => read_status(&form, status, query, now).map(Update::Status),
        None => read_message(&form, now).map(Update::Message),
    };
    match update {
        Ok(update) => parsed.updates.push(update),
        Err(reason) => parsed.ignore(reason),
    }
    parsed
}

/// Parses the same fields from a flat JSON object, which Twilio signs through its hash.
pub fn parse_json(raw_body: &[u8], query: &str, now: Timestamp) -> Result<Parsed> {
    let fields: std::collections::BTreeMap<String, LenientString> =
        serde_json::from_slice(raw_body).map_err(|error| {
            Error::invalid("bad_json", "The body is not a JSON object.").with_source(error)
        })?;
    let params: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.get()?.to_owned())))
        .collect();
    Ok(parse(&params, query, now))
}

/// The query parameter of our reference. Its ids are joined by dots, which gateways do not
/// re-encode as they do spaces; the signature covers the query.
pub(crate) const REFERENCE_PARAM: &str = "ref";
pub(crate) const ID_SEPARATOR: &str = ".";

struct Form<'a>(&'a [(String, String)]);

impl<'a> Form<'a> {
    /// Returns a field; an empty one counts as absent.
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn message_id(&self) -> Option<String> {
        let sid = ["MessageSid", "SmsMessageSid", "SmsSid"]
            .into_iter()
            .find_map(|name| self.get(name));
        sid.and_then(id)
    }
}

fn read_message(form: &Form<'_>, now: Timestamp) -> Result<Inbound, String> {
    let from = form.get("From");
    // Our number may receive SMS as well; a WhatsApp reply to one would not arrive.
    if from.is_some_and(|from| !from.starts_with("whatsapp:")) {
        return Err("not_whatsapp".to_owned());
    }
    let person = from
        .and_then(phone)
        .or(form.get("WaId").and_then(phone))
        .ok_or("message_without_sender")?;
    Ok(Inbound {
        id: form.message_id().ok_or("message_without_id")?,
        from: address(form.get("To"), person),
        name: form.get("ProfileName").map(text),
        sent_at: now,
        reply_to: form.get("OriginalRepliedMessageSid").and_then(id),
        content: content(form),
    })
}

fn read_status(
    form: &Form<'_>,
    status: &str,
    query: &str,
    now: Timestamp,
) -> Result<StatusUpdate, String> {
    let stage = match status {
        // Twilio accepted the message: it must not be sent again.
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" | "undelivered" | "canceled" => DeliveryStatus::Failed,
        other => return Err(format!("status:{}", label(other))),
    };
    let person = form
        .get("To")
        .and_then(phone)
        .ok_or("status_without_recipient")?;
    let code = form.get("ErrorCode").and_then(|code| code.parse().ok());
    let title = form.get("ErrorMessage").unwrap_or(status);
    Ok(StatusUpdate {
        message_id: form.message_id().ok_or("status_without_id")?,
        reference: form_urlencoded::parse(query.as_bytes())
            .find_map(|(key, value)| (key == REFERENCE_PARAM).then_some(value))
            .and_then(|value| value.replace(ID_SEPARATOR, " ").parse().ok()),
        to: address(form.get("From"), person),
        stage,
        at: now,
        price: None,
        error: code.map(|code| DeliveryFailure {
            code,
            title: line(title),
        }),
    })
}

fn address(business: Option<&str>, person: Phone) -> Address {
    Address {
        channel: Channel::Twilio,
        business: business.and_then(id).unwrap_or_default(),
        person: Identity {
            phone: Some(person),
            scoped_id: None,
        },
    }
}

fn phone(address: &str) -> Option<Phone> {
    Phone::parse(address.strip_prefix("whatsapp:").unwrap_or(address)).ok()
}

fn content(form: &Form<'_>) -> Content {
    let body = form.get("Body");
    let chosen = [("ButtonPayload", "ButtonText"), ("ListId", "ListTitle")]
        .into_iter()
        .find_map(|(chosen, title)| Some((id(form.get(chosen)?)?, form.get(title).or(body))));
    if let Some((id, title)) = chosen {
        let title = line(title.unwrap_or_default());
        return Content::Choice { id, title };
    }
    let count = form
        .get("NumMedia")
        .and_then(|count| count.parse::<usize>().ok())
        .unwrap_or(0);
    if count > 0 {
        let items: Vec<Media> = (0..count.min(MAX_MEDIA_ITEMS))
            .filter_map(|index| media(form, index))
            .collect();
        if items.is_empty() {
            return Content::Unsupported {
                what: "media".into(),
            };
        }
        return Content::Media {
            items,
            caption: body.map(text),
        };
    }
    match body {
        Some(body) => Content::Text { text: text(body) },
        None => Content::Unsupported {
            what: label(form.get("MessageType").unwrap_or("none")),
        },
    }
}

fn media(form: &Form<'_>, index: usize) -> Option<Media> {
    let source = form
        .get(&format!("MediaUrl{index}"))
        .filter(|url| url.len() <= MAX_URL_BYTES)?;
    let mime_type = form.get(&format!("MediaContentType{index}"));
    Some(Media {
        source: strip_control_characters(source),
        mime_type: mime_type.and_then(id).unwrap_or_default(),
        sha256: None,
    })
}

#[cfg(test)]
mod tests;
