//! Queues as rows of an SQLite file. `send` returns after its message is committed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use anyhow::bail;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::{clock::Clock, template::Queue};

const DEDUPLICATION_WINDOW_MS: i64 = 5 * 60 * 1_000;
/// Maximum messages in flight of a standard queue, as on SQS.
const MAX_IN_FLIGHT: usize = 120_000;

/// The longest wait of `wait_for_message`.
const MAX_WAIT: Duration = Duration::from_millis(250);

const SCHEMA_VERSION: i64 = 2;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS message (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        sender TEXT NOT NULL,
        group_id TEXT,
        deduplication_id TEXT,
        sent_at INTEGER NOT NULL,
        first_received_at INTEGER,
        receives INTEGER NOT NULL DEFAULT 0,
        visible_at INTEGER NOT NULL,
        receipt TEXT,
        source TEXT
    );
    CREATE INDEX IF NOT EXISTS by_visibility ON message (queue, visible_at);
    DROP INDEX IF EXISTS by_order;
    CREATE INDEX IF NOT EXISTS in_line ON message (queue, seq, visible_at, group_id);
    CREATE INDEX IF NOT EXISTS by_age ON message (queue, sent_at);
    CREATE INDEX IF NOT EXISTS by_group ON message (queue, group_id, seq);
    CREATE INDEX IF NOT EXISTS by_receipt ON message (receipt);
    CREATE TABLE IF NOT EXISTS deduplication (
        queue TEXT NOT NULL,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (queue, scope, id)
    );
    CREATE INDEX IF NOT EXISTS deduplication_by_age ON deduplication (queue, at);
    CREATE TABLE IF NOT EXISTS move_task (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        destination TEXT,
        rate INTEGER,
        started_at INTEGER NOT NULL,
        moved INTEGER NOT NULL
    );
";

#[derive(Debug)]
pub struct Queues {
    db: Mutex<Connection>,
    queues: BTreeMap<String, Queue>,
    clock: Arc<Clock>,
    /// By sequence number, how many running invocations lease a message.
    leases: Mutex<HashMap<i64, usize>>,
    /// Notified when a message may have become visible.
    message_notifiers: HashMap<String, Notify>,
}

