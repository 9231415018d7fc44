//! What goes through the studio's queues, and under which keys.

use confab_contracts::payments::{
    PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded, Purchase,
};
use confab_core::{CorrelationId, EventId, OrderId, PhotoId, UserId};
use confab_messaging::{Address, Inbound, Media, StatusUpdate};
use serde::{Deserialize, Serialize};

use crate::{Class, Event, Order};

/// Something that happened to a person. One version a variant: a worker reads what an older function put on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Job {
    /// What payments tells on the bus. EventBridge calls the version of its envelope 0.
    #[serde(rename = "0")]
    Told { detail: Told },
    #[serde(rename = "1")]
    V1 { message: Inbound },
    #[serde(rename = "2")]
    V2 {
        /// The same in every copy of the news.
        id: String,
        person: UserId,
        event: Event,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub id: EventId,
    pub correlation_id: CorrelationId,
    #[serde(flatten)]
    pub news: PaymentNews,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum PaymentNews {
    PaymentPending(PaymentPending),
    PaymentReceived(PaymentReceived),
    PaymentRefunded(PaymentRefunded),
    PaymentFailed(PaymentFailed),
}

impl PaymentNews {
    /// None when it is not about an order of the studio's.
    pub fn happened(self) -> Option<(UserId, Event)> {
        let (purchase, event) = match self {
            Self::PaymentPending(pending) => (
                pending.purchase,
                Event::PaymentPending {
                    order: pending.order_id,
                },
            ),
            Self::PaymentReceived(paid) => (
                paid.purchase,
                Event::Paid {
                    order: paid.order_id,
                },
            ),
            Self::PaymentRefunded(back) => (
                back.purchase,
                Event::Repaid {
                    order: back.order_id,
                    is_all: back.is_all,
                },
            ),
            Self::PaymentFailed(not) => (
                not.purchase,
                Event::NotPaid {
                    order: not.order_id,
                },
            ),
        };
        let Purchase { product, payer, .. } = purchase;
        (product == PRODUCT)
            .then(|| payer.parse().ok())
            .flatten()
            .map(|person| (person, event))
    }
}

/// What payments and the bus know the studio as.
pub const PRODUCT: &str = "studio";

/// What became of a message of ours. On a queue of its own: a message that is tried again waits for just this, and may
/// stand before a long line of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum StatusJob {
    #[serde(rename = "1")]
    V1 { status: StatusUpdate },
}

/// A photo to fetch, to keep and to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PhotoJob {
    #[serde(rename = "1")]
    V1 {
        person: UserId,
        photo: PhotoId,
        /// Whom it came from and whom it came to: files are fetched with the account that got them.
        from: Address,
        media: Media,
        /// Whom the person says to be; the maker wants to hear something.
        name: Class,
    },
}

/// Photos to make, or to look after while they are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum MakeJob {
    #[serde(rename = "1")]
    V1 { task: MakeTask },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum MakeTask {
    Make { person: UserId, order: Box<Order> },
    LookAfter { order: OrderId },
}

/// A person to forget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum EraseJob {
    #[serde(rename = "1")]
    V1 {
        person: UserId,
        /// What their photos were made for.
        orders: Vec<OrderId>,
    },
}

/// Packs to list anew, or one whose picture is to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PackJob {
    #[serde(rename = "1")]
    V1 { refresh: EventId, task: PackTask },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum PackTask {
    List,
    Draw { pack: i64, class: Class },
}

/// The conversation that a message belongs to: its messages are answered one after the other. Of the two names in the
/// webhooks of a person, the scoped id is in all of them.
pub fn conversation_of(address: &Address) -> String {
    let person = &address.person;
    let scoped = person.scoped_id.as_ref().map(|id| id.as_str());
    let phone = person.phone.as_ref().map(|phone| phone.digits());
    let person = scoped.or(phone).unwrap_or("nobody");
    format!("{}#{}#{person}", address.channel.name(), address.business)
}

/// The event's key in the inbox: the same in every copy of the delivery.
pub fn event_of(message: &Inbound) -> String {
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
    fn a_person_who_hides_the_number_stays_in_one_conversation() {
        let shown = address(Some("16505551234"), Some("US.1"));
        let hidden = address(None, Some("US.1"));
        assert_eq!(conversation_of(&shown), conversation_of(&hidden));
        assert_ne!(
            conversation_of(&shown),
            conversation_of(&address(Some("16505551234"), Some("US.2")))
        );
    }

    /// As EventBridge puts it on a queue.
    fn told(news: &str, product: &str, payer: &str) -> Job {
        let job = json!({ "version": "0", "id": "9c1", "detail-type": news, "source": "confab.payments",
            "account": "123456789012", "time": "2026-11-21T10:00:00Z", "region": "us-east-1", "resources": [],
            "detail": { "id": "evt_06f2s7v5kfw0t3jk2m8q4x9z1c", "type": news, "version": 1,
                "occurred_at": "2026-11-21T10:00:00Z", "source": "payments",
                "correlation_id": "cor_06f2s7v5kfw0t3jk2m8q4x9z1c", "causation_id": "stripe#evt_1",
                "data": { "order_id": "ord_06f2s7v5kfw0t3jk2m8q4x9z1c", "product": product, "item": "studio.lite",
                    "payer": payer, "amount": { "minor": 1_900, "currency": "USD" }, "credits": 1,
                    "returned": { "minor": 1_900, "currency": "USD" }, "is_all": true,
                    "reason": if news == "payment_failed" { "declined" } else { "refund" } } } });
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn what_payments_tells_on_the_bus_is_about_the_person_who_pays() {
        let payer = "usr_06f2s7v5kfw0t3jk2m8q4x9z1c";
        for news in [
            "payment_pending",
            "payment_received",
            "payment_refunded",
            "payment_failed",
        ] {
            let happened = |product, payer| match told(news, product, payer) {
                Job::Told { detail } => detail.news.happened(),
                other => panic!("{other:?}"),
            };
            let (person, event) = happened(PRODUCT, payer).unwrap();
            assert_eq!(person.to_string(), payer);
            let is_right = match news {
                "payment_pending" => matches!(event, Event::PaymentPending { .. }),
                "payment_received" => matches!(event, Event::Paid { .. }),
                "payment_refunded" => matches!(event, Event::Repaid { is_all: true, .. }),
                _ => matches!(event, Event::NotPaid { .. }),
            };
            assert!(is_right, "{news}: {event:?}");
            assert_eq!(happened("rooms", payer), None, "another product's");
            assert_eq!(happened(PRODUCT, "guest"), None, "nobody of ours");
        }
    }
}
