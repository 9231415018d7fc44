//! Carousels, one by one and as a list.

use std::cmp::Reverse;

use carousel_domain::{CarouselId, Saga};
use confab_aws::{Condition, Row, Table, text};
use confab_core::{CorrelationId, Result};
use confab_worker::Consistency;

use super::{
    LISTED_PARTITION, SagaRow, Store,
    requests::{RequestRecord, RequestRow, page_chat, request_key},
    saga_key,
};

/// A carousel with its trace.
#[derive(Debug, Clone)]
pub(crate) struct CarouselRecord {
    pub(crate) correlation_id: CorrelationId,
    pub(crate) saga: Saga,
}

/// What is known of a carousel.
#[derive(Debug)]
pub(crate) enum FoundCarousel {
    /// The request was accepted and waits in the queue.
    Requested(RequestRecord),
    Begun(Box<CarouselRecord>),
}

/// Carousels, the latest first, and the last one that was looked at if there may be more.
#[derive(Debug, Default)]
pub(crate) struct CarouselPage {
    pub(crate) carousels: Vec<CarouselRecord>,
    /// Keys of rows that cannot be decoded.
    pub(crate) unreadable: Vec<String>,
    pub(crate) next: Option<CarouselId>,
}

fn record(row: Row) -> Result<CarouselRecord> {
    let row: SagaRow = Table::from_row(row)?;
    Ok(CarouselRecord {
        correlation_id: row.correlation_id,
        saga: row.saga.upcast(),
    })
}

fn carousel_of(row: &Row) -> Option<CarouselId> {
    Table::sort_key(row).strip_prefix("CAR#")?.parse().ok()
}

impl Store {
    /// Returns a carousel of a chat.
    pub(crate) async fn saga(&self, chat: &str, id: CarouselId) -> Result<Option<Saga>> {
        let row: Option<SagaRow> = self.table.get(saga_key(chat, id)).await?;
        Ok(row.map(|row| row.saga.upcast()))
    }

    /// Returns a carousel of any chat.
    pub(crate) async fn find_carousel(&self, id: CarouselId) -> Result<Option<FoundCarousel>> {
        let keys = vec![saga_key(&page_chat(id), id), request_key(id)];
        let (mut request, mut begun) = (None, None);
        for row in self.table.batch_get(keys, Consistency::Strong).await? {
            match Table::sort_key(&row) {
                "REQUEST" => request = Some(Table::from_row::<RequestRow>(row)?.request),
                _ => begun = Some(record(row)?),
            }
        }
        if begun.is_none() && request.is_none() {
            begun = self.find_listed(id).await?;
        }
        let begun = begun.map(|record| FoundCarousel::Begun(Box::new(record)));
        Ok(begun.or(request.map(FoundCarousel::Requested)))
    }

    async fn find_listed(&self, id: CarouselId) -> Result<Option<CarouselRecord>> {
        let keys = Condition::expression("listed_in = :all AND carousel = :id")
            .value(":all", text(LISTED_PARTITION))
            .value(":id", text(id.to_string()));
        let Some(listed) = self.table.query(Some("Listed"), keys, 1).await?.pop() else {
            return Ok(None);
        };
        let keys = vec![Table::key_of(&listed)];
        let row = self.table.batch_get(keys, Consistency::Strong).await?.pop();
        row.map(record).transpose()
    }

    /// Returns up to `most` carousels that were asked for before another one.
    pub(crate) async fn list_carousels(
        &self,
        before: Option<CarouselId>,
        most: u8,
    ) -> Result<CarouselPage> {
        // Ids are lower-case letters and digits.
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let keys = Condition::expression("listed_in = :all AND carousel < :before")
            .value(":all", text(LISTED_PARTITION))
            .value(":before", text(before));
        let listed = self
            .table
            .query_index_descending("Listed", keys, i32::from(most))
            .await?;
        let is_full = listed.len() == usize::from(most);
        let next = listed.last().filter(|_| is_full).and_then(carousel_of);
        let keys: Vec<_> = listed.iter().map(Table::key_of).collect();
        if keys.is_empty() {
            return Ok(CarouselPage::default());
        }
        let rows = self.table.batch_get(keys, Consistency::Eventual).await?;
        let (mut carousels, mut unreadable) = (Vec::new(), Vec::new());
        for row in rows {
            let key = Table::sort_key(&row).to_owned();
            match record(row) {
                Ok(record) => carousels.push(record),
                Err(_) => unreadable.push(key),
            }
        }
        carousels.sort_by_key(|record| Reverse(record.saga.id));
        Ok(CarouselPage {
            carousels,
            unreadable,
            next,
        })
    }
}
