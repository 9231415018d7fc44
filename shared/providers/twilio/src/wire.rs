//! Encodes messages as the form of Twilio's `Messages.json`. Bodies without a native form become
//! text.

use std::collections::BTreeMap;

use confab_core::{clip, length};
use confab_messaging::{Body, Button, Outbound};
use confab_provider_base::SendError;
use serde_json::{Map, Value};

use crate::parse::{ID_SEPARATOR, REFERENCE_PARAM};

pub(crate) const MAX_BODY_CHARS: usize = 1_600;

pub(crate) type FormFields = Vec<(&'static str, String)>;

/// Twilio's content SIDs of our templates, keyed by name and language: `studio_news/en`.
pub type ContentSids = BTreeMap<String, String>;

pub(crate) fn message(
    outbound: &Outbound,
    from: &str,
    status_callback: Option<&str>,
    sids: &ContentSids,
) -> Result<FormFields, SendError> {
    let mut fields = vec![("From", from.to_owned()), ("To", recipient(outbound)?)];
    fields.extend(content(&outbound.body, sids)?);
    if let Some(address) = status_callback {
        let reference = outbound.reference.to_string().replace(' ', ID_SEPARATOR);
        let separator = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{separator}{REFERENCE_PARAM}={reference}");
        fields.push(("StatusCallback", address));
    }
    Ok(fields)
}

pub(crate) fn recipient(outbound: &Outbound) -> Result<String, SendError> {
    let phone = outbound.to.person.phone.as_ref();
    let phone = phone.ok_or_else(|| SendError::permanent("Twilio can only reach phone numbers"))?;
    Ok(format!("whatsapp:+{}", phone.digits()))
}

pub(crate) fn content(body: &Body, sids: &ContentSids) -> Result<FormFields, SendError> {
    let text = |text: String| vec![("Body", text)];
    let choices = body.choices();
    Ok(match body {
        Body::Text { text: body } => text(clip(body, MAX_BODY_CHARS)),
        Body::Image { url, caption } => {
            let mut fields = vec![("MediaUrl", url.clone())];
            let caption = caption.as_deref().filter(|caption| !caption.is_empty());
            fields.extend(caption.map(|caption| ("Body", clip(caption, MAX_BODY_CHARS))));
            fields
        }
        Body::Buttons {
            text: body, footer, ..
        }
        | Body::List {
            text: body, footer, ..
        } => text(with_suffix(
            body,
            &numbered_choices(&choices, footer.as_deref()),
        )),
        Body::Link {
            text: body,
            label,
            url,
        } => text(with_suffix(body, &format!("\n\n{label}: {url}"))),
        Body::Template {
            name,
            language,
            parameters,
        } => {
            let sid = sids.get(&format!("{name}/{language}"));
            let sid = sid.ok_or_else(|| {
                SendError::permanent("the template is not registered with Twilio")
            })?;
            let variables: Map<String, Value> = (1..)
                .zip(parameters)
                .map(|(number, text)| (number.to_string(), text.as_str().into()))
                .collect();
            vec![
                ("ContentSid", sid.clone()),
                ("ContentVariables", Value::Object(variables).to_string()),
            ]
        }
        Body::Reaction { .. } => return Err(SendError::permanent("Twilio cannot send reactions")),
    })
}

/// Appends the choices as numbered lines; users reply with a number or a title.
fn numbered_choices(choices: &[Button], footer: Option<&str>) -> String {
    let mut lines = String::from("\n");
    for (number, choice) in (1..).zip(choices) {
        lines.push_str(&format!("\n{number}. {}", choice.title));
    }
    if let Some(footer) = footer.filter(|footer| !footer.is_empty()) {
        lines.push_str(&format!("\n\n{footer}"));
    }
    lines
}

/// Appends `suffix` and clips the text before it: the suffix holds what the user has to act on.
fn with_suffix(text: &str, suffix: &str) -> String {
    let max_text = MAX_BODY_CHARS.saturating_sub(length(suffix));
    clip(&format!("{}{suffix}", clip(text, max_text)), MAX_BODY_CHARS)
}

#[cfg(test)]
mod tests;
