//! The table of files. Ids belong to one bot; a photo has a file for each of its sizes.

use confab_simulator_base::{ids, json_column};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde_json::{Value, json};

use crate::{photo_sizes::PhotoSize, tables, unit::Unit};

/// How long the link of a file works after `getFile`.
const LINK_MS: i64 = 60 * 60 * 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Photo,
    Document,
}

impl MediaKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Photo, Self::Document]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Self::Photo => "AgACAgQAAx",
            Self::Document => "BQACAgQAAx",
        }
    }
}

/// A photo or document: the id of its files, and its field of a message.
#[derive(Debug, Clone)]
pub(crate) struct StoredMedia {
    pub(crate) kind: MediaKind,
    pub(crate) wire: Value,
}

#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn add_photo(unit: &Unit<'_>, sizes: &[PhotoSize]) -> Result<StoredMedia> {
    let media = ids::hex(16);
    let wire = sizes.iter().map(|size| {
        let body = json!({"width": size.width, "height": size.height});
        add(unit, MediaKind::Photo, &media, body, "jpg", &size.jpeg)
    });
    Ok(StoredMedia {
        kind: MediaKind::Photo,
        wire: wire.collect::<Result<Value>>()?,
    })
}

pub(crate) fn add_document(
    unit: &Unit<'_>,
    name: &str,
    mime_type: &str,
    bytes: &[u8],
) -> Result<StoredMedia> {
    let body = json!({"file_name": name, "mime_type": mime_type});
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_plain = |text: &&str| text.len() <= 8 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let extension = extension.filter(is_plain).unwrap_or("bin");
    let wire = add(
        unit,
        MediaKind::Document,
        &ids::hex(16),
        body,
        extension,
        bytes,
    )?;
    Ok(StoredMedia {
        kind: MediaKind::Document,
        wire,
    })
}

fn add(
    unit: &Unit<'_>,
    kind: MediaKind,
    media: &str,
    body: Value,
    extension: &str,
    bytes: &[u8],
) -> Result<Value> {
    let file_id = format!("{}{}", kind.id_prefix(), ids::alphanumeric(50));
    let unique_id = format!("AQAD{}", ids::alphanumeric(11));
    let path = format!(
        "{}s/file_{}.{extension}",
        kind.name(),
        tables::next(unit.db, "file", 0)?
    );
    let mut body = body;
    body["file_id"] = file_id.clone().into();
    body["file_unique_id"] = unique_id.clone().into();
    body["file_size"] = bytes.len().into();
    let bot = unit.telegram.account.bot_id();
    let sql = "INSERT INTO telegram_files VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)";
    unit.db.prepare_cached(sql)?.execute(params![
        unique_id,
        file_id,
        bot,
        media,
        kind.name(),
        path,
        json_column::write(&body)?,
        bytes
    ])?;
    Ok(body)
}

/// Finds the photo or document that a file of this bot belongs to.
pub(crate) fn media(db: &Connection, bot: i64, file_id: &str) -> Result<Option<StoredMedia>> {
    let sql = "SELECT media, kind FROM telegram_files WHERE bot_id = ? AND file_id = ?";
    let found: Option<(String, String)> = db
        .prepare_cached(sql)?
        .query_row(params![bot, file_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((media, kind)) = found else {
        return Ok(None);
    };
    let sql = "SELECT body FROM telegram_files WHERE media = ? ORDER BY rowid";
    let files: Vec<Value> = db
        .prepare_cached(sql)?
        .query_map([media], |row| json_column::read(row, 0))?
        .collect::<Result<_>>()?;
    let kind = MediaKind::from_name(&kind).unwrap_or(MediaKind::Document);
    let wire = match kind {
        MediaKind::Photo => files.into(),
        MediaKind::Document => files.into_iter().next().unwrap_or_default(),
    };
    Ok(Some(StoredMedia { kind, wire }))
}

/// Returns the file with the path of its link, which works for an hour from now.
pub(crate) fn link(unit: &Unit<'_>, bot: i64, file_id: &str) -> Result<Option<(Value, String)>> {
    let sql = "UPDATE telegram_files SET link_until = ? WHERE bot_id = ? AND file_id = ? RETURNING body, path";
    unit.db
        .prepare_cached(sql)?
        .query_row(params![unit.now + LINK_MS, bot, file_id], |row| {
            Ok((json_column::read(row, 0)?, row.get(1)?))
        })
        .optional()
}

pub(crate) fn by_path(
    db: &Connection,
    bot: i64,
    path: &str,
    now: i64,
) -> Result<Option<StoredFile>> {
    let sql =
        "SELECT body, bytes FROM telegram_files WHERE bot_id = ? AND path = ? AND link_until >= ?";
    one(db, sql, params![bot, path, now])
}

pub(crate) fn by_unique_id(db: &Connection, unique_id: &str) -> Result<Option<StoredFile>> {
    let sql = "SELECT body, bytes FROM telegram_files WHERE unique_id = ?";
    one(db, sql, params![unique_id])
}

fn one(db: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Option<StoredFile>> {
    db.prepare_cached(sql)?
        .query_row(params, |row| {
            Ok(StoredFile {
                body: json_column::read(row, 0)?,
                bytes: row.get(1)?,
            })
        })
        .optional()
}
