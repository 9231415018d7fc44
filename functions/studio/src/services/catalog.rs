//! What there is to choose from, as this process saw it last.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_contracts::payments::PriceList;
use confab_core::{Env, Money, Result};
use confab_lambda::StartError;
use studio_domain::{Shelf, Tier};
use tokio::{sync::Mutex, time::Instant};

use crate::store::Store;

/// New packs and new pictures are seen so much later at the latest.
const FRESH: Duration = Duration::from_secs(300);
/// A shelf that is being filled is looked at again soon.
const FRESH_MEANWHILE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Shelves {
    prices: BTreeMap<Tier, Money>,
    /// Until when, and what.
    seen: Mutex<Option<(Instant, Arc<Shelf>)>>,
}

impl Shelves {
    pub(crate) fn from_env(env: &Env) -> std::result::Result<Self, StartError> {
        let prices = PriceList::parse(env.required("PRICES")?)?;
        let price = |tier: Tier| Some((tier, prices.find(&tier.item())?.price));
        Ok(Self {
            prices: Tier::ALL.into_iter().filter_map(price).collect(),
            seen: Mutex::default(),
        })
    }

    pub(crate) async fn current(&self, store: &Store) -> Result<Arc<Shelf>> {
        let mut seen = self.seen.lock().await;
        if let Some((until, shelf)) = &*seen
            && Instant::now() < *until
            && !shelf.packs.is_empty()
        {
            return Ok(shelf.clone());
        }
        let (packs, is_whole) = store.packs().await?;
        let shelf = Arc::new(Shelf {
            packs,
            prices: self.prices.clone(),
        });
        *seen = Some((
            Instant::now() + if is_whole { FRESH } else { FRESH_MEANWHILE },
            shelf.clone(),
        ));
        Ok(shelf)
    }

    /// While the process starts, so that its first message does not wait. What fails now is tried again then.
    pub(crate) async fn fill(&self, store: &Store) {
        drop(self.current(store).await);
    }
}
