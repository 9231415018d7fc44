//! Calls of a conversation, as calls of the Bot API.

use carousel_domain::{
    Button, Call, Document, Keyboard, Photo, RichText, SentMessage, Span, TelegramId,
};
use confab_aws::{Keyring, Objects};
use confab_core::{Error, Result};
use confab_telegram::{
    self as telegram, CallbackAnswer, Edited, ForceReply, Html, InlineKeyboard, InputFile, Media,
    MediaKind, MessageRef, NewAlbum, NewFile, NewMessage, ReplyMarkup, Sent, Telegram,
    TelegramConfig, TelegramError, Upload, escape_html,
};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use crate::config::TELEGRAM_BOT_TOKEN;

/// The bot's account.
#[derive(Debug)]
pub(crate) struct TelegramAccount {
    http: reqwest::Client,
    api_url: String,
    secrets: Keyring,
    name: OnceCell<String>,
}

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum CallError {
    Telegram(TelegramError),
    /// A file cannot be read, or the token.
    Own(Error),
}

impl From<TelegramError> for CallError {
    fn from(error: TelegramError) -> Self {
        Self::Telegram(error)
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl TelegramAccount {
    pub(crate) fn new(http: reqwest::Client, api_url: &str, secrets: Keyring) -> Self {
        Self {
            http,
            api_url: api_url.to_owned(),
            secrets,
            name: OnceCell::new(),
        }
    }

    /// Returns a client with the present token.
    pub(crate) async fn client(&self) -> Result<Telegram> {
        let config = TelegramConfig {
            api_url: self.api_url.clone(),
            token: self.secrets.current(TELEGRAM_BOT_TOKEN).await?,
        };
        Ok(Telegram::new(self.http.clone(), config))
    }

    /// Returns the bot's user name, which commands in groups are addressed to. Asked once a process.
    pub(crate) async fn name(&self) -> Result<&str> {
        let ask = || async { Ok::<_, Error>(self.client().await?.me().await?.username) };
        self.name.get_or_try_init(ask).await.map(String::as_str)
    }

    /// Fetches a picture that a person sent.
    pub(crate) async fn download(&self, file_id: &str) -> Result<Vec<u8>, CallError> {
        Ok(self.client().await?.download(file_id).await?)
    }

    /// Performs a call in a chat. Returns the messages that it sent or changed.
    pub(crate) async fn perform(
        &self,
        chat_id: TelegramId,
        call: &Call,
        objects: &Objects,
    ) -> Result<Vec<SentMessage>, CallError> {
        let client = self.client().await?;
        let message_ref = |message_id: &TelegramId| MessageRef {
            chat_id,
            message_id: *message_id,
        };
        match call {
            Call::SendMessage {
                text,
                keyboard,
                reply_hint,
                ..
            } => {
                let message = NewMessage {
                    chat_id,
                    text: html(text),
                    reply_to: None,
                    reply_markup: reply_markup(keyboard.as_ref(), reply_hint.as_deref()),
                };
                Ok(vec![sent(client.send_message(&message).await?)])
            }
            Call::SendPhotos { photos, .. } => {
                let mut items = Vec::with_capacity(photos.len());
                for photo in photos {
                    items.push(photo_media(photo, objects).await?);
                }
                send_files(&client, chat_id, MediaKind::Photo, items).await
            }
            Call::SendDocuments { documents, .. } => {
                let mut items = Vec::with_capacity(documents.len());
                for document in documents {
                    items.push(document_media(document, objects).await?);
                }
                send_files(&client, chat_id, MediaKind::Document, items).await
            }
            Call::EditMessage {
                message,
                text,
                keyboard,
            } => {
                let keyboard = keyboard.as_ref().map(inline_keyboard);
                let text = html(text);
                let edited = client.edit_text(message_ref(message), &text, keyboard.as_ref());
                Ok(changed(edited.await?, *message))
            }
            Call::EditKeyboard { message, keyboard } => {
                let keyboard = keyboard.as_ref().map(inline_keyboard);
                let edited = client.edit_keyboard(message_ref(message), keyboard.as_ref());
                Ok(changed(edited.await?, *message))
            }
            Call::EditPhoto { message, photo, .. } => {
                let media = photo_media(photo, objects).await?;
                let edited = client.edit_media(message_ref(message), MediaKind::Photo, media, None);
                Ok(changed(edited.await?, *message))
            }
            Call::DeleteMessage { message } => {
                client.delete_messages(chat_id, &[*message]).await?;
                Ok(Vec::new())
            }
            Call::AnswerCallback {
                callback,
                text,
                is_alert,
            } => {
                let answer = CallbackAnswer {
                    text: text.clone(),
                    is_alert: *is_alert,
                };
                client.answer_callback(callback, &answer).await?;
                Ok(Vec::new())
            }
        }
    }

    /// Returns the bot's id, which the ids of its updates begin with.
    pub(crate) async fn bot_id(secrets: &Keyring) -> Result<i64> {
        let token = secrets.current(TELEGRAM_BOT_TOKEN).await?;
        telegram::bot_id(&token).ok_or_else(|| {
            let letters = token.expose_secret().len();
            Error::internal("bad_bot_token", format!("{letters} letters without an id"))
        })
    }
}

/// One file is a message of its own; more are an album.
async fn send_files(
    client: &Telegram,
    chat_id: TelegramId,
    kind: MediaKind,
    mut items: Vec<Media>,
) -> Result<Vec<SentMessage>, CallError> {
    let media = match items.len() {
        1 => items.pop(),
        _ => None,
    };
    let Some(media) = media else {
        let album = NewAlbum {
            chat_id,
            kind,
            items,
            reply_to: None,
        };
        let messages = client.send_album(album).await?;
        return Ok(messages.into_iter().map(sent).collect());
    };
    let file = NewFile {
        chat_id,
        media,
        reply_to: None,
        reply_markup: None,
    };
    let message = match kind {
        MediaKind::Photo => client.send_photo(file).await?,
        MediaKind::Document => client.send_document(file).await?,
    };
    Ok(vec![sent(message)])
}

fn sent(message: Sent) -> SentMessage {
    SentMessage {
        message: message.message_id,
        file_id: message.file_id,
    }
}

fn changed(edited: Edited, message: TelegramId) -> Vec<SentMessage> {
    let file_id = match edited {
        Edited::Changed(sent) => sent.file_id,
        Edited::Unchanged => None,
    };
    vec![SentMessage { message, file_id }]
}

async fn photo_media(photo: &Photo, objects: &Objects) -> Result<Media> {
    let name = photo.object.rsplit('/').next().unwrap_or_default();
    media(photo.file_id.as_ref(), &photo.object, name, objects).await
}

async fn document_media(document: &Document, objects: &Objects) -> Result<Media> {
    let Document {
        object,
        name,
        file_id,
    } = document;
    media(file_id.as_ref(), object, name, objects).await
}

/// With a file id nothing is uploaded.
async fn media(
    file_id: Option<&String>,
    object: &str,
    file_name: &str,
    objects: &Objects,
) -> Result<Media> {
    let file = match file_id {
        Some(id) => InputFile::Id(id.clone()),
        None => {
            let bytes = objects.get(object).await?;
            let bytes = bytes.ok_or_else(|| Error::internal("file_gone", object.to_owned()))?;
            InputFile::Upload(Upload {
                file_name: file_name.to_owned(),
                mime_type: mime_type(object).to_owned(),
                bytes,
            })
        }
    };
    let caption = Html::default();
    Ok(Media { file, caption })
}

fn mime_type(object: &str) -> &'static str {
    match object.rsplit('.').next() {
        Some("jpg") => "image/jpeg",
        Some("png") => "image/png",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}

fn html(text: &RichText) -> Html {
    let span = |span: &Span| {
        let text = escape_html(span.text());
        match span {
            Span::Plain(_) => text,
            Span::Bold(_) => format!("<b>{text}</b>"),
            Span::Code(_) => format!("<code>{text}</code>"),
            Span::Preformatted(_) => format!("<pre>{text}</pre>"),
        }
    };
    Html::markup(text.0.iter().map(span).collect::<String>())
}

fn inline_keyboard(keyboard: &Keyboard) -> InlineKeyboard {
    let button = |button: &Button| match button {
        Button::Tap { label, data } => telegram::Button::callback(label, data),
        Button::Copy { label, text } => telegram::Button::copy(label, text),
    };
    let rows = keyboard.0.iter();
    InlineKeyboard {
        rows: rows.map(|row| row.iter().map(button).collect()).collect(),
    }
}

fn reply_markup(keyboard: Option<&Keyboard>, reply_hint: Option<&str>) -> Option<ReplyMarkup> {
    if let Some(hint) = reply_hint {
        return Some(ReplyMarkup::ForceReply(ForceReply {
            placeholder: Some(hint.to_owned()),
            is_selective: true,
        }));
    }
    Some(ReplyMarkup::Keyboard(inline_keyboard(keyboard?)))
}
