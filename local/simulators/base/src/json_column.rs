//! Columns that hold JSON.

use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

/// Writes a body for a column of JSON.
pub fn write(body: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(body)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Reads a body from a column of JSON.
pub fn read<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let body: String = row.get(column)?;
    serde_json::from_str(&body).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}
