//! Inputs of a carousel's state machine.

use serde::{Deserialize, Serialize};

use crate::{
    Brand, Format, PdfFile, SlideFile, SlideText, TelegramId, Template, Usage, WriteResult,
};

/// A message that was accepted by Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    pub message: TelegramId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// What became of a send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SendOutcome {
    /// In the order of an album's items.
    Done { messages: Vec<SentMessage> },
    /// Certainly not in the chat, and never will be.
    Refused {
        /// A file id is not valid any more. With the bytes it may be.
        is_wrong_file: bool,
    },
    /// The person blocked the bot, or the chat is gone.
    Unreachable,
    /// Certainly not in the chat yet. The worker tries again by itself.
    Later,
    /// Perhaps in the chat, perhaps in part.
    Unknown,
}

/// A change of what all slides look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "restyle", content = "to", rename_all = "snake_case")]
pub enum Restyle {
    Template(Template),
    Format(Format),
    Brand(Brand),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trigger", rename_all = "snake_case")]
pub enum SagaTrigger {
    // News of the workers.
    Written {
        revision: u32,
        result: WriteResult,
        #[serde(default)]
        usage: Vec<Usage>,
    },
    Rendered {
        revision: u32,
        number: u8,
        hash: String,
        file: SlideFile,
        #[serde(default)]
        usage: Vec<Usage>,
    },
    PdfRendered {
        file: PdfFile,
        #[serde(default)]
        usage: Vec<Usage>,
    },
    Settled {
        send: u32,
        outcome: SendOutcome,
    },
    DeadlinePassed,
    /// The chat cannot be written to.
    Unreachable,
    // Wishes of the person, who saw this revision.
    Cancel,
    EditSlide {
        revision: u32,
        number: u8,
        #[serde(flatten)]
        text: SlideText,
    },
    Restyle {
        revision: u32,
        change: Restyle,
    },
    /// Has the texts written once more: all, or those of one slide.
    WriteAgain {
        revision: u32,
        number: Option<u8>,
    },
    /// Begins a failed or cancelled carousel anew.
    Retry {
        revision: u32,
    },
    /// Sends an album again that may be in the chat.
    SendAgain {
        revision: u32,
    },
    /// The album is in the chat.
    ConfirmArrival {
        revision: u32,
    },
    SendPdf {
        revision: u32,
    },
    /// Has the PDF drawn, and does not send it.
    DrawPdf {
        revision: u32,
    },
    SendFiles {
        revision: u32,
    },
    /// Sends the message with the buttons again, at the end of the chat.
    Open,
}

/// Why a trigger changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is about another revision.
    OlderVersion,
    /// The carousel is being made or changed, or the file is on its way.
    Busy,
    TooLateToCancel,
    /// The model was asked often enough about this carousel.
    TooManyRewrites,
    /// A copy, or late news, or something that this state does not have.
    NotNow,
}
