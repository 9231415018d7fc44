//! What the app posts to `/messages`, held to Meta's limits.

use confab_core::length;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::chat::{Choice, Content, Row, Section};

type Answer<T> = Result<T, Refusal>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Letter {
    pub(crate) to: Recipient,
    pub(crate) reference: Option<String>,
    pub(crate) context_id: Option<String>,
    pub(crate) body: LetterBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    Phone(String),
    Scoped(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LetterBody {
    Message(Content),
    Reaction {
        message_id: String,
        emoji: Option<String>,
    },
}

pub(crate) fn read(letter: &Value) -> Answer<Letter> {
    let letter = letter
        .as_object()
        .ok_or_else(|| Refusal::parameter("The body must be an object."))?;
    if letter.get("messaging_product").and_then(Value::as_str) != Some("whatsapp") {
        return Err(Refusal::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    if letter.values().any(holds_null) {
        return Err(Refusal::value("A value must not be null."));
    }
    let reference = optional(letter, "biz_opaque_callback_data", 512)?;
    let context_id = match letter.get("context") {
        Some(context) => Some(text(object_of(context, "context")?, "message_id", 512)?),
        None => None,
    };
    Ok(Letter {
        to: recipient(letter)?,
        reference,
        context_id,
        body: body(letter)?,
    })
}

fn recipient(letter: &Map<String, Value>) -> Answer<Recipient> {
    if let Some(to) = optional(letter, "to", 32)? {
        let digits: String = to.chars().filter(char::is_ascii_digit).collect();
        return Ok(Recipient::Phone(digits));
    }
    let scoped = optional(letter, "recipient", 160)?;
    scoped
        .map(Recipient::Scoped)
        .ok_or_else(|| Refusal::parameter("The parameter to is required."))
}

fn body(letter: &Map<String, Value>) -> Answer<LetterBody> {
    let kind = optional(letter, "type", 32)?.unwrap_or_else(|| "text".into());
    let part = object(letter, &kind)?;
    let content = match kind.as_str() {
        "text" => Content::Text {
            text: text(part, "body", 4_096)?,
        },
        "image" => image(part)?,
        "interactive" => interactive(part)?,
        "template" => template(part)?,
        "reaction" => {
            let emoji = optional(part, "emoji", 32)?.filter(|emoji| !emoji.is_empty());
            return Ok(LetterBody::Reaction {
                message_id: text(part, "message_id", 512)?,
                emoji,
            });
        }
        "audio" | "video" | "document" | "sticker" | "location" => {
            let raw = Value::Object(Map::from_iter([(kind.clone(), part.clone().into())]));
            Content::Unknown { raw }
        }
        other => {
            return Err(Refusal::parameter(format!(
                "Param type must not be {other}."
            )));
        }
    };
    Ok(LetterBody::Message(content))
}

fn image(image: &Map<String, Value>) -> Answer<Content> {
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
        _ => Err(Refusal::parameter("An image has either a link or an id.")),
    }
}

fn interactive(part: &Map<String, Value>) -> Answer<Content> {
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
        other => Err(Refusal::value(format!(
            "Interactive type {other} is not supported."
        ))),
    }
}

fn header(part: &Map<String, Value>) -> Answer<Option<Box<Content>>> {
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
            return Err(Refusal::value(format!(
                "Header type {other} is not supported."
            )));
        }
    };
    Ok(Some(Box::new(content)))
}

fn buttons(action: &Map<String, Value>) -> Answer<Vec<Choice>> {
    let buttons = list(action, "buttons", 3)?;
    let buttons = buttons.iter().map(|button| {
        let button = object_of(button, "button")?;
        if button.get("type").and_then(Value::as_str) != Some("reply") {
            return Err(Refusal::value("A button must be of type reply."));
        }
        let reply = object(button, "reply")?;
        Ok(Choice {
            id: text(reply, "id", 256)?,
            title: text(reply, "title", 20)?,
        })
    });
    let buttons = buttons.collect::<Answer<Vec<Choice>>>()?;
    each_once(
        buttons.iter().map(|button| button.id.as_str()),
        "Button ids",
    )?;
    each_once(
        buttons.iter().map(|button| button.title.as_str()),
        "Button titles",
    )?;
    Ok(buttons)
}

fn sections(action: &Map<String, Value>) -> Answer<Vec<Section>> {
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
            .collect::<Answer<Vec<Row>>>()?;
        Ok(Section {
            title: title.unwrap_or_default(),
            rows,
        })
    });
    let sections = sections.collect::<Answer<Vec<Section>>>()?;
    let rows = || sections.iter().flat_map(|section| &section.rows);
    if rows().count() > 10 {
        return Err(Refusal::value("A list has at most 10 rows in all."));
    }
    each_once(rows().map(|row| row.id.as_str()), "Row ids")?;
    Ok(sections)
}

fn row(row: &Value) -> Answer<Row> {
    let row = object_of(row, "row")?;
    Ok(Row {
        id: text(row, "id", 200)?,
        title: text(row, "title", 24)?,
        description: optional(row, "description", 72)?,
    })
}

fn template(template: &Map<String, Value>) -> Answer<Content> {
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

fn object<'a>(holder: &'a Map<String, Value>, name: &str) -> Answer<&'a Map<String, Value>> {
    let part = holder.get(name).ok_or_else(|| required(name))?;
    object_of(part, name)
}

fn object_of<'a>(value: &'a Value, name: &str) -> Answer<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| Refusal::parameter(format!("Param {name} must be an object.")))
}

fn list<'a>(holder: &'a Map<String, Value>, name: &str, limit: usize) -> Answer<&'a [Value]> {
    let list = holder.get(name).ok_or_else(|| required(name))?;
    let list = list
        .as_array()
        .ok_or_else(|| Refusal::parameter(format!("Param {name} must be an array.")))?;
    if !(1..=limit).contains(&list.len()) {
        return Err(Refusal::value(format!(
            "{name} must have 1 to {limit} elements."
        )));
    }
    Ok(list)
}

fn text(holder: &Map<String, Value>, name: &str, limit: usize) -> Answer<String> {
    let text = optional(holder, name, limit)?.ok_or_else(|| required(name))?;
    match text.trim().is_empty() {
        true => Err(Refusal::value(format!("{name} must not be empty."))),
        false => Ok(text),
    }
}

fn optional(holder: &Map<String, Value>, name: &str, limit: usize) -> Answer<Option<String>> {
    let Some(value) = holder.get(name) else {
        return Ok(None);
    };
    let text = value
        .as_str()
        .ok_or_else(|| Refusal::parameter(format!("Param {name} must be a string.")))?;
    if length(text) > limit {
        return Err(Refusal::value(format!(
            "{name} must have at most {limit} characters."
        )));
    }
    Ok(Some(text.to_owned()))
}

fn required(name: &str) -> Refusal {
    Refusal::parameter(format!("The parameter {name} is required."))
}

fn web_address(address: String) -> Answer<String> {
    match address.starts_with("https://") || address.starts_with("http://") {
        true => Ok(address),
        false => Err(Refusal::value("A link must be a web address.")),
    }
}

fn each_once<'a>(values: impl Iterator<Item = &'a str>, what: &str) -> Answer<()> {
    let mut seen = std::collections::HashSet::new();
    match values.into_iter().all(|value| seen.insert(value)) {
        true => Ok(()),
        false => Err(Refusal::value(format!("{what} must differ."))),
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
#[path = "letter_tests.rs"]
mod tests;
