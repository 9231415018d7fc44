//! The worker of cleanups: deletes expired messages, pictures and models page by page, and
//! continues in another job.

use std::{collections::HashMap, sync::Arc, time::Duration};

use confab_astria::Tune;
use confab_aws::Entry;
use confab_contracts::{Event, studio::CleanupFinished};
use confab_core::{EventId, OrderId, Result, Timestamp, UserId};
use confab_lambda::QueueMessage;
use studio_domain::{
    Cleanup, CleanupJob, CleanupStep, PRODUCT, StoredImage, Trigger, is_model_expired,
};
use tokio::time::Instant;

use crate::{
    services::conversation_queue,
    state::{Part, State},
    store::CleanupReport,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Objects,
    Part::Bus,
    Part::ConversationQueue,
    Part::CleanupQueue,
    Part::Astria,
];

/// Time that one page takes at most: with less left, the cleanup continues in another job.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
const USERS_PER_PAGE: usize = 50;

pub async fn handle(state: Arc<State>, delivery: QueueMessage<CleanupJob>) -> Result<()> {
    let deadline = Instant::now() + delivery.time_left;
    let mut cleanup = match delivery.body {
        CleanupJob::V1 { cleanup } => cleanup,
        CleanupJob::Due { detail } => {
            let mut cleanup = Cleanup::new(&detail);
            let report = state.store()?.cleanup(cleanup.run).await?;
            if let Some(CleanupReport {
                finished_at: Some(at),
                found,
                ..
            }) = report
            {
                // The worker that finished may have crashed before it announced the end.
                cleanup.found = found;
                return announce(&state, cleanup, at).await;
            }
            state.store()?.save_cleanup(&cleanup, None).await?;
            cleanup
        }
    };
    while let Some(step) = cleanup.step {
        if deadline.saturating_duration_since(Instant::now()) < PAGE_TIMEOUT {
            return continue_later(&state, cleanup).await;
        }
        let cursor = match step {
            CleanupStep::Users => clean_users(&state, &mut cleanup).await?,
            CleanupStep::Images => clean_images(&state, &mut cleanup).await?,
            CleanupStep::Models => clean_models(&state, &mut cleanup).await?,
        };
        cleanup.advance(cursor);
    }
    finish(&state, cleanup).await
}

async fn continue_later(state: &State, cleanup: Cleanup) -> Result<()> {
    let correlation_id = cleanup.correlation_id;
    let entry = Entry::standard(&CleanupJob::V1 { cleanup }, correlation_id)?;
    state.cleanup_queue()?.send(&[entry]).await
}

async fn finish(state: &State, cleanup: Cleanup) -> Result<()> {
    let now = state.clock.now();
    state.store()?.save_cleanup(&cleanup, Some(now)).await?;
    announce(state, cleanup, now).await
}

/// Publishes the end of a cleanup, under the same id each time.
async fn announce(state: &State, cleanup: Cleanup, finished_at: Timestamp) -> Result<()> {
    let run = cleanup.run;
    let data = CleanupFinished {
        run,
        dry_run: cleanup.dry_run,
        found: cleanup.found,
    };
    let event = Event::new(
        EventId::of_event(&format!("cleanup#{run}")),
        finished_at,
        PRODUCT,
        cleanup.correlation_id,
        run.to_string(),
        data,
    );
    state.bus()?.publish(&[event]).await
}

/// Deletes expired messages, and queues a timer for idle users: the conversation's worker removes
/// their face data.
async fn clean_users(state: &State, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let (store, now) = (state.store()?, state.clock.now());
    let users = store
        .list_users(cleanup.after.as_deref(), USERS_PER_PAGE)
        .await?;
    let mut timers = Vec::new();
    for user in &users {
        let expired = store.expired_messages(user.id, now).await?;
        cleanup.count("messages", expired.len());
        if !cleanup.dry_run {
            store.delete(expired).await?;
        }
        if store.is_idle(user.id, now).await? {
            cleanup.count("idle_people", 1);
            timers.push(conversation_queue::entry(
                format!("idle#{}#{}", user.id, cleanup.run),
                user.id,
                Trigger::TimerFired,
                cleanup.correlation_id,
            )?);
        }
    }
    if !cleanup.dry_run {
        state.conversation_queue()?.send(&timers).await?;
    }
    if users.len() < USERS_PER_PAGE {
        return Ok(None);
    }
    Ok(users.last().map(|user| user.key.clone()))
}

/// Deletes pictures that are too old, and those of users who are gone.
async fn clean_images(state: &State, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let (store, objects, now) = (state.store()?, state.objects()?, state.clock.now());
    let keys = objects.list("people/", cleanup.after.as_deref()).await?;
    let mut users: HashMap<UserId, bool> = HashMap::new();
    for key in &keys {
        let Some(image) = StoredImage::from_key(key) else {
            continue;
        };
        let exists = match users.get(&image.user_id) {
            Some(exists) => *exists,
            None => store.user_exists(image.user_id).await?,
        };
        users.insert(image.user_id, exists);
        let kind = if image.is_expired(now) {
            "expired_pictures"
        } else if !exists {
            "orphans"
        } else {
            continue;
        };
        cleanup.count(kind, 1);
        if !cleanup.dry_run {
            objects.delete(key).await?;
        }
    }
    Ok(keys.last().cloned())
}

async fn clean_models(state: &State, cleanup: &mut Cleanup) -> Result<Option<String>> {
    let before = cleanup.after.as_deref().and_then(|id| id.parse().ok());
    let astria = state.astria()?.client().await?;
    let tunes = astria.tunes_before(before).await?;
    for tune in &tunes {
        if is_expired(state, tune).await? {
            cleanup.count("models", 1);
            if !cleanup.dry_run {
                astria.delete_tune(tune.id).await?;
            }
        }
    }
    // A page that does not lead to older models is the last one: otherwise the list would never
    // end.
    let oldest = tunes.iter().map(|tune| tune.id).min();
    let cursor = oldest.filter(|oldest| before.is_none_or(|before| *oldest < before));
    Ok(cursor.map(|id| id.to_string()))
}

/// Whether a model is old and ours: its title is an order of this studio. Others on the account are
/// left alone.
async fn is_expired(state: &State, tune: &Tune) -> Result<bool> {
    let (Ok(order), Some(created_at)) = (tune.title.parse::<OrderId>(), tune.created_at) else {
        return Ok(false);
    };
    if !is_model_expired(created_at, state.clock.now()) {
        return Ok(false);
    }
    Ok(state.store()?.generation(order).await?.is_some())
}