#[derive(Debug, thiserror::Error)]
pub enum SqsError {
    #[error("The specified queue does not exist.")]
    NoQueue,
    #[error("The input receipt handle is invalid.")]
    NoReceipt,
    #[error("The specified message isn't in flight.")]
    NotInFlight,
    #[error("The message contains characters outside the allowed set.")]
    Characters,
    #[error("The resource that you specified for the SourceArn parameter doesn't exist.")]
    NoSource,
    #[error("Task does not exist.")]
    NoTask,
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Missing(String),
    #[error("{0}")]
    TooLong(String),
    #[error("local's queue file: {0}")]
    File(#[from] rusqlite::Error),
}

#[derive(Debug, Default, Clone)]
pub struct NewMessage {
    pub body: String,
    /// Message attributes as the API has them, by name.
    pub attributes: Value,
    pub group_id: Option<String>,
    pub deduplication_id: Option<String>,
    pub delay: Option<Duration>,
    pub sender: String,
}

#[derive(Debug, Clone)]
pub struct SendResult {
    pub message_id: String,
    pub sequence_number: Option<String>,
    /// Whether it is a duplicate, of which SQS keeps the first.
    pub duplicate: bool,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub seq: i64,
    pub id: String,
    pub body: String,
    pub attributes: Value,
    pub sender: String,
    pub group_id: Option<String>,
    pub deduplication_id: Option<String>,
    pub sent_at: i64,
    pub first_received_at: i64,
    pub receives: u32,
    pub receipt: String,
    /// The ARN of the source queue, on a dead-letter queue.
    pub source: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct QueueStats {
    pub visible: u64,
    pub in_flight: u64,
    pub delayed: u64,
    pub oldest_age_ms: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MessageView {
    pub message_id: String,
    pub group: Option<String>,
    pub body: String,
    pub attributes: Value,
    pub sent_at: i64,
    pub receives: u32,
    pub state: &'static str,
    pub visible_at: i64,
}

/// A finished redrive.
#[derive(Debug, Clone)]
pub struct MoveTask {
    /// Given by the caller, else the source queue.
    pub destination: Option<String>,
    pub rate: Option<u64>,
    pub started_at: i64,
    pub moved: u64,
}

type Result<T> = std::result::Result<T, SqsError>;

impl Queues {
    pub fn open(data: &Path, queues: &[Queue], clock: Arc<Clock>) -> anyhow::Result<Self> {
        let file = data.join("sqs.db");
        let db = Connection::open(&file)?;
        let (version, is_new): (i64, bool) = db.query_row(
            "SELECT user_version, NOT EXISTS (SELECT 1 FROM sqlite_schema) FROM pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if !is_new && version != SCHEMA_VERSION {
            bail!(
                "{} is of another version of local. Start once with --reset.",
                file.display()
            );
        }
        db.execute_batch(SCHEMA)?;
        db.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(Self {
            db: Mutex::new(db),
            message_notifiers: queues
                .iter()
                .map(|queue| (queue.name.clone(), Notify::new()))
                .collect(),
            queues: queues
                .iter()
                .map(|queue| (queue.name.clone(), queue.clone()))
                .collect(),
            leases: Mutex::default(),
            clock,
        })
    }

    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    pub fn queue(&self, name: &str) -> Result<&Queue> {
        self.queues.get(name).ok_or(SqsError::NoQueue)
    }

    pub fn by_arn(&self, arn: &str) -> Result<&Queue> {
        self.queues
            .values()
            .find(|queue| queue.arn == arn)
            .ok_or(SqsError::NoQueue)
    }

    /// Returns the queue whose dead-letter queue this is.
    pub fn source_of(&self, dlq: &Queue) -> Option<&Queue> {
        let leads_here = |queue: &&Queue| {
            queue
                .redrive
                .as_ref()
                .is_some_and(|redrive| redrive.dlq_arn == dlq.arn)
        };
        self.queues.values().find(leads_here)
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back.
        self.db
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn send(&self, queue: &Queue, message: &NewMessage) -> Result<SendResult> {
        let group = match (queue.fifo, &message.group_id) {
            (true, None) => {
                return Err(SqsError::Missing(
                    "The request must contain the parameter MessageGroupId.".into(),
                ));
            }
            (_, group) => group.clone(),
        };
        let deduplication = self.deduplication_of(queue, message)?;
        let now = self.clock.now();
        // FIFO queues take a delay for the whole queue only.
        let delay = message.delay.filter(|_| !queue.fifo).unwrap_or(queue.delay);
        let mut db = self.db();
        let transaction = db.transaction()?;
        if let Some((scope, id)) = &deduplication
            && let Some(known) = recent(&transaction, &queue.name, scope, id, now)?
        {
            return Ok(known);
        }
        let id = uuid::Uuid::new_v4().to_string();
        transaction.execute(
            "INSERT INTO message (queue, id, body, attributes, sender, group_id, deduplication_id, sent_at, visible_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                queue.name,
                id,
                message.body,
                message.attributes.to_string(),
                message.sender,
                group,
                deduplication.as_ref().map(|(_, id)| id),
                now,
                now + millis(delay)
            ],
        )?;
        let seq = transaction.last_insert_rowid();
        if let Some((scope, dedup)) = &deduplication {
            transaction.execute(
                "INSERT OR REPLACE INTO deduplication (queue, scope, id, at, message_id, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![queue.name, scope, dedup, now, id, seq],
            )?;
        }
        transaction.commit()?;
        drop(db);
        self.notify(&queue.name);
        Ok(SendResult {
            message_id: id,
            sequence_number: queue.fifo.then(|| sequence_number(seq)),
            duplicate: false,
        })
    }

    fn deduplication_of(
        &self,
        queue: &Queue,
        message: &NewMessage,
    ) -> Result<Option<(String, String)>> {
        if !queue.fifo {
            return Ok(None);
        }
        let id = match &message.deduplication_id {
            Some(id) => id.clone(),
            None if queue.content_based_deduplication => Sha256::digest(&message.body)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            None => {
                return Err(SqsError::Invalid(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly".into(),
                ));
            }
        };
        let scope = if queue.deduplicates_per_group {
            message.group_id.clone().unwrap_or_default()
        } else {
            String::new()
        };
        Ok(Some((scope, id)))
    }

    /// Receives up to `limit` messages. Those received too often move to the dead-letter queue instead.
    pub fn receive(
        &self,
        queue: &Queue,
        limit: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<Message>> {
        self.receive_and(queue, limit, visibility, |_| {})
    }

    /// Receives messages for an invocation. A jump of the clock does not make them visible while the lease exists.
    pub fn receive_for_invocation(
        self: &Arc<Self>,
        queue: &Queue,
        limit: usize,
    ) -> Result<(Vec<Message>, InvocationLease)> {
        let mut lease = InvocationLease {
            queues: self.clone(),
            seqs: Vec::new(),
        };
        let messages = self.receive_and(queue, limit, None, |messages| {
            lease.seqs = messages.iter().map(|message| message.seq).collect();
            let mut counts = self.leases();
            for seq in &lease.seqs {
                *counts.entry(*seq).or_default() += 1;
            }
        })?;
        Ok((messages, lease))
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        self.leases
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Moves the clock. Visibility timeouts of leased messages belong to invocations that run in real time, so they move
    /// along; all other deadlines come nearer.
    pub fn advance(&self, by_ms: i64) -> anyhow::Result<()> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        let now = self.clock.now();
        for seq in self.leases().keys() {
            transaction.execute(
                "UPDATE message SET visible_at = visible_at + ?1 WHERE seq = ?2 AND visible_at > ?3",
                params![by_ms, seq, now],
            )?;
        }
        self.clock.advance(by_ms)?;
        transaction.commit()?;
        Ok(())
    }

    /// Calls `taken` under the lock, before another call or a jump of the clock.
    fn receive_and(
        &self,
        queue: &Queue,
        limit: usize,
        visibility: Option<Duration>,
        taken: impl FnOnce(&[Message]),
    ) -> Result<Vec<Message>> {
        let mut db = self.db();
        let now = self.clock.now();
        let until = now + millis(visibility.unwrap_or(queue.visibility));
        let transaction = db.transaction()?;
        forget_old(&transaction, queue, now)?;
        let mut received = Vec::new();
        let mut moved = None;
        for message in receivable(&transaction, queue, now, limit)? {
            if let Some(redrive) = queue
                .redrive
                .as_ref()
                .filter(|_| is_exhausted(queue, &message))
            {
                let dlq = self.by_arn(&redrive.dlq_arn)?;
                // On FIFO queues the stay in the dead-letter queue counts from now, and two messages that were sent
                // with the same id minutes apart must not pass for one there.
                transaction.execute(
                    "UPDATE message SET queue = ?1, receives = 0, receipt = NULL, visible_at = ?2, first_received_at = NULL,
                            source = ?3, sent_at = IIF(?4, ?2, sent_at),
                            deduplication_id = IIF(?4, id, deduplication_id) WHERE seq = ?5",
                    params![dlq.name, now, queue.arn, queue.fifo, message.seq],
                )?;
                moved = Some(dlq.name.clone());
                continue;
            }
            let receipt = format!("{}.{}", message.seq, uuid::Uuid::new_v4().simple());
            transaction.execute(
                "UPDATE message SET receives = receives + 1, receipt = ?1, visible_at = ?2,
                        first_received_at = COALESCE(first_received_at, ?3) WHERE seq = ?4",
                params![receipt, until, now, message.seq],
            )?;
            received.push(Message {
                receives: message.receives + 1,
                first_received_at: if message.receives == 0 {
                    now
                } else {
                    message.first_received_at
                },
                receipt,
                ..message
            });
        }
        transaction.commit()?;
        taken(&received);
        drop(db);
        if let Some(dlq) = moved {
            self.notify(&dlq);
        }
        Ok(received)
    }

    /// Deletes a message. On a standard queue an old receipt is accepted without effect; on a FIFO queue a receipt expires
    /// with its visibility timeout.
    pub fn delete(&self, queue: &Queue, receipt: &str) -> Result<()> {
        let seq = seq_of(receipt)?;
        let now = self.clock.now();
        let gone = self.db().execute(
            "DELETE FROM message WHERE seq = ?1 AND queue = ?2 AND receipt = ?3 AND (?4 OR visible_at > ?5)",
            params![seq, queue.name, receipt, !queue.fifo, now],
        )?;
        if gone > 0 {
            if queue.fifo {
                // The group's next message may be received now.
                self.notify(&queue.name);
            }
            return Ok(());
        }
        let is_there = queue.fifo
            && self.db().query_row(
                "SELECT EXISTS (SELECT 1 FROM message WHERE seq = ?1 AND queue = ?2)",
                params![seq, queue.name],
                |row| row.get(0),
            )?;
        if is_there {
            return Err(invalid_receipt(receipt, "The receipt handle has expired."));
        }
        Ok(())
    }

    pub fn change_visibility(
        &self,
        queue: &Queue,
        receipt: &str,
        visibility: Duration,
    ) -> Result<()> {
        let seq = seq_of(receipt)?;
        let now = self.clock.now();
        let db = self.db();
        let visible_at: Option<i64> = db
            .query_row(
                "SELECT visible_at FROM message WHERE seq = ?1 AND queue = ?2 AND receipt = ?3",
                params![seq, queue.name, receipt],
                |row| row.get(0),
            )
            .optional()?;
        match visible_at {
            None => {
                let reason =
                    "Message does not exist or is not available for visibility timeout change.";
                return Err(invalid_receipt(receipt, reason));
            }
            Some(at) if at <= now => return Err(SqsError::NotInFlight),
            Some(_) => {}
        }
        db.execute(
            "UPDATE message SET visible_at = ?1 WHERE seq = ?2",
            params![now + millis(visibility), seq],
        )?;
        drop(db);
        self.notify(&queue.name);
        Ok(())
    }

    pub fn stats(&self, queue: &Queue) -> Result<QueueStats> {
        let now = self.clock.now();
        let db = self.db();
        let mut statement = db.prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE visible_at <= ?2),
                    COUNT(*) FILTER (WHERE visible_at > ?2 AND receives > 0),
                    COUNT(*) FILTER (WHERE visible_at > ?2 AND receives = 0),
                    MIN(sent_at)
             FROM message WHERE queue = ?1",
        )?;
        let stats = statement.query_row(params![queue.name, now], |row| {
            Ok(QueueStats {
                visible: row.get(0)?,
                in_flight: row.get(1)?,
                delayed: row.get(2)?,
                oldest_age_ms: row.get::<_, Option<i64>>(3)?.map(|at| now - at),
            })
        })?;
        Ok(stats)
    }

    pub fn peek(&self, queue: &Queue, limit: usize) -> Result<Vec<MessageView>> {
        let now = self.clock.now();
        let db = self.db();
        let mut statement =
            db.prepare_cached("SELECT * FROM message WHERE queue = ?1 ORDER BY seq LIMIT ?2")?;
        let rows = statement.query_map(
            params![queue.name, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                let visible_at: i64 = row.get("visible_at")?;
                let message = read(row)?;
                Ok(MessageView {
                    state: match (visible_at <= now, message.receives) {
                        (true, _) => "visible",
                        (false, 0) => "delayed",
                        (false, _) => "in_flight",
                    },
                    message_id: message.id,
                    group: message.group_id,
                    body: message.body,
                    attributes: message.attributes,
                    sent_at: message.sent_at,
                    receives: message.receives,
                    visible_at,
                })
            },
        )?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Moves messages from a dead-letter queue to the end of another queue, as new messages.
    pub fn redrive(&self, dlq: &Queue, to: &Queue, only: Option<&str>) -> Result<usize> {
        let now = self.clock.now();
        let mut db = self.db();
        let transaction = db.transaction()?;
        let moved: Vec<i64> = transaction
            .prepare_cached(
                "SELECT seq FROM message WHERE queue = ?1 AND visible_at <= ?2 AND (?3 IS NULL OR id = ?3) ORDER BY seq",
            )?
            .query_map(params![dlq.name, now, only], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for seq in &moved {
            transaction.execute(
                "INSERT INTO message (queue, id, body, attributes, sender, group_id, deduplication_id, sent_at, visible_at)
                 SELECT ?1, ?2, body, attributes, sender, group_id, deduplication_id, ?3, ?3 FROM message WHERE seq = ?4",
                params![to.name, uuid::Uuid::new_v4().to_string(), now, seq],
            )?;
            transaction.execute("DELETE FROM message WHERE seq = ?1", params![seq])?;
        }
        transaction.commit()?;
        drop(db);
        self.notify(&to.name);
        Ok(moved.len())
    }

    /// Stores a finished redrive and returns its number.
    pub fn add_move_task(
        &self,
        dlq: &Queue,
        destination: Option<&str>,
        rate: Option<u64>,
        moved: usize,
    ) -> Result<i64> {
        let db = self.db();
        db.execute(
            "INSERT INTO move_task (source, destination, rate, started_at, moved) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![dlq.name, destination, rate, self.clock.now(), moved],
        )?;
        Ok(db.last_insert_rowid())
    }

    /// Returns redrives of a dead-letter queue, the latest first.
    pub fn move_tasks(&self, dlq: &Queue, limit: u64) -> Result<Vec<MoveTask>> {
        let db = self.db();
        let mut statement = db.prepare_cached(
            "SELECT * FROM move_task WHERE source = ?1 ORDER BY seq DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![dlq.name, limit], |row| {
            Ok(MoveTask {
                destination: row.get("destination")?,
                rate: row.get("rate")?,
                started_at: row.get("started_at")?,
                moved: row.get("moved")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn delete_by_id(&self, queue: &Queue, message_id: &str) -> Result<usize> {
        Ok(self.db().execute(
            "DELETE FROM message WHERE queue = ?1 AND id = ?2",
            params![queue.name, message_id],
        )?)
    }

    pub fn purge(&self, queue: &Queue) -> Result<()> {
        self.db()
            .execute("DELETE FROM message WHERE queue = ?1", params![queue.name])?;
        Ok(())
    }

    /// Waits until a message may be visible, at most `timeout` and at most a quarter of a second: messages also become
    /// visible by time and by jumps of the clock.
    pub async fn wait_for_message(&self, queue: &str, timeout: Duration) {
        if let Some(message_notifiers) = self.message_notifiers.get(queue) {
            let timeout = timeout.min(MAX_WAIT);
            tokio::time::timeout(timeout, message_notifiers.notified())
                .await
                .ok();
        }
    }

    fn notify(&self, queue: &str) {
        if let Some(message_notifiers) = self.message_notifiers.get(queue) {
            message_notifiers.notify_waiters();
            message_notifiers.notify_one();
        }
    }
}

/// Messages of one running invocation, leased until it is dropped.
#[derive(Debug)]
pub struct InvocationLease {
    queues: Arc<Queues>,
    seqs: Vec<i64>,
}

impl InvocationLease {
    pub(crate) fn extend(&mut self, mut more: Self) {
        self.seqs.append(&mut more.seqs);
    }
}

impl Drop for InvocationLease {
    fn drop(&mut self) {
        let mut counts = self.queues.leases();
        for seq in &self.seqs {
            if let Some(count) = counts.get_mut(seq) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(seq);
                }
            }
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Returns the sequence number in a receipt, which distinguishes invalid receipts from expired ones.
fn seq_of(receipt: &str) -> Result<i64> {
    let (seq, _) = receipt.split_once('.').ok_or(SqsError::NoReceipt)?;
    seq.parse().map_err(|_| SqsError::NoReceipt)
}

fn invalid_receipt(receipt: &str, reason: &str) -> SqsError {
    SqsError::Invalid(format!(
        "Value {receipt} for parameter ReceiptHandle is invalid. Reason: {reason}"
    ))
}

/// Returns twenty digits, as on SQS, that sort in order of sending.
pub(super) fn sequence_number(seq: i64) -> String {
    format!(
        "{:020}",
        18_000_000_000_000_000_000_u64 + seq.unsigned_abs()
    )
}

fn recent(
    transaction: &Transaction,
    queue: &str,
    scope: &str,
    id: &str,
    now: i64,
) -> Result<Option<SendResult>> {
    let mut statement = transaction.prepare_cached(
        "SELECT message_id, seq FROM deduplication WHERE queue = ?1 AND scope = ?2 AND id = ?3 AND at > ?4",
    )?;
    let known = statement.query_row(
        params![queue, scope, id, now - DEDUPLICATION_WINDOW_MS],
        |row| {
            Ok(SendResult {
                message_id: row.get(0)?,
                sequence_number: Some(sequence_number(row.get(1)?)),
                duplicate: true,
            })
        },
    );
    Ok(known.optional()?)
}

fn forget_old(transaction: &Transaction, queue: &Queue, now: i64) -> Result<()> {
    let mut expire =
        transaction.prepare_cached("DELETE FROM message WHERE queue = ?1 AND sent_at < ?2")?;
    expire.execute(params![queue.name, now - millis(queue.retention)])?;
    if queue.fifo {
        let mut forget = transaction
            .prepare_cached("DELETE FROM deduplication WHERE queue = ?1 AND at <= ?2")?;
        forget.execute(params![queue.name, now - DEDUPLICATION_WINDOW_MS])?;
    }
    Ok(())
}

/// Returns the first visible messages in order of sending, without those of FIFO groups that have one in flight. Messages
/// for the dead-letter queue are included and do not count towards `limit`. It is one pass over the index.
fn receivable(
    transaction: &Transaction,
    queue: &Queue,
    now: i64,
    limit: usize,
) -> Result<Vec<Message>> {
    let mut busy = transaction.prepare_cached(
        "SELECT group_id FROM message WHERE queue = ?1 AND visible_at > ?2 AND receives > 0",
    )?;
    let in_flight = busy.query_map(params![queue.name, now], |row| {
        row.get::<_, Option<String>>(0)
    })?;
    let in_flight = in_flight.collect::<rusqlite::Result<Vec<_>>>()?;
    if !queue.fifo && in_flight.len() >= MAX_IN_FLIGHT {
        return Ok(Vec::new());
    }
    let locked: HashSet<String> = in_flight
        .into_iter()
        .flatten()
        .filter(|_| queue.fifo)
        .collect();
    let mut line = transaction.prepare_cached(
        "SELECT seq, group_id FROM message INDEXED BY in_line WHERE queue = ?1 AND visible_at <= ?2 ORDER BY seq",
    )?;
    let mut whole = transaction.prepare_cached("SELECT * FROM message WHERE seq = ?1")?;
    let mut rows = line.query(params![queue.name, now])?;
    let mut found = Vec::new();
    let mut counted = 0;
    while counted < limit
        && let Some(row) = rows.next()?
    {
        let group: Option<String> = row.get("group_id")?;
        if group.is_none_or(|group| !locked.contains(&group)) {
            let message = whole.query_row(params![row.get::<_, i64>("seq")?], read)?;
            counted += usize::from(!is_exhausted(queue, &message));
            found.push(message);
        }
    }
    Ok(found)
}

fn is_exhausted(queue: &Queue, message: &Message) -> bool {
    queue
        .redrive
        .as_ref()
        .is_some_and(|redrive| message.receives >= redrive.max_receives)
}

fn read(row: &Row) -> rusqlite::Result<Message> {
    let attributes: String = row.get("attributes")?;
    Ok(Message {
        seq: row.get("seq")?,
        id: row.get("id")?,
        body: row.get("body")?,
        attributes: serde_json::from_str(&attributes).unwrap_or_default(),
        sender: row.get("sender")?,
        group_id: row.get("group_id")?,
        deduplication_id: row.get("deduplication_id")?,
        sent_at: row.get("sent_at")?,
        first_received_at: row.get::<_, Option<i64>>("first_received_at")?.unwrap_or(0),
        receives: row.get("receives")?,
        receipt: row.get::<_, Option<String>>("receipt")?.unwrap_or_default(),
        source: row.get("source")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Places, Template};

    const TEMPLATE: &str =
        "Resources: {Work: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}}";
    const HOUR_MS: i64 = 3_600_000;

    fn open() -> (tempfile::TempDir, Arc<Queues>) {
        let data = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::open(data.path()).unwrap());
        let template = Template::parse(TEMPLATE, &Places::default()).unwrap();
        let engine = Queues::open(data.path(), &template.queues, clock).unwrap();
        (data, Arc::new(engine))
    }

    #[tokio::test]
    async fn leased_messages_stay_invisible_when_the_clock_jumps() {
        let (_data, engine) = open();
        let queue = engine.queue("confab-Work").unwrap();
        let message = NewMessage {
            body: "a".into(),
            attributes: Value::Null,
            ..NewMessage::default()
        };
        engine.send(queue, &message).unwrap();
        let (messages, lease) = engine.receive_for_invocation(queue, 1).unwrap();
        assert_eq!(messages.len(), 1);
        engine.advance(HOUR_MS).unwrap();
        engine.advance(HOUR_MS).unwrap();
        assert!(
            engine.receive(queue, 1, None).unwrap().is_empty(),
            "the invocation still runs"
        );
        drop(lease);
        assert!(
            engine.receive(queue, 1, None).unwrap().is_empty(),
            "its visibility timeout is not over"
        );
        engine.advance(HOUR_MS).unwrap();
        assert_eq!(
            engine.receive(queue, 1, None).unwrap().len(),
            1,
            "a jump makes it visible as time does"
        );
    }

    #[tokio::test]
    async fn messages_received_by_clients_become_visible_when_the_clock_jumps() {
        let (_data, engine) = open();
        let queue = engine.queue("confab-Work").unwrap();
        let message = NewMessage {
            body: "a".into(),
            attributes: Value::Null,
            ..NewMessage::default()
        };
        engine.send(queue, &message).unwrap();
        assert_eq!(engine.receive(queue, 1, None).unwrap().len(), 1);
        engine.advance(HOUR_MS).unwrap();
        assert_eq!(engine.receive(queue, 1, None).unwrap().len(), 1);
    }
}
