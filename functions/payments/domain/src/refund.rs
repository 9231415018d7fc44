//! A product cannot give what was bought: the way of the money back, from the product's word to the provider's.
//!
//! The wish is kept with the order. So it may come before the money, which a bank can take days for, and nothing is
//! lost by it: whatever books the money finds the wish, and says that it is time.

use confab_core::clip;
use serde::{Deserialize, Serialize};

use crate::{Flag, Order, Provider};

/// What is kept of a product's words.
const LONGEST_REASON: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Why, in the product's words.
    pub reason: String,
    #[serde(flatten)]
    pub step: RefundStep,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum RefundStep {
    /// It is done when there is money, and no bank has it.
    Wanted,
    /// The provider has taken it, or all of it went back by another hand. It is not asked for again: what comes back
    /// after that is a person's to look at.
    Made,
    /// The provider said no for good, in its own word.
    Refused { code: String },
}

impl Order {
    /// The provider is to be asked to give back what is left.
    pub fn owes_refund(&self) -> bool {
        let is_wanted = self
            .refund
            .as_ref()
            .is_some_and(|refund| refund.step == RefundStep::Wanted);
        is_wanted && self.provider == Provider::Stripe && self.disputed == 0 && self.balance() > 0
    }

    /// A product wants the money to go back. Wanting it twice is wanting it once.
    #[must_use]
    pub fn refund_wanted(mut self, reason: &str) -> Self {
        let is_back = self.received > 0 && self.disputed == 0 && self.balance() <= 0;
        if self.refund.is_none() && !is_back {
            self.refund = Some(Refund {
                reason: clip(reason, LONGEST_REASON),
                step: RefundStep::Wanted,
            });
        }
        self.flagged_for_refund()
    }

    /// What the provider said to it. Its first answer counts.
    #[must_use]
    pub fn refund_answered(mut self, step: RefundStep) -> Self {
        if let Some(refund) = self
            .refund
            .as_mut()
            .filter(|refund| refund.step == RefundStep::Wanted)
        {
            refund.step = step;
        }
        self.flagged_for_refund()
    }

    /// Nothing of the wish ends another flag.
    fn flagged_for_refund(mut self) -> Self {
        if let Some(flag) = self.refund_flag() {
            self.flag_payment(self.payment.clone().as_deref(), Some(flag));
        }
        self
    }

    pub(crate) fn refund_is_made(&mut self) {
        if let Some(refund) = &mut self.refund {
            refund.step = RefundStep::Made;
        }
    }

