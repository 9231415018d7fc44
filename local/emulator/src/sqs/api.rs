//! The JSON protocol of SQS.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    engine::{Message, NewMessage, Queues, SqsError, sequence_number},
    move_tasks,
    refusal::Refusal,
    request::text,
};
use crate::template::Queue;

/// The limit of a message with its attributes, and of a batch.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// Twelve hours.
const MAX_VISIBILITY_SECONDS: u64 = 43_200;

/// Answers one operation. Calls `sent` for each message that is not a duplicate.
pub(crate) async fn handle(
    queues: &Queues,
    operation: &str,
    request: &Value,
    sender: &str,
    mut sent: impl FnMut(&Queue, &NewMessage, &str),
) -> Result<Value, Refusal> {
    if operation == "ListQueues" {
        let prefix = request
            .get("QueueNamePrefix")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let urls: Vec<_> = queues
            .queues()
            .filter(|q| q.name.starts_with(prefix))
            .map(|q| q.url.clone())
            .collect();
        return Ok(json!({ "QueueUrls": urls }));
    }
    match operation {
        "StartMessageMoveTask" => return move_tasks::start(queues, request),
        "ListMessageMoveTasks" => return move_tasks::list(queues, request),
        "CancelMessageMoveTask" => return move_tasks::cancel(queues, request),
        _ => {}
    }
    let queue = queue_of(queues, request)?;
    match operation {
        "GetQueueUrl" => Ok(json!({ "QueueUrl": queue.url })),
        "GetQueueAttributes" => attributes(queues, queue, request),
        "PurgeQueue" => queues.purge(queue).map(|()| json!({})).map_err(Into::into),
        "SendMessage" => {
            let message = outgoing(queue, request, sender)?;
            let done = queues.send(queue, &message)?;
            if !done.duplicate {
                sent(queue, &message, &done.message_id);
            }
            Ok(accepted(
                &message,
                &done.message_id,
                done.sequence_number.as_deref(),
            ))
        }
        "SendMessageBatch" => batch(request, |entry| {
            let message = outgoing(queue, entry, sender)?;
            let done = queues.send(queue, &message)?;
            if !done.duplicate {
                sent(queue, &message, &done.message_id);
            }
            Ok(accepted(
                &message,
                &done.message_id,
                done.sequence_number.as_deref(),
            ))
        }),
        "ReceiveMessage" => receive(queues, queue, request).await,
        "DeleteMessage" => delete(queues, queue, request).map(|()| json!({})),
        "DeleteMessageBatch" => batch(request, |entry| {
            delete(queues, queue, entry).map(|()| json!({}))
        }),
        "ChangeMessageVisibility" => change(queues, queue, request).map(|()| json!({})),
        "ChangeMessageVisibilityBatch" => batch(request, |entry| {
            change(queues, queue, entry).map(|()| json!({}))
        }),
        other => Err(Refusal {
            status: StatusCode::NOT_IMPLEMENTED,
            kind: "UnsupportedOperation",
            message: format!("local's SQS does not know {other}"),
        }),
    }
}

fn queue_of<'a>(queues: &'a Queues, request: &Value) -> Result<&'a Queue, Refusal> {
    let named = request
        .get("QueueName")
        .or_else(|| request.get("QueueUrl"))
        .and_then(Value::as_str);
    let named = named.ok_or_else(|| {
        SqsError::Missing("The request must contain the parameter QueueUrl.".into())
    })?;
    let name = named.rsplit('/').next().unwrap_or_default();
    Ok(queues.queue(name)?)
}

fn outgoing(queue: &Queue, request: &Value, sender: &str) -> Result<NewMessage, Refusal> {
    let body = text(request, "MessageBody").unwrap_or_default();
    if body.is_empty() {
        return Err(SqsError::Missing(
            "The request must contain the parameter MessageBody.".into(),
        )
        .into());
    }
    let attributes = request
        .get("MessageAttributes")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if body.len() + size_of_attributes(&attributes) > MAX_MESSAGE_BYTES {
        return Err(SqsError::Invalid(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {MAX_MESSAGE_BYTES} bytes."
        ))
        .into());
    }
    if !body.chars().all(is_allowed) {
        return Err(SqsError::Characters.into());
    }
    for name in ["MessageGroupId", "MessageDeduplicationId"] {
        let given = text(request, name);
        if given.is_some_and(|id| {
            id.is_empty() || id.len() > 128 || !id.bytes().all(|b| b.is_ascii_graphic())
        }) {
            return Err(SqsError::Invalid(format!("Value for parameter {name} is invalid. Reason: It can only include alphanumeric and punctuation characters. 1 to 128 in length.")).into());
        }
    }
    let delay = seconds(request, "DelaySeconds", 900)?;
    let only_elsewhere = match queue.fifo {
        true => delay
            .is_some_and(|delay| !delay.is_zero())
            .then_some("DelaySeconds"),
        false => text(request, "MessageDeduplicationId").map(|_| "MessageDeduplicationId"),
    };
    if let Some(name) = only_elsewhere {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(SqsError::Invalid(format!(
            "The value of parameter {name} is invalid. Reason: {reason}"
        ))
        .into());
    }
    Ok(NewMessage {
        body,
        attributes,
        group_id: text(request, "MessageGroupId"),
        deduplication_id: text(request, "MessageDeduplicationId"),
        delay,
        sender: sender.to_owned(),
    })
}

