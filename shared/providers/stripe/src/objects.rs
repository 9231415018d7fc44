//! Stripe's objects, as far as money is concerned. Who paid is not read: it cannot leak from here.

use confab_core::{CorrelationId, Currency, Money, Private, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{id, label},
};

/// A checkout session. An amount is absent when its currency is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    pub id: String,
    /// Where the person pays, while it is open. Whoever has it may.
    pub url: Option<Private<String>>,
    pub status: CheckoutStatus,
    pub payment_status: CheckoutPayment,
    pub amount: Option<Money>,
    pub order_id: Option<String>,
    pub correlation_id: Option<CorrelationId>,
    pub payment_intent: Option<String>,
    /// When it was asked for.
    pub payment: Option<Payment>,
    pub created: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub livemode: bool,
}

/// A payment intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: String,
    pub status: PaymentStatus,
    pub amount: Option<Money>,
    pub received: Option<Money>,
    pub order_id: Option<String>,
    pub correlation_id: Option<CorrelationId>,
    pub latest_charge: Option<String>,
    /// When it was asked for.
    pub charge: Option<Charge>,
    /// Why the last attempt failed, in Stripe's word.
    pub failure: Option<String>,
    pub created: Option<Timestamp>,
    pub livemode: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub id: String,
    pub status: ChargeStatus,
    pub amount: Option<Money>,
    /// In all its refunds together.
    pub refunded: Option<Money>,
    /// What Stripe keeps, when it was asked for.
    pub fee: Option<Money>,
    pub fully_refunded: bool,
    pub disputed: bool,
    pub payment_intent: Option<String>,
    pub order_id: Option<String>,
    pub correlation_id: Option<CorrelationId>,
    pub failure: Option<String>,
    pub created: Option<Timestamp>,
    pub livemode: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: String,
    pub status: RefundStatus,
    pub amount: Option<Money>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub created: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub id: String,
    pub status: DisputeStatus,
    pub amount: Option<Money>,
    /// What the bank holds of it now; none in a currency that is none of ours.
    pub taken: Option<Money>,
    /// What Stripe takes for the trouble.
    pub fee: Option<Money>,
    /// In Stripe's word, such as `fraudulent`.
    pub reason: Option<String>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub created: Option<Timestamp>,
    pub livemode: bool,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($word:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($word,)+
            /// A word that we do not know, or none.
            #[default]
            #[serde(other)]
            Other,
        }
    };
}

words!(CheckoutStatus {
    Open,
    Complete,
    Expired
});
words!(CheckoutPayment {
    Unpaid,
    Paid,
    NoPaymentRequired
});
words!(PaymentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Processing,
    Succeeded,
    Canceled
});
words!(ChargeStatus {
    Pending,
    Succeeded,
    Failed
});
words!(RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled
});
words!(
    /// Warnings are inquiries: no money has moved.
    DisputeStatus {
        WarningNeedsResponse,
        WarningUnderReview,
        WarningClosed,
        NeedsResponse,
        UnderReview,
        Won,
        Lost,
        Prevented,
    }
);

impl DisputeStatus {
    /// An inquiry has not taken any money yet; a dispute that was won has given it back.
    fn has_taken(self) -> bool {
        use DisputeStatus::{
            Prevented, WarningClosed, WarningNeedsResponse, WarningUnderReview, Won,
        };
        !matches!(
            self,
            Won | Prevented | WarningClosed | WarningNeedsResponse | WarningUnderReview
        )
    }
}

/// What we attach to everything that we create.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Metadata {
    order_id: LenientString,
    correlation_id: LenientString,
}

impl Metadata {
    pub(super) fn order_id(&self) -> Option<String> {
        id(self.order_id.get()?)
    }

    pub(super) fn correlation_id(&self) -> Option<CorrelationId> {
        self.correlation_id.get()?.parse().ok()
    }
}

/// The id of another object, or the object itself where Stripe was asked to put it there.
pub(super) enum Link<T> {
    Id(String),
    Whole(T),
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Link<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let link = match raw.starts_with('"') {
            true => serde_json::from_str(raw).map(Self::Id),
            false => serde_json::from_str(raw).map(Self::Whole),
        };
        link.map_err(serde::de::Error::custom)
    }
}

/// An object of which only the id matters.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    id: LenientString,
}

impl Link<Named> {
    pub(super) fn id(&self) -> Option<String> {
        match self {
            Self::Id(text) => id(text),
            Self::Whole(named) => id(named.id.get()?),
        }
    }
}

fn linked(link: &Lenient<Link<Named>>) -> Option<String> {
    link.0.as_ref().and_then(Link::id)
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

pub(super) fn moment(text: &LenientString) -> Option<Timestamp> {
    let text = text.get()?;
    match text.parse() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        // Newer events write it out.
        Err(_) => text.parse().ok(),
    }
}

