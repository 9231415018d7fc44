//! One connection from its upgrade to its end: frames in and out, within AWS's limits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt, stream::SplitSink};
use hyper::upgrade::OnUpgrade;
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, mpsc, oneshot},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{Api, events, integration, messages};
use crate::cloud::Cloud;

const LARGEST_FRAME: usize = 32 * 1024;
pub(super) const LARGEST_MESSAGE: usize = 128 * 1024;
/// What may wait for a client that does not read, besides what its connection holds by itself. One that has more
/// waiting is cut off: others must not wait for it, and this process must not keep it.
const WAITING_BYTES: usize = 512 * 1024;
const WAITING_FRAMES: usize = 1_024;
/// Frames are written together up to this size.
const BATCH: usize = 32 * 1024;
/// Messages of one client that functions are busy with; it waits with the next ones.
const IN_FLIGHT: usize = 32;
/// How long a client may take to hear that it is over.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the events of a connection say of it.
#[derive(Debug)]
pub(super) struct About {
    pub(super) api: Arc<Api>,
    pub(super) id: String,
    pub(super) connected_at: i64,
    pub(super) user_agent: Option<String>,
    pub(super) domain: String,
    /// What the authorizer said.
    pub(super) authorizer: Option<Value>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) about: About,
    last_active_at: AtomicI64,
    outbox: mpsc::Sender<Bytes>,
    waiting: AtomicUsize,
    end: Mutex<Option<oneshot::Sender<Ending>>>,
}

/// The other end of what a `Connection` is told.
#[derive(Debug)]
pub(super) struct Line {
    outbox: mpsc::Receiver<Bytes>,
    ended: oneshot::Receiver<Ending>,
}

#[derive(Debug)]
pub(super) struct Ending {
    code: u16,
    reason: String,
    how: How,
    is_told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// We say so, after everything that was posted before.
    Close,
    /// The client said so, and is answered.
    Answer,
    /// Nobody says anything: RST.
    Reset,
}

impl Ending {
    fn close(code: u16, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            how: How::Close,
            is_told: true,
        }
    }

    pub(super) fn deleted() -> Self {
        Self::close(1000, "Connection Closed Normally")
    }

    pub(super) fn going_away() -> Self {
        Self::close(1001, "Going away")
    }

    /// The client is not there any more, or as good as that.
    pub(super) fn vanished() -> Self {
        Self {
            how: How::Reset,
            ..Self::close(1006, "Connection Closed Abnormally")
        }
    }

    /// AWS tells `$disconnect` as well as it can: `silently` is when it cannot.
    pub(super) fn dropped(silently: bool) -> Self {
        Self {
            is_told: !silently,
            ..Self::vanished()
        }
    }

    fn by_client(frame: Option<CloseFrame>) -> Self {
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
            how: How::Answer,
            is_told: true,
        }
    }
}

impl Connection {
    pub(super) fn new(about: About) -> (Arc<Self>, Line) {
        let (outbox, waiting) = mpsc::channel(WAITING_FRAMES);
        let (end, ended) = oneshot::channel();
        let connection = Self {
            last_active_at: AtomicI64::new(about.connected_at),
            about,
            outbox,
            waiting: AtomicUsize::new(0),
            end: Mutex::new(Some(end)),
        };
        (
            Arc::new(connection),
            Line {
                outbox: waiting,
                ended,
            },
        )
    }

    /// False when no more can wait, or nobody waits any more.
    pub(super) fn post(&self, frame: Bytes, now: i64) -> bool {
        let size = frame.len();
        let is_taken = self.waiting.fetch_add(size, Ordering::Relaxed) + size <= WAITING_BYTES
            && self.outbox.try_send(frame).is_ok();
        if is_taken {
            self.is_active(now);
        }
        is_taken
    }

    pub(super) fn end(&self, ending: Ending) {
        let end = self
            .end
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(end) = end {
            // It may have ended by itself meanwhile.
            end.send(ending).ok();
        }
    }

    fn is_active(&self, now: i64) {
        self.last_active_at.store(now, Ordering::Relaxed);
    }

    pub(super) fn last_active_at(&self) -> i64 {
        self.last_active_at.load(Ordering::Relaxed)
    }
}

/// To the end, and tells `$disconnect` of that.
pub(super) async fn live(
    cloud: Arc<Cloud>,
    connection: Arc<Connection>,
    mut line: Line,
    upgrade: OnUpgrade,
) {
    let Some(mut socket) = upgraded(upgrade).await else {
        return over(&cloud, &connection, &Ending::vanished());
    };
    let ending = talk(&cloud, &connection, &mut line, &mut socket).await;
    over(&cloud, &connection, &ending);
    close(socket, line.outbox, ending).await;
}

