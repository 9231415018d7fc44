//! What was paid for in a room, and what came of it. These rows outlive the room.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table, number, text};
use confab_core::{CorrelationId, Money, OrderId, Result, Timestamp, UserId, after};
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{Goods, NotGiven, PaidPin, Person, Place, Reason, Room, RoomCode, Username};
use serde::{Deserialize, Serialize};

use super::{Store, Visited, person_key, readable, rendered, room_key};

/// Whoever has come in for less than this has had little of it.
const ENTRANCE_OWED: Duration = Duration::from_secs(24 * 3600);

/// Admits into a back room. A mute, and what the person has read, outlast a time outside.
const ADMITS: &str = "SET user_id = :user, username = :name, joined_at = if_not_exists(joined_at, :at), place = :inside, \
                      entrance = :entrance";

/// An order of somebody's, once its money was here or went back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paid {
    pub(crate) order: OrderId,
    pub(crate) payer: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<Username>,
    #[serde(flatten)]
    pub(crate) goods: Goods,
    pub(crate) price: Money,
    pub(crate) at: Timestamp,
    pub(crate) became: Became,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<NotGiven>,
    /// The message that a tip is shown as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said_as: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Became {
    Given,
    /// The money is to go back.
    NotGiven,
    /// The money went back.
    Returned,
}

impl Paid {
    /// An entrance of which whoever paid for it has had little.
    pub(crate) fn is_owed_entrance(&self, at: Timestamp) -> bool {
        self.goods == Goods::BackRoom
            && self.became == Became::Given
            && after(self.at, ENTRANCE_OWED) > at
    }
}

fn paid_pk(code: RoomCode) -> String {
    format!("PAID#{code}")
}

impl Store {
    pub(crate) async fn paid(&self, code: RoomCode, order: OrderId) -> Result<Option<Paid>> {
        self.table
            .get(Table::key(paid_pk(code), order.to_string()))
            .await
    }

