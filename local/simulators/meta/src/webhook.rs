//! Webhooks: messages of people, and statuses of the app's messages.

use confab_simulator_base::{NewWebhook, OrderingKey, Provider, Webhook, WebhookKind};
use confab_simulator_chat::{Content, Person};
use serde_json::{Map, Value, json};

use crate::api_error::title;

pub const PROVIDER: Provider = Provider {
    name: "meta",
    batches: true,
};

const DISPLAY_NUMBER: &str = "15550783881";

/// Builds the webhook of a person's message. `body` holds the type and its part.
pub fn message(
    person: &Person,
    id: &str,
    at: i64,
    body: Map<String, Value>,
    context_id: Option<&str>,
) -> NewWebhook {
    let mut message = body;
    message.insert("id".into(), id.into());
    message.insert("timestamp".into(), seconds(at).into());
    let mut contact = Map::from_iter([("profile".to_owned(), json!({"name": person.name}))]);
    if !person.hide_number {
        message.insert("from".into(), person.phone.as_str().into());
        contact.insert("wa_id".into(), person.phone.as_str().into());
    }
    if let Some(user_id) = &person.user_id {
        message.insert("from_user_id".into(), user_id.as_str().into());
        contact.insert("user_id".into(), user_id.as_str().into());
    }
    if let Some(quoted) = context_id {
        message.insert(
            "context".into(),
            json!({"from": DISPLAY_NUMBER, "id": quoted}),
        );
    }
    webhook(
        person,
        WebhookKind::Message,
        id,
        json!({"contact": contact, "message": message}),
    )
}

/// Builds the part of a message that depends on its type.
pub fn body(content: &Content, mime_type: &str, sha256: &str) -> Map<String, Value> {
    let body = match content {
        Content::Text { text } => json!({"type": "text", "text": {"body": text}}),
        Content::Image {
            media_id, caption, ..
        } => {
            let mut image = json!({"id": media_id, "mime_type": mime_type, "sha256": sha256});
            if let Some(caption) = caption {
                image["caption"] = caption.as_str().into();
            }
            json!({"type": "image", "image": image})
        }
        Content::ButtonReply { id, title } => {
            let reply = json!({"id": id, "title": title});
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}})
        }
        Content::ListReply {
            id,
            title,
            description,
        } => {
            let mut reply = json!({"id": id, "title": title});
            if let Some(description) = description {
                reply["description"] = description.as_str().into();
            }
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}})
        }
        Content::Unknown { raw } => raw.clone(),
        other => json!({"type": other.name()}),
    };
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}

/// Builds that part of a reaction; without an emoji, the reaction is removed.
pub fn reaction(message_id: &str, emoji: Option<&str>) -> Map<String, Value> {
    let mut reaction = Map::from_iter([("message_id".to_owned(), message_id.into())]);
    if let Some(emoji) = emoji {
        reaction.insert("emoji".into(), emoji.into());
    }
    Map::from_iter([
        ("type".to_owned(), "reaction".into()),
        ("reaction".to_owned(), reaction.into()),
    ])
}

#[derive(Debug, Clone, Copy)]
pub enum DeliveryStatus {
    Sent,
    Delivered,
    Read,
    Failed(i64),
}

#[derive(Debug, Clone, Copy)]
pub struct Pricing {
    pub free: bool,
    pub template: bool,
}

/// Builds the webhook of a status.
pub fn status(
    person: &Person,
    message_id: &str,
    at: i64,
    delivery: DeliveryStatus,
    reference: Option<&str>,
    pricing: Option<Pricing>,
) -> NewWebhook {
    let name = match delivery {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Failed(_) => "failed",
    };
    let mut status = Map::from_iter([
        ("id".to_owned(), message_id.into()),
        ("status".to_owned(), name.into()),
        ("timestamp".to_owned(), seconds(at).into()),
    ]);
    if !person.hide_number {
        status.insert("recipient_id".into(), person.phone.as_str().into());
    }
    if let Some(user_id) = &person.user_id {
        status.insert("recipient_user_id".into(), user_id.as_str().into());
    }
    if let Some(reference) = reference {
        status.insert("biz_opaque_callback_data".into(), reference.into());
    }
    if let Some(Pricing { free, template }) = pricing {
        let kind = if free {
            "free_customer_service"
        } else {
            "regular"
        };
        let category = if template { "utility" } else { "service" };
        let pricing =
            json!({"billable": !free, "pricing_model": "PMP", "type": kind, "category": category});
        status.insert("pricing".into(), pricing);
    }
    if let DeliveryStatus::Failed(code) = delivery {
        let title = title(code);
        let error = json!({"code": code, "title": title, "message": title, "error_data": {"details": title}});
        status.insert("errors".into(), json!([error]));
    }
    webhook(
        person,
        WebhookKind::Status,
        message_id,
        json!({"status": status}),
    )
}

/// Writes one request for all these webhooks, which are of one kind.
pub(crate) fn envelope(webhooks: &[Webhook], phone_number_id: &str) -> String {
    let parts = |name: &str| {
        webhooks
            .iter()
            .filter_map(|webhook| webhook.payload.get(name).cloned())
            .collect::<Vec<Value>>()
    };
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": phone_number_id},
    });
    let mut contacts = parts("contact");
    contacts.dedup();
    for (name, parts) in [
        ("contacts", contacts),
        ("messages", parts("message")),
        ("statuses", parts("status")),
    ] {
        if !parts.is_empty() {
            value[name] = parts.into();
        }
    }
    let change = json!({"value": value, "field": "messages"});
    let entry = json!({"id": "102290129340398", "changes": [change]});
    escaped(&json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string())
}

/// Escapes all but ASCII as `\uXXXX`, which is the form that Meta signs.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
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

fn seconds(at: i64) -> String {
    at.div_euclid(1_000).to_string()
}
