//! The stored row of a carousel.

use std::collections::{BTreeMap, BTreeSet};

use confab_contracts::carousel::Spent;
use confab_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    CancelReason, CarouselId, ComposedReason, Cost, Draft, FailReason, Language, Look, Origin,
    Page, PdfFile, Slide, SlideFile, Source, TelegramId, UiLanguage, Usage, WriteTask,
};

/// Stored states. Written and rendered are moments within a transition, and never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SagaState {
    Requested,
    Rendering,
    Delivering,
    Delivered,
    Failed,
    Cancelled,
}

/// A slide that replaces one of the draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub number: u8,
    pub slide: Slide,
}

/// What the slides of a revision say and look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Written without a model.
    #[serde(default)]
    pub is_composed: bool,
    /// Why it was. Rows of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composed: Option<ComposedReason>,
    pub look: Look,
}

impl Content {
    pub fn slides(&self) -> Vec<Slide> {
        let written = self.draft.iter().flat_map(|draft| &draft.slides);
        (1..=u8::MAX)
            .zip(written)
            .map(|(number, slide)| self.edit(number).unwrap_or(slide).clone())
            .collect()
    }

    fn edit(&self, number: u8) -> Option<&Slide> {
        let edit = self.edits.iter().find(|edit| edit.number == number);
        edit.map(|edit| &edit.slide)
    }

    pub fn replace(&mut self, number: u8, slide: Slide) {
        self.edits.retain(|edit| edit.number != number);
        self.edits.push(Edit { number, slide });
    }

    pub fn count(&self) -> u8 {
        let slides = self.draft.as_ref().map_or(0, |draft| draft.slides.len());
        u8::try_from(slides).unwrap_or(u8::MAX)
    }

    /// Returns everything that decides the pixels of each slide.
    pub fn pages(&self, language: Language) -> Vec<Page> {
        let written = self.draft.iter().flat_map(|draft| &draft.slides);
        let written: Vec<_> = written.cloned().collect();
        (1..=u8::MAX)
            .zip(self.slides())
            .map(|(number, slide)| Page {
                slide,
                number,
                total: self.count(),
                language,
                look: self.look.clone(),
                written: written.clone(),
            })
            .collect()
    }
}

/// Whether a message is in the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posted {
    #[default]
    Unsent,
    Sending,
    Sent,
    /// It may be there. It is never sent again without the person's word.
    Unknown,
}

/// What the status message says. Equal lines are one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    Writing,
    Drawing {
        done: u8,
        total: u8,
    },
    Sending,
    Updating {
        revision: u32,
    },
    Unsure,
    Failed {
        reason: FailReason,
    },
    Cancelled,
    /// The slides are in the chat; the buttons are those of the revision.
    Ready {
        revision: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
}

/// A sentence above the buttons of a carousel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    NotUpdated,
    ChangeCancelled,
    FileUnsure,
    /// The masters are not kept any more.
    FilesDeleted,
}

/// The one message that tells how it goes. At first it stands above the slides; once these have
/// arrived, a new one with the buttons stands below and takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Board {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<TelegramId>,
    pub posted: Posted,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

/// A slide in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedSlide {
    pub number: u8,
    /// Of the page that the chat shows. Empty while an edit has no receipt.
    pub hash: String,
    /// `None` if the person confirmed an album whose receipt was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<TelegramId>,
}

/// A message with one slide, or an album with two to ten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlbumPart {
    pub posted: Posted,
    pub slides: Vec<PostedSlide>,
}

/// A send whose outcome has not been reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSend {
    pub send: u32,
    #[serde(flatten)]
    pub what: Pending,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Pending {
    Board,
    /// A status message that was overtaken. It is deleted when its id arrives.
    StrayBoard,
    Album {
        part: u8,
    },
    /// The message with the buttons of a revision.
    Final {
        revision: u32,
    },
    Photo {
        number: u8,
    },
    Pdf,
    Files {
        hashes: Vec<String>,
    },
}

/// The reserved carousel of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    #[default]
    None,
    Reserved,
    Used,
}

/// When the stages of the current revision ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    pub requested_at: Timestamp,
    /// When drawing began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawing_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_slide_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_at: Option<Timestamp>,
}

/// What the model used for a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterUsage {
    pub revision: u32,
    pub usage: Vec<Usage>,
}

