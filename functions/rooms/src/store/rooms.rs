//! Rooms, and who stands how to them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Error, Result, Timestamp, UserId};
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{Person, Reason, Room, RoomCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Store, Visited, online_key, person_key, room_key, room_pk};

/// More than anybody keeps up with.
const MOST_OF_MINE: usize = 100;
const AT_ONCE: usize = 100;
/// A count that is older is not shown. While a client is connected its pings have it taken again sooner.
const COUNT_SHOWN_MS: i64 = 90_000;
const COUNT_KEPT_S: i64 = 3_600;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RoomRow {
    version: u64,
    #[serde(default)]
    reserved: u64,
    #[serde(flatten)]
    room: Room,
}

#[derive(Deserialize, Default)]
struct OnlineRow {
    online: u32,
    counted_at_ms: i64,
}

fn mine_pk(user: UserId) -> String {
    format!("MINE#{user}")
}

impl Store {
    /// The room, and how somebody stands to it; a room that is not there is nobody's business.
    pub(crate) async fn visit(
        &self,
        code: RoomCode,
        user: Option<UserId>,
        read: Consistency,
    ) -> Result<Visited> {
        let visited = self.visit_even_closed(code, user, read).await?;
        if visited.room.closed_at.is_some() {
            Err(Error::not_found("room"))
        } else {
            Ok(visited)
        }
    }

    pub(crate) async fn visit_even_closed(
        &self,
        code: RoomCode,
        user: Option<UserId>,
        read: Consistency,
    ) -> Result<Visited> {
        let keys = [room_key(code), online_key(code)]
            .into_iter()
            .chain(user.map(|user| person_key(code, user)));
        let mut rows: HashMap<_, _> = self
            .table
            .batch_get(keys.collect(), read)
            .await?
            .into_iter()
            .map(|row| (super::sort_key(&row).to_owned(), row))
            .collect();
        let room = rows
            .remove("ROOM")
            .ok_or_else(|| Error::not_found("room"))?;
        let counted = rows
            .remove("ONLINE")
            .map(Table::from_row::<OnlineRow>)
            .transpose()?
            .unwrap_or_default();
        let person = rows
            .into_values()
            .next()
            .map(Table::from_row::<Person>)
            .transpose()?;
        let RoomRow {
            version,
            reserved,
            room,
        } = Table::from_row(room)?;
        let standing = room.standing(user, person.as_ref());
        let OnlineRow {
            online,
            counted_at_ms,
        } = counted;
        let is_shown = self.clock.now().as_millisecond() <= counted_at_ms + COUNT_SHOWN_MS;
        let online = if is_shown { online } else { 0 };
        Ok(Visited {
            room,
            version,
            reserved,
            online,
            counted_at_ms,
            person,
            standing,
        })
    }

