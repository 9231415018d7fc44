//! SQS on the points that the products use, through the SDK. What AWS documents decides; `local` and MiniStack are asked
//! the same.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use aws_sdk_sqs::{
    operation::send_message::SendMessageOutput,
    primitives::Blob,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
        MessageAttributeValue, MessageSystemAttributeName as About, QueueAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use confab_e2e::{Cloud, MiniStack, eventually, refused};

const SECOND: Duration = Duration::from_secs(1);
const LARGEST: usize = 1024 * 1024;

async fn send(cloud: &Cloud, queue: &str, body: &str) -> Result<SendMessageOutput> {
    Ok(cloud
        .sqs
        .send_message()
        .queue_url(queue)
        .message_body(body)
        .send()
        .await?)
}

async fn send_in_order(
    cloud: &Cloud,
    queue: &str,
    group: &str,
    once: &str,
) -> Result<SendMessageOutput> {
    let message = cloud
        .sqs
        .send_message()
        .queue_url(queue)
        .message_body(once)
        .message_group_id(group);
    Ok(message.message_deduplication_id(once).send().await?)
}

async fn delete(cloud: &Cloud, queue: &str, message: &Message) -> Result<()> {
    cloud
        .sqs
        .delete_message()
        .queue_url(queue)
        .receipt_handle(receipt(message))
        .send()
        .await?;
    Ok(())
}

async fn show_after(cloud: &Cloud, queue: &str, message: &Message, seconds: i32) -> Result<()> {
    let change = cloud
        .sqs
        .change_message_visibility()
        .queue_url(queue)
        .receipt_handle(receipt(message));
    change.visibility_timeout(seconds).send().await?;
    Ok(())
}

async fn receive_one(cloud: &Cloud, queue: &str, visibility: i32) -> Result<Message> {
    let asked = cloud
        .sqs
        .receive_message()
        .queue_url(queue)
        .visibility_timeout(visibility);
    let received = asked
        .message_system_attribute_names(About::All)
        .send()
        .await?;
    received
        .messages
        .unwrap_or_default()
        .pop()
        .context("there is nothing to receive")
}

/// Received and shown again at once, as often as the queue allows, and once more: which moves it to the dead-letter queue.
async fn exhaust(cloud: &Cloud, queue: &str) -> Result<()> {
    for _ in 0..3 {
        receive_one(cloud, queue, 0).await?;
    }
    Ok(())
}

fn receipt(message: &Message) -> &str {
    message.receipt_handle().unwrap_or_default()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::body).collect()
}

fn about<'a>(message: &'a Message, what: &About) -> &'a str {
    message
        .attributes()
        .and_then(|all| all.get(what))
        .map(String::as_str)
        .unwrap_or_default()
}

fn receives(message: &Message) -> &str {
    about(message, &About::ApproximateReceiveCount)
}

fn entry(id: &str, body: &str) -> Result<SendMessageBatchRequestEntry> {
    Ok(SendMessageBatchRequestEntry::builder()
        .id(id)
        .message_body(body)
        .build()?)
}

fn entries(count: usize) -> Result<Vec<SendMessageBatchRequestEntry>> {
    (0..count)
        .map(|n| entry(&format!("n{n}"), &n.to_string()))
        .collect()
}

fn attributes() -> Result<HashMap<String, MessageAttributeValue>> {
    let value = |kind: &str| MessageAttributeValue::builder().data_type(kind);
    Ok(HashMap::from([
        (
            "text".to_owned(),
            value("String").string_value("שלום").build()?,
        ),
        (
            "count".to_owned(),
            value("Number").string_value("7").build()?,
        ),
        (
            "bytes".to_owned(),
            value("Binary")
                .binary_value(Blob::new([0, 1, 255]))
                .build()?,
        ),
    ]))
}

async fn counts(cloud: &Cloud, queue: &str) -> Result<[String; 3]> {
    let asked = cloud
        .sqs
        .get_queue_attributes()
        .queue_url(queue)
        .attribute_names(QueueAttributeName::All);
    let found = asked.send().await?.attributes.unwrap_or_default();
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    Ok(names.map(|name| found.get(&name).cloned().unwrap_or_default()))
}

async fn arn_of(cloud: &Cloud, queue: &str) -> Result<String> {
    let asked = cloud
        .sqs
        .get_queue_attributes()
        .queue_url(queue)
        .attribute_names(QueueAttributeName::QueueArn);
    let mut found = asked.send().await?.attributes.unwrap_or_default();
    found
        .remove(&QueueAttributeName::QueueArn)
        .context("a queue has an ARN")
}

