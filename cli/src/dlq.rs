//! `confab dlq`: what was given up, and what becomes of it.

mod letters;
mod list;
mod redrive;
#[cfg(test)]
mod tests;

use anyhow::Result;

pub(crate) use letters::{delete, show};
pub(crate) use list::{DeadLetters, all, list};
pub(crate) use redrive::{redrive, send_back};

use crate::{
    answer::Misused,
    ports::{Letter, Letters, Queue, Queues},
};

/// The one dead-letter queue that a name, or a part of it, means.
async fn named(place: &impl Queues, name: &str) -> Result<DeadLetters> {
    let all = all(&place.queues().await?);
    if let Some(exact) = all.iter().find(|dlq| dlq.queue.name == name) {
        return Ok(exact.clone());
    }
    let fits: Vec<_> = all
        .iter()
        .filter(|dlq| dlq.queue.name.contains(name))
        .collect();
    match fits.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Misused(format!(
            "There is no dead-letter queue {name}. There are: {}.",
            names(&all)
        ))
        .into()),
        several => {
            let several: Vec<_> = several.iter().map(|dlq| (*dlq).clone()).collect();
            Err(Misused(format!(
                "{name} matches several queues: {}. Pass a longer part of the name.",
                names(&several)
            ))
            .into())
        }
    }
}

fn names(queues: &[DeadLetters]) -> String {
    let names: Vec<_> = queues.iter().map(|dlq| dlq.queue.name.as_str()).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Takes messages until there are enough, or no more can be taken.
pub(crate) async fn take(
    place: &impl Letters,
    queue: &Queue,
    is_enough: impl Fn(&[Letter]) -> bool,
) -> Result<Vec<Letter>> {
    let mut letters: Vec<Letter> = Vec::new();
    while !is_enough(&letters) {
        let before = letters.len();
        match place.take(queue).await {
            // What was taken a minute ago may come again.
            Ok(batch) => {
                for letter in batch {
                    if letters.iter().all(|known| known.id != letter.id) {
                        letters.push(letter);
                    }
                }
            }
            Err(error) => {
                // They come back by themselves when this fails too.
                place.release(queue, &letters).await.ok();
                return Err(error);
            }
        }
        if letters.len() == before {
            break;
        }
    }
    Ok(letters)
}

/// Takes the messages with these ids, all or none.
pub(crate) async fn pick(
    place: &impl Letters,
    queue: &Queue,
    ids: &[String],
) -> Result<Vec<Letter>> {
    let is_wanted = |letter: &&Letter| ids.contains(&letter.id);
    let found_all = |letters: &[Letter]| letters.iter().filter(is_wanted).count() == ids.len();
    let letters = take(place, queue, found_all).await?;
    let (wanted, others): (Vec<_>, Vec<_>) = letters
        .into_iter()
        .partition(|letter| ids.contains(&letter.id));
    place.release(queue, &others).await?;
    let missing: Vec<_> = ids
        .iter()
        .filter(|id| wanted.iter().all(|letter| letter.id != **id))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(wanted);
    }
    place.release(queue, &wanted).await?;
    let behind = if queue.is_fifo {
        " A FIFO queue shows the first messages of each group only."
    } else {
        ""
    };
    anyhow::bail!(
        "{} cannot be taken from {}: deleted, or in flight for up to a minute; list the queue again with `confab dlq {}`.{behind}",
        missing.join(", "),
        queue.name,
        queue.name
    );
}