    pub(crate) async fn all_paid(&self, code: RoomCode, trace: CorrelationId) -> Result<Vec<Paid>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(paid_pk(code)));
        let rows = self.table.query_consistent(keys, usize::MAX).await?;
        Ok(readable(rows, "paid", trace, Table::from_row))
    }

    /// As long as it is as it was.
    pub(super) fn note(
        &self,
        code: RoomCode,
        paid: &Paid,
        was: Option<Became>,
    ) -> Result<TransactWriteItem> {
        let row = Table::to_row(paid_pk(code), paid.order.to_string(), paid)?;
        let when = match was {
            None => Condition::not_exists(),
            Some(was) => Condition::expression("became = :was").value(":was", rendered(&was)?),
        };
        self.table.transact_put(row, when)
    }

    /// Raced when something else came of it meanwhile.
    pub(crate) async fn note_paid(
        &self,
        code: RoomCode,
        paid: &Paid,
        was: Option<Became>,
    ) -> Result<SaveOutcome> {
        self.table.transact(vec![self.note(code, paid, was)?]).await
    }

    fn pins(&self, room: &Room, version: u64) -> Result<TransactWriteItem> {
        let when = Condition::version(version)
            .value(":next", number(version + 1))
            .value(":pins", rendered::<Vec<PaidPin>>(&room.pins)?);
        self.table.transact_update(
            room_key(room.code),
            "SET pins = :pins, version = :next",
            when,
        )
    }

    /// Takes pins down because their message is deleted, and notes those that are owed. The notes are the outbox of their
    /// refunds. Raced when the room, or one of the orders, was changed meanwhile.
    pub(crate) async fn take_pins(
        &self,
        room: &Room,
        version: u64,
        owed: &[OrderId],
    ) -> Result<SaveOutcome> {
        let mut writes = vec![self.pins(room, version)?];
        for order in owed {
            let when = Condition::expression("became = :given")
                .value(":given", rendered(&Became::Given)?)
                .value(":not", rendered(&Became::NotGiven)?)
                .value(":why", rendered(&NotGiven::MessageGone)?);
            let key = Table::key(paid_pk(room.code), order.to_string());
            writes.push(
                self.table
                    .transact_update(key, "SET became = :not, why = :why", when)?,
            );
        }
        self.table.transact(writes).await
    }

    /// The orders of a message's pins that are owed because the message was deleted.
    pub(crate) async fn unpinned(
        &self,
        code: RoomCode,
        seq: u64,
        trace: CorrelationId,
    ) -> Result<Vec<Paid>> {
        let mut paid = self.all_paid(code, trace).await?;
        paid.retain(|paid| {
            let is_of_message = matches!(paid.goods, Goods::Pin { seq: of, .. } if of == seq);
            is_of_message
                && paid.became == Became::NotGiven
                && paid.why == Some(NotGiven::MessageGone)
        });
        Ok(paid)
    }

    /// A pin more in a room, of a message that is there.
    pub(crate) async fn put_pin(
        &self,
        room: &Room,
        version: u64,
        paid: &Paid,
        seq: u64,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.pins(room, version)?,
            self.note(room.code, paid, None)?,
            self.only_if_said(room.code, seq)?,
        ];
        self.table.transact(writes).await
    }

    /// A pin less, as its money went back.
    pub(crate) async fn take_pin(
        &self,
        room: &Room,
        version: u64,
        paid: &Paid,
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.pins(room, version)?,
            self.note(room.code, paid, Some(Became::Given))?,
        ];
        self.table.transact(writes).await
    }

    /// A room behind another one. Raced when the one in front was changed meanwhile, or the code is taken.
    pub(crate) async fn open_back_room(
        &self,
        front: &Visited,
        back: &Room,
        host: &Person,
    ) -> Result<SaveOutcome> {
        let when = Condition::version(front.version)
            .value(":next", number(front.version + 1))
            .value(":back", text(back.code.to_string()));
        let mut writes = self.new_room(back, host)?;
        writes.push(self.table.transact_update(
            room_key(front.room.code),
            "SET back_room = :back, version = :next",
            when,
        )?);
        self.table.transact(writes).await
    }

    /// Into the back room, with what was paid for it: all of it, or nothing.
    pub(crate) async fn let_in(
        &self,
        front: RoomCode,
        back: RoomCode,
        person: &Person,
        paid: &Paid,
    ) -> Result<LetIn> {
        let me = text(person.user_id.to_string());
        let is_free = Condition::expression("attribute_not_exists(pk) OR user_id = :me")
            .value(":me", me.clone());
        let entrance = text(paid.order.to_string());
        let behind = Condition::expression("attribute_not_exists(pk) OR place <> :banned")
            .value(":banned", rendered(&Place::Banned)?)
            .value(":user", me)
            .value(":name", rendered(&person.username)?)
            .value(":at", rendered(&person.joined_at)?)
            .value(":inside", rendered(&Place::Inside)?)
            .value(":entrance", entrance.clone());
        let first = Condition::expression("place = :inside AND attribute_not_exists(entrance)")
            .value(":inside", rendered(&Place::Inside)?)
            .value(":entrance", entrance);
        let writes = vec![
            self.table
                .transact_put(Self::name_row(back, person)?, is_free)?,
            self.table
                .transact_update(person_key(back, person.user_id), ADMITS, behind)?,
            self.delete_removal(back, person.user_id)?,
            self.table
                .transact_put(Self::mine_row(back, person.user_id), Condition::none())?,
            self.table.transact_update(
                person_key(front, person.user_id),
                "SET entrance = :entrance",
                first,
            )?,
            self.note(front, paid, None)?,
            self.only_if_open(front)?,
            self.only_if_open(back)?,
        ];
        let is_held = |held: &[confab_aws::WriteConflict], index: usize| {
            held.get(index) == Some(&confab_aws::WriteConflict::ConditionFailed)
        };
        Ok(match self.table.try_transact(writes).await? {
            None => LetIn::Yes,
            Some(held) if is_held(&held, 1) => LetIn::Banned,
            Some(held) if is_held(&held, 0) => LetIn::NameTaken,
            Some(_) => LetIn::Raced,
        })
    }

    /// Out of the back room, as far as this order let them in.
    pub(crate) async fn let_out(
        &self,
        front: RoomCode,
        back: RoomCode,
        paid: &Paid,
    ) -> Result<SaveOutcome> {
        let user = paid.payer;
        let of_this = |when: &str| {
            Condition::expression(format!("entrance = :entrance{when}"))
                .value(":entrance", text(paid.order.to_string()))
        };
        // Whoever is banned stays banned.
        let person: Option<Person> = self.table.get(person_key(back, user)).await?;
        let is_banned = person.is_some_and(|person| person.place == Place::Banned);
        let banned = rendered(&Place::Banned)?;
        let behind = person_key(back, user);
        let out = match is_banned {
            true => {
                let when = of_this(" AND place = :banned").value(":banned", banned);
                self.table
                    .transact_update(behind, "REMOVE entrance", when)?
            }
            false => {
                let when = of_this(" AND place <> :banned")
                    .value(":banned", banned)
                    .value(":left", rendered(&Place::Left)?);
                self.table
                    .transact_update(behind, "SET place = :left REMOVE entrance", when)?
            }
        };
        let writes = vec![
            self.note(front, paid, Some(Became::Given))?,
            self.table
                .transact_update(person_key(front, user), "REMOVE entrance", of_this(""))?,
            out,
            self.put_removal(
                back,
                Some(user),
                if is_banned {
                    Reason::Banned
                } else {
                    Reason::Kicked
                },
            )?,
            self.table
                .transact_delete(Self::mine_row(back, user), Condition::none())?,
        ];
        self.table.transact(writes).await
    }

    /// None when the room is not there any more.
    pub(crate) async fn visit_if_open(
        &self,
        code: RoomCode,
        user: UserId,
    ) -> Result<Option<Visited>> {
        match self.visit(code, Some(user), Consistency::Strong).await {
            Ok(visited) => Ok(Some(visited)),
            Err(error) if error.kind() == confab_core::Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetIn {
    Yes,
    NameTaken,
    Banned,
    Raced,
}

#[cfg(test)]
mod tests {
    use confab_core::Currency;

    use super::*;
    use crate::testing::{Cloud, code, person, room, user};

    #[tokio::test]
    async fn a_mute_outlasts_a_refund_and_a_new_entrance() {
        let cloud = Cloud::new().await;
        cloud.joins(2).await;
        let front = cloud
            .store
            .visit(code(), Some(user(1)), Consistency::Strong)
            .await
            .unwrap();
        let back = Room {
            code: RoomCode::new(&|| [2; 10]),
            front: Some(code()),
            is_public: false,
            ..room()
        };
        assert_eq!(
            cloud
                .store
                .open_back_room(&front, &back, &person(1))
                .await
                .unwrap(),
            SaveOutcome::Saved
        );
        let paid = |number: u8| Paid {
            order: OrderId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]),
            payer: user(2),
            username: None,
            goods: Goods::BackRoom,
            price: Money::new(500, Currency::Usd),
            at: Timestamp::UNIX_EPOCH,
            became: Became::Given,
            why: None,
            said_as: None,
        };
        let enters = |paid: Paid| {
            let (store, person) = (
                cloud.store.clone(),
                Person {
                    entrance: Some(paid.order),
                    ..person(2)
                },
            );
            async move {
                store
                    .let_in(code(), back.code, &person, &paid)
                    .await
                    .unwrap()
            }
        };
        assert_eq!(enters(paid(1)).await, LetIn::Yes);
        assert!(
            cloud
                .store
                .set_muted(back.code, user(2), true)
                .await
                .unwrap()
        );
        let returned = Paid {
            became: Became::Returned,
            ..paid(1)
        };
        assert_eq!(
            cloud
                .store
                .let_out(code(), back.code, &returned)
                .await
                .unwrap(),
            SaveOutcome::Saved
        );
        assert_eq!(enters(paid(2)).await, LetIn::Yes);
        let visited = cloud
            .store
            .visit(back.code, Some(user(2)), Consistency::Strong)
            .await
            .unwrap();
        let person = visited.person.unwrap();
        assert!(person.is_inside() && person.is_muted);
        assert_eq!(person.entrance, Some(paid(2).order));
    }
}
