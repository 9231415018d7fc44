//! Messages to a person.

use serde::{Deserialize, Serialize};

use crate::{Address, Reference};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbound {
    pub to: Address,
    pub reference: Reference,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    pub body: Body,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    Text {
        text: String,
    },
    Image {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    Buttons {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
        buttons: Vec<Button>,
    },
    List {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
        open: String,
        sections: Vec<ListSection>,
    },
    Link {
        text: String,
        label: String,
        url: String,
    },
    Template {
        name: String,
        language: String,
        parameters: Vec<String>,
    },
    Reaction {
        message_id: String,
        emoji: String,
    },
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Shows the kind alone, because texts contain personal data.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "Text(..)",
            Self::Image { .. } => "Image(..)",
            Self::Buttons { .. } => "Buttons(..)",
            Self::List { .. } => "List(..)",
            Self::Link { .. } => "Link(..)",
            Self::Template { .. } => "Template(..)",
            Self::Reaction { .. } => "Reaction(..)",
        })
    }
}

impl Body {
    /// Returns the choices that the body offers, in the order shown.
    pub fn choices(&self) -> Vec<Button> {
        match self {
            Self::Buttons { buttons, .. } => buttons.clone(),
            Self::List { sections, .. } => sections
                .iter()
                .flat_map(|section| &section.rows)
                .map(|row| Button {
                    id: row.id.clone(),
                    title: row.title.clone(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}
