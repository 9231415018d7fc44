//! What goes through the queue of payments.

use confab_core::{Currency, Money, OrderId, Phone};
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

/// One version a variant: a worker reads what an older webhook put on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Job {
    #[serde(rename = "1")]
    V1 {
        /// The same in every copy of a delivery.
        event: String,
        notice: Notice,
    },
}

/// Something may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Notice {
    /// Stripe is asked how it is now. What it attached was ours once; it is a hint where to look.
    Stripe {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checkout: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<String>,
    },
    /// Nobody can be asked: somebody with this number paid for a thing of this name.
    Sumit {
        /// Its row in the CRM.
        entity: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<Phone>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
    },
    Generic(Claim),
    /// Ours, when an order has been open for long.
    Check {
        order_id: OrderId,
    },
}

/// What a provider without a module of its own says, signed. Totals, so that order does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub order_id: OrderId,
    pub payment: String,
    /// None: in a currency that is none of ours.
    #[serde(deserialize_with = "in_any_currency")]
    pub received: Option<Money>,
    #[serde(default)]
    pub refunded: i64,
    #[serde(default)]
    pub failed: bool,
}

fn in_any_currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    #[derive(Deserialize)]
    struct Told {
        minor: i64,
        currency: Word,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Ours(Currency),
        Other(IgnoredAny),
    }
    Ok(match Option::<Told>::deserialize(deserializer)? {
        Some(Told {
            minor,
            currency: Word::Ours(currency),
        }) => Some(Money::new(minor, currency)),
        _ => None,
    })
}

/// Notices of one order are worked on one after the other, as far as they tell which it is.
pub fn group_of(event: &str, notice: &Notice) -> String {
    match notice {
        Notice::Stripe {
            order_id: Some(id), ..
        }
        | Notice::Check { order_id: id } => id.to_string(),
        Notice::Generic(claim) => claim.order_id.to_string(),
        Notice::Stripe {
            payment: Some(payment),
            ..
        } => payment.clone(),
        Notice::Stripe {
            checkout: Some(checkout),
            ..
        } => checkout.clone(),
        Notice::Stripe { .. } | Notice::Sumit { .. } => event.to_owned(),
    }
}