    /// Only a person can go on: the money was paid where nobody can be asked, its provider said no, or a bank has it.
    pub(crate) fn refund_flag(&self) -> Option<Flag> {
        let step = self.refund.as_ref().map(|refund| &refund.step)?;
        let has_nobody_to_ask = self.provider != Provider::Stripe || *step != RefundStep::Wanted;
        let is_stuck = self.disputed > 0 || (self.balance() > 0 && has_nobody_to_ask);
        (*step != RefundStep::Made && self.balance() >= 0 && is_stuck).then_some(Flag::RefundByHand)
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{CorrelationId, Currency, Money, OrderId, Timestamp};

    use super::*;
    use crate::{Booked, Standing, State, Tell, book};

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

    fn paid() -> Standing {
        Standing {
            provider: Some(Provider::Stripe),
            payment: Some("pi_1".into()),
            received: Some(Money::new(PRICE, Currency::Usd)),
            ..Standing::default()
        }
    }

    fn elsewhere(provider: Provider) -> Standing {
        Standing {
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

    /// How often a booking says that it is time to give the money back.
    fn asks(booked: &Booked) -> usize {
        booked
            .tell
            .iter()
            .filter(|tell| matches!(tell, Tell::RefundRequested(_)))
            .count()
    }

    #[test]
    fn what_is_wanted_of_a_paid_order_is_owed_until_it_is_made() {
        let paid_order = book(order(), &paid()).order;
        assert!(!paid_order.owes_refund());
        let wanted = paid_order.refund_wanted("no photos");
        assert!(wanted.owes_refund() && wanted.flags.is_empty());
        assert_eq!(
            wanted.clone().refund_wanted("again"),
            wanted,
            "wanting it twice is wanting it once"
        );
        let made = wanted.refund_answered(RefundStep::Made);
        assert!(!made.owes_refund() && made.flags.is_empty());
        let back = book(
            made,
            &Standing {
                refunded: PRICE,
                ..paid()
            },
        );
        assert_eq!((back.order.state, asks(&back)), (State::Refunded, 0));
        assert_eq!(
            back.order.clone().refund_wanted("late").refund,
            back.order.refund
        );
    }

    #[test]
    fn nothing_is_wanted_of_what_is_back_already() {
        let back = book(
            book(order(), &paid()).order,
            &Standing {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        assert_eq!(back.clone().refund_wanted("late"), back);
    }

    #[test]
    fn a_wish_before_the_money_waits_for_it_and_is_told_once() {
        let wanted = order().refund_wanted("no photos");
        assert!(!wanted.owes_refund());
        let nothing_yet = Some(Money::new(0, Currency::Usd));
        let underway = book(
            wanted,
            &Standing {
                received: nothing_yet,
                is_underway: true,
                ..paid()
            },
        );
        assert_eq!((underway.order.state, asks(&underway)), (State::Pending, 0));
        let booked = book(underway.order, &paid());
        assert_eq!(asks(&booked), 1);
        assert!(
            matches!(&booked.tell[..], [Tell::Received(_), Tell::RefundRequested(wish)] if wish.reason == "no photos")
        );
        assert!(booked.order.owes_refund());
        let again = book(
            booked.order,
            &Standing {
                fees: Some(114),
                ..paid()
            },
        );
        assert_eq!(asks(&again), 0, "somebody is at it");
    }

    #[test]
    fn a_bank_that_has_the_money_is_left_alone_and_what_it_gives_back_is_owed() {
        let disputed = book(
            book(order(), &paid()).order,
            &Standing {
                disputed: PRICE,
                ..paid()
            },
        )
        .order;
        let wanted = disputed.refund_wanted("no photos");
        assert_eq!(
            (wanted.owes_refund(), flag_of(&wanted)),
            (false, Some(Flag::RefundByHand))
        );
        let won = book(wanted, &paid());
        assert_eq!(
            (asks(&won), flag_of(&won.order)),
            (1, None),
            "it goes back by itself"
        );
        let disputed_later = book(
            order().refund_wanted("no photos"),
            &Standing {
                disputed: 700,
                ..paid()
            },
        );
        assert_eq!(
            (asks(&disputed_later), flag_of(&disputed_later.order)),
            (0, Some(Flag::RefundByHand))
        );
    }

    #[test]
    fn where_nobody_can_be_asked_a_person_is_until_it_is_back() {
        for provider in [Provider::Sumit, Provider::Generic] {
            for early in [true, false] {
                let order = if early {
                    order().refund_wanted("no photos")
                } else {
                    order()
                };
                let booked = book(order, &elsewhere(provider));
                assert_eq!(asks(&booked), 0);
                let wanted = booked.order.refund_wanted("no photos");
                assert_eq!(
                    (wanted.owes_refund(), flag_of(&wanted)),
                    (false, Some(Flag::RefundByHand)),
                    "{provider:?}"
                );
                let again = book(wanted, &elsewhere(provider)).order;
                assert_eq!(
                    flag_of(&again),
                    Some(Flag::RefundByHand),
                    "it stays until somebody did it"
                );
                let back = book(
                    again,
                    &Standing {
                        refunded: PRICE,
                        ..elsewhere(provider)
                    },
                )
                .order;
                assert_eq!(
                    (flag_of(&back), step(&back)),
                    (None, Some(&RefundStep::Made))
                );
            }
        }
    }

    #[test]
    fn what_stripe_refuses_is_a_persons() {
        let wanted = book(order(), &paid()).order.refund_wanted("no photos");
        let refused = wanted.refund_answered(RefundStep::Refused {
            code: "charge_disputed".into(),
        });
        assert_eq!(
            (refused.owes_refund(), flag_of(&refused)),
            (false, Some(Flag::RefundByHand))
        );
        let answered = refused.clone().refund_answered(RefundStep::Made);
        assert_eq!(answered, refused, "the first answer counts");
        assert_eq!(
            flag_of(&book(refused.clone(), &paid()).order),
            Some(Flag::RefundByHand)
        );
        let by_hand = book(
            refused,
            &Standing {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        assert_eq!(
            (flag_of(&by_hand), step(&by_hand)),
            (None, Some(&RefundStep::Made))
        );
    }

    #[test]
    fn a_refund_that_comes_back_is_not_made_again_by_itself() {
        let wanted = book(order(), &paid()).order.refund_wanted("no photos");
        // Nobody noted that it was made, and the books have it.
        let back = book(
            wanted,
            &Standing {
                refunded: PRICE,
                ..paid()
            },
        )
        .order;
        let failed = book(back, &paid());
        assert_eq!(
            (asks(&failed), flag_of(&failed.order)),
            (0, Some(Flag::CameBack))
        );
        assert!(!failed.order.refund_wanted("again").owes_refund());
    }

    #[test]
    fn refund_request_keeps_the_flags_of_other_payments() {
        let mut flagged = order();
        flagged.flags.insert("pi_2".into(), Flag::WrongAmount);
        assert_eq!(
            flag_of(&flagged.refund_wanted("no photos")),
            Some(Flag::WrongAmount)
        );
    }

    #[test]
    fn a_row_of_an_older_order_has_no_wish_and_a_wish_is_kept_in_whole() {
        let mut json = serde_json::to_value(order().refund_wanted(&"why ".repeat(100))).unwrap();
        let read: Order = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(
            read.refund
                .as_ref()
                .map(|refund| refund.reason.chars().count()),
            Some(LONGEST_REASON)
        );
        assert_eq!(json["refund"]["step"], "wanted");
        json.as_object_mut().unwrap().remove("refund");
        json.as_object_mut().unwrap().remove("used");
        let older: Order = serde_json::from_value(json).unwrap();
        assert_eq!((older.refund, older.used), (None, false));
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
