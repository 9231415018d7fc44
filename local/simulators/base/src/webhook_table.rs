//! The table of webhooks that are owed to the app.

use rusqlite::{Connection, Result, Row, params};

use crate::{
    delivery_settings::DeliverySettings,
    json_column,
    webhook::{NewWebhook, OrderingKey, Provider, Webhook, WebhookKind},
};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS webhooks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, copies_of INTEGER, person TEXT NOT NULL, kind TEXT NOT NULL,
        provider TEXT NOT NULL, message_id TEXT NOT NULL, payload TEXT NOT NULL, made_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL, attempts INTEGER NOT NULL
    ) STRICT;
";

/// Maximum time by which reordering moves a webhook.
const MAX_REORDER_MS: i64 = 400;
/// Time between two copies, from the third one on.
const COPY_INTERVAL_MS: i64 = 5;

/// Inserts a webhook in as many copies as the settings ask for.
pub(crate) fn insert(
    db: &Connection,
    webhook: &NewWebhook,
    settings: &DeliverySettings,
    now: i64,
) -> Result<Vec<Webhook>> {
    let insert = "INSERT INTO webhooks (copies_of, person, kind, provider, message_id, payload, made_at, due_at,
        attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)";
    let mut copies_of = None;
    let mut copies = Vec::new();
    for copy in 0..settings.copies {
        let shift = if settings.reorder {
            fastrand::i64(0..MAX_REORDER_MS)
        } else {
            copy_delay_ms(copy)
        };
        let due_at = now + settings.delay_ms + shift;
        db.prepare_cached(insert)?.execute(params![
            copies_of,
            webhook.ordering_key.owner,
            webhook.ordering_key.kind.name(),
            webhook.provider.name,
            webhook.message_id,
            webhook.payload.to_string(),
            now,
            due_at,
        ])?;
        let id = db.last_insert_rowid();
        copies.push(Webhook {
            id,
            first_copy: *copies_of.get_or_insert(id),
            ordering_key: webhook.ordering_key.clone(),
            provider: webhook.provider,
            message_id: webhook.message_id.clone(),
            payload: webhook.payload.clone(),
            created_at: now,
            due_at,
            attempts: 0,
        });
    }
    Ok(copies)
}

/// Sends the first two copies side by side, and the others one after another.
fn copy_delay_ms(copy: u32) -> i64 {
    i64::from(copy.saturating_sub(1)) * COPY_INTERVAL_MS
}

/// Reads the owed webhooks of one provider, oldest first.
pub(crate) fn of_provider(db: &Connection, provider: Provider) -> Result<Vec<Webhook>> {
    let select = "SELECT id, COALESCE(copies_of, id), person, kind, message_id, payload, made_at, due_at, attempts
        FROM webhooks WHERE provider = ? ORDER BY id";
    db.prepare(select)?
        .query_map([provider.name], |row| read(row, provider))?
        .collect()
}

pub(crate) fn delete(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM webhooks WHERE id = ?")?
        .execute([id])?;
    Ok(())
}

pub(crate) fn retry_at(db: &Connection, id: i64, due_at: i64) -> Result<()> {
    let update = "UPDATE webhooks SET attempts = attempts + 1, due_at = ? WHERE id = ?";
    db.prepare_cached(update)?.execute(params![due_at, id])?;
    Ok(())
}

fn read(row: &Row<'_>, provider: Provider) -> Result<Webhook> {
    let kind: String = row.get(3)?;
    Ok(Webhook {
        id: row.get(0)?,
        first_copy: row.get(1)?,
        ordering_key: OrderingKey {
            owner: row.get(2)?,
            kind: WebhookKind::from_name(&kind).unwrap_or(WebhookKind::Message),
        },
        provider,
        message_id: row.get(4)?,
        payload: json_column::read(row, 5)?,
        created_at: row.get(6)?,
        due_at: row.get(7)?,
        attempts: row.get(8)?,
    })
}
