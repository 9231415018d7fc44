//! The SQLite file of the simulators. A committed transaction survives a `kill -9`.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    delivery_settings::DeliverySettings,
    webhook::{NewWebhook, Provider, Webhook},
    webhook_queue::WebhookQueue,
    webhook_table,
};

const FILE_NAME: &str = "outside.sqlite";

const SETTINGS_SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;";

#[derive(Debug)]
pub struct Store {
    pub db: Connection,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("Failed to make {}", folder.display()))?;
        let file = folder.join(FILE_NAME);
        let db = Connection::open(&file)
            .with_context(|| format!("Failed to open {}", file.display()))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "normal")?;
        db.pragma_update(None, "foreign_keys", true)?;
        let store = Self { db };
        store.create_tables(webhook_table::SCHEMA)?;
        store.create_tables(SETTINGS_SCHEMA)?;
        Ok(store)
    }

    /// Creates the tables of one simulator that do not exist yet.
    pub fn create_tables(&self, schema: &str) -> Result<()> {
        self.db
            .execute_batch(schema)
            .context("Failed to make the tables")
    }

    /// Opens the queue of one delivery loop, with what its providers still owe.
    pub fn open_queue(
        &self,
        providers: &[Provider],
        settings: impl Fn() -> DeliverySettings + Send + Sync + 'static,
    ) -> Result<Arc<WebhookQueue>> {
        let queue = Arc::new(WebhookQueue::new(settings));
        for provider in providers {
            for webhook in webhook_table::of_provider(&self.db, *provider)? {
                queue.push(webhook);
            }
        }
        Ok(queue)
    }

    /// Saves all of `work` or none of it, then queues the webhooks that it added.
    pub fn write<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.db.unchecked_transaction()?;
        let mut tx = Transaction {
            db: &transaction,
            webhooks: Vec::new(),
        };
        let result = work(&mut tx)?;
        let webhooks = tx.webhooks;
        transaction.commit()?;
        for (queue, webhook) in webhooks {
            queue.push(webhook);
        }
        Ok(result)
    }

    /// Reads the settings saved under `name`. Settings of another version count as none.
    pub(crate) fn settings<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        let json: Option<String> = self
            .db
            .query_row("SELECT value FROM settings WHERE name = ?", [name], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(json
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default())
    }

    pub(crate) fn save_settings(&self, name: &str, settings: &impl Serialize) -> Result<()> {
        let sql = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
        self.db
            .execute(sql, params![name, serde_json::to_string(settings)?])?;
        Ok(())
    }
}

/// A transaction in progress, with the webhooks to queue once it is committed.
#[derive(Debug)]
pub struct Transaction<'a> {
    pub db: &'a Connection,
    webhooks: Vec<(Arc<WebhookQueue>, Webhook)>,
}

impl Transaction<'_> {
    /// Adds a webhook in as many copies as the queue's settings ask for.
    pub fn enqueue(
        &mut self,
        queue: &Arc<WebhookQueue>,
        webhook: &NewWebhook,
        now: i64,
    ) -> rusqlite::Result<()> {
        let copies = webhook_table::insert(self.db, webhook, &queue.settings(), now)?;
        let copies = copies.into_iter().map(|copy| (Arc::clone(queue), copy));
        self.webhooks.extend(copies);
        Ok(())
    }
}
