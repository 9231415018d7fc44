//! Changes of a delivered carousel: each is a new revision.

use confab_contracts::carousel;

use super::{Restyle, Step};
use crate::{CarouselEvent, Change, SlideText, WriteTask};

impl Step<'_> {
    /// Opens a revision, and keeps what the chat shows in case it fails.
    fn begin_change(&mut self, change: Change, slide: Option<u8>) {
        let saga = &mut self.saga;
        saga.fallback = Some(saga.content.clone());
        saga.revision = saga.revision.saturating_add(1);
        saga.wants_pdf = false;
        saga.timing.requested_at = self.context.now;
        let event = CarouselEvent::Edited(carousel::Edited {
            subject: self.subject(),
            change,
            slide,
        });
        self.publish(event);
        self.show(self.updating());
    }

    pub(super) fn edit_slide(&mut self, number: u8, text: &SlideText) {
        let slides = self.saga.content.slides();
        let index = usize::from(number).saturating_sub(1);
        let Some(slide) = slides.into_iter().nth(index) else {
            return;
        };
        self.begin_change(Change::Slide, Some(number));
        self.saga.content.replace(number, slide.with_text(text));
        self.hash_pages();
        self.start_rendering();
    }

    /// Gives all slides another look. The same look again is no change.
    pub(super) fn restyle(&mut self, restyle: &Restyle) {
        let mut look = self.saga.content.look.clone();
        let change = match restyle {
            Restyle::Template(template) => {
                look.template = *template;
                Change::Template
            }
            Restyle::Format(format) => {
                look.format = *format;
                Change::Format
            }
            Restyle::Brand(brand) => {
                look.brand = brand.clone();
                Change::Brand
            }
        };
        if look == self.saga.content.look {
            return;
        }
        self.begin_change(change, None);
        self.saga.content.look = look;
        self.hash_pages();
        self.start_rendering();
    }

    /// Asks the model once more, with the titles that the person did not want.
    pub(super) fn write_again(&mut self, number: Option<u8>) {
        self.saga.rewrites = self.saga.rewrites.saturating_add(1);
        let titles = self.saga.content.slides().into_iter();
        let titles = titles.map(|slide| slide.title);
        let task = match number {
            None => WriteTask::Deck {
                not_these: titles.collect(),
            },
            Some(number) => WriteTask::Slide {
                number,
                not_these: titles
                    .skip(usize::from(number).saturating_sub(1))
                    .take(1)
                    .collect(),
            },
        };
        let change = match number {
            None => Change::Again,
            Some(_) => Change::SlideAgain,
        };
        self.begin_change(change, number);
        self.ask_writer(task);
    }
}
