//! Selfies: requesting, receiving and reviewing them.

use std::time::Duration;

use confab_core::{PhotoId, after, before};
use confab_messaging::{Body, Channel, Inbound, Media};

use super::{Action, Turn};
use crate::{Class, Photo, Stage, Verdict, photo::MIN_SELFIES, replies};

/// Pending photos older than this no longer hold up the answer to an album.
const REVIEW_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Maximum time between two messages of one album.
const ALBUM_PAUSE: Duration = Duration::from_secs(60);

impl Turn<'_> {
    pub(super) fn request_selfies(&mut self) {
        let texts = self.texts();
        if self.user.conversation.order_in_progress().is_some() {
            return self.send_text(texts.in_progress);
        }
        if self.user.conversation.photos.has_enough() {
            return self.send_tiers();
        }
        if self.usable_model().is_some() {
            return self.send(replies::reuse_or_new_model(texts));
        }
        self.conversation().stage = Stage::Collecting;
        self.send_text(
            texts
                .send_photos
                .replace("{enough}", &MIN_SELFIES.to_string()),
        );
    }

    pub(super) fn receive_photos(&mut self, items: Vec<Media>, message: &Inbound) {
        let texts = self.texts();
        if self.user.conversation.order_in_progress().is_some() {
            return self.send_text(texts.in_progress);
        }
        let (pictures, others): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| item.mime_type.starts_with("image/"));
        if !others.is_empty() {
            self.send_text(texts.pictures_only);
        }
        if pictures.is_empty() {
            return;
        }
        if self.user.conversation.stage == Stage::Ready {
            self.conversation().start_over();
        }
        self.conversation().stage = Stage::Collecting;
        let class = self.user.conversation.class.unwrap_or(Class::Woman);
        for media in pictures {
            if !self.user.conversation.photos.has_room() {
                return self.send_album_full_once(message);
            }
            let id = PhotoId::new(self.now(), self.context.entropy);
            let photo = Photo {
                id,
                message_id: message.id.clone(),
                received_at: self.now(),
                verdict: Verdict::Pending,
            };
            self.conversation().photos.0.push(photo);
            self.actions.push(Action::ReviewPhoto {
                photo: id,
                media,
                class,
            });
        }
    }

    /// Sends one answer per album: providers deliver its photos as separate messages.
    fn send_album_full_once(&mut self, message: &Inbound) {
        let sent_at = message.sent_at.min(self.now());
        let last = self.conversation().refused_photo_at.replace(sent_at);
        if last.is_none_or(|last| sent_at >= after(last, ALBUM_PAUSE)) {
            self.send(replies::full(self.texts(), &self.user.conversation.photos));
        }
    }

    pub(super) fn request_more_selfies(&mut self) {
        let texts = self.texts();
        let conversation = &self.user.conversation;
        if conversation.order_in_progress().is_some() {
            self.send_text(texts.in_progress);
        } else if conversation.photos.has_room() {
            self.send_text(texts.send_more);
        } else {
            self.send(replies::full(texts, &conversation.photos));
        }
    }

    pub(super) fn record_review(&mut self, id: PhotoId, verdict: Verdict) {
        let Some(photo) = self.conversation().photos.record_verdict(id, verdict) else {
            return;
        };
        let is_accepted = matches!(photo.verdict, Verdict::Accepted { .. });
        let message_id = photo.message_id.clone();
        self.react(message_id, is_accepted);
        let detected_class = self.user.conversation.photos.class();
        let cutoff = before(self.now(), REVIEW_TIMEOUT);
        let conversation = self.conversation();
        conversation.class = conversation.class.or(detected_class);
        // An album gets one answer, after its last photo's review.
        let is_last = conversation.photos.pending_since(cutoff) == 0;
        if is_last && conversation.stage == Stage::Collecting {
            let body = replies::progress(self.texts(), &self.user.conversation.photos);
            self.send(body);
        }
    }

    /// Reacts to the photo's message. Twilio has no reactions.
    fn react(&mut self, message_id: String, is_accepted: bool) {
        let address = self.user.address.as_ref();
        let has_reactions = address.is_some_and(|address| address.channel == Channel::Meta);
        if has_reactions && self.is_window_open() {
            let emoji = if is_accepted { "👍" } else { "👎" };
            self.send(Body::Reaction {
                message_id,
                emoji: emoji.to_owned(),
            });
        }
    }
}
