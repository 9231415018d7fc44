//! State of the shop.

use std::sync::Arc;

use confab_simulator_base::SimulatorContext;

use crate::{config::ShopConfig, shop_error::ShopError};

#[derive(Debug)]
pub struct Shop {
    pub(crate) context: Arc<SimulatorContext>,
    config: Option<ShopConfig>,
}

impl Shop {
    /// Without settings, every route answers 404.
    pub fn new(context: Arc<SimulatorContext>, config: Option<ShopConfig>) -> Arc<Self> {
        Arc::new(Self { context, config })
    }

    pub(crate) fn config(&self) -> Result<&ShopConfig, ShopError> {
        self.config
            .as_ref()
            .ok_or_else(|| ShopError::not_found("shop here"))
    }
}
