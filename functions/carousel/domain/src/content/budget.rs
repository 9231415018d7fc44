//! Money for the model, in micro-dollars: what a call uses at most, and what may be spent.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CostKind, PriceList, Usage};

/// Tokens of one call, as the model's `usage` counts them. Cached tokens are part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenCount {
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
}

impl TokenCount {
    /// Estimates a call from above: a token has at least one byte, nothing is cached, and the whole completion is
    /// used.
    pub fn at_most(prompt: &str, max_tokens: u32) -> Self {
        const TOKENS_OF_MESSAGES: u64 = 64;
        Self {
            input: prompt.len() as u64 + TOKENS_OF_MESSAGES,
            cached_input: 0,
            output: u64::from(max_tokens),
        }
    }

    /// Returns what a carousel's cost rows count, where each token is in one row.
    pub fn usage(self) -> Vec<Usage> {
        let cached = self.cached_input.min(self.input);
        let counts = [
            (CostKind::InputTokens, self.input - cached),
            (CostKind::CachedTokens, cached),
            (CostKind::OutputTokens, self.output),
        ];
        let usage = counts.into_iter().filter(|(_, units)| *units > 0);
        usage.map(|(kind, units)| Usage { kind, units }).collect()
    }

    /// Returns the micro-dollars of a call, rounded up.
    pub fn micros(self, prices: &PriceList) -> u64 {
        const BILLION: u128 = 1_000_000_000;
        let usage = self.usage().into_iter();
        let costs = usage.map(|usage| {
            u128::from(usage.units) * u128::from(prices.micros_per_billion(usage.kind))
        });
        let exact = costs.fold(0, u128::saturating_add);
        u64::try_from(exact.div_ceil(BILLION)).unwrap_or(u64::MAX)
    }
}

/// A limit on what the model may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    PersonDay,
    StackDay,
    StackMonth,
}

impl Budget {
    pub const ALL: [Self; 3] = [Self::PersonDay, Self::StackDay, Self::StackMonth];

    pub fn name(self) -> &'static str {
        match self {
            Self::PersonDay => "person_day",
            Self::StackDay => "stack_day",
            Self::StackMonth => "stack_month",
        }
    }
}

/// The operator's limits in micro-dollars. Nothing may be spent where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    pub person_day: u64,
    pub stack_day: u64,
    pub stack_month: u64,
}

impl Budgets {
    pub fn limit(&self, budget: Budget) -> u64 {
        match budget {
            Budget::PersonDay => self.person_day,
            Budget::StackDay => self.stack_day,
            Budget::StackMonth => self.stack_month,
        }
    }

    /// Returns the used part of the stack's budgets, in thousandths: of the one that is used most.
    pub fn used_permille(&self, day_spent: u64, month_spent: u64) -> u64 {
        let permille = |spent: u64, limit: u64| match spent.saturating_mul(1_000).checked_div(limit)
        {
            Some(permille) => permille,
            None if spent == 0 => 0,
            None => 1_000,
        };
        permille(day_spent, self.stack_day).max(permille(month_spent, self.stack_month))
    }

    /// Returns the most that may be spent already for `micros` more to fit: the bound of the conditional
    /// update. `None` if it never fits: nothing is within a limit of 0.
    pub fn bound_for(&self, budget: Budget, micros: u64) -> Option<u64> {
        let limit = Some(self.limit(budget)).filter(|limit| *limit > 0);
        limit?.checked_sub(micros)
    }
}

/// Parses JSON, as in a variable.
impl FromStr for Budgets {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Cost;

    #[test]
    fn used_part_is_that_of_the_budget_that_is_used_most() {
        let budgets = Budgets {
            person_day: 1,
            stack_day: 1_000,
            stack_month: 10_000,
        };
        assert_eq!(budgets.used_permille(0, 0), 0);
        assert_eq!(budgets.used_permille(801, 801), 801);
        assert_eq!(budgets.used_permille(100, 9_000), 900);
        assert_eq!(Budgets::default().used_permille(0, 0), 0);
        assert_eq!(Budgets::default().used_permille(1, 1), 1_000);
    }

    #[test]
    fn limit_of_nothing_is_full_even_for_what_costs_nothing() {
        let budgets = Budgets::default();
        let bounds = Budget::ALL.map(|budget| budgets.bound_for(budget, 0));
        assert_eq!(bounds, [None; 3]);
    }

    fn prices() -> PriceList {
        PriceList {
            day: "2026-11-01".into(),
            input_tokens: 400_000_000,
            cached_tokens: 100_000_000,
            output_tokens: 1_600_000_000,
            ..PriceList::default()
        }
    }

    fn tokens(input: u64, cached_input: u64, output: u64) -> TokenCount {
        TokenCount {
            input,
            cached_input,
            output,
        }
    }

    #[test]
    fn cost_counts_cached_tokens_once_and_rounds_up() {
        let micros = |count: TokenCount| count.micros(&prices());
        assert_eq!(micros(tokens(1_500, 0, 1_000)), 600 + 1_600);
        assert_eq!(micros(tokens(1_500, 1_000, 1_000)), 200 + 100 + 1_600);
        assert_eq!(micros(tokens(1, 0, 0)), 1);
        assert_eq!(
            micros(tokens(1, 7, 0)),
            1,
            "more cached tokens than input are none"
        );
        assert_eq!(micros(tokens(u64::MAX, 0, u64::MAX)), u64::MAX);
    }

    #[test]
    fn estimates_are_above_the_tokens_of_every_script() {
        let bytes = "];};".repeat(100);
        assert!(TokenCount::at_most(&bytes, 10).input >= 64 + 400);
        assert!(TokenCount::at_most("आराम कैसे करें", 10).input >= 64 + 14);
        assert_eq!(TokenCount::at_most("", 10).output, 10);
    }

    #[test]
    fn budgets_are_read_from_json_with_all_their_names() {
        let budgets: Budgets = r#"{"person_day": 1, "stack_day": 2, "stack_month": 3}"#
            .parse()
            .unwrap();
        let limits = Budget::ALL.map(|budget| budgets.limit(budget));
        assert_eq!(limits, [1, 2, 3]);
        for budget in Budget::ALL {
            assert_eq!(serde_json::json!(budget), budget.name());
        }
        for broken in ["", "{}", r#"{"person_day": -1}"#] {
            assert!(broken.parse::<Budgets>().is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn amounts_within_the_bound_never_pass_the_limit(
            amounts in proptest::collection::vec(0_u64..500, 0..30), limit in 0_u64..5_000,
        ) {
            let budgets = Budgets { person_day: limit, ..Budgets::default() };
            let mut spent = 0;
            for micros in amounts {
                let fits = budgets.bound_for(Budget::PersonDay, micros).is_some_and(|bound| spent <= bound);
                prop_assert_eq!(fits, limit > 0 && spent + micros <= limit);
                spent += if fits { micros } else { 0 };
            }
            prop_assert!(spent <= limit);
        }

        #[test]
        fn cost_rows_of_calls_are_what_the_calls_cost(
            calls in proptest::collection::vec((0_u64..9_000, 0_u64..9_000, 0_u64..9_000), 1..5),
        ) {
            let mut cost = Cost::default();
            let mut micros = 0;
            for (input, cached, output) in &calls {
                let count = tokens(*input, *cached, *output);
                micros += count.micros(&prices());
                for usage in count.usage() {
                    cost.add(usage, &prices());
                }
            }
            // A call is rounded up, and each of three rows to the nearest.
            prop_assert!(micros + 2 >= cost.micros());
            prop_assert!(micros <= cost.micros() + 2 + calls.len() as u64);
        }
    }
}
