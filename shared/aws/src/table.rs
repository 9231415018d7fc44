//! DynamoDB for stores: rows as serde types, conditions, transactions, and errors by kind.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, ReturnValue, TableStatus,
        TransactWriteItem, Update,
    },
};
use confab_core::{Error, Result};
use confab_worker::{Consistency, SaveOutcome};
use serde::{Serialize, de::DeserializeOwned};

use crate::aws::describe;

/// Attempts at rows that other transactions hold, or that a batch read left unprocessed.
const MAX_ATTEMPTS: u32 = 9;
const RETRY_DELAY: Duration = Duration::from_millis(10);
/// At most 320 ms between two attempts.
const MAX_DOUBLINGS: u32 = 5;

pub type Row = HashMap<String, AttributeValue>;

/// A condition expression with its values, and names for attributes that are reserved words.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    condition: Option<String>,
    names: HashMap<String, String>,
    values: Row,
}

impl Condition {
    pub fn none() -> Self {
        Self::default()
    }

    /// Holds if there is no such row.
    pub fn not_exists() -> Self {
        Self::expression("attribute_not_exists(pk)")
    }

    /// Holds if the row has the version that was read; version 0 means no row.
    pub fn version(version: u64) -> Self {
        match version {
            0 => Self::not_exists(),
            _ => Self::expression("version = :version").value(":version", number(version)),
        }
    }

