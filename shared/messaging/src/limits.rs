//! What a channel accepts: lengths of texts, and numbers of buttons and rows.

use confab_core::length;

use crate::{Body, Channel, ListSection};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("{what} has {length} characters, {channel} allows 1 to {limit}")]
    Length {
        what: &'static str,
        length: usize,
        limit: usize,
        channel: &'static str,
    },
    #[error("there are {count} {what}, {channel} allows 1 to {limit}")]
    Count {
        what: &'static str,
        count: usize,
        limit: usize,
        channel: &'static str,
    },
}

/// Limits of a channel. Twilio has no buttons outside of templates, so choices become numbered lines.
struct Limits {
    channel: &'static str,
    text: usize,
    interactive_text: usize,
    list_text: usize,
    caption: usize,
}

const META: Limits = Limits {
    channel: "meta",
    text: 4096,
    interactive_text: 1024,
    list_text: 4096,
    caption: 1024,
};
const TWILIO: Limits = Limits {
    channel: "twilio",
    text: 1600,
    interactive_text: 1600,
    list_text: 1600,
    caption: 1600,
};

impl Limits {
    fn length(&self, what: &'static str, text: &str, limit: usize) -> Result<(), LimitError> {
        let length = length(text);
        if (1..=limit).contains(&length) {
            return Ok(());
        }
        let channel = self.channel;
        Err(LimitError::Length {
            what,
            length,
            limit,
            channel,
        })
    }

    fn count(&self, what: &'static str, count: usize, limit: usize) -> Result<(), LimitError> {
        if (1..=limit).contains(&count) {
            return Ok(());
        }
        let channel = self.channel;
        Err(LimitError::Count {
            what,
            count,
            limit,
            channel,
        })
    }
}

impl Body {
    /// Checks a body against a channel's limits, before it is saved for sending and for every text of the language packs.
    pub fn check(&self, channel: Channel) -> Result<(), LimitError> {
        let limits = match channel {
            Channel::Meta => META,
            Channel::Twilio => TWILIO,
        };
        match self {
            Self::Text { text } => limits.length("text", text, limits.text),
            Self::Image { caption, .. } => caption.as_deref().map_or(Ok(()), |text| {
                limits.length("caption", text, limits.caption)
            }),
            Self::Buttons {
                text,
                footer,
                buttons,
            } => {
                limits.length("text", text, limits.interactive_text)?;
                check_footer(&limits, footer.as_deref())?;
                limits.count("buttons", buttons.len(), 3)?;
                buttons.iter().try_for_each(|button| {
                    limits.length("button id", &button.id, 256)?;
                    limits.length("button title", &button.title, 20)
                })
            }
            Self::List {
                text,
                footer,
                open,
                sections,
            } => {
                limits.length("text", text, limits.list_text)?;
                check_footer(&limits, footer.as_deref())?;
                limits.length("list button", open, 20)?;
                limits.count("sections", sections.len(), 10)?;
                limits.count("rows", sections.iter().map(|s| s.rows.len()).sum(), 10)?;
                sections
                    .iter()
                    .try_for_each(|section| check_section(&limits, section))
            }
            Self::Link { text, label, .. } => {
                limits.length("text", text, limits.interactive_text)?;
                limits.length("link label", label, 20)
            }
            Self::Template { name, .. } => limits.length("template name", name, 512),
            Self::Reaction { emoji, .. } => limits.length("emoji", emoji, 16),
        }
    }
}

fn check_footer(limits: &Limits, footer: Option<&str>) -> Result<(), LimitError> {
    footer.map_or(Ok(()), |text| limits.length("footer", text, 60))
}

fn check_section(limits: &Limits, section: &ListSection) -> Result<(), LimitError> {
    limits.length("section title", &section.title, 20)?;
    section.rows.iter().try_for_each(|row| {
        limits.length("row id", &row.id, 200)?;
        limits.length("row title", &row.title, 24)?;
        row.description
            .as_deref()
            .map_or(Ok(()), |text| limits.length("row description", text, 72))
    })
}