async fn upgraded(upgrade: OnUpgrade) -> Option<WebSocketStream<TcpStream>> {
    let parts = downcast::<TokioIo<TcpStream>>(upgrade.await.ok()?).ok()?;
    let stream = parts.io.into_inner();
    // A frame is not held back to be sent with the next.
    stream.set_nodelay(true).ok()?;
    let limits = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .max_frame_size(Some(LARGEST_FRAME))
        .max_message_size(Some(LARGEST_MESSAGE));
    Some(
        WebSocketStream::from_partially_read(
            stream,
            parts.read_buf.to_vec(),
            Role::Server,
            Some(limits),
        )
        .await,
    )
}

async fn talk(
    cloud: &Arc<Cloud>,
    connection: &Arc<Connection>,
    line: &mut Line,
    socket: &mut WebSocketStream<TcpStream>,
) -> Ending {
    let (mut sink, mut incoming) = socket.split();
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut permit = None;
    // Writing waits for the client; hearing it, and hearing that it is over, must not.
    let mut unflushed: Option<usize> = None;
    loop {
        tokio::select! {
            ended = &mut line.ended => {
                // The half of a stream holds one frame back until it is flushed, and would take it along.
                sink.flush().now_or_never();
                return ended.unwrap_or_else(|_| Ending::vanished());
            }
            free = room.clone().acquire_owned(), if permit.is_none() => permit = free.ok(),
            heard = incoming.next(), if permit.is_some() => match heard {
                Some(Ok(Message::Text(text))) => {
                    connection.is_active(cloud.clock.now());
                    tokio::spawn(messages::hand_over(cloud.clone(), connection.clone(), text, permit.take()));
                }
                Some(Ok(Message::Binary(_))) => return Ending::close(1003, "Unsupported data"),
                Some(Ok(Message::Close(frame))) => return Ending::by_client(frame),
                // Not even a ping counts as a sign of life: AWS says that messages do.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return broken(&error),
                None => return Ending::vanished(),
            },
            Some(frame) = line.outbox.recv(), if unflushed.is_none() => match feed(&mut sink, &mut line.outbox, frame).await {
                Ok(fed) => unflushed = Some(fed),
                Err(_) => return Ending::vanished(),
            },
            flushed = sink.flush(), if unflushed.is_some() => {
                if flushed.is_err() {
                    return Ending::vanished();
                }
                connection.waiting.fetch_sub(unflushed.take().unwrap_or_default(), Ordering::Relaxed);
            }
        }
    }
}

/// Takes what waits, up to a batch. Nothing is written before the flush, so this does not wait for the client.
async fn feed(
    sink: &mut SplitSink<&mut WebSocketStream<TcpStream>, Message>,
    outbox: &mut mpsc::Receiver<Bytes>,
    first: Bytes,
) -> Result<usize, Error> {
    let mut fed = 0;
    let mut next = Some(first);
    while let Some(frame) = next {
        fed += frame.len();
        sink.feed(message(frame)).await?;
        next = if fed < BATCH {
            outbox.try_recv().ok()
        } else {
            None
        };
    }
    Ok(fed)
}

fn message(frame: Bytes) -> Message {
    match Utf8Bytes::try_from(frame.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(frame),
    }
}

fn broken(error: &Error) -> Ending {
    match error {
        Error::Capacity(_) => Ending::close(1009, "Message too big"),
        Error::Utf8(_) => Ending::close(1007, "Invalid payload data"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::vanished(),
        Error::Protocol(_) => Ending::close(1002, "Protocol error"),
        _ => Ending::vanished(),
    }
}

fn over(cloud: &Arc<Cloud>, connection: &Arc<Connection>, ending: &Ending) {
    cloud.sockets.remove(connection, cloud.clock.now());
    if !ending.is_told {
        return;
    }
    let api = &connection.about.api.spec;
    let Some(route) = api.routes.get("$disconnect").cloned() else {
        return;
    };
    let event = events::disconnect(cloud, api, &connection.about, ending.code, &ending.reason);
    let cloud = cloud.clone();
    // Once, and whatever comes of it: AWS does not try again.
    tokio::spawn(async move {
        integration::ask(&cloud, &route.function_arn, &event, route.timeout).await
    });
}

async fn close(
    mut socket: WebSocketStream<TcpStream>,
    mut outbox: mpsc::Receiver<Bytes>,
    ending: Ending,
) {
    if ending.how == How::Reset {
        // What is still to be sent is thrown away with it.
        socket.get_ref().set_zero_linger().ok();
        return;
    }
    let last_words = async {
        if ending.how == How::Close {
            while let Ok(frame) = outbox.try_recv() {
                socket.feed(message(frame)).await?;
            }
            let frame = CloseFrame {
                code: ending.code.into(),
                reason: ending.reason.into(),
            };
            socket.feed(Message::Close(Some(frame))).await?;
        }
        socket.flush().await?;
        let stream = socket.get_mut();
        stream.shutdown().await?;
        // A stream that is dropped with something unread takes along what the client has not read.
        let mut rest = [0; 4 * 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, Error>(())
    };
    // Whether the client listens to the end is its own affair.
    tokio::time::timeout(LAST_WORDS, last_words).await.ok();
}
