//! Webhooks that are owed to the app.

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Provider {
    pub name: &'static str,
    /// Whether one webhook may carry several updates.
    pub batches: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebhookKind {
    Message,
    Status,
    Event,
    Callback,
}

impl WebhookKind {
    const ALL: [Self; 4] = [Self::Message, Self::Status, Self::Event, Self::Callback];

    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Status => "status",
            Self::Event => "event",
            Self::Callback => "callback",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Webhooks with one key are delivered in order: the messages of a person, and the statuses of the
/// messages to a person. Events and callbacks have no order, and each has a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderingKey {
    /// The id of a person, an event or a callback.
    pub owner: String,
    pub kind: WebhookKind,
}

#[derive(Debug)]
pub struct NewWebhook {
    pub ordering_key: OrderingKey,
    pub provider: Provider,
    pub message_id: String,
    pub payload: Value,
}

/// One webhook owed to the app, or one of its copies.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: i64,
    /// The id of the first copy, the same for all copies.
    pub first_copy: i64,
    pub ordering_key: OrderingKey,
    pub provider: Provider,
    pub message_id: String,
    pub payload: Value,
    pub created_at: i64,
    pub due_at: i64,
    pub attempts: u32,
}
