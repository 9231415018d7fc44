//! Parses bodies of `POST /messages`, within Meta's limits.

use confab_core::length;
use confab_simulator_chat::{Button, Content, ListRow, ListSection};
use serde_json::{Map, Value};

use crate::api_error::ApiError;

type Result<T> = std::result::Result<T, ApiError>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SendRequest {
    pub(crate) to: Recipient,
    pub(crate) reference: Option<String>,
    pub(crate) context_id: Option<String>,
    pub(crate) body: SendBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    Phone(String),
    Scoped(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SendBody {
    Message(Content),
    Reaction {
        message_id: String,
        emoji: Option<String>,
    },
}

pub(crate) fn parse(request: &Value) -> Result<SendRequest> {
    let request = request
        .as_object()
        .ok_or_else(|| ApiError::parameter("The body must be an object."))?;
    if request.get("messaging_product").and_then(Value::as_str) != Some("whatsapp") {
        return Err(ApiError::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    if request.values().any(holds_null) {
        return Err(ApiError::value("A value must not be null."));
    }
    let reference = optional(request, "biz_opaque_callback_data", 512)?;
    let context_id = match request.get("context") {
        Some(context) => Some(text(object_of(context, "context")?, "message_id", 512)?),
        None => None,
    };
    Ok(SendRequest {
        to: recipient(request)?,
        reference,
        context_id,
        body: body(request)?,
    })
}

fn recipient(request: &Map<String, Value>) -> Result<Recipient> {
    if let Some(to) = optional(request, "to", 32)? {
        let digits: String = to.chars().filter(char::is_ascii_digit).collect();
        return Ok(Recipient::Phone(digits));
    }
    let scoped = optional(request, "recipient", 160)?;
    scoped
        .map(Recipient::Scoped)
        .ok_or_else(|| ApiError::parameter("The parameter to is required."))
}

fn body(request: &Map<String, Value>) -> Result<SendBody> {
    let kind = optional(request, "type", 32)?.unwrap_or_else(|| "text".into());
    let part = object(request, &kind)?;
    let content = match kind.as_str() {
        "text" => Content::Text {
            text: text(part, "body", 4_096)?,
        },
        "image" => image(part)?,
        "interactive" => interactive(part)?,
        "template" => template(part)?,
        "reaction" => {
            let emoji = optional(part, "emoji", 32)?.filter(|emoji| !emoji.is_empty());
            return Ok(SendBody::Reaction {
                message_id: text(part, "message_id", 512)?,
                emoji,
            });
        }
        "audio" | "video" | "document" | "sticker" | "location" => {
            let raw = Value::Object(Map::from_iter([(kind.clone(), part.clone().into())]));
            Content::Unknown { raw }
        }
        other => {
            return Err(ApiError::parameter(format!(
                "Param type must not be {other}."
            )));
        }
    };
    Ok(SendBody::Message(content))
}

fn image(image: &Map<String, Value>) -> Result<Content> {
    let caption = optional(image, "caption", 1_024)?;
    let link = optional(image, "link", 2_048)?;
    let media_id = optional(image, "id", 64)?;
    match (link, media_id) {
        (Some(link), None) => Ok(Content::Image {
            media_id: None,
            url: web_address(link)?,
            caption,
        }),
        (None, Some(id)) => {
            let url = format!("/api/phone/media/{id}");
            Ok(Content::Image {
                media_id: Some(id),
                url,
                caption,
            })
        }
        _ => Err(ApiError::parameter("An image has either a link or an id.")),
    }
}

fn interactive(part: &Map<String, Value>) -> Result<Content> {
    let header = header(part)?;
    let footer = match part.get("footer") {
        Some(footer) => Some(text(object_of(footer, "footer")?, "text", 60)?),
        None => None,
    };
    let action = object(part, "action")?;
    let words = object(part, "body")?;
    match text(part, "type", 32)?.as_str() {
        "button" => Ok(Content::Buttons {
            header,
            body: text(words, "text", 1_024)?,
            footer,
            buttons: buttons(action)?,
        }),
        "list" => Ok(Content::List {
            header,
            body: text(words, "text", 4_096)?,
            footer,
            button: text(action, "button", 20)?,
            sections: sections(action)?,
        }),
        "cta_url" => {
            let parameters = object(action, "parameters")?;
            Ok(Content::Link {
                body: text(words, "text", 1_024)?,
                label: text(parameters, "display_text", 20)?,
                url: web_address(text(parameters, "url", 2_000)?)?,
            })
        }
        other => Err(ApiError::value(format!(
            "Interactive type {other} is not supported."
        ))),
    }
}

fn header(part: &Map<String, Value>) -> Result<Option<Box<Content>>> {
    let Some(header) = part.get("header") else {
        return Ok(None);
    };
    let header = object_of(header, "header")?;
    let content = match text(header, "type", 32)?.as_str() {
        "text" => Content::Text {
            text: text(header, "text", 60)?,
        },
        "image" => image(object(header, "image")?)?,
        "video" | "document" => Content::Unknown {
            raw: header.clone().into(),
        },
        other => {
            return Err(ApiError::value(format!(
                "Header type {other} is not supported."
            )));
        }
    };
    Ok(Some(Box::new(content)))
}

fn buttons(action: &Map<String, Value>) -> Result<Vec<Button>> {
    let buttons = list(action, "buttons", 3)?;
    let buttons = buttons.iter().map(|button| {
        let button = object_of(button, "button")?;
        if button.get("type").and_then(Value::as_str) != Some("reply") {
            return Err(ApiError::value("A button must be of type reply."));
        }
        let reply = object(button, "reply")?;
        Ok(Button {
            id: text(reply, "id", 256)?,
            title: text(reply, "title", 20)?,
        })
    });
    let buttons = buttons.collect::<Result<Vec<Button>>>()?;
    check_unique(
        buttons.iter().map(|button| button.id.as_str()),
        "Button ids",
    )?;
    check_unique(
        buttons.iter().map(|button| button.title.as_str()),
        "Button titles",
    )?;
    Ok(buttons)
}

fn sections(action: &Map<String, Value>) -> Result<Vec<ListSection>> {
    let sections = list(action, "sections", 10)?;
    let titled = sections.len() > 1;
    let sections = sections.iter().map(|section| {
        let section = object_of(section, "section")?;
        let title = if titled {
            Some(text(section, "title", 24)?)
        } else {
            optional(section, "title", 24)?
        };
        let rows = list(section, "rows", 10)?
            .iter()
            .map(row)
            .collect::<Result<Vec<ListRow>>>()?;
        Ok(ListSection {
            title: title.unwrap_or_default(),
            rows,
        })
    });
    let sections = sections.collect::<Result<Vec<ListSection>>>()?;
    let rows = || sections.iter().flat_map(|section| &section.rows);
    if rows().count() > 10 {
        return Err(ApiError::value("A list has at most 10 rows in all."));
    }
    check_unique(rows().map(|row| row.id.as_str()), "Row ids")?;
    Ok(sections)
}

fn row(row: &Value) -> Result<ListRow> {
    let row = object_of(row, "row")?;
    Ok(ListRow {
        id: text(row, "id", 200)?,
        title: text(row, "title", 24)?,
        description: optional(row, "description", 72)?,
    })
}

fn template(template: &Map<String, Value>) -> Result<Content> {
    let language = text(object(template, "language")?, "code", 32)?;
    let components = match template.get("components") {
        Some(_) => list(template, "components", 20)?,
        None => &[],
    };
    let mut parameters = Vec::new();
    for component in components {
        let component = object_of(component, "component")?;
        if component.get("type").and_then(Value::as_str) == Some("body") {
            for parameter in list(component, "parameters", 100)? {
                parameters.push(text(object_of(parameter, "parameter")?, "text", 32_768)?);
            }
        }
    }
    Ok(Content::Template {
        name: text(template, "name", 512)?,
        language,
        parameters,
    })
}

fn object<'a>(holder: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>> {
    let part = holder.get(name).ok_or_else(|| required(name))?;
    object_of(part, name)
}

fn object_of<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| ApiError::parameter(format!("Param {name} must be an object.")))
}

fn list<'a>(holder: &'a Map<String, Value>, name: &str, limit: usize) -> Result<&'a [Value]> {
    let list = holder.get(name).ok_or_else(|| required(name))?;
    let list = list
        .as_array()
        .ok_or_else(|| ApiError::parameter(format!("Param {name} must be an array.")))?;
    if !(1..=limit).contains(&list.len()) {
        return Err(ApiError::value(format!(
            "{name} must have 1 to {limit} elements."
        )));
    }
    Ok(list)
}

