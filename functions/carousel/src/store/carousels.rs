//! Carousels, one by one.

use carousel_domain::{CarouselId, Saga};
use confab_core::Result;

use super::{SagaRow, Store, saga_key};

impl Store {
    /// Returns a carousel of a chat.
    pub(crate) async fn saga(&self, chat: &str, id: CarouselId) -> Result<Option<Saga>> {
        let row: Option<SagaRow> = self.table.get(saga_key(chat, id)).await?;
        Ok(row.map(|row| row.saga.upcast()))
    }
}
