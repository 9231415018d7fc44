//! Who is in a room, under which name.

use confab_aws::{Condition, Row, Table, WriteConflict, number, text};
use confab_core::{CorrelationId, Result, UserId};
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{Person, Place, Reason, RoomCode, Username};

use super::{Store, person_key, readable, rendered, room_pk};

/// As many as a sheet shows, and more, as not all of them are in the room.
const MOST_PEOPLE: usize = 1_000;
const MOST_BANNED: usize = 100;
const AT_ONCE: usize = 100;
const BANNED: &str = "BANNED#";

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Joined {
    Yes,
    NameTaken,
    /// Something else happened to them meanwhile.
    Raced,
}

fn under(code: RoomCode, prefix: &str) -> Condition {
    Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
        .value(":pk", text(room_pk(code)))
        .value(":prefix", text(prefix))
}

fn banned_key(code: RoomCode, user: UserId) -> Row {
    Table::key(room_pk(code), format!("{BANNED}{user}"))
}

fn name_key(code: RoomCode, name: &Username) -> Row {
    Table::key(room_pk(code), format!("NAME#{}", name.likeness()))
}

impl Store {
    pub(super) fn person_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = Table::to_row("", "", person)?;
        row.extend(person_key(code, person.user_id));
        Ok(row)
    }

    pub(super) fn name_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = name_key(code, &person.username);
        row.insert("user_id".to_owned(), text(person.user_id.to_string()));
        Ok(row)
    }

    /// Puts somebody into a room under a name that is theirs alone, as long as they are as they were seen. Their former
    /// names stay theirs: what they said under them stands there.
    pub(crate) async fn join(
        &self,
        code: RoomCode,
        was: Option<&Person>,
        person: &Person,
    ) -> Result<Joined> {
        let me = text(person.user_id.to_string());
        let is_free =
            Condition::expression("attribute_not_exists(pk) OR user_id = :me").value(":me", me);
        let comes_in = match was {
            None => self
                .table
                .transact_put(Self::person_row(code, person)?, Condition::not_exists())?,
            // What else is known of them stays as it is.
            Some(was) => {
                let when = Condition::expression("place = :was")
                    .value(":was", rendered(&was.place)?)
                    .value(":place", rendered(&person.place)?)
                    .value(":name", rendered(&person.username)?);
                self.table.transact_update(
                    person_key(code, person.user_id),
                    "SET place = :place, username = :name",
                    when,
                )?
            }
        };
        let mut writes = vec![
            self.table
                .transact_put(Self::name_row(code, person)?, is_free)?,
            comes_in,
            self.table
                .transact_put(Self::mine_row(code, person.user_id), Condition::none())?,
            self.only_if_open(code)?,
        ];
        if was.is_some_and(|was| !was.is_inside()) {
            writes.push(self.delete_removal(code, person.user_id)?);
        }
        Ok(match self.table.try_transact(writes).await? {
            None => Joined::Yes,
            Some(held) if held.first() == Some(&WriteConflict::ConditionFailed) => {
                Joined::NameTaken
            }
            Some(_) => Joined::Raced,
        })
    }

    /// Removes a user from a room, and records the removal for the broadcaster. Their names stay taken, so that nobody
    /// else speaks under a name where their messages stand. Returns `false` for an unknown user, and for a banned one
    /// unless they are banned again.
    pub(crate) async fn remove_person(
        &self,
        code: RoomCode,
        user: UserId,
        reason: Reason,
    ) -> Result<bool> {
        let (place, when) = match reason {
            Reason::Banned => (Place::Banned, Condition::expression("attribute_exists(pk)")),
            _ => {
                let not_banned = Condition::expression("attribute_exists(pk) AND place <> :banned");
                (
                    Place::Left,
                    not_banned.value(":banned", rendered(&Place::Banned)?),
                )
            }
        };
        let when = when.value(":place", rendered(&place)?);
        let mut writes = vec![
            self.table
                .transact_update(person_key(code, user), "SET place = :place", when)?,
            self.put_removal(code, Some(user), reason)?,
            self.table
                .transact_delete(Self::mine_row(code, user), Condition::none())?,
        ];
        if place == Place::Banned {
            writes.push(
                self.table
                    .transact_put(banned_key(code, user), Condition::none())?,
            );
        }
        Ok(self.table.transact(writes).await? == SaveOutcome::Saved)
    }

    /// Lifts a ban. Returns `false` when the user is not banned.
    pub(crate) async fn unban(&self, code: RoomCode, user: UserId) -> Result<bool> {
        let when = Condition::expression("place = :banned")
            .value(":banned", rendered(&Place::Banned)?)
            .value(":left", rendered(&Place::Left)?);
        let writes = vec![
            self.table
                .transact_update(person_key(code, user), "SET place = :left", when)?,
            self.delete_removal(code, user)?,
            self.table
                .transact_delete(banned_key(code, user), Condition::none())?,
        ];
        Ok(self.table.transact(writes).await? == SaveOutcome::Saved)
    }

    pub(crate) async fn set_muted(
        &self,
        code: RoomCode,
        user: UserId,
        is_muted: bool,
    ) -> Result<bool> {
        let value = aws_sdk_dynamodb::types::AttributeValue::Bool(is_muted);
        let when = Condition::expression("attribute_exists(pk)").value(":muted", value);
        Ok(self
            .table
            .update(person_key(code, user), "SET is_muted = :muted", when)
            .await?
            .is_some())
    }

    /// Up to a message; never back.
    pub(crate) async fn has_read(&self, code: RoomCode, user: UserId, seq: u64) -> Result<()> {
        let when = Condition::expression(
            "attribute_exists(pk) AND (attribute_not_exists(read_seq) OR read_seq < :seq)",
        )
        .value(":seq", number(seq));
        self.table
            .update(person_key(code, user), "SET read_seq = :seq", when)
            .await
            .map(drop)
    }

    /// Those of them who are known in the room.
    pub(crate) async fn people(
        &self,
        code: RoomCode,
        users: &[UserId],
        read: Consistency,
        trace: CorrelationId,
    ) -> Result<Vec<Person>> {
        let mut people = Vec::new();
        for users in users.chunks(AT_ONCE) {
            let keys = users.iter().map(|user| person_key(code, *user)).collect();
            people.extend(readable(
                self.table.batch_get(keys, read).await?,
                "person",
                trace,
                Table::from_row,
            ));
        }
        Ok(people)
    }

    /// The first of those who are in a room, were, or may not be.
    pub(crate) async fn first_people(
        &self,
        code: RoomCode,
        trace: CorrelationId,
    ) -> Result<Vec<Person>> {
        let rows = self
            .table
            .query(None, under(code, "PERSON#"), MOST_PEOPLE)
            .await?;
        Ok(readable(rows, "person", trace, Table::from_row))
    }

    /// The first of those who may not come back.
    pub(crate) async fn banned(&self, code: RoomCode, trace: CorrelationId) -> Result<Vec<Person>> {
        let rows = self
            .table
            .query(None, under(code, BANNED), MOST_BANNED)
            .await?;
        let users = rows
            .iter()
            .filter_map(|row| super::sort_key(row).strip_prefix(BANNED)?.parse().ok());
        self.people(
            code,
            &users.collect::<Vec<_>>(),
            Consistency::Eventual,
            trace,
        )
        .await
    }

    /// Which of some names nobody has.
    pub(crate) async fn free_names(
        &self,
        code: RoomCode,
        names: Vec<Username>,
    ) -> Result<Vec<Username>> {
        let mut keys: Vec<Row> = Vec::new();
        for name in &names {
            let key = name_key(code, name);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let taken = self.table.batch_get(keys, Consistency::Eventual).await?;
        let taken: Vec<_> = taken
            .iter()
            .map(|row| super::sort_key(row).to_owned())
            .collect();
        let is_free = |name: &Username| !taken.contains(&format!("NAME#{}", name.likeness()));
        Ok(names.into_iter().filter(is_free).collect())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::testing::{Cloud, code, person};

    /// DynamoDB lets one of several transactions at a row through, and cancels the others.
    #[tokio::test]
    async fn joins_are_written_again_when_other_joins_hold_the_room() {
        let cloud = Cloud::new().await;
        let mut conflicts = 5;
        cloud.fails(move |target, _| {
            if !target.ends_with("TransactWriteItems") || conflicts == 0 {
                return None;
            }
            conflicts -= 1;
            let reasons =
                json!([{ "Code": "None" }, { "Code": "None" }, { "Code": "None" }, { "Code": "TransactionConflict" }]);
            let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
            Some((StatusCode::BAD_REQUEST, json!({ "__type": kind, "message": "", "CancellationReasons": reasons })))
        });
        assert_eq!(
            cloud.store.join(code(), None, &person(2)).await.unwrap(),
            Joined::Yes
        );
        let other = Person {
            username: person(2).username,
            ..person(3)
        };
        assert_eq!(
            cloud.store.join(code(), None, &other).await.unwrap(),
            Joined::NameTaken
        );
    }
}
