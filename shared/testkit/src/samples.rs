//! Samples of `events/` as the gateway delivers them, and an outbound message.

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::{CorrelationId, EffectId, Phone, Timestamp, UserId};
use confab_messaging::{Address, Body, Channel, Identity, Outbound, Reference};
use serde_json::Value;

/// A gateway event with its decoded body.
#[derive(Debug)]
pub struct Sample {
    event: Value,
    pub body: Vec<u8>,
}

/// Reads a message webhook of the studio.
pub fn sample(case: &str) -> Sample {
    read(&format!("studio/sms-received.{case}"))
}

/// Reads a payment webhook.
pub fn payment(case: &str) -> Sample {
    read(&format!("payments/payment-received.{case}"))
}

fn read(name: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let event = std::fs::read(format!("{folder}/{name}.json")).unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    let body = event["body"].as_str().unwrap_or_default().to_owned();
    let body = match event["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).unwrap(),
        _ => body.into_bytes(),
    };
    Sample { event, body }
}

impl Sample {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.event["headers"][name].as_str()
    }

    pub fn query(&self) -> &str {
        self.event["rawQueryString"].as_str().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Builds a message to a sample recipient.
pub fn outbound(channel: Channel, body: Body) -> Outbound {
    let at = Timestamp::UNIX_EPOCH;
    Outbound {
        to: Address {
            channel,
            business: String::new(),
            person: Identity {
                phone: Phone::parse("16505550100").ok(),
                scoped_id: None,
            },
        },
        reference: Reference {
            user_id: UserId::new(at, &|| [0; 10]),
            effect_id: EffectId::new(at, &|| [0; 10]),
            correlation_id: CorrelationId::new(at, &|| [0; 10]),
        },
        reply_to: None,
        body,
    }
}
