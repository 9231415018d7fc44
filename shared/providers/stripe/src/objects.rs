//! Stripe's objects, reduced to money and state. Personal data is never parsed, so it cannot leak.

mod wire;

use confab_core::{CorrelationId, Money, Private, Timestamp};
use serde::Deserialize;

pub(crate) use wire::{Expandable, IdOnly, Metadata, timestamp};

/// A checkout session. An amount is absent when its currency is unsupported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    pub id: String,
    /// The payment page while the session is open; anyone with the URL can pay.
    pub url: Option<Private<String>>,
    pub status: CheckoutStatus,
    pub payment_status: CheckoutPayment,
    pub amount: Option<Money>,
    pub order_id: Option<String>,
    pub correlation_id: Option<CorrelationId>,
    pub payment_intent: Option<String>,
    /// Present when it was expanded.
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
    /// Present when it was expanded.
    pub charge: Option<Charge>,
    /// The decline or error code of the last attempt.
    pub failure: Option<String>,
    pub created: Option<Timestamp>,
    pub livemode: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub id: String,
    pub status: ChargeStatus,
    pub amount: Option<Money>,
    /// The sum of all refunds.
    pub refunded: Option<Money>,
    /// Stripe's fee; present when the balance transaction was expanded.
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
    /// The amount that the bank withholds; absent when the currency is unsupported.
    pub taken: Option<Money>,
    /// Stripe's dispute fee.
    pub fee: Option<Money>,
    /// Stripe's reason code, such as `fraudulent`.
    pub reason: Option<String>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub created: Option<Timestamp>,
    pub livemode: bool,
}

macro_rules! status_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($variant,)+
            /// A missing or unknown value.
            #[default]
            #[serde(other)]
            Other,
        }
    };
}

status_enum!(CheckoutStatus {
    Open,
    Complete,
    Expired
});
status_enum!(CheckoutPayment {
    Unpaid,
    Paid,
    NoPaymentRequired
});
status_enum!(PaymentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Processing,
    Succeeded,
    Canceled
});
status_enum!(ChargeStatus {
    Pending,
    Succeeded,
    Failed
});
status_enum!(RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled
});
status_enum!(
    /// States of a dispute. Warnings are inquiries: no money has moved.
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
    /// Tells whether the bank withholds the amount: inquiries have not taken it, won disputes have
    /// returned it.
    fn withholds_funds(self) -> bool {
        use DisputeStatus::{
            Prevented, WarningClosed, WarningNeedsResponse, WarningUnderReview, Won,
        };

        !matches!(
            self,
            Won | Prevented | WarningClosed | WarningNeedsResponse | WarningUnderReview
        )
    }
}
#[cfg(test)]
mod tests;
