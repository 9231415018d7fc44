//! The table of updates that are owed to the app. Updates of one queue go out one after another.

use confab_simulator_base::json_column;
use rusqlite::{Connection, Result, params};
use serde_json::{Value, json};

use crate::{tables, unit::Unit, webhook};

const MESSAGE_TTL_MS: i64 = 24 * 60 * 60 * 1_000;
pub(crate) const CALLBACK_TTL_MS: i64 = 150 * 1_000;
/// Updates that Telegram sends only to bots that ask for them.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

#[derive(Debug, Clone)]
pub(crate) struct OwedUpdate {
    pub(crate) id: i64,
    pub(crate) queue: String,
    pub(crate) kind: String,
    pub(crate) expires_at: i64,
    pub(crate) due_at: i64,
    pub(crate) attempts: u32,
}

/// Queues an update, unless the app has not asked for its kind.
pub(crate) fn add(unit: &Unit<'_>, queue: &str, kind: &str, body: &Value) -> Result<()> {
    let allowed = webhook::get(unit.db)?.allowed_updates;
    let is_allowed = if allowed.is_empty() {
        !ON_REQUEST.contains(&kind)
    } else {
        allowed.iter().any(|name| name == kind)
    };
    if is_allowed {
        add_unasked(unit, queue, kind, body)?;
    }
    Ok(())
}

/// Queues an update whether or not the app has asked for its kind, and returns its id.
pub(crate) fn add_unasked(unit: &Unit<'_>, queue: &str, kind: &str, body: &Value) -> Result<i64> {
    let telegram = unit.telegram;
    let settings = telegram.settings.get();
    let update_id = tables::next(unit.db, "update", unit.seconds())?;
    let mut update = json!({"update_id": update_id});
    update[kind] = body.clone();
    let copies = 1 + i32::from(telegram.happens(settings.copy_percent));
    for copy in 0..copies {
        let shift = match settings.shuffle_ms {
            0 => 0,
            most => telegram.live().random.i64(0..=most),
        };
        // A copy has a queue of its own, so that it may overtake.
        let queue = match copy {
            0 => queue.to_owned(),
            _ => format!("copy {update_id}"),
        };
        let ttl = match kind {
            "callback_query" => CALLBACK_TTL_MS,
            _ => MESSAGE_TTL_MS,
        };
        let sql =
            "INSERT INTO telegram_updates (queue, kind, payload, expires_at, due_at, attempts)
            VALUES (?, ?, ?, ?, ?, 0)";
        unit.db.prepare_cached(sql)?.execute(params![
            queue,
            kind,
            json_column::write(&update)?,
            unit.now + ttl,
            unit.now + settings.delay_ms + shift
        ])?;
    }
    Ok(update_id)
}

/// Deletes what has expired, and returns the first update of each queue.
pub(crate) fn heads(db: &Connection, now: i64) -> Result<Vec<OwedUpdate>> {
    db.prepare_cached("DELETE FROM telegram_updates WHERE expires_at < ?")?
        .execute([now])?;
    let sql = "SELECT MIN(id), queue, kind, expires_at, due_at, attempts FROM telegram_updates
        GROUP BY queue ORDER BY due_at, 1";
    db.prepare_cached(sql)?
        .query_map([], |row| {
            Ok(OwedUpdate {
                id: row.get(0)?,
                queue: row.get(1)?,
                kind: row.get(2)?,
                expires_at: row.get(3)?,
                due_at: row.get(4)?,
                attempts: row.get(5)?,
            })
        })?
        .collect()
}

pub(crate) fn payload(db: &Connection, id: i64) -> Result<Value> {
    db.prepare_cached("SELECT payload FROM telegram_updates WHERE id = ?")?
        .query_row([id], |row| json_column::read(row, 0))
}

pub(crate) fn delete(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM telegram_updates WHERE id = ?")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn delete_all(db: &Connection) -> Result<()> {
    db.execute("DELETE FROM telegram_updates", [])?;
    Ok(())
}

pub(crate) fn retry_at(db: &Connection, id: i64, due_at: i64) -> Result<()> {
    let sql = "UPDATE telegram_updates SET attempts = attempts + 1, due_at = ? WHERE id = ?";
    db.prepare_cached(sql)?.execute([due_at, id])?;
    Ok(())
}

pub(crate) fn count(db: &Connection) -> Result<i64> {
    db.query_row("SELECT COUNT(*) FROM telegram_updates", [], |row| {
        row.get(0)
    })
}
