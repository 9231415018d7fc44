//! Messages: sending, editing, deleting, and answers to taps.

use confab_core::length;
use serde_json::json;

use super::Telegram;
use crate::{
    Edited, Html, InlineKeyboard, MAX_ALBUM_ITEMS, MAX_CAPTION_CHARS, MAX_TEXT_CHARS, Media,
    MediaKind, Method, ReplyMarkup, Sent, TelegramError, request::Call,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    pub chat_id: i64,
    pub text: Html,
    pub reply_to: Option<i64>,
    pub reply_markup: Option<ReplyMarkup>,
}

/// A single photo or document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub chat_id: i64,
    pub media: Media,
    pub reply_to: Option<i64>,
    pub reply_markup: Option<ReplyMarkup>,
}

/// Two to ten files of one kind: see [`crate::album_sizes`]. An album has no keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlbum {
    pub chat_id: i64,
    pub kind: MediaKind,
    pub items: Vec<Media>,
    pub reply_to: Option<i64>,
}

/// A message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRef {
    pub chat_id: i64,
    pub message_id: i64,
}

/// The answer to a tap, which ends the spinner on the button.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// At most 200 characters without markup.
    pub text: Option<String>,
    /// Shows the text in a dialog rather than at the top of the chat.
    pub is_alert: bool,
}

/// What the bot is seen to do, for five seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatAction {
    Typing,
    UploadPhoto,
    UploadDocument,
}

const MAX_ANSWER_CHARS: usize = 200;
const MAX_DELETED_MESSAGES: usize = 100;

impl Telegram {
    /// Sends a text without a preview of its links.
    pub async fn send_message(&self, message: &NewMessage) -> Result<Sent, TelegramError> {
        let call = Call::new(Method::SendMessage)
            .field("chat_id", message.chat_id)
            .reply_to(message.reply_to)
            .markup(message.reply_markup.as_ref())?;
        self.execute(with_text(call, &message.text)?).await
    }

    /// Sends one photo, which Telegram encodes again as JPEG.
    pub async fn send_photo(&self, photo: NewFile) -> Result<Sent, TelegramError> {
        self.send_file(Method::SendPhoto, MediaKind::Photo, photo)
            .await
    }

    /// Sends one file as it is.
    pub async fn send_document(&self, document: NewFile) -> Result<Sent, TelegramError> {
        self.send_file(Method::SendDocument, MediaKind::Document, document)
            .await
    }

    async fn send_file(
        &self,
        method: Method,
        kind: MediaKind,
        new: NewFile,
    ) -> Result<Sent, TelegramError> {
        let call = Call::new(method)
            .field("chat_id", new.chat_id)
            .reply_to(new.reply_to)
            .markup(new.reply_markup.as_ref())?
            .file(kind, new.media.file)?;
        let call = if new.media.caption.is_empty() {
            call
        } else {
            call.text("caption", &new.media.caption, MAX_CAPTION_CHARS)?
        };
        self.execute(call).await
    }

    /// Sends an album and returns its messages in the order of the items.
    /// After [`TelegramError::Unknown`] some of them may be in the chat.
    pub async fn send_album(&self, album: NewAlbum) -> Result<Vec<Sent>, TelegramError> {
        let count = album.items.len();
        if !(2..=MAX_ALBUM_ITEMS).contains(&count) {
            return Err(TelegramError::invalid("an album has 2 to 10 items"));
        }
        let mut call = Call::new(Method::SendMediaGroup)
            .field("chat_id", album.chat_id)
            .reply_to(album.reply_to);
        let mut inputs = Vec::with_capacity(count);
        for item in album.items {
            let (next, input) = call.media(album.kind, item)?;
            call = next;
            inputs.push(input);
        }
        let sent: Vec<Sent> = self.execute(call.field("media", inputs)).await?;
        if sent.len() != count {
            let reason = format!("{} of {count} items were confirmed", sent.len());
            return Err(TelegramError::Unknown(reason));
        }
        Ok(sent)
    }

