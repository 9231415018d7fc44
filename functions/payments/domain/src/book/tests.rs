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

fn paid() -> ProviderSnapshot {
    ProviderSnapshot {
        payment: Some("pi_1".into()),
        received: usd(PRICE),
        ..ProviderSnapshot::default()
    }
}

fn unpaid() -> ProviderSnapshot {
    ProviderSnapshot {
        received: usd(0),
        ..ProviderSnapshot::default()
    }
}

/// The only flag of an order.
fn flag_of(order: &Order) -> Option<Flag> {
    assert!(order.flags.len() <= 1, "{:?}", order.flags);
    order.flags.values().next().copied()
}

fn kinds(booking: &Booking) -> Vec<(EntryKind, i64)> {
    booking
        .entries
        .iter()
        .map(|entry| (entry.kind(), entry.amount()))
        .collect()
}

#[test]
fn payment_is_booked_and_granted_once() {
    let first = book(order(), &paid());
    assert_eq!(
        kinds(&first),
        [(EntryKind::Charge, PRICE), (EntryKind::Credit, 1)]
    );
    assert!(matches!(
        first.events[..],
        [OutboxEvent::Received(PaymentReceived { credits: 1, .. })]
    ));
    assert_eq!(
        (first.order.state, first.order.payment.as_deref()),
        (OrderState::Paid, Some("pi_1"))
    );
    let again = book(first.order.clone(), &paid());
    assert_eq!(
        (again.entries, again.events, again.order),
        (vec![], vec![], first.order)
    );
}

#[test]
fn partial_refunds_are_announced_and_only_a_full_one_takes_credits_back() {
    let paid_order = book(order(), &paid()).order;
    let part = book(
        paid_order,
        &ProviderSnapshot {
            refunded: 900,
            ..paid()
        },
    );
    assert_eq!(kinds(&part), [(EntryKind::Refund, -900)]);
    assert!(
        matches!(&part.events[..], [OutboxEvent::Refunded(event)] if !event.is_all && event.returned.minor == 900)
    );
    assert_eq!(part.order.state, OrderState::Paid);
    let all = book(
        part.order,
        &ProviderSnapshot {
            refunded: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&all),
        [(EntryKind::Refund, 900 - PRICE), (EntryKind::Reversal, -1)]
    );
    assert!(
        matches!(&all.events[..], [OutboxEvent::Refunded(event)] if event.is_all && event.reason == ReturnReason::Refund)
    );
    assert_eq!(
        (all.order.state, all.order.balance()),
        (OrderState::Refunded, 0)
    );
}

#[test]
fn failed_refund_returns_the_money_and_is_flagged() {
    let refunded = book(
        book(order(), &paid()).order,
        &ProviderSnapshot {
            refunded: PRICE,
            ..paid()
        },
    )
    .order;
    let back = book(refunded, &paid());
    assert_eq!(kinds(&back), [(EntryKind::Reversal, PRICE)]);
    assert_eq!(
        (back.events, flag_of(&back.order), back.order.state),
        (vec![], Some(Flag::FundsCameBack), OrderState::Paid)
    );
}

#[test]
fn dispute_withdraws_the_money_and_a_won_dispute_is_flagged() {
    let disputed = book(
        book(order(), &paid()).order,
        &ProviderSnapshot {
            disputed: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&disputed),
        [(EntryKind::Reversal, -PRICE), (EntryKind::Reversal, -1)]
    );
    assert!(
        matches!(&disputed.events[..], [OutboxEvent::Refunded(event)] if event.is_all && event.reason == ReturnReason::Dispute)
    );
    assert_eq!(disputed.order.state, OrderState::Disputed);
    let won = book(disputed.order, &paid());
    assert_eq!(kinds(&won), [(EntryKind::Reversal, PRICE)]);
    assert_eq!(
        (flag_of(&won.order), won.order.state),
        (Some(Flag::FundsCameBack), OrderState::Paid)
    );
}

#[test]
fn late_payment_of_an_expired_order_is_booked() {
    let expired = book(
        order(),
        &ProviderSnapshot {
            is_expired: true,
            ..unpaid()
        },
    );
    assert!(
        matches!(&expired.events[..], [OutboxEvent::Failed(event)] if event.reason == FailureReason::Expired)
    );
    assert_eq!(expired.order.state, OrderState::Expired);
    let late = book(
        expired.order,
        &ProviderSnapshot {
            is_expired: true,
            ..paid()
        },
    );
    assert_eq!(late.order.state, OrderState::Paid);
    assert!(matches!(late.events[..], [OutboxEvent::Received(_)]));
}

