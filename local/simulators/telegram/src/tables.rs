//! Tables of the simulator. Rows hold JSON; columns are what they are found by.

use confab_simulator_base::json_column;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS telegram_sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS telegram_rows (
        kind TEXT NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS telegram_rows_in_order ON telegram_rows (kind, n);
    CREATE TABLE IF NOT EXISTS telegram_messages (
        chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (chat_id, message_id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS telegram_files (
        unique_id TEXT PRIMARY KEY, file_id TEXT NOT NULL UNIQUE, bot_id INTEGER NOT NULL, media TEXT NOT NULL,
        kind TEXT NOT NULL, path TEXT NOT NULL UNIQUE, link_until INTEGER NOT NULL, body TEXT NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS telegram_files_of_media ON telegram_files (media);
    CREATE TABLE IF NOT EXISTS telegram_updates (
        id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
        expires_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL
    ) STRICT;
";

/// Tables that a reset empties. Sequences go on: no update id is used twice.
const RESET: &str = "
    DELETE FROM telegram_rows WHERE kind NOT IN ('webhook', 'commands');
    DELETE FROM telegram_messages;
    DELETE FROM telegram_files;
    DELETE FROM telegram_updates;
";

/// A kind of rows, with the type that they hold.
pub(crate) struct Kind<T> {
    name: &'static str,
    body: std::marker::PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Kind<T> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            body: std::marker::PhantomData,
        }
    }

    pub(crate) fn get(&self, db: &Connection, id: impl ToString) -> Result<Option<T>> {
        db.prepare_cached("SELECT body FROM telegram_rows WHERE kind = ? AND id = ?")?
            .query_row(params![self.name, id.to_string()], |row| {
                json_column::read(row, 0)
            })
            .optional()
    }

    pub(crate) fn put(&self, db: &Connection, id: impl ToString, body: &T) -> Result<()> {
        let n = next(db, "rows", 1)?;
        let sql =
            "INSERT INTO telegram_rows VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET body = ?4";
        let body = json_column::write(body)?;
        db.prepare_cached(sql)?
            .execute(params![self.name, id.to_string(), n, body])?;
        Ok(())
    }

    /// Returns all rows in the order in which they were added.
    pub(crate) fn all(&self, db: &Connection) -> Result<Vec<T>> {
        db.prepare_cached("SELECT body FROM telegram_rows WHERE kind = ? ORDER BY n")?
            .query_map([self.name], |row| json_column::read(row, 0))?
            .collect()
    }

    /// Keeps the newest rows only.
    pub(crate) fn trim(&self, db: &Connection, kept: i64) -> Result<()> {
        let sql = "DELETE FROM telegram_rows WHERE kind = ?1 AND n <= (
            SELECT n FROM telegram_rows WHERE kind = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)";
        db.prepare_cached(sql)?.execute(params![self.name, kept])?;
        Ok(())
    }
}

/// Takes the next number of a sequence, which begins with `first`.
pub(crate) fn next(db: &Connection, name: &str, first: i64) -> Result<i64> {
    let sql = "INSERT INTO telegram_sequences VALUES (?, ?)
        ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value";
    db.prepare_cached(sql)?
        .query_row(params![name, first], |row| row.get(0))
}

pub(crate) fn reset(db: &Connection) -> Result<()> {
    db.execute_batch(RESET)
}
