//! DynamoDB: an engine on a SQLite file that speaks the real protocol, and a proxy that counts capacity.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use axum::{
    body::Bytes,
    http::{HeaderMap, Request, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::{clock::Clock, recorder::Recorder, template::Table};

/// Page size of a sweep. Without a limit the engine reads the rest of the table for each page.
const SWEEP_PAGE_ITEMS: u32 = 500;

#[derive(Debug)]
pub struct Tables {
    tables: Vec<Table>,
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    counted: Mutex<HashMap<String, (Instant, u64)>>,
}

/// Capacity units of one call.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct CapacityUnits {
    pub read: f64,
    pub write: f64,
    /// The call failed because of a condition, and for no other reason.
    pub condition_failed: bool,
}

impl Tables {
    pub(crate) async fn open(data: &Path, tables: &[Table]) -> Result<Self> {
        let file = data.join("dynamodb.db");
        let database = dynoxide::Database::new(&file.to_string_lossy())
            .map_err(|e| anyhow::anyhow!("{e}"))
            .context("Failed to open the tables")?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let engine = Self {
            tables: tables.to_vec(),
            url,
            client,
            counted: Mutex::default(),
        };
        for table in tables {
            engine
                .create(table)
                .await
                .with_context(|| table.logical_id.clone())?;
        }
        Ok(engine)
    }

    async fn create(&self, table: &Table) -> Result<()> {
        let (status, answer) = self.call("CreateTable", &table.definition).await?;
        let exists = answer
            .get("__type")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.ends_with("ResourceInUseException"));
        if !status.is_success() && !exists {
            bail!("Failed to create {}: {answer}", table.name);
        }
        if let Some(attribute) = table.ttl_attribute.as_ref().filter(|_| !exists) {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request =
                json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
            let (status, answer) = self.call("UpdateTimeToLive", &request).await?;
            if !status.is_success() {
                bail!("Failed to let {} expire: {answer}", table.name);
            }
        }
        Ok(())
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<(StatusCode, Value)> {
        let request = Request::post(&self.url)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20260101T000000Z")
            .body(Full::from(request.to_string()))?;
        let (status, answer) = self.send(request).await?;
        Ok((status, serde_json::from_slice(&answer)?))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let response = self.client.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Forwards a request with `ReturnConsumedCapacity`, which is removed from the response unless the caller set it.
    /// `observe` sees the response.
    pub(crate) async fn forward(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: &Value,
        observe: impl FnOnce(&Value),
    ) -> (Response, CapacityUnits) {
        let wanted = body
            .get("ReturnConsumedCapacity")
            .and_then(Value::as_str)
            .is_some_and(|level| level != "NONE");
        let mut request = body.clone();
        let counts = !matches!(
            operation,
            "DescribeTable"
                | "ListTables"
                | "DescribeTimeToLive"
                | "UpdateTimeToLive"
                | "CreateTable"
                | "DeleteTable"
        );
        if let Some(request) = request.as_object_mut()
            && counts
            && !wanted
        {
            request.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
        }
        let mut forwarded = Request::post(&self.url);
        for (name, value) in headers {
            if name != "content-length" && name != "host" && name != "x-amz-content-sha256" {
                forwarded = forwarded.header(name, value);
            }
        }
        let forwarded = forwarded.body(Full::from(request.to_string()));
        let answered = match forwarded {
            Ok(request) => self.send(request).await,
            Err(error) => Err(error.into()),
        };
        let (status, bytes) = match answered {
            Ok(answered) => answered,
            Err(error) => return (unavailable(&error), CapacityUnits::default()),
        };
        let mut units = CapacityUnits::default();
        let body = match serde_json::from_slice::<Value>(&bytes) {
            Ok(mut answer) => {
                observe(&answer);
                units.condition_failed = is_condition_failure(&answer);
                let used =
                    consumed_units(answer.get("ConsumedCapacity")) + failed_write_units(&answer);
                if matches!(
                    operation,
                    "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
                ) {
                    units.read = used;
                } else {
                    units.write = used;
                }
                if !wanted && let Some(answer) = answer.as_object_mut() {
                    answer.remove("ConsumedCapacity");
                }
                Bytes::from(answer.to_string())
            }
            Err(_) => bytes,
        };
        let checksum = crc32fast::hash(&body).to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amz-crc32", checksum),
        ];
        ((status, headers, body).into_response(), units)
    }

