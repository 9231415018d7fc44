//! Sending: albums one by one, then the message with the buttons; a change goes in place.

use std::time::Duration;

use confab_contracts::carousel;

use super::{
    AlbumPart, Line, Note, Pending, Posted, PostedSlide, SagaState, SendOutcome, Step,
    millis_between,
};
use crate::{Call, CarouselEvent, Cost, CostKind, FailReason, Photo, Report, TelegramId};

/// Albums have two to ten items.
const MAX_ALBUM: u8 = 10;
/// Patience with a receipt. While Telegram asks the worker to wait, the chat's queue waits too, so
/// that this passes only when a worker died and the receipt is lost.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long the question whether the slides arrived stays open.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
const MAX_PHOTO_REPEATS: u8 = 3;

/// Splits slides into albums of which none has a single item, unless it is alone.
pub fn split_album(slides: u8) -> Vec<u8> {
    match slides {
        0 => Vec::new(),
        1..=MAX_ALBUM => vec![slides],
        11 => vec![9, 2],
        _ => {
            let mut parts = vec![MAX_ALBUM];
            parts.extend(split_album(slides - MAX_ALBUM));
            parts
        }
    }
}

/// Returns what a carousel has used so far.
fn spent(cost: &Cost) -> carousel::Spent {
    let units = |kind| {
        let rows = cost.0.iter().filter(|row| row.kind == kind);
        rows.fold(0_u64, |sum, row| sum.saturating_add(row.units))
    };
    carousel::Spent {
        micros: cost.micros(),
        input_tokens: units(CostKind::InputTokens),
        cached_tokens: units(CostKind::CachedTokens),
        output_tokens: units(CostKind::OutputTokens),
        telegram_calls: units(CostKind::TelegramCalls),
    }
}

