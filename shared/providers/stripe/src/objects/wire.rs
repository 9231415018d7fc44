//! Wire forms of Stripe's objects, read leniently: a malformed field counts as absent.

use confab_core::{CorrelationId, Currency, Money, Private, Timestamp};
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{id, label},
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{
    Charge, ChargeStatus, Checkout, CheckoutPayment, CheckoutStatus, Dispute, DisputeStatus,
    Payment, PaymentStatus, Refund, RefundStatus,
};

/// The metadata that we attach to every object we create.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Metadata {
    order_id: LenientString,
    correlation_id: LenientString,
}

impl Metadata {
    pub(crate) fn order_id(&self) -> Option<String> {
        id(self.order_id.get()?)
    }

    pub(crate) fn correlation_id(&self) -> Option<CorrelationId> {
        self.correlation_id.get()?.parse().ok()
    }
}

/// A field that holds another object's id, or the object itself when it was expanded.
pub(crate) enum Expandable<T> {
    Id(String),
    Object(T),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let expandable = if raw.starts_with('"') {
            serde_json::from_str(raw).map(Self::Id)
        } else {
            serde_json::from_str(raw).map(Self::Object)
        };
        expandable.map_err(serde::de::Error::custom)
    }
}

/// An expanded object of which only the id is needed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct IdOnly {
    id: LenientString,
}

impl Expandable<IdOnly> {
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Self::Id(text) => id(text),
            Self::Object(object) => id(object.id.get()?),
        }
    }
}

fn expandable_id(expandable: &Lenient<Expandable<IdOnly>>) -> Option<String> {
    expandable.0.as_ref().and_then(Expandable::id)
}

fn money(minor: Option<i64>, currency: &LenientString) -> Option<Money> {
    let currency = match currency.get()?.to_ascii_lowercase().as_str() {
        "usd" => Currency::Usd,
        "eur" => Currency::Eur,
        "ils" => Currency::Ils,
        _ => return None,
    };
    Some(Money::new(minor?, currency))
}

pub(crate) fn timestamp(text: &LenientString) -> Option<Timestamp> {
    let text = text.get()?;
    match text.parse() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        // Events of API v2 use RFC 3339.
        Err(_) => text.parse().ok(),
    }
}

/// Deserializes an object through its wire form; an object without an id is an error.
macro_rules! deserialize_through {
    ($wire:ty => $object:ty) => {
        impl<'de> Deserialize<'de> for $object {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let wire = <$wire>::deserialize(deserializer)?;
                wire.read()
                    .ok_or_else(|| serde::de::Error::custom("an object without an id"))
            }
        }
    };
}

deserialize_through!(CheckoutWire => Checkout);
deserialize_through!(PaymentWire => Payment);
deserialize_through!(ChargeWire => Charge);
deserialize_through!(RefundWire => Refund);
deserialize_through!(DisputeWire => Dispute);

#[derive(Deserialize, Default)]
#[serde(default)]
struct CheckoutWire {
    id: LenientString,
    url: LenientString,
    status: Lenient<CheckoutStatus>,
    payment_status: Lenient<CheckoutPayment>,
    amount_total: Lenient<i64>,
    currency: LenientString,
    client_reference_id: LenientString,
    metadata: Lenient<Metadata>,
    payment_intent: Lenient<Expandable<Payment>>,
    created: LenientString,
    expires_at: LenientString,
    livemode: Lenient<bool>,
}

