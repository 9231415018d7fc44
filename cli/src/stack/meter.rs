//! What CloudWatch counted.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat},
};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::{Stack, checkup::Configuration};
use crate::{
    failed::failed,
    ports::{Queue, Usage, is_inbound},
    prices::Item,
    words::many,
};

/// CloudWatch answers so many series at once.
const SERIES: usize = 500;
/// Fits every age: what is older than two months is kept by the hour only.
const HOUR: i32 = 3_600;

/// One time series, and what its numbers count.
struct Series<T> {
    of: T,
    namespace: &'static str,
    metric: &'static str,
    dimension: Option<(&'static str, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Counts {
    /// So many units for each.
    Use(Item, f64),
    Messages,
}

/// What of the stack is counted.
struct Counted<'a> {
    functions: &'a [Configuration],
    queues: &'a [Queue],
    apis: Vec<String>,
    tables: Vec<String>,
    log_groups: Vec<String>,
    has_bus: bool,
}

impl Counted<'_> {
    fn series(self) -> Vec<Series<Counts>> {
        let mut all = Vec::new();
        let mut add = |of, namespace, metric, dimension| {
            all.push(Series {
                of,
                namespace,
                metric,
                dimension,
            })
        };
        for function in self.functions {
            let name = Some(("FunctionName", function.called.clone()));
            let gb_seconds = if function.architecture == "x86_64" {
                Item::LambdaGbSecondsX86
            } else {
                Item::LambdaGbSecondsArm
            };
            // Durations are in milliseconds, memory in megabytes.
            let each = function.memory_mb / 1_024.0 / 1_000.0;
            add(
                Counts::Use(Item::LambdaRequests, 1.0),
                "AWS/Lambda",
                "Invocations",
                name.clone(),
            );
            add(
                Counts::Use(gb_seconds, each),
                "AWS/Lambda",
                "Duration",
                name,
            );
        }
        for api in self.apis {
            // An HTTP API has the one metric, a WebSocket API the other.
            let id = Some(("ApiId", api));
            add(
                Counts::Use(Item::HttpRequests, 1.0),
                "AWS/ApiGateway",
                "Count",
                id.clone(),
            );
            add(
                Counts::Use(Item::SocketMessages, 1.0),
                "AWS/ApiGateway",
                "MessageCount",
                id,
            );
        }
        for queue in self.queues {
            let name = Some(("QueueName", queue.name.clone()));
            let item = if queue.is_fifo {
                Item::SqsFifoRequests
            } else {
                Item::SqsRequests
            };
            for metric in [
                "NumberOfMessagesSent",
                "NumberOfMessagesReceived",
                "NumberOfMessagesDeleted",
                "NumberOfEmptyReceives",
            ] {
                add(Counts::Use(item, 1.0), "AWS/SQS", metric, name.clone());
            }
            // What is deleted there was done: what is given up is moved.
            if is_inbound(&queue.name) {
                add(Counts::Messages, "AWS/SQS", "NumberOfMessagesDeleted", name);
            }
        }
        for table in self.tables {
            let name = Some(("TableName", table));
            add(
                Counts::Use(Item::ReadUnits, 1.0),
                "AWS/DynamoDB",
                "ConsumedReadCapacityUnits",
                name.clone(),
            );
            add(
                Counts::Use(Item::WriteUnits, 1.0),
                "AWS/DynamoDB",
                "ConsumedWriteCapacityUnits",
                name,
            );
        }
        if self.has_bus {
            add(
                Counts::Use(Item::BusEvents, 1.0),
                "AWS/Events",
                "PutEventsEntriesCount",
                None,
            );
        }
        for group in self.log_groups {
            add(
                Counts::Use(Item::LogBytes, 1.0),
                "AWS/Logs",
                "IncomingBytes",
                Some(("LogGroupName", group)),
            );
        }
        all
    }
}

/// What was used, and how many messages were done.
fn tally(values: Vec<(Counts, Vec<f64>)>) -> (Vec<(Item, f64)>, f64) {
    let mut used: BTreeMap<Item, f64> = BTreeMap::new();
    let mut messages = 0.0;
    for (counts, values) in values {
        let sum: f64 = values.iter().sum();
        match counts {
            Counts::Use(item, each) => *used.entry(item).or_default() += sum * each,
            Counts::Messages => messages += sum,
        }
    }
    (used.into_iter().collect(), messages)
}

impl Stack {
    pub(crate) async fn usage(&self, queues: &[Queue], days: u16) -> Result<Usage> {
        let counted = Counted {
            functions: &self.configurations().await?,
            queues,
            apis: self.physical_ids("AWS::ApiGatewayV2::Api").await?,
            tables: self.physical_ids("AWS::DynamoDB::Table").await?,
            log_groups: self.physical_ids("AWS::Logs::LogGroup").await?,
            has_bus: !self.physical_ids("AWS::Events::EventBus").await?.is_empty(),
        };
        let since = SignedDuration::from_hours(24 * i64::from(days));
        let (used, messages) = tally(self.values(&counted.series(), "Sum", HOUR, since).await?);
        let remarks = [
            "SQS requests are the messages sent, received and deleted and the empty receives: an upper bound, since one request may carry ten.",
            "WebSocket messages over 32 KB are charged as several; connection minutes ($0.25 a million) are not counted by CloudWatch.",
            "EventBridge does not count by bus: its events are those of the whole account in this region.",
            "GB-seconds leave out what cold starts took; reads and writes leave out secondary indexes.",
        ];
        Ok(Usage {
            period: format!("Stack {}, the last {}", self.name, many(days.into(), "day")),
            used,
            messages,
            remarks: remarks.map(str::to_owned).into(),
        })
    }

