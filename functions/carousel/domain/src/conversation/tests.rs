use confab_core::after;

use super::*;
use crate::{Draft, SagaState, SentMessage, Slide, SlideFile, SlideKind, WriteResult};

mod groups;
mod plans;
mod settings;
mod taps;
mod topics;

const DANA: TelegramId = 5_200_000_001;
const OTHER: TelegramId = 5_200_000_002;
const GROUP: TelegramId = -100_200_300;

fn start() -> Timestamp {
    "2026-11-30T10:00:00Z".parse().unwrap()
}

/// A chat, driven update by update.
struct Talk {
    state: ChatState,
    now: Timestamp,
    chat: TelegramId,
    user: TelegramId,
    updates: u64,
    effects: Vec<Effect>,
    limits: Limits,
    last_message: TelegramId,
}

impl Talk {
    fn new() -> Self {
        Self {
            state: ChatState::default(),
            now: start(),
            chat: DANA,
            user: DANA,
            updates: 0,
            effects: Vec::new(),
            limits: Limits::default(),
            last_message: 1000,
        }
    }

    fn group() -> Self {
        Self {
            chat: GROUP,
            ..Self::new()
        }
    }

    fn apply(&mut self, trigger: &Trigger) -> &mut Self {
        let prices = PriceList::default();
        let context = ChatContext {
            now: self.now,
            bot: "CarouselBot",
            limits: self.limits,
            prices: &prices,
            hash_page: &|page| format!("{}:{:?}:{:?}", page.number, page.slide, page.look),
        };
        // As the store loads it: no carousel that the trigger does not need.
        let ids = carousels_of(self.state.chat.as_ref(), trigger);
        let mut state = std::mem::take(&mut self.state);
        let others: BTreeMap<_, _> = state
            .sagas
            .iter()
            .filter(|(id, _)| !ids.contains(id))
            .map(clone)
            .collect();
        state.sagas.retain(|id, _| ids.contains(id));
        let decision = decide(state, trigger, context);
        self.state = decision.state;
        if self.state.is_erased {
            self.state = ChatState::default();
        } else {
            self.state.sagas.extend(others);
        }
        self.effects = decision.effects;
        let is_quota = |effect: &Effect| matches!(effect, Effect::Quota { .. });
        assert!(!self.effects.iter().any(is_quota), "the row has the quota");
        self
    }

    fn update(&mut self, content: UpdateContent) -> &mut Self {
        self.updates += 1;
        let update = Update {
            id: format!("tg7-{}", self.updates),
            sent_at: self.now,
            chat: self.chat,
            is_group: self.chat < 0,
            user: self.user,
            language_tag: Some("en".into()),
            content,
        };
        self.apply(&Trigger::Update {
            update: Box::new(update),
        })
    }

    fn says(&mut self, text: &str) -> String {
        self.update(UpdateContent::Text {
            text: text.into(),
            reply_to: None,
        });
        self.text()
    }

    fn replies(&mut self, text: &str, to: TelegramId) -> String {
        self.update(UpdateContent::Text {
            text: text.into(),
            reply_to: Some(to),
        });
        self.text()
    }

