//! Back to where they came from: all of them by SQS, some of them by hand.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::{DeadLetters, named, pick};
use crate::{
    answer::{Answer, Misused},
    ports::{Ask, Letter, Letters, Move, Moves, Queue, Queues},
    words::many,
};

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

pub(crate) async fn redrive(
    place: &(impl Queues + Letters + Moves),
    name: &str,
    messages: &[String],
    ask: &impl Ask,
    tell: impl Fn(&str),
) -> Result<Answer> {
    let dlq = named(place, name).await?;
    let queue = &dlq.queue;
    let sources: Vec<_> = dlq
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    let sources = sources.join(" and ");
    if sources.is_empty() {
        let text = "it is no queue's dead-letter queue, so SQS knows no destination. List the messages with --bodies and send the events again.";
        return Err(Misused(format!("{}: {text}", queue.name)).into());
    }
    if messages.is_empty() && queue.depth() == 0 {
        return Ok(Answer::fine(
            format!("{} is empty.\n", queue.name),
            json!({ "moved": 0 }),
        ));
    }
    let count = match messages.len() {
        0 => usize::try_from(queue.visible).unwrap_or(usize::MAX),
        some => some,
    };
    if !ask.confirm(&format!(
        "Send {} of {} back to {sources}?",
        many(count, "message"),
        queue.name
    ))? {
        return Ok(Answer::fine("Nothing was moved.\n", json!({ "moved": 0 })));
    }
    if messages.is_empty() {
        // A message that a worker gave up by itself has no source in SQS's books, so the destination is named.
        let destination = if let [only] = dlq.sources.as_slice() {
            Some(only)
        } else {
            None
        };
        return by_sqs(place, queue, destination, tell).await;
    }
    let letters = pick(place, queue, messages).await?;
    let moved = send_back(place, &dlq, &letters).await?;
    Ok(Answer::fine(
        format!("{} sent back to {sources}.\n", many(moved, "message")),
        json!({ "moved": moved }),
    ))
}

async fn by_sqs(
    place: &impl Moves,
    queue: &Queue,
    destination: Option<&Queue>,
    tell: impl Fn(&str),
) -> Result<Answer> {
    place.start(queue, destination).await?;
    let mut told = None;
    loop {
        let task = place
            .latest(queue)
            .await?
            .context("SQS has started to move the messages, but does not list the task")?;
        let Move {
            status,
            moved,
            to_move,
            failure,
        } = &task;
        let progress = match to_move {
            Some(all) => format!(
                "{moved} of {}",
                many(usize::try_from(*all).unwrap_or(0), "message")
            ),
            None => many(usize::try_from(*moved).unwrap_or(0), "message"),
        };
        match status.as_str() {
            "COMPLETED" => return Ok(Answer::fine(format!("{progress} moved.\n"), json!(task))),
            "RUNNING" | "CANCELLING" => {}
            _ => {
                let why = failure.as_deref().unwrap_or("SQS gives no reason");
                return Ok(Answer::problem(
                    format!("{progress} moved, then the task ended as {status}: {why}\n"),
                    json!(task),
                ));
            }
        }
        if told.as_ref() != Some(&progress) {
            tell(&format!("{progress} moved"));
            told = Some(progress);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// One after the other, in their order. Sent first and deleted then: whatever happens in between, none is lost.
pub(crate) async fn send_back(
    place: &impl Letters,
    dlq: &DeadLetters,
    letters: &[Letter],
) -> Result<usize> {
    for (done, letter) in letters.iter().enumerate() {
        let sent = match source_of(dlq, letter) {
            Ok(source) => place.send(source, letter).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            // They come back by themselves when this fails too.
            place.release(&dlq.queue, &letters[done..]).await.ok();
            return Err(error.context(format!(
                "{} was not sent back; {done} were before it",
                letter.id
            )));
        }
        place.delete(&dlq.queue, letter).await.with_context(|| {
            format!(
                "{} was sent back and is still in {} too: delete it there",
                letter.id, dlq.queue.name
            )
        })?;
    }
    Ok(letters.len())
}

fn source_of<'a>(dlq: &'a DeadLetters, letter: &Letter) -> Result<&'a Queue> {
    if let Some(named) = dlq
        .sources
        .iter()
        .find(|source| letter.came_from.as_ref() == Some(&source.arn))
    {
        return Ok(named);
    }
    match dlq.sources.as_slice() {
        [one] => Ok(one),
        _ => bail!("the message names no source queue; redrive the whole queue instead"),
    }
}
