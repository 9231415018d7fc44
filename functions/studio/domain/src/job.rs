//! Jobs on the studio's queues, and their keys.

use confab_contracts::payments::{
    PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded, Purchase,
};
use confab_core::{CorrelationId, EventId, OrderId, PhotoId, UserId};
use confab_messaging::{Address, Inbound, Media, StatusUpdate};
use serde::{Deserialize, Serialize};

use crate::{Class, Order, Trigger};

/// The studio's name in payments and on the bus.
pub const PRODUCT: &str = "studio";

/// A trigger of a user's conversation. Each variant is a version, so that a worker reads what an
/// older function queued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Job {
    /// An event of payments, in the envelope of EventBridge, whose version is 0.
    #[serde(rename = "0")]
    Payment { detail: PaymentEvent },
    #[serde(rename = "1")]
    V1 { message: Inbound },
    #[serde(rename = "2")]
    V2 {
        /// Idempotency key: the same in every copy.
        id: String,
        #[serde(rename = "person")]
        user_id: UserId,
        #[serde(rename = "event")]
        trigger: Trigger,
    },
}

/// A domain event of payments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentEvent {
    pub id: EventId,
    pub correlation_id: CorrelationId,
    #[serde(flatten)]
    pub change: PaymentChange,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum PaymentChange {
    PaymentPending(PaymentPending),
    PaymentReceived(PaymentReceived),
    PaymentRefunded(PaymentRefunded),
    PaymentFailed(PaymentFailed),
}

impl PaymentChange {
    /// Returns the paying user and the trigger. `None` for a purchase of another product.
    pub fn into_trigger(self) -> Option<(UserId, Trigger)> {
        let (purchase, trigger) = match self {
            Self::PaymentPending(PaymentPending {
                purchase, order_id, ..
            }) => (purchase, Trigger::PaymentPending { order: order_id }),
            Self::PaymentReceived(PaymentReceived {
                purchase, order_id, ..
            }) => (purchase, Trigger::PaymentReceived { order: order_id }),
            Self::PaymentRefunded(PaymentRefunded {
                purchase,
                order_id,
                is_all,
                ..
            }) => {
                let trigger = Trigger::PaymentRefunded {
                    order: order_id,
                    is_full: is_all,
                };
                (purchase, trigger)
            }
            Self::PaymentFailed(PaymentFailed {
                purchase, order_id, ..
            }) => (purchase, Trigger::PaymentFailed { order: order_id }),
        };
        let Purchase { product, payer, .. } = purchase;
        if product != PRODUCT {
            return None;
        }
        Some((payer.parse().ok()?, trigger))
    }
}

/// A delivery status of one of our messages. It has a queue of its own, because message retries
/// wait for statuses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum StatusJob {
    #[serde(rename = "1")]
    V1 { status: StatusUpdate },
}

/// A selfie to fetch, store and review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PhotoJob {
    #[serde(rename = "1")]
    V1 {
        #[serde(rename = "person")]
        user_id: UserId,
        photo: PhotoId,
        /// Sender and receiver: media is fetched with the account that received it.
        from: Address,
        media: Media,
        /// Expected class, which Astria's inspection requires.
        #[serde(rename = "name")]
        class: Class,
    },
}

/// A generation to start or to poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum GenerationJob {
    #[serde(rename = "1")]
    V1 { task: GenerationTask },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task")]
pub enum GenerationTask {
    #[serde(rename = "make")]
    Start {
        #[serde(rename = "person")]
        user_id: UserId,
        order: Box<Order>,
    },
    #[serde(rename = "look_after")]
    Check { order: OrderId },
}

/// A user to erase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum EraseJob {
    #[serde(rename = "1")]
    V1 {
        #[serde(rename = "person")]
        user_id: UserId,
        orders: Vec<OrderId>,
    },
}

/// A refresh of the packs, or of one pack's samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PackJob {
    #[serde(rename = "1")]
    V1 { refresh: EventId, task: PackTask },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task")]
