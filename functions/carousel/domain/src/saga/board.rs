//! The status message: what it says, and when it is edited.

use std::time::Duration;

use confab_core::after;

use super::{Line, Note, Pending, Posted, Saga, Step};
use crate::{
    Button, Call, ComposedReason, FailReason, Keyboard, MAX_COPY_TEXT, Report, RichText, Span, Tap,
    TapAction, Texts, clip_utf16, texts, utf16_length,
};

/// Least time between two edits that only tell about progress.
const EDIT_INTERVAL: Duration = Duration::from_secs(3);
/// Maximum UTF-16 units of a caption within a message.
const MAX_CAPTION_UNITS: usize = 3000;
const MAX_TITLE_UNITS: usize = 160;

impl Line {
    /// Whether the line needs the person, or ends the work. It does not wait for the interval.
    fn is_urgent(&self) -> bool {
        matches!(
            self,
            Self::Unsure | Self::Failed { .. } | Self::Cancelled | Self::Ready { .. }
        )
    }

    /// Whether the line is worth a message of its own when there is none to edit.
    fn is_worth_a_message(&self) -> bool {
        matches!(self, Self::Unsure | Self::Failed { .. })
    }
}

impl Step<'_> {
    pub(super) fn show(&mut self, line: Line) {
        self.saga.board.wanted = Some(line);
    }

    /// Brings the status message to the wanted line: by an edit as a rule, by a message if there
    /// was none, and later if it was edited a moment ago.
    pub(super) fn flush_board(&mut self) {
        let board = &self.saga.board;
        let Some(line) = board.wanted.clone() else {
            return;
        };
        if board.shown.as_ref() == Some(&line) {
            return;
        }
        match (board.posted, board.message) {
            (Posted::Sent, Some(message)) if self.may_edit(&line) => {
                let (text, keyboard) = self.saga.message_of(&line);
                self.call(Call::EditMessage {
                    message,
                    text,
                    keyboard,
                });
                self.board_changed(line);
            }
            (Posted::Unsent, _) if line == Line::Writing => self.post_board(line),
            (Posted::Unsent | Posted::Unknown, _) if line.is_worth_a_message() => {
                self.post_board(line);
            }
            _ => {}
        }
    }

    fn may_edit(&self, line: &Line) -> bool {
        let changed_at = self.saga.board.changed_at;
        line.is_urgent() || changed_at.is_none_or(|at| after(at, EDIT_INTERVAL) <= self.now())
    }

    fn post_board(&mut self, line: Line) {
        let (text, keyboard) = self.saga.message_of(&line);
        let ticket = self.ticket(Pending::Board);
        self.call(Call::SendMessage {
            text,
            keyboard,
            reply_hint: None,
            report: Some(Report::Carousel(ticket)),
        });
        self.saga.board.posted = Posted::Sending;
        self.saga.board.message = None;
        self.board_changed(line);
    }

    fn board_changed(&mut self, line: Line) {
        self.saga.board.shown = Some(line);
        self.saga.board.changed_at = Some(self.context.now);
    }
}

impl Saga {
    /// Returns the text and the buttons of a line.
    pub fn message_of(&self, line: &Line) -> (RichText, Option<Keyboard>) {
        let texts = texts(self.ui);
        let cancel = || Some(self.keyboard(&[&[(texts.button_cancel, TapAction::Cancel)]]));
        match line {
            Line::Writing => (RichText::plain(texts.writing), cancel()),
            Line::Drawing { done, total } => (self.outline(texts, *done, *total), cancel()),
            Line::Sending => (RichText::plain(texts.sending), cancel()),
            Line::Updating { .. } => (RichText::plain(texts.updating), cancel()),
            Line::Unsure => {
                let keyboard = self.keyboard(&[&[
                    (texts.button_send_again, TapAction::SendAgain),
                    (texts.button_arrived, TapAction::ConfirmArrival),
                ]]);
                (RichText::plain(texts.unsure), Some(keyboard))
            }
            Line::Failed { reason } => {
                let text = RichText::plain(failure_text(texts, *reason));
                let retry = self.keyboard(&[&[(texts.button_retry, TapAction::Retry)]]);
                let is_final = *reason == FailReason::Refused;
                (text, Some(retry).filter(|_| !is_final))
            }
            Line::Cancelled => {
                let retry = self.keyboard(&[&[(texts.button_retry, TapAction::Retry)]]);
                (RichText::plain(texts.cancelled), Some(retry))
            }
            Line::Ready { note, .. } => {
                (self.ready_text(texts, *note), Some(self.ready_keyboard()))
            }
        }
    }