    /// Returns the number of items, cached for seconds: every open page polls it.
    pub async fn count(&self, table: &str) -> u64 {
        // The lock is not held across the await, where a stalled page may drop this future.
        let known = self.counts().get(table).copied();
        if let Some((until, count)) = known
            && Instant::now() < until
        {
            return count;
        }
        let started = Instant::now();
        let count = self.count_now(table).await;
        // A large table is counted less often.
        let until = Instant::now() + Duration::from_secs(3).max(started.elapsed() * 20);
        self.counts().insert(table.to_owned(), (until, count));
        count
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, (Instant, u64)>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn count_now(&self, table: &str) -> u64 {
        let described = self
            .call("DescribeTable", &json!({ "TableName": table }))
            .await;
        described
            .ok()
            .and_then(|(_, answer)| answer["Table"]["ItemCount"].as_u64())
            .unwrap_or_default()
    }

    /// Deletes expired items by the emulator's clock, sooner than AWS does.
    async fn sweep(&self, table: &Table, now_seconds: i64) -> Result<usize> {
        let Some(attribute) = &table.ttl_attribute else {
            return Ok(0);
        };
        let mut request = json!({
            "TableName": table.name,
            "Limit": SWEEP_PAGE_ITEMS,
            "FilterExpression": "#ttl <= :now",
            "ExpressionAttributeNames": { "#ttl": attribute },
            "ExpressionAttributeValues": { ":now": { "N": now_seconds.to_string() } },
        });
        let mut swept = 0;
        loop {
            let started = Instant::now();
            let (status, answer) = self.call("Scan", &request).await?;
            let took = started.elapsed();
            if !status.is_success() {
                bail!("{answer}");
            }
            for item in answer
                .get("Items")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let key: Value = table
                    .keys
                    .iter()
                    .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
                    .collect();
                // It may have been renewed since it was read.
                let delete = json!({
                    "TableName": table.name,
                    "Key": key,
                    "ConditionExpression": "#ttl <= :now",
                    "ExpressionAttributeNames": request["ExpressionAttributeNames"],
                    "ExpressionAttributeValues": request["ExpressionAttributeValues"],
                });
                let (status, _) = self.call("DeleteItem", &delete).await?;
                swept += usize::from(status.is_success());
            }
            match answer.get("LastEvaluatedKey") {
                Some(key) => request["ExclusiveStartKey"] = key.clone(),
                None => return Ok(swept),
            }
            // Pauses in proportion to the scan, so that a large table does not starve other calls.
            tokio::time::sleep(took * 4).await;
        }
    }

    /// Sweeps all tables every half minute, and at once after the clock has jumped, until the runtime stops.
    pub(crate) async fn run_sweeper(self: Arc<Self>, clock: Arc<Clock>, recorder: Arc<Recorder>) {
        let mut offset = clock.offset_ms();
        loop {
            for table in &self.tables {
                if let Err(error) = self.sweep(table, clock.now() / 1_000).await {
                    recorder.log("local", &format!("sweeping {} failed: {error}", table.name));
                }
            }
            for _ in 0..60 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                if clock.offset_ms() != offset {
                    offset = clock.offset_ms();
                    break;
                }
            }
        }
    }
}

/// Sums `ConsumedCapacity` of one table or of several.
fn consumed_units(consumed: Option<&Value>) -> f64 {
    let of_one = |one: &Value| {
        one.get("CapacityUnits")
            .and_then(Value::as_f64)
            .unwrap_or(0.0)
    };
    match consumed {
        Some(Value::Array(tables)) => tables.iter().map(of_one).sum(),
        Some(one) => of_one(one),
        None => 0.0,
    }
}

/// Returns the units of a write whose condition failed, which is billed like a write. The engine reports none, so items
/// count as one kilobyte: one unit each, two in a transaction.
fn failed_write_units(answer: &Value) -> f64 {
    let kind = answer
        .get("__type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match answer.get("CancellationReasons").and_then(Value::as_array) {
        Some(rows) => rows.iter().map(|_| 2.0).sum(),
        None if kind.ends_with("ConditionalCheckFailedException") => 1.0,
        None => 0.0,
    }
}

fn is_condition_failure(answer: &Value) -> bool {
    let kind = answer
        .get("__type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match answer.get("CancellationReasons").and_then(Value::as_array) {
        Some(rows) => rows.iter().all(|row| {
            matches!(
                row.get("Code").and_then(Value::as_str),
                None | Some("None" | "ConditionalCheckFailed")
            )
        }),
        None => kind.ends_with("ConditionalCheckFailedException"),
    }
}

fn unavailable(error: &anyhow::Error) -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("local's tables do not answer: {error:#}"),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_does_not_hold_is_told_from_what_went_wrong() {
        let cancelled = |codes: &[&str]| {
            let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
            json!({ "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "CancellationReasons": reasons })
        };
        assert!(is_condition_failure(
            &json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" })
        ));
        assert!(is_condition_failure(&cancelled(&[
            "None",
            "ConditionalCheckFailed"
        ])));
        assert!(!is_condition_failure(&cancelled(&[
            "ConditionalCheckFailed",
            "TransactionConflict"
        ])));
        assert!(!is_condition_failure(
            &json!({ "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" })
        ));
        assert!(!is_condition_failure(&json!({ "Attributes": {} })));
    }
}
