//! What a carousel costs, in rows whose sum is the total.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    InputTokens,
    CachedTokens,
    OutputTokens,
    /// Milliseconds of a renderer times its megabytes.
    RenderMegabyteMillis,
    ObjectPuts,
    TelegramCalls,
}

impl CostKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::InputTokens => "input_tokens",
            Self::CachedTokens => "cached_tokens",
            Self::OutputTokens => "output_tokens",
            Self::RenderMegabyteMillis => "render_megabyte_millis",
            Self::ObjectPuts => "object_puts",
            Self::TelegramCalls => "telegram_calls",
        }
    }
}

/// Something used, as the worker that used it counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub kind: CostKind,
    pub units: u64,
}

/// Prices of a day, in micro-dollars for a billion units: a thousand times finer than the usual
/// price of a million tokens, because a megabyte-millisecond costs so little.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PriceList {
    /// The day the prices were read, such as `2026-11-01`.
    pub day: String,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub render_megabyte_millis: u64,
    pub object_puts: u64,
}

impl PriceList {
    /// Tells whether the tokens of a model have prices. Without them no budget would ever be spent.
    pub fn has_model(&self) -> bool {
        self.input_tokens > 0 && self.output_tokens > 0
    }

    pub fn micros_per_billion(&self, kind: CostKind) -> u64 {
        match kind {
            CostKind::InputTokens => self.input_tokens,
            CostKind::CachedTokens => self.cached_tokens,
            CostKind::OutputTokens => self.output_tokens,
            CostKind::RenderMegabyteMillis => self.render_megabyte_millis,
            CostKind::ObjectPuts => self.object_puts,
            CostKind::TelegramCalls => 0,
        }
    }
}

/// Parses JSON, as in a variable.
impl FromStr for PriceList {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// All units of a kind at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRow {
    pub kind: CostKind,
    pub units: u64,
    pub micros_per_billion: u64,
    pub price_day: String,
}

impl CostRow {
    /// Returns the row's micro-dollars, rounded half up. A row is rounded once, so that the total
    /// is the sum of what the rows show.
    pub fn micros(&self) -> u64 {
        const BILLION: u128 = 1_000_000_000;
        let exact = u128::from(self.units) * u128::from(self.micros_per_billion);
        u64::try_from((exact + BILLION / 2) / BILLION).unwrap_or(u64::MAX)
    }
}

/// The cost rows of a carousel: one for each kind and price.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost(pub Vec<CostRow>);

impl Cost {
    pub fn add(&mut self, usage: Usage, prices: &PriceList) {
        let price = prices.micros_per_billion(usage.kind);
        let is_same = |row: &&mut CostRow| {
            row.kind == usage.kind && row.micros_per_billion == price && row.price_day == prices.day
        };
        match self.0.iter_mut().find(is_same) {
            Some(row) => row.units = row.units.saturating_add(usage.units),
            None if usage.units == 0 => {}
            None => self.0.push(CostRow {
                kind: usage.kind,
                units: usage.units,
                micros_per_billion: price,
                price_day: prices.day.clone(),
            }),
        }
    }

    pub fn micros(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, row| sum.saturating_add(row.micros()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(day: &str) -> PriceList {
        PriceList {
            day: day.into(),
            input_tokens: 150_000_000,
            cached_tokens: 75_000_000,
            output_tokens: 600_000_000,
            render_megabyte_millis: 16_276,
            object_puts: 5_000_000_000,
        }
    }

    #[test]
    fn model_has_prices_if_input_and_output_have_one() {
        assert!(prices("2026-11-01").has_model());
        assert!(!PriceList::default().has_model());
        for free in ["input_tokens", "output_tokens"] {
            let mut prices = serde_json::to_value(prices("2026-11-01")).unwrap();
            prices[free] = 0.into();
            let prices: PriceList = serde_json::from_value(prices).unwrap();
            assert!(!prices.has_model(), "{free}");
        }
    }

    #[test]
    fn eight_slides_cost_about_twenty_micro_dollars_to_render() {
        let mut cost = Cost::default();
        for _ in 0..8 {
            let units = 1769 * 70;
            let usage = Usage {
                kind: CostKind::RenderMegabyteMillis,
                units,
            };
            cost.add(usage, &prices("2026-11-01"));
        }
        assert_eq!(cost.0.len(), 1, "one row for a kind at a price");
        assert_eq!(cost.micros(), 16);
    }

    #[test]
    fn total_is_the_sum_of_its_rows_when_prices_change() {
        let mut cost = Cost::default();
        for (day, units) in [("2026-11-01", 3), ("2026-11-02", 3), ("2026-11-02", 1)] {
            let usage = Usage {
                kind: CostKind::InputTokens,
                units,
            };
            cost.add(usage, &prices(day));
        }
        let rows: Vec<_> = cost.0.iter().map(CostRow::micros).collect();
        assert_eq!(rows, [0, 1], "0.45 and 0.6 micro-dollars");
        assert_eq!(cost.micros(), 1);
    }

    #[test]
    fn absurd_usage_does_not_overflow() {
        let mut cost = Cost::default();
        for kind in [
            CostKind::ObjectPuts,
            CostKind::ObjectPuts,
            CostKind::OutputTokens,
        ] {
            let units = u64::MAX;
            cost.add(Usage { kind, units }, &prices("2026-11-01"));
        }
        assert_eq!(cost.micros(), u64::MAX);
    }
}