impl CheckoutWire {
    fn read(self) -> Option<Checkout> {
        let metadata = self.metadata.0.unwrap_or_default();
        let (payment_intent, payment) = match self.payment_intent.0 {
            Some(Expandable::Id(text)) => (id(&text), None),
            Some(Expandable::Object(payment)) => (Some(payment.id.clone()), Some(payment)),
            None => (None, None),
        };
        Some(Checkout {
            id: id(self.id.get()?)?,
            url: self.url.get().map(Private::from),
            status: self.status.0.unwrap_or_default(),
            payment_status: self.payment_status.0.unwrap_or_default(),
            amount: money(self.amount_total.0, &self.currency),
            order_id: metadata
                .order_id()
                .or_else(|| id(self.client_reference_id.get()?)),
            correlation_id: metadata.correlation_id(),
            payment_intent,
            payment,
            created: timestamp(&self.created),
            expires_at: timestamp(&self.expires_at),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PaymentWire {
    id: LenientString,
    status: Lenient<PaymentStatus>,
    amount: Lenient<i64>,
    amount_received: Lenient<i64>,
    currency: LenientString,
    metadata: Lenient<Metadata>,
    latest_charge: Lenient<Expandable<Charge>>,
    last_payment_error: Lenient<PaymentFailure>,
    created: LenientString,
    livemode: Lenient<bool>,
}

impl PaymentWire {
    fn read(self) -> Option<Payment> {
        let metadata = self.metadata.0.unwrap_or_default();
        let (latest_charge, charge) = match self.latest_charge.0 {
            Some(Expandable::Id(text)) => (id(&text), None),
            Some(Expandable::Object(charge)) => (Some(charge.id.clone()), Some(charge)),
            None => (None, None),
        };
        Some(Payment {
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            received: money(self.amount_received.0, &self.currency),
            order_id: metadata.order_id(),
            correlation_id: metadata.correlation_id(),
            latest_charge,
            charge,
            failure: self.last_payment_error.0.and_then(|failure| failure.code()),
            created: timestamp(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PaymentFailure {
    decline_code: LenientString,
    code: LenientString,
}

impl PaymentFailure {
    fn code(&self) -> Option<String> {
        self.decline_code.get().or(self.code.get()).map(label)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ChargeWire {
    id: LenientString,
    status: Lenient<ChargeStatus>,
    amount: Lenient<i64>,
    amount_refunded: Lenient<i64>,
    refunded: Lenient<bool>,
    disputed: Lenient<bool>,
    currency: LenientString,
    balance_transaction: Lenient<Expandable<BalanceTransaction>>,
    payment_intent: Lenient<Expandable<IdOnly>>,
    metadata: Lenient<Metadata>,
    failure_code: LenientString,
    created: LenientString,
    livemode: Lenient<bool>,
}

impl ChargeWire {
    fn read(self) -> Option<Charge> {
        let metadata = self.metadata.0.unwrap_or_default();
        Some(Charge {
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            refunded: money(self.amount_refunded.0, &self.currency),
            fee: match &self.balance_transaction.0 {
                Some(Expandable::Object(transaction)) => {
                    money(transaction.fee.0, &transaction.currency)
                }
                _ => None,
            },
            fully_refunded: self.refunded.0.unwrap_or_default(),
            disputed: self.disputed.0.unwrap_or_default(),
            payment_intent: expandable_id(&self.payment_intent),
            order_id: metadata.order_id(),
            correlation_id: metadata.correlation_id(),
            failure: self.failure_code.get().map(label),
            created: timestamp(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RefundWire {
    id: LenientString,
    status: Lenient<RefundStatus>,
    amount: Lenient<i64>,
    currency: LenientString,
    payment_intent: Lenient<Expandable<IdOnly>>,
    charge: Lenient<Expandable<IdOnly>>,
    created: LenientString,
}

impl RefundWire {
    fn read(self) -> Option<Refund> {
        Some(Refund {
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            payment_intent: expandable_id(&self.payment_intent),
            charge: expandable_id(&self.charge),
            created: timestamp(&self.created),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DisputeWire {
    id: LenientString,
    status: Lenient<DisputeStatus>,
    amount: Lenient<i64>,
    currency: LenientString,
    balance_transactions: Lenient<LenientVec<BalanceTransaction>>,
    reason: LenientString,
    payment_intent: Lenient<Expandable<IdOnly>>,
    charge: Lenient<Expandable<IdOnly>>,
    created: LenientString,
    livemode: Lenient<bool>,
}

/// A balance transaction, in our account's currency, which may differ from the payment's.
#[derive(Deserialize, Default)]
#[serde(default)]
struct BalanceTransaction {
    amount: Lenient<i64>,
    fee: Lenient<i64>,
    currency: LenientString,
}

impl DisputeWire {
    /// Computes the withheld amount from the balance transactions in the dispute's currency, or
    /// else from its status.
    fn taken(&self) -> Option<i64> {
        if let Some(sum) = self.sum_of(|transaction| &transaction.amount) {
            return sum.checked_neg();
        }
        if self.status.0.unwrap_or_default().withholds_funds() {
            return self.amount.0;
        }
        Some(0)
    }

    /// Sums a field of the balance transactions; returns `None` when any of them is malformed or
    /// in another currency.
    fn sum_of(&self, field: fn(&BalanceTransaction) -> &Lenient<i64>) -> Option<i64> {
        let transactions = self.balance_transactions.0.as_ref()?;
        if transactions.items.is_empty() || transactions.broken > 0 {
            return None;
        }
        let currency = self.currency.get()?;
        let mut amounts = transactions.items.iter().map(|transaction| {
            let is_same_currency = transaction.currency.get() == Some(currency);
            field(transaction).0.filter(|_| is_same_currency)
        });
        amounts.try_fold(0_i64, |sum, amount| sum.checked_add(amount?))
    }

    fn read(self) -> Option<Dispute> {
        Some(Dispute {
            taken: money(self.taken(), &self.currency),
            fee: money(self.sum_of(|transaction| &transaction.fee), &self.currency),
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            reason: self.reason.get().map(label),
            payment_intent: expandable_id(&self.payment_intent),
            charge: expandable_id(&self.charge),
            created: timestamp(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}
