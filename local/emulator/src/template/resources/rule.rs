//! `AWS::Events::Rule`.

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::{
    intrinsics::Scope,
    model::{Rule, Target},
    properties::Properties,
};
use super::place::place;

pub(super) fn rule(id: &str, properties: &Value, scope: &Scope) -> Result<Rule> {
    let p = Properties::new(
        "AWS::Events::Rule",
        properties,
        &[
            "Name",
            "Description",
            "EventBusName",
            "EventPattern",
            "Targets",
        ],
    )?;
    let targets =
        p.of.get("Targets")
            .and_then(Value::as_array)
            .context("Targets are missing")?;
    let targets = targets
        .iter()
        .map(|target| {
            let t = Properties::new(
                "Targets",
                target,
                &[
                    "Id",
                    "Arn",
                    "DeadLetterConfig",
                    "RetryPolicy",
                    "SqsParameters",
                ],
            )?;
            let group =
                t.of.get("SqsParameters")
                    .and_then(|sqs| sqs.get("MessageGroupId"))
                    .and_then(Value::as_str);
            Ok(Target {
                arn: t.text("Arn").context("Arn is missing")?,
                group: group.map(str::to_owned),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Rule {
        place: place(scope, id),
        name: p.text("Name").unwrap_or_else(|| {
            scope
                .physical(id)
                .map(|physical| physical.name)
                .unwrap_or_default()
        }),
        bus: p
            .text("EventBusName")
            .unwrap_or_else(|| "default".to_owned()),
        pattern: p
            .of
            .get("EventPattern")
            .cloned()
            .context("EventPattern is missing")?,
        targets,
    })
}
