//! Calls to Twilio's API: send, look up what was sent, media.

use confab_kernel::{Timestamp, messaging::Outbound};
use reqwest::{Client, RequestBuilder, Url, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::wire;
use crate::{
    Accepted, File, MediaError, SendError,
    download::{Download, Origin},
    send::Answer,
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

/// What a look-up of a message with an unknown outcome says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Sent(Accepted),
    NotSent,
    /// Twilio fills in a template itself, so that its text says nothing about whose it is.
    CannotTell,
}

const MEDIA_ORIGINS: [&str; 3] = ["https://api.twilio.com", "https://mms.twiliocdn.com", "https://media.twiliocdn.com"];

impl Twilio {
    pub fn new(http: Client, config: TwilioConfig) -> Self {
        let api = Origin::parse(&config.api_url);
        let media_origins = MEDIA_ORIGINS
            .into_iter()
            .chain([config.api_url.as_str()])
            .chain(config.media_origins.iter().map(String::as_str))
            .filter_map(Origin::parse)
            .collect();
        Self { http, config, api, media_origins, media_time_limit: None }
    }

    pub async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let TwilioConfig { from, status_callback, .. } = &self.config;
        let fields = wire::message(outbound, from, status_callback.as_deref())?;
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            self.http.post(self.messages()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let answer = self.ask(request).await?;
        let sent = answer.json::<Message>().ok_or_else(|| answer.unexplained())?;
        Ok(Accepted { message_id: sent.sid })
    }

    /// Was this message, first tried at `since`, sent after all?
    pub async fn find(&self, outbound: &Outbound, since: Timestamp) -> Result<Found, SendError> {
        let to = wire::recipient(outbound)?;
        let fields = wire::content(&outbound.body)?;
        if fields.iter().any(|(name, _)| *name == "ContentSid") {
            return Ok(Found::CannotTell);
        }
        let wanted = fields.iter().find(|(name, _)| *name == "Body").map_or("", |(_, text)| text);
        let with_media = fields.iter().any(|(name, _)| *name == "MediaUrl");
        let day = since.strftime("%Y-%m-%d").to_string();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("To", &to), ("From", &self.config.from), ("DateSent>", &day)])
            .append_pair("PageSize", "100")
            .finish();
        let answer = self.ask(self.http.get(format!("{}?{query}", self.messages()))).await?;
        let page = answer.json::<Page>().ok_or_else(|| answer.unexplained())?;
        // Twilio counts in whole seconds.
        let since = since.as_second();
        let same = |message: &Message| {
            message.to.as_deref() == Some(to.as_str())
                && message.body.as_deref().unwrap_or_default() == wanted
                && (message.num_media.as_deref().unwrap_or("0") != "0") == with_media
                && message.created().is_none_or(|at| at.as_second() >= since)
        };
        // The newest comes first; the oldest that fits is the one that was tried first.
        let found = page.messages.into_iter().rev().find(same);
        Ok(found.map_or(Found::NotSent, |message| Found::Sent(Accepted { message_id: message.sid })))
    }

    pub async fn media(&self, url: &str) -> Result<File, MediaError> {
        let authorize = |url: &Url, request: RequestBuilder| match &self.api {
            Some(api) if api.holds(url) => self.authorized(request),
            _ => request,
        };
        Download::new(&self.http, &self.media_origins, self.media_time_limit).get(url, authorize).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, SendError> {
        let answer = Answer::read(self.authorized(request).send().await?).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(refusal(&answer))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let TwilioConfig { account_sid, auth_token, .. } = &self.config;
        request.basic_auth(account_sid, Some(auth_token.expose_secret()))
    }

    fn messages(&self) -> String {
        let TwilioConfig { api_url, account_sid, .. } = &self.config;
        let api_url = api_url.trim_end_matches('/');
        format!("{api_url}/2010-04-01/Accounts/{account_sid}/Messages.json")
    }
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    to: Option<String>,
    body: Option<String>,
    num_media: Option<String>,
    date_created: Option<String>,
}

impl Message {
    fn created(&self) -> Option<Timestamp> {
        let zoned = jiff::fmt::rfc2822::parse(self.date_created.as_deref()?).ok()?;
        Some(zoned.timestamp())
    }
}

/// Too many requests, unavailable, too fast for the sender, queue full, too fast for the channel.
const PASSING: [i64; 5] = [20_429, 20_503, 14_107, 30_001, 63_018];
/// Twilio's own failure may come after it took the message.
const INTERNAL: i64 = 20_500;

fn refusal(answer: &Answer) -> SendError {
    #[derive(Deserialize)]
    struct Refused {
        code: i64,
        #[serde(default)]
        message: String,
    }
    match answer.json::<Refused>() {
        Some(refused) if refused.code != INTERNAL => {
            let retry = PASSING.contains(&refused.code) || answer.status == 429;
            SendError::refused(refused.code, &refused.message, retry, answer.retry_after)
        }
        _ => answer.unexplained(),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
