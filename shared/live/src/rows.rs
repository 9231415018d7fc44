//! Rows of a partition, read one by one.

use confab_aws::{Condition, Row, Table, text};
use confab_core::{CorrelationId, Error, Result};
use confab_lambda::{metrics, warn};

use crate::Partition;

/// Decodes rows one by one. Skips, logs and counts a malformed row, so that it does not hide the others.
pub fn decode_rows<T>(
    rows: Vec<Row>,
    kind: &'static str,
    correlation_id: CorrelationId,
    decode: impl Fn(Row) -> Result<T>,
) -> Vec<T> {
    let mut decoded = Vec::with_capacity(rows.len());
    for row in rows {
        // The error itself may quote a person's text, so only the key is logged.
        let key = format!(
            "{kind} {} {}",
            Table::partition(&row),
            Table::sort_key(&row)
        );
        match decode(row) {
            Ok(value) => decoded.push(value),
            Err(_) => {
                metrics::count("RowUnreadable", kind);
                warn("skipped a malformed row", &key, correlation_id);
            }
        }
    }
    decoded
}

pub(crate) fn malformed(reason: &'static str) -> Error {
    Error::internal("unreadable_row", reason)
}

impl Partition {
    pub(crate) fn key(&self, id: impl std::fmt::Display) -> Row {
        Table::key(self.pk.clone(), format!("{}{id}", self.prefix))
    }

    /// Returns the sort key of a row without the prefix.
    pub(crate) fn id_of<'a>(&self, row: &'a Row) -> &'a str {
        let sort_key = Table::sort_key(row);
        sort_key.strip_prefix(self.prefix).unwrap_or(sort_key)
    }

    /// The key condition of all rows.
    pub(crate) fn rows(&self) -> Condition {
        if self.prefix.is_empty() {
            return Condition::expression("pk = :pk").value(":pk", text(&self.pk));
        }
        Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
            .value(":pk", text(&self.pk))
            .value(":prefix", text(self.prefix))
    }
}
