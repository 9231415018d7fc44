//! The messages on the queue of payments.

use confab_core::{Currency, Money, OrderId, Phone};
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

/// A message on the queue. Each version is a variant, because a worker also reads messages of older
/// deployments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Job {
    #[serde(rename = "1")]
    V1 {
        /// Deduplication key: equal in all deliveries of one notice.
        #[serde(rename = "event")]
        notice_id: String,
        notice: Notice,
    },
}

/// A hint that an order may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Notice {
    /// The ids are hints: Stripe is asked for the current state.
    Stripe {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checkout: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<String>,
    },
    /// A payment by a phone number for an item. SUMIT has no API to ask.
    Sumit {
        /// The id of its CRM row.
        entity: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<Phone>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
    },
    Generic(PaymentReport),
    /// Our own request to look at an order again.
    Check {
        order_id: OrderId,
    },
}

/// The signed report of a provider without a module of its own. It holds totals, so the order of
/// reports is irrelevant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReport {
    pub order_id: OrderId,
    pub payment: String,
    /// `None` in a currency that we do not support.
    #[serde(deserialize_with = "in_any_currency")]
    pub received: Option<Money>,
    #[serde(default)]
    pub refunded: i64,
    #[serde(rename = "failed", default)]
    pub has_failed: bool,
}

impl Notice {
    /// Returns the order that the notice names.
    pub fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::Stripe { order_id, .. } => *order_id,
            Self::Check { order_id } => Some(*order_id),
            Self::Generic(report) => Some(report.order_id),
            Self::Sumit { .. } => None,
        }
    }

    /// Returns a key that all notices of one payment of one order share.
    pub fn payment_key(&self) -> String {
        let order = self.order_id().map(|id| id.to_string()).unwrap_or_default();
        match self {
            Self::Stripe {
                payment: Some(id), ..
            }
            | Self::Stripe {
                checkout: Some(id), ..
            } => format!("{order}#{id}"),
            _ => order,
        }
    }
}

fn in_any_currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    #[derive(Deserialize)]
    struct Amount {
        minor: i64,
        currency: AnyCurrency,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum AnyCurrency {
        Supported(Currency),
        Other(IgnoredAny),
    }
    Ok(match Option::<Amount>::deserialize(deserializer)? {
        Some(Amount {
            minor,
            currency: AnyCurrency::Supported(currency),
        }) => Some(Money::new(minor, currency)),
        _ => None,
    })
}

/// Returns the FIFO group of a notice: its order if it names one, so that notices of one order are
/// processed in turn.
pub fn message_group(notice_id: &str, notice: &Notice) -> String {
    match notice {
        Notice::Stripe {
            order_id: Some(id), ..
        }
        | Notice::Check { order_id: id } => id.to_string(),
        Notice::Generic(report) => report.order_id.to_string(),
        Notice::Stripe {
            payment: Some(payment),
            ..
        } => payment.clone(),
        Notice::Stripe {
            checkout: Some(checkout),
            ..
        } => checkout.clone(),
        Notice::Stripe { .. } | Notice::Sumit { .. } => notice_id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;
    use serde_json::json;

    use super::*;

    fn order_id() -> OrderId {
        OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10])
    }

    fn stripe(order_id: Option<OrderId>, payment: Option<&str>) -> Notice {
        Notice::Stripe {
            order_id,
            checkout: Some("cs_1".into()),
            payment: payment.map(str::to_owned),
        }
    }

    #[test]
    fn notices_of_one_order_share_a_message_group() {
        let order = order_id().to_string();
        let check = Notice::Check {
            order_id: order_id(),
        };
        assert_eq!(message_group("evt_1", &check), order);
        assert_eq!(
            message_group("evt_1", &stripe(Some(order_id()), None)),
            order
        );
        assert_eq!(message_group("evt_1", &stripe(None, Some("pi_1"))), "pi_1");
        assert_eq!(message_group("evt_1", &stripe(None, None)), "cs_1");
    }

    #[test]
    fn each_payment_of_an_order_has_its_own_key() {
        let order = order_id();
        let key = |payment| stripe(Some(order), payment).payment_key();
        assert_eq!(key(Some("pi_1")), format!("{order}#pi_1"));
        assert_eq!(key(None), format!("{order}#cs_1"));
        let check = Notice::Check { order_id: order };
        assert_eq!(check.payment_key(), order.to_string());
    }

    #[test]
    fn queued_names_of_a_report_do_not_change() {
        let text = json!({ "version": "1", "event": "generic#1", "notice": { "from": "generic",
            "order_id": order_id(), "payment": "p-1", "received": { "minor": 1, "currency": "JPY" },
            "refunded": 0, "failed": true } });
        let Job::V1 { notice_id, notice } = serde_json::from_value(text).unwrap();
        let Notice::Generic(report) = notice else {
            panic!("another notice")
        };
        assert_eq!(
            (notice_id.as_str(), report.received, report.has_failed),
            ("generic#1", None, true)
        );
    }
}