fn seconds(request: &Value, name: &str, most: u64) -> Result<Option<Duration>, SqsError> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(given) => match given.as_u64().filter(|seconds| *seconds <= most) {
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None => Err(SqsError::Invalid(format!(
                "Value {given} for parameter {name} is invalid. Reason: Must be >= 0 and <= {most}, if provided."
            ))),
        },
    }
}

/// Returns the bytes of names, types and values.
fn size_of_attributes(attributes: &Value) -> usize {
    let of_one = |(name, value): (&String, &Value)| {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
        let bytes = STANDARD.decode(text("BinaryValue")).unwrap_or_default();
        name.len() + text("DataType").len() + text("StringValue").len() + bytes.len()
    };
    attributes
        .as_object()
        .into_iter()
        .flatten()
        .map(of_one)
        .sum()
}

/// Whether XML 1.0 allows the character.
fn is_allowed(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

fn accepted(message: &NewMessage, message_id: &str, sequence_number: Option<&str>) -> Value {
    let mut answer = json!({ "MessageId": message_id, "MD5OfMessageBody": format!("{:x}", md5::compute(&message.body)) });
    if let Some(md5) = md5_of_attributes(&message.attributes) {
        answer["MD5OfMessageAttributes"] = json!(md5);
    }
    if let Some(number) = sequence_number {
        answer["SequenceNumber"] = json!(number);
    }
    answer
}

/// Returns the checksum that clients verify: length-prefixed names, types and values in order of names.
fn md5_of_attributes(attributes: &Value) -> Option<String> {
    let attributes: BTreeMap<_, _> = attributes.as_object()?.iter().collect();
    if attributes.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for (name, value) in attributes {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        add(&mut bytes, name.as_bytes());
        add(&mut bytes, text("DataType").unwrap_or_default().as_bytes());
        match text("StringValue") {
            Some(string) => {
                bytes.push(1);
                add(&mut bytes, string.as_bytes());
            }
            None => {
                bytes.push(2);
                add(
                    &mut bytes,
                    &STANDARD
                        .decode(text("BinaryValue").unwrap_or_default())
                        .unwrap_or_default(),
                );
            }
        }
    }
    Some(format!("{:x}", md5::compute(&bytes)))
}

fn add(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}

/// Answers a batch with 200; each entry succeeds or fails on its own.
fn batch(
    request: &Value,
    mut one: impl FnMut(&Value) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let entries = request
        .get("Entries")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let refuse = |kind: &'static str, message: &str| Refusal {
        status: StatusCode::BAD_REQUEST,
        kind,
        message: message.to_owned(),
    };
    if entries.is_empty() {
        return Err(refuse(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
        ));
    }
    if entries.len() > 10 {
        return Err(refuse(
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10.",
        ));
    }
    let ids: Vec<_> = entries
        .iter()
        .map(|entry| text(entry, "Id").unwrap_or_default())
        .collect();
    let is_id = |id: &String| {
        (1..=80).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !ids.iter().all(is_id) {
        let text = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
        return Err(refuse("InvalidBatchEntryId", text));
    }
    if (1..ids.len()).any(|i| ids[..i].contains(&ids[i])) {
        return Err(refuse(
            "BatchEntryIdsNotDistinct",
            "Ids of entries are not distinct.",
        ));
    }
    let size = |entry: &Value| {
        let body = entry
            .get("MessageBody")
            .and_then(Value::as_str)
            .unwrap_or_default();
        body.len() + size_of_attributes(&entry["MessageAttributes"])
    };
    let bytes: usize = entries.iter().map(size).sum();
    if bytes > MAX_MESSAGE_BYTES {
        return Err(SqsError::TooLong(format!(
            "Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes."
        ))
        .into());
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in ids.iter().zip(entries) {
        match one(entry) {
            Ok(mut done) => {
                done["Id"] = json!(id);
                successful.push(done);
            }
            Err(refusal) => failed.push(json!({
                "Id": id, "SenderFault": refusal.status.is_client_error(), "Code": refusal.kind, "Message": refusal.message,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

async fn receive(queues: &Queues, queue: &Queue, request: &Value) -> Result<Value, Refusal> {
    let number = |name: &str| request.get(name).and_then(Value::as_u64);
    let limit = number("MaxNumberOfMessages").unwrap_or(1);
    if !(1..=10).contains(&limit) {
        return Err(SqsError::Invalid(format!(
            "Value {limit} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        ))
        .into());
    }
    let wait = seconds(request, "WaitTimeSeconds", 20)?.unwrap_or_default();
    let visibility = seconds(request, "VisibilityTimeout", MAX_VISIBILITY_SECONDS)?;
    let started = tokio::time::Instant::now();
    loop {
        let messages = queues.receive(queue, usize::try_from(limit).unwrap_or(1), visibility)?;
        if !messages.is_empty() || started.elapsed() >= wait {
            let messages: Vec<_> = messages
                .iter()
                .map(|message| received(queue, message, request))
                .collect();
            return Ok(if messages.is_empty() {
                json!({})
            } else {
                json!({ "Messages": messages })
            });
        }
        queues
            .wait_for_message(&queue.name, wait.saturating_sub(started.elapsed()))
            .await;
    }
}

/// Whether an attribute is requested: by name, by `prefix.*` or by `All`.
fn wanted(request: &Value, lists: &[&str], name: &str) -> bool {
    let lists = lists
        .iter()
        .filter_map(|list| request.get(*list)?.as_array());
    lists
        .flatten()
        .filter_map(Value::as_str)
        .any(|asked| match asked.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => asked == "All" || asked == name,
        })
}

fn received(queue: &Queue, message: &Message, request: &Value) -> Value {
    let mut answer = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": format!("{:x}", md5::compute(&message.body)),
    });
    let mut about = system_attributes(queue, message);
    about.retain(|name, _| {
        wanted(
            request,
            &["MessageSystemAttributeNames", "AttributeNames"],
            name,
        )
    });
    if !about.is_empty() {
        answer["Attributes"] = Value::Object(about);
    }
    let mut attributes = message.attributes.as_object().cloned().unwrap_or_default();
    attributes.retain(|name, _| wanted(request, &["MessageAttributeNames"], name));
    if !attributes.is_empty() {
        let attributes = Value::Object(attributes);
        answer["MD5OfMessageAttributes"] = json!(md5_of_attributes(&attributes));
        answer["MessageAttributes"] = attributes;
    }
    answer
}

/// Returns the system attributes of a message, for responses and events.
pub(crate) fn system_attributes(queue: &Queue, message: &Message) -> Map<String, Value> {
    let mut attributes = Map::from_iter([
        (
            "ApproximateReceiveCount".to_owned(),
            json!(message.receives.to_string()),
        ),
        (
            "SentTimestamp".to_owned(),
            json!(message.sent_at.to_string()),
        ),
        ("SenderId".to_owned(), json!(message.sender)),
        (
            "ApproximateFirstReceiveTimestamp".to_owned(),
            json!(message.first_received_at.to_string()),
        ),
    ]);
    if let Some(group) = &message.group_id {
        attributes.insert("MessageGroupId".to_owned(), json!(group));
    }
    if queue.fifo {
        attributes.insert(
            "SequenceNumber".to_owned(),
            json!(sequence_number(message.seq)),
        );
        attributes.insert(
            "MessageDeduplicationId".to_owned(),
            json!(message.deduplication_id),
        );
    }
    if let Some(source) = &message.source {
        attributes.insert("DeadLetterQueueSourceArn".to_owned(), json!(source));
    }
    attributes
}

fn delete(queues: &Queues, queue: &Queue, request: &Value) -> Result<(), Refusal> {
    let receipt = text(request, "ReceiptHandle").ok_or(SqsError::NoReceipt)?;
    Ok(queues.delete(queue, &receipt)?)
}

fn change(queues: &Queues, queue: &Queue, request: &Value) -> Result<(), Refusal> {
    let receipt = text(request, "ReceiptHandle").ok_or(SqsError::NoReceipt)?;
    let visibility =
        seconds(request, "VisibilityTimeout", MAX_VISIBILITY_SECONDS)?.unwrap_or_default();
    Ok(queues.change_visibility(queue, &receipt, visibility)?)
}

fn attributes(queues: &Queues, queue: &Queue, request: &Value) -> Result<Value, Refusal> {
    let stats = queues.stats(queue)?;
    let mut all = BTreeMap::from([
        ("QueueArn", queue.arn.clone()),
        ("ApproximateNumberOfMessages", stats.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            stats.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            stats.delayed.to_string(),
        ),
        ("VisibilityTimeout", queue.visibility.as_secs().to_string()),
        ("DelaySeconds", queue.delay.as_secs().to_string()),
        (
            "MessageRetentionPeriod",
            queue.retention.as_secs().to_string(),
        ),
    ]);
    if queue.fifo {
        all.insert("FifoQueue", "true".to_owned());
        all.insert(
            "ContentBasedDeduplication",
            queue.content_based_deduplication.to_string(),
        );
    }
    if let Some(redrive) = &queue.redrive {
        let policy = json!({ "deadLetterTargetArn": redrive.dlq_arn, "maxReceiveCount": redrive.max_receives });
        all.insert("RedrivePolicy", policy.to_string());
    }
    let names: Vec<_> = request
        .get("AttributeNames")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !names.contains(&"All") {
        all.retain(|name, _| names.contains(name));
    }
    Ok(json!({ "Attributes": all }))
}
