//! DynamoDB: an engine on a SQLite file that speaks the real protocol, behind a door that counts capacity.

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

use crate::{clock::Clock, template::Table};

/// Without a limit the engine reads all that is left of a table for each page.
const SWEPT_AT_ONCE: u32 = 500;

#[derive(Debug)]
pub struct Dynamo {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    counted: Mutex<HashMap<String, (Instant, u64)>>,
}

/// Capacity of one call by AWS's rules, as the engine states it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Units {
    pub read: f64,
    pub write: f64,
    /// Nothing was written because a condition does not hold, and for no other reason.
    pub condition_failed: bool,
}

impl Dynamo {
    pub async fn open(data: &Path, tables: &[Table]) -> Result<Self> {
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
        let dynamo = Self {
            url,
            client,
            counted: Mutex::default(),
        };
        for table in tables {
            dynamo
                .create(table)
                .await
                .with_context(|| table.logical_id.clone())?;
        }
        Ok(dynamo)
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

    pub async fn call(&self, operation: &str, request: &Value) -> Result<(StatusCode, Value)> {
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

    /// Hands a request on as it came, with capacity asked for, and gives the answer as it was asked for.
    pub async fn forward(
        &self,
        operation: &str,
        headers: &HeaderMap,
        body: &Value,
    ) -> (Response, Units) {
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
            Err(error) => return (unavailable(&error), Units::default()),
        };
        let mut units = Units::default();
        let body = match serde_json::from_slice::<Value>(&bytes) {
            Ok(mut answer) => {
                units.condition_failed = is_condition(&answer);
                let used = used(answer.get("ConsumedCapacity")) + charged_for_nothing(&answer);
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

    /// How many rows there are, or were a moment ago: every open page asks for it several times a second.
    pub async fn count(&self, table: &str) -> u64 {
        // Never held while waiting: whoever asks may be a page that is not read any more, and stops there for good.
        let known = self.counts().get(table).copied();
        if let Some((until, count)) = known
            && Instant::now() < until
        {
            return count;
        }
        let begun = Instant::now();
        let count = self.count_now(table).await;
        // A large table is counted less often.
        let until = Instant::now() + Duration::from_secs(3).max(begun.elapsed() * 20);
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

    /// Deletes what has expired on local's clock, as the time-to-live of a table promises, and sooner than AWS.
    pub async fn sweep(&self, table: &Table, now_seconds: i64) -> Result<usize> {
        let Some(attribute) = &table.ttl_attribute else {
            return Ok(0);
        };
        let mut request = json!({
            "TableName": table.name,
            "Limit": SWEPT_AT_ONCE,
            "FilterExpression": "#ttl <= :now",
            "ExpressionAttributeNames": { "#ttl": attribute },
            "ExpressionAttributeValues": { ":now": { "N": now_seconds.to_string() } },
        });
        let mut swept = 0;
        loop {
            let begun = Instant::now();
            let (status, answer) = self.call("Scan", &request).await?;
            let took = begun.elapsed();
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
            // A large table takes its time, and leaves it to others.
            tokio::time::sleep(took * 4).await;
        }
    }
}

/// Sweeps all tables every half minute, and at once after the clock has jumped.
pub async fn sweep_forever(cloud: Arc<crate::cloud::Cloud>) {
    let clock: &Clock = &cloud.clock;
    let mut offset = clock.offset_ms();
    loop {
        for table in &cloud.template.tables {
            if let Err(error) = cloud.tables.sweep(table, clock.now() / 1_000).await {
                cloud
                    .record
                    .line("local", &format!("sweeping {} failed: {error}", table.name));
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

/// One table's capacity, or that of several.
fn used(consumed: Option<&Value>) -> f64 {
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

/// A write whose condition does not hold is charged like one that is done. The engine states no capacity for it:
/// rows are taken as no larger than a kilobyte, of which a transaction charges two units each.
fn charged_for_nothing(answer: &Value) -> f64 {
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

fn is_condition(answer: &Value) -> bool {
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
        assert!(is_condition(
            &json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" })
        ));
        assert!(is_condition(&cancelled(&[
            "None",
            "ConditionalCheckFailed"
        ])));
        assert!(!is_condition(&cancelled(&[
            "ConditionalCheckFailed",
            "TransactionConflict"
        ])));
        assert!(!is_condition(
            &json!({ "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" })
        ));
        assert!(!is_condition(&json!({ "Attributes": {} })));
    }
}
