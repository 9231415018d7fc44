//! Calls to Twilio's API: send, look up what was sent, media.

use confab_messaging::Outbound;
use reqwest::{Client, RequestBuilder, Url, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::wire::{self, ContentSids};
use confab_provider_base::{
    Accepted, File, MediaError, SendError,
    download::{Download, Origin},
    send::ApiResponse,
};

#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// `https://api.twilio.com`
    pub api_url: String,
    pub account_sid: String,
    pub auth_token: SecretString,
    /// `whatsapp:+15550783881`
    pub from: String,
    /// Our public webhook address. Without it no statuses come.
    pub status_callback: Option<String>,
    pub content_sids: ContentSids,
    /// Where media may come from besides Twilio's own hosts and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Twilio {
    http: Client,
    config: TwilioConfig,
    /// The only one that is told our credentials.
    api: Option<Origin>,
    media_origins: Vec<Origin>,
    media_time_limit: Option<std::time::Duration>,
}

const MEDIA_ORIGINS: [&str; 3] = [
    "https://api.twilio.com",
    "https://mms.twiliocdn.com",
    "https://media.twiliocdn.com",
];

impl Twilio {
    pub fn new(http: Client, config: TwilioConfig) -> Self {
        let api = Origin::parse(&config.api_url);
        let media_origins = MEDIA_ORIGINS
            .into_iter()
            .chain([config.api_url.as_str()])
            .chain(config.media_origins.iter().map(String::as_str))
            .filter_map(Origin::parse)
            .collect();
        Self {
            http,
            config,
            api,
            media_origins,
            media_time_limit: None,
        }
    }

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
            .post(self.messages())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.ask(request).await?;
        let sent = answer
            .json::<Message>()
            .ok_or_else(|| answer.error_from_status())?;
        Ok(Accepted {
            message_id: sent.sid,
        })
    }

    pub async fn media(&self, url: &str) -> Result<File, MediaError> {
        let authorize = |url: &Url, request: RequestBuilder| match &self.api {
            Some(api) if api.matches(url) => self.authorized(request),
            _ => request,
        };
        Download::new(&self.http, &self.media_origins, self.media_time_limit)
            .get(url, authorize)
            .await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<ApiResponse, SendError> {
        let answer = ApiResponse::read(self.authorized(request).send().await?).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(refusal(&answer))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let TwilioConfig {
            account_sid,
            auth_token,
            ..
        } = &self.config;
        request.basic_auth(account_sid, Some(auth_token.expose_secret()))
    }

    fn messages(&self) -> String {
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
struct Message {
    sid: String,
}

/// Too many requests, unavailable, too fast for the sender, queue full, too fast for the channel. And our account's
/// trouble: credentials that are not good (20003), an account that is not active (20005), a sender that is not ours
/// (63007). The message is not to blame, and waits for an operator.
const PASSING: [i64; 8] = [
    20_003, 20_005, 20_429, 20_503, 14_107, 30_001, 63_007, 63_018,
];

fn refusal(answer: &ApiResponse) -> SendError {
    #[derive(Deserialize)]
    struct Refused {
        code: i64,
        #[serde(default)]
        message: String,
    }
    match answer.json::<Refused>() {
        Some(refused) if PASSING.contains(&refused.code) || !answer.status.is_server_error() => {
            let retry = PASSING.contains(&refused.code)
                || matches!(answer.status.as_u16(), 401 | 403 | 429);
            SendError::refused(refused.code, &refused.message, retry, answer.retry_after)
        }
        // Twilio's own failure may come after it took the message.
        _ => answer.error_from_status(),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
