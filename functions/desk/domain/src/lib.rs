//! The rules of Desk: tenants, people and sessions; bots, conversations, messages, contacts and business hours.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; times and randomness are arguments.

mod bot;
mod contact;
mod conversation;
mod frame;
mod greeter;
mod hours;
pub mod id;
pub mod identity;
mod language;
mod message;
mod plain_text;
pub mod provision;
mod secret;
pub mod session;
mod talk_id;
pub mod tenancy;
mod text;
pub mod throttle;
mod triage;
mod views;

pub use bot::{
    AnswerMode, AnswerSettings, Appearance, Bot, BotSettings, BotTemplate, BotText, BotUpdate,
    Color, DeployOutcome, DeployRequest, Deployment, DeploymentKey, DeploymentSummary, FieldError,
    HandoffHours, HandoffSettings, IdentitySettings, InvalidSettings, KEY_OVERLAP, LauncherIcon,
    LiveDeployment, MAX_WIDGET_BYTES, MIN_CONTRAST, Origin, OriginPattern, Position,
    PrechatAnswers, PrechatField, PrechatType, QuickReplies, RetiredKey, Rule, RuleCondition,
    RuleEffect, TextColor, Theme, WidgetConfig, WidgetTexts, check_answers, content_hash, contrast,
    snippet,
};
pub use contact::{
    Contact, ContactAlias, ContactChange, ContactEmail, ContactMerge, IdentificationOutcome,
    IdentityClaims, MAX_IDENTITY_TTL, MAX_MERGED_VISITORS, VerifiedIdentity, identify_contact,
    merge_contacts,
};
pub use conversation::{
    BotProgress, BotStage, CSAT_WINDOW, Command, ConversationPatch, ConversationStatus, Csat,
    Ending, Head, MAX_SNOOZE, NewConversation, PatchedStatus, Refusal, Sentiment, Transition,
    VisitorHead, VisitorSummary, WriteCondition, apply_command, apply_commands, apply_commands_if,
    round_for_index, start_conversation,
};
pub use frame::{
    AnswerVerdict, ByeReason, ClientFrame, FrameRefusal, MAX_FRAME_BYTES, MAX_HELLO_CONVERSATIONS,
    MessageBatch, MessageList, Numbered, ReadMark, ServerFrame, split_into_batches,
};
pub use greeter::{
    BotAction, BotActionKind, GreeterContext, GreeterEvent, commands_of, decide_reply,
};
pub use hours::{DayTime, Holiday, Hours, OpenSpan, Week};
pub use language::LanguageTag;
pub use message::{
    Attachment, Author, ClientMessageId, ConversationEvent, EndReason, Handler, HandoffReason,
    MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_TEXT_CHARS, MediaType, Message, MessageDraft,
    MessageKind, MessageText, Offer, OfferedForm, VisitorAuthor, VisitorEvent, VisitorMessage,
    VisitorMessageKind,
};
pub use secret::Secret;
pub use talk_id::{AvatarId, BotId, ConversationId, TeamId, VisitorId};
pub use triage::{MAX_TAGS, Priority, ReopenPolicy, parse_tag, parse_tags};
pub use views::{InboxCursor, InboxFilter, InboxPartition, InboxView, ListKey};
