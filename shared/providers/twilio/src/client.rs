//! Client of Twilio's API: sends messages and downloads media.

use std::time::Duration;

use confab_messaging::Outbound;
use confab_provider_base::{
    Accepted, File, MediaError, SendError,
    download::{Download, Origin},
    send::ApiResponse,
};
use reqwest::{Client, RequestBuilder, Url, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::wire::{self, ContentSids};

#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// `https://api.twilio.com`
    pub api_url: String,
    pub account_sid: String,
    pub auth_token: SecretString,
    /// `whatsapp:+15550783881`
    pub from: String,
    /// Our public webhook URL. Without it, Twilio reports no delivery statuses.
    pub status_callback: Option<String>,
    pub content_sids: ContentSids,
    /// Origins of media besides Twilio's own and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Twilio {
    http: Client,
    config: TwilioConfig,
    /// The only origin that receives our credentials.
    api_origin: Option<Origin>,
    media_origins: Vec<Origin>,
    media_timeout: Option<Duration>,
}

const MEDIA_ORIGINS: [&str; 3] = [
    "https://api.twilio.com",
    "https://mms.twiliocdn.com",
    "https://media.twiliocdn.com",
];

impl Twilio {
    pub fn new(http: Client, config: TwilioConfig) -> Self {
        let api_origin = Origin::parse(&config.api_url);
        let media_origins = MEDIA_ORIGINS
            .into_iter()
            .chain([config.api_url.as_str()])
            .chain(config.media_origins.iter().map(String::as_str))
            .filter_map(Origin::parse)
            .collect();
        Self {
            http,
            config,
            api_origin,
            media_origins,
            media_timeout: None,
        }
    }

    /// Sends a message and returns Twilio's id of it.
    pub async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let TwilioConfig {
            from,
            status_callback,
            content_sids,
            ..
        } = &self.config;
        let fields = wire::message(outbound, from, status_callback.as_deref(), content_sids)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(self.messages_url())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let response = self.call(request).await?;
        let sent = response
            .json::<MessageBody>()
            .ok_or_else(|| response.error_from_status())?;
        Ok(Accepted {
            message_id: sent.sid,
        })
    }

    /// Downloads a user's file. Credentials are sent to the API's own origin only.
    pub async fn media(&self, url: &str) -> Result<File, MediaError> {
        let authorize = |url: &Url, request: RequestBuilder| match &self.api_origin {
            Some(origin) if origin.matches(url) => self.with_credentials(request),
            _ => request,
        };
        Download::new(&self.http, &self.media_origins, self.media_timeout)
            .get(url, authorize)
            .await
    }

    async fn call(&self, request: RequestBuilder) -> Result<ApiResponse, SendError> {
        let response = ApiResponse::read(self.with_credentials(request).send().await?).await?;
        if response.status.is_success() {
            return Ok(response);
        }
        Err(send_error(&response))
    }

    fn with_credentials(&self, request: RequestBuilder) -> RequestBuilder {
        let TwilioConfig {
            account_sid,
            auth_token,
            ..
        } = &self.config;
        request.basic_auth(account_sid, Some(auth_token.expose_secret()))
    }

    fn messages_url(&self) -> String {
        let TwilioConfig {
            api_url,
            account_sid,
            ..
        } = &self.config;
        let api_url = api_url.trim_end_matches('/');
        format!("{api_url}/2010-04-01/Accounts/{account_sid}/Messages.json")
    }
}

#[derive(Deserialize)]
struct MessageBody {
    sid: String,
}

/// Error codes after which a retry may succeed: rate limits, full queues, outages, and faults of
/// our account.
/// Account faults are bad credentials (20003), an inactive account (20005) and a foreign sender
/// (63007); an operator fixes them while messages wait.
const RETRYABLE_CODES: [i64; 8] = [
    20_003, 20_005, 20_429, 20_503, 14_107, 30_001, 63_007, 63_018,
];

fn send_error(response: &ApiResponse) -> SendError {
    #[derive(Deserialize)]
    struct ErrorBody {
        code: i64,
        #[serde(default)]
        message: String,
    }
    let Some(error) = response.json::<ErrorBody>() else {
        return response.error_from_status();
    };
    let is_retryable = RETRYABLE_CODES.contains(&error.code);
    // A server error may follow after Twilio accepted the message.
    if response.status.is_server_error() && !is_retryable {
        return response.error_from_status();
    }
    let retry = is_retryable || matches!(response.status.as_u16(), 401 | 403 | 429);
    SendError::refused(error.code, &error.message, retry, response.retry_after)
}

#[cfg(test)]
mod tests;
