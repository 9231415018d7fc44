//! SES: mails are kept in an SQLite file instead of being sent, and the control room shows them.

mod address;
mod request;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::clock::Clock;
pub(crate) use address::Address;
pub(crate) use request::{NewMail, Refusal, SendEmail};

/// The latest mails are kept.
const MAX_MAILS: i64 = 1_000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS mail (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        sender TEXT NOT NULL,
        from_address TEXT NOT NULL,
        to_addresses TEXT NOT NULL,
        cc_addresses TEXT NOT NULL,
        bcc_addresses TEXT NOT NULL,
        reply_to_addresses TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT,
        html TEXT
    );
";

/// The mails that were sent.
#[derive(Debug)]
pub struct Mailbox {
    db: Mutex<Connection>,
    clock: Arc<Clock>,
    /// Addresses and domains that may send. Without any, all may.
    identities: Vec<String>,
}

/// A mail in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailSummary {
    pub id: String,
    /// By the emulator's clock, in milliseconds since 1970.
    pub at: i64,
    /// The function that sent it, or `outside`.
    pub sender: String,
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredMail {
    #[serde(flatten)]
    pub summary: MailSummary,
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
    pub reply_to: Vec<String>,
    pub text: Option<String>,
    pub html: Option<String>,
}

/// How many mails are kept, and the number of the latest, so that pages know when to read the list again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MailboxStats {
    pub count: u64,
    pub latest: i64,
}

type Result<T> = rusqlite::Result<T>;

impl Mailbox {
    pub(crate) fn open(data: &Path, identities: &[String], clock: Arc<Clock>) -> Result<Self> {
        let db = Connection::open(data.join("ses.db"))?;
        db.execute_batch(SCHEMA)?;
        Ok(Self {
            db: Mutex::new(db),
            clock,
            identities: identities.to_vec(),
        })
    }

    /// Whether an address may send: itself or its domain is an identity.
    pub(crate) fn is_verified(&self, from: &Address<'_>) -> bool {
        let address = from.to_string();
        let names = [address.as_str(), from.domain];
        let mut identities = self.identities.iter();
        self.identities.is_empty()
            || identities
                .any(|identity| names.iter().any(|name| identity.eq_ignore_ascii_case(name)))
    }

