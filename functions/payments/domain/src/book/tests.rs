use std::collections::BTreeMap;

use confab_contracts::payments::Purchase;
use confab_core::{CorrelationId, Currency, OrderId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{Account, Provider};

const PRICE: i64 = 2_900;

fn usd(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::Usd))
}

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
        payment: Some("pi_1".into()),
        received: usd(PRICE),
        ..Standing::default()
    }
}

fn unpaid() -> Standing {
    Standing {
        received: usd(0),
        ..Standing::default()
    }
}

/// The only flag of an order.
fn flag_of(order: &Order) -> Option<Flag> {
    assert!(order.flags.len() <= 1, "{:?}", order.flags);
    order.flags.values().next().copied()
}

fn kinds(booked: &Booked) -> Vec<(Kind, i64)> {
    booked
        .rows
        .iter()
        .map(|row| (row.kind(), row.amount()))
        .collect()
}

#[test]
fn a_payment_is_booked_and_granted_once() {
    let first = book(order(), &paid());
    assert_eq!(kinds(&first), [(Kind::Charge, PRICE), (Kind::Credit, 1)]);
    assert!(matches!(
        first.tell[..],
        [Tell::Received(PaymentReceived { credits: 1, .. })]
    ));
    assert_eq!(
        (first.order.state, first.order.payment.as_deref()),
        (State::Paid, Some("pi_1"))
    );
    let again = book(first.order.clone(), &paid());
    assert_eq!(
        (again.rows, again.tell, again.order),
        (vec![], vec![], first.order)
    );
}

#[test]
fn refunds_are_told_one_by_one_and_only_the_last_takes_back() {
    let paid_order = book(order(), &paid()).order;
    let part = book(
        paid_order,
        &Standing {
            refunded: 900,
            ..paid()
        },
    );
    assert_eq!(kinds(&part), [(Kind::Refund, -900)]);
    assert!(
        matches!(&part.tell[..], [Tell::Refunded(told)] if !told.is_all && told.returned.minor == 900)
    );
    assert_eq!(part.order.state, State::Paid);
    let all = book(
        part.order,
        &Standing {
            refunded: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&all),
        [(Kind::Refund, 900 - PRICE), (Kind::Reversal, -1)]
    );
    assert!(
        matches!(&all.tell[..], [Tell::Refunded(told)] if told.is_all && told.reason == ReturnReason::Refund)
    );
    assert_eq!((all.order.state, all.order.balance()), (State::Refunded, 0));
}

#[test]
fn a_refund_that_failed_brings_the_money_back_and_somebody_looks() {
    let refunded = book(
        book(order(), &paid()).order,
        &Standing {
            refunded: PRICE,
            ..paid()
        },
    )
    .order;
    let back = book(refunded, &paid());
    assert_eq!(kinds(&back), [(Kind::Reversal, PRICE)]);
    assert_eq!(
        (back.tell, flag_of(&back.order), back.order.state),
        (vec![], Some(Flag::CameBack), State::Paid)
    );
}

#[test]
fn a_dispute_takes_the_money_and_a_won_one_brings_it_back() {
    let disputed = book(
        book(order(), &paid()).order,
        &Standing {
            disputed: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&disputed),
        [(Kind::Reversal, -PRICE), (Kind::Reversal, -1)]
    );
    assert!(
        matches!(&disputed.tell[..], [Tell::Refunded(told)] if told.is_all && told.reason == ReturnReason::Dispute)
    );
    assert_eq!(disputed.order.state, State::Disputed);
    let won = book(disputed.order, &paid());
    assert_eq!(kinds(&won), [(Kind::Reversal, PRICE)]);
    assert_eq!(
        (flag_of(&won.order), won.order.state),
        (Some(Flag::CameBack), State::Paid)
    );
}

#[test]
fn what_comes_in_late_is_booked_after_the_end_too() {
    let expired = book(
        order(),
        &Standing {
            is_closed: true,
            ..unpaid()
        },
    );
    assert!(
        matches!(&expired.tell[..], [Tell::Failed(told)] if told.reason == FailureReason::Expired)
    );
    assert_eq!(expired.order.state, State::Expired);
    let late = book(
        expired.order,
        &Standing {
            is_closed: true,
            ..paid()
        },
    );
    assert_eq!(late.order.state, State::Paid);
    assert!(matches!(late.tell[..], [Tell::Received(_)]));
}

