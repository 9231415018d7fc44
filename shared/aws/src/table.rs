//! What every store needs of DynamoDB: rows as serde types, and errors by what they mean.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, TableStatus},
};
use confab_kernel::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

pub type Row = HashMap<String, AttributeValue>;

/// A table and the client to it. The key layout is the store's.
#[derive(Debug, Clone)]
pub struct Table {
    pub client: Client,
    pub name: String,
}

impl Table {
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    pub fn key(pk: impl Into<String>, sk: impl Into<String>) -> Row {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(pk.into())),
            ("sk".to_owned(), AttributeValue::S(sk.into())),
        ])
    }

    /// Ok when the table is there and takes writes.
    pub async fn check(&self) -> Result<()> {
        let described = self.client.describe_table().table_name(&self.name).send().await.map_err(failed)?;
        let status = described.table.and_then(|table| table.table_status);
        match status {
            Some(TableStatus::Active | TableStatus::Updating) => Ok(()),
            other => Err(Error::unavailable("store_not_ready", format!("the table is {other:?}"))),
        }
    }

    /// The row of a value under its key.
    pub fn row<T: Serialize>(pk: impl Into<String>, sk: impl Into<String>, value: &T) -> Result<Row> {
        let mut row: Row = serde_dynamo::to_item(value).map_err(|e| Error::internal("render_failed", e))?;
        row.extend(Self::key(pk, sk));
        Ok(row)
    }

    pub fn read<T: DeserializeOwned>(row: Row) -> Result<T> {
        serde_dynamo::from_item(row).map_err(|e| Error::internal("unreadable_row", e))
    }
}

/// An error of a call to DynamoDB that no condition explains.
pub fn failed<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or("no answer").to_owned();
    let message = error.message().map(str::to_owned);
    let told = message.unwrap_or_else(|| aws_smithy_types::error::display::DisplayErrorContext(&error).to_string());
    Error::unavailable("store_failed", format!("{code}: {told}"))
}

/// Why a transaction did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// A condition of ours did not hold: somebody else wrote first.
    Condition,
    /// Another transaction was at the same rows.
    Conflict,
}

/// What cancelled the transaction, or the error if it was something else.
pub fn cancelled(error: SdkError<TransactWriteItemsError>) -> Result<Cancelled> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(e)) => e.cancellation_reasons(),
        _ => return Err(failed(error)),
    };
    let has = |code| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("ConditionalCheckFailed") {
        Ok(Cancelled::Condition)
    } else if has("TransactionConflict") {
        Ok(Cancelled::Conflict)
    } else {
        let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
        Err(Error::unavailable("store_failed", format!("transaction cancelled: {codes:?}")))
    }
}
