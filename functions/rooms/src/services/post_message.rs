//! Saying something: under the next number, once, and to everybody.

use std::time::Duration;

use confab_aws::{Entry, Queue, RateLimit};
use confab_core::{CorrelationId, Error, Kind, Result, Timestamp, UserId};
use confab_worker::Consistency;
use rooms_domain::{BroadcastJob, Draft, Message, News, Reason, Room, RoomCode};

use crate::store::{Latest, Said, Store, Visited, first_seq};

/// Forty messages a minute, and twenty at once.
const PER_PERSON: RateLimit = RateLimit {
    burst: 20,
    every: Duration::from_millis(1_500),
};
/// All people behind one address, in one room: an audience that writes at once, and no flood.
const PER_ADDRESS: RateLimit = RateLimit {
    burst: 300,
    every: Duration::from_millis(100),
};

/// What came of it: a message, and whether it is new.
pub(crate) async fn speak(
    store: &Store,
    broadcasts: &Queue,
    visited: &Visited,
    latest: Latest,
    draft: &Draft,
    address: &str,
    correlation_id: CorrelationId,
) -> Result<(Message, bool)> {
    visited
        .room
        .lets_write(visited.standing, visited.person.as_ref())?;
    let code = visited.room.code;
    if let Some(person) = &visited.person {
        limit_messages(store, code, person.user_id, address).await?;
    }
    let quote = match draft.reply_to {
        Some(seq) => {
            let answered = store
                .message(code, seq)
                .await?
                .filter(|_| seq >= first_seq(latest.last_seq));
            Some(answered.ok_or_else(|| Error::not_found("message"))?.quote())
        }
        None => None,
    };
    let (message, is_busy, is_new) = match store
        .say(visited, draft, quote, latest, None, correlation_id)
        .await?
    {
        Said::New { message, pace } => (message, pace.is_busy, true),
        // Whoever tries again may have got no answer because the process died before it told anybody.
        Said::Again(message) => (message, false, false),
        Said::Paid => return Err(Error::internal("nothing_paid", "words cost nothing")),
        Said::TooFast => return Err(too_fast(2)),
    };
    let news = News::Said {
        message: Box::new(message.clone()),
        is_busy,
    };
    tell(
        broadcasts,
        code,
        &format!("said#{code}#{}", message.seq),
        message.at,
        news,
        correlation_id,
    )
    .await?;
    Ok((message, is_new))
}

/// Takes a token of the sender and one of their address in this room.
async fn limit_messages(store: &Store, code: RoomCode, user: UserId, address: &str) -> Result<()> {
    let paced = |error: Error| match error.kind() {
        Kind::RateLimited {
            retry_after_seconds,
        } => too_fast(retry_after_seconds),
        _ => error,
    };
    let now = store.now();
    PER_PERSON
        .take(&store.table, &format!("message#{user}"), now)
        .await
        .map_err(paced)?;
    if address.is_empty() {
        return Ok(());
    }
    PER_ADDRESS
        .take(&store.table, &format!("message#{code}#{address}"), now)
        .await
        .map_err(paced)
}

fn too_fast(retry_after_seconds: u32) -> Error {
    Error::new(
        Kind::RateLimited {
            retry_after_seconds,
        },
        "too_fast",
        "Slow down a little.",
    )
}

/// As somebody stands to a room. Whoever may not do what they want may have come in a moment ago: then it is read again
/// as it is now.
pub(crate) async fn visit(
    store: &Store,
    code: RoomCode,
    user: UserId,
    may: impl Fn(&Visited) -> bool,
) -> Result<Visited> {
    match store.visit(code, Some(user), Consistency::Eventual).await {
        Ok(visited) if may(&visited) => Ok(visited),
        Ok(_) | Err(_) => store.visit(code, Some(user), Consistency::Strong).await,
    }
}

pub(crate) fn may_read(visited: &Visited) -> bool {
    visited.room.lets_read(visited.standing).is_ok()
}

pub(crate) fn may_write(visited: &Visited) -> bool {
    visited
        .room
        .lets_write(visited.standing, visited.person.as_ref())
        .is_ok()
}

/// The room, and how it is, read at once.
pub(crate) async fn visit_and_latest(
    store: &Store,
    code: RoomCode,
    user: UserId,
    may: impl Fn(&Visited) -> bool,
    correlation_id: CorrelationId,
) -> Result<(Visited, Latest)> {
    let (visited, mut latest) = tokio::try_join!(
        visit(store, code, user, may),
        // What the room has noted is known only with the room.
        store.latest(code, 0, Consistency::Eventual, correlation_id)
    )?;
    if latest.messages.is_empty() && visited.reserved > 0 {
        latest = store
            .latest(code, visited.reserved, Consistency::Strong, correlation_id)
            .await?;
    }
    Ok((visited, latest))
}

/// All of a room goes through the queue in order; what is told twice within minutes goes once.
pub(crate) async fn tell(
    broadcasts: &Queue,
    code: RoomCode,
    once: &str,
    at: Timestamp,
    news: News,
    correlation_id: CorrelationId,
) -> Result<()> {
    let job = BroadcastJob::V1 {
        room: code,
        at,
        news: vec![news],
        after: None,
    };
    broadcasts
        .send(&[Entry::fifo(code.as_str(), once, &job, correlation_id)?])
        .await
}

/// A room that closed, and the one behind it, end for all who are there.
pub(crate) async fn everybody_out(
    broadcasts: &Queue,
    room: &Room,
    at: Timestamp,
    correlation_id: CorrelationId,
) -> Result<()> {
    for code in room.back_room.into_iter().chain([room.code]) {
        let out = News::ShownOut {
            user_id: None,
            reason: Reason::Closed,
            at,
        };
        tell(
            broadcasts,
            code,
            &format!("closed#{code}"),
            at,
            out,
            correlation_id,
        )
        .await?;
    }
    Ok(())
}

/// What the ticket said that opened a socket.
pub(crate) fn connection(frame: &confab_lambda::SocketRequest) -> Result<rooms_domain::Ticket> {
    let unreadable = || Error::internal("broken_event", "a connection of nobody");
    Ok(rooms_domain::Ticket {
        id: frame
            .authorized("ticket")?
            .parse()
            .map_err(|_| unreadable())?,
        room: frame.authorized("room")?.parse()?,
        user: frame
            .authorized("user")?
            .parse()
            .map_err(|_| unreadable())?,
        // Connections that were opened before addresses were kept have none.
        address: frame.authorized("address").unwrap_or_default().into(),
    })
}
