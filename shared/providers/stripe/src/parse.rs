//! Parses Stripe's events into notices. Events arrive late and in any order, so a notice names what
//! changed, never its state.

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_provider_base::{
    lenient::{Lenient, LenientString},
    parsed::{id, label},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::objects::{Expandable, IdOnly, Metadata, timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `evt_..`, the same in every redelivery.
    pub id: String,
    /// Such as `charge.refunded`.
    pub kind: String,
    pub created: Option<Timestamp>,
    pub livemode: bool,
    pub subject: Subject,
    /// The order id that we attached to the checkout; anyone with a payment link of ours may have
    /// forged it.
    pub order_id: Option<String>,
    pub correlation_id: Option<CorrelationId>,
    /// The payment of the subject, or the subject itself.
    pub payment_intent: Option<String>,
}

/// The object that changed, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Checkout(String),
    Payment(String),
    Charge(String),
    Refund(String),
    Dispute(String),
    /// An object that is not handled: the event is acknowledged and dropped.
    Other,
}

/// Parses an event as Stripe posts it, or inside an envelope of EventBridge or Event Grid.
pub fn parse(raw_body: &[u8]) -> Result<Notice> {
    let body = std::str::from_utf8(raw_body).map_err(|error| not_json().with_source(error))?;
    let event: Event = serde_json::from_str(strip_envelope(body)?)
        .map_err(|error| not_json().with_source(error))?;
    event
        .read()
        .ok_or_else(|| Error::invalid("no_event", "The event has no id or no type."))
}

fn not_json() -> Error {
    Error::invalid("bad_json", "The body is not a JSON object.")
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope<'a> {
    object: LenientString,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn strip_envelope(body: &str) -> Result<&str> {
    if !body.trim_ascii_start().starts_with('{') {
        return Err(not_json());
    }
    let outer: Envelope<'_> =
        serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
    if is_event(&outer.object) {
        return Ok(body);
    }
    let event = [outer.detail, outer.data]
        .into_iter()
        .flatten()
        .map(RawValue::get)
        .find(|content| contains_event(content));
    Ok(event.unwrap_or(body))
}

fn contains_event(text: &str) -> bool {
    let inner: Result<Envelope<'_>, _> = serde_json::from_str(text);
    text.starts_with('{') && inner.is_ok_and(|inner| is_event(&inner.object))
}

/// Accepts snapshot events and thin events, which name an object without its content.
fn is_event(object: &LenientString) -> bool {
    matches!(object.get(), Some("event" | "v2.core.event"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    id: LenientString,
    #[serde(rename = "type")]
    kind: LenientString,
    created: LenientString,
    livemode: Lenient<bool>,
    data: Lenient<EventData>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EventData {
    object: Lenient<EventObject>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EventObject {
    id: LenientString,
    object: LenientString,
    payment_intent: Lenient<Expandable<IdOnly>>,
    client_reference_id: LenientString,
    metadata: Lenient<Metadata>,
}

impl Event {
    fn read(self) -> Option<Notice> {
        let object = self
            .data
            .0
            .and_then(|data| data.object.0)
            .unwrap_or_default();
        let metadata = object.metadata.0.as_ref();
        let subject = object.subject();
        let payment_intent = match &subject {
            Subject::Payment(id) => Some(id.clone()),
            Subject::Other => None,
            _ => object.payment_intent.0.as_ref().and_then(Expandable::id),
        };
        let order_id = metadata
            .and_then(Metadata::order_id)
            .or_else(|| id(object.client_reference_id.get()?));
        Some(Notice {
            id: id(self.id.get()?)?,
            kind: Some(label(self.kind.get()?)).filter(|kind| !kind.is_empty())?,
            created: timestamp(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
            order_id,
            correlation_id: metadata.and_then(Metadata::correlation_id),
            payment_intent,
            subject,
        })
    }
}

/// Deserializes through `Event`, also inside lists.
impl<'de> Deserialize<'de> for Notice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Event::deserialize(deserializer)?;
        event
            .read()
            .ok_or_else(|| serde::de::Error::custom("an event without an id or a type"))
    }
}

impl EventObject {
    fn subject(&self) -> Subject {
        let subject = match self.object.get() {
            Some("checkout.session") => Subject::Checkout,
            Some("payment_intent") => Subject::Payment,
            Some("charge") => Subject::Charge,
            Some("refund") => Subject::Refund,
            Some("dispute") => Subject::Dispute,
            _ => return Subject::Other,
        };
        self.id.get().and_then(id).map_or(Subject::Other, subject)
    }
}

#[cfg(test)]
mod tests;
