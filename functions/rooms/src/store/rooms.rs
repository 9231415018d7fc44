//! The rows of rooms, and the index of a user's rooms.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Error, Kind, Result, Timestamp, UserId};
use confab_live::OnlineCount;
use confab_worker::{Consistency, SaveOutcome};
use futures::future::join_all;
use rooms_domain::{Person, RemovalReason, Room, RoomCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    RoomForUser, Store, person_key, presence::online_key, room_key, room_pk, to_attribute,
};

/// Holds for a room that is not closed. A closed one has no row once it is deleted.
pub(super) const IS_OPEN: &str = "attribute_exists(pk) AND attribute_not_exists(closed_at)";
const MAX_ROOMS_OF_USER: usize = 100;
/// Rows of a room deleted in one query and in one transaction.
const DELETE_BATCH: usize = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RoomRow {
    version: u64,
    #[serde(default, rename = "reserved")]
    reserved_seq: u64,
    #[serde(flatten)]
    room: Room,
}

fn mine_pk(user: UserId) -> String {
    format!("MINE#{user}")
}

impl Store {
    /// Loads an open room with the access level of a user. A closed room is not found.
    pub(crate) async fn load_room_for(
        &self,
        code: RoomCode,
        user: Option<UserId>,
        read: Consistency,
    ) -> Result<RoomForUser> {
        let loaded = self.load_room_even_closed(code, user, read).await?;
        if loaded.room.closed_at.is_some() {
            return Err(Error::not_found("room"));
        }
        Ok(loaded)
    }