    pub fn expression(condition: impl Into<String>) -> Self {
        Self {
            condition: Some(condition.into()),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn and(mut self, condition: &str) -> Self {
        let both = |first: String| format!("({first}) AND ({condition})");
        self.condition = Some(self.condition.map_or_else(|| condition.to_owned(), both));
        self
    }

    #[must_use]
    pub fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    #[must_use]
    pub fn name_attribute(mut self, name: &str, attribute: impl Into<String>) -> Self {
        self.names.insert(name.to_owned(), attribute.into());
        self
    }

    /// DynamoDB refuses an empty map.
    fn names(&self) -> Option<HashMap<String, String>> {
        Some(self.names.clone()).filter(|names| !names.is_empty())
    }

    fn values(self) -> Option<Row> {
        Some(self.values).filter(|values| !values.is_empty())
    }
}

/// Sets a condition on a write. The SDK has a builder for each kind, with the same methods.
macro_rules! only {
    ($write:expr, $when:expr) => {
        $write
            .set_condition_expression($when.condition.clone())
            .set_expression_attribute_names($when.names())
            .set_expression_attribute_values($when.values())
    };
}

pub fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// Rows of a query, and the cursor of those that follow.
#[derive(Debug)]
pub struct Page {
    pub rows: Vec<Row>,
    pub next: Option<Row>,
}

/// A table and its client. Stores define the key layout.
#[derive(Debug, Clone)]
pub struct Table {
    pub client: Client,
    pub name: String,
}

impl Table {
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    pub fn key(pk: impl Into<String>, sk: impl Into<String>) -> Row {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(pk.into())),
            ("sk".to_owned(), AttributeValue::S(sk.into())),
        ])
    }

    /// Checks that the table exists and accepts writes.
    pub async fn check(&self) -> Result<()> {
        let described = self
            .client
            .describe_table()
            .table_name(&self.name)
            .send()
            .await
            .map_err(store_error)?;
        let status = described.table.and_then(|table| table.table_status);
        match status {
            Some(TableStatus::Active | TableStatus::Updating) => Ok(()),
            other => Err(Error::unavailable(
                "store_not_ready",
                format!("the table is {other:?}"),
            )),
        }
    }

    /// Renders a value as a row with its key.
    pub fn to_row<T: Serialize>(
        pk: impl Into<String>,
        sk: impl Into<String>,
        value: &T,
    ) -> Result<Row> {
        let mut row: Row = serde_dynamo::to_item(value).map_err(unrendered)?;
        row.extend(Self::key(pk, sk));
        Ok(row)
    }

    pub fn from_row<T: DeserializeOwned>(row: Row) -> Result<T> {
        serde_dynamo::from_item(row).map_err(|e| Error::internal("unreadable_row", e))
    }

    /// Returns the sort key of a row; empty for a row without one.
    pub fn sort_key(row: &Row) -> &str {
        let sort_key = row.get("sk").and_then(|value| value.as_s().ok());
        sort_key.map(String::as_str).unwrap_or_default()
    }

    pub fn key_of(row: &Row) -> Row {
        row.iter()
            .filter(|(name, _)| matches!(name.as_str(), "pk" | "sk"))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    /// Returns the partition key of a row.
    pub fn partition(row: &Row) -> String {
        row.get("pk")
            .and_then(|value| value.as_s().ok())
            .cloned()
            .unwrap_or_default()
    }

    /// Reads the rows of up to a hundred distinct keys, in any order.
    pub async fn batch_get(&self, keys: Vec<Row>, read: Consistency) -> Result<Vec<Row>> {
        let mut wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(read == Consistency::Strong)
            .build()
            .map_err(unrendered)?;
        let mut rows = Vec::new();
        for attempt in 1..=MAX_ATTEMPTS {
            let asked = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted);
            let got = Box::pin(asked.send()).await.map_err(store_error)?;
            rows.extend(
                got.responses
                    .and_then(|mut tables| tables.remove(&self.name))
                    .unwrap_or_default(),
            );
            match got
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.name))
            {
                Some(left) => wanted = left,
                None => return Ok(rows),
            }
            back_off(attempt).await;
        }
        Err(Error::unavailable(
            "store_busy",
            "DynamoDB left keys unread at each attempt",
        ))
    }

    /// Reads one row, strongly consistent.
    pub async fn get<T: DeserializeOwned>(&self, key: Row) -> Result<Option<T>> {
        let asked = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true);
        Box::pin(asked.send())
            .await
            .map_err(store_error)?
            .item
            .map(Self::from_row)
            .transpose()
    }

    /// Reads up to `most` rows of a key condition in key order, page by page, of the table or an index.
    pub async fn query(
        &self,
        index: Option<&str>,
        keys: Condition,
        most: usize,
    ) -> Result<Vec<Row>> {
        self.pages(index, keys, most, Consistency::Eventual).await
    }

    /// Reads like `query`, strongly consistent, of the table.
    pub async fn query_consistent(&self, keys: Condition, most: usize) -> Result<Vec<Row>> {
        self.pages(None, keys, most, Consistency::Strong).await
    }

    async fn pages(
        &self,
        index: Option<&str>,
        keys: Condition,
        most: usize,
        read: Consistency,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.name)
                .set_index_name(index.map(str::to_owned))
                .consistent_read(read == Consistency::Strong)
                .set_key_condition_expression(keys.condition.clone())
                .set_expression_attribute_values(keys.clone().values())
                .set_exclusive_start_key(from)
                .limit(i32::try_from(most - rows.len()).unwrap_or(i32::MAX).max(1));
            // Boxed, because the compiler gives up on futures that are nested this deeply.
            let page = Box::pin(page.send()).await.map_err(store_error)?;
            rows.extend(page.items.unwrap_or_default());
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() || rows.len() >= most {
                rows.truncate(most);
                return Ok(rows);
            }
        }
    }

    /// Reads one page, up to a megabyte, of a key condition after a cursor. `attributes` are all that is returned.
    pub async fn query_page(
        &self,
        keys: Condition,
        attributes: &str,
        cursor: Option<Row>,
        read: Consistency,
    ) -> Result<Page> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .set_key_condition_expression(keys.condition.clone())
            .set_expression_attribute_values(keys.values())
            .projection_expression(attributes)
            .consistent_read(read == Consistency::Strong)
            .set_exclusive_start_key(cursor);
        let page = Box::pin(page.send()).await.map_err(store_error)?;
        Ok(Page {
            rows: page.items.unwrap_or_default(),
            next: page.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// Reads up to `most` rows of a key condition in descending order, one page at most.
    pub async fn query_descending(
        &self,
        keys: Condition,
        most: i32,
        read: Consistency,
    ) -> Result<Vec<Row>> {
        self.descending_page(None, keys, most, read).await
    }

    /// Reads like `query_descending`, of an index.
    pub async fn query_index_descending(
        &self,
        index: &str,
        keys: Condition,
        most: i32,
    ) -> Result<Vec<Row>> {
        self.descending_page(Some(index), keys, most, Consistency::Eventual)
            .await
    }

    async fn descending_page(
        &self,
        index: Option<&str>,
        keys: Condition,
        most: i32,
        read: Consistency,
    ) -> Result<Vec<Row>> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index.map(str::to_owned))
            .set_key_condition_expression(keys.condition.clone())
            .set_expression_attribute_values(keys.values())
            .scan_index_forward(false)
            .consistent_read(read == Consistency::Strong)
            .limit(most);
        Ok(Box::pin(page.send())
            .await
            .map_err(store_error)?
            .items
            .unwrap_or_default())
    }

    /// Writes one row. Returns `false` when the condition does not hold.
    pub async fn put(&self, row: Row, when: Condition) -> Result<bool> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(row));
        let put = only!(put, when);
        Ok(unless_condition_fails(|| put.clone().send())
            .await?
            .is_some())
    }

    /// Updates one row and returns it. Returns `None` when the condition does not hold.
    pub async fn update(&self, key: Row, expression: &str, when: Condition) -> Result<Option<Row>> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .update_expression(expression);
        let update = only!(update, when).return_values(ReturnValue::AllNew);
        let changed = unless_condition_fails(|| update.clone().send()).await?;
        Ok(changed.map(|changed| changed.attributes.unwrap_or_default()))
    }

    /// Deletes one row, if it exists.
    pub async fn delete(&self, key: Row) -> Result<()> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key));
        Box::pin(delete.send()).await.map_err(store_error).map(drop)
    }

    /// Returns a put as a part of a transaction.
    pub fn transact_put(&self, row: Row, when: Condition) -> Result<TransactWriteItem> {
        let put = only!(
            Put::builder().table_name(&self.name).set_item(Some(row)),
            when
        );
        Ok(TransactWriteItem::builder()
            .put(put.build().map_err(unrendered)?)
            .build())
    }

    pub fn transact_update(
        &self,
        key: Row,
        expression: &str,
        when: Condition,
    ) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key))
            .update_expression(expression);
        Ok(TransactWriteItem::builder()
            .update(only!(update, when).build().map_err(unrendered)?)
            .build())
    }

    pub fn transact_delete(&self, key: Row, when: Condition) -> Result<TransactWriteItem> {
        let delete = only!(
            Delete::builder().table_name(&self.name).set_key(Some(key)),
            when
        );
        Ok(TransactWriteItem::builder()
            .delete(delete.build().map_err(unrendered)?)
            .build())
    }

    /// Returns a condition check as a part of a transaction.
    pub fn transact_check(&self, key: Row, when: Condition) -> Result<TransactWriteItem> {
        let check = only!(
            ConditionCheck::builder()
                .table_name(&self.name)
                .set_key(Some(key)),
            when
        );
        Ok(TransactWriteItem::builder()
            .condition_check(check.build().map_err(unrendered)?)
            .build())
    }

    /// Writes all or nothing.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<SaveOutcome> {
        Ok(match self.try_transact(writes).await? {
            None => SaveOutcome::Saved,
            Some(_) => SaveOutcome::Conflict,
        })
    }

    /// Writes all, or nothing and returns the conflict of each write. Retries while other transactions hold the rows.
    pub async fn try_transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Vec<WriteConflict>>> {
        for attempt in 1..=MAX_ATTEMPTS {
            match self.try_transact_once(writes.clone()).await? {
                Some(held) if !held.contains(&WriteConflict::ConditionFailed) => {
                    back_off(attempt).await
                }
                outcome => return Ok(outcome),
            }
        }
        Err(contended())
    }

    /// Writes like `try_transact`, without retries on conflicts.
    pub async fn try_transact_once(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Vec<WriteConflict>>> {
        let asked = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes));
        match Box::pin(asked.send()).await {
            Ok(_) => Ok(None),
            Err(error) => match conflicts_of(&error) {
                Some(reasons) => Ok(Some(reasons)),
                None => Err(store_error(error)),
            },
        }
    }
}

