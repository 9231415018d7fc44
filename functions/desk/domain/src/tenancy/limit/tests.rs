use proptest::prelude::*;

use super::*;

fn limit(amount: u64, policy: LimitPolicy) -> Limit {
    Limit {
        name: LimitName::AiAnswers,
        amount,
        policy,
        cap: None,
    }
}

fn capped(amount: u64, policy: LimitPolicy, cap: u64) -> Limit {
    Limit {
        cap: Some(cap),
        ..limit(amount, policy)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn hard_limit_counts_what_is_used_and_what_is_reserved() {
    let seats = limit(3, LimitPolicy::Hard);
    assert!(check_limit(&seats, 2, 0, 1).is_ok());
    assert!(check_limit(&seats, 1, 1, 1).is_ok());
    let reached = check_limit(&seats, 2, 1, 1).unwrap_err();
    assert_eq!((reached.most, reached.available), (3, 0));
    assert_eq!(check_limit(&seats, 1, 0, 3).unwrap_err().available, 2);
    let after_downgrade = check_limit(&seats, 9, 0, 1).unwrap_err();
    assert_eq!(after_downgrade.available, 0);
    assert_eq!(
        reached.to_string(),
        "AiAnswers is limited to 3, and 0 are left"
    );
}

#[test]
fn soft_and_metered_limits_allow_more_up_to_the_cap_of_the_tenant() {
    for policy in [LimitPolicy::Soft, LimitPolicy::Metered] {
        assert_eq!(check_limit(&limit(10, policy), 9, 0, 3).unwrap().overage, 2);
        assert_eq!(
            check_limit(&limit(10, policy), 50, 0, 3).unwrap().overage,
            3
        );
        assert_eq!(check_limit(&limit(10, policy), 0, 0, 3).unwrap().overage, 0);
        assert!(check_limit(&capped(10, policy, 12), 9, 0, 3).is_ok());
        assert_eq!(
            check_limit(&capped(10, policy, 12), 10, 0, 3)
                .unwrap_err()
                .available,
            2
        );
    }
    assert!(check_limit(&capped(10, LimitPolicy::Hard, 5), 5, 0, 1).is_err());
    assert!(check_limit(&capped(10, LimitPolicy::Hard, 50), 10, 0, 1).is_err());
}

#[test]
fn thresholds_are_crossed_once() {
    let crossed = |used, wanted| {
        check_limit(&limit(10, LimitPolicy::Metered), used, 0, wanted)
            .unwrap()
            .crossed
    };
    assert_eq!(crossed(6, 1), None);
    assert_eq!(crossed(7, 1), Some(LimitThreshold::Eighty));
    assert_eq!(crossed(8, 1), None);
    assert_eq!(crossed(9, 1), Some(LimitThreshold::Full));
    assert_eq!(crossed(7, 3), Some(LimitThreshold::Full));
    assert_eq!(crossed(10, 1), None);
    let none_included = check_limit(&limit(0, LimitPolicy::Metered), 0, 0, 1).unwrap();
    assert_eq!((none_included.crossed, none_included.overage), (None, 1));
}

#[test]
fn nothing_wanted_always_fits_and_huge_numbers_do_not_overflow() {
    assert!(check_limit(&limit(0, LimitPolicy::Hard), 9, 9, 0).is_ok());
    assert!(check_limit(&limit(u64::MAX, LimitPolicy::Hard), u64::MAX, u64::MAX, 1).is_err());
    assert!(check_limit(&limit(0, LimitPolicy::Hard), 0, 0, u64::MAX).is_err());
    assert!(check_limit(&limit(5, LimitPolicy::Metered), u64::MAX, 0, 1).is_err());
}

#[test]
fn report_shows_the_numbers_of_the_guard_and_when_a_month_resets() {
    let report = limit(10, LimitPolicy::Metered).report(4, 2, at("2026-12-31T23:59:59Z"));
    assert_eq!((report.limit, report.used, report.reserved), (10, 4, 2));
    assert_eq!(report.resets_at, Some(at("2027-01-01T00:00:00Z")));
    let seats = Limit {
        name: LimitName::Seats,
        ..limit(3, LimitPolicy::Hard)
    };
    assert_eq!(
        seats.report(1, 0, at("2026-12-31T23:59:59Z")).resets_at,
        None
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (&json["name"], &json["policy"]),
        (&"ai_answers".into(), &"metered".into())
    );
}

#[test]
fn usage_is_counted_by_the_month_in_utc() {
    let month = UsageMonth::of(at("2026-11-30T23:59:59.999Z"));
    assert_eq!(month.to_string(), "2026-11");
    assert_eq!(month.ends_at(), at("2026-12-01T00:00:00Z"));
    assert_eq!(UsageMonth::of(month.ends_at()).to_string(), "2026-12");
    assert_eq!(UsageMonth::of(Timestamp::MAX).ends_at(), Timestamp::MAX);
}

fn any_limit() -> impl Strategy<Value = Limit> {
    let policy = prop_oneof![
        Just(LimitPolicy::Hard),
        Just(LimitPolicy::Soft),
        Just(LimitPolicy::Metered)
    ];
    (0_u64..50, policy, proptest::option::of(0_u64..80)).prop_map(|(amount, policy, cap)| Limit {
        cap,
        ..limit(amount, policy)
    })
}

proptest! {
    #[test]
    fn condition_of_the_write_allows_what_the_guard_allows(
        limit in any_limit(), used in 0_u64..100, reserved in 0_u64..20, wanted in 0_u64..20,
    ) {
        let fits = limit.bound_for(wanted).is_some_and(|bound| used + reserved <= bound);
        prop_assert_eq!(check_limit(&limit, used, reserved, wanted).is_ok(), fits);
    }

    #[test]
    fn grants_never_pass_the_limit_and_each_threshold_is_notified_once(
        limit in any_limit(), wishes in proptest::collection::vec(0_u64..9, 0..60),
    ) {
        let (mut used, mut notices, mut overage) = (0, Vec::new(), 0);
        for wanted in wishes {
            if let Ok(grant) = check_limit(&limit, used, 0, wanted) {
                used += wanted;
                overage += grant.overage;
                notices.extend(grant.crossed);
            }
        }
        prop_assert!(limit.most().is_none_or(|most| used <= most));
        prop_assert_eq!(overage, used.saturating_sub(limit.amount));
        let is_sorted = notices.windows(2).all(|pair| pair[0] < pair[1]);
        prop_assert!(is_sorted, "{:?}", notices);
    }
}

#[test]
fn months_are_read_back_and_have_a_previous_one() {
    let month = UsageMonth::of(at("2026-01-31T23:59:59Z"));
    assert_eq!(UsageMonth::parse("2026-01"), Some(month));
    assert_eq!(month.previous().to_string(), "2025-12");
    assert_eq!(UsageMonth::of(month.ends_at()).previous(), month);
    for odd in ["", "2026", "2026-13", "2026-1", "2026-01-01", " 2026-01"] {
        assert_eq!(UsageMonth::parse(odd), None, "{odd}");
    }
}

#[test]
fn names_of_limits_are_those_of_json() {
    for name in LimitName::ALL {
        assert_eq!(serde_json::to_value(name).unwrap(), name.name());
    }
}
