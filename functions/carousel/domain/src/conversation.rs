//! A chat: what is written and tapped there, and the carousels that come of it.
//!
//! The chat's queue group is the only writer of its row and of the rows of its carousels. Both are
//! loaded, decided and saved together.
//!
//! Architecture invariant: pure and total, and safe under copies and any order.

mod carousels;
mod commands;
mod plans;
mod settings;
mod taps;
mod updates;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use confab_core::Timestamp;
use confab_worker::Decision;
use serde::{Deserialize, Serialize};

use crate::{
    Button, Call, CarouselEvent, CarouselId, Chat, Effect, Format, Keyboard, Language,
    OpenQuestion, Origin, Page, PriceList, Question, Report, RichText, Saga, SagaTrigger,
    SendOutcome, Series, Source, StepContext, Tap, TapAction, TelegramId, Template, Texts,
    UiLanguage, Update, UpdateContent, texts,
};

/// How long a question stays open. Later words are a new topic.
const QUESTION_TTL: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub carousels_a_day: u16,
    /// Carousels of a chat that are made at the same time.
    pub running: usize,
    /// Slides of a carousel if the person names no number.
    pub slides: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            carousels_a_day: 10,
            running: 3,
            slides: 7,
        }
    }
}

/// Inputs that the rules cannot compute.
#[derive(Clone, Copy)]
pub struct ChatContext<'a> {
    pub now: Timestamp,
    /// The bot's user name, without `@`.
    pub bot: &'a str,
    pub limits: Limits,
    pub prices: &'a PriceList,
    pub hash_page: &'a (dyn Fn(&Page) -> String + Sync),
}

impl std::fmt::Debug for ChatContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChatContext({})", self.now)
    }
}

/// A carousel that the page or a test asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// The idempotency key.
    pub id: String,
    pub requested_at: Timestamp,
    /// Key of the chat, which has no address.
    pub chat: String,
    pub owner: String,
    pub origin: Origin,
    pub ui: UiLanguage,
    pub source: Source,
    pub count: u8,
    pub language: Language,
    pub template: Template,
    pub format: Format,
}

/// Input of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Trigger {
    Update {
        update: Box<Update>,
    },
    Carousel {
        carousel: CarouselId,
        #[serde(flatten)]
        trigger: SagaTrigger,
    },
    QuestionSent {
        number: u32,
        outcome: SendOutcome,
    },
    /// A call was refused because the chat cannot be written to.
    Unreachable,
    /// `None` if the picture could not be read.
    LogoStored {
        object: Option<String>,
    },
    SeriesDue,
    Request {
        request: Box<PageRequest>,
    },
}

/// A chat with the carousels that a trigger may touch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatState {
    /// `None` for an unknown chat.
    pub chat: Option<Chat>,
    pub sagas: BTreeMap<CarouselId, Saga>,
    /// The chat's row is to be deleted. It is here for the address of the last message alone.
    pub is_erased: bool,
}

/// Returns the carousels to load for a trigger: those that are being made, and the one it names.
pub fn carousels_of(chat: Option<&Chat>, trigger: &Trigger) -> BTreeSet<CarouselId> {
    let mut ids = chat.map(|chat| chat.running.clone()).unwrap_or_default();
    match trigger {
        Trigger::Carousel { carousel, .. } => ids.extend([*carousel]),
        Trigger::Update { update } => match &update.content {
            UpdateContent::Tap { data, .. } => {
                ids.extend(Tap::decode(data).and_then(|tap| tap.carousel));
            }
            UpdateContent::Text { .. } => ids.extend(chat.and_then(questioned_carousel)),
            _ => {}
        },
        Trigger::Request { request } => {
            ids.extend([CarouselId::of_request(&request.id, request.requested_at)]);
        }
        _ => {}
    }
    ids
}

fn questioned_carousel(chat: &Chat) -> Option<CarouselId> {
    match chat.question.as_ref()?.what {
        Question::Slide { carousel, .. } => Some(carousel),
        _ => None,
    }
}

struct Turn<'a> {
    chat: Chat,
    sagas: BTreeMap<CarouselId, Saga>,
    context: ChatContext<'a>,
    effects: Vec<Effect>,
    is_erased: bool,
}

