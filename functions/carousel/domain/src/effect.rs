//! Effects of a decision: saved with it, and executed afterwards.

use serde::{Deserialize, Serialize};

use crate::{Call, CarouselEvent, CarouselId, TelegramId, WriteJob};

/// A change of the person's quota of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaChange {
    Reserve,
    /// The reserved carousel was delivered.
    Use,
    Return,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Of the saga alone. The conversation applies it to its row in the same decision, so that it
    /// is never executed.
    Quota {
        change: QuotaChange,
    },
    Write {
        job: Box<WriteJob>,
    },
    /// `Saga::render_job` of the row that was saved with this effect. Jobs with all their texts
    /// would not fit into one stored decision.
    Render {
        carousel: CarouselId,
        revision: u32,
        number: u8,
        hash: String,
    },
    /// `Saga::pdf_job` of the row.
    RenderPdf {
        carousel: CarouselId,
        revision: u32,
    },
    Call {
        call: Call,
    },
    Publish {
        event: CarouselEvent,
    },
    /// Fetches a picture from Telegram, re-encodes it and reports its object key.
    StoreLogo {
        file_id: String,
        owner: String,
    },
    /// A group became a supergroup: its new id leads to the same conversation.
    SaveAlias {
        chat: TelegramId,
    },
    /// Deletes all rows and files of the conversation.
    Erase {
        chat: String,
    },
}
