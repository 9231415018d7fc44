//! The inbox of notices, and the transaction that saves a booking with its outbox.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Inbox, Row, Table, text};
use confab_contracts::payments::Purchase;
use confab_core::{CorrelationId, EffectId, Error, OrderId, Result, Timestamp};
use confab_worker::{Consistency, Effect, InboxState, SaveOutcome};
use payments_domain::{
    Booking, Flag, LedgerEntry, Notice, OutboxEvent, Provider, ProviderSnapshot,
};
use serde::{Deserialize, Serialize};

use super::{
    OrderPointer, OrderRow, Store, order_key, order_pk, payer_hash, payer_key, payment_key,
};

/// A notice from the queue, with its deduplication key.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedNotice {
    pub(crate) id: String,
    pub(crate) notice: Notice,
}

/// The stored order that a notice leads to.
#[derive(Debug)]
pub(crate) struct NoticeMatch {
    pub(crate) order: Option<OrderRow>,
    /// The payment of the notice was booked for another order than the one that it names.
    pub(crate) is_foreign: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum NoticeOwner {
    Order(Box<OrderRow>),
    /// The notice names an order that does not exist.
    UnknownOrder,
    /// The notice is of another shop on our Stripe account.
    AnotherShop,
}

/// The state of one booking: without a booking before the decision, with one after it.
#[derive(Debug, Clone)]
pub(crate) struct BookingState {
    pub(crate) owner: NoticeOwner,
    pub(crate) snapshot: Option<ProviderSnapshot>,
    pub(crate) booking: Option<Booking>,
}

/// An event to publish, with its trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutboxMessage {
    pub(crate) order_id: OrderId,
    pub(crate) correlation_id: CorrelationId,
    /// The notice that caused it.
    pub(crate) causation_id: String,
    pub(crate) event: OutboxEvent,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OutboxRow {
    pub(crate) id: EffectId,
    order_id: OrderId,
    pub(crate) correlation_id: CorrelationId,
    #[serde(rename = "cause")]
    pub(crate) causation_id: String,
    #[serde(rename = "tell")]
    pub(crate) event: OutboxEvent,
    #[serde(rename = "settled")]
    pub(crate) is_published: bool,
}

impl BookingState {
    pub(crate) fn order(&self) -> Option<&OrderRow> {
        match &self.owner {
            NoticeOwner::Order(order) => Some(order),
            NoticeOwner::UnknownOrder | NoticeOwner::AnotherShop => None,
        }
    }

