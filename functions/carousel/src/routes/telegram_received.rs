//! `POST /telegram`: updates of the bot. Verifies, parses, queues and answers 200 with an empty
//! body: Telegram would carry out a body with a method.

use std::sync::Arc;

use carousel_domain::{Trigger, Update, UpdateContent};
use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_lambda::{Response, Router, extract::Whole, metrics, response};
use confab_telegram::{
    self as telegram, Attachment, CallbackQuery, ChatKind, Message, SECRET_HEADER, UpdateKind,
};
use http::StatusCode;

use crate::{
    config::TELEGRAM_WEBHOOK_SECRET,
    services::{conversation_queue, telegram::TelegramAccount},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::ConversationQueue,
    Part::WebhookSecret,
    Part::BotId,
    Part::SqsConnection,
];

/// Maximum bytes of an update. Telegram's largest texts have some 16 KB.
const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;

pub fn routes() -> Router<State> {
    Router::new().route("POST /telegram", receive_update)
}

async fn receive_update(
    state: Arc<State>,
    Whole(request): Whole,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let secrets = state.secrets()?.active(TELEGRAM_WEBHOOK_SECRET).await?;
    telegram::verify(&secrets, request.header(SECRET_HEADER)).inspect_err(|_| {
        metrics::count("WebhookRejected", "secret");
    })?;
    if request.body().len() > MAX_WEBHOOK_BYTES {
        return Err(Error::too_large("An update has at most 1 MB."));
    }
    let now = state.clock.now();
    // What cannot be read now cannot be read later: Telegram would repeat it for a day.
    let Ok(update) = telegram::parse(request.body(), now) else {
        return Ok(ignored("unreadable"));
    };
    let id = update.dedup_id(TelegramAccount::bot_id(state.secrets()?).await?);
    let Some(chat) = update.group() else {
        return Ok(ignored("unknown"));
    };
    let Some(update) = update_of(id.clone(), update, now) else {
        return Ok(ignored("not_for_us"));
    };
    let update = Box::new(update);
    let entry = conversation_queue::entry(id, chat, Trigger::Update { update }, correlation_id)?;
    state.conversation_queue()?.send(&[entry]).await?;
    Ok(response::empty(StatusCode::OK))
}

fn ignored(reason: &'static str) -> Response {
    metrics::count("UpdateIgnored", reason);
    response::empty(StatusCode::OK)
}

/// Returns an update in the carousel's own form. `None` for channels and bots.
fn update_of(id: String, update: telegram::Update, now: Timestamp) -> Option<Update> {
    let update = match update.kind {
        UpdateKind::Message(message) => {
            let from = message.from.clone().filter(|person| !person.is_bot);
            // A group tells its new id itself.
            let (user, language_tag) = match (from, message.migrate_to_chat_id) {
                (Some(person), _) => (person.id, person.language),
                (None, Some(_)) => (message.chat.id, None),
                (None, None) => return None,
            };
            Update {
                id,
                sent_at: message.sent_at,
                chat: message.chat.id,
                is_group: is_group(message.chat.kind)?,
                user,
                language_tag,
                content: content_of(*message),
            }
        }
        UpdateKind::CallbackQuery(query) => {
            let chat = query.message.map(|message| message.chat);
            let is_group = match chat {
                Some(chat) => is_group(chat.kind)?,
                None => false,
            };
            Update {
                id,
                sent_at: now,
                chat: chat.map_or(query.from.id, |chat| chat.id),
                is_group,
                user: query.from.id,
                language_tag: query.from.language.clone(),
                content: tap_of(query),
            }
        }
        UpdateKind::MyChatMember(change) => Update {
            id,
            sent_at: change.at,
            chat: change.chat.id,
            is_group: is_group(change.chat.kind)?,
            user: change.from.id,
            language_tag: change.from.language,
            content: UpdateContent::Membership {
                can_write: change.is_member,
            },
        },
        UpdateKind::EditedMessage | UpdateKind::Other { .. } => return None,
    };
    Some(update)
}

/// `None` for channels, which the bot does not serve.
fn is_group(kind: ChatKind) -> Option<bool> {
    match kind {
        ChatKind::Private => Some(false),
        ChatKind::Group | ChatKind::Supergroup => Some(true),
        ChatKind::Channel | ChatKind::Other => None,
    }
}

fn content_of(message: Message) -> UpdateContent {
    if let Some(to) = message.migrate_to_chat_id {
        return UpdateContent::Migrated { to };
    }
    let reply_to = message.reply_to;
    match (message.attachment, message.text) {
        (Some(Attachment::Picture(picture)), caption) => UpdateContent::Photo {
            file_id: picture.file_id,
            caption,
            reply_to,
        },
        (None, Some(text)) => UpdateContent::Text { text, reply_to },
        (Some(Attachment::TooLarge), _) | (None, None) => UpdateContent::Other,
    }
}

fn tap_of(query: CallbackQuery) -> UpdateContent {
    let message = query.message.filter(|message| message.is_accessible);
    UpdateContent::Tap {
        callback: query.id,
        data: query.data.unwrap_or_default(),
        message: message.map(|message| message.id),
    }
}
