//! The messages of one dead-letter queue: looked at, or thrown away.

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;

use super::{named, pick, take};
use crate::{
    answer::Answer,
    ports::{Ask, Letters, Queues, Traces},
    words::{many, time},
};

pub(crate) async fn show(
    place: &(impl Queues + Letters + Traces),
    name: &str,
    bodies: bool,
    limit: usize,
) -> Result<Answer> {
    let queue = named(place, name).await?.queue;
    let depth = usize::try_from(queue.visible).unwrap_or(usize::MAX);
    let mut letters = take(place, &queue, |letters| letters.len() >= limit.min(depth)).await?;
    place.release(&queue, &letters).await?;
    letters.truncate(limit);
    letters.sort_by_key(|letter| letter.sent_at);
    let known: Vec<_> = letters
        .iter()
        .filter_map(|letter| letter.correlation_id.clone())
        .collect();
    let reasons = place.reasons(&known).await?;
    let mut text = String::new();
    let mut found = Vec::new();
    for letter in &letters {
        let logged = letter
            .correlation_id
            .as_ref()
            .and_then(|id| reasons.get(id));
        let why = letter.reason.as_ref().or(logged);
        writeln!(text, "{}", letter.id)?;
        writeln!(text, "  sent      {}", time(letter.sent_at))?;
        writeln!(text, "  receives  {}", letter.receives)?;
        writeln!(
            text,
            "  group     {}",
            letter.group.as_deref().unwrap_or("-")
        )?;
        writeln!(
            text,
            "  trace     {}",
            letter.correlation_id.as_deref().unwrap_or("-")
        )?;
        writeln!(
            text,
            "  why       {}",
            why.map_or("the logs do not say", String::as_str)
        )?;
        if bodies {
            writeln!(text, "  body      {}", letter.body)?;
        }
        text.push('\n');
        found.push(json!({
            "message_id": letter.id, "sent_at": letter.sent_at, "receives": letter.receives, "group": letter.group,
            "correlation_id": letter.correlation_id, "why": why, "body": bodies.then_some(&letter.body),
        }));
    }
    let held = usize::try_from(queue.depth()).unwrap_or(usize::MAX);
    match held.saturating_sub(letters.len()) {
        0 if letters.is_empty() => writeln!(text, "{} is empty.", queue.name)?,
        0 => {}
        more => {
            let why = match (letters.len() == limit, queue.is_fifo) {
                (true, _) => "--limit shows more of them",
                (_, true) => "in flight, or behind those of their group",
                _ => "in flight",
            };
            writeln!(text, "{} not shown: {why}.", many(more, "message"))?;
        }
    }
    if !letters.is_empty() {
        writeln!(
            text,
            "`confab trace COR_ID` tells more; `confab dlq {} redrive` sends them back.",
            queue.name
        )?;
    }
    Ok(Answer::fine(
        text,
        json!({ "queue": queue.name, "held": held, "messages": found }),
    ))
}

pub(crate) async fn delete(
    place: &(impl Queues + Letters),
    name: &str,
    message: &str,
    ask: &impl Ask,
) -> Result<Answer> {
    let queue = named(place, name).await?.queue;
    if !ask.confirm(&format!("Delete {message} from {} for good?", queue.name))? {
        return Ok(Answer::fine(
            "Nothing was deleted.\n",
            json!({ "deleted": 0 }),
        ));
    }
    for letter in pick(place, &queue, &[message.to_owned()]).await? {
        place.delete(&queue, &letter).await?;
    }
    Ok(Answer::fine(
        format!("{message} is deleted.\n"),
        json!({ "deleted": 1 }),
    ))
}
