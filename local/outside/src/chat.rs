//! People, their messages and what these show, as the phone's API writes them.

use confab_messaging::Channel;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) channel: Channel,
    /// Known to the phone page always; told in webhooks only when it is not hidden.
    pub(crate) phone: String,
    pub(crate) user_id: Option<String>,
    pub(crate) hide_number: bool,
    pub(crate) unread: i64,
    pub(crate) last: Option<Message>,
    /// When the person last wrote: providers let us write freely for a day after that.
    #[serde(skip)]
    pub(crate) wrote_at: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) from: Side,
    pub(crate) status: Stage,
    pub(crate) error: Option<String>,
    pub(crate) context_id: Option<String>,
    pub(crate) reaction: Option<String>,
    /// Under which the app handled or sent it.
    pub(crate) correlation_id: Option<String>,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    Person,
    Bot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Sending,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl Side {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        if word == "bot" {
            Self::Bot
        } else {
            Self::Person
        }
    }
}

impl Stage {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        let all = [Self::Sent, Self::Delivered, Self::Read, Self::Failed];
        all.into_iter()
            .find(|stage| stage.word() == word)
            .unwrap_or(Self::Sending)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Content {
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
        buttons: Vec<Choice>,
    },
    List {
        header: Option<Box<Content>>,
        body: String,
        footer: Option<String>,
        button: String,
        sections: Vec<Section>,
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
    pub(crate) fn word(&self) -> &'static str {
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
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
}
