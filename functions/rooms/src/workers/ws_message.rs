//! Frames of clients: hello, message, typing and ping.

use std::{sync::Arc, time::Duration};

use confab_aws::FrameDelivery;
use confab_core::{Error, Kind, Result, after};
use confab_lambda::SocketRequest;
use confab_worker::Consistency;
use rooms_domain::{
    AccessLevel, ClientFrame, Draft, RemovalReason, RoomUpdate, ServerFrame, Ticket,
};

use crate::{
    services::{
        gap_repair::Gap,
        post_message::post_message,
        room_access::{
            Access, authorize_write, complete_latest, load_room_and_latest, load_room_with,
            may_read,
        },
        tickets::ticket_of,
    },
    state::{Part, State},
    store::RoomForUser,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sockets,
    Part::Broadcasts,
    Part::DynamoDbConnection,
    Part::SqsConnection,
];

/// In larger rooms, typing is not broadcast.
const TYPING_MAX_USERS: u32 = 50;
const TYPING_INTERVAL_MS: i64 = 3_000;
/// API Gateway closes a socket after two hours.
const SOCKET_TTL: Duration = Duration::from_secs(2 * 3600);

/// A connection, and the event of its frame.
struct Socket<'a> {
    state: &'a State,
    request: &'a SocketRequest,
    ticket: Ticket,
}

/// Why a frame is not answered.
enum Rejection {
    Refused(Error),
    /// The user may no longer read the room: the connection is closed.
    Removed(RemovalReason),
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

pub async fn handle(state: Arc<State>, request: SocketRequest) -> Result<()> {
    let socket = Socket {
        state: &state,
        request: &request,
        ticket: ticket_of(&request)?,
    };
    let frame = match ClientFrame::parse(&request.body) {
        Ok(frame) => frame,
        Err(error) => return socket.refuse(error, None).await,
    };
    let client_msg_id = frame.client_msg_id().map(str::to_owned);
    match socket.answer(frame).await {
        Ok(()) => Ok(()),
        Err(Rejection::Removed(reason)) => socket.remove(reason).await,
        Err(Rejection::Refused(error)) => socket.refuse(error, client_msg_id.as_deref()).await,
    }
}

impl Socket<'_> {
    async fn answer(&self, frame: ClientFrame) -> Result<(), Rejection> {
        match frame {
            ClientFrame::Hello { last_seq } => self.welcome(last_seq).await,
            ClientFrame::Message {
                client_msg_id,
                text,
                reply_to,
            } => {
                let draft = Draft::parse(&client_msg_id, &text, reply_to)?;
                self.post_draft(draft).await
            }
            ClientFrame::Typing { on } => self.publish_typing(on).await,
            ClientFrame::Ping { read_seq } => self.pong(read_seq).await,
        }
    }

    /// Welcomes a client and repairs its gap. The room is loaded after the messages, strongly consistent, so that a
    /// removed user receives no message that was posted after the removal.
    async fn welcome(&self, client_seq: Option<u64>) -> Result<(), Rejection> {
        let (store, room) = (self.state.store()?, self.ticket.room);
        let correlation_id = self.request.correlation_id;
        let (latest, gap) = Gap::load(store, room, client_seq, correlation_id).await?;
        let loaded = store
            .load_room_for(room, Some(self.ticket.user), Consistency::Strong)
            .await
            .map_err(closed_if_missing)?;
        require_reader(&loaded)?;
        let latest = complete_latest(store, &loaded, latest, correlation_id).await?;
        let last_seq = latest.last_seq;
        let now = self.state.clock.now();
        let presence = self.state.presence()?;
        let online = presence.on_arrival(&loaded, correlation_id).await?;
        let welcome = ServerFrame::Welcome {
            last_seq,
            online,
            now,
            until: after(self.request.connected_at, SOCKET_TTL),
        };
        self.send(&welcome).await?;
        for frame in gap.frames(last_seq) {
            self.send(&frame).await?;
        }
        Ok(())
    }

    async fn post_draft(&self, draft: Draft) -> Result<(), Rejection> {
        let (store, ticket) = (self.state.store()?, &self.ticket);
        let correlation_id = self.request.correlation_id;
        let (loaded, latest) = load_room_and_latest(
            Access::Write,
            store,
            ticket.room,
            ticket.user,
            correlation_id,
        )
        .await
        .map_err(closed_if_missing)?;
        require_reader(&loaded)?;
        post_message(
            (store, self.state.broadcasts()?),
            &loaded,
            latest,
            &draft,
            ticket.address.as_str(),
            correlation_id,
        )
        .await?;
        Ok(())
    }