/// Sends one write, with retries while a transaction holds its row. Returns `None` when its condition does not hold.
async fn unless_condition_fails<T, E, Sent>(send: impl Fn() -> Sent) -> Result<Option<T>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    Sent: Future<Output = Result<T, SdkError<E>>>,
{
    for attempt in 1..=MAX_ATTEMPTS {
        match Box::pin(send()).await {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                return Ok(None);
            }
            Err(error) if error.code() == Some("TransactionConflictException") => {
                back_off(attempt).await
            }
            Err(error) => return Err(store_error(error)),
        }
    }
    Err(contended())
}

fn contended() -> Error {
    Error::unavailable(
        "contended",
        "transactions held the same rows at each attempt",
    )
}

/// Waits before the next attempt: exponential backoff with full jitter.
async fn back_off(attempt: u32) {
    let longest = RETRY_DELAY * 2_u32.pow(attempt.min(MAX_DOUBLINGS));
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}

fn unrendered(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("render_failed", error)
}

/// Converts an SDK error that is no failed condition.
pub fn store_error<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let told = describe(&error);
    match error.code().unwrap_or_default() {
        // Too large or malformed: a retry cannot succeed.
        "ValidationException" => Error::internal("store_refused", told),
        _ => Error::unavailable("store_failed", told),
    }
}

/// Why a write of a canceled transaction was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteConflict {
    /// Another write of the transaction was the cause.
    None,
    ConditionFailed,
    /// Another transaction holds the same row.
    TransactionConflict,
}

/// Returns the conflicts of a canceled transaction, or `None` for any other error.
fn conflicts_of(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<WriteConflict>> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let held: Vec<_> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| match reason.code() {
            Some("ConditionalCheckFailed") => WriteConflict::ConditionFailed,
            Some("TransactionConflict") => WriteConflict::TransactionConflict,
            _ => WriteConflict::None,
        })
        .collect();
    held.iter()
        .any(|held| *held != WriteConflict::None)
        .then_some(held)
}
