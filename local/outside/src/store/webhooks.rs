//! Webhooks owed to the app, in the store.

use rusqlite::{Connection, Result, Row, params};
use serde_json::Value;

use super::Writer;
use crate::queue::{Job, Kind, Lane, Provider};

/// A webhook before it is owed.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) lane: Lane,
    pub(crate) provider: Provider,
    pub(crate) message_id: String,
    pub(crate) payload: Value,
}

/// How far a shuffle may move a webhook.
const SHUFFLE_MS: i64 = 400;

impl Writer<'_> {
    /// With as many copies as the settings want.
    pub(crate) fn owe(&mut self, notice: &Notice, now: i64) -> Result<()> {
        let pace = match notice.provider {
            Provider::Meta | Provider::Twilio => self.settings.pace(),
            Provider::Stripe => self.stripe.pace(),
            Provider::Astria => self.astria.pace(),
        };
        let mut copies_of = None;
        for copy in 0..pace.copies {
            let shift = if pace.reorder {
                fastrand::i64(0..SHUFFLE_MS)
            } else {
                stagger(copy)
            };
            let due_at = now + pace.delay_ms + shift;
            let insert =
                "INSERT INTO webhooks (copies_of, person, kind, provider, message_id, payload, made_at, due_at,
                attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)";
            self.db.prepare_cached(insert)?.execute(params![
                copies_of,
                notice.lane.person,
                word(notice.lane.kind),
                notice.provider.name(),
                notice.message_id,
                notice.payload.to_string(),
                now,
                due_at,
            ])?;
            let id = self.db.last_insert_rowid();
            let group = *copies_of.get_or_insert(id);
            self.owed.push(Job {
                id,
                group,
                lane: notice.lane.clone(),
                provider: notice.provider,
                message_id: notice.message_id.clone(),
                payload: notice.payload.clone(),
                made_at: now,
                due_at,
                attempts: 0,
            });
        }
        Ok(())
    }
}

/// The first two copies go side by side, the others one after another.
fn stagger(copy: u32) -> i64 {
    i64::from(copy.saturating_sub(1)) * 5
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Job>> {
    let select = "SELECT id, COALESCE(copies_of, id), person, kind, provider, message_id, payload, made_at, due_at,
        attempts FROM webhooks ORDER BY id";
    db.prepare(select)?.query_map([], read)?.collect()
}

pub(crate) fn done(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM webhooks WHERE id = ?")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn again(db: &Connection, id: i64, due_at: i64) -> Result<()> {
    let update = "UPDATE webhooks SET attempts = attempts + 1, due_at = ? WHERE id = ?";
    db.prepare_cached(update)?.execute(params![due_at, id])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Job> {
    let kind: String = row.get(3)?;
    let provider: String = row.get(4)?;
    Ok(Job {
        id: row.get(0)?,
        group: row.get(1)?,
        lane: Lane {
            person: row.get(2)?,
            kind: kind_of(&kind),
        },
        provider: Provider::of(&provider),
        message_id: row.get(5)?,
        payload: super::read(row, 6)?,
        made_at: row.get(7)?,
        due_at: row.get(8)?,
        attempts: row.get(9)?,
    })
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "message",
        Kind::Status => "status",
        Kind::Event => "event",
        Kind::Callback => "callback",
    }
}

fn kind_of(word: &str) -> Kind {
    match word {
        "status" => Kind::Status,
        "event" => Kind::Event,
        "callback" => Kind::Callback,
        _ => Kind::Message,
    }
}