#[test]
fn bank_debit_is_pending_until_the_bank_decides() {
    let underway = book(
        order(),
        &ProviderSnapshot {
            is_processing: true,
            is_expired: true,
            ..unpaid()
        },
    );
    assert_eq!(
        (underway.order.state, kinds(&underway)),
        (OrderState::Pending, vec![])
    );
    let failed = book(
        underway.order,
        &ProviderSnapshot {
            has_failed: true,
            is_expired: true,
            ..unpaid()
        },
    );
    assert!(
        matches!(&failed.events[..], [OutboxEvent::Failed(event)] if event.reason == FailureReason::Declined)
    );
    assert_eq!(failed.order.state, OrderState::Failed);
}

#[test]
fn pending_payment_is_announced_once_and_never_after_the_order_settles() {
    let underway = ProviderSnapshot {
        is_processing: true,
        is_expired: true,
        payment: Some("pi_1".into()),
        ..unpaid()
    };
    let first = book(order(), &underway);
    assert!(
        matches!(&first.events[..], [OutboxEvent::Pending(event)] if event.amount.minor == PRICE),
        "{:?}",
        first.events
    );
    assert_eq!(
        book(first.order.clone(), &underway).events,
        [],
        "a duplicate"
    );
    let failed = book(
        first.order.clone(),
        &ProviderSnapshot {
            has_failed: true,
            is_processing: false,
            ..underway.clone()
        },
    );
    assert!(matches!(failed.events[..], [OutboxEvent::Failed(_)]));
    let late = book(failed.order, &paid());
    assert!(matches!(late.events[..], [OutboxEvent::Received(_)]));
    // The order settles before the pending notice.
    for end in [
        paid(),
        ProviderSnapshot {
            has_failed: true,
            ..unpaid()
        },
        ProviderSnapshot {
            is_expired: true,
            ..unpaid()
        },
    ] {
        let ended = book(order(), &end).order;
        assert_eq!(book(ended, &underway).events, [], "{end:?}");
    }
}