// ---- In and out

#[tokio::test]
async fn messages_are_returned_unchanged_with_their_digests() -> Result<()> {
    // By the documented algorithm, computed elsewhere.
    const BODY: &str = "be50e8478cf24ff3595bc7307fb91b50";
    const ATTRIBUTES: &str = "438445a4d7c92ac6debcceb9560effe6";
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let message = cloud
        .sqs
        .send_message()
        .queue_url(&queue)
        .message_body("héllo");
    let sent = message
        .set_message_attributes(Some(attributes()?))
        .send()
        .await?;
    assert_eq!(sent.md5_of_message_body(), Some(BODY));
    assert_eq!(sent.md5_of_message_attributes(), Some(ATTRIBUTES));
    assert_eq!(sent.sequence_number(), None);
    let received = cloud.receive(&queue).await?;
    let [received] = received.as_slice() else {
        anyhow::bail!("{received:?}")
    };
    assert_eq!(received.message_id(), sent.message_id());
    assert_eq!(received.body(), Some("héllo"));
    assert_eq!(received.md5_of_body(), Some(BODY));
    assert_eq!(received.message_attributes(), Some(&attributes()?));
    assert_eq!(received.md5_of_message_attributes(), Some(ATTRIBUTES));
    assert_eq!(receives(received), "1");
    for stamp in [
        About::SentTimestamp,
        About::ApproximateFirstReceiveTimestamp,
    ] {
        assert_eq!(
            about(received, &stamp).len(),
            13,
            "milliseconds: {received:?}"
        );
    }
    assert!(cloud.receive(&queue).await?.is_empty(), "it is in flight");
    delete(&cloud, &queue, received).await?;
    assert_eq!(counts(&cloud, &queue).await?, ["0", "0", "0"]);
    Ok(())
}

#[tokio::test]
async fn deleting_a_message_twice_succeeds() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    send(&cloud, &queue, "once").await?;
    let message = receive_one(&cloud, &queue, 30).await?;
    delete(&cloud, &queue, &message).await?;
    let again = cloud
        .sqs
        .delete_message()
        .queue_url(&queue)
        .receipt_handle(receipt(&message))
        .send()
        .await;
    if cloud.differs(MiniStack::ForgetsReceipts) {
        assert_eq!(refused(again)?, "ReceiptHandleIsInvalid");
    } else {
        again?;
    }
    Ok(())
}

#[tokio::test]
async fn attributes_are_returned_on_request() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let message = cloud.sqs.send_message().queue_url(&queue).message_body("a");
    message
        .set_message_attributes(Some(attributes()?))
        .send()
        .await?;
    let ask = || {
        cloud
            .sqs
            .receive_message()
            .queue_url(&queue)
            .visibility_timeout(0)
    };
    let bare = ask().send().await?.messages.unwrap_or_default().remove(0);
    assert!(
        bare.message_attributes().is_none_or(HashMap::is_empty),
        "{bare:?}"
    );
    assert!(bare.attributes().is_none_or(HashMap::is_empty), "{bare:?}");
    let some = ask()
        .message_attribute_names("cou.*")
        .message_system_attribute_names(About::SentTimestamp);
    let some = some.send().await?.messages.unwrap_or_default().remove(0);
    assert_eq!(
        some.message_attributes()
            .map(|all| all.keys().collect::<Vec<_>>()),
        Some(vec![&"count".to_owned()])
    );
    assert_eq!(
        some.md5_of_message_attributes(),
        Some("e1fd4655f8fa7a3ddc02f774ad95564c")
    );
    assert_eq!(
        some.attributes().map(|all| all.keys().collect::<Vec<_>>()),
        Some(vec![&About::SentTimestamp])
    );
    Ok(())
}

#[tokio::test]
async fn messages_accept_xml_characters_up_to_one_mebibyte() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let with = |body: &str| {
        cloud
            .sqs
            .send_message()
            .queue_url(&queue)
            .message_body(body)
            .send()
    };
    with("tab\t, line\n, return\r, \u{20}, \u{D7FF}, \u{E000}, \u{FFFD}, \u{10FFFF}").await?;
    for bad in ["\u{0}", "a\u{B}b", "\u{1F}", "\u{FFFE}", "\u{FFFF}"] {
        assert_eq!(
            refused(with(bad).await)?,
            "InvalidMessageContents",
            "{bad:?}"
        );
    }
    assert_eq!(refused(with("").await)?, "MissingParameter");
    with(&"x".repeat(LARGEST)).await?;
    assert_eq!(
        refused(with(&"x".repeat(LARGEST + 1)).await)?,
        "InvalidParameterValue"
    );
    Ok(())
}

