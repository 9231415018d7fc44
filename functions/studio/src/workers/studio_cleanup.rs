//! The worker that looks for what nobody needs any more, page by page: messages of more than two weeks, faces of people who
//! are gone or have not written for a month, and what was learned of them. It goes on where its time ended.

use std::{collections::HashMap, sync::Arc, time::Duration};

use confab_astria::Tune;
use confab_aws::Entry;
use confab_contracts::{Event as OnTheBus, studio::CleanupFinished};
use confab_core::{Clock, EventId, OrderId, Result, UserId, after};
use confab_lambda::QueueMessage as Delivery;
use studio_domain::{Cleanup, CleanupJob, CleanupStep, Event, Kept, MODELS_KEPT, PRODUCT};
use tokio::time::Instant;

use crate::{Cleaner, services::conversation_queue as news};

/// A page and what is done about it take less.
const PAGE_TAKES: Duration = Duration::from_secs(30);
const PEOPLE: usize = 50;

pub async fn handle(deps: Arc<Cleaner>, delivery: Delivery<CleanupJob>) -> Result<()> {
    let until = Instant::now() + delivery.time_left;
    let mut cleanup = match delivery.body {
        CleanupJob::V1 { cleanup } => cleanup,
        CleanupJob::Due { detail } => {
            let cleanup = Cleanup::new(&detail);
            if deps
                .store
                .cleanup(cleanup.run)
                .await?
                .is_some_and(|report| report.finished_at.is_some())
            {
                return Ok(());
            }
            deps.store.report(&cleanup, None).await?;
            cleanup
        }
    };
    while let Some(step) = cleanup.step {
        if until.saturating_duration_since(Instant::now()) < PAGE_TAKES {
            let correlation_id = cleanup.correlation_id;
            return deps
                .queue
                .send(&[Entry::standard(
                    &CleanupJob::V1 { cleanup },
                    correlation_id,
                )?])
                .await;
        }
        let last = match step {
            CleanupStep::People => people(&deps, &mut cleanup).await?,
            CleanupStep::Pictures => pictures(&deps, &mut cleanup).await?,
            CleanupStep::Models => models(&deps, &mut cleanup).await?,
        };
        cleanup.goes_on(last);
    }
    finish(&deps, cleanup).await
}

async fn finish(deps: &Cleaner, cleanup: Cleanup) -> Result<()> {
    let now = deps.clock.now();
    deps.store.report(&cleanup, Some(now)).await?;
    let Cleanup {
        run,
        dry_run,
        correlation_id,
        found,
        ..
    } = cleanup;
    let id = EventId::of_event(&format!("cleanup#{run}"));
    let data = CleanupFinished {
        run,
        dry_run,
        found,
    };
    deps.bus
        .publish(&[OnTheBus::new(
            id,
            now,
            PRODUCT,
            correlation_id,
            run.to_string(),
            data,
        )])
        .await
}

async fn people(deps: &Cleaner, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let now = deps.clock.now();
    let people = deps.store.people(cleanup.after.as_deref(), PEOPLE).await?;
    let mut idle = Vec::new();
    for person in &people {
        let old = deps.store.old_messages(person.id, now).await?;
        cleanup.finds("messages", old.len());
        if !cleanup.dry_run {
            deps.store.delete(old).await?;
        }
        if deps.store.is_idle(person.id, now).await? {
            cleanup.finds("idle_people", 1);
            // The one who decides about a person forgets their face.
            let name = format!("idle#{}#{}", person.id, cleanup.run);
            idle.push(news::entry(
                name,
                person.id,
                Event::Due,
                cleanup.correlation_id,
            )?);
        }
    }
    if !cleanup.dry_run {
        deps.people.send(&idle).await?;
    }
    Ok(people
        .last()
        .filter(|_| people.len() == PEOPLE)
        .map(|person| person.key.clone()))
}

async fn pictures(deps: &Cleaner, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let now = deps.clock.now();
    let keys = deps
        .objects
        .list("people/", cleanup.after.as_deref())
        .await?;
    let mut are_here: HashMap<UserId, bool> = HashMap::new();
    for key in &keys {
        let Some(kept) = Kept::of(key) else { continue };
        let is_here = match are_here.get(&kept.person) {
            Some(is_here) => *is_here,
            None => deps.store.knows(kept.person).await?,
        };
        are_here.insert(kept.person, is_here);
        let why = match (is_here, kept.is_too_old(now)) {
            (_, true) => "expired_pictures",
            (false, false) => "orphans",
            (true, false) => continue,
        };
        cleanup.finds(why, 1);
        if !cleanup.dry_run {
            deps.objects.delete(key).await?;
        }
    }
    Ok(keys.last().cloned())
}

async fn models(deps: &Cleaner, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let before = cleanup.after.as_deref().and_then(|id| id.parse().ok());
    let astria = deps.astria.client().await?;
    let tunes = astria.tunes_before(before).await?;
    for tune in &tunes {
        if is_over(deps, tune).await? {
            cleanup.finds("models", 1);
            if !cleanup.dry_run {
                astria.delete_tune(tune.id).await?;
            }
        }
    }
    // A list that does not go on has no end.
    let oldest = tunes
        .iter()
        .map(|tune| tune.id)
        .min()
        .filter(|oldest| before.is_none_or(|before| *oldest < before));
    Ok(oldest.map(|id| id.to_string()))
}

/// Ours are named after orders. Other tunes of the account are nobody's business here, and neither are those of another
/// studio: an order that is not known here may be known there.
async fn is_over(deps: &Cleaner, tune: &Tune) -> Result<bool> {
    let (Ok(order), Some(created_at)) = (tune.title.parse::<OrderId>(), tune.created_at) else {
        return Ok(false);
    };
    let until = after(created_at, MODELS_KEPT);
    Ok(deps.clock.now() >= until && deps.store.making(order).await?.is_some())
}
