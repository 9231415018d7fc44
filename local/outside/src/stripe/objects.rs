//! Stripe's objects as its API writes them. What the API does not show of them is under `_confab`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Session,
    Intent,
    Charge,
    Refund,
    Dispute,
}

impl Sort {
    /// As Stripe's errors name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Session => "checkout.session",
            Self::Intent => "payment_intent",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
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
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) payment_status: SessionPayment,
    pub(crate) status: SessionStatus,
    pub(crate) subscription: Option<String>,
    pub(crate) success_url: String,
    pub(crate) ui_mode: String,
    pub(crate) url: Option<String>,
    #[serde(rename = "_confab")]
    pub(crate) backstage: Backstage,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Backstage {
    pub(crate) title: String,
    pub(crate) payment_metadata: Metadata,
    pub(crate) settlement: Option<Settlement>,
}

/// How a payment that takes its time will end.
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
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) charge: String,
    pub(crate) created: i64,
    pub(crate) currency: String,
    pub(crate) destination_details: Value,
    pub(crate) metadata: Metadata,
    pub(crate) payment_intent: String,
    pub(crate) reason: Option<String>,
    pub(crate) status: RefundStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
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

macro_rules! words {
    ($name:ident { $($word:ident),+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($word),+ }
    };
}

words!(SessionStatus { Open, Complete, Expired });
words!(SessionPayment { Unpaid, Paid });
words!(IntentStatus { RequiresPaymentMethod, RequiresAction, Processing, Succeeded, Canceled });
words!(ChargeStatus { Succeeded, Failed });
words!(RefundStatus { Succeeded });
words!(DisputeStatus { NeedsResponse, Won, Lost });

impl Object {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Session(session) => &session.id,
            Self::Intent(intent) => &intent.id,
            Self::Charge(charge) => &charge.id,
            Self::Refund(refund) => &refund.id,
            Self::Dispute(dispute) => &dispute.id,
        }
    }

    pub(crate) fn sort(&self) -> Sort {
        match self {
            Self::Session(_) => Sort::Session,
            Self::Intent(_) => Sort::Intent,
            Self::Charge(_) => Sort::Charge,
            Self::Refund(_) => Sort::Refund,
            Self::Dispute(_) => Sort::Dispute,
        }
    }

    /// The payment intent that it belongs to, or is.
    pub(crate) fn payment(&self) -> Option<&str> {
        match self {
            Self::Session(session) => session.payment_intent.as_deref(),
            Self::Intent(intent) => Some(&intent.id),
            Self::Charge(charge) => Some(&charge.payment_intent),
            Self::Refund(refund) => Some(&refund.payment_intent),
            Self::Dispute(dispute) => Some(&dispute.payment_intent),
        }
    }

    /// When the clock alone changes it, in milliseconds.
    pub(crate) fn due_at(&self) -> Option<i64> {
        match self {
            Self::Session(session) if session.status == SessionStatus::Open => Some(session.expires_at * 1_000),
            Self::Session(session) => session.backstage.settlement.map(|settlement| settlement.at),
            _ => None,
        }
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        match self {
            Self::Session(session) => &session.metadata,
            Self::Intent(intent) => &intent.metadata,
            Self::Charge(charge) => &charge.metadata,
            Self::Refund(refund) => &refund.metadata,
            Self::Dispute(dispute) => &dispute.metadata,
        }
    }

    /// As the API shows it.
    pub(crate) fn wire(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(self)?;
        if let Some(fields) = value.as_object_mut() {
            fields.remove("_confab");
        }
        Ok(value)
    }
}
