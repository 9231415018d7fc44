//! Durations in fixed logarithmic buckets, eight for each doubling. Buckets of any two histograms add up.

use std::collections::BTreeMap;

const BUCKETS_PER_DOUBLING: u16 = 8;

/// 2^63 times 2^(k/8): where the buckets of a doubling begin.
const BEGINNINGS: [u64; 8] = [
    9_223_372_036_854_775_808,
    10_058_158_527_438_640_870,
    10_968_499_650_544_839_023,
    11_961_233_684_655_323_370,
    13_043_817_825_332_782_212,
    14_224_384_202_002_324_189,
    15_511_800_964_685_064_948,
    16_915_738_899_553_466_670,
];

/// 2^32 times 2^((k+0.5)/8): the geometric middles of the buckets of a doubling.
const MIDDLES: [u64; 8] = [
    4_485_121_744,
    4_891_059_943,
    5_333_738_689,
    5_816_483_285,
    6_342_919_999,
    6_917_003_306,
    7_543_045_592,
    8_225_749_546,
];

/// Returns the bucket of a duration. Bucket 0 is for less than a millisecond.
pub fn bucket_of(millis: u64) -> u16 {
    let Some(doubling) = millis.checked_ilog2() else {
        return 0;
    };
    let mantissa = millis << (63 - doubling);
    let part = BEGINNINGS.iter().rposition(|begin| mantissa >= *begin);
    let part = u16::try_from(part.unwrap_or(0)).unwrap_or(0);
    1 + u16::try_from(doubling).unwrap_or(0) * BUCKETS_PER_DOUBLING + part
}

/// Returns the duration that stands for a bucket, at most 4.5 % from every duration in it.
pub fn millis_of(bucket: u16) -> u64 {
    let Some(bucket) = bucket.checked_sub(1) else {
        return 0;
    };
    let (doubling, part) = (bucket / BUCKETS_PER_DOUBLING, bucket % BUCKETS_PER_DOUBLING);
    let middle = u128::from(MIDDLES[usize::from(part)]) << doubling.min(63);
    u64::try_from((middle + (1 << 31)) >> 32).unwrap_or(u64::MAX)
}

/// How many durations fell into each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram(pub BTreeMap<u16, u64>);

impl Histogram {
    pub fn record(&mut self, millis: u64) {
        self.add(bucket_of(millis), 1);
    }

    pub fn add(&mut self, bucket: u16, count: u64) {
        let held = self.0.entry(bucket).or_default();
        *held = held.saturating_add(count);
    }

    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    pub fn count(&self) -> u64 {
        let counts = self.0.values();
        counts.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the duration that so many thousandths of all durations do not exceed (nearest rank); 0 without any.
    pub fn percentile(&self, permille: u64) -> u64 {
        let rank = u128::from(self.count()) * u128::from(permille);
        let rank = rank.div_ceil(1_000).max(1);
        let mut seen = 0_u128;
        for (bucket, count) in &self.0 {
            seen += u128::from(*count);
            if seen >= rank {
                return millis_of(*bucket);
            }
        }
        0
    }
}