impl Step<'_> {
    /// DELIVERING. What the chat shows already stays; what it shows in another version is replaced
    /// in place; the rest is sent.
    pub(super) fn deliver(&mut self) {
        self.saga.state = SagaState::Delivering;
        self.saga.attempts = 0;
        self.saga.replacing.clear();
        let total = self.saga.content.count();
        let is_longer = self.saga.posted_slide(total.saturating_add(1)).is_some();
        if is_longer || self.saga.posted_slide(total).is_none() {
            // A carousel of another length is sent whole.
            self.saga.album.clear();
        }
        let mut missing = Vec::new();
        for number in 1..=total {
            let hash = self.saga.hash_of(number).cloned().unwrap_or_default();
            match self.saga.posted_slide(number) {
                Some(slide) if slide.hash == hash => {}
                Some(PostedSlide {
                    message: Some(_), ..
                }) => {
                    self.saga.replacing.insert(number);
                }
                _ => missing.push(number),
            }
        }
        self.add_parts(&missing);
        let line = if self.saga.is_change() {
            self.updating()
        } else {
            Line::Sending
        };
        self.show(line);
        self.replace_photos();
        self.continue_delivery();
    }

    pub(super) fn add_parts(&mut self, numbers: &[u8]) {
        let mut numbers = numbers.iter();
        let count = u8::try_from(numbers.len()).unwrap_or(u8::MAX);
        for size in split_album(count) {
            let numbers = numbers.by_ref().take(usize::from(size));
            let slide = |number: &u8| PostedSlide {
                number: *number,
                hash: self.saga.hash_of(*number).cloned().unwrap_or_default(),
                message: None,
            };
            let slides = numbers.map(slide).collect();
            self.saga.album.push(AlbumPart {
                posted: Posted::Unsent,
                slides,
            });
        }
    }

    /// Sends what can be sent now: the next album once the one before has a receipt, and the
    /// message with the buttons once all have.
    pub(super) fn continue_delivery(&mut self) {
        let first = |posted| {
            let parts = &self.saga.album;
            parts.iter().position(|part| part.posted == posted)
        };
        if first(Posted::Sending).is_some() {
            return self.due_in(RECEIPT_TIMEOUT);
        }
        if first(Posted::Unknown).is_some() {
            return self.ask_person();
        }
        if let Some(part) = first(Posted::Unsent) {
            return self.send_part(part);
        }
        if !self.saga.replacing.is_empty() {
            return self.due_in(RECEIPT_TIMEOUT);
        }
        self.send_final();
    }

    fn ask_person(&mut self) {
        self.show(Line::Unsure);
        self.due_in(ANSWER_TIMEOUT);
    }

    fn send_part(&mut self, index: usize) {
        let Some(part) = self.saga.album.get_mut(index) else {
            return;
        };
        part.posted = Posted::Sending;
        let hashes: Vec<_> = part.slides.iter().map(|slide| slide.hash.clone()).collect();
        let photos = hashes.iter().filter_map(|hash| self.photo(hash)).collect();
        let ticket = self.ticket(Pending::Album {
            part: u8::try_from(index).unwrap_or(u8::MAX),
        });
        self.call(Call::SendPhotos { photos, ticket });
        self.due_in(RECEIPT_TIMEOUT);
    }

    fn photo(&self, hash: &str) -> Option<Photo> {
        let file = self.saga.files.get(hash)?;
        Some(Photo {
            object: file.jpg.clone(),
            file_id: file.photo_id.clone(),
        })
    }

    fn replace_photos(&mut self) {
        let numbers: Vec<_> = self.saga.replacing.iter().copied().collect();
        for number in numbers {
            self.replace_photo(number);
        }
    }

    /// Replaces a photo by the one of this revision. Until the receipt is there it is unknown which
    /// of the two the chat shows.
    pub(super) fn replace_photo(&mut self, number: u8) {
        let hash = self.saga.hash_of(number).cloned().unwrap_or_default();
        let Some(photo) = self.photo(&hash) else {
            return;
        };
        let Some(slide) = self.saga.posted_slide(number) else {
            return;
        };
        slide.hash.clear();
        if let Some(message) = slide.message {
            let ticket = self.ticket(Pending::Photo { number });
            self.call(Call::EditPhoto {
                message,
                photo,
                ticket,
            });
        }
    }

    /// The slides are in the chat. The buttons follow, below them or in the message that has them.
    fn send_final(&mut self) {
        match self.saga.final_posted {
            Posted::Unsent => {
                self.saga.final_posted = Posted::Sending;
                self.post_final();
            }
            Posted::Sending => self.due_in(RECEIPT_TIMEOUT),
            Posted::Sent | Posted::Unknown => self.delivered(),
        }
    }

    pub(super) fn post_final(&mut self) {
        let line = Line::Ready {
            revision: self.saga.revision,
            note: None,
        };
        let (text, keyboard) = self.saga.message_of(&line);
        let ticket = self.ticket(Pending::Final {
            revision: self.saga.revision,
        });
        self.call(Call::SendMessage {
            text,
            keyboard,
            reply_hint: None,
            report: Some(Report::Carousel(ticket)),
        });
        self.due_in(RECEIPT_TIMEOUT);
    }

    /// The message with the buttons has arrived. It becomes the status message.
    pub(super) fn final_arrived(&mut self, message: TelegramId, revision: u32) {
        let is_first = self.saga.final_posted == Posted::Sending;
        self.saga.final_posted = Posted::Sent;
        for pending in &mut self.saga.pending {
            if pending.what == Pending::Board {
                pending.what = Pending::StrayBoard;
            }
        }
        let board = &mut self.saga.board;
        let earlier = board.message.replace(message);
        board.posted = Posted::Sent;
        board.changed_at = Some(self.context.now);
        board.shown = Some(Line::Ready {
            revision,
            note: None,
        });
        match earlier {
            Some(message) if is_first => self.call(Call::DeleteMessage { message }),
            // An older message with buttons, which may be too old to delete.
            Some(message) => self.call(Call::EditKeyboard {
                message,
                keyboard: None,
            }),
            None => {}
        }
        if is_first {
            self.delivered();
        } else if !self.saga.is_running() {
            self.rest();
        }
    }

    /// DELIVERED, with a note if the chat does not show all slides of the revision.
    pub(super) fn delivered(&mut self) {
        let saga = &mut self.saga;
        saga.state = SagaState::Delivered;
        saga.fallback = None;
        saga.replacing.clear();
        saga.album.retain(|part| part.posted == Posted::Sent);
        self.rest();
        let now = self.now();
        self.use_quota();
        let rendered_at = self.saga.timing.rendered_at.unwrap_or(now);
        let delivered = CarouselEvent::Delivered(carousel::Delivered {
            subject: self.subject(),
            millis: millis_between(rendered_at, now),
        });
        self.publish(delivered);
        let spent = self.take_spent();
        let completed = CarouselEvent::Completed(carousel::Completed {
            subject: self.subject(),
            origin: self.saga.origin,
            language: self.saga.language.code().to_owned(),
            template: self.saga.content.look.template.name().to_owned(),
            slides: self.saga.content.count(),
            micros: self.saga.reported.micros,
            spent,
            millis: millis_between(self.saga.timing.requested_at, now),
        });
        self.publish(completed);
        let is_shown = self.saga.is_shown();
        self.show_ready((!is_shown).then_some(Note::NotUpdated));
    }

    /// Returns what was used since an event told it before.
    pub(super) fn take_spent(&mut self) -> carousel::Spent {
        let spent = spent(&self.saga.cost);
        let earlier = std::mem::replace(&mut self.saga.reported, spent);
        spent.since(earlier)
    }

    pub(super) fn show_ready(&mut self, note: Option<Note>) {
        self.show(Line::Ready {
            revision: self.saga.revision,
            note,
        });
    }

    /// The person did not find the album, and takes the risk of a second one.
    pub(super) fn send_again(&mut self) {
        for part in &mut self.saga.album {
            if part.posted == Posted::Unknown {
                part.posted = Posted::Unsent;
            }
        }
        self.show(Line::Sending);
        self.continue_delivery();
    }

    /// The person found the album. Its message ids stay unknown, so that a later change of these
    /// slides is sent as new photos.
    pub(super) fn confirm_arrival(&mut self) {
        if let Some(part) = self.saga.unknown_part() {
            part.posted = Posted::Sent;
        }
        self.show(Line::Sending);
        self.continue_delivery();
    }

    /// The deadline of DELIVERING: lost receipts count as unknown, lost edits are repeated, and a
    /// question that was not answered in a day is closed.
    pub(super) fn delivery_overdue(&mut self) {
        if self.saga.is_unsure() {
            return self.fail(FailReason::Unconfirmed);
        }
        let is_new = |what: &Pending| matches!(what, Pending::Album { .. } | Pending::Final { .. });
        let lost = self.saga.pending.iter().filter(|send| is_new(&send.what));
        let lost: Vec<_> = lost.map(|send| send.send).collect();
        for send in &lost {
            self.settled(*send, &SendOutcome::Unknown);
        }
        if lost.is_empty() {
            self.photos_overdue();
        }
    }

    fn photos_overdue(&mut self) {
        let is_photo = |what: &Pending| matches!(what, Pending::Photo { .. });
        self.saga.pending.retain(|send| !is_photo(&send.what));
        if self.saga.attempts >= MAX_PHOTO_REPEATS {
            return self.delivered();
        }
        self.saga.attempts += 1;
        self.replace_photos();
        self.continue_delivery();
    }
}
