//! Stripe's objects as its API renders them. Internal fields are under `_confab`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::version::Version;

pub(crate) type Metadata = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "object")]
pub(crate) enum Object {
    #[serde(rename = "checkout.session")]
    Session(Box<Session>),
    #[serde(rename = "payment_intent")]
    Intent(Box<Intent>),
    #[serde(rename = "charge")]
    Charge(Box<Charge>),
    #[serde(rename = "refund")]
    Refund(Refund),
    #[serde(rename = "dispute")]
    Dispute(Dispute),
    #[serde(rename = "balance_transaction")]
    Balance(BalanceTransaction),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Session,
    Intent,
    Charge,
    Refund,
    Dispute,
    Balance,
}

impl ObjectKind {
    /// Returns the name in Stripe's errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Session => "checkout.session",
            Self::Intent => "payment_intent",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Balance => "balance_transaction",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) amount_subtotal: i64,
    pub(crate) amount_total: i64,
    pub(crate) cancel_url: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) customer_details: Option<Value>,
    pub(crate) expires_at: i64,
    pub(crate) invoice: Option<String>,
    pub(crate) livemode: bool,
    pub(crate) metadata: Metadata,
    pub(crate) mode: String,
    pub(crate) payment_intent: Option<String>,
    /// The payment link, if the session belongs to one.
    pub(crate) payment_link: Option<String>,
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) payment_status: SessionPayment,
    pub(crate) status: SessionStatus,
    pub(crate) subscription: Option<String>,
    pub(crate) success_url: String,
    pub(crate) url: Option<String>,
    #[serde(rename = "_confab")]
    pub(crate) internals: SessionInternals,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionInternals {
    pub(crate) title: String,
    pub(crate) payment_metadata: Metadata,
    pub(crate) settlement: Option<Settlement>,
}

/// When and how a pending payment or refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settlement {
    /// In milliseconds.
    pub(crate) at: i64,
    pub(crate) succeeds: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_received: i64,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) last_payment_error: Option<Value>,
    pub(crate) latest_charge: Option<String>,
    pub(crate) livemode: bool,
    pub(crate) metadata: Metadata,
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) status: IntentStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) amount_captured: i64,
    pub(crate) amount_refunded: i64,
    /// `None` until the fee is known.
    pub(crate) balance_transaction: Option<String>,
    pub(crate) billing_details: Value,
    pub(crate) captured: bool,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) disputed: bool,
    pub(crate) failure_code: Option<String>,
    pub(crate) failure_message: Option<String>,
    pub(crate) livemode: bool,
    pub(crate) metadata: Metadata,
    pub(crate) paid: bool,
    pub(crate) payment_intent: String,
    pub(crate) payment_method_details: Value,
    pub(crate) refunded: bool,
    pub(crate) status: ChargeStatus,
    /// When the balance transaction is created, in milliseconds.
    #[serde(rename = "_confab")]
    pub(crate) balance_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) balance_transaction: Option<String>,
    pub(crate) charge: String,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) destination_details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure_balance_transaction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) payment_intent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pending_reason: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) status: RefundStatus,
    #[serde(rename = "_confab")]
    pub(crate) settlement: Option<Settlement>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
    /// Withdrawals and returns of the bank.
    #[serde(default)]
    pub(crate) balance_transactions: Vec<Object>,
    pub(crate) charge: String,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) evidence_details: Value,
    pub(crate) is_charge_refundable: bool,
    pub(crate) livemode: bool,
    pub(crate) metadata: Metadata,
    pub(crate) payment_intent: String,
    pub(crate) reason: String,
    pub(crate) status: DisputeStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BalanceTransaction {
    pub(crate) id: String,
    /// Positive towards our balance.
    pub(crate) amount: i64,
    pub(crate) available_on: i64,
    pub(crate) balance_type: String,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) description: Option<String>,
    pub(crate) exchange_rate: Option<f64>,
    pub(crate) fee: i64,
    pub(crate) fee_details: Value,
    pub(crate) net: i64,
    pub(crate) reporting_category: String,
    /// The id of the object that caused the movement.
    pub(crate) source: String,
    pub(crate) status: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

