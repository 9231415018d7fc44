//! Usage that limits count. The row `NOW` counts what exists, the row of a month what happened in it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number};
use confab_core::{Result, Timestamp};
use confab_worker::Consistency;
use desk_domain::{Limit, LimitName, LimitWindow, UsageMonth};

use super::Tenant;

const USAGE: &str = "USE";
const NOW: &str = "NOW";

/// What a tenant has used of its limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Usage {
    now: Row,
    month: Row,
}

/// A change of one count. What is reserved is counted as used, too.
#[derive(Debug, Clone, Copy, Default)]
struct UsageChange {
    count: i128,
    reserved: i128,
}

impl Tenant<'_> {
    /// The part of a transaction that takes of a limit. Its condition fails if the limit has not that much left.
    pub(crate) fn take_limit(
        &self,
        limit: &Limit,
        wanted: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let change = UsageChange {
            count: wanted.into(),
            reserved: 0,
        };
        self.change_usage(limit.name, change, room_for(limit, wanted), now)
    }

    /// The part of a transaction that gives back what was taken. It is written together with the row that goes.
    pub(crate) fn release_limit(
        &self,
        name: LimitName,
        returned: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let change = UsageChange {
            count: -i128::from(returned),
            reserved: 0,
        };
        self.change_usage(name, change, Condition::none(), now)
    }

    /// Takes like `take_limit`, for something that does not exist yet.
    pub(crate) fn reserve_limit(
        &self,
        limit: &Limit,
        wanted: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let change = UsageChange {
            count: wanted.into(),
            reserved: wanted.into(),
        };
        self.change_usage(limit.name, change, room_for(limit, wanted), now)
    }

    /// The part of a transaction that turns what was reserved into what is used.
    pub(crate) fn use_reserved(
        &self,
        name: LimitName,
        used: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let change = UsageChange {
            count: 0,
            reserved: -i128::from(used),
        };
        self.change_usage(name, change, Condition::none(), now)
    }

    /// The part of a transaction that gives back what was reserved.
    pub(crate) fn release_reserved(
        &self,
        name: LimitName,
        returned: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let change = UsageChange {
            count: -i128::from(returned),
            reserved: -i128::from(returned),
        };
        self.change_usage(name, change, Condition::none(), now)
    }

    fn change_usage(
        &self,
        name: LimitName,
        change: UsageChange,
        mut when: Condition,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let mut additions = Vec::new();
        if change.count != 0 || change.reserved == 0 {
            additions.push("#count :count");
            when = when
                .name_attribute("#count", name.name())
                .value(":count", number(change.count));
        }
        if change.reserved != 0 {
            additions.push("#reserved :reserved");
            when = when
                .name_attribute("#reserved", reserved_name(name))
                .value(":reserved", number(change.reserved));
        }
        let key = self.key(USAGE, row_of(name, now));
        let add = format!("ADD {}", additions.join(", "));
        self.table().transact_update(key, &add, when)
    }

    /// Reads what is used now and in the current month, strongly consistent.
    pub(crate) async fn read_usage(&self, now: Timestamp) -> Result<Usage> {
        let month = UsageMonth::of(now).to_string();
        let keys = vec![self.key(USAGE, NOW), self.key(USAGE, month)];
        let mut usage = Usage::default();
        for row in self.table().batch_get(keys, Consistency::Strong).await? {
            if Table::sort_key(&row) == NOW {
                usage.now = row;
            } else {
                usage.month = row;
            }
        }
        Ok(usage)
    }
}

fn row_of(name: LimitName, now: Timestamp) -> String {
    match name.window() {
        LimitWindow::Total => NOW.to_owned(),
        LimitWindow::Month => UsageMonth::of(now).to_string(),
    }
}

fn reserved_name(name: LimitName) -> String {
    format!("{}_reserved", name.name())
}

/// Holds if a limit has so much left. The condition names the count as `#count`.
fn room_for(limit: &Limit, wanted: u64) -> Condition {
    match limit.bound_for(wanted) {
        Some(bound) => Condition::expression("attribute_not_exists(#count) OR #count <= :bound")
            .value(":bound", number(bound)),
        // Never holds: the whole limit is smaller.
        None => Condition::expression("attribute_exists(pk) AND attribute_not_exists(pk)"),
    }
}

impl Usage {
    /// Returns how much is used, without what is reserved.
    pub(crate) fn used(&self, name: LimitName) -> u64 {
        let all = self.count(name, name.name());
        all.saturating_sub(self.reserved(name))
    }

    pub(crate) fn reserved(&self, name: LimitName) -> u64 {
        self.count(name, &reserved_name(name))
    }

    fn count(&self, name: LimitName, attribute: &str) -> u64 {
        let row = match name.window() {
            LimitWindow::Total => &self.now,
            LimitWindow::Month => &self.month,
        };
        let count = row.get(attribute).and_then(|value| value.as_n().ok());
        let count = count.and_then(|count| count.parse::<i128>().ok());
        count.map_or(0, |count| u64::try_from(count.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Usage {
        Usage {
            now: Row::from([
                ("seats".to_owned(), number(5)),
                ("seats_reserved".to_owned(), number(2)),
                ("bots".to_owned(), number(-1)),
            ]),
            month: Row::from([("conversations".to_owned(), number(400))]),
        }
    }

    #[test]
    fn reserved_seats_are_reported_apart_from_used_ones() {
        let usage = usage();
        assert_eq!(usage.used(LimitName::Seats), 3);
        assert_eq!(usage.reserved(LimitName::Seats), 2);
        assert_eq!(usage.used(LimitName::Conversations), 400);
    }

    #[test]
    fn counts_that_are_missing_or_below_zero_are_zero() {
        assert_eq!(usage().used(LimitName::Bots), 0);
        assert_eq!(usage().used(LimitName::ApiKeys), 0);
        assert_eq!(Usage::default().used(LimitName::AiAnswers), 0);
    }

    #[test]
    fn months_have_rows_of_their_own() {
        let at = "2026-11-29T12:00:00Z".parse().unwrap();
        assert_eq!(row_of(LimitName::Conversations, at), "2026-11");
        assert_eq!(row_of(LimitName::Seats, at), NOW);
    }
}
