//! Rate limits as data: classes of routes, what each counts, and how many it allows.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Plan;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateClass {
    /// R1: sign-in, sign-up and mail: where passwords are tried.
    Login,
    /// R2: writes of visitors.
    Visitor,
    /// R3: requests of members and API keys.
    Member,
    /// R4: models and jobs, by plan.
    Heavy,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountedBy {
    /// The hash of the email address that is tried.
    Address,
    /// The network that a request comes from: `source_of_ip`.
    Source,
    /// The member, key or visitor.
    Principal,
    Tenant,
}

/// A token bucket: `burst` at once, then one each `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub by: CountedBy,
    pub burst: u32,
    pub every: Duration,
}

impl RateClass {
    pub const ALL: [Self; 4] = [Self::Login, Self::Visitor, Self::Member, Self::Heavy];

    /// Returns the name for keys and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Heavy => "heavy",
        }
    }

    /// Returns the buckets of the class. A request takes one token of each.
    pub fn rates(self, plan: Plan) -> Vec<Rate> {
        match self {
            // An office shares a source: a hundred people sign in at nine, each with three attempts.
            Self::Login => vec![
                rate(CountedBy::Address, 10, Duration::from_secs(360)),
                rate(CountedBy::Source, 300, Duration::from_secs(12)),
            ],
            // An office or a school shares a source: a hundred people open the widget with five writes each, and go on.
            Self::Visitor => vec![
                rate(CountedBy::Principal, 60, Duration::from_secs(1)),
                rate(CountedBy::Source, 1_000, Duration::from_millis(50)),
            ],
            Self::Member => vec![rate(CountedBy::Principal, 600, Duration::from_millis(100))],
            Self::Heavy => vec![heavy(plan)],
        }
    }
}

fn heavy(plan: Plan) -> Rate {
    let (burst, every_ms) = match plan {
        Plan::Trial => (20, 3_000),
        Plan::Starter => (60, 1_000),
        Plan::Team => (300, 200),
        Plan::Business => (1_000, 50),
    };
    rate(CountedBy::Tenant, burst, Duration::from_millis(every_ms))
}

fn rate(by: CountedBy, burst: u32, every: Duration) -> Rate {
    Rate { by, burst, every }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn per_hour(rate: &Rate) -> u128 {
        HOUR.as_millis() / rate.every.as_millis()
    }

    #[test]
    fn passwords_are_tried_ten_times_an_hour_by_address_and_by_a_whole_office_at_once() {
        let rates = RateClass::Login.rates(Plan::Business);
        let shape: Vec<_> = rates
            .iter()
            .map(|rate| (rate.by, rate.burst, per_hour(rate)))
            .collect();
        assert_eq!(
            shape,
            [(CountedBy::Address, 10, 10), (CountedBy::Source, 300, 300)]
        );
    }

    #[test]
    fn visitors_write_once_a_second_and_members_ten_times() {
        let rate = RateClass::Visitor.rates(Plan::Trial)[0];
        assert_eq!(
            (rate.by, rate.burst, per_hour(&rate)),
            (CountedBy::Principal, 60, 3_600)
        );
        let rate = RateClass::Member.rates(Plan::Trial)[0];
        assert_eq!((rate.burst, per_hour(&rate)), (600, 36_000));
    }

    /// Takes tokens of a bucket at times in milliseconds, and returns how many were refused.
    fn refusals(rate: Rate, times: impl IntoIterator<Item = u64>) -> usize {
        let every = u64::try_from(rate.every.as_millis()).unwrap();
        let mut full_at = 0;
        let mut refused = 0;
        for now in times {
            if full_at > now + every * u64::from(rate.burst - 1) {
                refused += 1;
            } else {
                full_at = full_at.max(now) + every;
            }
        }
        refused
    }

    #[test]
    fn hundred_people_behind_one_address_open_the_widget_at_once_and_go_on() {
        const PEOPLE: u64 = 100;
        /// The embed ticket, the session, the socket's ticket, the conversation and its first message.
        const OPENING_WRITES: u64 = 5;
        let rates = RateClass::Visitor.rates(Plan::Trial);
        let source = rates.iter().find(|rate| rate.by == CountedBy::Source);
        let opening = (0..PEOPLE * OPENING_WRITES).map(|_| 0);
        // Then each of them writes every ten seconds for an hour.
        let messages = (1..=360).flat_map(|round| (0..PEOPLE).map(move |_| round * 10_000));
        assert_eq!(refusals(*source.unwrap(), opening.chain(messages)), 0);
        let flood = (0..PEOPLE * 60).map(|number| number * 10);
        let refused = refusals(*source.unwrap(), flood);
        assert!(
            refused > 3_000,
            "a flood of one source is refused: {refused}"
        );
    }

    #[test]
    fn heavy_work_is_counted_by_tenant_and_grows_with_the_plan() {
        let rates = Plan::ALL.map(|plan| RateClass::Heavy.rates(plan)[0]);
        assert!(rates.iter().all(|rate| rate.by == CountedBy::Tenant));
        let grows = |pair: &[Rate]| pair[0].burst < pair[1].burst && pair[0].every > pair[1].every;
        assert!(rates.windows(2).all(grows));
    }

    #[test]
    fn every_class_has_buckets_that_refill() {
        for class in RateClass::ALL {
            for plan in Plan::ALL {
                let rates = class.rates(plan);
                assert!(!rates.is_empty());
                assert!(
                    rates
                        .iter()
                        .all(|rate| rate.burst > 0 && !rate.every.is_zero())
                );
            }
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
    }
}