#[tokio::test]
async fn attributes_count_towards_the_message_size() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let message = cloud
        .sqs
        .send_message()
        .queue_url(&queue)
        .message_body("x".repeat(LARGEST));
    let answer = message
        .set_message_attributes(Some(attributes()?))
        .send()
        .await;
    if cloud.differs(MiniStack::MeasuresBodiesAlone) {
        answer?;
    } else {
        assert_eq!(refused(answer)?, "InvalidParameterValue");
    }
    Ok(())
}

#[tokio::test]
async fn unknown_queues_have_their_own_error() -> Result<()> {
    let cloud = Cloud::start().await?;
    let gone = "AWS.SimpleQueueService.NonExistentQueue";
    assert_eq!(
        refused(cloud.sqs.get_queue_url().queue_name("unknown").send().await)?,
        gone
    );
    let url = cloud
        .queue("standard")
        .await?
        .replace("standard", "unknown");
    assert_eq!(
        refused(
            cloud
                .sqs
                .send_message()
                .queue_url(url)
                .message_body("x")
                .send()
                .await
        )?,
        gone
    );
    Ok(())
}

// ---- Batches

#[tokio::test]
async fn batches_hold_at_most_ten_messages() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let batch = |of| {
        cloud
            .sqs
            .send_message_batch()
            .queue_url(&queue)
            .set_entries(Some(of))
            .send()
    };
    let done = batch(entries(10)?).await?;
    assert_eq!((done.successful().len(), done.failed().len()), (10, 0));
    assert_eq!(
        refused(batch(entries(11)?).await)?,
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
    );
    assert_eq!(
        refused(batch(Vec::new()).await)?,
        "AWS.SimpleQueueService.EmptyBatchRequest"
    );
    let twice = vec![entry("a", "1")?, entry("a", "2")?];
    assert_eq!(
        refused(batch(twice).await)?,
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
    );
    assert_eq!(
        refused(batch(vec![entry("a b", "1")?]).await)?,
        "AWS.SimpleQueueService.InvalidBatchEntryId"
    );
    let half = "x".repeat(LARGEST / 2 + 1);
    let too_long = vec![entry("a", &half)?, entry("b", &half)?];
    assert_eq!(
        refused(batch(too_long).await)?,
        "AWS.SimpleQueueService.BatchRequestTooLong"
    );
    assert_eq!(
        counts(&cloud, &queue).await?,
        ["10", "0", "0"],
        "a batch that is refused leaves nothing"
    );
    Ok(())
}

#[tokio::test]
async fn bad_entries_of_a_batch_fail_alone() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let batch = cloud.sqs.send_message_batch().queue_url(&queue);
    let sent = batch
        .entries(entry("good", "1")?)
        .entries(entry("bad", "\u{B}")?)
        .entries(entry("too", "2")?);
    let sent = sent.send().await?;
    assert_eq!(
        sent.successful()
            .iter()
            .map(|done| done.id())
            .collect::<Vec<_>>(),
        ["good", "too"]
    );
    let [failed] = sent.failed() else {
        anyhow::bail!("{sent:?}")
    };
    assert_eq!((failed.id(), failed.sender_fault()), ("bad", true));
    let received = cloud.receive(&queue).await?;
    assert_eq!(received.len(), 2);

    let change = |id: &str, receipt: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(receipt);
        entry.visibility_timeout(60).build()
    };
    let changed = cloud
        .sqs
        .change_message_visibility_batch()
        .queue_url(&queue);
    let changed = changed
        .entries(change("good", receipt(&received[0]))?)
        .entries(change("bad", "no receipt")?);
    let changed = changed.send().await?;
    assert_eq!(changed.successful().len(), 1);
    assert_eq!(
        changed
            .failed()
            .iter()
            .map(|f| (f.id(), f.code()))
            .collect::<Vec<_>>(),
        [("bad", "ReceiptHandleIsInvalid")]
    );

    let remove = |id: &str, receipt: &str| {
        DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(receipt)
            .build()
    };
    let deleted = cloud.sqs.delete_message_batch().queue_url(&queue);
    let deleted = deleted
        .entries(remove("good", receipt(&received[0]))?)
        .entries(remove("bad", "no receipt")?);
    let deleted = deleted.send().await?;
    assert_eq!(deleted.successful().len(), 1);
    assert_eq!(
        deleted
            .failed()
            .iter()
            .map(|f| (f.id(), f.code()))
            .collect::<Vec<_>>(),
        [("bad", "ReceiptHandleIsInvalid")]
    );
    assert_eq!(counts(&cloud, &queue).await?, ["0", "1", "0"]);
    Ok(())
}

