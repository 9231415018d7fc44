//! Tests of the analytics: buckets, totals in any order, alerts and what the sweep owes.

mod folding;
mod letters;
mod watching;

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn buckets_are_within_nine_per_cent(millis in 1_u64..(1 << 52)) {
        let shown = millis_of(bucket_of(millis));
        prop_assert!(shown.abs_diff(millis) * 100 <= millis * 9, "{millis} is shown as {shown}");
    }

    #[test]
    fn percentiles_are_within_nine_per_cent(
        mut durations in prop::collection::vec(1_u64..10_000_000, 1..200),
        permille in prop::sample::select(vec![500_u64, 950, 990]),
    ) {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|millis| histogram.record(*millis));
        durations.sort_unstable();
        let rank = (durations.len() as u64 * permille).div_ceil(1_000) as usize;
        let (exact, shown) = (durations[rank - 1], histogram.percentile(permille));
        prop_assert!(shown.abs_diff(exact) * 100 <= exact * 9, "{exact} is shown as {shown}");
    }

    #[test]
    fn histograms_add_up(
        one in prop::collection::vec(any::<u64>(), 0..50),
        other in prop::collection::vec(any::<u64>(), 0..50),
    ) {
        let of = |durations: &[u64]| {
            let mut histogram = Histogram::default();
            durations.iter().for_each(|millis| histogram.record(*millis));
            histogram
        };
        let mut merged = of(&one);
        merged.merge(&of(&other));
        prop_assert_eq!(merged, of(&[one, other].concat()));
    }
}

#[test]
fn a_doubling_has_eight_buckets_and_extremes_have_one() {
    assert_eq!(bucket_of(0), 0);
    assert_eq!(millis_of(0), 0);
    assert_eq!(bucket_of(2_048) - bucket_of(1_024), 8);
    assert_eq!(bucket_of(u64::MAX), 512);
    assert!(millis_of(u16::MAX) > 1 << 62);
    assert_eq!(Histogram::default().percentile(950), 0);
}
