//! The rows of sessions, and the index of a person's sessions.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Error, Result, UserId, after};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{MAX_SESSION_AGE, Person, SessionFamily, SessionId};

use super::{Store, people::person_pk};

/// A row outlives its session, so that an old token is still recognized.
const ROW_MARGIN: Duration = Duration::from_secs(86_400);
const INDEX_PREFIX: &str = "SESSION#";
/// The list of devices shows those of the latest sign-ins.
const LISTED_SESSIONS: i32 = 100;

fn family_pk(id: SessionId) -> String {
    format!("F#{id}")
}

fn index_key(family: &SessionFamily) -> Row {
    let sk = format!("{INDEX_PREFIX}{}", family.id);
    Table::key(person_pk(family.user), sk)
}

fn with_ttl(mut row: Row, family: &SessionFamily) -> Row {
    let at = after(family.created_at, MAX_SESSION_AGE + ROW_MARGIN);
    row.insert("expires_at".to_owned(), number(at.as_second()));
    row
}

fn family_row(family: &SessionFamily) -> Result<Row> {
    let row = Table::to_row(family_pk(family.id), "FAMILY", family)?;
    Ok(with_ttl(row, family))
}

impl Store {
    pub(crate) async fn find_family(&self, id: SessionId) -> Result<Option<SessionFamily>> {
        self.table.get(Table::key(family_pk(id), "FAMILY")).await
    }

    /// Stores a new session.
    pub(crate) async fn create_family(&self, family: &SessionFamily) -> Result<()> {
        let index = with_ttl(index_key(family), family);
        let writes = vec![
            self.family_write(family, 0)?,
            self.table.transact_put(index, Condition::none())?,
        ];
        match self.table.transact(writes).await? {
            SaveOutcome::Saved => Ok(()),
            SaveOutcome::Conflict => Err(Error::internal("session_exists", family.id.to_string())),
        }
    }

    /// Saves a session if it has the version that was read.
    pub(crate) async fn save_family(
        &self,
        family: &SessionFamily,
        read_version: u64,
    ) -> Result<SaveOutcome> {
        let when = Condition::version(read_version);
        if self.table.put(family_row(family)?, when).await? {
            Ok(SaveOutcome::Saved)
        } else {
            Ok(SaveOutcome::Conflict)
        }
    }

    /// Saves the end of a session, with an entry of the audit if there is one. It leaves the list of devices.
    pub(crate) async fn end_family(
        &self,
        ended: &SessionFamily,
        read_version: u64,
        audit: Option<TransactWriteItem>,
    ) -> Result<SaveOutcome> {
        let index = index_key(ended);
        let mut writes = vec![
            self.family_write(ended, read_version)?,
            self.table.transact_delete(index, Condition::none())?,
        ];
        writes.extend(audit);
        self.table.transact(writes).await
    }

    /// Saves a new password together with the one session that remains.
    pub(crate) async fn save_new_password(
        &self,
        person: (&Person, u64),
        kept: (&SessionFamily, u64),
    ) -> Result<SaveOutcome> {
        let writes = vec![
            self.person_write(person.0, person.1)?,
            self.family_write(kept.0, kept.1)?,
        ];
        self.table.transact(writes).await
    }

    fn family_write(&self, family: &SessionFamily, read_version: u64) -> Result<TransactWriteItem> {
        let when = Condition::version(read_version);
        self.table.transact_put(family_row(family)?, when)
    }

    /// Returns the sessions of a person's latest sign-ins.
    pub(crate) async fn list_families(&self, user: UserId) -> Result<Vec<SessionFamily>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
            .value(":pk", text(person_pk(user)))
            .value(":prefix", text(INDEX_PREFIX));
        let read = Consistency::Strong;
        let index = self.table.query_descending(keys, LISTED_SESSIONS, read);
        let ids = index.await?.into_iter().filter_map(|row| {
            let id = Table::sort_key(&row).strip_prefix(INDEX_PREFIX)?;
            id.parse::<SessionId>().ok()
        });
        let keys: Vec<_> = ids.map(|id| Table::key(family_pk(id), "FAMILY")).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.table.batch_get(keys, read).await?;
        rows.into_iter().map(Table::from_row).collect()
    }
}