// ---- Order

#[tokio::test]
async fn groups_keep_their_order() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("ordered.fifo").await?;
    let mut numbers = Vec::new();
    for once in ["a1", "b1", "a2", "a3", "b2"] {
        let sent = send_in_order(&cloud, &queue, &once[..1], once).await?;
        numbers.push(
            sent.sequence_number()
                .context("a FIFO queue numbers its messages")?
                .to_owned(),
        );
    }
    assert!(
        numbers.is_sorted() && numbers.iter().all(|number| number.len() == 20),
        "{numbers:?}"
    );
    let received = cloud.receive(&queue).await?;
    for group in ["a", "b"] {
        let of_group: Vec<_> = bodies(&received)
            .into_iter()
            .filter(|body| body.starts_with(group))
            .collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
        let first = received
            .iter()
            .find(|message| bodies(std::slice::from_ref(message))[0].starts_with(group));
        let first = first.context("both groups are there")?;
        assert_eq!(about(first, &About::MessageGroupId), group);
        assert_eq!(
            about(first, &About::MessageDeduplicationId),
            format!("{group}1")
        );
        assert!(
            numbers
                .iter()
                .any(|number| number == about(first, &About::SequenceNumber))
        );
    }
    assert_eq!(received.len(), 5);
    Ok(())
}

#[tokio::test]
async fn groups_wait_for_messages_in_flight_and_others_do_not() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("ordered.fifo").await?;
    for once in ["a1", "a2", "a3"] {
        send_in_order(&cloud, &queue, "a", once).await?;
    }
    let first = receive_one(&cloud, &queue, 30).await?;
    assert_eq!(first.body(), Some("a1"));
    send_in_order(&cloud, &queue, "b", "b1").await?;
    assert_eq!(bodies(&cloud.receive(&queue).await?), ["b1"]);
    assert!(cloud.receive(&queue).await?.is_empty());
    // A deletion lets the group go on.
    delete(&cloud, &queue, &first).await?;
    let rest = cloud.receive(&queue).await?;
    assert_eq!(bodies(&rest), ["a2", "a3"]);
    // The first shows again, but the group waits until nothing of it is in flight.
    show_after(&cloud, &queue, &rest[0], 0).await?;
    assert!(cloud.receive(&queue).await?.is_empty());
    show_after(&cloud, &queue, &rest[1], 0).await?;
    let again = cloud.receive(&queue).await?;
    assert_eq!(bodies(&again), ["a2", "a3"]);
    assert_eq!(again.iter().map(receives).collect::<Vec<_>>(), ["2", "2"]);
    Ok(())
}

#[tokio::test]
async fn groups_continue_when_a_visibility_timeout_ends() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("ordered.fifo").await?;
    send_in_order(&cloud, &queue, "a", "a1").await?;
    send_in_order(&cloud, &queue, "a", "a2").await?;
    let first = receive_one(&cloud, &queue, 2).await?;
    assert!(cloud.receive(&queue).await?.is_empty());
    cloud.passes(2 * SECOND + SECOND / 2).await?;
    let answer = cloud
        .sqs
        .delete_message()
        .queue_url(&queue)
        .receipt_handle(receipt(&first))
        .send()
        .await;
    if cloud.differs(MiniStack::ReceiptsOutliveVisibility) {
        answer?;
        assert_eq!(bodies(&cloud.receive(&queue).await?), ["a2"]);
    } else {
        assert_eq!(refused(answer)?, "InvalidParameterValue");
        assert_eq!(bodies(&cloud.receive(&queue).await?), ["a1", "a2"]);
    }
    Ok(())
}

