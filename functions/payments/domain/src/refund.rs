//! Refunds that products request, from the request to the provider's answer.
//!
//! The request is stored with the order. It may come before the money, which a bank debit delays by
//! days: the booking that receives the money finds the request and announces that the refund is
//! due.

use confab_core::clip;
use serde::{Deserialize, Serialize};

use crate::{Flag, Order, Provider};

/// Characters of a product's reason that are stored.
const MAX_REASON_CHARS: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The product's reason, for the operator.
    pub reason: String,
    #[serde(flatten)]
    pub step: RefundStep,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum RefundStep {
    /// Due as soon as there is money that is not disputed.
    #[serde(rename = "wanted")]
    Requested,
    /// Accepted by the provider, or refunded by other means. It is not requested again, even if the
    /// refund fails later.
    #[serde(rename = "made")]
    Accepted,
    /// Refused by the provider for good, with its code.
    Refused { code: String },
}

impl Order {
    /// Returns whether the provider must be asked to refund the rest now.
    pub fn is_refund_due(&self) -> bool {
        let is_requested = self
            .refund
            .as_ref()
            .is_some_and(|refund| refund.step == RefundStep::Requested);
        is_requested
            && self.provider == Provider::Stripe
            && self.disputed == 0
            && self.balance() > 0
    }

    /// Stores a product's refund request. Repeated requests, and requests after a full refund,
    /// change nothing.
    #[must_use]
    pub fn request_refund(mut self, reason: &str) -> Self {
        let is_refunded = self.received > 0 && self.disputed == 0 && self.balance() <= 0;
        if self.refund.is_none() && !is_refunded {
            self.refund = Some(Refund {
                reason: clip(reason, MAX_REASON_CHARS),
                step: RefundStep::Requested,
            });
        }
        self.flag_manual_refund();
        self
    }

    /// Stores the provider's answer to the refund. The first answer counts.
    #[must_use]
    pub fn record_refund_answer(mut self, step: RefundStep) -> Self {
        if let Some(refund) = &mut self.refund
            && refund.step == RefundStep::Requested
        {
            refund.step = step;
        }
        self.flag_manual_refund();
        self
    }

    /// Flags the order's payment if only an operator can refund it. Ends no flag.
    fn flag_manual_refund(&mut self) {
        if let Some(flag) = self.manual_refund_flag() {
            self.set_flag(self.payment.clone().as_deref(), Some(flag));
        }
    }

    pub(crate) fn complete_refund(&mut self) {
        if let Some(refund) = &mut self.refund {
            refund.step = RefundStep::Accepted;
        }
    }

