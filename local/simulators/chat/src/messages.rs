//! The table of messages.

use confab_simulator_base::json_column;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::conversation::{Content, Message, MessageStatus, Sender};

/// What the app attached to a message.
#[derive(Debug, Default)]
pub struct SendOptions {
    /// Comes back with the statuses.
    pub reference: Option<String>,
    /// The address that statuses go to, for a provider that takes it with the message.
    pub status_callback: Option<String>,
}

#[derive(Debug)]
pub struct StoredMessage {
    pub person: String,
    pub message: Message,
    pub options: SendOptions,
}

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), seq INTEGER NOT NULL, at INTEGER NOT NULL,
        side TEXT NOT NULL, status TEXT NOT NULL, error TEXT, context_id TEXT, reaction TEXT, correlation_id TEXT,
        reference TEXT, callback TEXT, content TEXT NOT NULL, UNIQUE (person, seq)
    ) STRICT;
";

const SELECT: &str = "SELECT id, seq, at, side, status, error, context_id, reaction, correlation_id, content, person,
    reference, callback FROM messages";

/// Adds a message as the last one of the chat, and returns it with its `seq`.
pub fn add(
    db: &Connection,
    person: &str,
    message: Message,
    options: &SendOptions,
) -> Result<Message> {
    let next = "SELECT COALESCE(MAX(seq), 0) + 1 FROM messages WHERE person = ?";
    let seq = db
        .prepare_cached(next)?
        .query_row([person], |row| row.get(0))?;
    let content = json_column::write(&message.content)?;
    let insert = "INSERT INTO messages (id, person, seq, at, side, status, error, context_id, reaction, correlation_id,
        reference, callback, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    db.prepare_cached(insert)?.execute(params![
        message.id,
        person,
        seq,
        message.at,
        message.from.name(),
        message.status.name(),
        message.error,
        message.context_id,
        message.reaction,
        message.correlation_id,
        options.reference,
        options.status_callback,
        content,
    ])?;
    Ok(Message { seq, ..message })
}

pub fn after(db: &Connection, person: &str, seq: i64) -> Result<Vec<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE person = ? AND seq > ? ORDER BY seq"
    ))?;
    statement
        .query_map(params![person, seq], |row| Ok(read(row)?.message))?
        .collect()
}

pub fn last(db: &Connection, person: &str) -> Result<Option<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE person = ? ORDER BY seq DESC LIMIT 1"
    ))?;
    statement
        .query_row([person], |row| Ok(read(row)?.message))
        .optional()
}

pub fn get(db: &Connection, id: &str) -> Result<Option<StoredMessage>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id = ?"))?;
    statement.query_row([id], read).optional()
}

/// Reads the app's messages that the person has not seen.
pub fn unread(db: &Connection, person: &str) -> Result<Vec<StoredMessage>> {
    let open = "WHERE person = ? AND side = 'bot' AND status IN ('sent', 'delivered') ORDER BY seq";
    let mut statement = db.prepare_cached(&format!("{SELECT} {open}"))?;
    statement.query_map([person], read)?.collect()
}

/// Reads the person's messages up to `seq` that the app has not marked as read.
pub fn unseen_by_app(db: &Connection, person: &str, seq: i64) -> Result<Vec<StoredMessage>> {
    let open = "WHERE person = ? AND seq <= ? AND side = 'person' AND status IN ('sending', 'delivered') ORDER BY seq";
    let mut statement = db.prepare_cached(&format!("{SELECT} {open}"))?;
    statement.query_map(params![person, seq], read)?.collect()
}

/// Reads all messages of the app, oldest first.
pub fn sent_by_app(db: &Connection, person: Option<&str>) -> Result<Vec<StoredMessage>> {
    let sent = "WHERE side = 'bot' AND (?1 IS NULL OR person = ?1) ORDER BY rowid";
    let mut statement = db.prepare_cached(&format!("{SELECT} {sent}"))?;
    statement.query_map([person], read)?.collect()
}

pub fn set_status(
    db: &Connection,
    id: &str,
    status: MessageStatus,
    error: Option<&str>,
) -> Result<()> {
    let mut statement =
        db.prepare_cached("UPDATE messages SET status = ?, error = ? WHERE id = ?")?;
    statement.execute(params![status.name(), error, id])?;
    Ok(())
}

pub fn set_correlation(db: &Connection, id: &str, correlation_id: &str) -> Result<()> {
    let mut statement = db.prepare_cached("UPDATE messages SET correlation_id = ? WHERE id = ?")?;
    statement.execute(params![correlation_id, id])?;
    Ok(())
}

pub fn set_reaction(db: &Connection, id: &str, emoji: Option<&str>) -> Result<()> {
    db.execute(
        "UPDATE messages SET reaction = ? WHERE id = ?",
        params![emoji, id],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<StoredMessage> {
    let content: Content = json_column::read(row, 9)?;
    let message = Message {
        id: row.get(0)?,
        seq: row.get(1)?,
        at: row.get(2)?,
        from: Sender::from_name(&row.get::<_, String>(3)?),
        status: MessageStatus::from_name(&row.get::<_, String>(4)?),
        error: row.get(5)?,
        context_id: row.get(6)?,
        reaction: row.get(7)?,
        correlation_id: row.get(8)?,
        content,
    };
    let options = SendOptions {
        reference: row.get(11)?,
        status_callback: row.get(12)?,
    };
    Ok(StoredMessage {
        person: row.get(10)?,
        message,
        options,
    })
}
