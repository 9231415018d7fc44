//! Calls to the Graph API: send, mark as read, typing, media.

use confab_messaging::Outbound;
use reqwest::{
    Client, RequestBuilder, Url,
    header::CONTENT_TYPE,
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire;
use confab_provider_base::{
    Accepted, File, MediaError, SendError,
    download::{Download, MAX_FILE_BYTES, Origin},
    send::ApiResponse,
};

#[derive(Debug, Clone)]
pub struct MetaConfig {
    /// `https://graph.facebook.com`
    pub api_url: String,
    /// `v24.0`
    pub version: String,
    pub phone_number_id: String,
    pub token: SecretString,
    /// Where media may come from besides Meta's own host and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Meta {
    http: Client,
    config: MetaConfig,
    media_origins: Vec<Origin>,
    media_time_limit: Option<std::time::Duration>,
}

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
            media_time_limit: None,
        }
    }

    pub async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let message =
            wire::message(outbound).ok_or_else(|| SendError::permanent("nobody to send to"))?;
        let answer = self.post("messages", &message).await?;
        #[derive(Deserialize)]
        struct Sent {
            messages: Vec<Id>,
        }
        let sent = answer
            .json::<Sent>()
            .and_then(|sent| sent.messages.into_iter().next());
        let message_id = sent.ok_or_else(|| answer.error_from_status())?.id;
        Ok(Accepted { message_id })
    }

    /// Blue ticks for the person, on this message and all before it.
    pub async fn mark_read(&self, message_id: &str) -> Result<(), SendError> {
        let read =
            json!({ "messaging_product": "whatsapp", "status": "read", "message_id": message_id });
        self.post("messages", &read).await.map(drop)
    }

    /// Shows that an answer is being written, for at most 25 seconds. Marks as read, too.
    pub async fn typing(&self, message_id: &str) -> Result<(), SendError> {
        let typing = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": message_id,
            "typing_indicator": { "type": "text" },
        });
        self.post("messages", &typing).await.map(drop)
    }

    /// Two steps: where the file is, which holds for five minutes, and the file.
    pub async fn media(&self, media_id: &str) -> Result<File, MediaError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=512).contains(&media_id.len()) || !media_id.bytes().all(plain) {
            return Err(MediaError::Refused("not a media id"));
        }
        let download = Download::new(&self.http, &self.media_origins, self.media_time_limit);
        let authorize = |_: &Url, request: RequestBuilder| {
            request.bearer_auth(self.config.token.expose_secret())
        };
        // Meta says 400 to an id that it does not know, and to whoever asks too much.
        let is_busy = |body: &[u8]| {
            serde_json::from_slice::<Refused>(body)
                .is_ok_and(|refused| is_passing(refused.error.code))
        };
        let found = download
            .get_with(&self.address(media_id), authorize, is_busy)
            .await?;
        #[derive(Deserialize)]
        struct Place {
            url: String,
            mime_type: Option<String>,
            file_size: Option<u64>,
        }
        let place: Place = serde_json::from_slice(&found.bytes)
            .map_err(|_| MediaError::Unavailable("the place of the media cannot be read".into()))?;
        if place
            .file_size
            .is_some_and(|size| size > MAX_FILE_BYTES as u64)
        {
            return Err(MediaError::TooLarge);
        }
        let file = download.get(&place.url, authorize).await?;
        let mime_type = place.mime_type.unwrap_or(file.mime_type);
        Ok(File { mime_type, ..file })
    }

    /// Meta's id of the uploaded file.
    pub async fn upload(&self, file: File) -> Result<String, SendError> {
        let part = Part::bytes(file.bytes)
            .file_name("file")
            .mime_str(&file.mime_type)?;
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .part("file", part);
        let request = self.http.post(self.own_address("media")).multipart(form);
        let answer = self.ask(request).await?;
        let id = answer
            .json::<Id>()
            .ok_or_else(|| answer.error_from_status())?;
        Ok(id.id)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<ApiResponse, SendError> {
        let request = self
            .http
            .post(self.own_address(path))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        self.ask(request).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<ApiResponse, SendError> {
        let response = request
            .bearer_auth(self.config.token.expose_secret())
            .send()
            .await?;
        let answer = ApiResponse::read(response).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(refusal(&answer))
    }

    fn own_address(&self, path: &str) -> String {
        self.address(&format!("{}/{path}", self.config.phone_number_id))
    }

    fn address(&self, path: &str) -> String {
        let MetaConfig {
            api_url, version, ..
        } = &self.config;
        format!("{}/{version}/{path}", api_url.trim_end_matches('/'))
    }
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

/// Codes that go away by themselves: too many calls, too many messages, Meta's own trouble.
const PASSING: [i64; 14] = [
    1, 2, 4, 17, 341, 613, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 133_016, 135_000,
];

/// Our account's trouble: a token that is not good, a permission, a number that is not registered, a bill, a lock. An
/// operator ends it; the message is not to blame, and waits.
const OURS: [i64; 8] = [0, 10, 190, 368, 131_005, 131_031, 131_042, 133_010];
const PERMISSIONS: std::ops::RangeInclusive<i64> = 200..=299;

fn is_passing(code: i64) -> bool {
    PASSING.contains(&code) || OURS.contains(&code) || PERMISSIONS.contains(&code)
}

#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: i64,
    #[serde(default)]
    message: String,
}

fn refusal(answer: &ApiResponse) -> SendError {
    match answer.json::<Refused>() {
        // Meta's own failure may come after it took the message, and is never the message's fault.
        Some(Refused { error }) if answer.status.is_server_error() && !is_passing(error.code) => {
            SendError::Unknown(format!("{} {}", error.code, answer.status))
        }
        Some(Refused { error }) => {
            let retry = is_passing(error.code) || matches!(answer.status.as_u16(), 401 | 403 | 429);
            SendError::refused(error.code, &error.message, retry, answer.retry_after)
        }
        None => answer.error_from_status(),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
