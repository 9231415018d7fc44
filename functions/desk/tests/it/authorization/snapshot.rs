//! A copy of all rows, which are put back after a request that changed some.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table};

use crate::world::World;

/// The keys of a row.
pub(crate) type RowKey = (String, String);

#[derive(Debug)]
pub(crate) struct Snapshot {
    table: Table,
    rows: BTreeMap<RowKey, Row>,
}

/// A row that differs from the snapshot.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: RowKey,
    /// What an entry of the audit says was done.
    action: Option<String>,
}

impl Change {
    fn of(key: &RowKey, row: &Row) -> Self {
        let action = row.get("action").and_then(|value| value.as_s().ok());
        Self {
            key: key.clone(),
            action: action.cloned(),
        }
    }

    /// Whether the row is one that refused requests write, too: the count of a rate limit, or an operator's visit.
    pub(crate) fn is_of_every_request(&self) -> bool {
        let is_visit = self.action.as_deref() == Some("platform.request");
        self.key.0.starts_with("RATE#") || is_visit
    }
}

impl Snapshot {
    pub(crate) async fn take(world: &World) -> Self {
        let table = world.table();
        let rows = read(&table).await;
        Self { table, rows }
    }

    /// Returns the keys of the rows that hold a text, and not the other one.
    pub(crate) fn keys_with<'a>(
        &'a self,
        wanted: &'a str,
        other: &'a str,
    ) -> impl Iterator<Item = RowKey> + 'a {
        let rows = self.rows.iter().filter(move |(_, row)| {
            let text = format!("{row:?}");
            text.contains(wanted) && !text.contains(other)
        });
        rows.map(|(key, _)| key.clone())
    }

    /// Puts all rows back. Returns those that had changed.
    pub(crate) async fn restore(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let now = read(&self.table).await;
        for (key, row) in &now {
            let before = self.rows.get(key);
            if before == Some(row) {
                continue;
            }
            changes.push(Change::of(key, row));
            match before {
                Some(before) => self.put(before).await,
                None => {
                    let key = Table::key(key.0.as_str(), key.1.as_str());
                    self.table.delete(key).await.unwrap();
                }
            }
        }
        for (key, row) in &self.rows {
            if !now.contains_key(key) {
                changes.push(Change::of(key, row));
                self.put(row).await;
            }
        }
        changes
    }

    async fn put(&self, row: &Row) {
        let put = self.table.put(row.clone(), Condition::none()).await;
        assert!(put.unwrap());
    }
}

async fn read(table: &Table) -> BTreeMap<RowKey, Row> {
    let scan = table.client.scan().table_name(&table.name).into_paginator();
    let rows: Vec<Row> = scan.items().send().try_collect().await.unwrap();
    rows.into_iter().map(keyed).collect()
}

/// Returns a row with its key. The members of sets have no order.
fn keyed(mut row: Row) -> (RowKey, Row) {
    for value in row.values_mut() {
        if let AttributeValue::Ss(members) = value {
            members.sort();
        }
    }
    let key = (Table::partition(&row), Table::sort_key(&row).to_owned());
    (key, row)
}