macro_rules! words {
    ($name:ident { $($word:ident),+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($word),+ }
    };
}

words!(SessionStatus {
    Open,
    Complete,
    Expired
});
words!(SessionPayment { Unpaid, Paid });
words!(IntentStatus {
    RequiresPaymentMethod,
    RequiresAction,
    Processing,
    Succeeded,
    Canceled
});
words!(ChargeStatus { Succeeded, Failed });
words!(RefundStatus {
    Pending,
    Succeeded,
    Failed
});
words!(DisputeStatus {
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    NeedsResponse,
    UnderReview,
    Won,
    Lost
});

impl DisputeStatus {
    /// Whether the bank inquires without a withdrawal.
    pub(crate) fn is_inquiry(self) -> bool {
        matches!(
            self,
            Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed
        )
    }

    pub(crate) fn is_open(self) -> bool {
        !matches!(self, Self::WarningClosed | Self::Won | Self::Lost)
    }

    /// Whether the amount is withdrawn: open or lost, and not an inquiry.
    pub(crate) fn is_taken(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview | Self::Lost)
    }
}

impl Dispute {
    pub(crate) fn movements(&self) -> impl Iterator<Item = &BalanceTransaction> {
        self.balance_transactions
            .iter()
            .filter_map(|object| match object {
                Object::Balance(transaction) => Some(transaction),
                _ => None,
            })
    }
}

impl Object {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Session(session) => &session.id,
            Self::Intent(intent) => &intent.id,
            Self::Charge(charge) => &charge.id,
            Self::Refund(refund) => &refund.id,
            Self::Dispute(dispute) => &dispute.id,
            Self::Balance(transaction) => &transaction.id,
        }
    }

    pub(crate) fn kind(&self) -> ObjectKind {
        match self {
            Self::Session(_) => ObjectKind::Session,
            Self::Intent(_) => ObjectKind::Intent,
            Self::Charge(_) => ObjectKind::Charge,
            Self::Refund(_) => ObjectKind::Refund,
            Self::Dispute(_) => ObjectKind::Dispute,
            Self::Balance(_) => ObjectKind::Balance,
        }
    }

    /// Returns the payment intent that the object belongs to or is.
    pub(crate) fn payment(&self) -> Option<&str> {
        match self {
            Self::Session(session) => session.payment_intent.as_deref(),
            Self::Intent(intent) => Some(&intent.id),
            Self::Charge(charge) => Some(&charge.payment_intent),
            Self::Refund(refund) => Some(&refund.payment_intent),
            Self::Dispute(dispute) => Some(&dispute.payment_intent),
            Self::Balance(_) => None,
        }
    }

    /// Returns when the clock changes the object, in milliseconds.
    pub(crate) fn due_at(&self) -> Option<i64> {
        match self {
            Self::Session(session) if session.status == SessionStatus::Open => {
                Some(session.expires_at * 1_000)
            }
            Self::Session(session) => session.internals.settlement.map(|settlement| settlement.at),
            Self::Refund(refund) => refund.settlement.map(|settlement| settlement.at),
            Self::Charge(charge) => charge.balance_at,
            _ => None,
        }
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        const NONE: &Metadata = &Metadata::new();
        match self {
            Self::Session(session) => &session.metadata,
            Self::Intent(intent) => &intent.metadata,
            Self::Charge(charge) => &charge.metadata,
            Self::Refund(refund) => &refund.metadata,
            Self::Dispute(dispute) => &dispute.metadata,
            Self::Balance(_) => NONE,
        }
    }

    /// Renders the object in a version of the API.
    pub(crate) fn wire(&self, version: Version) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(self)?;
        if let Some(fields) = value.as_object_mut() {
            fields.remove("_confab");
            if let Self::Session(_) = self {
                fields.insert("ui_mode".into(), version.ui_mode().into());
            }
        }
        Ok(value)
    }
}