#[test]
fn payment_that_does_not_match_the_order_is_refused_and_flagged() {
    let cases = [
        (
            ProviderSnapshot {
                is_foreign: true,
                ..paid()
            },
            Flag::ForeignOrder,
        ),
        (
            ProviderSnapshot {
                received: None,
                ..paid()
            },
            Flag::WrongCurrency,
        ),
        (
            ProviderSnapshot {
                received: Some(Money::new(PRICE, Currency::Ils)),
                ..paid()
            },
            Flag::WrongCurrency,
        ),
        (
            ProviderSnapshot {
                received: usd(1),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            ProviderSnapshot {
                received: usd(PRICE + 1),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            ProviderSnapshot {
                received: usd(-PRICE),
                ..paid()
            },
            Flag::WrongAmount,
        ),
        (
            ProviderSnapshot {
                refunded: PRICE + 1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            ProviderSnapshot {
                refunded: -1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            ProviderSnapshot {
                disputed: -1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            ProviderSnapshot {
                refunded: i64::MAX,
                disputed: 1,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            ProviderSnapshot {
                refunded: PRICE,
                disputed: i64::MAX,
                ..paid()
            },
            Flag::Overdrawn,
        ),
        (
            ProviderSnapshot {
                fees: Some(-1),
                ..paid()
            },
            Flag::Overdrawn,
        ),
    ];
    for (snapshot, flag) in cases {
        let booked = book(order(), &snapshot);
        assert_eq!(
            (flag_of(&booked.order), booked.entries, booked.events),
            (Some(flag), vec![], vec![]),
            "{snapshot:?}"
        );
        // A later snapshot that matches is booked.
        assert_eq!(flag_of(&book(booked.order, &paid()).order), None);
    }
}

/// Another payment of an order that `pi_1` has paid.
fn second_payment() -> ProviderSnapshot {
    ProviderSnapshot {
        payment: Some("pi_2".into()),
        ..paid()
    }
}

#[test]
fn second_payment_is_flagged_until_that_payment_is_returned() {
    let first = book(order(), &paid()).order;
    let second = book(first.clone(), &second_payment());
    assert_eq!(
        (flag_of(&second.order), second.entries, second.events),
        (Some(Flag::PaidTwice), vec![], vec![])
    );
    assert_eq!(second.order.payment.as_deref(), Some("pi_1"));
    let after_first_payment = book(second.order, &paid()).order;
    assert_eq!(
        flag_of(&after_first_payment),
        Some(Flag::PaidTwice),
        "the first payment does not end it"
    );
    let part = book(
        after_first_payment,
        &ProviderSnapshot {
            refunded: 900,
            ..second_payment()
        },
    )
    .order;
    assert_eq!(
        flag_of(&part),
        Some(Flag::PaidTwice),
        "a part of the money is left"
    );
    for back in [
        ProviderSnapshot {
            refunded: PRICE,
            ..second_payment()
        },
        ProviderSnapshot {
            disputed: PRICE,
            ..second_payment()
        },
        ProviderSnapshot {
            received: None,
            is_fully_refunded: true,
            ..second_payment()
        },
    ] {
        let returned = book(part.clone(), &back);
        assert_eq!(
            (&returned.order, returned.entries, returned.events),
            (&first, vec![], vec![]),
            "{back:?}"
        );
        assert_eq!(
            book(returned.order, &paid()).order,
            first,
            "the flag stays ended"
        );
    }
}

#[test]
fn wrong_payment_keeps_its_flag_when_another_payment_is_good() {
    let wrong = ProviderSnapshot {
        payment: Some("pi_2".into()),
        received: usd(1),
        ..ProviderSnapshot::default()
    };
    let order = book(book(order(), &wrong).order, &paid()).order;
    assert_eq!(
        (order.state, flag_of(&order)),
        (OrderState::Paid, Some(Flag::WrongAmount))
    );
    let order = book(
        order,
        &ProviderSnapshot {
            refunded: 1,
            ..wrong
        },
    )
    .order;
    assert_eq!((order.state, flag_of(&order)), (OrderState::Paid, None));
}

#[test]
fn older_report_raises_no_flag_after_the_refused_payment_was_returned() {
    let report = |refunded| ProviderSnapshot {
        provider: Some(Provider::Generic),
        refunded,
        ..second_payment()
    };
    let first = book(order(), &paid()).order;
    let flagged = book(first, &report(0)).order;
    assert_eq!(flag_of(&flagged), Some(Flag::PaidTwice));
    let returned = book(flagged, &report(PRICE)).order;
    assert_eq!(flag_of(&returned), None);
    assert_eq!(book(returned.clone(), &report(0)).order, returned);
}

#[test]
fn booked_payment_that_contradicts_the_ledger_is_flagged_without_money() {
    let contradiction = ProviderSnapshot {
        received: usd(1),
        refunded: 1,
        ..paid()
    };
    let order = book(book(order(), &paid()).order, &contradiction).order;
    assert_eq!(
        (order.received, flag_of(&order)),
        (PRICE, Some(Flag::WrongAmount))
    );
}

#[test]
fn dispute_after_a_partial_refund_overdraws_the_order() {
    let part = book(
        book(order(), &paid()).order,
        &ProviderSnapshot {
            refunded: 400,
            ..paid()
        },
    )
    .order;
    let taken = book(
        part,
        &ProviderSnapshot {
            refunded: 400,
            disputed: PRICE,
            ..paid()
        },
    );
    assert_eq!(
        kinds(&taken),
        [(EntryKind::Reversal, -PRICE), (EntryKind::Reversal, -1)]
    );
    assert!(
        matches!(&taken.events[..], [OutboxEvent::Refunded(event)] if event.is_all && event.reason == ReturnReason::Dispute)
    );
    assert_eq!(
        (taken.order.balance(), flag_of(&taken.order)),
        (-400, Some(Flag::Overdrawn))
    );
    assert_eq!(taken.order.state, OrderState::Disputed);
    // The bank counts the refund and returns the rest.
    let settled = book(
        taken.order,
        &ProviderSnapshot {
            refunded: 400,
            disputed: PRICE - 400,
            ..paid()
        },
    );
    assert_eq!(
        (
            settled.order.balance(),
            flag_of(&settled.order),
            settled.events
        ),
        (0, None, vec![])
    );
}

#[test]
fn attempt_without_money_changes_nothing_after_another_payment() {
    let report = ProviderSnapshot {
        provider: Some(Provider::Generic),
        payment: Some("p-1".into()),
        ..paid()
    };
    let order = book(order(), &report).order;
    assert_eq!(
        (order.provider, order.payment.as_deref()),
        (Provider::Generic, Some("p-1"))
    );
    let returned = book(
        order,
        &ProviderSnapshot {
            refunded: PRICE,
            ..report
        },
    )
    .order;
    for payment in [None, Some("pi_declined".to_owned())] {
        let expired = ProviderSnapshot {
            provider: Some(Provider::Stripe),
            payment,
            is_expired: true,
            ..unpaid()
        };
        let booked = book(returned.clone(), &expired);
        assert_eq!(
            (booked.order, booked.entries, booked.events),
            (returned.clone(), vec![], vec![])
        );
    }
}

#[test]
fn failed_attempt_does_not_become_the_payment_of_the_order() {
    let failed = ProviderSnapshot {
        payment: Some("p-1".into()),
        has_failed: true,
        ..unpaid()
    };
    let order = book(order(), &failed).order;
    assert_eq!((order.state, &order.payment), (OrderState::Failed, &None));
    assert_eq!(book(order, &paid()).order.payment.as_deref(), Some("pi_1"));
}

#[test]
fn fees_are_booked_and_corrected() {
    let first = book(
        order(),
        &ProviderSnapshot {
            fees: Some(114),
            ..paid()
        },
    );
    assert_eq!(
        kinds(&first),
        [
            (EntryKind::Charge, PRICE),
            (EntryKind::Credit, 1),
            (EntryKind::Fee, -114)
        ]
    );
    let corrected = book(
        first.order,
        &ProviderSnapshot {
            fees: Some(100),
            ..paid()
        },
    );
    assert_eq!(
        (kinds(&corrected), corrected.order.balance()),
        (vec![(EntryKind::Fee, 14)], PRICE)
    );
}

fn any_snapshot() -> impl Strategy<Value = ProviderSnapshot> {
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
            |(received, refunded, disputed, fees, (is_processing, is_expired, has_failed))| {
                ProviderSnapshot {
                    payment: Some("pi_1".into()),
                    received,
                    refunded,
                    disputed,
                    fees,
                    is_processing,
                    is_expired,
                    has_failed,
                    ..ProviderSnapshot::default()
                }
            },
        )
}

proptest! {
    #[test]
    fn ledger_adds_up_for_any_snapshots(
        snapshots in prop::collection::vec(any_snapshot(), 1..12),
        spends in prop::collection::vec(any::<bool>(), 12),
        requests_refund in prop::collection::vec(prop::bool::weighted(0.2), 12),
    ) {
        let mut order = order();
        let (mut entries, mut grants) = (Vec::new(), 0);
        let mut credits = 0;
        for ((snapshot, spends), requests_refund) in snapshots.iter().zip(spends).zip(requests_refund) {
            if requests_refund {
                order = order.request_refund("no photos");
            }
            let was_due = order.is_refund_due();
            let booked = book(order, snapshot);
            let announcements = booked.events.iter().filter(|event| matches!(event, OutboxEvent::RefundRequested(_))).count();
            prop_assert_eq!(announcements, usize::from(booked.order.is_refund_due() && !was_due));
            order = booked.order;
            grants += booked.events.iter().filter(|event| matches!(event, OutboxEvent::Received(_))).count();
            credits += booked.entries.iter().filter(|entry| matches!(entry, LedgerEntry::Credits { .. })).map(LedgerEntry::amount).sum::<i64>();
            entries.extend(booked.entries);
            // A spend needs enough credits.
            if spends && credits >= 1 {
                credits -= 1;
            }
            let sum = |account: Account| entries.iter().filter(|entry| entry.account() == account).map(LedgerEntry::amount).sum::<i64>();
            prop_assert_eq!(sum(Account::Order), order.balance());
            prop_assert_eq!(sum(Account::Fees), -order.fees);
            let taken = entries.iter().any(|entry| matches!(entry, LedgerEntry::Money { kind: EntryKind::Reversal, amount } if amount.minor < 0));
            prop_assert!(order.balance() >= 0 || taken, "negative without a reversal");
            prop_assert!(order.refunded >= 0 && order.disputed >= 0 && order.fees >= 0);
            let reversed = entries.iter().any(|entry| matches!(entry, LedgerEntry::Credits { kind: EntryKind::Reversal, .. }));
            prop_assert!(credits >= 0 || reversed, "negative without a reversal");
            prop_assert!(grants <= 1);
            prop_assert_eq!(grants == 1, order.is_granted);
            prop_assert!(entries.iter().all(|entry| entry.amount() != 0));
        }
    }

    #[test]
    fn last_snapshot_decides_the_totals(
        snapshots in prop::collection::vec(any_snapshot(), 0..8),
        last in any_snapshot(),
        fees in 0..200i64,
    ) {
        let last = ProviderSnapshot { fees: Some(fees), ..last };
        let through = |mut order: Order, snapshots: &[ProviderSnapshot]| {
            for snapshot in snapshots {
                order = book(order, snapshot).order;
            }
            order
        };
        let direct = through(order(), &[paid(), last.clone()]);
        let detour = through(through(order(), &[paid()]), &[snapshots, vec![last]].concat());
        // A refused snapshot leaves the earlier totals.
        if flag_of(&detour).is_none_or(|flag| flag == Flag::FundsCameBack) && flag_of(&direct).is_none() {
            let totals = |order: &Order| (order.received, order.refunded, order.disputed, order.fees, order.state);
            prop_assert_eq!(totals(&detour), totals(&direct));
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
            order = book(order, &ProviderSnapshot { payment: Some(name.clone()), refunded, disputed, ..paid() }).order;
            held.insert(name, back < PRICE);
            for (payment, is_held) in held.iter().filter(|(payment, _)| *payment != "pi_1") {
                prop_assert_eq!(order.flags.get(payment), is_held.then_some(&Flag::PaidTwice), "{}", payment);
            }
            prop_assert_eq!(order.payment.as_deref(), Some("pi_1"));
            prop_assert_eq!(order.received, PRICE);
        }
    }
}
