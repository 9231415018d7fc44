//! Completes the closing of a room: removes its users, requests the refunds that are due, and deletes its rows.

use std::time::Duration;

use confab_contracts::{Event, payments::RefundRequested};
use confab_core::{CorrelationId, Result, Timestamp};
use rooms_domain::{RefundReason, Room, RoomClosed, RoomCode};
use tokio::time::Instant;

use super::{MAX_CAS_ATTEMPTS, contended};
use crate::{
    services::refunds::refund_requested,
    state::State,
    store::{FulfillmentStatus, PurchaseRecord, Store},
};

/// Time kept for the last batch of rows, and for publishing a continuation.
const CONTINUATION_TIME: Duration = Duration::from_secs(5);

/// Deletes a closed room and its back room. Publishes the event again when the time is over before all rows are deleted.
pub(super) async fn delete_room(
    state: &State,
    event: Event<RoomClosed>,
    time_left: Duration,
) -> Result<()> {
    let (store, bus) = (state.store()?, state.bus()?);
    let deadline = Instant::now() + time_left.saturating_sub(CONTINUATION_TIME);
    let (code, correlation_id) = (event.data.code, event.correlation_id);
    let Some((front, closed_at)) = ensure_closed(store, code, event.occurred_at).await? else {
        return Ok(());
    };
    state
        .broadcasts()?
        .publish_room_closed(&front, closed_at, correlation_id)
        .await?;
    let back = match front.back_room {
        Some(back) => store.find_room_row(back).await?.map(|(room, _)| room),
        None => None,
    };
    let rooms: Vec<_> = back.iter().chain([&front]).collect();
    let purchases = store.list_purchases(code, correlation_id).await?;
    let refunds = due_refunds(&rooms, &purchases, closed_at, correlation_id);
    bus.publish(&refunds).await?;
    for room in rooms {
        if !store.delete_room_rows(room.code, deadline).await? {
            return bus.publish(&[event]).await;
        }
    }
    Ok(())
}

/// Closes a room if its host's request did not. Returns the room and when it was closed, `None` once it is deleted.
async fn ensure_closed(
    store: &Store,
    code: RoomCode,
    at: Timestamp,
) -> Result<Option<(Room, Timestamp)>> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let Some((room, version)) = store.find_room_row(code).await? else {
            return Ok(None);
        };
        if let Some(closed_at) = room.closed_at {
            return Ok(Some((room, closed_at)));
        }
        store.close_room(&room, version, at).await?;
    }
    Err(contended())
}

/// Returns the refunds that the closing makes due, and those of earlier workers that crashed before requesting them.
fn due_refunds(
    rooms: &[&Room],
    purchases: &[PurchaseRecord],
    closed_at: Timestamp,
    correlation_id: CorrelationId,
) -> Vec<Event<RefundRequested>> {
    let of_closing =
        |order| refund_requested(order, RefundReason::RoomClosed, closed_at, correlation_id);
    let mut refunds = Vec::new();
    for pin in rooms.iter().flat_map(|room| &room.pins) {
        if pin.is_refundable(closed_at) {
            refunds.push(of_closing(pin.order));
        }
    }
    for purchase in purchases {
        if purchase.is_refundable_entrance(closed_at) {
            refunds.push(of_closing(purchase.order));
        }
    }
    for purchase in purchases {
        if let (FulfillmentStatus::RefundDue, Some(reason)) =
            (purchase.status, purchase.refund_reason)
        {
            let (order, at) = (purchase.order, purchase.at);
            refunds.push(refund_requested(order, reason, at, correlation_id));
        }
    }
    refunds
}

#[cfg(test)]
mod tests {
    use confab_core::{Currency, Money, OrderId};
    use rooms_domain::Goods;

    use super::*;
    use crate::testing::{correlation_id, user};

    #[test]
    fn entrances_younger_than_a_day_are_refunded_when_the_room_closes() {
        let at = |hours: i64| Timestamp::from_second(hours * 3_600).unwrap();
        let bought = |number: u8, hours: i64, status| PurchaseRecord {
            order: OrderId::new(at(hours), &move || [number; 10]),
            payer: user(2),
            username: None,
            goods: Goods::BackRoom,
            price: Money::new(500, Currency::Usd),
            at: at(hours),
            status,
            refund_reason: None,
            tip_seq: None,
        };
        let (young, old, refunded) = (
            bought(1, 30, FulfillmentStatus::Fulfilled),
            bought(2, 23, FulfillmentStatus::Fulfilled),
            bought(3, 30, FulfillmentStatus::Refunded),
        );
        let due = RefundReason::Outbid;
        let unrequested = PurchaseRecord {
            refund_reason: Some(due),
            ..bought(4, 1, FulfillmentStatus::RefundDue)
        };
        let orders = [young.order, unrequested.order];
        let purchases = [young, old, refunded, unrequested];
        let refunds = due_refunds(&[], &purchases, at(47), correlation_id());
        let requested: Vec<_> = refunds.iter().map(|event| event.data.order_id).collect();
        assert_eq!(requested, orders);
        assert_eq!(refunds[1].data.reason, due.reason());
    }
}
