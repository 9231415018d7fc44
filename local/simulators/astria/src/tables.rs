//! Tables of tunes, batches of prompts, prompts, pictures and callbacks.

use confab_simulator_base::json_column;
use rusqlite::{Connection, OptionalExtension, Result, Row, ToSql, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    objects::{Batch, Prompt, Tune},
    pictures::Picture,
};

pub(crate) const SCHEMA: &str = "
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

const FIRST_TUNE: i64 = 3_100_000;
const FIRST_BATCH: i64 = 1;
const FIRST_PROMPT: i64 = 21_500_000;

fn next_id(db: &Connection, table: &str, first: i64) -> Result<i64> {
    let select = "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?1) + 1, ?2)";
    db.prepare_cached(select)?
        .query_row(params![table, first], |row| row.get(0))
}

pub(crate) fn next_tune(db: &Connection) -> Result<i64> {
    next_id(db, "astria_tunes", FIRST_TUNE)
}

pub(crate) fn next_batch(db: &Connection) -> Result<i64> {
    next_id(db, "astria_batches", FIRST_BATCH)
}

pub(crate) fn next_prompt(db: &Connection) -> Result<i64> {
    next_id(db, "astria_prompts", FIRST_PROMPT)
}

pub(crate) fn put_tune(db: &Connection, tune: &Tune) -> Result<()> {
    let upsert = "INSERT INTO astria_tunes (id, title, due_at, body) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET due_at = ?3, body = ?4";
    db.prepare_cached(upsert)?.execute(params![
        tune.id,
        tune.title,
        tune.due_at(),
        json_column::write(tune)?
    ])?;
    Ok(())
}

pub(crate) fn put_batch(db: &Connection, batch: &Batch) -> Result<()> {
    let upsert = "INSERT INTO astria_batches (id, tune, title, body) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET body = ?4";
    db.prepare_cached(upsert)?.execute(params![
        batch.id,
        batch.tune,
        batch.title,
        json_column::write(batch)?
    ])?;
    Ok(())
}

pub(crate) fn put_prompt(db: &Connection, prompt: &Prompt) -> Result<()> {
    let upsert = "INSERT INTO astria_prompts (id, tune, batch, is_done, due_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (id) DO UPDATE SET is_done = ?4, due_at = ?5, body = ?6";
    let row = params![
        prompt.id,
        prompt.tune,
        prompt.batch,
        prompt.is_done(),
        prompt.due_at,
        json_column::write(prompt)?
    ];
    db.prepare_cached(upsert)?.execute(row)?;
    Ok(())
}

pub(crate) fn tune(db: &Connection, id: i64) -> Result<Option<Tune>> {
    one(
        db,
        "SELECT body FROM astria_tunes WHERE id = ?",
        params![id],
    )
}

pub(crate) fn tune_with_title(db: &Connection, title: &str) -> Result<Option<Tune>> {
    one(
        db,
        "SELECT body FROM astria_tunes WHERE title = ? ORDER BY id LIMIT 1",
        params![title],
    )
}

pub(crate) fn batch(db: &Connection, id: i64) -> Result<Option<Batch>> {
    one(
        db,
        "SELECT body FROM astria_batches WHERE id = ?",
        params![id],
    )
}

pub(crate) fn batch_with_title(db: &Connection, tune: i64, title: &str) -> Result<Option<Batch>> {
    let select = "SELECT body FROM astria_batches WHERE tune = ? AND title = ? ORDER BY id LIMIT 1";
    one(db, select, params![tune, title])
}

pub(crate) fn prompt(db: &Connection, id: i64) -> Result<Option<Prompt>> {
    one(
        db,
        "SELECT body FROM astria_prompts WHERE id = ?",
        params![id],
    )
}

/// Reads the batches of a tune, oldest first.
pub(crate) fn batches_of(db: &Connection, tune: i64) -> Result<Vec<Batch>> {
    all(
        db,
        "SELECT body FROM astria_batches WHERE tune = ? ORDER BY id",
        params![tune],
    )
}

/// Reads the prompts of a batch, oldest first.
pub(crate) fn prompts_in(db: &Connection, batch: i64) -> Result<Vec<Prompt>> {
    all(
        db,
        "SELECT body FROM astria_prompts WHERE batch = ? ORDER BY id",
        params![batch],
    )
}

/// Reads the prompts of a tune, oldest first.
pub(crate) fn prompts_of(db: &Connection, tune: i64) -> Result<Vec<Prompt>> {
    all(
        db,
        "SELECT body FROM astria_prompts WHERE tune = ? ORDER BY id",
        params![tune],
    )
}

/// A page of a list, which is newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) before_id: i64,
    pub(crate) offset: i64,
    pub(crate) limit: i64,
}

impl Page {
    pub(crate) const ALL: Self = Self {
        before_id: i64::MAX,
        offset: 0,
        limit: i64::MAX,
    };
}

pub(crate) fn tunes(db: &Connection, page: Page) -> Result<Vec<Tune>> {
    let select = "SELECT body FROM astria_tunes WHERE id < ? ORDER BY id DESC LIMIT ? OFFSET ?";
    all(db, select, params![page.before_id, page.limit, page.offset])
}