    /// Returns the payment that this notice is the first to flag, with the flag.
    pub(crate) fn new_flag(&self) -> Option<(&str, Flag)> {
        match &self.owner {
            NoticeOwner::Order(row) => self.booking.as_ref()?.order.newly_flagged(&row.order),
            NoticeOwner::UnknownOrder => Some(("", Flag::UnknownOrder)),
            NoticeOwner::AnotherShop => None,
        }
    }
}

fn outbox_key(order_id: OrderId, effect: EffectId) -> Row {
    Table::key(order_pk(order_id), format!("TELL#{effect}"))
}

/// Returns the key of the row that points from a payment or a payer to an order.
fn pointer_key(notice: &Notice) -> Option<Row> {
    match notice {
        Notice::Stripe {
            payment: Some(payment),
            ..
        } => Some(payment_key(Provider::Stripe, payment)),
        Notice::Sumit {
            phone: Some(phone),
            item: Some(item),
            ..
        } => Some(payer_key(&payer_hash(phone), item)),
        Notice::Generic(report) => Some(payment_key(Provider::Generic, &report.payment)),
        _ => None,
    }
}

impl Store {
    /// Returns the effects of a notice that was decided before, or the order that a new notice is
    /// about.
    pub(crate) async fn open_notice(
        &self,
        received: &ReceivedNotice,
    ) -> Result<InboxState<NoticeMatch, OutboxMessage>> {
        let inbox_key = Inbox::key(&received.id);
        let named_key = received.notice.order_id().map(order_key);
        let pointer_key = pointer_key(&received.notice);
        let mut keys = vec![inbox_key.clone()];
        keys.extend(named_key.clone());
        keys.extend(pointer_key.clone());
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let mut rows: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (Table::partition(&row), row))
            .collect();
        let mut take = |key: Row| rows.remove(&Table::partition(&key));
        if let Some(row) = take(inbox_key)
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            return Ok(InboxState::Decided {
                effects: self.effects(&inbox).await?,
                lease_until: inbox.lease_until(),
            });
        }
        let named: Option<OrderRow> = named_key
            .and_then(&mut take)
            .map(Table::from_row)
            .transpose()?;
        let pointer: Option<OrderPointer> = pointer_key
            .and_then(&mut take)
            .map(Table::from_row)
            .transpose()?;
        let found = self.match_order(&received.notice, named, pointer).await?;
        Ok(InboxState::New(found))
    }

    /// Chooses between the order that a notice names and the one that its payment was booked for.
    /// Stripe's notices follow the payment. Reports of other providers stay with the named order,
    /// where the payment is foreign.
    async fn match_order(
        &self,
        notice: &Notice,
        named: Option<OrderRow>,
        pointer: Option<OrderPointer>,
    ) -> Result<NoticeMatch> {
        let Some(OrderPointer { order_id }) = pointer else {
            return Ok(NoticeMatch {
                order: named,
                is_foreign: false,
            });
        };
        let is_foreign = named.as_ref().is_some_and(|row| row.order.id != order_id);
        let follows_pointer = matches!(notice, Notice::Stripe { .. }) && is_foreign;
        let order = if named.is_none() || follows_pointer {
            self.order(order_id).await?
        } else {
            named
        };
        Ok(NoticeMatch { order, is_foreign })
    }

    async fn effects(&self, inbox: &Inbox) -> Result<Vec<Effect<OutboxMessage>>> {
        if inbox.effects.is_empty() {
            return Ok(Vec::new());
        }
        let order_id: OrderId = inbox
            .owner
            .parse()
            .map_err(|e| Error::internal("unreadable_row", e))?;
        let keys = inbox
            .effects
            .iter()
            .map(|id| outbox_key(order_id, *id))
            .collect();
        let rows = self.table.batch_get(keys, Consistency::Strong).await?;
        let mut by_id = HashMap::new();
        for row in rows {
            let row: OutboxRow = Table::from_row(row)?;
            by_id.insert(row.id, row);
        }
        let in_order = inbox.effects.iter().filter_map(|id| by_id.remove(id));
        Ok(in_order.map(Effect::from).collect())
    }

    /// Saves the inbox entry, the order, its ledger entries, the outbox and a new flag in one
    /// transaction.
    pub(crate) async fn save_booking(
        &self,
        received: &ReceivedNotice,
        state: &BookingState,
        effects: &[Effect<OutboxMessage>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let now = self.clock.now();
        let order_id = state.order().map(|row| row.order.id);
        let owner = order_id.map(|id| id.to_string()).unwrap_or_default();
        let ids = effects.iter().map(|effect| effect.id).collect();
        let inbox = Inbox::new(owner, ids, lease_until, now);
        let mut writes = vec![inbox.claim(&self.table, &received.id, now)?];
        if let (Some(row), Some(booking)) = (state.order(), &state.booking) {
            writes.extend(self.booking_writes(row, booking, now)?);
        }
        for effect in effects {
            writes.push(self.put_outbox(effect)?);
        }
        if let Some((payment, flag)) = state.new_flag() {
            writes.push(self.put_flag(flag, payment, &received.id, order_id, now)?);
        }
        self.table.transact(writes).await
    }

    fn booking_writes(
        &self,
        row: &OrderRow,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>> {
        let order = &booking.order;
        let mut writes = Vec::new();
        if *order != row.order {
            writes.push(self.put_order(&row.with(order.clone()))?);
        }
        for entry in &booking.entries {
            writes.push(self.put_booked_entry(order, entry, now)?);
        }
        // A booking may grant credits and take them back, and a transaction may write the balance
        // only once.
        let credits = booking
            .entries
            .iter()
            .filter(|entry| matches!(entry, LedgerEntry::Credits { .. }))
            .map(LedgerEntry::amount)
            .sum();
        if credits != 0 {
            let Purchase { product, payer, .. } = &order.purchase;
            writes.push(self.add_credits(product, payer, credits, None)?);
        }
        if let Some(payment) = &order.payment
            && order.payment != row.order.payment
        {
            let mut pointer = Table::to_row("", "", &OrderPointer { order_id: order.id })?;
            pointer.extend(payment_key(order.provider, payment));
            let condition = Condition::expression("attribute_not_exists(pk) OR order_id = :same")
                .value(":same", text(order.id.to_string()));
            writes.push(self.table.transact_put(pointer, condition)?);
        }
        Ok(writes)
    }

    fn put_outbox(&self, effect: &Effect<OutboxMessage>) -> Result<TransactWriteItem> {
        let message = effect.what.clone();
        let row = OutboxRow {
            id: effect.id,
            order_id: message.order_id,
            correlation_id: message.correlation_id,
            causation_id: message.causation_id,
            event: message.event,
            is_published: effect.settled,
        };
        let mut item = Table::to_row("", "", &row)?;
        item.extend(outbox_key(row.order_id, row.id));
        self.table.transact_put(item, Condition::none())
    }

    pub(crate) async fn move_lease(
        &self,
        received: &ReceivedNotice,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        Inbox::move_lease(&self.table, &received.id, from, until).await
    }

    pub(crate) async fn mark_published(&self, order_id: OrderId, effect: EffectId) -> Result<()> {
        let key = outbox_key(order_id, effect);
        let values = Condition::none().value(":yes", AttributeValue::Bool(true));
        self.table
            .update(key, "SET settled = :yes", values)
            .await
            .map(drop)
    }
}

impl From<OutboxRow> for Effect<OutboxMessage> {
    fn from(row: OutboxRow) -> Self {
        Self {
            id: row.id,
            settled: row.is_published,
            what: OutboxMessage {
                order_id: row.order_id,
                correlation_id: row.correlation_id,
                causation_id: row.causation_id,
                event: row.event,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(owner: NoticeOwner) -> BookingState {
        BookingState {
            owner,
            snapshot: None,
            booking: None,
        }
    }

    #[test]
    fn unknown_order_is_flagged_and_another_shops_payment_is_not() {
        let unknown = state(NoticeOwner::UnknownOrder);
        assert_eq!(unknown.new_flag(), Some(("", Flag::UnknownOrder)));
        let another = state(NoticeOwner::AnotherShop);
        assert_eq!(another.new_flag(), None);
    }
}