    /// Keeps a mail. It is on disk when this returns. Returns its id.
    pub(crate) fn keep(&self, sender: &str, mail: &NewMail) -> Result<String> {
        let at = self.clock.now();
        let id = format!("{at:016x}-{}-000000", uuid::Uuid::new_v4());
        let mut db = self.db();
        let transaction = db.transaction()?;
        transaction.execute(
            "INSERT INTO mail (id, at, sender, from_address, to_addresses, cc_addresses, bcc_addresses,
                 reply_to_addresses, subject, text, html)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                at,
                sender,
                mail.from,
                list(&mail.to),
                list(&mail.cc),
                list(&mail.bcc),
                list(&mail.reply_to),
                mail.subject,
                mail.text,
                mail.html
            ],
        )?;
        transaction.execute(
            "DELETE FROM mail WHERE seq <= (SELECT seq FROM mail ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
            [MAX_MAILS],
        )?;
        transaction.commit()?;
        Ok(id)
    }

    /// Returns the latest mails, the newest first.
    pub fn list(&self, limit: usize) -> Result<Vec<MailSummary>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let db = self.db();
        let mut select = db.prepare_cached("SELECT * FROM mail ORDER BY seq DESC LIMIT ?1")?;
        let mails = select.query_map([limit], summary)?;
        mails.collect()
    }

    pub fn get(&self, id: &str) -> Result<Option<StoredMail>> {
        let db = self.db();
        let mut select = db.prepare_cached("SELECT * FROM mail WHERE id = ?1")?;
        select.query_row([id], mail).optional()
    }

    /// Deletes one mail. Returns how many there were.
    pub fn delete(&self, id: &str) -> Result<usize> {
        self.db().execute("DELETE FROM mail WHERE id = ?1", [id])
    }

    /// Deletes all mails. Returns how many there were.
    pub fn clear(&self) -> Result<usize> {
        self.db().execute("DELETE FROM mail", [])
    }

    pub fn stats(&self) -> Result<MailboxStats> {
        let select = "SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM mail";
        self.db().query_row(select, [], |row| {
            Ok(MailboxStats {
                count: row.get(0)?,
                latest: row.get(1)?,
            })
        })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back.
        self.db
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn list(addresses: &[String]) -> String {
    serde_json::json!(addresses).to_string()
}

fn addresses(row: &Row<'_>, column: &str) -> Result<Vec<String>> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn summary(row: &Row<'_>) -> Result<MailSummary> {
    Ok(MailSummary {
        id: row.get("id")?,
        at: row.get("at")?,
        sender: row.get("sender")?,
        from: row.get("from_address")?,
        to: addresses(row, "to_addresses")?,
        subject: row.get("subject")?,
    })
}

fn mail(row: &Row<'_>) -> Result<StoredMail> {
    Ok(StoredMail {
        summary: summary(row)?,
        cc: addresses(row, "cc_addresses")?,
        bcc: addresses(row, "bcc_addresses")?,
        reply_to: addresses(row, "reply_to_addresses")?,
        text: row.get("text")?,
        html: row.get("html")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(data: &Path, identities: &[&str]) -> Mailbox {
        let identities: Vec<_> = identities.iter().map(|name| (*name).to_owned()).collect();
        let clock = Arc::new(Clock::with_source(|| 1_000));
        Mailbox::open(data, &identities, clock).unwrap()
    }

    fn mail(subject: &str) -> NewMail {
        NewMail {
            from: "Desk <desk@example.com>".to_owned(),
            to: vec!["dana@shop.example".to_owned()],
            cc: Vec::new(),
            bcc: vec!["audit@example.com".to_owned()],
            reply_to: Vec::new(),
            subject: subject.to_owned(),
            text: Some("Hello".to_owned()),
            html: None,
        }
    }

    #[test]
    fn mails_are_kept_over_a_restart_and_deleted_on_request() {
        let data = tempfile::tempdir().unwrap();
        let kept = open(data.path(), &[])
            .keep("desk-mail", &mail("One"))
            .unwrap();
        let mailbox = open(data.path(), &[]);
        let other = mailbox.keep("outside", &mail("Two")).unwrap();
        let subjects = |mailbox: &Mailbox| {
            let mails = mailbox.list(10).unwrap();
            mails
                .into_iter()
                .map(|mail| mail.subject)
                .collect::<Vec<_>>()
        };
        assert_eq!(subjects(&mailbox), ["Two", "One"]);
        let first = mailbox.get(&kept).unwrap().unwrap();
        assert_eq!(first.summary.sender, "desk-mail");
        assert_eq!((first.summary.at, first.bcc), (1_000, mail("").bcc));
        assert_eq!((first.text, first.html), (mail("").text, None));
        assert_eq!(
            (
                mailbox.delete(&kept).unwrap(),
                mailbox.delete(&kept).unwrap()
            ),
            (1, 0)
        );
        assert_eq!(mailbox.get(&kept).unwrap(), None);
        assert_eq!(subjects(&mailbox), ["Two"]);
        assert_eq!(mailbox.list(1).unwrap()[0].id, other);
        assert_eq!(mailbox.clear().unwrap(), 1);
        assert_eq!(mailbox.stats().unwrap(), MailboxStats::default());
    }

    #[test]
    fn latest_thousand_mails_are_kept() {
        let data = tempfile::tempdir().unwrap();
        let mailbox = open(data.path(), &[]);
        for number in 1..=MAX_MAILS + 5 {
            mailbox.keep("outside", &mail(&number.to_string())).unwrap();
        }
        let mails = mailbox.list(usize::MAX).unwrap();
        assert_eq!(i64::try_from(mails.len()).unwrap(), MAX_MAILS);
        assert_eq!(mails.last().unwrap().subject, "6");
        let stats = mailbox.stats().unwrap();
        assert_eq!((stats.count, stats.latest), (1_000, MAX_MAILS + 5));
    }

    #[test]
    fn addresses_and_domains_are_verified_by_identities() {
        let data = tempfile::tempdir().unwrap();
        let is_verified = |identities: &[&str], from: &str| {
            let from = Address::parse(from).unwrap();
            open(data.path(), identities).is_verified(&from)
        };
        assert!(is_verified(&[], "desk@example.com"));
        assert!(is_verified(&["example.com"], "Desk <desk@Example.com>"));
        let one = ["other.example", "desk@example.com"];
        assert!(is_verified(&one, "desk@example.com"));
        assert!(!is_verified(&one, "alerts@example.com"));
        assert!(!is_verified(&one, "desk@mail.other.example"));
    }
}
