//! The table of pictures: sent by people, uploaded by the app, or copied from an address that the
//! app sent.

use rusqlite::{Connection, OptionalExtension, Result, params};
use sha2::{Digest, Sha256};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS media (
        id TEXT PRIMARY KEY, message_id TEXT, mime_type TEXT NOT NULL, sha256 TEXT NOT NULL, at INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
";

#[derive(Debug)]
pub struct Media {
    pub id: String,
    pub message_id: Option<String>,
    pub mime_type: String,
    /// In hex.
    pub sha256: String,
    pub at: i64,
    pub bytes: Vec<u8>,
}

impl Media {
    pub fn new(id: String, mime_type: &str, bytes: Vec<u8>, at: i64) -> Self {
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            id,
            message_id: None,
            mime_type: mime_type.to_owned(),
            sha256,
            at,
            bytes,
        }
    }
}

pub fn add(db: &Connection, media: &Media) -> Result<()> {
    db.execute(
        "INSERT INTO media (id, message_id, mime_type, sha256, at, bytes) VALUES (?, ?, ?, ?, ?, ?)",
        params![media.id, media.message_id, media.mime_type, media.sha256, media.at, media.bytes],
    )?;
    Ok(())
}

pub fn get(db: &Connection, id: &str) -> Result<Option<Media>> {
    db.query_row(
        "SELECT id, message_id, mime_type, sha256, at, bytes FROM media WHERE id = ?",
        [id],
        |row| {
            Ok(Media {
                id: row.get(0)?,
                message_id: row.get(1)?,
                mime_type: row.get(2)?,
                sha256: row.get(3)?,
                at: row.get(4)?,
                bytes: row.get(5)?,
            })
        },
    )
    .optional()
}
