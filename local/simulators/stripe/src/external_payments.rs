//! Payments without the app's checkout: by a payment link, or created at the dashboard.

use serde::Deserialize;

use crate::{
    api_error::ApiError,
    ids,
    objects::{Intent, Metadata, Session, SessionInternals, SessionPayment, SessionStatus},
    pay,
    unit_of_work::UnitOfWork,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayment {
    amount: i64,
    #[serde(default = "dollars")]
    currency: String,
    #[serde(default)]
    by: By,
    /// Metadata of the session of a payment link, or of the payment when there is no session.
    #[serde(default)]
    metadata: Metadata,
    /// Metadata of the payment behind a payment link.
    #[serde(default)]
    payment_metadata: Metadata,
    /// The payer can set it in the link's address.
    #[serde(default)]
    client_reference_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    PaymentLink,
    Dashboard,
}

fn dollars() -> String {
    "usd".into()
}

/// Creates a payment that succeeds at once, with its session if it has one.
pub(crate) fn pay(
    unit: &mut UnitOfWork<'_, '_>,
    new: NewPayment,
) -> Result<(Option<Session>, Intent), ApiError> {
    if !(1..=pay::MAX_AMOUNT).contains(&new.amount) {
        return Err(ApiError::bad("The amount must be 1 to 99999999."));
    }
    if !(new.currency.len() == 3
        && new
            .currency
            .bytes()
            .all(|letter| letter.is_ascii_lowercase()))
    {
        return Err(ApiError::bad("The currency must be three small letters."));
    }
    match new.by {
        By::PaymentLink => by_link(unit, new).map(|(session, intent)| (Some(session), intent)),
        By::Dashboard if new.client_reference_id.is_none() && new.payment_metadata.is_empty() => {
            let mut intent = pay::intent(unit, new.amount, new.currency, new.metadata);
            pay::succeed(unit, &mut intent)?;
            Ok((None, intent))
        }
        By::Dashboard => Err(ApiError::bad(
            "A payment from the dashboard has metadata, and no session.",
        )),
    }
}

fn by_link(unit: &mut UnitOfWork<'_, '_>, new: NewPayment) -> Result<(Session, Intent), ApiError> {
    let mut intent = pay::intent(unit, new.amount, new.currency, new.payment_metadata);
    let mut session = Session {
        id: ids::new_id("cs_test", 58),
        amount_subtotal: new.amount,
        amount_total: new.amount,
        cancel_url: None,
        client_reference_id: new.client_reference_id,
        created: unit.seconds(),
        currency: intent.currency.clone(),
        customer: None,
        customer_details: None,
        expires_at: unit.seconds() + 24 * 60 * 60,
        invoice: None,
        livemode: false,
        metadata: new.metadata,
        mode: "payment".into(),
        payment_intent: Some(intent.id.clone()),
        payment_link: Some(ids::new_id("plink_1", 23)),
        payment_method_types: intent.payment_method_types.clone(),
        payment_status: SessionPayment::Unpaid,
        status: SessionStatus::Open,
        subscription: None,
        success_url: "https://stripe.com".into(),
        url: None,
        internals: SessionInternals {
            title: "Payment link".into(),
            ..SessionInternals::default()
        },
    };
    pay::succeed(unit, &mut intent)?;
    pay::complete(unit, &mut session, SessionPayment::Paid)?;
    Ok((session, intent))
}
