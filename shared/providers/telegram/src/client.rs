//! Client of the Bot API. One call is one request; nothing is repeated here.

mod messages;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Duration;

use confab_provider_base::{
    http::{ReadError, describe, read_body_up_to},
    send::ApiResponse,
};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    MAX_DOWNLOAD_BYTES, Method, TelegramError,
    objects::FileLocation,
    request::{Call, is_file_id},
};

pub use messages::{CallbackAnswer, ChatAction, MessageRef, NewAlbum, NewFile, NewMessage};
pub use settings::BotCommand;

#[derive(Debug, Clone)]
pub struct TelegramConfig {
    /// `https://api.telegram.org`
    pub api_url: String,
    /// `7000000001:AA..`. It stands in the path of every request.
    pub token: SecretString,
}

#[derive(Debug, Clone)]
pub struct Telegram {
    http: Client,
    config: TelegramConfig,
    call_timeout: Duration,
    upload_timeout: Duration,
}

/// A message whose answer is late has an unknown outcome, so the client waits long.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// For uploads and downloads: Telegram decodes ten photos before it answers.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(45);

/// Returns the bot's id, which its token begins with.
pub fn bot_id(token: &SecretString) -> Option<i64> {
    let (id, _) = token.expose_secret().split_once(':')?;
    id.parse().ok()
}

impl Telegram {
    pub fn new(http: Client, config: TelegramConfig) -> Self {
        Self {
            http,
            config,
            call_timeout: CALL_TIMEOUT,
            upload_timeout: UPLOAD_TIMEOUT,
        }
    }

    /// Downloads a file of up to [`MAX_DOWNLOAD_BYTES`].
    pub async fn download(&self, file_id: &str) -> Result<Vec<u8>, TelegramError> {
        if !is_file_id(file_id) {
            return Err(TelegramError::WrongFileId("not a file id".into()));
        }
        let call = Call::new(Method::GetFile).field("file_id", file_id);
        let location: FileLocation = self.execute(call).await?;
        let size = location.file_size.unwrap_or(0);
        if size > MAX_DOWNLOAD_BYTES as u64 {
            return Err(TelegramError::FileTooLarge);
        }
        let path = location.file_path.filter(|path| is_file_path(path));
        let path =
            path.ok_or_else(|| TelegramError::Unavailable("the file has no usable path".into()))?;
        let request = self.http.get(self.url("file/", &path));
        let response = request.timeout(self.upload_timeout).send().await;
        let response = response.map_err(|error| self.not_downloaded(error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(TelegramError::WrongFileId("file gone".into())),
            status => {
                let reason = format!("HTTP {} for a file", status.as_u16());
                return Err(TelegramError::Unavailable(reason));
            }
        }
        let body = read_body_up_to(response, MAX_DOWNLOAD_BYTES).await;
        body.map_err(|error| match error {
            ReadError::TooLarge => TelegramError::FileTooLarge,
            ReadError::Transport(error) => self.not_downloaded(error),
        })
    }

    fn not_downloaded(&self, error: reqwest::Error) -> TelegramError {
        TelegramError::Unavailable(self.redact(&describe(error)))
    }

    async fn execute<T: DeserializeOwned>(&self, call: Call) -> Result<T, TelegramError> {
        let method = call.method;
        let timeout = if call.is_upload() {
            self.upload_timeout
        } else {
            self.call_timeout
        };
        let request = self.http.post(self.url("", method.name()));
        let request = call.encode(request)?.timeout(timeout);
        let response = self.send(method, request).await?;
        #[derive(Deserialize)]
        struct Answer<T> {
            ok: bool,
            result: T,
        }
        if !response.status.is_success() {
            return Err(self.failure(method, &response));
        }
        match response.json::<Answer<T>>() {
            Some(Answer { ok: true, result }) => Ok(result),
            _ => Err(self.failure(method, &response)),
        }
    }

    async fn send(
        &self,
        method: Method,
        request: RequestBuilder,
    ) -> Result<ApiResponse, TelegramError> {
        let response = request.send().await.map_err(|error| {
            // A malformed URL comes from our configuration.
            let is_unsent = error.is_builder() || error.is_connect();
            let reason = self.redact(&describe(error));
            if is_unsent {
                TelegramError::Unavailable(reason)
            } else {
                TelegramError::answer_lost(method, reason)
            }
        })?;
        let response = ApiResponse::read(response).await;
        response
            .map_err(|error| TelegramError::answer_lost(method, self.redact(&error.to_string())))
    }

    fn failure(&self, method: Method, response: &ApiResponse) -> TelegramError {
        TelegramError::from_response(method, response, |text| self.redact(text))
    }

    fn url(&self, prefix: &str, path: &str) -> String {
        let TelegramConfig { api_url, token } = &self.config;
        let api_url = api_url.trim_end_matches('/');
        format!("{api_url}/{prefix}bot{}/{path}", token.expose_secret())
    }

    /// Removes the token from a text that is not ours.
    fn redact(&self, text: &str) -> String {
        match self.config.token.expose_secret() {
            "" => text.to_owned(),
            token => text.replace(token, "…"),
        }
    }
}

/// Tells whether a path stays below the bot's files.
fn is_file_path(path: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed);
    path.split('/').all(is_segment)
}
