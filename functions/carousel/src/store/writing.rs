//! What the model wrote, what it cost, and what it may still cost.
//!
//! A reservation is made in the transaction that counts the call, and released or settled in the one that stores what
//! came of it. A process that dies between the two leaves its reservation: too little is spent rather than too much.

use aws_sdk_dynamodb::types::TransactWriteItem;
use carousel_domain::{Budget, Budgets, CACHE_TTL, Draft, Usage, WriteJob, WriteResult};
use confab_aws::{Condition, Row, Table, WriteConflict, number};
use confab_core::{Error, Result, Timestamp, hex};
use confab_worker::Consistency;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Breaker, Store, breaker::breaker_key, chat_pk};

const DAY_SECONDS: i64 = 24 * 3600;
/// Jobs wait on their queue for four days at most.
const WRITING_TTL_SECONDS: i64 = 4 * DAY_SECONDS;
/// A day's and a month's amounts outlive their time zone's last minute.
const DAY_TTL_SECONDS: i64 = 2 * DAY_SECONDS;
const MONTH_TTL_SECONDS: i64 = 33 * DAY_SECONDS;

/// The model's calls for one job. Its call count is the version of the row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct WritingRow {
    /// Calls that were begun in all deliveries.
    pub(crate) calls: u32,
    /// Until then the job belongs to the delivery that began the last call.
    pub(crate) lease_until_ms: i64,
    /// What the calls used, as far as it is known.
    #[serde(default)]
    pub(crate) usage: Vec<Usage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<WriteResult>,
    #[serde(default)]
    expires_at: i64,
}

/// What is known before the model is asked.
#[derive(Debug, Default)]
pub(crate) struct WritingState {
    pub(crate) row: WritingRow,
    pub(crate) breaker: Breaker,
    pub(crate) cached: Option<Draft>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CacheRow {
    draft: Draft,
    expires_at: i64,
}

/// Money that is kept for a call, and the rows that it is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reservation {
    person: String,
    /// `2026-11-30`
    day: String,
    pub(crate) micros: u64,
}

#[derive(Deserialize)]
struct BudgetRow {
    spent_micros: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReserveOutcome {
    Reserved,
    Full(Budget),
    /// Another delivery of the job began a call meanwhile.
    Taken,
}

impl Reservation {
    pub(crate) fn new(owner: &str, micros: u64, now: Timestamp) -> Self {
        Self {
            person: owner.to_owned(),
            day: now.strftime("%Y-%m-%d").to_string(),
            micros,
        }
    }

    fn key(&self, budget: Budget) -> Row {
        let month = self.day.get(..7).unwrap_or_default();
        match budget {
            // No deletion of a person's data reaches this row, so it does not name the person.
            Budget::PersonDay => {
                let person = hex(&Sha256::digest(&self.person)[..16]);
                Table::key(format!("BUDGET#{person}"), &self.day)
            }
            Budget::StackDay => Table::key("BUDGET#stack", &self.day),
            Budget::StackMonth => Table::key("BUDGET#stack", month),
        }
    }
}

fn ttl_seconds(budget: Budget) -> i64 {
    match budget {
        Budget::PersonDay | Budget::StackDay => DAY_TTL_SECONDS,
        Budget::StackMonth => MONTH_TTL_SECONDS,
    }
}

fn writing_sk(job: &WriteJob) -> String {
    format!("WRITE#{}", job.key)
}

fn cache_sk(job: &WriteJob, key: &str) -> String {
    format!("CACHE#{}#{key}", job.owner)
}

impl Store {
    /// Reads a job's calls, the breaker of its model, and the person's earlier texts about the same.
    pub(crate) async fn writing(
        &self,
        job: &WriteJob,
        cache_key: Option<&str>,
        model: &str,
    ) -> Result<WritingState> {
        let now = self.clock.now();
        let pk = chat_pk(&job.chat);
        let cache_sk = cache_key.map(|key| cache_sk(job, key));
        let keys = [Table::key(pk.as_str(), writing_sk(job)), breaker_key(model)];
        let keys = keys
            .into_iter()
            .chain(cache_sk.as_ref().map(|sk| Table::key(pk, sk)));
        let rows = self.table.batch_get(keys.collect(), Consistency::Strong);
        let mut state = WritingState::default();
        for row in rows.await? {
            let sk = Table::sort_key(&row).to_owned();
            if sk == writing_sk(job) {
                let writing: WritingRow = Table::from_row(row)?;
                if writing.expires_at > now.as_second() {
                    state.row = writing;
                }
            } else if Some(&sk) == cache_sk.as_ref() {
                let cached: CacheRow = Table::from_row(row)?;
                let is_fresh = cached.expires_at > now.as_second();
                state.cached = Some(cached.draft).filter(|_| is_fresh);
            } else {
                state.breaker = Breaker::read(row, now)?;
            }
        }
        Ok(state)
    }