    /// Returns a flag if only an operator can refund: the provider has no API, it refused, or a
    /// bank holds the money.
    pub(crate) fn manual_refund_flag(&self) -> Option<Flag> {
        let step = self.refund.as_ref().map(|refund| &refund.step)?;
        if *step == RefundStep::Accepted || self.balance() < 0 {
            return None;
        }
        let cannot_ask = self.provider != Provider::Stripe || *step != RefundStep::Requested;
        if self.disputed > 0 || (self.balance() > 0 && cannot_ask) {
            return Some(Flag::ManualRefund);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{CorrelationId, Currency, Money, OrderId, Timestamp};

    use super::*;
    use crate::{Booking, OrderState, OutboxEvent, ProviderSnapshot, book};

    const PRICE: i64 = 2_900;

    fn order() -> Order {
        let now = Timestamp::UNIX_EPOCH;
        let purchase = Purchase {
            product: "studio".into(),
            item: "studio.lite".into(),
            payer: "usr_1".into(),
            reference: String::new(),
        };
        let id = OrderId::new(now, &|| [1; 10]);
        Order::new(
            id,
            purchase,
            Money::new(PRICE, Currency::Usd),
            1,
            now,
            CorrelationId::new(now, &|| [2; 10]),
        )
    }

    fn paid() -> ProviderSnapshot {
        ProviderSnapshot {
            provider: Some(Provider::Stripe),
            payment: Some("pi_1".into()),
            received: Some(Money::new(PRICE, Currency::Usd)),
            ..ProviderSnapshot::default()
        }
    }

    fn paid_at(provider: Provider) -> ProviderSnapshot {
        ProviderSnapshot {
            provider: Some(provider),
            payment: Some("p-1".into()),
            ..paid()
        }
    }

    fn step(order: &Order) -> Option<&RefundStep> {
        order.refund.as_ref().map(|refund| &refund.step)
    }

    /// The only flag of an order.
    fn flag_of(order: &Order) -> Option<Flag> {
        assert!(order.flags.len() <= 1, "{:?}", order.flags);
        order.flags.values().next().copied()
    }

    /// Counts the announcements that a refund is due.
    fn due_announcements(booked: &Booking) -> usize {
        booked
            .events
            .iter()
            .filter(|event| matches!(event, OutboxEvent::RefundRequested(_)))
            .count()
    }

    #[test]
    fn requested_refund_of_a_paid_order_is_due_until_the_provider_accepts_it() {
        let paid_order = book(order(), &paid()).order;
        assert!(!paid_order.is_refund_due());
        let requested = paid_order.request_refund("no photos");
        assert!(requested.is_refund_due() && requested.flags.is_empty());
        assert_eq!(
            requested.clone().request_refund("again"),
            requested,
            "a repeated request changes nothing"
        );
        let accepted = requested.record_refund_answer(RefundStep::Accepted);
        assert!(!accepted.is_refund_due() && accepted.flags.is_empty());
        let back = book(
            accepted,
            &ProviderSnapshot {
                refunded: PRICE,
                ..paid()
            },
        );
        assert_eq!(
            (back.order.state, due_announcements(&back)),
            (OrderState::Refunded, 0)
        );
        assert_eq!(
            back.order.clone().request_refund("late").refund,
            back.order.refund
        );
    }

    #[test]
    fn refund_request_after_a_full_refund_changes_nothing() {
        let back = book(
            book(order(), &paid()).order,
            &ProviderSnapshot {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        assert_eq!(back.clone().request_refund("late"), back);
    }

    #[test]
    fn refund_requested_before_the_money_falls_due_once_when_it_arrives() {
        let requested = order().request_refund("no photos");
        assert!(!requested.is_refund_due());
        let no_money = Some(Money::new(0, Currency::Usd));
        let underway = book(
            requested,
            &ProviderSnapshot {
                received: no_money,
                is_processing: true,
                ..paid()
            },
        );
        assert_eq!(
            (underway.order.state, due_announcements(&underway)),
            (OrderState::Pending, 0)
        );
        let booked = book(underway.order, &paid());
        assert_eq!(due_announcements(&booked), 1);
        assert!(
            matches!(&booked.events[..], [OutboxEvent::Received(_), OutboxEvent::RefundRequested(request)] if request.reason == "no photos")
        );
        assert!(booked.order.is_refund_due());
        let again = book(
            booked.order,
            &ProviderSnapshot {
                fees: Some(114),
                ..paid()
            },
        );
        assert_eq!(due_announcements(&again), 0, "announced once");
    }

    #[test]
    fn disputed_order_is_not_refunded_until_the_dispute_is_won() {
        let disputed = book(
            book(order(), &paid()).order,
            &ProviderSnapshot {
                disputed: PRICE,
                ..paid()
            },
        )
        .order;
        let requested = disputed.request_refund("no photos");
        assert_eq!(
            (requested.is_refund_due(), flag_of(&requested)),
            (false, Some(Flag::ManualRefund))
        );
        let won = book(requested, &paid());
        assert_eq!(
            (due_announcements(&won), flag_of(&won.order)),
            (1, None),
            "refunded automatically"
        );
        let disputed_later = book(
            order().request_refund("no photos"),
            &ProviderSnapshot {
                disputed: 700,
                ..paid()
            },
        );
        assert_eq!(
            (
                due_announcements(&disputed_later),
                flag_of(&disputed_later.order)
            ),
            (0, Some(Flag::ManualRefund))
        );
    }

    #[test]
    fn refund_at_a_provider_without_api_is_flagged_until_it_is_made() {
        for provider in [Provider::Sumit, Provider::Generic] {
            for early in [true, false] {
                let order = if early {
                    order().request_refund("no photos")
                } else {
                    order()
                };
                let booked = book(order, &paid_at(provider));
                assert_eq!(due_announcements(&booked), 0);
                let requested = booked.order.request_refund("no photos");
                assert_eq!(
                    (requested.is_refund_due(), flag_of(&requested)),
                    (false, Some(Flag::ManualRefund)),
                    "{provider:?}"
                );
                let again = book(requested, &paid_at(provider)).order;
                assert_eq!(
                    flag_of(&again),
                    Some(Flag::ManualRefund),
                    "flagged until it is refunded"
                );
                let back = book(
                    again,
                    &ProviderSnapshot {
                        refunded: PRICE,
                        ..paid_at(provider)
                    },
                )
                .order;
                assert_eq!(
                    (flag_of(&back), step(&back)),
                    (None, Some(&RefundStep::Accepted))
                );
            }
        }
    }

    #[test]
    fn refund_that_stripe_refuses_is_flagged_for_the_operator() {
        let requested = book(order(), &paid()).order.request_refund("no photos");
        let refused = requested.record_refund_answer(RefundStep::Refused {
            code: "charge_disputed".into(),
        });
        assert_eq!(
            (refused.is_refund_due(), flag_of(&refused)),
            (false, Some(Flag::ManualRefund))
        );
        let answered = refused.clone().record_refund_answer(RefundStep::Accepted);
        assert_eq!(answered, refused, "the first answer counts");
        assert_eq!(
            flag_of(&book(refused.clone(), &paid()).order),
            Some(Flag::ManualRefund)
        );
        let by_hand = book(
            refused,
            &ProviderSnapshot {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        assert_eq!(
            (flag_of(&by_hand), step(&by_hand)),
            (None, Some(&RefundStep::Accepted))
        );
    }

    #[test]
    fn failed_refund_is_flagged_and_not_made_again() {
        let requested = book(order(), &paid()).order.request_refund("no photos");
        // The answer to the refund was lost, and the booking found the refund.
        let back = book(
            requested,
            &ProviderSnapshot {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        let failed = book(back, &paid());
        assert_eq!(
            (due_announcements(&failed), flag_of(&failed.order)),
            (0, Some(Flag::FundsCameBack))
        );
        assert!(!failed.order.request_refund("again").is_refund_due());
    }

    #[test]
    fn refund_request_keeps_the_flags_of_other_payments() {
        let mut flagged = order();
        flagged.flags.insert("pi_2".into(), Flag::WrongAmount);
        assert_eq!(
            flag_of(&flagged.request_refund("no photos")),
            Some(Flag::WrongAmount)
        );
    }

    #[test]
    fn stored_orders_without_a_refund_are_read_and_a_refund_round_trips() {
        let mut json = serde_json::to_value(order().request_refund(&"why ".repeat(100))).unwrap();
        let read: Order = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(
            read.refund
                .as_ref()
                .map(|refund| refund.reason.chars().count()),
            Some(MAX_REASON_CHARS)
        );
        assert_eq!(json["refund"]["step"], "wanted");
        json.as_object_mut().unwrap().remove("refund");
        json.as_object_mut().unwrap().remove("used");
        let older: Order = serde_json::from_value(json).unwrap();
        assert_eq!((older.refund, older.is_used), (None, false));
        let refused = Refund {
            reason: "x".into(),
            step: RefundStep::Refused {
                code: "charge_disputed".into(),
            },
        };
        let json = serde_json::to_value(&refused).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "reason": "x", "step": "refused", "code": "charge_disputed" })
        );
        assert_eq!(serde_json::from_value::<Refund>(json).unwrap(), refused);
    }
}
