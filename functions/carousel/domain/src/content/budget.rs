//! Money for the model, in micro-dollars: what a call costs at most, and what an allowance still admits.

use serde::{Deserialize, Serialize};

/// Prices of a model from a day on, in micro-dollars for a million tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPrice {
    pub model: String,
    /// `2026-11-01`
    pub from_day: String,
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
}

/// The operator's prices, which come from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenPriceTable(pub Vec<TokenPrice>);

impl TokenPriceTable {
    /// Returns the latest price of a model that is valid on a day. ISO days compare as texts.
    pub fn price(&self, model: &str, day: &str) -> Option<&TokenPrice> {
        let of_model = self
            .0
            .iter()
            .filter(|price| price.model == model && price.from_day.as_str() <= day);
        of_model.max_by(|one, other| one.from_day.cmp(&other.from_day))
    }
}

/// Tokens of one call, as the model's `usage` counts them. Cached tokens are part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenCount {
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
}

impl TokenCount {
    /// Estimates a call from above: nothing is cached, and the whole completion is used.
    pub fn at_most(prompt: &str, max_tokens: u32) -> Self {
        const TOKENS_OF_MESSAGES: u64 = 64;
        let ascii = prompt.chars().filter(char::is_ascii).count() as u64;
        let other = prompt.chars().count() as u64 - ascii;
        let input = ascii.div_ceil(3) + other.saturating_mul(2) + TOKENS_OF_MESSAGES;
        Self {
            input,
            cached_input: 0,
            output: u64::from(max_tokens),
        }
    }
}

impl TokenPrice {
    /// Returns the micro-dollars of a call, rounded up.
    pub fn micros(&self, tokens: TokenCount) -> u64 {
        const MILLION: u128 = 1_000_000;
        let cached = tokens.cached_input.min(tokens.input);
        let cost = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let parts = [
            cost(tokens.input - cached, self.input),
            cost(cached, self.cached_input),
            cost(tokens.output, self.output),
        ];
        let exact = parts.into_iter().fold(0_u128, u128::saturating_add);
        u64::try_from(exact.div_ceil(MILLION)).unwrap_or(u64::MAX)
    }
}

/// What a person or a stack may spend in a day or a month, and has reserved or spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    pub limit_micros: u64,
    pub spent_micros: u64,
}

impl Allowance {
    /// Returns the most that may be spent already for `micros` more to fit: the bound of the conditional
    /// update. `None` if it never fits.
    pub fn bound_for(limit_micros: u64, micros: u64) -> Option<u64> {
        limit_micros.checked_sub(micros)
    }

    /// Reserves an amount. `None` when it does not fit.
    pub fn reserve(self, micros: u64) -> Option<Self> {
        let bound = Self::bound_for(self.limit_micros, micros)?;
        if self.spent_micros > bound {
            return None;
        }
        Some(Self {
            spent_micros: self.spent_micros + micros,
            ..self
        })
    }

    /// Replaces a reservation by what the call really cost, which may be more.
    #[must_use]
    pub fn settle(self, reserved_micros: u64, actual_micros: u64) -> Self {
        let without = self.spent_micros.saturating_sub(reserved_micros);
        Self {
            spent_micros: without.saturating_add(actual_micros),
            ..self
        }
    }

    /// Tells whether more than 80 % are spent.
    pub fn is_nearly_spent(self) -> bool {
        u128::from(self.spent_micros) * 5 > u128::from(self.limit_micros) * 4
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(from_day: &str, input: u64) -> TokenPrice {
        TokenPrice {
            model: "m".into(),
            from_day: from_day.into(),
            input,
            cached_input: input / 4,
            output: 4 * input,
        }
    }

    #[test]
    fn price_is_the_latest_that_is_valid_on_the_day() {
        let table = TokenPriceTable(vec![price("2026-11-01", 2), price("2026-01-01", 1)]);
        let input = |model, day| table.price(model, day).map(|price| price.input);
        assert_eq!(input("m", "2026-10-31"), Some(1));
        assert_eq!(input("m", "2026-11-01"), Some(2));
        assert_eq!(input("m", "2025-12-31"), None);
        assert_eq!(input("other", "2026-11-01"), None);
    }

    #[test]
    fn cost_counts_cached_tokens_once_and_rounds_up() {
        let price = price("2026-11-01", 400_000);
        let tokens = |input, cached_input, output| TokenCount {
            input,
            cached_input,
            output,
        };
        assert_eq!(price.micros(tokens(1_500, 0, 1_000)), 600 + 1_600);
        assert_eq!(price.micros(tokens(1_500, 1_000, 1_000)), 200 + 100 + 1_600);
        assert_eq!(price.micros(tokens(1, 0, 0)), 1);
        assert_eq!(
            price.micros(tokens(1, 7, 0)),
            1,
            "more cached tokens than input are none"
        );
        assert_eq!(price.micros(tokens(u64::MAX, 0, u64::MAX)), u64::MAX);
    }

    #[test]
    fn estimates_are_above_the_tokens_of_every_script() {
        assert!(TokenCount::at_most("small habits that stick", 10).input >= 64 + 5);
        assert!(TokenCount::at_most("आराम कैसे करें", 10).input >= 64 + 14);
        assert_eq!(TokenCount::at_most("", 10).output, 10);
    }

    #[test]
    fn allowance_is_nearly_spent_above_eighty_percent() {
        let spent = |spent_micros| {
            Allowance {
                limit_micros: 100,
                spent_micros,
            }
            .is_nearly_spent()
        };
        assert!(!spent(80) && spent(81));
    }

    proptest! {
        #[test]
        fn reservations_never_pass_the_limit_and_settle_to_the_sum_of_the_costs(
            calls in proptest::collection::vec((0_u64..500, 0_u64..100), 0..30), limit in 0_u64..5_000,
        ) {
            let mut allowance = Allowance { limit_micros: limit, spent_micros: 0 };
            let mut total = 0;
            for (reserved, percent) in calls {
                let Some(held) = allowance.reserve(reserved) else {
                    prop_assert!(allowance.spent_micros + reserved > limit);
                    continue;
                };
                prop_assert!(held.spent_micros <= limit);
                let actual = reserved * percent / 100;
                total += actual;
                allowance = held.settle(reserved, actual);
            }
            prop_assert_eq!(allowance.spent_micros, total);
        }
    }
}
