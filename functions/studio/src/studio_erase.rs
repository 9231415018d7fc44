//! The worker that forgets a person: what they sent, what they got, what was learned of them, and that they were here.
//! Done again, it finds less to do.

use std::sync::Arc;

use confab_kernel::{OrderId, Result, UserId};
use confab_lambda::Job as Delivery;
use studio_domain::EraseJob;

use crate::Eraser;

pub async fn handle(deps: Arc<Eraser>, delivery: Delivery<EraseJob>) -> Result<()> {
    let EraseJob::V1 { person, orders } = delivery.body;
    // First what others hold: as long as that fails, our own rows say what is left to do.
    forget_models(&deps, &orders).await?;
    forget_pictures(&deps, person).await?;
    deps.store.forget(person, &orders).await
}

async fn forget_models(deps: &Eraser, orders: &[OrderId]) -> Result<()> {
    let astria = deps.astria.client().await?;
    for order in orders {
        if let Some(tune) = deps.store.making(*order).await?.and_then(|making| making.tune) {
            astria.delete_tune(tune).await?;
        }
    }
    Ok(())
}

async fn forget_pictures(deps: &Eraser, person: UserId) -> Result<()> {
    loop {
        let keys = deps.objects.list(&format!("people/{person}/"), None).await?;
        if keys.is_empty() {
            return Ok(());
        }
        for key in keys {
            deps.objects.delete(&key).await?;
        }
    }
}