    /// A room as a stranger finds it. Returns `None` for one that is closed or never was.
    pub(crate) async fn find_room(&self, code: RoomCode) -> Result<Option<Visited>> {
        match self.visit(code, None, Consistency::Eventual).await {
            Ok(visited) => Ok(Some(visited)),
            Err(error) if error.kind() == confab_core::Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Raced when the code is taken.
    pub(crate) async fn create(&self, room: &Room, host: &Person) -> Result<SaveOutcome> {
        self.table.transact(self.new_room(room, host)?).await
    }

    pub(super) fn new_room(&self, room: &Room, host: &Person) -> Result<Vec<TransactWriteItem>> {
        let row = RoomRow {
            version: 1,
            reserved: 0,
            room: room.clone(),
        };
        Ok(vec![
            self.table.transact_put(
                Table::to_row(room_pk(room.code), "ROOM", &row)?,
                Condition::not_exists(),
            )?,
            self.table
                .transact_put(Self::person_row(room.code, host)?, Condition::none())?,
            self.table
                .transact_put(Self::name_row(room.code, host)?, Condition::none())?,
            self.table
                .transact_put(Self::mine_row(room.code, host.user_id), Condition::none())?,
        ])
    }

    /// Writes a changed room if its version still equals `version`. A change that ends reading without membership records
    /// a removal of all readers.
    pub(crate) async fn change(
        &self,
        room: &Room,
        version: u64,
        closes_to_readers: bool,
    ) -> Result<bool> {
        let attributes: Row =
            serde_dynamo::to_item(room).map_err(|e| Error::internal("render_failed", e))?;
        let mut when = Condition::version(version).value(":next", number(version + 1));
        let mut sets = vec!["version = :next".to_owned()];
        for (index, (name, value)) in attributes.into_iter().enumerate() {
            sets.push(format!("#n{index} = :v{index}"));
            when = when
                .name_attribute(&format!("#n{index}"), name)
                .value(&format!(":v{index}"), value);
        }
        let sets = format!("SET {}", sets.join(", "));
        if !closes_to_readers {
            return Ok(self
                .table
                .update(room_key(room.code), &sets, when)
                .await?
                .is_some());
        }
        let writes = vec![
            self.table
                .transact_update(room_key(room.code), &sets, when)?,
            self.put_removal(room.code, None, Reason::MembersOnly)?,
        ];
        Ok(self.table.transact(writes).await? == SaveOutcome::Saved)
    }

    /// From now on nobody finds it, nor the room behind it, and nothing is given in them. Raced when it was changed
    /// meanwhile.
    pub(crate) async fn close(
        &self,
        room: &Room,
        version: u64,
        at: Timestamp,
    ) -> Result<SaveOutcome> {
        let closes = "SET closed_at = :at, version = version + :one";
        let at = super::rendered(&at)?;
        let values = |when: Condition| when.value(":at", at.clone()).value(":one", number(1));
        let as_it_was =
            values(Condition::expression("version = :was").value(":was", number(version)));
        let mut writes =
            vec![
                self.table
                    .transact_update(room_key(room.code), closes, as_it_was)?,
            ];
        if let Some(back) = room.back_room {
            writes.push(self.table.transact_update(
                room_key(back),
                closes,
                values(Condition::expression("attribute_exists(pk)")),
            )?);
        }
        self.table.transact(writes).await
    }

    /// The room, open or closed, and its version. None when nothing is left of it.
    pub(crate) async fn left(&self, code: RoomCode) -> Result<Option<(Room, u64)>> {
        let row: Option<RoomRow> = self.table.get(room_key(code)).await?;
        Ok(row.map(|row| (row.room, row.version)))
    }

    /// Deletes what is left of a closed room, itself last. False when the time was over before.
    pub(crate) async fn clear(&self, code: RoomCode, until: Instant) -> Result<bool> {
        for others in ["pk = :pk AND sk < :room", "pk = :pk AND sk > :room"] {
            let keys = Condition::expression(others)
                .value(":pk", text(room_pk(code)))
                .value(":room", text("ROOM"));
            loop {
                let rows = self.table.query(None, keys.clone(), AT_ONCE).await?;
                if rows.is_empty() {
                    break;
                }
                let mut deletes = Vec::new();
                for row in &rows {
                    deletes.push(
                        self.table
                            .transact_delete(Table::key_of(row), Condition::none())?,
                    );
                    if let Some(user) = super::sort_key(row)
                        .strip_prefix("PERSON#")
                        .and_then(|user| user.parse().ok())
                    {
                        deletes.push(
                            self.table
                                .transact_delete(Self::mine_row(code, user), Condition::none())?,
                        );
                    }
                }
                for chunk in deletes.chunks(AT_ONCE) {
                    self.table.transact(chunk.to_vec()).await?;
                }
                if Instant::now() >= until {
                    return Ok(false);
                }
            }
        }
        self.table.delete(room_key(code)).await?;
        Ok(true)
    }

    pub(super) fn only_if_open(&self, code: RoomCode) -> Result<TransactWriteItem> {
        let is_open =
            Condition::expression("attribute_exists(pk) AND attribute_not_exists(closed_at)");
        self.table.transact_check(room_key(code), is_open)
    }

    pub(crate) async fn mine(&self, user: UserId) -> Result<Vec<RoomCode>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(mine_pk(user)));
        let rows = self.table.query(None, keys, MOST_OF_MINE).await?;
        Ok(rows
            .iter()
            .filter_map(|row| super::sort_key(row).parse().ok())
            .collect())
    }

    /// Those of the rooms that are there, with how somebody stands to each.
    pub(crate) async fn visits(&self, codes: &[RoomCode], user: UserId) -> Result<Vec<Visited>> {
        let visits = codes
            .iter()
            .map(|code| self.visit(*code, Some(user), Consistency::Eventual));
        let mut found = Vec::new();
        for visit in futures::future::join_all(visits).await {
            match visit {
                Ok(visit) => found.push(visit),
                Err(error) if error.kind() == confab_core::Kind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    pub(super) fn mine_row(code: RoomCode, user: UserId) -> Row {
        Table::key(mine_pk(user), code.as_str())
    }

    /// Notes how many are here. False when somebody else has counted since.
    pub(crate) async fn put_online(
        &self,
        code: RoomCode,
        online: u32,
        was_ms: i64,
        counted_at_ms: i64,
    ) -> Result<bool> {
        let mut row = online_key(code);
        row.insert("online".to_owned(), number(online));
        row.insert("counted_at_ms".to_owned(), number(counted_at_ms));
        row.insert(
            "expires_at".to_owned(),
            number(counted_at_ms / 1_000 + COUNT_KEPT_S),
        );
        let when = Condition::expression("attribute_not_exists(pk) OR counted_at_ms = :was")
            .value(":was", number(was_ms));
        self.table.put(row, when).await
    }
}