#[test]
fn a_slow_bank_is_waited_for() {
    let underway = book(
        order(),
        &Standing {
            is_underway: true,
            is_closed: true,
            ..unpaid()
        },
    );
    assert_eq!(
        (underway.order.state, kinds(&underway)),
        (State::Pending, vec![])
    );
    let failed = book(
        underway.order,
        &Standing {
            has_failed: true,
            is_closed: true,
            ..unpaid()
        },
    );
    assert!(
        matches!(&failed.tell[..], [Tell::Failed(told)] if told.reason == FailureReason::Declined)
    );
    assert_eq!(failed.order.state, State::Failed);
}

#[test]
fn pending_payment_is_told_once_and_never_after_its_end() {
    let underway = Standing {
        is_underway: true,
        is_closed: true,
        payment: Some("pi_1".into()),
        ..unpaid()
    };
    let first = book(order(), &underway);
    assert!(
        matches!(&first.tell[..], [Tell::Pending(told)] if told.amount.minor == PRICE),
        "{:?}",
        first.tell
    );
    assert_eq!(book(first.order.clone(), &underway).tell, [], "a copy");
    let failed = book(
        first.order.clone(),
        &Standing {
            has_failed: true,
            is_underway: false,
            ..underway.clone()
        },
    );
    assert!(matches!(failed.tell[..], [Tell::Failed(_)]));
    let late = book(failed.order, &paid());
    assert!(matches!(late.tell[..], [Tell::Received(_)]));
    // The end was seen first.
    for end in [
        paid(),
        Standing {
            has_failed: true,
            ..unpaid()
        },
        Standing {
            is_closed: true,
            ..unpaid()
        },
    ] {
        let ended = book(order(), &end).order;
        assert_eq!(book(ended, &underway).tell, [], "{end:?}");
    }
}

