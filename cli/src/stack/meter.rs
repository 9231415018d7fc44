//! What CloudWatch counted.

use std::collections::BTreeMap;

use anyhow::Result;
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat},
};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::Stack;
use crate::{
    failed::failed,
    ports::{Queue, Usage},
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

#[derive(Clone, Copy, PartialEq)]
enum Counts {
    /// So many units for each.
    Use(Item, f64),
    Messages,
}

impl Stack {
    pub(crate) async fn usage(&self, queues: &[Queue], days: u16) -> Result<Usage> {
        let series = self.series(queues).await?;
        let since = SignedDuration::from_hours(24 * i64::from(days));
        let mut used: BTreeMap<Item, f64> = BTreeMap::new();
        let mut messages = 0.0;
        for (counts, values) in self.values(&series, "Sum", HOUR, since).await? {
            let sum: f64 = values.iter().sum();
            match counts {
                Counts::Use(item, each) => *used.entry(item).or_default() += sum * each,
                Counts::Messages => messages += sum,
            }
        }
        let remarks = [
            "SQS requests are the messages sent, received and deleted and the empty receives: an upper bound, since one request may carry ten.",
            "EventBridge does not count by bus: its events are those of the whole account in this region.",
            "GB-seconds leave out what cold starts took.",
        ];
        Ok(Usage {
            period: format!("Stack {}, the last {}", self.name, many(days.into(), "day")),
            used: used.into_iter().collect(),
            messages,
            remarks: remarks.map(str::to_owned).into(),
        })
    }

    async fn series(&self, queues: &[Queue]) -> Result<Vec<Series<Counts>>> {
        let mut all = Vec::new();
        let mut add =
            |counts, namespace, metric, dimension| all.push(Series { of: counts, namespace, metric, dimension });
        for function in self.configurations().await? {
            let name = Some(("FunctionName", function.called));
            let gb_seconds =
                if function.architecture == "x86_64" { Item::LambdaGbSecondsX86 } else { Item::LambdaGbSecondsArm };
            // Durations are in milliseconds, memory in megabytes.
            let each = function.memory_mb / 1_024.0 / 1_000.0;
            add(Counts::Use(Item::LambdaRequests, 1.0), "AWS/Lambda", "Invocations", name.clone());
            add(Counts::Use(gb_seconds, each), "AWS/Lambda", "Duration", name);
        }
        for api in self.physical_ids("AWS::ApiGatewayV2::Api").await? {
            add(Counts::Use(Item::HttpRequests, 1.0), "AWS/ApiGateway", "Count", Some(("ApiId", api)));
        }
        for queue in queues {
            let name = Some(("QueueName", queue.name.clone()));
            let item = if queue.is_fifo { Item::SqsFifoRequests } else { Item::SqsRequests };
            for metric in
                ["NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives"]
            {
                add(Counts::Use(item, 1.0), "AWS/SQS", metric, name.clone());
            }
            // What is deleted from a queue that has a dead-letter queue was done.
            if queue.gives_up_to.is_some() {
                add(Counts::Messages, "AWS/SQS", "NumberOfMessagesDeleted", name);
            }
        }
        for table in self.physical_ids("AWS::DynamoDB::Table").await? {
            let name = Some(("TableName", table));
            add(Counts::Use(Item::ReadUnits, 1.0), "AWS/DynamoDB", "ConsumedReadCapacityUnits", name.clone());
            add(Counts::Use(Item::WriteUnits, 1.0), "AWS/DynamoDB", "ConsumedWriteCapacityUnits", name);
        }
        if !self.physical_ids("AWS::Events::EventBus").await?.is_empty() {
            add(Counts::Use(Item::BusEvents, 1.0), "AWS/Events", "PutEventsEntriesCount", None);
        }
        for group in self.physical_ids("AWS::Logs::LogGroup").await? {
            add(Counts::Use(Item::LogBytes, 1.0), "AWS/Logs", "IncomingBytes", Some(("LogGroupName", group)));
        }
        Ok(all)
    }

    /// The latest age that CloudWatch has seen; it looks once a minute, at queues that hold something.
    pub(crate) async fn oldest(&self, queues: &[Queue]) -> Result<BTreeMap<String, i64>> {
        let series = queues.iter().map(|queue| Series {
            of: queue.name.clone(),
            namespace: "AWS/SQS",
            metric: "ApproximateAgeOfOldestMessage",
            dimension: Some(("QueueName", queue.name.clone())),
        });
        let found = self.values(&series.collect::<Vec<_>>(), "Maximum", 60, SignedDuration::from_mins(15)).await?;
        // The latest comes first, in seconds.
        #[expect(clippy::cast_possible_truncation, reason = "seconds of two weeks at most")]
        let latest = |values: Vec<f64>| values.first().map(|seconds| *seconds as i64 * 1_000);
        Ok(found.into_iter().filter_map(|(name, values)| Some((name, latest(values)?))).collect())
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
            let queries = chunk.iter().enumerate().map(|(n, series)| series.query(n, statistic, period)).collect();
            let asked = self.cloudwatch.get_metric_data().set_metric_data_queries(Some(queries));
            let mut pages = asked.start_time(at(now - since)).end_time(at(now)).into_paginator().send();
            let mut found: Vec<_> = chunk.iter().map(|series| (series.of.clone(), Vec::new())).collect();
            while let Some(page) = pages.next().await {
                for result in page.map_err(failed("CloudWatch"))?.metric_data_results() {
                    let place = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
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
        let dimension =
            self.dimension.iter().map(|(name, value)| Dimension::builder().name(*name).value(value).build());
        let metric = Metric::builder().namespace(self.namespace).metric_name(self.metric);
        let metric = metric.set_dimensions(Some(dimension.collect())).build();
        let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
        MetricDataQuery::builder().id(format!("m{n}")).metric_stat(stat).build()
    }
}