    async fn publish_typing(&self, on: bool) -> Result<(), Rejection> {
        let (room, user) = (self.ticket.room, self.ticket.user);
        let loaded = load_room_with(Access::Write, self.state.store()?, room, user)
            .await
            .map_err(closed_if_missing)?;
        require_reader(&loaded)?;
        authorize_write(&loaded)?;
        let Some(person) = loaded.person else {
            return Ok(());
        };
        if loaded.online > TYPING_MAX_USERS {
            return Ok(());
        }
        let now = self.state.clock.now();
        let typing = RoomUpdate::Typing {
            user_id: user,
            username: person.username,
            on,
        };
        // SQS drops what the client repeats within the interval.
        let interval = now.as_millisecond() / TYPING_INTERVAL_MS;
        let key = format!("typing#{room}#{user}#{on}#{interval}");
        self.state
            .broadcasts()?
            .publish(room, &key, now, typing, self.request.correlation_id)
            .await?;
        Ok(())
    }

    /// Answers a ping with the last number and the online count, and advances the read marker.
    async fn pong(&self, read_seq: Option<u64>) -> Result<(), Rejection> {
        let (store, room, user) = (self.state.store()?, self.ticket.room, self.ticket.user);
        let correlation_id = self.request.correlation_id;
        let (loaded, latest) =
            load_room_and_latest(Access::Read, store, room, user, correlation_id)
                .await
                .map_err(closed_if_missing)?;
        require_reader(&loaded)?;
        let last_seq = latest.last_seq;
        if let (Some(person), Some(read_seq)) = (&loaded.person, read_seq) {
            let read_seq = read_seq.min(last_seq);
            if person.read_seq.unwrap_or_default() < read_seq {
                store.mark_read(room, user, read_seq).await?;
            }
        }
        let presence = self.state.presence()?;
        let online = presence.on_ping(&loaded, correlation_id).await?;
        let pong = ServerFrame::Pong {
            last_seq,
            online,
            now: self.state.clock.now(),
        };
        self.send(&pong).await?;
        Ok(())
    }

    /// Tells the client that its frame was refused. Our own failures also fail the event, which logs them.
    async fn refuse(&self, error: Error, client_msg_id: Option<&str>) -> Result<()> {
        let is_ours = error.is_server_error();
        let refused = ServerFrame::Refused {
            code: if is_ours { "try_again" } else { error.code() },
            title: error.message(),
            client_msg_id,
        };
        self.send(&refused).await?;
        if is_ours { Err(error) } else { Ok(()) }
    }

    async fn remove(&self, reason: RemovalReason) -> Result<()> {
        self.send(&ServerFrame::Kicked { reason }).await?;
        self.state
            .sockets()?
            .close(&self.request.connection_id)
            .await
            .map(drop)
    }

    /// Posts a frame to the client. Deletes the connection when it is gone.
    async fn send(&self, frame: &ServerFrame<'_>) -> Result<()> {
        let connection = &self.request.connection_id;
        let delivery = self
            .state
            .sockets()?
            .post(connection, frame.render()?)
            .await?;
        if delivery == FrameDelivery::Gone {
            self.state
                .store()?
                .connections
                .delete(&self.ticket.room, self.ticket.id, connection)
                .await?;
        }
        Ok(())
    }
}

/// A room that is not found was closed.
fn closed_if_missing(error: Error) -> Rejection {
    if error.kind() == Kind::NotFound {
        Rejection::Removed(RemovalReason::Closed)
    } else {
        Rejection::Refused(error)
    }
}

/// Removes a user who may no longer read the room, whatever the frame is.
fn require_reader(loaded: &RoomForUser) -> Result<(), Rejection> {
    if may_read(loaded) {
        return Ok(());
    }
    let reason = if loaded.access == AccessLevel::Banned {
        RemovalReason::Banned
    } else if loaded.person.is_some() {
        RemovalReason::Kicked
    } else {
        RemovalReason::MembersOnly
    };
    Err(Rejection::Removed(reason))
}

#[cfg(test)]
mod tests {
    use rooms_domain::{Membership, Person, Room};

    use super::*;
    use crate::testing::{loaded_for, person, room};

    #[test]
    fn users_who_may_no_longer_read_are_removed_with_a_reason() {
        let members_only = Room {
            is_public: false,
            ..room()
        };
        let with = |membership| {
            Some(Person {
                membership,
                ..person(2)
            })
        };
        for (person, expected) in [
            (with(Membership::Joined), None),
            (with(Membership::Left), Some(RemovalReason::Kicked)),
            (with(Membership::Banned), Some(RemovalReason::Banned)),
            (None, Some(RemovalReason::MembersOnly)),
        ] {
            let rejected = require_reader(&loaded_for(members_only.clone(), person)).err();
            let reason = rejected.map(|rejection| match rejection {
                Rejection::Removed(reason) => reason,
                Rejection::Refused(error) => panic!("{error}"),
            });
            assert_eq!(reason, expected);
        }
    }
}
