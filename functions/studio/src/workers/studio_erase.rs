//! The worker that forgets a person: what they sent, what they got, what was learned of them, and that they were here.
//! Done again, it finds less to do.

use std::sync::Arc;

use confab_core::{OrderId, Result, UserId};
use confab_lambda::QueueMessage as Delivery;
use studio_domain::EraseJob;

use crate::Eraser;

pub async fn handle(deps: Arc<Eraser>, delivery: Delivery<EraseJob>) -> Result<()> {
    let EraseJob::V1 { person, orders } = delivery.body;
    // First what others hold: as long as that fails, our own rows say what is left to do.
    forget_models(&deps, &orders).await?;
    for id in deps.store.ids_of(person).await? {
        forget_pictures(&deps, id).await?;
        deps.store.forget(id, &orders).await?;
    }
    Ok(())
}

async fn forget_models(deps: &Eraser, orders: &[OrderId]) -> Result<()> {
    let astria = deps.astria.client().await?;
    for order in orders {
        let Some(making) = deps.store.making(*order).await? else {
            continue;
        };
        let tune = match making.tune {
            // It may have been made without our having heard of it.
            None if making.is_unclear => astria
                .find_tune(&order.to_string(), making.asked_since())
                .await?
                .map(|tune| tune.id),
            tune => tune,
        };
        if let Some(tune) = tune {
            astria.delete_tune(tune).await?;
        }
    }
    Ok(())
}

async fn forget_pictures(deps: &Eraser, person: UserId) -> Result<()> {
    loop {
        let keys = deps
            .objects
            .list(&format!("people/{person}/"), None)
            .await?;
        if keys.is_empty() {
            return Ok(());
        }
        for key in keys {
            deps.objects.delete(&key).await?;
        }
    }
}