#[tokio::test]
async fn deduplication_ids_hold_for_five_minutes_per_group() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("ordered.fifo").await?;
    let first = send_in_order(&cloud, &queue, "a", "x").await?;
    let second = send_in_order(&cloud, &queue, "a", "x").await?;
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.sequence_number(), second.sequence_number());
    let other = send_in_order(&cloud, &queue, "b", "x").await?;
    assert_ne!(first.message_id(), other.message_id());
    let received = cloud.receive(&queue).await?;
    assert_eq!(received.len(), 2);
    for message in &received {
        delete(&cloud, &queue, message).await?;
    }
    // The window is counted from the sending, whatever became of the message.
    send_in_order(&cloud, &queue, "a", "x").await?;
    assert!(cloud.receive(&queue).await?.is_empty());
    // Five real minutes are too long for a test.
    if cloud.is_local() {
        cloud.passes(300 * SECOND).await?;
        send_in_order(&cloud, &queue, "a", "x").await?;
        assert_eq!(bodies(&cloud.receive(&queue).await?), ["x"]);
    }
    Ok(())
}

#[tokio::test]
async fn content_based_deduplication_covers_the_queue() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("contents.fifo").await?;
    for (group, body, kind) in [("a", "x", "one"), ("b", "x", "another"), ("a", "y", "one")] {
        let kind = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(kind)
            .build()?;
        let message = cloud
            .sqs
            .send_message()
            .queue_url(&queue)
            .message_body(body)
            .message_group_id(group);
        message.message_attributes("kind", kind).send().await?;
    }
    let received = cloud.receive(&queue).await?;
    assert_eq!(
        bodies(&received),
        ["x", "y"],
        "attributes and groups do not make a difference"
    );
    let sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(about(&received[0], &About::MessageDeduplicationId), sha256);
    Ok(())
}

#[tokio::test]
async fn parameters_of_the_other_queue_type_are_refused() -> Result<()> {
    let cloud = Cloud::start().await?;
    let ordered = cloud.queue("ordered.fifo").await?;
    let standard = cloud.queue("standard").await?;
    let to = |queue: &str| cloud.sqs.send_message().queue_url(queue).message_body("x");
    assert_eq!(
        refused(to(&ordered).message_deduplication_id("1").send().await)?,
        "MissingParameter"
    );
    assert_eq!(
        refused(to(&ordered).message_group_id("a").send().await)?,
        "InvalidParameterValue"
    );
    let delayed = to(&ordered)
        .message_group_id("a")
        .message_deduplication_id("1")
        .delay_seconds(5)
        .send()
        .await;
    assert_eq!(refused(delayed)?, "InvalidParameterValue");
    let spaced = to(&ordered)
        .message_group_id("a b")
        .message_deduplication_id("1")
        .send()
        .await;
    if cloud.differs(MiniStack::AnyGroupId) {
        spaced?;
    } else {
        assert_eq!(refused(spaced)?, "InvalidParameterValue");
    }
    let once = to(&standard)
        .message_deduplication_id("1")
        .delay_seconds(60)
        .send()
        .await;
    if cloud.differs(MiniStack::DeduplicationIdAnywhere) {
        once?;
    } else {
        assert_eq!(refused(once)?, "InvalidParameterValue");
    }
    let tomorrow = to(&standard).delay_seconds(901).send().await;
    if cloud.differs(MiniStack::AnyDelay) {
        tomorrow?;
    } else {
        assert_eq!(refused(tomorrow)?, "InvalidParameterValue");
    }
    // A group on a standard queue is a tenant who gets a fair share.
    to(&standard).message_group_id("tenant").send().await?;
    let received = cloud.receive(&standard).await?;
    assert_eq!(received.len(), 1);
    assert_eq!(about(&received[0], &About::MessageGroupId), "tenant");
    assert_eq!(about(&received[0], &About::SequenceNumber), "");
    Ok(())
}

// ---- Time

#[tokio::test]
async fn delays_hold_messages_back() -> Result<()> {
    let cloud = Cloud::start().await?;
    let delayed = cloud.queue("delayed").await?;
    send(&cloud, &delayed, "by the queue").await?;
    cloud
        .sqs
        .send_message()
        .queue_url(&delayed)
        .message_body("at once")
        .delay_seconds(0)
        .send()
        .await?;
    assert_eq!(counts(&cloud, &delayed).await?, ["1", "0", "1"]);
    assert_eq!(bodies(&cloud.receive(&delayed).await?), ["at once"]);
    let standard = cloud.queue("standard").await?;
    cloud
        .sqs
        .send_message()
        .queue_url(&standard)
        .message_body("later")
        .delay_seconds(2)
        .send()
        .await?;
    assert!(cloud.receive(&standard).await?.is_empty());
    cloud.passes(2 * SECOND + SECOND / 2).await?;
    assert_eq!(bodies(&cloud.receive(&delayed).await?), ["by the queue"]);
    assert_eq!(bodies(&cloud.receive(&standard).await?), ["later"]);
    Ok(())
}