pub enum PackTask {
    #[serde(rename = "list")]
    List,
    #[serde(rename = "draw")]
    RenderSheet { pack: i64, class: Class },
}

/// Returns the FIFO group of a user's messages. The scoped id comes first, because every webhook
/// has it.
pub fn conversation_key(address: &Address) -> String {
    let person = &address.person;
    let scoped_id = person.scoped_id.as_ref().map(|id| id.as_str());
    let phone = person.phone.as_ref().map(|phone| phone.digits());
    let user = scoped_id.or(phone).unwrap_or("unknown");
    format!("{}#{}#{user}", address.channel.name(), address.business)
}

/// Returns the idempotency key of a message: the same in every copy of the delivery.
pub fn inbox_id(message: &Inbound) -> String {
    format!("{}#{}", message.from.channel.name(), message.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Phone;
    use confab_messaging::{Channel, Identity};
    use serde_json::json;

    fn address(phone: Option<&str>, scoped_id: Option<&str>) -> Address {
        Address {
            channel: Channel::Meta,
            business: "106".into(),
            person: Identity {
                phone: phone.and_then(|digits| Phone::parse(digits).ok()),
                scoped_id: scoped_id.map(Into::into),
            },
        }
    }

    #[test]
    fn messages_of_a_user_share_a_group_when_the_number_is_hidden() {
        let shown = address(Some("16505551234"), Some("US.1"));
        let hidden = address(None, Some("US.1"));
        assert_eq!(conversation_key(&shown), conversation_key(&hidden));
        assert_ne!(
            conversation_key(&shown),
            conversation_key(&address(Some("16505551234"), Some("US.2")))
        );
    }

    /// A job in the envelope of EventBridge.
    fn payment_job(event_type: &str, product: &str, payer: &str) -> Job {
        let job = json!({ "version": "0", "id": "9c1", "detail-type": event_type, "source": "confab.payments",
            "account": "123456789012", "time": "2026-11-21T10:00:00Z", "region": "us-east-1", "resources": [],
            "detail": { "id": "evt_06f2s7v5kfw0t3jk2m8q4x9z1c", "type": event_type, "version": 1,
                "occurred_at": "2026-11-21T10:00:00Z", "source": "payments",
                "correlation_id": "cor_06f2s7v5kfw0t3jk2m8q4x9z1c", "causation_id": "stripe#evt_1",
                "data": { "order_id": "ord_06f2s7v5kfw0t3jk2m8q4x9z1c", "product": product, "item": "studio.lite",
                    "payer": payer, "amount": { "minor": 1_900, "currency": "USD" }, "credits": 1,
                    "returned": { "minor": 1_900, "currency": "USD" }, "is_all": true,
                    "reason": if event_type == "payment_failed" { "declined" } else { "refund" } } } });
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn payment_events_become_triggers_of_the_paying_user() {
        let payer = "usr_06f2s7v5kfw0t3jk2m8q4x9z1c";
        for event_type in [
            "payment_pending",
            "payment_received",
            "payment_refunded",
            "payment_failed",
        ] {
            let trigger_of = |product, payer| match payment_job(event_type, product, payer) {
                Job::Payment { detail } => detail.change.into_trigger(),
                other => panic!("{other:?}"),
            };
            let (user_id, trigger) = trigger_of(PRODUCT, payer).unwrap();
            assert_eq!(user_id.to_string(), payer);
            let is_right = match event_type {
                "payment_pending" => matches!(trigger, Trigger::PaymentPending { .. }),
                "payment_received" => matches!(trigger, Trigger::PaymentReceived { .. }),
                "payment_refunded" => {
                    matches!(trigger, Trigger::PaymentRefunded { is_full: true, .. })
                }
                _ => matches!(trigger, Trigger::PaymentFailed { .. }),
            };
            assert!(is_right, "{event_type}: {trigger:?}");
            assert_eq!(trigger_of("rooms", payer), None, "another product");
            assert_eq!(
                trigger_of(PRODUCT, "guest"),
                None,
                "not a user of the studio"
            );
        }
    }
}