    /// The latest age that CloudWatch has seen; it looks once a minute, at queues that hold something.
    pub(crate) async fn oldest(&self, queues: &[Queue]) -> Result<BTreeMap<String, i64>> {
        let series = queues.iter().map(|queue| Series {
            of: queue.name.clone(),
            namespace: "AWS/SQS",
            metric: "ApproximateAgeOfOldestMessage",
            dimension: Some(("QueueName", queue.name.clone())),
        });
        let found = self
            .values(
                &series.collect::<Vec<_>>(),
                "Maximum",
                60,
                SignedDuration::from_mins(15),
            )
            .await?;
        // The latest comes first, in seconds.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds of two weeks at most"
        )]
        let latest = |values: Vec<f64>| values.first().map(|seconds| *seconds as i64 * 1_000);
        Ok(found
            .into_iter()
            .filter_map(|(name, values)| Some((name, latest(values)?)))
            .collect())
    }

    async fn values<T: Clone>(
        &self,
        series: &[Series<T>],
        statistic: &str,
        period: i32,
        since: SignedDuration,
    ) -> Result<Vec<(T, Vec<f64>)>> {
        let now = Timestamp::now();
        let at = |time: Timestamp| DateTime::from_secs(time.as_second());
        let calls = series.chunks(SERIES).map(|chunk| async move {
            let queries = chunk
                .iter()
                .enumerate()
                .map(|(n, series)| series.query(n, statistic, period))
                .collect();
            let asked = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries));
            let mut pages = asked
                .start_time(at(now - since))
                .end_time(at(now))
                .into_paginator()
                .send();
            let mut found: Vec<_> = chunk
                .iter()
                .map(|series| (series.of.clone(), Vec::new()))
                .collect();
            while let Some(page) = pages.next().await {
                for result in page.map_err(failed("CloudWatch"))?.metric_data_results() {
                    let place = result
                        .id()
                        .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                    if let Some((_, values)) = place.and_then(|n| found.get_mut(n)) {
                        values.extend_from_slice(result.values());
                    }
                }
            }
            anyhow::Ok(found)
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }
}

impl<T> Series<T> {
    fn query(&self, n: usize, statistic: &str, period: i32) -> MetricDataQuery {
        let dimension = self
            .dimension
            .iter()
            .map(|(name, value)| Dimension::builder().name(*name).value(value).build());
        let metric = Metric::builder()
            .namespace(self.namespace)
            .metric_name(self.metric);
        let metric = metric.set_dimensions(Some(dimension.collect())).build();
        let stat = MetricStat::builder()
            .metric(metric)
            .period(period)
            .stat(statistic)
            .build();
        MetricDataQuery::builder()
            .id(format!("m{n}"))
            .metric_stat(stat)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resource_is_counted_in_its_own_units() {
        let function = Configuration {
            name: "hook".into(),
            called: "confab-hook".into(),
            architecture: "arm64".into(),
            memory_mb: 128.0,
            trouble: None,
        };
        let queue = |name: &str| Queue {
            name: name.into(),
            is_fifo: name.ends_with(".fifo"),
            ..Queue::default()
        };
        let counted = Counted {
            functions: &[function],
            queues: &["x-inbound.fifo", "x-inbound-dlq.fifo", "x-status"].map(queue),
            apis: vec!["api".into()],
            tables: vec!["table".into()],
            log_groups: vec!["group".into()],
            has_bus: true,
        };
        let series = counted.series();
        // Each series has counted two hours of a thousand.
        let (used, messages) = tally(
            series
                .iter()
                .map(|series| (series.of, vec![1_000.0, 1_000.0]))
                .collect(),
        );
        assert_eq!(
            messages, 2_000.0,
            "what people said, and neither statuses nor what was given up"
        );
        let expected = [
            (Item::LambdaRequests, 2_000.0),
            (Item::LambdaGbSecondsArm, 0.25),
            (Item::HttpRequests, 2_000.0),
            (Item::SocketMessages, 2_000.0),
            (Item::SqsRequests, 8_000.0),
            (Item::SqsFifoRequests, 16_000.0),
            (Item::ReadUnits, 2_000.0),
            (Item::WriteUnits, 2_000.0),
            (Item::BusEvents, 2_000.0),
            (Item::LogBytes, 2_000.0),
        ];
        assert_eq!(used, expected);
        let query = series[0].query(7, "Sum", HOUR);
        assert_eq!(query.id(), Some("m7"));
        let metric = query.metric_stat().and_then(|stat| stat.metric()).unwrap();
        assert_eq!(metric.dimensions()[0].value(), Some("confab-hook"));
    }
}