#[tokio::test]
async fn visibility_timeouts_end_and_can_be_changed() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    send(&cloud, &queue, "a").await?;
    let first = receive_one(&cloud, &queue, 1).await?;
    // Longer than it was given.
    show_after(&cloud, &queue, &first, 3).await?;
    cloud.passes(SECOND + SECOND / 2).await?;
    assert!(cloud.receive(&queue).await?.is_empty());
    assert_eq!(counts(&cloud, &queue).await?, ["0", "1", "0"]);
    cloud.passes(2 * SECOND).await?;
    let second = receive_one(&cloud, &queue, 30).await?;
    assert_eq!((receives(&first), receives(&second)), ("1", "2"));
    assert_ne!(receipt(&first), receipt(&second));
    let first_received =
        |message| about(message, &About::ApproximateFirstReceiveTimestamp).to_owned();
    assert_eq!(first_received(&first), first_received(&second));
    // At once.
    show_after(&cloud, &queue, &second, 0).await?;
    let third = receive_one(&cloud, &queue, 30).await?;
    let change = |receipt: &str, seconds| {
        let change = cloud
            .sqs
            .change_message_visibility()
            .queue_url(&queue)
            .receipt_handle(receipt);
        change.visibility_timeout(seconds).send()
    };
    assert_eq!(
        refused(change("no receipt", 1).await)?,
        "ReceiptHandleIsInvalid"
    );
    let answer = change(receipt(&third), 12 * 3600 + 1).await;
    if cloud.differs(MiniStack::AnyVisibility) {
        answer?;
    } else {
        assert_eq!(refused(answer)?, "InvalidParameterValue");
    }
    Ok(())
}

#[tokio::test]
async fn visibility_can_be_changed_in_flight_only() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    send(&cloud, &queue, "a").await?;
    let message = receive_one(&cloud, &queue, 0).await?;
    let change = cloud
        .sqs
        .change_message_visibility()
        .queue_url(&queue)
        .receipt_handle(receipt(&message));
    let answer = change.visibility_timeout(60).send().await;
    if cloud.differs(MiniStack::ReceiptsOutliveVisibility) {
        answer?;
    } else {
        assert_eq!(
            refused(answer)?,
            "AWS.SimpleQueueService.MessageNotInflight"
        );
        assert_eq!(bodies(&cloud.receive(&queue).await?), ["a"]);
    }
    Ok(())
}

#[tokio::test]
async fn long_polls_end_when_a_message_arrives() -> Result<()> {
    let cloud = Cloud::start().await?;
    let queue = cloud.queue("standard").await?;
    let started = std::time::Instant::now();
    let poll = cloud
        .sqs
        .receive_message()
        .queue_url(&queue)
        .wait_time_seconds(20)
        .send();
    let (received, sent) = tokio::join!(poll, async {
        tokio::time::sleep(SECOND / 2).await;
        send(&cloud, &queue, "a").await
    });
    sent?;
    assert_eq!(bodies(&received?.messages.unwrap_or_default()), ["a"]);
    assert!(started.elapsed() < 10 * SECOND, "{:?}", started.elapsed());
    let ask = || cloud.sqs.receive_message().queue_url(&queue);
    for many in [0, 11] {
        assert_eq!(
            refused(ask().max_number_of_messages(many).send().await)?,
            "InvalidParameterValue",
            "{many}"
        );
    }
    // A short poll, so that a stand-in that takes the value does not take the time.
    send(&cloud, &queue, "b").await?;
    let answer = ask().wait_time_seconds(21).send().await;
    if cloud.differs(MiniStack::AnyWait) {
        answer?;
    } else {
        assert_eq!(refused(answer)?, "InvalidParameterValue");
    }
    Ok(())
}

// ---- What cannot be done

