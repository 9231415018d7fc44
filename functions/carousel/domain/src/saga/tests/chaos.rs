//! Carousels of fifteen slides in a world that copies, loses, shuffles and dies.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::SlideText;

const SEEDS: u64 = 5_000;
const MAX_TURNS: usize = 2_000;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

struct World {
    dice: Dice,
    /// `None` within a decision.
    row: Option<Saga>,
    now: i64,
    inbox: Vec<SagaTrigger>,
    /// What Telegram really has: the object of each photo.
    photos: BTreeMap<i64, String>,
    next_message: i64,
    /// Albums that Telegram accepted, by their photos.
    albums: BTreeMap<Vec<String>, usize>,
    /// Whether the album that was sent last is in the chat.
    is_album_there: bool,
    rendered: BTreeMap<u32, usize>,
    cancelled_by_person: bool,
    sent_after_cancel: usize,
    wishes: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let prices = prices();
        let decision = begin(request(15), context(START, &prices));
        let mut world = Self {
            dice: Dice(seed),
            row: Some(decision.state),
            now: START,
            inbox: Vec::new(),
            photos: BTreeMap::new(),
            next_message: 0,
            albums: BTreeMap::new(),
            is_album_there: false,
            rendered: BTreeMap::new(),
            cancelled_by_person: false,
            sent_after_cancel: 0,
            wishes: 2,
        };
        world.execute(decision.effects);
        world
    }

    /// Puts news on the queue: lost now and then, and sometimes twice.
    fn queue(&mut self, trigger: SagaTrigger) {
        if self.dice.percent(10) {
            return;
        }
        if self.dice.percent(30) {
            self.inbox.push(trigger.clone());
        }
        self.inbox.push(trigger);
    }

    fn saga(&mut self) -> &mut Saga {
        self.row.as_mut().unwrap()
    }

    fn decide(&mut self, trigger: &SagaTrigger) {
        let prices = prices();
        let context = context(self.now, &prices);
        let saga = self.row.take().unwrap();
        if self.dice.percent(2) {
            // The worker dies before it saves. The trigger is delivered again.
            step(saga.clone(), trigger, context);
        }
        let counts = saga.check(trigger, context.now).is_ok();
        if counts && *trigger == SagaTrigger::Cancel && !saga.is_change() {
            self.cancelled_by_person = true;
        }
        let decision = step(saga, trigger, context);
        self.row = Some(decision.state);
        self.execute(decision.effects);
    }

    fn execute(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Write { job } => {
                    let mut draft = draft(15);
                    for slide in &mut draft.slides {
                        slide.title.push_str(&format!("r{}", job.revision));
                    }
                    self.queue(SagaTrigger::Written {
                        revision: job.revision,
                        result: WriteResult::Deck {
                            draft,
                            composed: job.is_composer_only.then_some(ComposedReason::Unavailable),
                        },
                        usage: Vec::new(),
                    });
                }
                Effect::Render {
                    revision,
                    number,
                    hash,
                    ..
                } => self.queue(SagaTrigger::Rendered {
                    revision,
                    number,
                    file: file(&hash),
                    hash,
                    usage: Vec::new(),
                }),
                Effect::Publish {
                    event: CarouselEvent::ImagesRendered(rendered),
                } => *self.rendered.entry(rendered.subject.revision).or_default() += 1,
                Effect::Call { call } => self.call(call),
                _ => {}
            }
        }
    }

    /// Plays Telegram: the call is accepted or not, and its answer arrives or not.
    fn call(&mut self, call: Call) {
        if self.cancelled_by_person && call.is_new_message() {
            self.sent_after_cancel += 1;
        }
        match call {
            Call::SendMessage {
                report: Some(crate::Report::Carousel(ticket)),
                ..
            } => {
                let messages = self.accept(1);
                self.report(ticket, messages);
            }
            Call::SendPhotos { photos, ticket } => {
                self.is_album_there = !self.dice.percent(4);
                if !self.is_album_there {
                    return self.lose(ticket);
                }
                let objects: Vec<_> = photos.into_iter().map(|photo| photo.object).collect();
                let messages = self.accept(objects.len());
                for (sent, object) in messages.iter().zip(&objects) {
                    self.photos.insert(sent.message, object.clone());
                }
                *self.albums.entry(objects).or_default() += 1;
                self.report(ticket, messages);
            }
            Call::EditPhoto {
                message,
                photo,
                ticket,
            } => {
                if self.dice.percent(4) {
                    return self.lose(ticket);
                }
                self.photos.insert(message, photo.object);
                let file_id = None;
                self.report(ticket, vec![SentMessage { message, file_id }]);
            }
            _ => {}
        }
    }

    fn accept(&mut self, count: usize) -> Vec<SentMessage> {
        let ids = self.next_message..;
        self.next_message += i64::try_from(count).unwrap();
        let sent = |message| SentMessage {
            message,
            file_id: None,
        };
        ids.take(count).map(sent).collect()
    }

    fn report(&mut self, ticket: Ticket, messages: Vec<SentMessage>) {
        if self.dice.percent(8) {
            return self.lose(ticket);
        }
        let (send, outcome) = (ticket.send, SendOutcome::Done { messages });
        self.queue(SagaTrigger::Settled { send, outcome });
    }

    fn lose(&mut self, ticket: Ticket) {
        let (send, outcome) = (ticket.send, SendOutcome::Unknown);
        self.queue(SagaTrigger::Settled { send, outcome });
    }

    fn run(&mut self) {
        for _ in 0..MAX_TURNS {
            self.now += i64::try_from(self.dice.roll(900)).unwrap();
            if self.dice.percent(3) {
                let wish = self.wish();
                self.decide(&wish);
            }
            if !self.inbox.is_empty() {
                let index = self.dice.roll(self.inbox.len());
                let trigger = self.inbox.swap_remove(index);
                self.decide(&trigger);
            } else if self.saga().is_unsure() {
                // An honest person, who may hesitate.
                let revision = self.saga().revision;
                self.decide(&if self.is_album_there {
                    SagaTrigger::ConfirmArrival { revision }
                } else {
                    SagaTrigger::SendAgain { revision }
                });
            } else if let Some(due_at) = self.saga().due_at {
                self.now = self.now.max(due_at.as_millisecond());
                self.decide(&SagaTrigger::DeadlinePassed);
            } else if self.wishes > 0 && self.saga().state == SagaState::Delivered {
                self.wishes -= 1;
                let wish = self.wish();
                self.decide(&wish);
            } else {
                return;
            }
        }
        panic!("it does not end: {:?}", self.row);
    }

    fn wish(&mut self) -> SagaTrigger {
        let revision = self.saga().revision - u32::from(self.dice.percent(10));
        match self.dice.roll(10) {
            0 => SagaTrigger::Cancel,
            1 => SagaTrigger::WriteAgain {
                revision,
                number: None,
            },
            2 => SagaTrigger::Restyle {
                revision,
                change: Restyle::Template(Template::ALL[self.dice.roll(6)]),
            },
            3 => SagaTrigger::SendAgain { revision: 0 },
            roll => SagaTrigger::EditSlide {
                revision,
                number: u8::try_from(self.dice.roll(15)).unwrap() + 1,
                text: SlideText::new(&format!("mine {roll}"), "").unwrap(),
            },
        }
    }

    /// Returns the state it ended in.
    fn check(mut self, seed: u64) -> (SagaState, bool) {
        let is_over = !self.saga().is_running() && self.saga().due_at.is_none();
        assert!(is_over, "seed {seed}");
        for (revision, times) in &self.rendered {
            assert_eq!(
                *times, 1,
                "seed {seed}: revision {revision} was rendered {times} times"
            );
        }
        for (photos, times) in &self.albums {
            assert_eq!(
                *times,
                1,
                "seed {seed}: an album of {} came twice",
                photos.len()
            );
        }
        assert_eq!(self.sent_after_cancel, 0, "seed {seed}");
        let is_whole = matches!(
            self.saga().board.wanted,
            Some(Line::Ready { note: None, .. })
        );
        if self.saga().state == SagaState::Delivered && is_whole {
            self.check_chat(seed);
        }
        let is_changed = self.saga().revision > 1;
        (self.saga().state, is_changed)
    }

    /// The chat shows the slides of the last revision.
    fn check_chat(&mut self, seed: u64) {
        for number in 1..=15 {
            let hash = self.saga().hash_of(number).unwrap().clone();
            let slide = self.saga().posted_slide(number).unwrap().clone();
            assert_eq!(slide.hash, hash, "seed {seed}, slide {number}");
            if let Some(message) = slide.message {
                let object = self.saga().files[&hash].jpg.clone();
                assert_eq!(self.photos[&message], object, "seed {seed}, slide {number}");
            }
        }
    }
}

#[test]
fn five_thousand_carousels_end_well_whatever_is_copied_lost_shuffled_or_dies() {
    let mut ends = BTreeMap::<_, usize>::new();
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        world.run();
        *ends.entry(world.check(seed)).or_default() += 1;
    }
    let states: BTreeSet<_> = ends.keys().map(|(state, _)| *state).collect();
    let expected = [SagaState::Delivered, SagaState::Cancelled];
    assert!(
        expected.iter().all(|state| states.contains(state)),
        "{ends:?}"
    );
    let changed = ends
        .get(&(SagaState::Delivered, true))
        .copied()
        .unwrap_or(0);
    assert!(changed > 3_000, "the seeds must reach changes: {ends:?}");
}
