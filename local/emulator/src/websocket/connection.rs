//! One connection: its outbox, bounded as the emulator bounds slow clients, and how it is closed.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::api::Api;

/// Bytes that may wait for a client that does not read, besides its socket buffers. Beyond it the connection is reset.
const MAX_QUEUED_BYTES: usize = 512 * 1024;
const MAX_QUEUED_FRAMES: usize = 1_024;

/// The connection as its events describe it.
#[derive(Debug)]
pub(super) struct ConnectionInfo {
    pub(super) api: Arc<Api>,
    pub(super) id: String,
    pub(super) connected_at: i64,
    pub(super) user_agent: Option<String>,
    pub(super) domain: String,
    /// The principal and context that the authorizer returned.
    pub(super) authorizer: Option<Value>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) info: ConnectionInfo,
    last_active_at: AtomicI64,
    outbox: mpsc::Sender<Bytes>,
    queued_bytes: AtomicUsize,
    close: Mutex<Option<oneshot::Sender<CloseReason>>>,
}

/// The receiving end of a `Connection`, for the task that owns its socket.
#[derive(Debug)]
pub(super) struct ConnectionReceiver {
    pub(super) outbox: mpsc::Receiver<Bytes>,
    pub(super) closed: oneshot::Receiver<CloseReason>,
}

#[derive(Debug)]
pub(super) struct CloseReason {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) mode: CloseMode,
    /// Whether `$disconnect` is called.
    pub(super) calls_disconnect: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseMode {
    /// The server sends a close frame, after everything that was posted before.
    Initiate,
    /// The client sent a close frame, which is answered.
    Reply,
    /// The connection is reset (RST).
    Reset,
}

impl CloseReason {
    pub(super) fn initiate(code: u16, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            mode: CloseMode::Initiate,
            calls_disconnect: true,
        }
    }

    pub(super) fn deleted() -> Self {
        Self::initiate(1000, "Connection Closed Normally")
    }

    pub(super) fn going_away() -> Self {
        Self::initiate(1001, "Going away")
    }

    /// The client is gone, or does not read.
    pub(super) fn abnormal() -> Self {
        Self {
            mode: CloseMode::Reset,
            ..Self::initiate(1006, "Connection Closed Abnormally")
        }
    }

    /// AWS calls `$disconnect` on a best-effort basis; with `silently` it does not.
    pub(super) fn dropped(silently: bool) -> Self {
        Self {
            calls_disconnect: !silently,
            ..Self::abnormal()
        }
    }

    pub(super) fn by_client(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = match frame {
            None => (1005, "Client-side close frame status not set".to_owned()),
            Some(frame) if frame.code == CloseCode::Normal && frame.reason.is_empty() => {
                (1000, "Connection Closed Normally".to_owned())
            }
            Some(frame) => (frame.code.into(), frame.reason.to_string()),
        };
        Self {
            code,
            reason,
            mode: CloseMode::Reply,
            calls_disconnect: true,
        }
    }
}

impl Connection {
    pub(super) fn new(info: ConnectionInfo) -> (Arc<Self>, ConnectionReceiver) {
        let (outbox, queued) = mpsc::channel(MAX_QUEUED_FRAMES);
        let (close, closed) = oneshot::channel();
        let connection = Self {
            last_active_at: AtomicI64::new(info.connected_at),
            info,
            outbox,
            queued_bytes: AtomicUsize::new(0),
            close: Mutex::new(Some(close)),
        };
        (
            Arc::new(connection),
            ConnectionReceiver {
                outbox: queued,
                closed,
            },
        )
    }

    /// Queues a frame; false when the outbox is full or closed.
    pub(super) fn post(&self, frame: Bytes, now: i64) -> bool {
        let size = frame.len();
        let is_queued = self.queued_bytes.fetch_add(size, Ordering::Relaxed) + size
            <= MAX_QUEUED_BYTES
            && self.outbox.try_send(frame).is_ok();
        if is_queued {
            self.set_active(now);
        }
        is_queued
    }

    /// Closes the connection, unless it is closed already.
    pub(super) fn close(&self, reason: CloseReason) {
        let close = self
            .close
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(close) = close {
            // The task may have ended by itself meanwhile.
            close.send(reason).ok();
        }
    }

    pub(super) fn remove_queued(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn set_active(&self, now: i64) {
        self.last_active_at.store(now, Ordering::Relaxed);
    }

    pub(super) fn last_active_at(&self) -> i64 {
        self.last_active_at.load(Ordering::Relaxed)
    }
}
