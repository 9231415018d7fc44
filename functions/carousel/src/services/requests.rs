//! Requests for carousels from outside of Telegram: checked, saved under their idempotency key, and queued.

use std::sync::Arc;

use carousel_domain::{
    CarouselId, Format, Language, MAX_SLIDES, Origin, PageRequest, RequestText, Source, Template,
    TextError, Trigger, UiLanguage, detect,
};
use confab_core::{CorrelationId, Error, EventId, Kind, Result, hex};
use confab_lambda::{ApiRequest, extract::FromRequest};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    services::conversation_queue,
    state::State,
    store::{RequestRecord, page_chat},
};

const DEFAULT_SLIDES: u8 = 7;
const MAX_KEY_BYTES: usize = 255;

/// The header `Idempotency-Key`, or a new one: without it each request is another one.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) String);

impl FromRequest<State> for IdempotencyKey {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let Some(key) = request.header("idempotency-key") else {
            let key = EventId::new(state.clock.now(), &state.entropy);
            return Ok(Self(key.to_string()));
        };
        let is_good = (1..=MAX_KEY_BYTES).contains(&key.len());
        if !is_good {
            let message = "Idempotency-Key has 1 to 255 characters.";
            return Err(Error::invalid("bad_idempotency_key", message));
        }
        Ok(Self(key.to_owned()))
    }
}

/// What a program or the page asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct NewCarousel {
    /// One line that the slides are about.
    pub(crate) topic: Option<String>,
    /// A text that the slides retell.
    pub(crate) text: Option<String>,
    /// One slide with a verse, about the topic if there is one.
    pub(crate) wisdom: bool,
    pub(crate) slides_count: Option<u8>,
    /// Such as `en`; the language of the text by default.
    pub(crate) language: Option<String>,
    pub(crate) template: Option<Template>,
    pub(crate) format: Option<Format>,
}

/// The answer to a request that was queued.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedRequest {
    request_id: CorrelationId,
    carousel: CarouselId,
    status_url: String,
}

impl NewCarousel {
    fn source(&self) -> Result<Source> {
        let topic = self.topic.as_deref().map(RequestText::topic);
        let topic = topic
            .transpose()
            .map_err(|error| bad_text("topic", error))?;
        let text = self.text.as_deref().map(RequestText::text);
        let text = text.transpose().map_err(|error| bad_text("text", error))?;
        match (self.wisdom, topic, text) {
            (true, topic, None) => Ok(Source::Wisdom(topic.map(RequestText::into_inner))),
            (false, Some(topic), None) => Ok(Source::Topic(topic.into_inner())),
            (false, None, Some(text)) => Ok(Source::Text(text.into_inner())),
            _ => Err(unprocessable(
                "bad_source",
                "Exactly one is expected of topic, text, and wisdom with or without a topic.",
            )),
        }
    }

    fn language(&self, source: &Source) -> Result<Language> {
        let Some(code) = &self.language else {
            let text = source.text().unwrap_or_default();
            let detected = detect(text, Language::En).language_or(Language::En);
            return detected.ok_or_else(|| {
                unprocessable(
                    "unsupported_language",
                    "There are no fonts for this text yet.",
                )
            });
        };
        Language::of_code(code).ok_or_else(|| {
            let codes = Language::ALL.map(Language::code).join(", ");
            unprocessable("bad_language", format!("The languages are {codes}."))
        })
    }

    fn count(&self) -> Result<u8> {
        let count = self.slides_count.unwrap_or(DEFAULT_SLIDES);
        if (1..=MAX_SLIDES).contains(&usize::from(count)) {
            return Ok(count);
        }
        let message = format!("slidesCount is from 1 to {MAX_SLIDES}.");
        Err(unprocessable("bad_slides_count", message))
    }

    /// Returns the request that this asks the chat of the carousel for.
    fn page_request(
        &self,
        saved: &RequestRecord,
        id: String,
        by: Requester,
    ) -> Result<PageRequest> {
        let source = self.source()?;
        let of_source = match source {
            Source::Wisdom(_) => Template::Verse,
            Source::Topic(_) | Source::Text(_) => Template::Essay,
        };
        Ok(PageRequest {
            id,
            requested_at: saved.requested_at,
            chat: page_chat(saved.carousel),
            owner: by.owner,
            origin: by.origin,
            ui: UiLanguage::En,
            count: self.count()?,
            language: self.language(&source)?,
            template: self.template.unwrap_or(of_source),
            format: self.format.unwrap_or(Format::Portrait),
            source,
        })
    }
}

/// Who asks, and where.
#[derive(Debug, Clone)]
pub(crate) struct Requester {
    pub(crate) owner: String,
    pub(crate) origin: Origin,
}

/// Queues a request. A copy with the same key gets the same carousel.
pub(crate) async fn accept(
    state: &State,
    new: &NewCarousel,
    by: Requester,
    IdempotencyKey(key): IdempotencyKey,
    correlation_id: CorrelationId,
) -> Result<AcceptedRequest> {
    let key = format!("{} {key}", by.owner);
    let requested_at = state.clock.now();
    let request = RequestRecord {
        carousel: CarouselId::of_request(&key, requested_at),
        requested_at,
        correlation_id,
        digest: digest(new)?,
    };
    // Before anything is saved, so that bad input changes nothing.
    new.page_request(&request, key.clone(), by.clone())?;
    let saved = state.store()?.save_request(&key, request.clone()).await?;
    if saved.digest != request.digest {
        return Err(unprocessable(
            "idempotency_key_reused",
            "This Idempotency-Key belongs to another request.",
        ));
    }
    let page_request = Box::new(new.page_request(&saved, key, by)?);
    let trigger = Trigger::Request {
        request: page_request,
    };
    let id = format!("request#{}", saved.carousel);
    let chat = page_chat(saved.carousel);
    let entry = conversation_queue::entry(id, chat, trigger, saved.correlation_id)?;
    state.conversation_queue()?.send(&[entry]).await?;
    Ok(AcceptedRequest {
        request_id: saved.correlation_id,
        carousel: saved.carousel,
        status_url: format!("/carousels/{}", saved.carousel),
    })
}

fn digest(new: &NewCarousel) -> Result<String> {
    let json = serde_json::to_vec(new).map_err(|error| Error::internal("unrendered", error))?;
    Ok(hex(&Sha256::digest(json)))
}

fn bad_text(field: &'static str, error: TextError) -> Error {
    match error {
        TextError::Empty => unprocessable("empty_text", format!("{field} is empty.")),
        TextError::TooLong { length, limit } => unprocessable(
            "text_too_long",
            format!("{field} has {length} characters; the limit is {limit}."),
        ),
    }
}

pub(crate) fn unprocessable(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(Kind::Unprocessable, code, message.into())
}
