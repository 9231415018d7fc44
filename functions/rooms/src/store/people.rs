//! Members, former members and banned users of a room, and the usernames that they own.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Row, Table, WriteConflict, number, text};
use confab_core::{CorrelationId, Result, UserId};
use confab_live::decode_rows;
use confab_worker::{Consistency, SaveOutcome};
use rooms_domain::{Membership, Person, RemovalReason, RoomCode, Username};

use super::{Store, person_key, room_pk, to_attribute};

/// More than a list shows, because some of them have left.
const MAX_PEOPLE: usize = 1_000;
const MAX_BANNED: usize = 100;
/// DynamoDB's limit of keys in one batch.
const GET_BATCH: usize = 100;
const BANNED_PREFIX: &str = "BANNED#";

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JoinOutcome {
    Joined,
    NameTaken,
    /// The person was changed since they were read.
    Conflict,
}

fn with_prefix(code: RoomCode, prefix: &str) -> Condition {
    Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
        .value(":pk", text(room_pk(code)))
        .value(":prefix", text(prefix))
}

fn banned_key(code: RoomCode, user: UserId) -> Row {
    Table::key(room_pk(code), format!("{BANNED_PREFIX}{user}"))
}

fn name_sk(name: &Username) -> String {
    format!("NAME#{}", name.confusable_key())
}