/// One carousel from request to chat, with all its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub id: CarouselId,
    /// Key of the conversation that it belongs to.
    pub chat: String,
    /// Who asked for it, and alone may tap its buttons.
    pub owner: String,
    pub origin: Origin,
    pub ui: UiLanguage,
    pub language: Language,
    pub source: Source,
    /// Slides that were asked for.
    pub count: u8,
    /// Raised by every change and by cancelling, so that late news fall out by themselves.
    pub revision: u32,
    pub state: SagaState,
    pub content: Content,
    /// What the chat shows while a later revision is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Content>,
    /// What the writer was last asked for.
    pub task: WriteTask,
    /// Attempts at the current stage.
    #[serde(default)]
    pub attempts: u8,
    /// How often the model was asked again.
    #[serde(default)]
    pub rewrites: u8,
    /// Hashes of the current revision's pages, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
    /// Slides that this revision found drawn.
    #[serde(default)]
    pub reused: u8,
    /// Drawn slides by hash, of this revision and of earlier ones.
    #[serde(default)]
    pub files: BTreeMap<String, SlideFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PdfFile>,
    /// The person waits for the PDF.
    #[serde(default)]
    pub wants_pdf: bool,
    #[serde(default)]
    pub board: Board,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub album: Vec<AlbumPart>,
    #[serde(default)]
    pub final_posted: Posted,
    /// Slides that are being replaced in place.
    #[serde(default)]
    pub replacing: BTreeSet<u8>,
    #[serde(default)]
    pub sends: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingSend>,
    #[serde(default)]
    pub reservation: Reservation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<CancelReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub timing: Timing,
    #[serde(default)]
    pub cost: Cost,
    /// What the model used for the latest revisions, as it is in the cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writing: Vec<WriterUsage>,
    /// What the events so far have told.
    #[serde(default)]
    pub reported: Spent,
}

impl Saga {
    /// Whether the carousel is being made or changed.
    pub fn is_running(&self) -> bool {
        matches!(
            self.state,
            SagaState::Requested | SagaState::Rendering | SagaState::Delivering
        )
    }

    /// Whether its slides are in the chat, so that this is about a change.
    pub fn is_change(&self) -> bool {
        self.fallback.is_some()
    }

    pub fn title(&self) -> Option<&str> {
        self.content
            .draft
            .as_ref()
            .map(|draft| draft.title.as_str())
    }

    pub fn hash_of(&self, number: u8) -> Option<&String> {
        self.hashes.get(usize::from(number).checked_sub(1)?)
    }

    /// Returns how many slides of the revision are drawn.
    pub fn drawn(&self) -> u8 {
        let drawn = self
            .hashes
            .iter()
            .filter(|hash| self.files.contains_key(*hash));
        u8::try_from(drawn.count()).unwrap_or(u8::MAX)
    }

    pub fn is_drawn(&self) -> bool {
        self.hashes.iter().all(|hash| self.files.contains_key(hash))
    }

    /// Returns the latest message that shows a slide.
    pub fn posted_slide(&mut self, number: u8) -> Option<&mut PostedSlide> {
        let parts = self.album.iter_mut().rev();
        parts
            .filter(|part| part.posted == Posted::Sent)
            .flat_map(|part| &mut part.slides)
            .find(|slide| slide.number == number)
    }

    /// Whether the chat shows every slide as this revision has it.
    pub fn is_shown(&mut self) -> bool {
        let hashes = (1..=u8::MAX).zip(self.hashes.clone());
        let mut shown = hashes.map(|(number, hash)| {
            let slide = self.posted_slide(number);
            slide.is_some_and(|slide| slide.hash == hash)
        });
        shown.all(|is_shown| is_shown)
    }

    pub fn unknown_part(&mut self) -> Option<&mut AlbumPart> {
        let mut parts = self.album.iter_mut();
        parts.find(|part| part.posted == Posted::Unknown)
    }

    /// Whether the person was asked whether an album arrived.
    pub fn is_unsure(&self) -> bool {
        let is_unknown = |part: &AlbumPart| part.posted == Posted::Unknown;
        self.state == SagaState::Delivering && self.album.iter().any(is_unknown)
    }

    /// Whether something that the person asked for waits for its receipt.
    pub fn awaits_receipt(&self) -> bool {
        let is_request = |send: &PendingSend| {
            let what = &send.what;
            matches!(
                what,
                Pending::Pdf | Pending::Files { .. } | Pending::Final { .. }
            )
        };
        self.pending.iter().any(is_request)
    }

    /// Whether a file that the person asked for is on its way.
    pub fn is_sending_files(&self) -> bool {
        let is_file =
            |send: &PendingSend| matches!(send.what, Pending::Pdf | Pending::Files { .. });
        self.pending.iter().any(is_file)
    }
}
