//! `Events` of functions.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::super::{
    intrinsics::Scope,
    model::{Consumer, DEFAULT_ROUTE, Function, Route, Rule, Schedule, Target, Template},
    properties::{Properties, texts},
};
use super::http_api::implicit_api;

pub(super) fn event_source(
    template: &mut Template,
    function: &mut Function,
    name: &str,
    event: &Value,
    scope: &Scope,
) -> Result<()> {
    let place = scope
        .source
        .place(["Resources", &function.logical_id, "Events", name]);
    let qualified = || scope.qualified(&format!("{}{name}", function.logical_id));
    let kind = event
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let empty = Value::Object(Map::new());
    let properties = event.get("Properties").unwrap_or(&empty);
    match kind {
        "HttpApi" => {
            let known = [
                "ApiId",
                "Method",
                "Path",
                "PayloadFormatVersion",
                "RouteSettings",
                "TimeoutInMillis",
            ];
            let p = Properties::new(kind, properties, &known)?;
            if p.text("PayloadFormatVersion")
                .is_some_and(|version| version != "2.0")
            {
                bail!("local sends events of payload format 2.0");
            }
            let (method, path) = match (p.text("Method"), p.text("Path")) {
                (Some(method), Some(path)) => (method.to_uppercase(), path),
                // SAM's route for all that no other route takes.
                (None, None) => ("ANY".to_owned(), DEFAULT_ROUTE.to_owned()),
                (None, _) => bail!("Method is missing"),
                (_, None) => bail!("Path is missing"),
            };
            let api = match p.text("ApiId") {
                Some(api) => api,
                None => implicit_api(template, scope)?,
            };
            function.routes.push(Route {
                api,
                place,
                method,
                path,
            });
        }
        "SQS" => {
            let known = [
                "Queue",
                "BatchSize",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "ScalingConfig",
            ];
            let p = Properties::new(kind, properties, &known)?;
            let concurrency =
                p.of.get("ScalingConfig")
                    .and_then(|scaling| scaling.get("MaximumConcurrency"));
            function.consumers.push(Consumer {
                queue_arn: p.text("Queue").context("Queue is missing")?,
                batch_size: p
                    .number("BatchSize")?
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(10),
                window: p.seconds("MaximumBatchingWindowInSeconds", 0)?,
                partial_failures: texts(p.of.get("FunctionResponseTypes"))
                    .iter()
                    .any(|t| t == "ReportBatchItemFailures"),
                maximum_concurrency: concurrency
                    .and_then(Value::as_u64)
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(1000),
            });
        }
        "EventBridgeRule" | "CloudWatchEvent" => {
            // Settings of failed deliveries have no meaning here: `check` verifies that all targets exist.
            let known = [
                "EventBusName",
                "Pattern",
                "DeadLetterConfig",
                "RetryPolicy",
                "RuleName",
                "Target",
            ];
            let p = Properties::new(kind, properties, &known)?;
            template.rules.push(Rule {
                name: p.text("RuleName").unwrap_or_else(qualified),
                place,
                bus: p
                    .text("EventBusName")
                    .unwrap_or_else(|| "default".to_owned()),
                pattern: p.of.get("Pattern").cloned().context("Pattern is missing")?,
                targets: vec![Target {
                    arn: function.arn.clone(),
                    group: None,
                }],
            });
        }
        "ScheduleV2" => {
            let known = [
                "ScheduleExpression",
                "ScheduleExpressionTimezone",
                "Input",
                "RetryPolicy",
                "DeadLetterConfig",
                "FlexibleTimeWindow",
                "Name",
                "Description",
                "OmitName",
            ];
            let p = Properties::new(kind, properties, &known)?;
            template.schedules.push(Schedule {
                name: p.text("Name").unwrap_or_else(qualified),
                place,
                expression: p
                    .text("ScheduleExpression")
                    .context("ScheduleExpression is missing")?,
                timezone: p
                    .text("ScheduleExpressionTimezone")
                    .unwrap_or_else(|| "UTC".to_owned()),
                target_arn: function.arn.clone(),
                input: p.text("Input"),
                is_rule: false,
            });
        }
        "Schedule" => {
            let known = [
                "Schedule",
                "Input",
                "Name",
                "Description",
                "Enabled",
                "State",
                "RetryPolicy",
                "DeadLetterConfig",
            ];
            let p = Properties::new(kind, properties, &known)?;
            let is_off = p.of.get("Enabled") == Some(&Value::Bool(false))
                || p.text("State").as_deref() == Some("DISABLED");
            if !is_off {
                template.schedules.push(Schedule {
                    name: p.text("Name").unwrap_or_else(qualified),
                    place,
                    expression: p.text("Schedule").context("Schedule is missing")?,
                    timezone: "UTC".to_owned(),
                    target_arn: function.arn.clone(),
                    input: p.text("Input"),
                    is_rule: true,
                });
            }
        }
        "Api" => bail!("local runs HTTP APIs (HttpApi), not REST APIs (Api)"),
        other => bail!("local does not know events of type {other:?}"),
    }
    Ok(())
}
