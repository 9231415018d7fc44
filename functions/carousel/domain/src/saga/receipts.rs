//! Outcomes of sends.

use super::{Line, Note, Pending, Posted, SendOutcome, SentMessage, Step};
use crate::{Call, FailReason};

/// Maximum repeats of an edit whose outcome is unknown. Repeating one is harmless.
const MAX_EDIT_REPEATS: u8 = 3;

impl Step<'_> {
    /// Takes the send off the list, so that a copy of its outcome no longer counts.
    pub(super) fn settled(&mut self, send: u32, outcome: &SendOutcome) {
        let pending = &mut self.saga.pending;
        let Some(index) = pending.iter().position(|pending| pending.send == send) else {
            return;
        };
        let what = pending.remove(index).what;
        if *outcome == SendOutcome::Unreachable {
            return self.unreachable();
        }
        match what {
            Pending::Board => self.board_settled(outcome),
            Pending::StrayBoard => self.delete_stray(outcome),
            Pending::Album { part } => self.album_settled(usize::from(part), outcome),
            Pending::Final { revision } => self.final_settled(revision, outcome),
            Pending::Photo { number } => self.photo_settled(number, outcome),
            Pending::Pdf => self.pdf_settled(outcome),
            Pending::Files { hashes } => self.files_settled(&hashes, outcome),
        }
    }

    fn board_settled(&mut self, outcome: &SendOutcome) {
        let board = &mut self.saga.board;
        board.message = first_message(outcome).map(|sent| sent.message);
        board.posted = match board.message {
            Some(_) => Posted::Sent,
            None => Posted::Unknown,
        };
    }

    fn delete_stray(&mut self, outcome: &SendOutcome) {
        if let Some(sent) = first_message(outcome) {
            let message = sent.message;
            self.call(Call::DeleteMessage { message });
        }
    }

    fn album_settled(&mut self, index: usize, outcome: &SendOutcome) {
        let Some(part) = self.saga.album.get_mut(index) else {
            return;
        };
        match outcome {
            SendOutcome::Done { messages } => {
                part.posted = Posted::Sent;
                let mut photo_ids = Vec::new();
                for (slide, sent) in part.slides.iter_mut().zip(messages) {
                    slide.message = Some(sent.message);
                    photo_ids.push((slide.hash.clone(), sent.file_id.clone()));
                }
                for (hash, photo_id) in photo_ids {
                    self.remember_photo(&hash, photo_id);
                }
                self.continue_delivery();
            }
            SendOutcome::Refused { is_wrong_file } => self.album_refused(index, *is_wrong_file),
            _ => {
                part.posted = Posted::Unknown;
                self.continue_delivery();
            }
        }
    }

    /// Nothing is in the chat. With the bytes instead of file ids it goes once more.
    fn album_refused(&mut self, index: usize, is_wrong_file: bool) {
        let hashes = self.saga.album[index].slides.iter();
        let hashes: Vec<_> = hashes.map(|slide| slide.hash.clone()).collect();
        if is_wrong_file && self.forget_photos(&hashes) {
            self.saga.album[index].posted = Posted::Unsent;
            return self.continue_delivery();
        }
        self.saga.album.retain(|part| part.posted == Posted::Sent);
        if self.saga.is_change() {
            return self.continue_delivery();
        }
        self.fail(FailReason::Delivery);
    }

    /// Remembers Telegram's name of a photo.
    fn remember_photo(&mut self, hash: &str, photo_id: Option<String>) {
        if let Some(file) = self.saga.files.get_mut(hash)
            && photo_id.is_some()
        {
            file.photo_id = photo_id;
        }
    }

    /// Forgets Telegram's names of photos. Returns whether there were any.
    fn forget_photos(&mut self, hashes: &[String]) -> bool {
        let mut had_any = false;
        for hash in hashes {
            if let Some(file) = self.saga.files.get_mut(hash) {
                had_any |= file.photo_id.take().is_some();
            }
        }
        had_any
    }

    /// Without the message with buttons, the status message gets the buttons: an edit, not a
    /// second message.
    fn final_settled(&mut self, revision: u32, outcome: &SendOutcome) {
        if let Some(sent) = first_message(outcome) {
            return self.final_arrived(sent.message, revision);
        }
        if self.saga.final_posted == Posted::Sending {
            self.saga.final_posted = Posted::Unknown;
            self.delivered();
        }
    }

    fn photo_settled(&mut self, number: u8, outcome: &SendOutcome) {
        let hash = self.saga.hash_of(number).cloned().unwrap_or_default();
        match outcome {
            SendOutcome::Done { messages } => {
                if let Some(slide) = self.saga.posted_slide(number) {
                    slide.hash = hash.clone();
                }
                let photo_id = messages.first().and_then(|sent| sent.file_id.clone());
                self.remember_photo(&hash, photo_id);
                self.photo_done(number);
            }
            SendOutcome::Refused { is_wrong_file } => {
                self.photo_refused(number, &hash, *is_wrong_file);
            }
            _ if self.saga.attempts < MAX_EDIT_REPEATS => {
                self.saga.attempts += 1;
                self.replace_photo(number);
            }
            _ => self.photo_done(number),
        }
    }

    fn photo_done(&mut self, number: u8) {
        self.saga.replacing.remove(&number);
        if self.saga.replacing.is_empty() {
            self.continue_delivery();
        }
    }

    /// There is no photo to replace, because the person deleted it. The slide is sent anew.
    fn photo_refused(&mut self, number: u8, hash: &str, is_wrong_file: bool) {
        if is_wrong_file && self.forget_photos(&[hash.to_owned()]) {
            return self.replace_photo(number);
        }
        self.saga.replacing.remove(&number);
        self.add_parts(&[number]);
        self.continue_delivery();
    }

    pub(super) fn show_file_unsure(&mut self) {
        if matches!(self.saga.board.wanted, Some(Line::Ready { .. })) {
            self.show_ready(Some(Note::FileUnsure));
        }
    }
}

pub(super) fn first_message(outcome: &SendOutcome) -> Option<&SentMessage> {
    match outcome {
        SendOutcome::Done { messages } => messages.first(),
        _ => None,
    }
}
