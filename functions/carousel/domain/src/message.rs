//! Messages to people, before a provider gives them its own form.

use serde::{Deserialize, Serialize};

use crate::CarouselId;

/// Limits of Telegram, in UTF-16 units as it counts them.
pub const MAX_MESSAGE: usize = 4096;
pub const MAX_CALLBACK_ANSWER: usize = 200;
pub const MAX_COPY_TEXT: usize = 256;

/// A chat, person or message of Telegram.
pub type TelegramId = i64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "span", content = "text", rename_all = "snake_case")]
pub enum Span {
    Plain(String),
    Bold(String),
    /// Copied with one tap.
    Code(String),
    Preformatted(String),
}

impl Span {
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Bold(text) | Self::Code(text) | Self::Preformatted(text) => {
                text
            }
        }
    }
}

/// A text with marks. The provider escapes it: no text here is markup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RichText(pub Vec<Span>);

impl RichText {
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Span::Plain(text.into())])
    }

    #[must_use]
    pub fn with(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    /// Returns the text without marks.
    pub fn text(&self) -> String {
        self.0.iter().map(Span::text).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "button", rename_all = "snake_case")]
pub enum Button {
    /// Comes back as a callback with this data.
    Tap { label: String, data: String },
    /// Puts a text on the person's clipboard.
    Copy { label: String, text: String },
}

/// Rows of buttons below a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keyboard(pub Vec<Vec<Button>>);

/// Names a send of a carousel, so that its outcome finds its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket {
    pub carousel: CarouselId,
    pub send: u32,
}

/// Where the outcome of a send is reported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    Carousel(Ticket),
    /// A question of the conversation, by its number.
    Question {
        number: u32,
    },
}

/// A picture of a slide. With a file id nothing is uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    pub object: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// A file to keep: the PDF, or a master of a slide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub object: String,
    /// The name that the person sees.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// A call to the chat's provider. Only the sends are new messages and have an outcome to report;
/// everything else is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    SendMessage {
        text: RichText,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyboard: Option<Keyboard>,
        /// Asks for a reply, with this hint in the input field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_hint: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Report>,
    },
    /// One photo, or an album of two to ten.
    SendPhotos {
        photos: Vec<Photo>,
        ticket: Ticket,
    },
    /// One document, or a group of two to ten.
    SendDocuments {
        documents: Vec<Document>,
        ticket: Ticket,
    },
    EditMessage {
        message: TelegramId,
        text: RichText,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyboard: Option<Keyboard>,
    },
    /// Without a keyboard, the buttons go.
    EditKeyboard {
        message: TelegramId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyboard: Option<Keyboard>,
    },
    EditPhoto {
        message: TelegramId,
        photo: Photo,
        ticket: Ticket,
    },
    DeleteMessage {
        message: TelegramId,
    },
    AnswerCallback {
        callback: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Shown until the person closes it.
        is_alert: bool,
    },
}

impl Call {
    /// Whether the call puts something new into the chat. Repeated, it would be there twice.
    pub fn is_new_message(&self) -> bool {
        matches!(
            self,
            Self::SendMessage { .. } | Self::SendPhotos { .. } | Self::SendDocuments { .. }
        )
    }
}

/// Returns the length as Telegram counts it.
pub fn utf16_length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Shortens a text to `limit` UTF-16 units, with an ellipsis.
pub fn clip_utf16(text: &str, limit: usize) -> String {
    if utf16_length(text) <= limit {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |letter: &char| {
        used += letter.len_utf16();
        used <= limit
    };
    let mut clipped: String = text.chars().take_while(fits).collect();
    clipped.truncate(clipped.trim_end().len());
    clipped.push('…');
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_texts_are_within_the_limit_of_units() {
        assert_eq!(clip_utf16("short", 5), "short");
        assert_eq!(clip_utf16("😀😀😀", 5), "😀😀…");
        assert_eq!(clip_utf16("too long", 5), "too…");
        assert!(utf16_length(&clip_utf16(&"👩‍👩‍👧".repeat(50), 64)) <= 64);
    }
}
