//! Carousels, one by one and as a list.

use carousel_domain::{CarouselId, Saga};
use confab_aws::{Condition, Table, text};
use confab_core::Result;

use super::{LISTED_PARTITION, SagaRow, Store, saga_key};

impl Store {
    /// Returns a carousel of a chat.
    pub(crate) async fn saga(&self, chat: &str, id: CarouselId) -> Result<Option<Saga>> {
        let row: Option<SagaRow> = self.table.get(saga_key(chat, id)).await?;
        Ok(row.map(|row| row.saga.upcast()))
    }

    /// Returns a carousel of any chat.
    pub(crate) async fn find_saga(&self, id: CarouselId) -> Result<Option<Saga>> {
        let keys = Condition::expression("listed_in = :all AND carousel = :id")
            .value(":all", text(LISTED_PARTITION))
            .value(":id", text(id.to_string()));
        let rows = self.table.query(Some("Listed"), keys, 1).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let row: Option<SagaRow> = self.table.get(Table::key_of(row)).await?;
        Ok(row.map(|row| row.saga.upcast()))
    }
}
