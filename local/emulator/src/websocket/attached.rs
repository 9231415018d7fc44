//! A connection without a socket, for a program that runs the emulator as a library.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot::error::TryRecvError;

use super::{
    connection::{Connection, ConnectionInfo, ConnectionReceiver},
    gateway::WebSocketGateway,
    id::new_id,
};

/// The client's end of a connection that `WebSocketGateway::attach` opened. No route is called for it.
#[derive(Debug)]
pub struct AttachedConnection {
    connection: Arc<Connection>,
    receiver: ConnectionReceiver,
    is_closed: bool,
}

impl AttachedConnection {
    pub fn id(&self) -> &str {
        &self.connection.info.id
    }

    /// Takes the frames that were posted since the last call, oldest first.
    pub fn take_frames(&mut self) -> Vec<Bytes> {
        let mut frames = Vec::new();
        while let Ok(frame) = self.receiver.outbox.try_recv() {
            self.connection.remove_queued(frame.len());
            frames.push(frame);
        }
        frames
    }

    /// Returns whether the server closed the connection.
    pub fn is_closed(&mut self) -> bool {
        self.is_closed |= !matches!(self.receiver.closed.try_recv(), Err(TryRecvError::Empty));
        self.is_closed
    }
}

impl WebSocketGateway {
    /// Opens a connection to the API at a path, such as `/live`. `None` when no API has this path.
    pub fn attach(&self, path: &str) -> Option<AttachedConnection> {
        let info = ConnectionInfo {
            api: self.connections.api_at(path)?.clone(),
            id: new_id(),
            connected_at: self.clock.now(),
            user_agent: None,
            domain: String::new(),
            authorizer: None,
        };
        let (connection, receiver) = Connection::new(info);
        self.connections.add(connection.clone());
        Some(AttachedConnection {
            connection,
            receiver,
            is_closed: false,
        })
    }
}
