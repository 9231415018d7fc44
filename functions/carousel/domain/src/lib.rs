//! The carousel's rules: what a request becomes, what its slides may say, and what they look like.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids are arguments.

pub mod analytics;
mod bus;
mod carousel_id;
mod chat;
mod content;
mod conversation;
mod cost;
mod effect;
mod job;
mod language;
mod look;
mod message;
mod saga;
mod series;
mod slide;
mod tap;
mod texts;
mod update;

pub use bus::{CancelReason, CarouselEvent, Change, FailReason, Origin, Subject};
pub use carousel_id::{CarouselId, CarouselIdError};
pub use chat::{Chat, DailyQuota, OpenQuestion, Question, RecentCarousel, SeriesDraft};
pub use content::{
    Answer, AnswerError, AnswerSlide, Brevity, Brief, Budget, Budgets, CACHE_TTL, Detection,
    Dialogue, DialogueEnd, Field, MAX_CANDIDATES, ModelRequest, PROMPT_VERSION, Prompt, Repair,
    Reply, RequestText, Shelf, ShelfError, Task, TextError, TokenCount, Turn, Verse, Violation,
    Written, accept, accept_with_cuts, cache_key, check, compose, compose_wisdom, detect,
    grapheme_count, max_model_calls, max_tokens, parse_answer, prompt, repair_request,
};
pub use conversation::{
    ChatContext, ChatState, Limits, PageRequest, Trigger, carousels_of, decide,
};
pub use cost::{Cost, CostKind, CostRow, PriceList, Usage};
pub use effect::{Effect, QuotaChange};
pub use job::{
    ComposedReason, Page, PdfFile, PdfJob, RENDERER_VERSION, RenderJob, SlideFile, Source,
    WriteJob, WriteResult, WriteTask, page_hash,
};
pub use language::{Language, Script, UiLanguage};
pub use look::{Brand, Color, FontPair, Format, Look, Template};
pub use message::{
    Button, Call, Document, Keyboard, MAX_CALLBACK_ANSWER, MAX_COPY_TEXT, MAX_MESSAGE, Photo,
    Report, RichText, Span, TelegramId, Ticket, clip_utf16, utf16_length,
};
pub use saga::{
    AlbumPart, Board, Content, Edit, Line, Note, Pending, PendingSend, Posted, PostedSlide,
    Refusal, Request, Reservation, Restyle, Saga, SagaState, SagaTrigger, SendOutcome, SentMessage,
    StepContext, StoredSaga, Timing, WriterUsage, begin, split_album, step,
};
pub use series::{Cadence, MAX_EPISODES, MAX_SERIES, PauseReason, Series, find_zone};
pub use slide::{
    Draft, MAX_BODY, MAX_CAPTION, MAX_HASHTAGS, MAX_KICKER, MAX_SLIDES, MAX_SOURCE, MAX_TITLE,
    MAX_TOPIC, MAX_VERSE, Slide, SlideKind, SlideText, SlideTextError,
};
pub use tap::{BrandField, MAX_CALLBACK_DATA, Tap, TapAction};
pub use texts::{COMMANDS, Texts, ZoneText, texts};
pub use update::{Command, Update, UpdateContent, split_count};