#[tokio::test]
async fn messages_move_to_the_dead_letter_queue_after_max_receives() -> Result<()> {
    let cloud = Cloud::start().await?;
    let (queue, dlq) = (
        cloud.queue("standard").await?,
        cloud.queue("standard-dlq").await?,
    );
    let message = cloud
        .sqs
        .send_message()
        .queue_url(&queue)
        .message_body("poison");
    let sent = message
        .set_message_attributes(Some(attributes()?))
        .send()
        .await?;
    exhaust(&cloud, &queue).await?;
    assert!(cloud.receive(&queue).await?.is_empty());
    let dead = cloud.receive(&dlq).await?;
    let [dead] = dead.as_slice() else {
        anyhow::bail!("{dead:?}")
    };
    assert_eq!(dead.body(), Some("poison"));
    assert_eq!(dead.message_id(), sent.message_id());
    assert_eq!(dead.message_attributes(), Some(&attributes()?));
    let source = about(dead, &About::DeadLetterQueueSourceArn);
    assert!(
        source.ends_with(&format!(":{}", cloud.named("standard"))),
        "{source}"
    );
    Ok(())
}

#[tokio::test]
async fn poison_messages_release_their_group() -> Result<()> {
    let cloud = Cloud::start().await?;
    let (queue, dlq) = (
        cloud.queue("ordered.fifo").await?,
        cloud.queue("ordered-dlq.fifo").await?,
    );
    let sent = send_in_order(&cloud, &queue, "a", "poison").await?;
    send_in_order(&cloud, &queue, "a", "next").await?;
    exhaust(&cloud, &queue).await?;
    assert_eq!(bodies(&cloud.receive(&queue).await?), ["next"]);
    let dead = cloud.receive(&dlq).await?;
    let [dead] = dead.as_slice() else {
        anyhow::bail!("{dead:?}")
    };
    assert_eq!(dead.body(), Some("poison"));
    assert_eq!(about(dead, &About::MessageGroupId), "a");
    // So that two messages with one id can both be given up.
    let once = about(dead, &About::MessageDeduplicationId);
    if cloud.differs(MiniStack::KeepsDeduplicationIds) {
        assert_eq!(once, "poison");
    } else {
        assert_eq!(Some(once), sent.message_id());
    }
    Ok(())
}

#[tokio::test]
async fn redrives_send_messages_back_as_new() -> Result<()> {
    let cloud = Cloud::start().await?;
    for (name, dlq_name) in [
        ("standard", "standard-dlq"),
        ("ordered.fifo", "ordered-dlq.fifo"),
    ] {
        let (queue, dlq) = (cloud.queue(name).await?, cloud.queue(dlq_name).await?);
        let is_fifo = name.ends_with(".fifo");
        let sent = match is_fifo {
            true => send_in_order(&cloud, &queue, "a", "poison").await?,
            false => send(&cloud, &queue, "poison").await?,
        };
        exhaust(&cloud, &queue).await?;
        assert!(cloud.receive(&queue).await?.is_empty());
        let arn = arn_of(&cloud, &dlq).await?;
        let answer = cloud
            .sqs
            .start_message_move_task()
            .source_arn(&arn)
            .send()
            .await;
        if cloud.differs(MiniStack::HasNoRedrive) {
            assert_eq!(refused(answer)?, "InvalidAction");
            continue;
        }
        assert!(answer?.task_handle().is_some());
        let back = eventually(|| async {
            let received = cloud.receive(&queue).await?;
            received.into_iter().next().context("nothing came back yet")
        })
        .await?;
        assert_eq!(back.body(), Some("poison"));
        assert_eq!(receives(&back), "1");
        assert_ne!(back.message_id(), sent.message_id());
        assert_eq!(
            about(&back, &About::MessageGroupId),
            if is_fifo { "a" } else { "" }
        );
        assert_eq!(counts(&cloud, &dlq).await?, ["0", "0", "0"]);
    }
    Ok(())
}

