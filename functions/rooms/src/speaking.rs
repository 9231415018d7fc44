//! Saying something: under the next number, once, and to everybody.

use confab_aws::{Entry, Queue};
use confab_kernel::{CorrelationId, Error, Kind, Result, Timestamp, worker::Read};
use rooms_domain::{BroadcastJob, Draft, Message, News, RoomCode};

use crate::store::{Latest, Said, Store, Visited, first_seq};

/// What came of it: a message, and whether it is new.
pub(crate) async fn speak(
    store: &Store,
    broadcasts: &Queue,
    visited: &Visited,
    latest: Latest,
    draft: &Draft,
    correlation_id: CorrelationId,
) -> Result<(Message, bool)> {
    visited.room.lets_write(visited.standing, visited.person.as_ref())?;
    let code = visited.room.code;
    let quote = match draft.reply_to {
        Some(seq) => {
            let answered = store.message(code, seq).await?.filter(|_| seq >= first_seq(latest.last_seq));
            Some(answered.ok_or_else(|| Error::not_found("message"))?.quote())
        }
        None => None,
    };
    let (message, is_busy, is_new) = match store.say(visited, draft, quote, latest, None).await? {
        Said::New { message, pace } => (message, pace.is_busy, true),
        // Whoever tries again may have got no answer because the process died before it told anybody.
        Said::Again(message) => (message, false, false),
        Said::Paid => return Err(Error::internal("nothing_paid", "words cost nothing")),
        Said::TooFast => {
            let kind = Kind::RateLimited { retry_after_seconds: 2 };
            return Err(Error::new(kind, "too_fast", "Slow down a little."));
        }
    };
    let news = News::Said { message: Box::new(message.clone()), is_busy };
    tell(broadcasts, code, &format!("said#{code}#{}", message.seq), message.at, news, correlation_id).await?;
    Ok((message, is_new))
}

/// The room, and how it is, read at once.
pub(crate) async fn visit_and_latest(
    store: &Store,
    code: RoomCode,
    user: confab_kernel::UserId,
) -> Result<(Visited, Latest)> {
    let (visited, mut latest) = tokio::try_join!(
        store.visit(code, Some(user), Read::MayLag),
        // What the room has noted is known only with the room.
        store.latest(code, 0, Read::MayLag)
    )?;
    if latest.last_seq == 0 {
        latest.last_seq = visited.reserved;
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
    let job = BroadcastJob::V1 { room: code, at, news: vec![news], after: None };
    broadcasts.send(&[Entry::in_order(code.as_str(), once, &job, correlation_id)?]).await
}

/// What the ticket said that opened a socket.
pub(crate) fn connection(frame: &confab_lambda::Frame) -> Result<rooms_domain::Ticket> {
    let unreadable = || Error::internal("broken_event", "a connection of nobody");
    Ok(rooms_domain::Ticket {
        id: frame.authorized("ticket")?.to_owned(),
        room: frame.authorized("room")?.parse()?,
        user: frame.authorized("user")?.parse().map_err(|_| unreadable())?,
    })
}
