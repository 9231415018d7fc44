//! `AWS::SQS::Queue`.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::super::{
    intrinsics::Scope,
    model::{Queue, Redrive},
    properties::Properties,
};
use super::place::place;

pub(super) fn queue(id: &str, properties: &Value, scope: &Scope) -> Result<Queue> {
    let known = [
        "QueueName",
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
        "VisibilityTimeout",
        "DelaySeconds",
        "MessageRetentionPeriod",
        "RedrivePolicy",
        "ReceiveMessageWaitTimeSeconds",
        "SqsManagedSseEnabled",
        "KmsMasterKeyId",
        "Tags",
    ];
    let p = Properties::new("AWS::SQS::Queue", properties, &known)?;
    let physical = scope.physical(id)?;
    let fifo = p.bool("FifoQueue");
    if fifo != physical.name.ends_with(".fifo") {
        bail!(
            "a FIFO queue's name, and no other's, ends in .fifo: {}",
            physical.name
        );
    }
    let redrive = match p.of.get("RedrivePolicy") {
        None => None,
        Some(policy) => {
            let policy = Properties::new(
                "RedrivePolicy",
                policy,
                &["deadLetterTargetArn", "maxReceiveCount"],
            )?;
            let max = policy
                .number("maxReceiveCount")?
                .context("RedrivePolicy.maxReceiveCount is missing")?;
            Some(Redrive {
                dlq_arn: policy
                    .text("deadLetterTargetArn")
                    .context("RedrivePolicy.deadLetterTargetArn is missing")?,
                max_receives: u32::try_from(max)?,
            })
        }
    };
    Ok(Queue {
        logical_id: id.to_owned(),
        place: place(scope, id),
        fifo,
        content_based_deduplication: p.bool("ContentBasedDeduplication"),
        deduplicates_per_group: p.text("DeduplicationScope").as_deref() == Some("messageGroup"),
        visibility: p.seconds("VisibilityTimeout", 30)?,
        delay: p.seconds("DelaySeconds", 0)?,
        retention: p.seconds("MessageRetentionPeriod", 345_600)?,
        redrive,
        name: physical.name,
        arn: physical.arn,
        url: physical.reference,
    })
}
