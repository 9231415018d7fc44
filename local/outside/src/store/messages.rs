//! Messages in the store.

use rusqlite::{Connection, OptionalExtension, Result, Row, params, types::Type};

use crate::chat::{Content, Message, Side, Stage};

/// What the provider keeps of a message beyond what the phone shows.
#[derive(Debug, Default)]
pub(crate) struct Backstage {
    /// What the app attached: it goes back with the statuses.
    pub(crate) reference: Option<String>,
    /// Where Twilio sends the statuses.
    pub(crate) callback: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) person: String,
    pub(crate) message: Message,
    pub(crate) backstage: Backstage,
}

const SELECT: &str = "SELECT id, seq, at, side, status, error, context_id, reaction, correlation_id, content, person,
    reference, callback FROM messages";

/// `message.seq` is given here.
pub(crate) fn add(
    db: &Connection,
    person: &str,
    message: Message,
    backstage: &Backstage,
) -> Result<Message> {
    let next = "SELECT COALESCE(MAX(seq), 0) + 1 FROM messages WHERE person = ?";
    let seq = db
        .prepare_cached(next)?
        .query_row([person], |row| row.get(0))?;
    let content = serde_json::to_string(&message.content).map_err(unwritable)?;
    let insert = "INSERT INTO messages (id, person, seq, at, side, status, error, context_id, reaction, correlation_id,
        reference, callback, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    db.prepare_cached(insert)?.execute(params![
        message.id,
        person,
        seq,
        message.at,
        message.from.word(),
        message.status.word(),
        message.error,
        message.context_id,
        message.reaction,
        message.correlation_id,
        backstage.reference,
        backstage.callback,
        content,
    ])?;
    Ok(Message { seq, ..message })
}

pub(crate) fn after(db: &Connection, person: &str, seq: i64) -> Result<Vec<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE person = ? AND seq > ? ORDER BY seq"
    ))?;
    statement
        .query_map(params![person, seq], |row| Ok(read(row)?.message))?
        .collect()
}

pub(crate) fn last(db: &Connection, person: &str) -> Result<Option<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE person = ? ORDER BY seq DESC LIMIT 1"
    ))?;
    statement
        .query_row([person], |row| Ok(read(row)?.message))
        .optional()
}

pub(crate) fn get(db: &Connection, id: &str) -> Result<Option<Kept>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id = ?"))?;
    statement.query_row([id], read).optional()
}

/// The app's messages that the person has not seen.
pub(crate) fn unread(db: &Connection, person: &str) -> Result<Vec<Kept>> {
    let open = "WHERE person = ? AND side = 'bot' AND status IN ('sent', 'delivered') ORDER BY seq";
    let mut statement = db.prepare_cached(&format!("{SELECT} {open}"))?;
    statement.query_map([person], read)?.collect()
}

/// The person's messages up to `seq` that the app has not marked as read.
pub(crate) fn unseen_by_app(db: &Connection, person: &str, seq: i64) -> Result<Vec<Kept>> {
    let open = "WHERE person = ? AND seq <= ? AND side = 'person' AND status IN ('sending', 'delivered') ORDER BY seq";
    let mut statement = db.prepare_cached(&format!("{SELECT} {open}"))?;
    statement.query_map(params![person, seq], read)?.collect()
}

/// All that the app sent, oldest first.
pub(crate) fn sent_by_app(db: &Connection, person: Option<&str>) -> Result<Vec<Kept>> {
    let sent = "WHERE side = 'bot' AND (?1 IS NULL OR person = ?1) ORDER BY rowid";
    let mut statement = db.prepare_cached(&format!("{SELECT} {sent}"))?;
    statement.query_map([person], read)?.collect()
}

pub(crate) fn set_status(
    db: &Connection,
    id: &str,
    status: Stage,
    error: Option<&str>,
) -> Result<()> {
    let mut statement =
        db.prepare_cached("UPDATE messages SET status = ?, error = ? WHERE id = ?")?;
    statement.execute(params![status.word(), error, id])?;
    Ok(())
}

pub(crate) fn set_correlation(db: &Connection, id: &str, correlation_id: &str) -> Result<()> {
    let mut statement = db.prepare_cached("UPDATE messages SET correlation_id = ? WHERE id = ?")?;
    statement.execute(params![correlation_id, id])?;
    Ok(())
}

pub(crate) fn set_reaction(db: &Connection, id: &str, emoji: Option<&str>) -> Result<()> {
    db.execute(
        "UPDATE messages SET reaction = ? WHERE id = ?",
        params![emoji, id],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Kept> {
    let content: String = row.get(9)?;
    let content: Content = serde_json::from_str(&content)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(9, Type::Text, error.into()))?;
    let message = Message {
        id: row.get(0)?,
        seq: row.get(1)?,
        at: row.get(2)?,
        from: Side::from_word(&row.get::<_, String>(3)?),
        status: Stage::from_word(&row.get::<_, String>(4)?),
        error: row.get(5)?,
        context_id: row.get(6)?,
        reaction: row.get(7)?,
        correlation_id: row.get(8)?,
        content,
    };
    let backstage = Backstage {
        reference: row.get(11)?,
        callback: row.get(12)?,
    };
    Ok(Kept {
        person: row.get(10)?,
        message,
        backstage,
    })
}

fn unwritable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}
