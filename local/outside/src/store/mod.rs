//! What the outside world remembers: one SQLite file. A transaction that committed survives a `kill -9`.

pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod webhooks;

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    queue::{Job, Queue},
    settings::{Faults, Settings},
};

/// The file, and in memory what is derived from it.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) db: Connection,
    pub(crate) queue: Queue,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS people (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, channel TEXT NOT NULL,
        phone TEXT NOT NULL UNIQUE, user_id TEXT UNIQUE, hide_number INTEGER NOT NULL, wrote_at INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS messages (
        id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), seq INTEGER NOT NULL, at INTEGER NOT NULL,
        side TEXT NOT NULL, status TEXT NOT NULL, error TEXT, context_id TEXT, reaction TEXT, correlation_id TEXT,
        reference TEXT, callback TEXT, content TEXT NOT NULL, UNIQUE (person, seq)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS media (
        id TEXT PRIMARY KEY, message_id TEXT, mime_type TEXT NOT NULL, sha256 TEXT NOT NULL, at INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS webhooks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, copies_of INTEGER, person TEXT NOT NULL, kind TEXT NOT NULL,
        provider TEXT NOT NULL, message_id TEXT NOT NULL, payload TEXT NOT NULL, made_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL, attempts INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
";

impl Store {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("Failed to make {}", folder.display()))?;
        let file = folder.join("outside.sqlite");
        let db = Connection::open(&file).with_context(|| format!("Failed to open {}", file.display()))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "normal")?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.execute_batch(SCHEMA).context("Failed to make the tables")?;
        let mut queue = Queue::default();
        for job in webhooks::all(&db)? {
            queue.push(job);
        }
        let settings = settings(&db)?;
        Ok(Self { db, queue, settings, faults: Faults::default() })
    }

    /// All of `work` is saved, or none of it. What it owes goes on the queue once it is saved.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.db.unchecked_transaction()?;
        let mut writer = Writer { db: &transaction, settings: &self.settings, owed: Vec::new() };
        let result = work(&mut writer)?;
        let owed = writer.owed;
        transaction.commit()?;
        for job in owed {
            self.queue.push(job);
        }
        Ok(result)
    }

    pub(crate) fn keep_settings(&mut self, settings: Settings) -> Result<()> {
        let json = serde_json::to_string(&settings)?;
        let sql = "INSERT INTO settings VALUES ('delivery', ?1) ON CONFLICT DO UPDATE SET value = ?1";
        self.db.execute(sql, params![json])?;
        self.settings = settings;
        Ok(())
    }
}

pub(crate) struct Writer<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) settings: &'a Settings,
    pub(crate) owed: Vec<Job>,
}

fn settings(db: &Connection) -> Result<Settings> {
    let json: Option<String> =
        db.query_row("SELECT value FROM settings WHERE name = 'delivery'", [], |row| row.get(0)).optional()?;
    // Settings of another version are no reason not to start.
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}
