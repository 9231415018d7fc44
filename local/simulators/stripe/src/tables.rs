//! Tables of objects, events, and replies under idempotency keys.

use confab_simulator_base::json_column;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use serde_json::Value;

use crate::objects::{Object, ObjectKind};

pub(crate) const SCHEMA: &str = "
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
";

pub(crate) fn put(db: &Connection, object: &Object) -> Result<()> {
    let body = json_column::write(object)?;
    let upsert =
        "INSERT INTO stripe_objects (id, kind, payment, due_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (id) DO UPDATE SET payment = ?3, due_at = ?4, body = ?5";
    let row = params![
        object.id(),
        object.kind().name(),
        object.payment(),
        object.due_at(),
        body
    ];
    db.prepare_cached(upsert)?.execute(row)?;
    Ok(())
}

pub(crate) fn get(db: &Connection, id: &str) -> Result<Option<Object>> {
    let mut statement = db.prepare_cached("SELECT body FROM stripe_objects WHERE id = ?")?;
    statement
        .query_row([id], |row| json_column::read(row, 0))
        .optional()
}

pub(crate) fn due(db: &Connection, now: i64) -> Result<Vec<String>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM stripe_objects WHERE due_at <= ? ORDER BY due_at, n")?;
    statement.query_map([now], |row| row.get(0))?.collect()
}

/// Where a page of a list begins, by row number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    Newest,
    OlderThan(i64),
    NewerThan(i64),
}

impl Cursor {
    /// The bounds, exclusive, and the direction in which the page fills.
    fn bounds(self) -> (i64, i64, &'static str) {
        match self {
            Self::Newest => (0, i64::MAX, "DESC"),
            Self::OlderThan(n) => (0, n, "DESC"),
            Self::NewerThan(n) => (n, i64::MAX, "ASC"),
        }
    }

    /// Returns the page newest first, and whether there is more in its direction.
    fn page<T>(self, mut found: Vec<T>, limit: usize) -> (Vec<T>, bool) {
        let has_more = found.len() > limit;
        found.truncate(limit);
        if matches!(self, Self::NewerThan(_)) {
            found.reverse();
        }
        (found, has_more)
    }
}

pub(crate) fn place_of(db: &Connection, kind: ObjectKind, id: &str) -> Result<Option<i64>> {
    let select = "SELECT n FROM stripe_objects WHERE id = ? AND kind = ?";
    db.prepare_cached(select)?
        .query_row([id, kind.name()], |row| row.get(0))
        .optional()
}

pub(crate) fn list(
    db: &Connection,
    kind: ObjectKind,
    payment: Option<&str>,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Object>, bool)> {
    let (after, before, order) = cursor.bounds();
    let select = format!(
        "SELECT body FROM stripe_objects WHERE kind = ?1 AND (?2 IS NULL OR payment = ?2) AND n > ?3 AND n < ?4
        ORDER BY n {order} LIMIT ?5"
    );
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = db.prepare_cached(&select)?;
    let found = statement.query_map(
        params![kind.name(), payment, after, before, one_more],
        |row| json_column::read(row, 0),
    )?;
    Ok(cursor.page(found.collect::<Result<_>>()?, limit))
}

/// Reads all objects of one kind, oldest first.
pub(crate) fn all(db: &Connection, kind: ObjectKind) -> Result<Vec<Object>> {
    let mut statement =
        db.prepare_cached("SELECT body FROM stripe_objects WHERE kind = ? ORDER BY n")?;
    statement
        .query_map([kind.name()], |row| json_column::read(row, 0))?
        .collect()
}

pub(crate) fn add_event(
    db: &Connection,
    id: &str,
    kind: &str,
    created: i64,
    event: &Value,
) -> Result<()> {
    let insert =
        "INSERT INTO stripe_events (id, kind, created, delivered, body) VALUES (?, ?, ?, 0, ?)";
    db.prepare_cached(insert)?
        .execute(params![id, kind, created, event.to_string()])?;
    Ok(())
}

pub(crate) fn delivered(db: &Connection, id: &str) -> Result<()> {
    db.prepare_cached("UPDATE stripe_events SET delivered = 1 WHERE id = ?")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn event(db: &Connection, id: &str) -> Result<Option<Value>> {
    let select = "SELECT body, delivered FROM stripe_events WHERE id = ?";
    db.prepare_cached(select)?
        .query_row([id], read_event)
        .optional()
}

pub(crate) fn place_of_event(db: &Connection, id: &str) -> Result<Option<i64>> {
    let select = "SELECT n FROM stripe_events WHERE id = ?";
    db.prepare_cached(select)?
        .query_row([id], |row| row.get(0))
        .optional()
}

#[derive(Debug)]
pub(crate) struct EventFilter<'a> {
    /// Matches every type when empty.
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) delivered: Option<bool>,
    pub(crate) created_from: i64,
    pub(crate) created_to: i64,
}

pub(crate) fn events(
    db: &Connection,
    filter: &EventFilter<'_>,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Value>, bool)> {
    let (after, before, order) = cursor.bounds();
    let select = format!(
        "SELECT body, delivered FROM stripe_events WHERE (?1 = '[]' OR kind IN (SELECT value FROM json_each(?1)))
        AND (?2 IS NULL OR delivered = ?2) AND created >= ?3 AND created <= ?4 AND n > ?5 AND n < ?6
        ORDER BY n {order} LIMIT ?7"
    );
    let kinds = Value::from(filter.kinds.clone()).to_string();
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = db.prepare_cached(&select)?;
    let row = params![
        kinds,
        filter.delivered,
        filter.created_from,
        filter.created_to,
        after,
        before,
        one_more
    ];
    let found = statement.query_map(row, read_event)?;
    Ok(cursor.page(found.collect::<Result<_>>()?, limit))
}

pub(crate) fn undelivered(db: &Connection) -> Result<i64> {
    db.prepare_cached("SELECT COUNT(*) FROM stripe_events WHERE delivered = 0")?
        .query_row([], |row| row.get(0))
}

/// The reply to the first request under an idempotency key.
#[derive(Debug)]
pub(crate) struct StoredReply {
    /// Hash of method, path and parameters.
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

pub(crate) fn reply(db: &Connection, key: &str, from: i64) -> Result<Option<StoredReply>> {
    let select = "SELECT request, status, answer FROM stripe_answers WHERE key = ? AND at > ?";
    let read = |row: &Row<'_>| {
        Ok(StoredReply {
            request: row.get(0)?,
            status: row.get(1)?,
            body: value(row, 2)?,
        })
    };
    db.prepare_cached(select)?
        .query_row(params![key, from], read)
        .optional()
}

pub(crate) fn save_reply(db: &Connection, key: &str, at: i64, reply: &StoredReply) -> Result<()> {
    let upsert =
        "INSERT INTO stripe_answers (key, request, at, status, answer) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT DO UPDATE SET request = ?2, at = ?3, status = ?4, answer = ?5";
    db.prepare_cached(upsert)?.execute(params![
        key,
        reply.request,
        at,
        reply.status,
        reply.body.to_string()
    ])?;
    Ok(())
}

fn read_event(row: &Row<'_>) -> Result<Value> {
    let mut event = value(row, 0)?;
    let delivered: bool = row.get(1)?;
    event["pending_webhooks"] = i64::from(!delivered).into();
    Ok(event)
}

fn value(row: &Row<'_>, column: usize) -> Result<Value> {
    json_column::read(row, column)
}