    /// Replaces text and keyboard. Without `keyboard` the message loses the one that it has.
    pub async fn edit_text(
        &self,
        message: MessageRef,
        text: &Html,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Edited, TelegramError> {
        let call = edit(Method::EditMessageText, message, keyboard)?;
        self.execute_edit(with_text(call, text)?).await
    }

    /// Replaces caption and keyboard. Without `keyboard` the message loses the one that it has.
    pub async fn edit_caption(
        &self,
        message: MessageRef,
        caption: &Html,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Edited, TelegramError> {
        let call = edit(Method::EditMessageCaption, message, keyboard)?;
        let call = call.text("caption", caption, MAX_CAPTION_CHARS)?;
        self.execute_edit(call).await
    }

    /// Replaces the keyboard. Without `keyboard` the message loses the one that it has.
    pub async fn edit_keyboard(
        &self,
        message: MessageRef,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Edited, TelegramError> {
        let call = edit(Method::EditMessageReplyMarkup, message, keyboard)?;
        self.execute_edit(call).await
    }

    /// Replaces photo or document and caption, also within an album, by another file of that kind.
    pub async fn edit_media(
        &self,
        message: MessageRef,
        kind: MediaKind,
        media: Media,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Edited, TelegramError> {
        let call = edit(Method::EditMessageMedia, message, keyboard)?;
        let (call, input) = call.media(kind, media)?;
        self.execute_edit(call.field("media", input)).await
    }

    async fn execute_edit(&self, call: Call) -> Result<Edited, TelegramError> {
        match self.execute(call).await {
            Ok(sent) => Ok(Edited::Changed(sent)),
            Err(error) if error.is_not_modified() => Ok(Edited::Unchanged),
            Err(error) => Err(error),
        }
    }

    /// Answers a tap. One that is too old to be answered counts as answered.
    pub async fn answer_callback(
        &self,
        query_id: &str,
        answer: &CallbackAnswer,
    ) -> Result<(), TelegramError> {
        let mut call = Call::new(Method::AnswerCallbackQuery)
            .field("callback_query_id", query_id)
            .field("show_alert", answer.is_alert);
        if let Some(text) = &answer.text {
            if length(text) > MAX_ANSWER_CHARS {
                return Err(TelegramError::invalid(
                    "an answer has at most 200 characters",
                ));
            }
            call = call.field("text", text.as_str());
        }
        match self.confirm(call).await {
            Err(error) if error.is_query_too_old() => Ok(()),
            result => result,
        }
    }

    /// Shows what the bot is doing until its next message.
    pub async fn send_chat_action(
        &self,
        chat_id: i64,
        action: ChatAction,
    ) -> Result<(), TelegramError> {
        let action = match action {
            ChatAction::Typing => "typing",
            ChatAction::UploadPhoto => "upload_photo",
            ChatAction::UploadDocument => "upload_document",
        };
        let call = Call::new(Method::SendChatAction)
            .field("chat_id", chat_id)
            .field("action", action);
        self.confirm(call).await
    }

    /// Deletes messages; those that are gone are skipped.
    pub async fn delete_messages(
        &self,
        chat_id: i64,
        message_ids: &[i64],
    ) -> Result<(), TelegramError> {
        if !(1..=MAX_DELETED_MESSAGES).contains(&message_ids.len()) {
            return Err(TelegramError::invalid(
                "1 to 100 messages are deleted at once",
            ));
        }
        let call = Call::new(Method::DeleteMessages)
            .field("chat_id", chat_id)
            .field("message_ids", message_ids);
        self.confirm(call).await
    }
}

fn with_text(call: Call, text: &Html) -> Result<Call, TelegramError> {
    if text.length() == 0 {
        return Err(TelegramError::invalid("the text is empty"));
    }
    let no_preview = json!({ "is_disabled": true });
    call.field("link_preview_options", no_preview)
        .text("text", text, MAX_TEXT_CHARS)
}

fn edit(
    method: Method,
    message: MessageRef,
    keyboard: Option<&InlineKeyboard>,
) -> Result<Call, TelegramError> {
    let call = Call::new(method)
        .field("chat_id", message.chat_id)
        .field("message_id", message.message_id);
    let keyboard = keyboard.map(InlineKeyboard::json).transpose()?;
    Ok(match keyboard {
        Some(keyboard) => call.field("reply_markup", keyboard),
        None => call,
    })
}
