//! People and their messages, as the phone's API writes them.

use confab_messaging::Channel;
use confab_simulator_base::PageUpdate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub channel: Channel,
    /// Webhooks leave it out when `hide_number` is set.
    pub phone: String,
    pub user_id: Option<String>,
    pub hide_number: bool,
    pub unread: i64,
    pub last: Option<Message>,
    /// Milliseconds since 1970 of the last message of the person, which opens the reply window.
    #[serde(skip)]
    pub wrote_at: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Message {
    pub id: String,
    pub seq: i64,
    pub at: i64,
    pub from: Sender,
    pub status: MessageStatus,
    pub error: Option<String>,
    pub context_id: Option<String>,
    pub reaction: Option<String>,
    /// The correlation id under which the app handled or sent the message.
    pub correlation_id: Option<String>,
    pub content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    Person,
    Bot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    Sending,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl Sender {
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
        }
    }

    pub fn from_name(name: &str) -> Self {
        if name == "bot" {
            Self::Bot
        } else {
            Self::Person
        }
    }
}

impl MessageStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    pub fn from_name(name: &str) -> Self {
        let all = [Self::Sent, Self::Delivered, Self::Read, Self::Failed];
        all.into_iter()
            .find(|status| status.name() == name)
            .unwrap_or(Self::Sending)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text {
        text: String,
    },
    Image {
        media_id: Option<String>,
        url: String,
        caption: Option<String>,
    },
    Buttons {
        header: Option<Box<Content>>,
        body: String,
        footer: Option<String>,
        buttons: Vec<Button>,
    },
    List {
        header: Option<Box<Content>>,
        body: String,
        footer: Option<String>,
        button: String,
        sections: Vec<ListSection>,
    },
    Link {
        body: String,
        label: String,
        url: String,
    },
    Template {
        name: String,
        language: String,
        parameters: Vec<String>,
    },
    ButtonReply {
        id: String,
        title: String,
    },
    ListReply {
        id: String,
        title: String,
        description: Option<String>,
    },
    Unknown {
        raw: Value,
    },
}

impl Content {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Buttons { .. } => "buttons",
            Self::List { .. } => "list",
            Self::Link { .. } => "link",
            Self::Template { .. } => "template",
            Self::ButtonReply { .. } => "button_reply",
            Self::ListReply { .. } => "list_reply",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSection {
    pub title: String,
    pub rows: Vec<ListRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

/// Builds the update that shows a new or changed message on open pages.
pub(crate) fn message_update(person: &str, message: &Message) -> PageUpdate {
    PageUpdate {
        name: "message",
        data: json!({"person": person, "message": message}),
    }
}