pub(crate) fn page_of_prompts(db: &Connection, tune: i64, page: Page) -> Result<Vec<Prompt>> {
    let select = "SELECT body FROM astria_prompts WHERE tune = ? AND id < ? ORDER BY id DESC LIMIT ? OFFSET ?";
    all(
        db,
        select,
        params![tune, page.before_id, page.limit, page.offset],
    )
}

pub(crate) fn due_tunes(db: &Connection, now: i64) -> Result<Vec<i64>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM astria_tunes WHERE due_at <= ? ORDER BY due_at, id")?;
    statement.query_map([now], |row| row.get(0))?.collect()
}

pub(crate) fn due_prompts(db: &Connection, now: i64) -> Result<Vec<i64>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM astria_prompts WHERE due_at <= ? ORDER BY due_at, id")?;
    statement.query_map([now], |row| row.get(0))?.collect()
}

/// Counts the prompts of a batch that are not done.
pub(crate) fn count_open_prompts(db: &Connection, batch: i64) -> Result<i64> {
    let select = "SELECT COUNT(*) FROM astria_prompts WHERE batch = ? AND NOT is_done";
    db.prepare_cached(select)?
        .query_row([batch], |row| row.get(0))
}

/// Deletes a tune with its batches, prompts, pictures and callbacks.
pub(crate) fn delete(db: &Connection, tune: i64) -> Result<()> {
    for table in [
        "astria_batches",
        "astria_prompts",
        "astria_pictures",
        "astria_callbacks",
    ] {
        db.execute(&format!("DELETE FROM {table} WHERE tune = ?"), [tune])?;
    }
    db.execute("DELETE FROM astria_tunes WHERE id = ?", [tune])?;
    Ok(())
}

pub(crate) fn add_picture(db: &Connection, key: &str, tune: i64, picture: &Picture) -> Result<()> {
    let insert = "INSERT INTO astria_pictures (key, tune, body) VALUES (?, ?, ?)";
    db.prepare_cached(insert)?
        .execute(params![key, tune, json_column::write(picture)?])?;
    Ok(())
}

/// Reads a picture with its tune.
pub(crate) fn picture(db: &Connection, key: &str) -> Result<Option<(Picture, Tune)>> {
    let select = "SELECT astria_pictures.body, astria_tunes.body FROM astria_pictures
        JOIN astria_tunes ON astria_tunes.id = astria_pictures.tune WHERE key = ?";
    db.prepare_cached(select)?
        .query_row([key], |row| {
            Ok((json_column::read(row, 0)?, json_column::read(row, 1)?))
        })
        .optional()
}

/// A callback, including one that was dropped on purpose.
#[derive(Debug, Serialize)]
pub(crate) struct Callback {
    pub(crate) id: i64,
    pub(crate) what: String,
    pub(crate) url: String,
    pub(crate) at: i64,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) status: Option<u16>,
}

pub(crate) fn add_callback(
    db: &Connection,
    tune: i64,
    what: &str,
    url: &str,
    at: i64,
    state: &str,
) -> Result<i64> {
    let insert = "INSERT INTO astria_callbacks (tune, what, url, at, state, attempts) VALUES (?, ?, ?, ?, ?, 0)";
    db.prepare_cached(insert)?
        .execute(params![tune, what, url, at, state])?;
    Ok(db.last_insert_rowid())
}

/// Counts an attempt. The callback counts as sent once one of its copies was accepted.
pub(crate) fn record_attempt(db: &Connection, id: i64, status: Option<u16>) -> Result<()> {
    let is_accepted = status.is_some_and(|status| (200..300).contains(&status));
    let update = "UPDATE astria_callbacks SET attempts = attempts + 1, status = ?2,
        state = CASE WHEN ?3 OR state = 'sent' THEN 'sent' ELSE 'failed' END WHERE id = ?1";
    db.prepare_cached(update)?
        .execute(params![id, status, is_accepted])?;
    Ok(())
}

pub(crate) fn callbacks(db: &Connection, tune: i64) -> Result<Vec<Callback>> {
    let select = "SELECT id, what, url, at, state, attempts, status FROM astria_callbacks WHERE tune = ? ORDER BY id";
    let callback = |row: &Row<'_>| {
        Ok(Callback {
            id: row.get(0)?,
            what: row.get(1)?,
            url: row.get(2)?,
            at: row.get(3)?,
            state: row.get(4)?,
            attempts: row.get(5)?,
            status: row.get(6)?,
        })
    };
    db.prepare_cached(select)?
        .query_map([tune], callback)?
        .collect()
}

fn one<T: DeserializeOwned>(
    db: &Connection,
    select: &str,
    parameters: &[&dyn ToSql],
) -> Result<Option<T>> {
    db.prepare_cached(select)?
        .query_row(parameters, |row| json_column::read(row, 0))
        .optional()
}

fn all<T: DeserializeOwned>(
    db: &Connection,
    select: &str,
    parameters: &[&dyn ToSql],
) -> Result<Vec<T>> {
    db.prepare_cached(select)?
        .query_map(parameters, |row| json_column::read(row, 0))?
        .collect()
}