fn text(holder: &Map<String, Value>, name: &str, limit: usize) -> Result<String> {
    let text = optional(holder, name, limit)?.ok_or_else(|| required(name))?;
    if text.trim().is_empty() {
        return Err(ApiError::value(format!("{name} must not be empty.")));
    }
    Ok(text)
}

fn optional(holder: &Map<String, Value>, name: &str, limit: usize) -> Result<Option<String>> {
    let Some(value) = holder.get(name) else {
        return Ok(None);
    };
    let text = value
        .as_str()
        .ok_or_else(|| ApiError::parameter(format!("Param {name} must be a string.")))?;
    if length(text) > limit {
        return Err(ApiError::value(format!(
            "{name} must have at most {limit} characters."
        )));
    }
    Ok(Some(text.to_owned()))
}

fn required(name: &str) -> ApiError {
    ApiError::parameter(format!("The parameter {name} is required."))
}

fn web_address(address: String) -> Result<String> {
    if address.starts_with("https://") || address.starts_with("http://") {
        Ok(address)
    } else {
        Err(ApiError::value("A link must be a web address."))
    }
}

fn check_unique<'a>(values: impl Iterator<Item = &'a str>, names: &str) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    if values.into_iter().all(|value| seen.insert(value)) {
        Ok(())
    } else {
        Err(ApiError::value(format!("{names} must differ.")))
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