/// Decides a trigger. Without a chat, only an update and a request have a meaning.
pub fn decide(
    state: ChatState,
    trigger: &Trigger,
    context: ChatContext<'_>,
) -> Decision<ChatState, Effect> {
    let chat = match (state.chat, trigger) {
        (Some(chat), _) => chat,
        (None, Trigger::Update { update }) => new_chat(update),
        (None, Trigger::Request { request }) => Chat::new(request.chat.clone(), None, request.ui),
        (None, _) => {
            return Decision {
                state: ChatState::default(),
                effects: Vec::new(),
            };
        }
    };
    let mut turn = Turn {
        chat,
        sagas: state.sagas,
        context,
        effects: Vec::new(),
        is_erased: false,
    };
    match trigger {
        Trigger::Update { update } => turn.update_received(update),
        Trigger::Carousel { carousel, trigger } => turn.carousel_news(*carousel, trigger),
        Trigger::QuestionSent { number, outcome } => turn.question_sent(*number, outcome),
        Trigger::Unreachable => turn.unreachable(),
        Trigger::LogoStored { object } => turn.logo_stored(object.as_deref()),
        Trigger::SeriesDue => turn.series_due(),
        Trigger::Request { request } => turn.page_requested(request),
    }
    turn.finish()
}

fn new_chat(update: &Update) -> Chat {
    let tag = update.language_tag.as_deref().unwrap_or_default();
    let ui = UiLanguage::of_tag(tag);
    let mut chat = Chat::new(format!("tg:{}", update.chat), Some(update.chat), ui);
    chat.is_group = update.is_group;
    chat
}

impl Turn<'_> {
    fn finish(mut self) -> Decision<ChatState, Effect> {
        let is_active = |series: &&Series| series.pause.is_none();
        let series = self.chat.series.iter().filter(is_active);
        self.chat.next_timer_at = series.map(|series| series.next_at).min();
        Decision {
            state: ChatState {
                chat: Some(self.chat),
                sagas: self.sagas,
                is_erased: self.is_erased,
            },
            effects: self.effects,
        }
    }

    fn texts(&self) -> &'static Texts {
        texts(self.chat.ui)
    }

    fn step_context(&self) -> StepContext<'_> {
        StepContext {
            now: self.context.now,
            prices: self.context.prices,
            hash_page: self.context.hash_page,
        }
    }

    fn publish(&mut self, event: CarouselEvent) {
        self.effects.push(Effect::Publish { event });
    }

    fn call(&mut self, call: Call) {
        self.effects.push(Effect::Call { call });
    }

    fn send(&mut self, text: RichText, keyboard: Option<Keyboard>) {
        self.call(Call::SendMessage {
            text,
            keyboard,
            reply_hint: None,
            report: None,
        });
    }

    /// Shows a text in the message that was tapped. Without one, sends it.
    fn show(&mut self, message: Option<TelegramId>, text: RichText, keyboard: Keyboard) {
        let keyboard = Some(keyboard);
        match message {
            Some(message) => self.call(Call::EditMessage {
                message,
                text,
                keyboard,
            }),
            None => self.send(text, keyboard),
        }
    }

    fn send_text(&mut self, text: impl Into<String>) {
        self.send(RichText::plain(text), None);
    }

    /// Asks for a reply in a message of its own.
    fn ask(&mut self, what: Question, user: TelegramId, text: impl Into<String>, hint: &str) {
        let number = self.open_question(what, user);
        self.call(Call::SendMessage {
            text: RichText::plain(text),
            keyboard: None,
            reply_hint: Some(hint.to_owned()),
            report: Some(Report::Question { number }),
        });
    }

    /// Expects a reply. A later question takes the place of this one.
    fn open_question(&mut self, what: Question, user: TelegramId) -> u32 {
        self.chat.last_question = self.chat.last_question.saturating_add(1);
        let number = self.chat.last_question;
        self.chat.question = Some(OpenQuestion {
            number,
            what,
            user,
            asked_at: self.context.now,
            message: None,
        });
        number
    }
}

/// Returns buttons about the conversation.
fn keyboard(rows: Vec<Vec<(String, TapAction)>>) -> Keyboard {
    let button = |(label, action)| Button::Tap {
        label,
        data: Tap::of_conversation(action).encode(),
    };
    let rows = rows
        .into_iter()
        .map(|row| row.into_iter().map(button).collect());
    Keyboard(rows.collect())
}

#[cfg(test)]
mod tests;
