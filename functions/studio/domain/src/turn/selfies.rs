//! Photos that people send.

use std::time::Duration;

use confab_core::{PhotoId, after, before};
use confab_messaging::{Body, Channel, Inbound, Media};

use super::{Action, Attending};
use crate::{Class, Photo, Stage, Verdict, photo::ENOUGH, replies};

/// A photo that was not looked at by then does not hold up the answer for the others.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The messages of one album follow each other within this time.
const ALBUM_PAUSE: Duration = Duration::from_secs(60);

impl Attending<'_> {
    pub(super) fn asks_for_photos(&mut self) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        if let (Some(_), false) = (self.model(), self.user.visit.photos.are_enough()) {
            return self.say(replies::model_or_anew(texts));
        }
        if self.user.visit.photos.are_enough() {
            return self.shows_tiers();
        }
        self.visit().stage = Stage::Collecting;
        self.say_text(texts.send_photos.replace("{enough}", &ENOUGH.to_string()));
    }

    pub(super) fn takes_photos(&mut self, items: Vec<Media>, message: &Inbound) {
        let texts = self.texts();
        if self.user.visit.in_work().is_some() {
            return self.say_text(texts.in_work);
        }
        let (pictures, others): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| item.mime_type.starts_with("image/"));
        if !others.is_empty() {
            self.say_text(texts.pictures_only);
        }
        if pictures.is_empty() {
            return;
        }
        if self.user.visit.stage == Stage::Ready {
            self.visit().begins_anew();
        }
        self.visit().stage = Stage::Collecting;
        let name = self.user.visit.class.unwrap_or(Class::Woman);
        for media in pictures {
            if !self.user.visit.photos.has_room() {
                return self.says_full_once(message);
            }
            let id = PhotoId::new(self.now(), self.around.entropy);
            let photo = Photo {
                id,
                message_id: message.id.clone(),
                came_at: self.now(),
                verdict: Verdict::Awaited,
            };
            self.visit().photos.0.push(photo);
            self.actions.push(Action::Judge {
                photo: id,
                media,
                name,
            });
        }
    }

    /// An album comes as many messages, and one answer is enough for those that were sent together.
    fn says_full_once(&mut self, message: &Inbound) {
        let sent_at = message.sent_at.min(self.now());
        let last = self.visit().refused_photo_at.replace(sent_at);
        if last.is_none_or(|last| sent_at >= after(last, ALBUM_PAUSE)) {
            self.say(replies::full(self.texts(), &self.user.visit.photos));
        }
    }

    pub(super) fn asks_for_more(&mut self) {
        let texts = self.texts();
        let visit = &self.user.visit;
        if visit.in_work().is_some() {
            self.say_text(texts.in_work);
        } else if visit.photos.has_room() {
            self.say_text(texts.send_more);
        } else {
            self.say(replies::full(texts, &visit.photos));
        }
    }

    pub(super) fn judged(&mut self, id: PhotoId, verdict: Verdict) {
        let Some(photo) = self.visit().photos.judge(id, verdict) else {
            return;
        };
        let is_good = matches!(photo.verdict, Verdict::Good { .. });
        let emoji = if is_good { "👍" } else { "👎" };
        let message_id = photo.message_id.clone();
        // Twilio has no reactions.
        let reacts = self
            .user
            .address
            .as_ref()
            .is_some_and(|address| address.channel == Channel::Meta);
        if reacts && self.may_speak() {
            self.say(Body::Reaction {
                message_id,
                emoji: emoji.to_owned(),
            });
        }
        let said_class = self.user.visit.photos.class();
        let lately = before(self.now(), LOOKED_AT_WITHIN);
        let visit = self.visit();
        visit.class = visit.class.or(said_class);
        // An album comes as many messages: it gets one answer, when the last of them was looked at.
        if visit.photos.awaited_since(lately) == 0 && visit.stage == Stage::Collecting {
            let body = replies::progress(self.texts(), &self.user.visit.photos);
            self.say(body);
        }
    }
}
