//! Packs and prices, cached in the process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_contracts::payments::PriceList;
use confab_core::{Money, Result};
use studio_domain::{Catalog, Tier};
use tokio::{sync::Mutex, time::Instant};

use crate::store::Store;

/// Age at which the cached catalog is read again.
const CACHE_TTL: Duration = Duration::from_secs(300);
/// The same while a refresh is writing packs.
const INCOMPLETE_CACHE_TTL: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct CachedCatalog {
    expires_at: Instant,
    catalog: Arc<Catalog>,
}

#[derive(Debug)]
pub(crate) struct CatalogCache {
    prices: BTreeMap<Tier, Money>,
    cached: Mutex<Option<CachedCatalog>>,
}

impl CatalogCache {
    pub(crate) fn new(list: &PriceList) -> Self {
        let mut prices = BTreeMap::new();
        for tier in Tier::ALL {
            if let Some(entry) = list.find(&tier.item()) {
                prices.insert(tier, entry.price);
            }
        }
        Self {
            prices,
            cached: Mutex::default(),
        }
    }

    pub(crate) async fn current(&self, store: &Store) -> Result<Arc<Catalog>> {
        let mut cached = self.cached.lock().await;
        if let Some(CachedCatalog {
            expires_at,
            catalog,
        }) = &*cached
            && Instant::now() < *expires_at
            && !catalog.packs.is_empty()
        {
            return Ok(catalog.clone());
        }
        let (packs, is_complete) = store.packs().await?;
        let catalog = Arc::new(Catalog {
            packs,
            prices: self.prices.clone(),
        });
        let ttl = if is_complete {
            CACHE_TTL
        } else {
            INCOMPLETE_CACHE_TTL
        };
        *cached = Some(CachedCatalog {
            expires_at: Instant::now() + ttl,
            catalog: catalog.clone(),
        });
        Ok(catalog)
    }

    /// Fills the cache during init, so that the first message does not wait. The first message
    /// retries a failure.
    pub(crate) async fn fill(&self, store: &Store) {
        drop(self.current(store).await);
    }
}
