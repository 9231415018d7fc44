//! The task of one connection: frames in and out within AWS's limits, and the closing handshake.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt, stream::SplitSink};
use hyper::upgrade::OnUpgrade;
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, mpsc},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{
    connection::{CloseMode, CloseReason, Connection, ConnectionReceiver},
    events,
    gateway::WebSocketGateway,
    integration, messages,
};

const MAX_FRAME_BYTES: usize = 32 * 1024;
pub(super) const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// Frames are written together up to this size.
const MAX_BATCH_BYTES: usize = 32 * 1024;
/// Messages of one client that functions handle at once; then its socket is not read.
const MAX_MESSAGES_IN_FLIGHT: usize = 32;
/// How long a client may take to read what is left before it is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a connection to its end, and calls `$disconnect`.
pub(super) async fn serve(
    gateway: Arc<WebSocketGateway>,
    connection: Arc<Connection>,
    mut receiver: ConnectionReceiver,
    upgrade: OnUpgrade,
) {
    let Some(mut socket) = upgraded(upgrade).await else {
        return finish(&gateway, &connection, &CloseReason::abnormal());
    };
    let reason = exchange_frames(&gateway, &connection, &mut receiver, &mut socket).await;
    finish(&gateway, &connection, &reason);
    close(socket, receiver.outbox, reason).await;
}

async fn upgraded(upgrade: OnUpgrade) -> Option<WebSocketStream<TcpStream>> {
    let parts = downcast::<TokioIo<TcpStream>>(upgrade.await.ok()?).ok()?;
    let stream = parts.io.into_inner();
    stream.set_nodelay(true).ok()?;
    let limits = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .max_frame_size(Some(MAX_FRAME_BYTES))
        .max_message_size(Some(MAX_MESSAGE_BYTES));
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

async fn exchange_frames(
    gateway: &Arc<WebSocketGateway>,
    connection: &Arc<Connection>,
    receiver: &mut ConnectionReceiver,
    socket: &mut WebSocketStream<TcpStream>,
) -> CloseReason {
    let (mut sink, mut incoming) = socket.split();
    let slots = Arc::new(Semaphore::new(MAX_MESSAGES_IN_FLIGHT));
    let mut permit = None;
    // A flush waits for the client; reading and closing must not.
    let mut unflushed: Option<usize> = None;
    loop {
        tokio::select! {
            closed = &mut receiver.closed => {
                // The sink buffers one frame until it is flushed, which would be lost.
                sink.flush().now_or_never();
                return closed.unwrap_or_else(|_| CloseReason::abnormal());
            }
            free = slots.clone().acquire_owned(), if permit.is_none() => permit = free.ok(),
            heard = incoming.next(), if permit.is_some() => match heard {
                Some(Ok(Message::Text(text))) => {
                    connection.set_active(gateway.clock.now());
                    tokio::spawn(messages::handle(gateway.clone(), connection.clone(), text, permit.take()));
                }
                Some(Ok(Message::Binary(_))) => return CloseReason::initiate(1003, "Unsupported data"),
                Some(Ok(Message::Close(frame))) => return CloseReason::by_client(frame),
                // Pings do not reset the idle timeout: on AWS only messages do.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return close_reason_of(&error),
                None => return CloseReason::abnormal(),
            },
            Some(frame) = receiver.outbox.recv(), if unflushed.is_none() => match feed_batch(&mut sink, &mut receiver.outbox, frame).await {
                Ok(fed) => unflushed = Some(fed),
                Err(_) => return CloseReason::abnormal(),
            },
            flushed = sink.flush(), if unflushed.is_some() => {
                if flushed.is_err() {
                    return CloseReason::abnormal();
                }
                connection.remove_queued(unflushed.take().unwrap_or_default());
            }
        }
    }
}

/// Feeds queued frames up to `MAX_BATCH_BYTES`. It does not wait for the client: nothing is written before the flush.
async fn feed_batch(
    sink: &mut SplitSink<&mut WebSocketStream<TcpStream>, Message>,
    outbox: &mut mpsc::Receiver<Bytes>,
    first: Bytes,
) -> Result<usize, Error> {
    let mut fed = 0;
    let mut next = Some(first);
    while let Some(frame) = next {
        fed += frame.len();
        sink.feed(message(frame)).await?;
        next = if fed < MAX_BATCH_BYTES {
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

fn close_reason_of(error: &Error) -> CloseReason {
    match error {
        Error::Capacity(_) => CloseReason::initiate(1009, "Message too big"),
        Error::Utf8(_) => CloseReason::initiate(1007, "Invalid payload data"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => CloseReason::abnormal(),
        Error::Protocol(_) => CloseReason::initiate(1002, "Protocol error"),
        _ => CloseReason::abnormal(),
    }
}

/// Removes the connection and calls `$disconnect`.
fn finish(gateway: &Arc<WebSocketGateway>, connection: &Arc<Connection>, reason: &CloseReason) {
    gateway.connections.remove(connection, gateway.clock.now());
    if !reason.calls_disconnect {
        return;
    }
    let api = &connection.info.api.spec;
    let Some(route) = api.routes.get("$disconnect").cloned() else {
        return;
    };
    let event = events::disconnect(
        gateway.clock.timestamp(),
        api,
        &connection.info,
        reason.code,
        &reason.reason,
    );
    let gateway = gateway.clone();
    // AWS does not retry it.
    tokio::spawn(async move {
        integration::invoke(
            &gateway.functions,
            &route.function_arn,
            &event,
            route.timeout,
        )
        .await
    });
}

async fn close(
    mut socket: WebSocketStream<TcpStream>,
    mut outbox: mpsc::Receiver<Bytes>,
    reason: CloseReason,
) {
    if reason.mode == CloseMode::Reset {
        // Unsent data is discarded with it.
        socket.get_ref().set_zero_linger().ok();
        return;
    }
    let closing = async {
        if reason.mode == CloseMode::Initiate {
            while let Ok(frame) = outbox.try_recv() {
                socket.feed(message(frame)).await?;
            }
            let frame = CloseFrame {
                code: reason.code.into(),
                reason: reason.reason.into(),
            };
            socket.feed(Message::Close(Some(frame))).await?;
        }
        socket.flush().await?;
        let stream = socket.get_mut();
        stream.shutdown().await?;
        // Closing a socket with unread data resets it, and the client would lose what it has not read.
        let mut rest = [0; 4 * 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, Error>(())
    };
    // The client need not read to the end.
    tokio::time::timeout(CLOSE_TIMEOUT, closing).await.ok();
}
