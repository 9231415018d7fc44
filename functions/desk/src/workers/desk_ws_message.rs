//! Frames of clients: visitors and agents say hello, write, type, ping and end conversations; agents watch them.
//!
//! Each frame that reads or writes is checked anew against the stored session, membership and contact, since a socket
//! lives for two hours. A conversation that the holder may not see is answered as one that does not exist.

mod socket;
mod typing;
mod watching;
mod welcome;
mod writing;

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::SocketRequest;
use desk_domain::{ClientFrame, ServerFrame};

use self::socket::Socket;
use crate::{
    services::{socket_access::socket_end, tickets::ticket_of},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sockets,
    Part::Broadcasts,
    Part::DynamoDbConnection,
    Part::SqsConnection,
];

pub async fn handle(state: Arc<State>, request: SocketRequest) -> Result<()> {
    let socket = Socket::new(&state, &request, ticket_of(&request)?)?;
    let frame = match ClientFrame::parse(&request.body) {
        Ok(frame) => frame,
        Err(refusal) => return socket.send(&ServerFrame::refused(&refusal)).await,
    };
    let client_msg_id = client_msg_id_of(&frame).map(str::to_owned);
    let Err(error) = Box::pin(answer(&socket, frame)).await else {
        return Ok(());
    };
    match socket_end(&error) {
        Some(end) => socket.end(end).await,
        None => socket.refuse(error, client_msg_id.as_deref()).await,
    }
}

fn client_msg_id_of(frame: &ClientFrame) -> Option<&str> {
    match frame {
        ClientFrame::MessageSend { client_msg_id, .. } => Some(client_msg_id),
        _ => None,
    }
}

async fn answer(socket: &Socket<'_>, frame: ClientFrame) -> Result<()> {
    match frame {
        ClientFrame::Hello { conversations } => socket.welcome(&conversations).await,
        ClientFrame::MessageSend {
            conversation_id,
            client_msg_id,
            text,
            is_note,
            reply_to,
            attachments,
            lang,
        } => {
            let message = writing::SentMessage {
                client_msg_id,
                text,
                is_note,
                reply_to,
                attachments,
                lang,
            };
            socket.post(conversation_id, message).await
        }
        ClientFrame::TypingStart { conversation_id } => {
            socket.publish_typing(conversation_id, true).await
        }
        ClientFrame::TypingStop { conversation_id } => {
            socket.publish_typing(conversation_id, false).await
        }
        ClientFrame::Ping { read } => socket.pong(read).await,
        ClientFrame::ConversationEnd {
            conversation_id,
            reason,
        } => socket.end_conversation(conversation_id, reason).await,
        ClientFrame::Watch { conversation_id } => socket.watch(conversation_id).await,
        ClientFrame::Unwatch { conversation_id } => socket.unwatch(conversation_id).await,
    }
}
