//! Purchases in a room and their fulfillment. These rows outlive the room.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, number, text};
use confab_core::{CorrelationId, Money, OrderId, Result, Timestamp, UserId, after};
use confab_live::decode_rows;
use confab_worker::SaveOutcome;
use rooms_domain::{
    Goods, Membership, PaidPin, Person, RefundReason, RemovalReason, Room, RoomCode, Username,
};
use serde::{Deserialize, Serialize};

use super::{RoomForUser, Store, person_key, room_key, to_attribute};

/// When the room closes, entrances younger than this are refunded.
const ENTRANCE_REFUND_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// Admits a person to a back room. A mute and the read marker survive a time outside.
const ADMIT: &str = "SET user_id = :user, username = :name, joined_at = if_not_exists(joined_at, :at), place = :inside, \
                     entrance = :entrance";

/// An order of a user, stored once it is paid or refunded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PurchaseRecord {
    pub(crate) order: OrderId,
    pub(crate) payer: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<Username>,
    #[serde(flatten)]
    pub(crate) goods: Goods,
    pub(crate) price: Money,
    pub(crate) at: Timestamp,
    #[serde(rename = "became")]
    pub(crate) status: FulfillmentStatus,
    #[serde(default, rename = "why", skip_serializing_if = "Option::is_none")]
    pub(crate) refund_reason: Option<RefundReason>,
    /// The number of the message that shows a tip.
    #[serde(default, rename = "said_as", skip_serializing_if = "Option::is_none")]
    pub(crate) tip_seq: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FulfillmentStatus {
    #[serde(rename = "given")]
    Fulfilled,
    #[serde(rename = "not_given")]
    RefundDue,
    #[serde(rename = "returned")]
    Refunded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdmitOutcome {
    Admitted,
    NameTaken,
    Banned,
    Conflict,
}

impl PurchaseRecord {
    /// Whether closing the room makes a refund of this entrance due.
    pub(crate) fn is_refundable_entrance(&self, at: Timestamp) -> bool {
        self.goods == Goods::BackRoom
            && self.status == FulfillmentStatus::Fulfilled
            && after(self.at, ENTRANCE_REFUND_WINDOW) > at
    }
}

fn purchases_pk(code: RoomCode) -> String {
    format!("PAID#{code}")
}

fn purchase_key(code: RoomCode, order: OrderId) -> Row {
    Table::key(purchases_pk(code), order.to_string())
}

impl Store {
    pub(crate) async fn find_purchase(
        &self,
        code: RoomCode,
        order: OrderId,
    ) -> Result<Option<PurchaseRecord>> {
        self.table.get(purchase_key(code, order)).await
    }

    pub(crate) async fn list_purchases(
        &self,
        code: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<Vec<PurchaseRecord>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(purchases_pk(code)));
        let rows = self.table.query_consistent(keys, usize::MAX).await?;
        Ok(decode_rows(rows, "paid", correlation_id, Table::from_row))
    }

    /// The part of a transaction that writes a purchase if its status still equals `expected`.
    pub(super) fn purchase_write(
        &self,
        code: RoomCode,
        purchase: &PurchaseRecord,
        expected: Option<FulfillmentStatus>,
    ) -> Result<TransactWriteItem> {
        let row = Table::to_row(purchases_pk(code), purchase.order.to_string(), purchase)?;
        let when = match expected {
            None => Condition::not_exists(),
            Some(expected) => Condition::expression("became = :expected")
                .value(":expected", to_attribute(&expected)?),
        };
        self.table.transact_put(row, when)
    }

    /// Writes a purchase if its status still equals `expected`.
    pub(crate) async fn save_purchase(
        &self,
        code: RoomCode,
        purchase: &PurchaseRecord,
        expected: Option<FulfillmentStatus>,
    ) -> Result<SaveOutcome> {
        let write = self.purchase_write(code, purchase, expected)?;
        self.table.transact(vec![write]).await
    }

    fn pins_write(&self, room: &Room, version: u64) -> Result<TransactWriteItem> {
        let when = Condition::version(version)
            .value(":next", number(version + 1))
            .value(":pins", to_attribute::<Vec<PaidPin>>(&room.pins)?);
        let set = "SET pins = :pins, version = :next";
        self.table.transact_update(room_key(room.code), set, when)
    }

    /// Adds the pin of a purchase to a room whose message is not deleted.
    pub(crate) async fn add_pin(
        &self,
        room: &Room,
        version: u64,
        purchase: &PurchaseRecord,
        seq: u64,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.pins_write(room, version)?,
            self.purchase_write(room.code, purchase, None)?,
            self.require_message(room.code, seq)?,
        ];
        self.table.transact(writes).await
    }

    /// Removes the pin of a purchase that was refunded.
    pub(crate) async fn remove_refunded_pin(
        &self,
        room: &Room,
        version: u64,
        purchase: &PurchaseRecord,
    ) -> Result<SaveOutcome> {
        let expected = Some(FulfillmentStatus::Fulfilled);
        let writes = vec![
            self.pins_write(room, version)?,
            self.purchase_write(room.code, purchase, expected)?,
        ];
        self.table.transact(writes).await
    }

    /// Removes the pins of a deleted message, and marks `refundable` orders as due. The marks are the outbox of the
    /// refunds.
    pub(crate) async fn remove_pins_of_deleted_message(
        &self,
        room: &Room,
        version: u64,
        refundable: &[OrderId],
    ) -> Result<SaveOutcome> {
        let mut writes = vec![self.pins_write(room, version)?];
        for order in refundable {
            let is_fulfilled = Condition::expression("became = :given")
                .value(":given", to_attribute(&FulfillmentStatus::Fulfilled)?)
                .value(":not", to_attribute(&FulfillmentStatus::RefundDue)?)
                .value(":why", to_attribute(&RefundReason::MessageDeleted)?);
            let key = purchase_key(room.code, *order);
            let set = "SET became = :not, why = :why";
            writes.push(self.table.transact_update(key, set, is_fulfilled)?);
        }
        self.table.transact(writes).await
    }

    /// Returns the purchases of pins of a message, whatever their status is.
    pub(crate) async fn list_pins_of_message(
        &self,
        code: RoomCode,
        seq: u64,
        correlation_id: CorrelationId,
    ) -> Result<Vec<PurchaseRecord>> {
        let mut purchases = self.list_purchases(code, correlation_id).await?;
        purchases
            .retain(|purchase| matches!(purchase.goods, Goods::Pin { seq: of, .. } if of == seq));
        Ok(purchases)
    }

    /// Creates the back room of a room. A conflict means that the front room changed, or the code is taken.
    pub(crate) async fn create_back_room(
        &self,
        front: &RoomForUser,
        back: &Room,
        host: &Person,
    ) -> Result<SaveOutcome> {
        let unchanged = Condition::version(front.version)
            .value(":next", number(front.version + 1))
            .value(":back", text(back.code.to_string()));
        let key = room_key(front.room.code);
        let set = "SET back_room = :back, version = :next";
        let mut writes = self.room_writes(back, host)?;
        writes.push(self.table.transact_update(key, set, unchanged)?);
        self.table.transact(writes).await
    }

    /// Admits a person to the back room and records the purchase, in one transaction.
    pub(crate) async fn admit_to_back_room(
        &self,
        front: RoomCode,
        back: RoomCode,
        person: &Person,
        purchase: &PurchaseRecord,
    ) -> Result<AdmitOutcome> {
        let (user, table) = (person.user_id, &self.table);
        let (me, order) = (text(user.to_string()), text(purchase.order.to_string()));
        let joined = to_attribute(&Membership::Joined)?;
        let is_free = Condition::expression("attribute_not_exists(pk) OR user_id = :me")
            .value(":me", me.clone());
        let not_banned = Condition::expression("attribute_not_exists(pk) OR place <> :banned")
            .value(":banned", to_attribute(&Membership::Banned)?)
            .value(":user", me)
            .value(":name", to_attribute(&person.username)?)
            .value(":at", to_attribute(&person.joined_at)?)
            .value(":inside", joined.clone())
            .value(":entrance", order.clone());
        let first_order =
            Condition::expression("place = :inside AND attribute_not_exists(entrance)")
                .value(":inside", joined)
                .value(":entrance", order);
        let front_person = person_key(front, user);
        let writes = vec![
            table.transact_put(Self::name_row(back, person)?, is_free)?,
            table.transact_update(person_key(back, user), ADMIT, not_banned)?,
            self.removals.delete_write(&back, &user)?,
            table.transact_put(Self::mine_row(back, user), Condition::none())?,
            table.transact_update(front_person, "SET entrance = :entrance", first_order)?,
            self.purchase_write(front, purchase, None)?,
            self.require_open_room(front)?,
            self.require_open_room(back)?,
        ];
        let failed = |conflicts: &[WriteConflict], index: usize| {
            conflicts.get(index) == Some(&WriteConflict::ConditionFailed)
        };
        Ok(match table.try_transact(writes).await? {
            None => AdmitOutcome::Admitted,
            Some(conflicts) if failed(&conflicts, 1) => AdmitOutcome::Banned,
            Some(conflicts) if failed(&conflicts, 0) => AdmitOutcome::NameTaken,
            Some(_) => AdmitOutcome::Conflict,
        })
    }

    /// Evicts the payer of a refunded entrance from the back room, if this order admitted them. A ban stays.
    pub(crate) async fn evict_from_back_room(
        &self,
        front: RoomCode,
        back: RoomCode,
        purchase: &PurchaseRecord,
    ) -> Result<SaveOutcome> {
        let (user, table) = (purchase.payer, &self.table);
        let key = person_key(back, user);
        let person: Option<Person> = table.get(key.clone()).await?;
        let is_banned = person.is_some_and(|person| person.membership == Membership::Banned);
        let of_this_order = Condition::expression("entrance = :entrance")
            .value(":entrance", text(purchase.order.to_string()));
        let when = of_this_order
            .clone()
            .value(":banned", to_attribute(&Membership::Banned)?);
        let (evict, reason) = if is_banned {
            let when = when.and("place = :banned");
            let evict = table.transact_update(key, "REMOVE entrance", when)?;
            (evict, RemovalReason::Banned)
        } else {
            let when = when
                .and("place <> :banned")
                .value(":left", to_attribute(&Membership::Left)?);
            let evict = table.transact_update(key, "SET place = :left REMOVE entrance", when)?;
            (evict, RemovalReason::Kicked)
        };
        let (front_person, mine) = (person_key(front, user), Self::mine_row(back, user));
        let writes = vec![
            self.purchase_write(front, purchase, Some(FulfillmentStatus::Fulfilled))?,
            table.transact_update(front_person, "REMOVE entrance", of_this_order)?,
            evict,
            self.removal_write(back, user, reason)?,
            table.transact_delete(mine, Condition::none())?,
        ];
        table.transact(writes).await
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Currency;

    use super::*;
    use crate::testing::user;

    #[test]
    fn stored_purchases_keep_their_attribute_names() {
        let purchase = PurchaseRecord {
            order: OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]),
            payer: user(2),
            username: None,
            goods: Goods::BackRoom,
            price: Money::new(500, Currency::Usd),
            at: Timestamp::UNIX_EPOCH,
            status: FulfillmentStatus::RefundDue,
            refund_reason: Some(RefundReason::MessageDeleted),
            tip_seq: Some(7),
        };
        let stored = serde_json::to_value(purchase).unwrap();
        assert_eq!(stored["became"], "not_given");
        assert_eq!(stored["why"], "message_gone");
        assert_eq!(stored["said_as"], 7);
    }
}
