//! The worker of erasures: deletes a user's models, pictures and rows. Repeated, it finds less to
//! delete.

use std::sync::Arc;

use confab_core::{OrderId, Result, UserId};
use confab_lambda::QueueMessage;
use studio_domain::EraseJob;

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Store, Part::Objects, Part::Astria];

pub async fn handle(state: Arc<State>, delivery: QueueMessage<EraseJob>) -> Result<()> {
    let EraseJob::V1 { user_id, orders } = delivery.body;
    // The rows go last: they say which models and pictures are left to delete.
    delete_models(&state, &orders).await?;
    for id in state.store()?.all_ids_of(user_id).await? {
        delete_pictures(&state, id).await?;
        state.store()?.delete_user(id, &orders).await?;
    }
    Ok(())
}

async fn delete_models(state: &State, orders: &[OrderId]) -> Result<()> {
    let astria = state.astria()?.client().await?;
    for order in orders {
        let Some(generation) = state.store()?.generation(*order).await? else {
            continue;
        };
        let mut tune = generation.tune;
        if tune.is_none() && generation.is_unclear {
            // Astria may have made a model whose answer was lost.
            let found = astria
                .find_tune(&order.to_string(), generation.requested_since())
                .await?;
            tune = found.map(|tune| tune.id);
        }
        if let Some(tune) = tune {
            astria.delete_tune(tune).await?;
        }
    }
    Ok(())
}

async fn delete_pictures(state: &State, user_id: UserId) -> Result<()> {
    let objects = state.objects()?;
    loop {
        let keys = objects.list(&format!("people/{user_id}/"), None).await?;
        if keys.is_empty() {
            return Ok(());
        }
        for key in keys {
            objects.delete(&key).await?;
        }
    }
}