/// Reads an object through its wire form. Without an id it is none.
macro_rules! read_through {
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

read_through!(CheckoutWire => Checkout);
read_through!(PaymentWire => Payment);
read_through!(ChargeWire => Charge);
read_through!(RefundWire => Refund);
read_through!(DisputeWire => Dispute);

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
    payment_intent: Lenient<Link<Payment>>,
    created: LenientString,
    expires_at: LenientString,
    livemode: Lenient<bool>,
}

impl CheckoutWire {
    fn read(self) -> Option<Checkout> {
        let metadata = self.metadata.0.unwrap_or_default();
        let (payment_intent, payment) = match self.payment_intent.0 {
            Some(Link::Id(text)) => (id(&text), None),
            Some(Link::Whole(payment)) => (Some(payment.id.clone()), Some(payment)),
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
            created: moment(&self.created),
            expires_at: moment(&self.expires_at),
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
    latest_charge: Lenient<Link<Charge>>,
    last_payment_error: Lenient<Failure>,
    created: LenientString,
    livemode: Lenient<bool>,
}

impl PaymentWire {
    fn read(self) -> Option<Payment> {
        let metadata = self.metadata.0.unwrap_or_default();
        let (latest_charge, charge) = match self.latest_charge.0 {
            Some(Link::Id(text)) => (id(&text), None),
            Some(Link::Whole(charge)) => (Some(charge.id.clone()), Some(charge)),
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
            failure: self.last_payment_error.0.and_then(|failure| failure.word()),
            created: moment(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    decline_code: LenientString,
    code: LenientString,
}

impl Failure {
    fn word(&self) -> Option<String> {
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
    balance_transaction: Lenient<Link<Movement>>,
    payment_intent: Lenient<Link<Named>>,
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
                Some(Link::Whole(movement)) => money(movement.fee.0, &movement.currency),
                _ => None,
            },
            fully_refunded: self.refunded.0.unwrap_or_default(),
            disputed: self.disputed.0.unwrap_or_default(),
            payment_intent: linked(&self.payment_intent),
            order_id: metadata.order_id(),
            correlation_id: metadata.correlation_id(),
            failure: self.failure_code.get().map(label),
            created: moment(&self.created),
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
    payment_intent: Lenient<Link<Named>>,
    charge: Lenient<Link<Named>>,
    created: LenientString,
}

impl RefundWire {
    fn read(self) -> Option<Refund> {
        Some(Refund {
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            payment_intent: linked(&self.payment_intent),
            charge: linked(&self.charge),
            created: moment(&self.created),
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
    balance_transactions: Lenient<LenientVec<Movement>>,
    reason: LenientString,
    payment_intent: Lenient<Link<Named>>,
    charge: Lenient<Link<Named>>,
    created: LenientString,
    livemode: Lenient<bool>,
}

/// A balance transaction: in the currency of our account, which need not be the payment's.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Movement {
    amount: Lenient<i64>,
    fee: Lenient<i64>,
    currency: LenientString,
}

impl DisputeWire {
    /// What the movements of money come to, where they are in the dispute's own currency; else what its status says.
    fn taken(&self) -> Option<i64> {
        match self.moved(|movement| &movement.amount) {
            Some(moved) => moved.checked_neg(),
            None if self.status.0.unwrap_or_default().has_taken() => self.amount.0,
            None => Some(0),
        }
    }

    fn moved(&self, part: fn(&Movement) -> &Lenient<i64>) -> Option<i64> {
        let LenientVec { items, broken: 0 } = self
            .balance_transactions
            .0
            .as_ref()
            .filter(|list| !list.items.is_empty())?
        else {
            return None;
        };
        let is_alike = |movement: &Movement| {
            movement
                .currency
                .get()
                .is_some_and(|c| Some(c) == self.currency.get())
        };
        let mut parts = items
            .iter()
            .map(|movement| part(movement).0.filter(|_| is_alike(movement)));
        parts.try_fold(0_i64, |sum, part| sum.checked_add(part?))
    }

    fn read(self) -> Option<Dispute> {
        Some(Dispute {
            taken: money(self.taken(), &self.currency),
            fee: money(self.moved(|movement| &movement.fee), &self.currency),
            id: id(self.id.get()?)?,
            status: self.status.0.unwrap_or_default(),
            amount: money(self.amount.0, &self.currency),
            reason: self.reason.get().map(label),
            payment_intent: linked(&self.payment_intent),
            charge: linked(&self.charge),
            created: moment(&self.created),
            livemode: self.livemode.0.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