    pub(crate) async fn load_room_even_closed(
        &self,
        code: RoomCode,
        user: Option<UserId>,
        read: Consistency,
    ) -> Result<RoomForUser> {
        let keys = [room_key(code), online_key(code)]
            .into_iter()
            .chain(user.map(|user| person_key(code, user)));
        let rows = self.table.batch_get(keys.collect(), read).await?;
        let mut rows: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (Table::sort_key(&row).to_owned(), row))
            .collect();
        let room = rows
            .remove("ROOM")
            .ok_or_else(|| Error::not_found("room"))?;
        let count: Option<OnlineCount> = rows.remove("ONLINE").map(Table::from_row).transpose()?;
        let count = count.unwrap_or_default();
        let person: Option<Person> = rows.into_values().next().map(Table::from_row).transpose()?;
        let RoomRow {
            version,
            reserved_seq,
            room,
        } = Table::from_row(room)?;
        Ok(RoomForUser {
            access: room.access_level(user, person.as_ref()),
            room,
            version,
            reserved_seq,
            online: count.shown_at(self.clock.now().as_millisecond()),
            counted_at_ms: count.counted_at_ms,
            person,
        })
    }

    /// Loads an open room for a user, strongly consistent. `None` when it is closed or does not exist.
    pub(crate) async fn find_room_for(
        &self,
        code: RoomCode,
        user: UserId,
    ) -> Result<Option<RoomForUser>> {
        found(
            self.load_room_for(code, Some(user), Consistency::Strong)
                .await,
        )
    }

    /// Loads an open room without a user. `None` when it is closed or does not exist.
    pub(crate) async fn find_room(&self, code: RoomCode) -> Result<Option<RoomForUser>> {
        found(self.load_room_for(code, None, Consistency::Eventual).await)
    }

    /// Loads those rooms of a list that are open.
    pub(crate) async fn find_rooms_for(
        &self,
        codes: &[RoomCode],
        user: UserId,
    ) -> Result<Vec<RoomForUser>> {
        let loads = codes
            .iter()
            .map(|code| self.load_room_for(*code, Some(user), Consistency::Eventual));
        let mut rooms = Vec::new();
        for loaded in join_all(loads).await {
            rooms.extend(found(loaded)?);
        }
        Ok(rooms)
    }

    pub(crate) async fn list_rooms_of(&self, user: UserId) -> Result<Vec<RoomCode>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(mine_pk(user)));
        let rows = self.table.query(None, keys, MAX_ROOMS_OF_USER).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Table::sort_key(row).parse().ok())
            .collect())
    }

    pub(super) fn mine_row(code: RoomCode, user: UserId) -> Row {
        Table::key(mine_pk(user), code.as_str())
    }

    /// Creates a room with its host. A conflict means that the code is taken.
    pub(crate) async fn create_room(&self, room: &Room, host: &Person) -> Result<SaveOutcome> {
        self.table.transact(self.room_writes(room, host)?).await
    }

    pub(super) fn room_writes(&self, room: &Room, host: &Person) -> Result<Vec<TransactWriteItem>> {
        let (code, table) = (room.code, &self.table);
        let row = RoomRow {
            version: 1,
            reserved_seq: 0,
            room: room.clone(),
        };
        let row = Table::to_row(room_pk(code), "ROOM", &row)?;
        let mine = Self::mine_row(code, host.user_id);
        Ok(vec![
            table.transact_put(row, Condition::not_exists())?,
            table.transact_put(Self::person_row(code, host)?, Condition::none())?,
            table.transact_put(Self::name_row(code, host)?, Condition::none())?,
            table.transact_put(mine, Condition::none())?,
        ])
    }

    /// Writes a changed room if its version still equals `version`. With `removes_readers` the transaction also records
    /// a removal of all users who are not members.
    pub(crate) async fn update_room(
        &self,
        room: &Room,
        version: u64,
        removes_readers: bool,
    ) -> Result<SaveOutcome> {
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
        let key = room_key(room.code);
        if !removes_readers {
            let updated = self.table.update(key, &sets, when).await?;
            return Ok(match updated {
                Some(_) => SaveOutcome::Saved,
                None => SaveOutcome::Conflict,
            });
        }
        let writes = vec![
            self.table.transact_update(key, &sets, when)?,
            self.removals
                .write_non_members(&room.code, RemovalReason::MembersOnly)?,
        ];
        self.table.transact(writes).await
    }

    /// Marks a room and its back room as closed, if the version still equals `version`.
    pub(crate) async fn close_room(
        &self,
        room: &Room,
        version: u64,
        at: Timestamp,
    ) -> Result<SaveOutcome> {
        let close = "SET closed_at = :at, version = version + :one";
        let at = to_attribute(&at)?;
        let unchanged = Condition::expression("version = :was")
            .value(":was", number(version))
            .value(":at", at.clone())
            .value(":one", number(1));
        let key = room_key(room.code);
        let mut writes = vec![self.table.transact_update(key, close, unchanged)?];
        if let Some(back) = room.back_room {
            let exists = Condition::expression("attribute_exists(pk)")
                .value(":at", at)
                .value(":one", number(1));
            let key = room_key(back);
            writes.push(self.table.transact_update(key, close, exists)?);
        }
        self.table.transact(writes).await
    }

    /// Returns a room, open or closed, and its version. `None` when its rows are deleted.
    pub(crate) async fn find_room_row(&self, code: RoomCode) -> Result<Option<(Room, u64)>> {
        let row: Option<RoomRow> = self.table.get(room_key(code)).await?;
        Ok(row.map(|row| (row.room, row.version)))
    }

    /// Deletes the rows of a closed room, the room itself last. Returns `false` when the deadline came first.
    pub(crate) async fn delete_room_rows(&self, code: RoomCode, deadline: Instant) -> Result<bool> {
        for others in ["pk = :pk AND sk < :room", "pk = :pk AND sk > :room"] {
            let keys = Condition::expression(others)
                .value(":pk", text(room_pk(code)))
                .value(":room", text("ROOM"));
            loop {
                let rows = self.table.query(None, keys.clone(), DELETE_BATCH).await?;
                if rows.is_empty() {
                    break;
                }
                self.delete_rows(code, &rows).await?;
                if Instant::now() >= deadline {
                    return Ok(false);
                }
            }
        }
        self.table.delete(room_key(code)).await?;
        Ok(true)
    }

    /// Deletes rows of a room, and for people their entries in the index of a user's rooms.
    async fn delete_rows(&self, code: RoomCode, rows: &[Row]) -> Result<()> {
        let mut deletes = Vec::new();
        for row in rows {
            let key = Table::key_of(row);
            deletes.push(self.table.transact_delete(key, Condition::none())?);
            let user = Table::sort_key(row)
                .strip_prefix("PERSON#")
                .and_then(|user| user.parse().ok());
            if let Some(user) = user {
                let mine = Self::mine_row(code, user);
                deletes.push(self.table.transact_delete(mine, Condition::none())?);
            }
        }
        for batch in deletes.chunks(DELETE_BATCH) {
            self.table.transact(batch.to_vec()).await?;
        }
        Ok(())
    }

    /// The part of a transaction that requires a room to be open.
    pub(super) fn require_open_room(&self, code: RoomCode) -> Result<TransactWriteItem> {
        self.table
            .transact_check(room_key(code), Condition::expression(IS_OPEN))
    }
}

/// Turns "not found" into `None`.
fn found(loaded: Result<RoomForUser>) -> Result<Option<RoomForUser>> {
    match loaded {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
