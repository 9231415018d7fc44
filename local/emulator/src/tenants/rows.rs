//! The keys of tenants in calls of DynamoDB.

use std::collections::HashMap;

use serde_json::Value;

use super::{TenantKey, tenant_key};
use crate::template;

/// Where the keys of a table name tenants.
#[derive(Debug)]
pub(super) struct TableKeys {
    prefix: String,
    sort: Option<String>,
    /// The partition keys of the table and of its indexes.
    partitions: Vec<String>,
}

impl TableKeys {
    /// Returns `None` for a table whose keys name no tenants.
    pub(super) fn of(table: &template::Table) -> Option<Self> {
        let prefix = table.tenant_prefix.clone()?;
        let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
        let indexes = indexes.iter().filter_map(|kind| table.definition.get(kind));
        let indexes = indexes.filter_map(Value::as_array).flatten();
        let schemas = indexes.filter_map(|index| index.get("KeySchema")?.as_array());
        let of_indexes = schemas.flatten().filter(|key| {
            let kind = key.get("KeyType").and_then(Value::as_str);
            kind == Some("HASH")
        });
        let of_indexes = of_indexes.filter_map(|key| text(key, "AttributeName"));
        let own = table.keys.first().map(String::as_str);
        Some(Self {
            prefix,
            sort: table.keys.get(1).cloned(),
            partitions: own
                .into_iter()
                .chain(of_indexes)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Returns the keys of an item or of a part of one. Attributes are written as `{"S": ..}`.
    fn of_item(&self, item: &Value) -> Vec<TenantKey> {
        let letters = |name: &String| text(item.get(name)?, "S");
        let sort = self.sort.as_ref().and_then(letters).unwrap_or_default();
        let partitions = self.partitions.iter().filter_map(letters);
        let tenants = partitions.filter_map(|key| tenant_key(&self.prefix, key));
        tenants
            .map(|key| TenantKey {
                tenant: key.tenant,
                rest: sort.to_owned(),
            })
            .collect()
    }

    /// Returns the key of a query's condition. Its other value is the sort key or the beginning of it.
    fn of_condition(&self, request: &Value) -> Option<TenantKey> {
        let condition = text(request, "KeyConditionExpression")?;
        let values: Vec<_> = placeholders(condition)
            .filter_map(|name| placeholder_text(request, name))
            .collect();
        let key = values
            .iter()
            .find_map(|value| tenant_key(&self.prefix, value))?;
        let mut others = values
            .iter()
            .filter(|value| !value.starts_with(&self.prefix));
        let sort = others.next().copied().unwrap_or_default();
        Some(TenantKey {
            tenant: key.tenant,
            rest: sort.to_owned(),
        })
    }

    /// Returns the keys of indexes that an update assigns.
    fn of_update(&self, request: &Value) -> Vec<TenantKey> {
        let Some(expression) = text(request, "UpdateExpression") else {
            return Vec::new();
        };
        let sort = self.sort.as_ref();
        let sort = sort.and_then(|name| text(request.get("Key")?.get(name)?, "S"));
        let assigned = clauses(expression)
            .into_iter()
            .filter_map(|clause| clause.split_once('='))
            .filter(|(path, _)| self.is_partition(request, path))
            .flat_map(|(_, value)| placeholders(value))
            .filter_map(|name| placeholder_text(request, name))
            .filter_map(|value| tenant_key(&self.prefix, value));
        assigned
            .map(|key| TenantKey {
                tenant: key.tenant,
                rest: sort.unwrap_or_default().to_owned(),
            })
            .collect()
    }

    /// Whether the left side of an assignment, such as `SET #index`, is a partition key.
    fn is_partition(&self, request: &Value, path: &str) -> bool {
        let name = path.split_whitespace().next_back().unwrap_or_default();
        let alias = || request.get("ExpressionAttributeNames")?.get(name)?.as_str();
        let name = alias().unwrap_or(name);
        self.partitions.iter().any(|partition| partition == name)
    }
}

type Tables = HashMap<String, TableKeys>;
/// A table's name, and a key in it.
type TouchedKey<'a> = (&'a str, TenantKey);

/// Returns the keys that a request names.
pub(super) fn of_request<'a>(
    tables: &'a Tables,
    operation: &str,
    request: &Value,
) -> Vec<TouchedKey<'a>> {
    let mut touched = Vec::new();
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            let items = list(request.get("TransactItems"));
            let parts = items.flat_map(|item| item.as_object().into_iter().flatten());
            for (_, part) in parts {
                touched.extend(of_part(tables, part));
            }
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let requests = request.get("RequestItems").and_then(Value::as_object);
            for (name, of_table) in requests.into_iter().flatten() {
                let Some((name, keys)) = find(tables, name) else {
                    continue;
                };
                let read = list(of_table.get("Keys"));
                let written = list(Some(of_table)).filter_map(|write| {
                    let put = write.pointer("/PutRequest/Item");
                    put.or_else(|| write.pointer("/DeleteRequest/Key"))
                });
                let found = read.chain(written).flat_map(|item| keys.of_item(item));
                touched.extend(found.map(|key| (name, key)));
            }
        }
        _ => touched.extend(of_part(tables, request)),
    }
    touched
}

/// Returns the keys of the items in an answer to a query or scan. Other answers hold the items that were requested.
pub(super) fn of_answer<'a>(
    tables: &'a Tables,
    request: &Value,
    answer: &Value,
) -> Vec<TouchedKey<'a>> {
    let Some((name, keys)) = text(request, "TableName").and_then(|name| find(tables, name)) else {
        return Vec::new();
    };
    let items = list(answer.get("Items")).flat_map(|item| keys.of_item(item));
    items.map(|key| (name, key)).collect()
}

/// Returns the keys of a request for one table, or of a part of a transaction.
fn of_part<'a>(tables: &'a Tables, part: &Value) -> Vec<TouchedKey<'a>> {
    let Some((name, keys)) = text(part, "TableName").and_then(|name| find(tables, name)) else {
        return Vec::new();
    };
    let items = ["Key", "Item", "ExclusiveStartKey"].iter();
    let items = items.filter_map(|field| part.get(field));
    let mut touched: Vec<_> = items.flat_map(|item| keys.of_item(item)).collect();
    touched.extend(keys.of_condition(part));
    touched.extend(keys.of_update(part));
    touched.into_iter().map(|key| (name, key)).collect()
}

/// Finds a table by its name or its ARN.
fn find<'a>(tables: &'a Tables, name: &str) -> Option<(&'a str, &'a TableKeys)> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (name, keys) = tables.get_key_value(name)?;
    Some((name.as_str(), keys))
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn placeholder_text<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    text(request.get("ExpressionAttributeValues")?.get(name)?, "S")
}

/// Returns the placeholders of values, such as `:pk`, in an expression.
fn placeholders(expression: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_');
    let words = expression.split(move |c: char| !is_part(c));
    words.filter(|word| word.starts_with(':'))
}

/// Splits an update expression at its commas, except those between parentheses.
fn clauses(expression: &str) -> Vec<&str> {
    let (mut depth, mut start, mut clauses) = (0_usize, 0, Vec::new());
    for (at, letter) in expression.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                clauses.push(&expression[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    clauses.push(&expression[start..]);
    clauses
}
