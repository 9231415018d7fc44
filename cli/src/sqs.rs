//! The queues, by SQS's own protocol: the same on AWS and on `local`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName as About,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
};
use futures::future::try_join_all;
use serde_json::Value;

use crate::{
    failed::failed,
    place::{Place, View},
    ports::{Letter, Letters, Move, Moves, Queue, Queues},
};

/// How long a message is kept from others while we look at it.
const IN_HAND: i32 = 60;
/// SQS takes and gives ten at once.
const BATCH: usize = 10;

impl Queues for Place {
    async fn queues(&self) -> Result<Vec<Queue>> {
        let named = match &self.view {
            View::Stack(stack) => stack.queues().await?,
            View::Local(local) => local.queues(),
        };
        let mut queues = try_join_all(named.iter().map(|named| self.queue(named))).await?;
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(queues)
    }

    async fn oldest(&self, queues: &[Queue]) -> Result<BTreeMap<String, i64>> {
        match &self.view {
            View::Stack(stack) => stack.oldest(queues).await,
            View::Local(local) => Ok(local.oldest()),
        }
    }
}

impl Place {
    /// By its address or its name.
    async fn queue(&self, named: &str) -> Result<Queue> {
        let url = if named.starts_with("http") {
            named.to_owned()
        } else {
            let found = self.sqs.get_queue_url().queue_name(named).send().await;
            found
                .map_err(failed(named))?
                .queue_url
                .context("a queue without an address")?
        };
        let asked = self
            .sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::All);
        let attributes = asked
            .send()
            .await
            .map_err(failed(&url))?
            .attributes
            .unwrap_or_default();
        let text = |name: QueueAttributeName| attributes.get(&name).cloned().unwrap_or_default();
        let count = |name| text(name).parse().unwrap_or(0);
        let policy: Value =
            serde_json::from_str(&text(QueueAttributeName::RedrivePolicy)).unwrap_or_default();
        Ok(Queue {
            name: url.rsplit('/').next().unwrap_or_default().to_owned(),
            arn: text(QueueAttributeName::QueueArn),
            is_fifo: text(QueueAttributeName::FifoQueue) == "true",
            visible: count(QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
            gives_up_to: policy["deadLetterTargetArn"].as_str().map(str::to_owned),
            url,
        })
    }
}

impl Letters for Place {
    async fn take(&self, queue: &Queue) -> Result<Vec<Letter>> {
        // With a wait SQS asks all of its servers.
        let asked = self
            .sqs
            .receive_message()
            .queue_url(&queue.url)
            .max_number_of_messages(10)
            .wait_time_seconds(1);
        let asked = asked.visibility_timeout(IN_HAND);
        let asked = asked
            .message_system_attribute_names(About::All)
            .message_attribute_names("All");
        let received = asked.send().await.map_err(failed(&queue.name))?;
        Ok(received
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(letter)
            .collect())
    }

    async fn release(&self, queue: &Queue, letters: &[Letter]) -> Result<()> {
        for chunk in letters.chunks(BATCH) {
            let entries = chunk.iter().enumerate().map(|(n, letter)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(n.to_string());
                entry
                    .receipt_handle(&letter.receipt)
                    .visibility_timeout(0)
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let change = self
                .sqs
                .change_message_visibility_batch()
                .queue_url(&queue.url);
            // One that cannot be released comes back by itself.
            change
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(failed(&queue.name))?;
        }
        Ok(())
    }

    async fn send(&self, to: &Queue, letter: &Letter) -> Result<()> {
        let mut message = self
            .sqs
            .send_message()
            .queue_url(&to.url)
            .message_body(&letter.body);
        message = message
            .set_message_attributes(Some(letter.attributes.clone()))
            .set_message_group_id(letter.group.clone());
        if to.is_fifo {
            // So that a second try within five minutes does not make a second message.
            message = message.message_deduplication_id(&letter.id);
        }
        if let Some(header) = &letter.trace_header {
            let value = MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(header)
                .build()?;
            message = message.message_system_attributes(
                MessageSystemAttributeNameForSends::AwsTraceHeader,
                value,
            );
        }
        message.send().await.map_err(failed(&to.name))?;
        Ok(())
    }

    async fn delete(&self, queue: &Queue, letter: &Letter) -> Result<()> {
        let delete = self
            .sqs
            .delete_message()
            .queue_url(&queue.url)
            .receipt_handle(&letter.receipt);
        delete.send().await.map_err(failed(&queue.name))?;
        Ok(())
    }
}

fn letter(message: Message) -> Letter {
    let about = |what: &About| message.attributes().and_then(|all| all.get(what)).cloned();
    let attributes = message.message_attributes().cloned().unwrap_or_default();
    let attribute = |name: &str| {
        attributes
            .get(name)
            .and_then(|value| value.string_value())
            .map(str::to_owned)
    };
    let (correlation_id, reason) = (attribute("correlation_id"), attribute("reason"));
    Letter {
        id: message.message_id().unwrap_or_default().to_owned(),
        receipt: message.receipt_handle().unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        group: about(&About::MessageGroupId),
        came_from: about(&About::DeadLetterQueueSourceArn),
        correlation_id,
        reason,
        trace_header: about(&About::AwsTraceHeader),
        sent_at: about(&About::SentTimestamp)
            .and_then(|at| at.parse().ok())
            .unwrap_or_default(),
        receives: about(&About::ApproximateReceiveCount)
            .and_then(|count| count.parse().ok())
            .unwrap_or_default(),
        attributes,
    }
}

impl Moves for Place {
    async fn start(&self, dlq: &Queue, destination: Option<&Queue>) -> Result<()> {
        let task = self.sqs.start_message_move_task().source_arn(&dlq.arn);
        let started = task
            .set_destination_arn(destination.map(|queue| queue.arn.clone()))
            .send()
            .await;
        started.map_err(failed(&dlq.name))?;
        Ok(())
    }

    async fn latest(&self, dlq: &Queue) -> Result<Option<Move>> {
        let listed = self
            .sqs
            .list_message_move_tasks()
            .source_arn(&dlq.arn)
            .send()
            .await;
        let tasks = listed
            .map_err(failed(&dlq.name))?
            .results
            .unwrap_or_default();
        Ok(tasks.into_iter().next().map(|task| Move {
            status: task.status.unwrap_or_default(),
            moved: task.approximate_number_of_messages_moved,
            to_move: task.approximate_number_of_messages_to_move,
            failure: task.failure_reason,
        }))
    }
}