#[test]
fn what_does_not_fit_the_order_is_refused_and_flagged() {
    let cases = [
        (
            Standing {
                is_foreign: true,
                ..paid()
            },
            Flag::ForeignOrder,
        ),
        (
            Standing {
                received: None,
                ..paid()
            },
            Flag::WrongCurrency,
        ),
        (
            Standing {
                received: Some(Money::new(PRICE, Currency::Ils)),
                ..paid()
            },
            Flag::WrongCurrency,
        ),
        (
            Standing {
                received: usd(1),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            Standing {
                received: usd(PRICE + 1),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            Standing {
                received: usd(-PRICE),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            Standing {
                refunded: PRICE + 1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            Standing {
                refunded: -1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            Standing {
                disputed: -1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            Standing {
                refunded: i64::MAX,
                disputed: 1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            Standing {
                refunded: PRICE,
                disputed: i64::MAX,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            Standing {
                fees: Some(-1),
                ..paid()
            },
            Flag::Overdrawn,
        ),
    ];
    for (standing, flag) in cases {
        let booked = book(order(), &standing);
        assert_eq!(
            (flag_of(&booked.order), booked.rows, booked.tell),
            (Some(flag), vec![], vec![]),
            "{standing:?}"
        );
        // A payment that is in order afterwards is booked.
        assert_eq!(flag_of(&book(booked.order, &paid()).order), None);
    }
}

/// Another payment of an order that `pi_1` has paid.
fn second_payment() -> Standing {
    Standing {
        payment: Some("pi_2".into()),
        ..paid()
    }
}

#[test]
fn second_payment_is_flagged_until_that_payment_is_returned() {
    let first = book(order(), &paid()).order;
    let second = book(first.clone(), &second_payment());
    assert_eq!(
        (flag_of(&second.order), second.rows, second.tell),
        (Some(Flag::PaidTwice), vec![], vec![])
    );
    assert_eq!(second.order.payment.as_deref(), Some("pi_1"));
    let after_a_clean_notice = book(second.order, &paid()).order;
    assert_eq!(
        flag_of(&after_a_clean_notice),
        Some(Flag::PaidTwice),
        "the first payment does not end it"
    );
    let part = book(
        after_a_clean_notice,
        &Standing {
            refunded: 900,
            ..second_payment()
        },
    )
    .order;
    assert_eq!(
        flag_of(&part),
        Some(Flag::PaidTwice),
        "a part is still here"
    );
    for back in [
        Standing {
            refunded: PRICE,
            ..second_payment()
        },
        Standing {
            disputed: PRICE,
            ..second_payment()
        },
        Standing {
            received: None,
            is_returned: true,
            ..second_payment()
        },
    ] {
        let returned = book(part.clone(), &back);
        assert_eq!(
            (&returned.order, returned.rows, returned.tell),
            (&first, vec![], vec![]),
            "{back:?}"
        );
        assert_eq!(
            book(returned.order, &paid()).order,
            first,
            "it does not come back"
        );
    }
}

#[test]
fn wrong_payment_keeps_its_flag_when_another_payment_is_good() {
    let wrong = Standing {
        payment: Some("pi_2".into()),
        received: usd(1),
        ..Standing::default()
    };
    let order = book(book(order(), &wrong).order, &paid()).order;
    assert_eq!(
        (order.state, flag_of(&order)),
        (State::Paid, Some(Flag::WrongAmount))
    );
    let order = book(
        order,
        &Standing {
            refunded: 1,
            ..wrong
        },
    )
    .order;
    assert_eq!((order.state, flag_of(&order)), (State::Paid, None));
}

#[test]
fn older_claim_raises_no_flag_after_the_refused_payment_was_returned() {
    let claim = |refunded| Standing {
        provider: Some(Provider::Generic),
        refunded,
        ..second_payment()
    };
    let first = book(order(), &paid()).order;
    let flagged = book(first, &claim(0)).order;
    assert_eq!(flag_of(&flagged), Some(Flag::PaidTwice));
    let returned = book(flagged, &claim(PRICE)).order;
    assert_eq!(flag_of(&returned), None);
    assert_eq!(book(returned.clone(), &claim(0)).order, returned);
}

#[test]
fn booked_payment_that_contradicts_its_books_is_flagged_even_when_it_holds_nothing() {
    let odd = Standing {
        received: usd(1),
        refunded: 1,
        ..paid()
    };
    let order = book(book(order(), &paid()).order, &odd).order;
    assert_eq!(
        (order.received, flag_of(&order)),
        (PRICE, Some(Flag::WrongAmount))
    );
}

#[test]
fn a_bank_may_take_back_what_was_refunded_before() {
    let part = book(
        book(order(), &paid()).order,
        &Standing {
            refunded: 400,
            ..paid()
        },
    )
    .order;
    let taken = book(
        part,
        &Standing {
            refunded: 400,
            disputed: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&taken),
        [(Kind::Reversal, -PRICE), (Kind::Reversal, -1)]
    );
    assert!(
        matches!(&taken.tell[..], [Tell::Refunded(told)] if told.is_all && told.reason == ReturnReason::Dispute)
    );
    assert_eq!(
        (taken.order.balance(), flag_of(&taken.order)),
        (-400, Some(Flag::Overdrawn))
    );
    assert_eq!(taken.order.state, State::Disputed);
    // The bank decides that the refund counts, and gives the rest back.
    let settled = book(
        taken.order,
        &Standing {
            refunded: 400,
            disputed: PRICE - 400,
            ..paid()
        },
    );
    assert_eq!(
        (
            settled.order.balance(),
            flag_of(&settled.order),
            settled.tell
        ),
        (0, None, vec![])
    );
}

#[test]
fn what_brought_nothing_is_beside_what_did() {
    let claim = Standing {
        provider: Some(Provider::Generic),
        payment: Some("p-1".into()),
        ..paid()
    };
    let order = book(order(), &claim).order;
    assert_eq!(
        (order.provider, order.payment.as_deref()),
        (Provider::Generic, Some("p-1"))
    );
    let returned = book(
        order,
        &Standing {
            refunded: PRICE,
            ..claim
        },
    )
    .order;
    for payment in [None, Some("pi_declined".to_owned())] {
        let expired = Standing {
            provider: Some(Provider::Stripe),
            payment,
            is_closed: true,
            ..unpaid()
        };
        let booked = book(returned.clone(), &expired);
        assert_eq!(
            (booked.order, booked.rows, booked.tell),
            (returned.clone(), vec![], vec![])
        );
    }
}

#[test]
fn a_failed_attempt_is_not_the_orders_payment() {
    let failed = Standing {
        payment: Some("p-1".into()),
        has_failed: true,
        ..unpaid()
    };
    let order = book(order(), &failed).order;
    assert_eq!((order.state, &order.payment), (State::Failed, &None));
    assert_eq!(book(order, &paid()).order.payment.as_deref(), Some("pi_1"));
}

#[test]
fn fees_are_the_providers_and_are_corrected() {
    let first = book(
        order(),
        &Standing {
            fees: Some(114),
            ..paid()
        },
    );
    assert_eq!(
        kinds(&first),
        [(Kind::Charge, PRICE), (Kind::Credit, 1), (Kind::Fee, -114)]
    );
    let corrected = book(
        first.order,
        &Standing {
            fees: Some(100),
            ..paid()
        },
    );
    assert_eq!(
        (kinds(&corrected), corrected.order.balance()),
        (vec![(Kind::Fee, 14)], PRICE)
    );
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let received =
        prop_oneof![3 => Just(usd(PRICE)), 2 => Just(usd(0)), 1 => Just(usd(1)), 1 => Just(None)];
    let money = || prop_oneof![3 => Just(0), 1 => Just(PRICE), 2 => 0..=PRICE, 1 => -5..PRICE * 2];
    (
        received,
        money(),
        money(),
        prop::option::of(0..200i64),
        any::<(bool, bool, bool)>(),
    )
        .prop_map(
            |(received, refunded, disputed, fees, (is_underway, is_closed, has_failed))| Standing {
                payment: Some("pi_1".into()),
                received,
                refunded,
                disputed,
                fees,
                is_underway,
                is_closed,
                has_failed,
                ..Standing::default()
            },
        )
}

proptest! {
    #[test]
    fn whatever_a_provider_says_the_ledger_adds_up(
        standings in prop::collection::vec(any_standing(), 1..12),
        spends in prop::collection::vec(any::<bool>(), 12),
        wishes in prop::collection::vec(prop::bool::weighted(0.2), 12),
    ) {
        let mut order = order();
        let (mut rows, mut grants) = (Vec::new(), 0);
        let mut credits = 0;
        for ((standing, spends), wishes) in standings.iter().zip(spends).zip(wishes) {
            if wishes {
                order = order.refund_wanted("no photos");
            }
            let was_owed = order.owes_refund();
            let booked = book(order, standing);
            let asks = booked.tell.iter().filter(|told| matches!(told, Tell::RefundRequested(_))).count();
            prop_assert_eq!(asks, usize::from(booked.order.owes_refund() && !was_owed));
            order = booked.order;
            grants += booked.tell.iter().filter(|told| matches!(told, Tell::Received(_))).count();
            credits += booked.rows.iter().filter(|row| matches!(row, Row::Credits { .. })).map(Row::amount).sum::<i64>();
            rows.extend(booked.rows);
            // A spend is refused when there is too little.
            if spends && credits >= 1 {
                credits -= 1;
            }
            let sum = |account: Account| rows.iter().filter(|r| r.account() == account).map(Row::amount).sum::<i64>();
            prop_assert_eq!(sum(Account::Order), order.balance());
            prop_assert_eq!(sum(Account::Fees), -order.fees);
            let taken = rows.iter().any(|row| matches!(row, Row::Money { kind: Kind::Reversal, amount } if amount.minor < 0));
            prop_assert!(order.balance() >= 0 || taken, "negative without a reversal");
            prop_assert!(order.refunded >= 0 && order.disputed >= 0 && order.fees >= 0);
            let reversed = rows.iter().any(|row| matches!(row, Row::Credits { kind: Kind::Reversal, .. }));
            prop_assert!(credits >= 0 || reversed, "negative without a reversal");
            prop_assert!(grants <= 1);
            prop_assert_eq!(grants == 1, order.granted);
            prop_assert!(rows.iter().all(|row| row.amount() != 0));
        }
    }

    #[test]
    fn all_roads_lead_to_where_the_provider_stands_last(
        standings in prop::collection::vec(any_standing(), 0..8),
        last in any_standing(),
        fees in 0..200i64,
    ) {
        let last = Standing { fees: Some(fees), ..last };
        let through = |mut order: Order, standings: &[Standing]| {
            for standing in standings {
                order = book(order, standing).order;
            }
            order
        };
        let direct = through(order(), &[paid(), last.clone()]);
        let around = through(through(order(), &[paid()]), &[standings, vec![last]].concat());
        // What was refused as a whole leaves what was booked before it.
        if flag_of(&around).is_none_or(|flag| flag == Flag::CameBack) && flag_of(&direct).is_none() {
            let totals = |order: &Order| (order.received, order.refunded, order.disputed, order.fees, order.state);
            prop_assert_eq!(totals(&around), totals(&direct));
        }
    }

    #[test]
    fn flag_of_each_payment_follows_the_last_notice_of_that_payment(
        notices in prop::collection::vec((0..4usize, 0..=2i64, any::<bool>()), 1..24),
    ) {
        let mut order = book(order(), &paid()).order;
        let mut held = BTreeMap::new();
        for (payment, halves, is_disputed) in notices {
            let name = format!("pi_{}", payment + 1);
            let back = PRICE / 2 * halves;
            let (refunded, disputed) = if is_disputed { (0, back) } else { (back, 0) };
            order = book(order, &Standing { payment: Some(name.clone()), refunded, disputed, ..paid() }).order;
            held.insert(name, back < PRICE);
            for (payment, is_held) in held.iter().filter(|(payment, _)| *payment != "pi_1") {
                prop_assert_eq!(order.flags.get(payment), is_held.then_some(&Flag::PaidTwice), "{}", payment);
            }
            prop_assert_eq!(order.payment.as_deref(), Some("pi_1"));
            prop_assert_eq!(order.received, PRICE);
        }
    }
}
