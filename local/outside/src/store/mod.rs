//! What the outside world remembers: one SQLite file. A transaction that committed survives a `kill -9`.

pub(crate) mod astria;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod stripe;
pub(crate) mod webhooks;

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    astria::behaviour as astria_behaviour,
    model::behaviour as model_behaviour,
    queue::{Job, Line, Queue},
    settings::{Faults, Pace, Settings},
    stripe::behaviour as stripe_behaviour,
};

/// The file, and in memory what is derived from it.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) db: Connection,
    pub(crate) queue: Queue,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) payments: Queue,
    pub(crate) stripe: stripe_behaviour::Settings,
    pub(crate) stripe_faults: stripe_behaviour::Faults,
    pub(crate) tunes: Queue,
    pub(crate) astria: astria_behaviour::Settings,
    pub(crate) astria_faults: astria_behaviour::Faults,
    pub(crate) model: model_behaviour::Settings,
    pub(crate) model_faults: model_behaviour::Faults,
    pub(crate) model_calls: model_behaviour::Calls,
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
    CREATE TABLE IF NOT EXISTS stripe_objects (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, payment TEXT, due_at INTEGER,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS stripe_payments ON stripe_objects (kind, payment, n);
    CREATE INDEX IF NOT EXISTS stripe_due ON stripe_objects (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS stripe_events (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created INTEGER NOT NULL,
        delivered INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS stripe_answers (
        key TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS astria_tunes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, due_at INTEGER, body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS astria_titles ON astria_tunes (title);
    CREATE INDEX IF NOT EXISTS astria_tunes_due ON astria_tunes (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS astria_batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT, tune INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS astria_batches_of ON astria_batches (tune);
    CREATE TABLE IF NOT EXISTS astria_prompts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, tune INTEGER NOT NULL, batch INTEGER, is_done INTEGER NOT NULL,
        due_at INTEGER, body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS astria_prompts_of ON astria_prompts (tune);
    CREATE INDEX IF NOT EXISTS astria_prompts_in ON astria_prompts (batch);
    CREATE INDEX IF NOT EXISTS astria_prompts_due ON astria_prompts (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS astria_pictures (key TEXT PRIMARY KEY, tune INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS astria_callbacks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, tune INTEGER NOT NULL, what TEXT NOT NULL, url TEXT NOT NULL,
        at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, status INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS astria_callbacks_of ON astria_callbacks (tune);
";

impl Store {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("Failed to make {}", folder.display()))?;
        let file = folder.join("outside.sqlite");
        let db = Connection::open(&file)
            .with_context(|| format!("Failed to open {}", file.display()))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "normal")?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.execute_batch(SCHEMA)
            .context("Failed to make the tables")?;
        let owed = webhooks::all(&db)?;
        let mut store = Self {
            settings: settings(&db, DELIVERY)?,
            stripe: settings(&db, STRIPE)?,
            astria: settings(&db, ASTRIA)?,
            model: settings(&db, MODEL)?,
            db,
            queue: Queue::default(),
            faults: Faults::default(),
            payments: Queue::default(),
            stripe_faults: stripe_behaviour::Faults::default(),
            tunes: Queue::default(),
            astria_faults: astria_behaviour::Faults::default(),
            model_faults: model_behaviour::Faults::default(),
            model_calls: model_behaviour::Calls::default(),
        };
        store.push(owed);
        Ok(store)
    }

    pub(crate) fn queue_of(&mut self, line: Line) -> &mut Queue {
        match line {
            Line::Messages => &mut self.queue,
            Line::Payments => &mut self.payments,
            Line::Tunes => &mut self.tunes,
        }
    }

    pub(crate) fn pace_of(&self, line: Line) -> Pace {
        match line {
            Line::Messages => self.settings.pace(),
            Line::Payments => self.stripe.pace(),
            Line::Tunes => self.astria.pace(),
        }
    }

    fn push(&mut self, owed: Vec<Job>) {
        for job in owed {
            self.queue_of(job.provider.line()).push(job);
        }
    }

    /// All of `work` is saved, or none of it. What it owes goes on the queue once it is saved.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.db.unchecked_transaction()?;
        let (settings, stripe, astria) = (&self.settings, &self.stripe, &self.astria);
        let mut writer = Writer {
            db: &transaction,
            settings,
            stripe,
            astria,
            owed: Vec::new(),
        };
        let result = work(&mut writer)?;
        let owed = writer.owed;
        transaction.commit()?;
        self.push(owed);
        Ok(result)
    }

    pub(crate) fn keep_settings(&mut self, settings: Settings) -> Result<()> {
        keep(&self.db, DELIVERY, &settings)?;
        self.settings = settings;
        Ok(())
    }

    pub(crate) fn keep_stripe_settings(
        &mut self,
        settings: stripe_behaviour::Settings,
    ) -> Result<()> {
        keep(&self.db, STRIPE, &settings)?;
        self.stripe = settings;
        Ok(())
    }

    pub(crate) fn keep_astria_settings(
        &mut self,
        settings: astria_behaviour::Settings,
    ) -> Result<()> {
        keep(&self.db, ASTRIA, &settings)?;
        self.astria = settings;
        Ok(())
    }

    pub(crate) fn keep_model_settings(
        &mut self,
        settings: model_behaviour::Settings,
    ) -> Result<()> {
        keep(&self.db, MODEL, &settings)?;
        self.model = settings;
        Ok(())
    }
}

const DELIVERY: &str = "delivery";
const STRIPE: &str = "stripe";
const ASTRIA: &str = "astria";
const MODEL: &str = "model";

fn keep(db: &Connection, name: &str, settings: &impl Serialize) -> Result<()> {
    let sql = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
    db.execute(sql, params![name, serde_json::to_string(settings)?])?;
    Ok(())
}

pub(crate) struct Writer<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) settings: &'a Settings,
    pub(crate) stripe: &'a stripe_behaviour::Settings,
    pub(crate) astria: &'a astria_behaviour::Settings,
    pub(crate) owed: Vec<Job>,
}

fn settings<T: DeserializeOwned + Default>(db: &Connection, name: &str) -> Result<T> {
    let json: Option<String> = db
        .query_row("SELECT value FROM settings WHERE name = ?", [name], |row| {
            row.get(0)
        })
        .optional()?;
    // Settings of another version are no reason not to start.
    Ok(json
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default())
}

/// What is kept as JSON.
fn written(body: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(body)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn read<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let body: String = row.get(column)?;
    serde_json::from_str(&body).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}
