//! Client of the Graph API: sends messages, marks them as read, shows typing, transfers media.

use std::time::Duration;

use confab_messaging::Outbound;
use confab_provider_base::{
    Accepted, File, MediaError, SendError,
    download::{Download, MAX_FILE_BYTES, Origin},
    send::ApiResponse,
};
use reqwest::{
    Client, RequestBuilder, Url,
    header::CONTENT_TYPE,
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire;

#[derive(Debug, Clone)]
pub struct MetaConfig {
    /// `https://graph.facebook.com`
    pub api_url: String,
    /// `v24.0`
    pub version: String,
    pub phone_number_id: String,
    pub token: SecretString,
    /// Origins of media besides Meta's own and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Meta {
    http: Client,
    config: MetaConfig,
    media_origins: Vec<Origin>,
    media_timeout: Option<Duration>,
}

const MAX_MEDIA_ID_BYTES: usize = 512;
const MEDIA_ORIGIN: &str = "https://lookaside.fbsbx.com";

impl Meta {
    pub fn new(http: Client, config: MetaConfig) -> Self {
        let media_origins = [MEDIA_ORIGIN, &config.api_url]
            .into_iter()
            .chain(config.media_origins.iter().map(String::as_str))
            .filter_map(Origin::parse)
            .collect();
        Self {
            http,
            config,
            media_origins,
            media_timeout: None,
        }
    }

    /// Sends a message and returns Meta's id of it.
    pub async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let message = wire::message(outbound)
            .ok_or_else(|| SendError::permanent("the recipient has no address"))?;
        let response = self.post("messages", &message).await?;
        #[derive(Deserialize)]
        struct SendBody {
            messages: Vec<IdBody>,
        }
        let sent = response
            .json::<SendBody>()
            .and_then(|sent| sent.messages.into_iter().next());
        let message_id = sent.ok_or_else(|| response.error_from_status())?.id;
        Ok(Accepted { message_id })
    }

    /// Marks this message and all before it as read, which shows blue ticks.
    pub async fn mark_read(&self, message_id: &str) -> Result<(), SendError> {
        let read =
            json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id });
        self.post("messages", &read).await.map(drop)
    }

    /// Shows a typing indicator for at most 25 seconds, and marks the message as read.
    pub async fn typing(&self, message_id: &str) -> Result<(), SendError> {
        let typing = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": message_id,
            "typing_indicator": { "type": "text" },
        });
        self.post("messages", &typing).await.map(drop)
    }

    /// Downloads a user's file in two steps: its URL, which expires after five minutes, then its
    /// bytes.
    pub async fn media(&self, media_id: &str) -> Result<File, MediaError> {
        let is_id_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=MAX_MEDIA_ID_BYTES).contains(&media_id.len()) || !media_id.bytes().all(is_id_byte)
        {
            return Err(MediaError::Refused("not a media id"));
        }
        let download = Download::new(&self.http, &self.media_origins, self.media_timeout);
        let authorize = |_: &Url, request: RequestBuilder| {
            request.bearer_auth(self.config.token.expose_secret())
        };
        // Meta answers 400 both to unknown ids and to exceeded rate limits.
        let is_temporary = |body: &[u8]| {
            serde_json::from_slice::<ErrorBody>(body)
                .is_ok_and(|body| is_retryable(body.error.code))
        };
        let metadata = download
            .get_with(&self.url(media_id), authorize, is_temporary)
            .await?;
        #[derive(Deserialize)]
        struct MediaLocation {
            url: String,
            mime_type: Option<String>,
            file_size: Option<u64>,
        }
        let location: MediaLocation = serde_json::from_slice(&metadata.bytes)
            .map_err(|_| MediaError::Unavailable("the media location is malformed".into()))?;
        if location
            .file_size
            .is_some_and(|size| size > MAX_FILE_BYTES as u64)
        {
            return Err(MediaError::TooLarge);
        }
        let file = download.get(&location.url, authorize).await?;
        let mime_type = location.mime_type.unwrap_or(file.mime_type);
        Ok(File { mime_type, ..file })
    }

    /// Uploads a file and returns Meta's id of it.
    pub async fn upload(&self, file: File) -> Result<String, SendError> {
        let part = Part::bytes(file.bytes)
            .file_name("file")
            .mime_str(&file.mime_type)?;
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .part("file", part);
        let request = self
            .http
            .post(self.phone_number_url("media"))
            .multipart(form);
        let response = self.call(request).await?;
        let id = response
            .json::<IdBody>()
            .ok_or_else(|| response.error_from_status())?;
        Ok(id.id)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<ApiResponse, SendError> {
        let request = self
            .http
            .post(self.phone_number_url(path))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        self.call(request).await
    }

    async fn call(&self, request: RequestBuilder) -> Result<ApiResponse, SendError> {
        let response = request
            .bearer_auth(self.config.token.expose_secret())
            .send()
            .await?;
        let response = ApiResponse::read(response).await?;
        if response.status.is_success() {
            return Ok(response);
        }
        Err(send_error(&response))
    }

    fn phone_number_url(&self, path: &str) -> String {
        self.url(&format!("{}/{path}", self.config.phone_number_id))
    }

    fn url(&self, path: &str) -> String {
        let MetaConfig {
            api_url, version, ..
        } = &self.config;
        format!("{}/{version}/{path}", api_url.trim_end_matches('/'))
    }
}

#[derive(Deserialize)]
struct IdBody {
    id: String,
}

/// Error codes that pass by themselves: rate limits, and Meta's own outages.
const TRANSIENT_CODES: [i64; 14] = [
    1, 2, 4, 17, 341, 613, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 133_016, 135_000,
];

/// Error codes of our account: token, permission, registration, billing, lock. An operator fixes
/// them while messages wait.
const ACCOUNT_CODES: [i64; 8] = [0, 10, 190, 368, 131_005, 131_031, 131_042, 133_010];
const PERMISSION_CODES: std::ops::RangeInclusive<i64> = 200..=299;

fn is_retryable(code: i64) -> bool {
    TRANSIENT_CODES.contains(&code)
        || ACCOUNT_CODES.contains(&code)
        || PERMISSION_CODES.contains(&code)
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetails,
}

#[derive(Deserialize)]
struct ErrorDetails {
    code: i64,
    #[serde(default)]
    message: String,
}

fn send_error(response: &ApiResponse) -> SendError {
    let Some(ErrorBody { error }) = response.json() else {
        return response.error_from_status();
    };
    let is_retryable = is_retryable(error.code);
    // A server error may follow after Meta accepted the message, so the outcome is unknown.
    if response.status.is_server_error() && !is_retryable {
        return SendError::Unknown(format!("{} {}", error.code, response.status));
    }
    let retry = is_retryable || matches!(response.status.as_u16(), 401 | 403 | 429);
    SendError::refused(error.code, &error.message, retry, response.retry_after)
}

#[cfg(test)]
mod tests;