impl Store {
    pub(super) fn person_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = Table::to_row("", "", person)?;
        row.extend(person_key(code, person.user_id));
        Ok(row)
    }

    pub(super) fn name_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = Table::key(room_pk(code), name_sk(&person.username));
        row.insert("user_id".to_owned(), text(person.user_id.to_string()));
        Ok(row)
    }

    /// Makes a user a member under a name that no other user owns, if the membership still equals `was`. Former names
    /// stay owned, because messages still show them.
    pub(crate) async fn join(
        &self,
        code: RoomCode,
        was: Option<&Person>,
        person: &Person,
    ) -> Result<JoinOutcome> {
        let (user, table) = (person.user_id, &self.table);
        let is_free = Condition::expression("attribute_not_exists(pk) OR user_id = :me")
            .value(":me", text(user.to_string()));
        let person_write = match was {
            None => table.transact_put(Self::person_row(code, person)?, Condition::not_exists())?,
            // Keeps the other attributes, such as a mute.
            Some(was) => {
                let unchanged = Condition::expression("place = :was")
                    .value(":was", to_attribute(&was.membership)?)
                    .value(":place", to_attribute(&person.membership)?)
                    .value(":name", to_attribute(&person.username)?);
                let set = "SET place = :place, username = :name";
                table.transact_update(person_key(code, user), set, unchanged)?
            }
        };
        let mut writes = vec![
            table.transact_put(Self::name_row(code, person)?, is_free)?,
            person_write,
            table.transact_put(Self::mine_row(code, user), Condition::none())?,
            self.require_open_room(code)?,
        ];
        if was.is_some_and(|was| !was.is_member()) {
            writes.push(self.removals.delete_write(&code, &user)?);
        }
        Ok(match table.try_transact(writes).await? {
            None => JoinOutcome::Joined,
            Some(conflicts) if conflicts.first() == Some(&WriteConflict::ConditionFailed) => {
                JoinOutcome::NameTaken
            }
            Some(_) => JoinOutcome::Conflict,
        })
    }

    /// The part of a transaction that records a removal for the broadcaster.
    pub(super) fn removal_write(
        &self,
        room: RoomCode,
        user: UserId,
        reason: RemovalReason,
    ) -> Result<TransactWriteItem> {
        let is_permanent = reason == RemovalReason::Banned;
        self.removals.write_user(&room, &user, reason, is_permanent)
    }

    /// Removes a user from a room, and records the removal for the broadcaster. Their names stay owned, because their
    /// messages still show them. Returns `false` for an unknown user, and for a banned one unless they are banned again.
    pub(crate) async fn remove_member(
        &self,
        code: RoomCode,
        user: UserId,
        reason: RemovalReason,
    ) -> Result<bool> {
        let exists = Condition::expression("attribute_exists(pk)");
        let (membership, when) = if reason == RemovalReason::Banned {
            (Membership::Banned, exists)
        } else {
            let not_banned = exists
                .and("place <> :banned")
                .value(":banned", to_attribute(&Membership::Banned)?);
            (Membership::Left, not_banned)
        };
        let when = when.value(":place", to_attribute(&membership)?);
        let (key, mine) = (person_key(code, user), Self::mine_row(code, user));
        let mut writes = vec![
            self.table
                .transact_update(key, "SET place = :place", when)?,
            self.removal_write(code, user, reason)?,
            self.table.transact_delete(mine, Condition::none())?,
        ];
        if membership == Membership::Banned {
            let banned = banned_key(code, user);
            writes.push(self.table.transact_put(banned, Condition::none())?);
        }
        Ok(self.table.transact(writes).await? == SaveOutcome::Saved)
    }

    /// Lifts a ban. Returns `false` when the user is not banned.
    pub(crate) async fn unban(&self, code: RoomCode, user: UserId) -> Result<bool> {
        let is_banned = Condition::expression("place = :banned")
            .value(":banned", to_attribute(&Membership::Banned)?)
            .value(":left", to_attribute(&Membership::Left)?);
        let writes = vec![
            self.table
                .transact_update(person_key(code, user), "SET place = :left", is_banned)?,
            self.removals.delete_write(&code, &user)?,
            self.table
                .transact_delete(banned_key(code, user), Condition::none())?,
        ];
        Ok(self.table.transact(writes).await? == SaveOutcome::Saved)
    }

    /// Mutes or unmutes a user. Returns `false` for an unknown user.
    pub(crate) async fn set_muted(
        &self,
        code: RoomCode,
        user: UserId,
        is_muted: bool,
    ) -> Result<bool> {
        let exists = Condition::expression("attribute_exists(pk)")
            .value(":muted", AttributeValue::Bool(is_muted));
        let updated = self
            .table
            .update(person_key(code, user), "SET is_muted = :muted", exists)
            .await?;
        Ok(updated.is_some())
    }

    /// Advances the read marker of a user. It never moves back.
    pub(crate) async fn mark_read(&self, code: RoomCode, user: UserId, seq: u64) -> Result<()> {
        let is_lower = Condition::expression(
            "attribute_exists(pk) AND (attribute_not_exists(read_seq) OR read_seq < :seq)",
        )
        .value(":seq", number(seq));
        self.table
            .update(person_key(code, user), "SET read_seq = :seq", is_lower)
            .await
            .map(drop)
    }

    /// Returns those of the users who are known in the room.
    pub(crate) async fn find_people(
        &self,
        code: RoomCode,
        users: &[UserId],
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Person>> {
        let mut people = Vec::new();
        for users in users.chunks(GET_BATCH) {
            let keys = users.iter().map(|user| person_key(code, *user)).collect();
            let rows = self.table.batch_get(keys, read).await?;
            people.extend(decode_rows(rows, "person", correlation_id, Table::from_row));
        }
        Ok(people)
    }

    /// Returns the first people of a room, whatever their membership is.
    pub(crate) async fn list_people(
        &self,
        code: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Person>> {
        let keys = with_prefix(code, "PERSON#");
        let rows = self.table.query(None, keys, MAX_PEOPLE).await?;
        Ok(decode_rows(rows, "person", correlation_id, Table::from_row))
    }

    /// Returns the first banned users of a room.
    pub(crate) async fn list_banned(
        &self,
        code: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Person>> {
        let keys = with_prefix(code, BANNED_PREFIX);
        let rows = self.table.query(None, keys, MAX_BANNED).await?;
        let users: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                Table::sort_key(row)
                    .strip_prefix(BANNED_PREFIX)?
                    .parse()
                    .ok()
            })
            .collect();
        self.find_people(code, &users, Consistency::Eventual, correlation_id)
            .await
    }

    /// Returns those of the names that no user owns.
    pub(crate) async fn available_names(
        &self,
        code: RoomCode,
        names: Vec<Username>,
    ) -> Result<Vec<Username>> {
        let mut keys: Vec<Row> = Vec::new();
        for name in &names {
            let key = Table::key(room_pk(code), name_sk(name));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let taken = self.table.batch_get(keys, Consistency::Eventual).await?;
        let is_free = |name: &Username| {
            let sk = name_sk(name);
            !taken.iter().any(|row| Table::sort_key(row) == sk)
        };
        Ok(names.into_iter().filter(is_free).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use aws_smithy_runtime_api::client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
    };
    use aws_smithy_types::body::SdkBody;
    use confab_aws::{Aws, AwsConfig};
    use confab_core::Env;
    use confab_lambda::SystemClock;

    use super::*;
    use crate::testing::{code, person};

    const CONFLICTS: usize = 5;
    const CONFLICT: &str = r#"{
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{ "Code": "None" }, { "Code": "TransactionConflict" }]
    }"#;

    /// A table at which other transactions hold the row for the first requests.
    #[derive(Debug, Default)]
    struct ContendedTable(AtomicUsize);

    impl HttpConnector for ContendedTable {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let is_held = self.0.fetch_add(1, Ordering::Relaxed) < CONFLICTS;
            let (status, body) = if is_held {
                (400_u16, CONFLICT)
            } else {
                (200, "{}")
            };
            let status = status.try_into().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    /// DynamoDB cancels all but one of concurrent transactions at a row.
    #[tokio::test(start_paused = true)]
    async fn joins_are_retried_when_they_conflict_with_other_joins() {
        let env = Env::from_iter([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]);
        let config = AwsConfig::from_env(&env).unwrap().without_retries();
        let connector = SharedHttpConnector::new(ContendedTable::default());
        let table = Table::new(Aws::with_connector(config, connector).dynamodb(), "Rooms");
        let clock = Arc::new(SystemClock::default());
        let store = Store::new(table, clock, Duration::from_secs(60));
        let joined = store.join(code(), None, &person(2)).await.unwrap();
        assert_eq!(joined, JoinOutcome::Joined);
    }
}