    fn outline(&self, texts: &Texts, done: u8, total: u8) -> RichText {
        let title = clip_utf16(self.title().unwrap_or_default(), MAX_TITLE_UNITS);
        let mut lines = String::new();
        for (number, slide) in (1..=u8::MAX).zip(self.content.slides()) {
            let title = clip_utf16(&slide.title, MAX_TITLE_UNITS);
            lines.push_str(&format!("{number}. {title}\n"));
        }
        let values = [("done", done.to_string()), ("total", total.to_string())];
        let progress = texts.fill(texts.drawing, &values);
        RichText::default()
            .with(Span::Bold(title))
            .with(Span::Plain(format!("\n\n{lines}\n{progress}")))
    }

    /// The caption stands in the message if it is too long for the button that copies it.
    fn ready_text(&self, texts: &Texts, note: Option<Note>) -> RichText {
        let title = clip_utf16(self.title().unwrap_or_default(), MAX_TITLE_UNITS);
        let mut text = RichText::default().with(Span::Bold(title));
        let caption = self.caption();
        if utf16_length(&caption) > MAX_COPY_TEXT {
            let caption = clip_utf16(&caption, MAX_CAPTION_UNITS);
            text = text
                .with(Span::Plain("\n\n".to_owned()))
                .with(Span::Preformatted(caption));
        }
        let mut lines = vec![texts.ready];
        lines.extend(self.composed_text(texts));
        lines.extend(note.map(|note| match note {
            Note::NotUpdated => texts.not_updated,
            Note::ChangeCancelled => texts.change_cancelled,
            Note::FileUnsure => texts.file_unsure,
            Note::FilesDeleted => texts.files_deleted,
        }));
        text.with(Span::Plain(format!("\n\n{}", lines.join("\n\n"))))
    }

    /// Says why the texts were written without a model.
    fn composed_text(&self, texts: &Texts) -> Option<&'static str> {
        if !self.content.is_composed {
            return None;
        }
        match self.content.composed {
            Some(ComposedReason::NotNeeded) => None,
            Some(ComposedReason::Budget) => Some(texts.composed_budget),
            None
            | Some(
                ComposedReason::NoModel | ComposedReason::Unavailable | ComposedReason::Unusable,
            ) => Some(texts.composed),
        }
    }

    /// Returns the caption with its hashtags, ready to paste.
    pub fn caption(&self) -> String {
        let Some(draft) = &self.content.draft else {
            return String::new();
        };
        let tags = draft.hashtags.iter().map(|tag| format!("#{tag}"));
        let tags = tags.collect::<Vec<_>>().join(" ");
        format!("{}\n\n{tags}", draft.caption).trim().to_owned()
    }

    pub fn ready_keyboard(&self) -> Keyboard {
        let texts = texts(self.ui);
        let mut keyboard = self.keyboard(&[
            &[
                (texts.button_edit, TapAction::ChooseSlide),
                (texts.button_again, TapAction::Again),
            ],
            &[
                (texts.button_template, TapAction::ChooseTemplate),
                (texts.button_format, TapAction::ChooseFormat),
            ],
            &[
                (texts.button_pdf, TapAction::Pdf),
                (texts.button_files, TapAction::Files),
            ],
            &[(texts.button_brand, TapAction::ApplyBrand)],
        ]);
        let caption = self.caption();
        let fits = (1..=MAX_COPY_TEXT).contains(&utf16_length(&caption));
        if let Some(row) = keyboard.0.last_mut()
            && fits
        {
            row.insert(
                0,
                Button::Copy {
                    label: texts.button_caption.to_owned(),
                    text: caption,
                },
            );
        }
        keyboard
    }

    /// Returns buttons about this revision.
    pub fn keyboard(&self, rows: &[&[(&str, TapAction)]]) -> Keyboard {
        let button = |(label, action): &(&str, TapAction)| Button::Tap {
            label: (*label).to_owned(),
            data: self.tap(*action).encode(),
        };
        let rows = rows.iter().map(|row| row.iter().map(button).collect());
        Keyboard(rows.collect())
    }

    pub fn tap(&self, action: TapAction) -> Tap {
        Tap {
            action,
            carousel: Some(self.id),
            revision: self.revision,
        }
    }
}

fn failure_text(texts: &Texts, reason: FailReason) -> &'static str {
    match reason {
        FailReason::Refused => texts.failed_refused,
        FailReason::Writing => texts.failed_writing,
        FailReason::Rendering => texts.failed_rendering,
        FailReason::Delivery => texts.failed_delivery,
        FailReason::Unconfirmed => texts.failed_unconfirmed,
    }
}
