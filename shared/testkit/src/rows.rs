//! Rows of tables as JSON.

use confab_aws::{Condition, Row, Table, text};
use serde_json::{Value, json};

/// Reads all rows of a table, sorted by key.
pub async fn read_rows(table: &Table) -> Vec<Value> {
    let scan = table.client.scan().table_name(&table.name).into_paginator();
    let rows: Vec<Row> = scan.items().send().try_collect().await.unwrap();
    let mut rows: Vec<Value> = rows.into_iter().map(to_json).collect();
    rows.sort_by_cached_key(|row| format!("{} {}", row["pk"], row["sk"]));
    rows
}

/// Reads the rows of a partition, sorted by key.
pub async fn read_partition(table: &Table, pk: &str) -> Vec<Value> {
    let keys = Condition::expression("pk = :pk").value(":pk", text(pk));
    let rows = table.query_consistent(keys, usize::MAX).await.unwrap();
    rows.into_iter().map(to_json).collect()
}

/// Decodes a row; sets become sorted lists.
fn to_json(row: Row) -> Value {
    let (sets, plain): (Row, Row) = row.into_iter().partition(|(_, value)| value.is_ss());
    let mut json: Value = Table::from_row(plain).unwrap();
    for (name, set) in sets {
        let mut members = set.as_ss().cloned().unwrap_or_default();
        members.sort();
        json[name] = json!(members);
    }
    json
}
