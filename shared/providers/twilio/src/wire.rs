//! Messages -> the form that Twilio's `Messages.json` takes. What Twilio has no form for becomes text.

use std::collections::BTreeMap;

use confab_core::{clip, length};
use confab_messaging::{Body, Button, Outbound};
use serde_json::{Map, Value};

use crate::parse::{BETWEEN_IDS, REFERENCE};
use confab_provider_base::SendError;

pub(crate) const LONGEST_BODY: usize = 1_600;

pub(crate) type Fields = Vec<(&'static str, String)>;

/// What Twilio calls our templates, by their name and language: `studio_news/en`.
pub type ContentSids = BTreeMap<String, String>;

pub(crate) fn message(
    outbound: &Outbound,
    from: &str,
    status_callback: Option<&str>,
    sids: &ContentSids,
) -> Result<Fields, SendError> {
    let mut fields = vec![("From", from.to_owned()), ("To", recipient(outbound)?)];
    fields.extend(content(&outbound.body, sids)?);
    if let Some(address) = status_callback {
        let reference = outbound.reference.to_string().replace(' ', BETWEEN_IDS);
        let mark = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{mark}{REFERENCE}={reference}");
        fields.push(("StatusCallback", address));
    }
    Ok(fields)
}

pub(crate) fn recipient(outbound: &Outbound) -> Result<String, SendError> {
    let phone = outbound.to.person.phone.as_ref();
    let phone = phone.ok_or_else(|| SendError::permanent("Twilio reaches phone numbers only"))?;
    Ok(format!("whatsapp:+{}", phone.digits()))
}

pub(crate) fn content(body: &Body, sids: &ContentSids) -> Result<Fields, SendError> {
    let text = |text: String| vec![("Body", text)];
    let choices = body.choices();
    Ok(match body {
        Body::Text { text: body } => text(clip(body, LONGEST_BODY)),
        Body::Image { url, caption } => {
            let mut fields = vec![("MediaUrl", url.clone())];
            let caption = caption.as_deref().filter(|caption| !caption.is_empty());
            fields.extend(caption.map(|caption| ("Body", clip(caption, LONGEST_BODY))));
            fields
        }
        Body::Buttons {
            text: body, footer, ..
        }
        | Body::List {
            text: body, footer, ..
        } => text(ending(body, &numbered(&choices, footer.as_deref()))),
        Body::Link {
            text: body,
            label,
            url,
        } => text(ending(body, &format!("\n\n{label}: {url}"))),
        Body::Template {
            name,
            language,
            parameters,
        } => {
            let sid = sids.get(&format!("{name}/{language}"));
            let sid =
                sid.ok_or_else(|| SendError::permanent("Twilio has no such template of ours"))?;
            let numbered = (1..)
                .zip(parameters)
                .map(|(n, text)| (n.to_string(), text.as_str().into()));
            let variables = Value::Object(numbered.collect::<Map<_, _>>());
            vec![
                ("ContentSid", sid.clone()),
                ("ContentVariables", variables.to_string()),
            ]
        }
        Body::Reaction { .. } => return Err(SendError::permanent("Twilio sends no reactions")),
    })
}

/// People answer with the number or with the title.
fn numbered(choices: &[Button], footer: Option<&str>) -> String {
    let mut lines = String::from("\n");
    for (number, choice) in (1..).zip(choices) {
        lines.push_str(&format!("\n{number}. {}", choice.title));
    }
    if let Some(footer) = footer.filter(|footer| !footer.is_empty()) {
        lines.push_str(&format!("\n\n{footer}"));
    }
    lines
}

/// The end is what the person needs in order to go on: the text gives way.
fn ending(text: &str, end: &str) -> String {
    let room = LONGEST_BODY.saturating_sub(length(end));
    clip(&format!("{}{end}", clip(text, room)), LONGEST_BODY)
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