#[tokio::test]
async fn redrives_are_listed_with_their_counts() -> Result<()> {
    let cloud = Cloud::start().await?;
    let (queue, dlq) = (
        cloud.queue("standard").await?,
        cloud.queue("standard-dlq").await?,
    );
    let (to, from) = (arn_of(&cloud, &queue).await?, arn_of(&cloud, &dlq).await?);
    let list = || cloud.sqs.list_message_move_tasks().source_arn(&from);
    let answer = list().send().await;
    if cloud.differs(MiniStack::HasNoRedrive) {
        assert_eq!(refused(answer)?, "InvalidAction");
        return Ok(());
    }
    assert!(answer?.results().is_empty());
    for body in ["a", "b"] {
        send(&cloud, &queue, body).await?;
        exhaust(&cloud, &queue).await?;
    }
    assert!(cloud.receive(&queue).await?.is_empty());
    cloud
        .sqs
        .start_message_move_task()
        .source_arn(&from)
        .send()
        .await?;
    let over = async || {
        let tasks = list().send().await?.results.unwrap_or_default();
        let over = tasks
            .first()
            .is_some_and(|task| task.status() == Some("COMPLETED"));
        over.then_some(tasks).context("the move goes on")
    };
    let first = eventually(over).await?;
    let [first] = first.as_slice() else {
        anyhow::bail!("{first:?}")
    };
    assert_eq!(
        (
            first.approximate_number_of_messages_moved(),
            first.approximate_number_of_messages_to_move()
        ),
        (2, Some(2))
    );
    assert_eq!(first.source_arn(), Some(from.as_str()));
    assert_eq!(
        (
            first.destination_arn(),
            first.max_number_of_messages_per_second()
        ),
        (None, None)
    );
    // The handle is of use as long as the task runs.
    assert_eq!(first.task_handle(), None);
    assert!(
        first.started_timestamp() > 1_700_000_000_000,
        "milliseconds: {first:?}"
    );
    // The latest first, one unless more are asked for, and what was asked for.
    let again = cloud
        .sqs
        .start_message_move_task()
        .source_arn(&from)
        .destination_arn(&to);
    again.max_number_of_messages_per_second(7).send().await?;
    let latest = eventually(over).await?;
    let [latest] = latest.as_slice() else {
        anyhow::bail!("{latest:?}")
    };
    assert_eq!(latest.approximate_number_of_messages_moved(), 0);
    assert_eq!(
        (
            latest.destination_arn(),
            latest.max_number_of_messages_per_second()
        ),
        (Some(to.as_str()), Some(7))
    );
    assert_eq!(list().max_results(10).send().await?.results().len(), 2);
    Ok(())
}

#[tokio::test]
async fn invalid_redrives_are_refused() -> Result<()> {
    let cloud = Cloud::start().await?;
    let (queue, dlq) = (
        cloud.queue("standard").await?,
        cloud.queue("standard-dlq").await?,
    );
    let (source, from) = (arn_of(&cloud, &queue).await?, arn_of(&cloud, &dlq).await?);
    let nowhere = format!("{from}-that-is-not-there");
    let start = |arn: &str| cloud.sqs.start_message_move_task().source_arn(arn);
    let list = |arn: &str| cloud.sqs.list_message_move_tasks().source_arn(arn);
    let answer = start(&nowhere).send().await;
    if cloud.differs(MiniStack::HasNoRedrive) {
        assert_eq!(refused(answer)?, "InvalidAction");
        return Ok(());
    }
    assert_eq!(refused(answer)?, "ResourceNotFoundException");
    assert_eq!(
        refused(start(&source).send().await)?,
        "InvalidParameterValue",
        "no dead-letter queue of another queue"
    );
    for rate in [0, 501] {
        let answer = start(&from)
            .max_number_of_messages_per_second(rate)
            .send()
            .await;
        assert_eq!(refused(answer)?, "InvalidParameterValue", "{rate} a second");
    }
    assert_eq!(
        refused(list(&nowhere).send().await)?,
        "ResourceNotFoundException"
    );
    for many in [0, 11] {
        assert_eq!(
            refused(list(&from).max_results(many).send().await)?,
            "InvalidParameterValue",
            "{many}"
        );
    }
    let cancel = |handle: &str| {
        cloud
            .sqs
            .cancel_message_move_task()
            .task_handle(handle)
            .send()
    };
    assert_eq!(refused(cancel("no handle").await)?, "InvalidParameterValue");
    let handle = |arn: &str| {
        let told =
            format!(r#"{{"taskId":"0195b2a4-3a1e-7000-8000-000000000000","sourceArn":"{arn}"}}"#);
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, told)
    };
    assert_eq!(
        refused(cancel(&handle(&nowhere)).await)?,
        "ResourceNotFoundException"
    );
    assert_eq!(
        refused(cancel(&handle(&from)).await)?,
        "ResourceNotFoundException"
    );
    // One that is over.
    let done = start(&from).send().await?;
    let handle = done.task_handle().context("a task has a handle")?;
    eventually(async || {
        let tasks = list(&from).send().await?;
        let over = tasks
            .results()
            .first()
            .is_some_and(|task| task.status() == Some("COMPLETED"));
        over.then_some(()).context("the move goes on")
    })
    .await?;
    assert!(cancel(handle).await.is_err());
    Ok(())
}