    /// Returns what the model cost the stack today and this month, with what is reserved.
    pub(crate) async fn stack_spent(&self) -> Result<(u64, u64)> {
        let today = Reservation::new("", 0, self.clock.now());
        let keys = [Budget::StackDay, Budget::StackMonth].map(|budget| today.key(budget));
        let rows = self.table.batch_get(keys.into(), Consistency::Eventual);
        let (mut day, mut month) = (0, 0);
        for row in rows.await? {
            let is_of_day = Table::sort_key(&row) == today.day;
            let BudgetRow { spent_micros } = Table::from_row(row)?;
            match is_of_day {
                true => day = spent_micros,
                false => month = spent_micros,
            }
        }
        Ok((day, month))
    }

    /// Begins a call: counts it and reserves its money in all budgets, or does neither. `row` was read or
    /// written last, and has the new call afterwards.
    pub(crate) async fn reserve(
        &self,
        job: &WriteJob,
        row: &mut WritingRow,
        lease_until: Timestamp,
        reservation: &Reservation,
        budgets: &Budgets,
    ) -> Result<ReserveOutcome> {
        let now = self.clock.now().as_second();
        let next = WritingRow {
            calls: row.calls + 1,
            lease_until_ms: lease_until.as_millisecond(),
            ..row.clone()
        };
        let mut writes = vec![self.put_writing(job, &next, row)?];
        for budget in Budget::ALL {
            let Some(bound) = budgets.bound_for(budget, reservation.micros) else {
                return Ok(ReserveOutcome::Full(budget));
            };
            let add = "SET expires_at = :expires ADD spent_micros :micros";
            let fits = Condition::expression("attribute_not_exists(pk) OR spent_micros <= :bound")
                .value(":bound", number(bound))
                .value(":micros", number(reservation.micros))
                .value(":expires", number(now + ttl_seconds(budget)));
            let key = reservation.key(budget);
            writes.push(self.table.transact_update(key, add, fits)?);
        }
        let Some(conflicts) = self.table.try_transact(writes).await? else {
            *row = next;
            return Ok(ReserveOutcome::Reserved);
        };
        let of_budgets = Budget::ALL.into_iter().zip(conflicts.iter().skip(1));
        let mut full =
            of_budgets.filter(|(_, conflict)| **conflict == WriteConflict::ConditionFailed);
        Ok(match full.next() {
            Some((budget, _)) if conflicts[0] != WriteConflict::ConditionFailed => {
                ReserveOutcome::Full(budget)
            }
            _ => ReserveOutcome::Taken,
        })
    }

    /// Stores what came of a job so far, and replaces the reservation of its last call by what it cost, all or nothing.
    pub(crate) async fn settle(
        &self,
        job: &WriteJob,
        row: &WritingRow,
        settled: Option<(&Reservation, u64)>,
        cache_key: Option<&str>,
    ) -> Result<()> {
        let mut writes = vec![self.put_writing(job, row, row)?];
        if let Some((reservation, micros)) = settled {
            // Numbers of DynamoDB have 38 digits.
            let change = i128::from(micros) - i128::from(reservation.micros);
            for budget in Budget::ALL {
                let values = Condition::none().value(":change", number(change));
                let key = reservation.key(budget);
                writes.push(
                    self.table
                        .transact_update(key, "ADD spent_micros :change", values)?,
                );
            }
        }
        if let (
            Some(key),
            Some(WriteResult::Deck {
                draft,
                composed: None,
            }),
        ) = (cache_key, &row.result)
        {
            let ttl = CACHE_TTL.as_secs().cast_signed();
            let cached = CacheRow {
                draft: draft.clone(),
                expires_at: self.clock.now().as_second() + ttl,
            };
            let cached = Table::to_row(chat_pk(&job.chat), cache_sk(job, key), &cached)?;
            writes.push(self.table.transact_put(cached, Condition::none())?);
        }
        match self.table.try_transact(writes).await? {
            None => Ok(()),
            Some(_) => Err(taken()),
        }
    }

    /// Writes a job's row if it has the calls of `before`.
    fn put_writing(
        &self,
        job: &WriteJob,
        row: &WritingRow,
        before: &WritingRow,
    ) -> Result<TransactWriteItem> {
        let now = self.clock.now().as_second();
        let when = match before.calls {
            0 => Condition::expression("attribute_not_exists(pk) OR expires_at <= :now")
                .value(":now", number(now)),
            calls => Condition::expression("calls = :calls AND lease_until_ms = :lease")
                .value(":calls", number(calls))
                .value(":lease", number(before.lease_until_ms)),
        };
        let row = WritingRow {
            expires_at: now + WRITING_TTL_SECONDS,
            ..row.clone()
        };
        let row = Table::to_row(chat_pk(&job.chat), writing_sk(job), &row)?;
        self.table.transact_put(row, when)
    }
}

/// Another delivery of the job is at work, or has taken it over.
pub(crate) fn taken() -> Error {
    Error::unavailable("job_taken", "another delivery of the job is at work")
}