    /// Taps a button, and returns what the person sees over the chat.
    fn taps(&mut self, data: &str) -> Option<String> {
        self.update(UpdateContent::Tap {
            callback: "223".into(),
            data: data.into(),
            message: Some(77),
        });
        let answers: Vec<_> = self
            .calls()
            .into_iter()
            .filter_map(|call| match call {
                Call::AnswerCallback { text, .. } => Some(text.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(answers.len(), 1, "each tap has one answer");
        assert!(
            matches!(self.calls()[0], Call::AnswerCallback { .. }),
            "the answer comes first"
        );
        answers[0].clone()
    }

    fn taps_action(&mut self, action: TapAction) -> Option<String> {
        self.taps(&Tap::of_conversation(action).encode())
    }

    fn taps_carousel(&mut self, action: TapAction) -> Option<String> {
        let data = self.saga().tap(action).encode();
        self.taps(&data)
    }

    /// The only carousel.
    fn saga(&self) -> &Saga {
        assert_eq!(self.state.sagas.len(), 1);
        self.state.sagas.values().next().unwrap()
    }

    fn news(&mut self, trigger: SagaTrigger) -> &mut Self {
        let carousel = *self.state.sagas.keys().next_back().unwrap();
        self.apply(&Trigger::Carousel { carousel, trigger })
    }

    /// Plays the workers and Telegram until the latest carousel is delivered.
    fn deliver(&mut self) -> &mut Self {
        let saga = self.state.sagas.values().next_back().unwrap().clone();
        let revision = saga.revision;
        self.news(SagaTrigger::Written {
            revision,
            result: WriteResult::Deck {
                draft: draft(saga.count),
                composed: None,
            },
            usage: Vec::new(),
        });
        self.draw();
        for _ in 0..4 {
            self.settle_all();
        }
        self.now = after(self.now, Duration::from_secs(10));
        self
    }

    fn draw(&mut self) -> &mut Self {
        let saga = self.state.sagas.values().next_back().unwrap().clone();
        for (number, hash) in (1..=u8::MAX).zip(saga.hashes) {
            let file = SlideFile {
                jpg: "a.jpg".into(),
                png: "a.png".into(),
                bytes: 1,
                drawn_at: None,
                photo_id: None,
                document_id: None,
            };
            self.news(SagaTrigger::Rendered {
                revision: saga.revision,
                number,
                hash,
                file,
                usage: Vec::new(),
            });
        }
        self
    }

    fn settle_all(&mut self) {
        let saga = self.state.sagas.values().next_back().unwrap().clone();
        for pending in saga.pending {
            let messages = (0..15).map(|_| {
                self.last_message += 1;
                SentMessage {
                    message: self.last_message,
                    file_id: None,
                }
            });
            let outcome = SendOutcome::Done {
                messages: messages.collect(),
            };
            let send = pending.send;
            self.news(SagaTrigger::Settled { send, outcome });
        }
    }

    /// A private chat with one delivered carousel.
    fn delivered() -> Self {
        let mut talk = Self::new();
        talk.says("small habits");
        talk.deliver();
        assert_eq!(talk.saga().state, SagaState::Delivered);
        talk
    }

    fn chat(&self) -> &Chat {
        self.state.chat.as_ref().unwrap()
    }

    fn calls(&self) -> Vec<&Call> {
        let calls = self.effects.iter().filter_map(|effect| match effect {
            Effect::Call { call } => Some(call),
            _ => None,
        });
        calls.collect()
    }

    /// The last text that was sent or edited.
    fn text(&self) -> String {
        let text = |call: &&Call| match call {
            Call::SendMessage { text, .. } | Call::EditMessage { text, .. } => Some(text.text()),
            _ => None,
        };
        self.calls()
            .iter()
            .filter_map(text)
            .next_back()
            .unwrap_or_default()
    }

    /// The buttons of the last message, edit or keyboard, by label and data.
    fn buttons(&self) -> Vec<(String, String)> {
        let keyboard = |call: &&Call| match call {
            Call::SendMessage { keyboard, .. }
            | Call::EditMessage { keyboard, .. }
            | Call::EditKeyboard { keyboard, .. } => keyboard.clone(),
            _ => None,
        };
        let keyboards = self.calls();
        let keyboard = keyboards.iter().filter_map(keyboard).next_back();
        let buttons = keyboard.unwrap_or_default().0.into_iter().flatten();
        let tap = |button| match button {
            Button::Tap { label, data } => Some((label, data)),
            Button::Copy { .. } => None,
        };
        buttons.filter_map(tap).collect()
    }

    fn events(&self) -> Vec<&'static str> {
        let event = |effect: &Effect| match effect {
            Effect::Publish { event } => Some(event.event_type()),
            _ => None,
        };
        self.effects.iter().filter_map(event).collect()
    }

    fn waits(&mut self, seconds: u64) -> &mut Self {
        self.now = after(self.now, Duration::from_secs(seconds));
        self
    }
}

fn clone<'a>((id, saga): (&'a CarouselId, &'a Saga)) -> (CarouselId, Saga) {
    (*id, saga.clone())
}

fn draft(count: u8) -> Draft {
    let slide = |number| Slide {
        kind: SlideKind::Concept,
        kicker: String::new(),
        title: format!("s{number}"),
        body: String::new(),
        source: None,
        alt: String::new(),
    };
    Draft {
        language: Language::En,
        title: "Small habits".into(),
        caption: "Start small.".into(),
        hashtags: Vec::new(),
        slides: (1..=count).map(slide).collect(),
    }
}
