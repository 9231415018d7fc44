//! What comes over a socket: a greeting, something that somebody says, that they are typing, a sign of life.

use std::{sync::Arc, time::Duration};

use confab_aws::FrameDelivery;
use confab_core::{Clock, CorrelationId, Error, Kind, Result, after};
use confab_lambda::SocketRequest;
use confab_worker::Consistency;
use rooms_domain::{ClientFrame, Draft, News, Reason, ServerFrame, Standing, Ticket, chunks};

use crate::{
    Talk,
    services::post_message::{
        connection, may_read, may_write, speak, tell, visit, visit_and_latest,
    },
    services::presence::Presence,
    store::{Visited, first_seq},
};

/// What somebody missed is sent up to here; whoever missed more gets the latest page.
const MOST_MISSED: u64 = 100;
/// In a larger room nobody watches who types.
const TYPING_UP_TO: u32 = 50;
const TYPING_EVERY_MS: i64 = 3_000;
/// API Gateway ends a socket after two hours.
const LASTS: Duration = Duration::from_secs(2 * 3600);

pub async fn handle(deps: Arc<Talk>, frame: SocketRequest) -> Result<()> {
    let ticket = connection(&frame)?;
    let parsed = ClientFrame::parse(&frame.body);
    let id = parsed
        .as_ref()
        .ok()
        .and_then(ClientFrame::client_msg_id)
        .map(str::to_owned);
    let outcome = match parsed {
        Ok(parsed) => answer(&deps, &frame, &ticket, parsed).await,
        Err(error) => Err(No::Refused(error)),
    };
    let error = match outcome {
        Ok(()) => return Ok(()),
        Err(No::Out(reason)) => return show_out(&deps, &frame, &ticket, reason).await,
        Err(No::Refused(error)) => error,
    };
    let code = if error.is_server_error() {
        "try_again"
    } else {
        error.code()
    };
    let refused = ServerFrame::Refused {
        code,
        title: error.message(),
        client_msg_id: id.as_deref(),
    };
    post(&deps, &ticket, &frame, &refused).await?;
    // What is our fault is in the log; what is the client's has been told.
    if error.is_server_error() {
        Err(error)
    } else {
        Ok(())
    }
}

/// Why somebody gets no answer.
enum No {
    Refused(Error),
    /// They may not read any more.
    Out(Reason),
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

async fn answer(
    deps: &Talk,
    frame: &SocketRequest,
    ticket: &Ticket,
    said: ClientFrame,
) -> std::result::Result<(), No> {
    let (room, user) = (ticket.room, ticket.user);
    match said {
        ClientFrame::Hello { last_seq } => {
            welcome(deps, frame, ticket, last_seq).await?;
        }
        ClientFrame::Message {
            client_msg_id,
            text,
            reply_to,
        } => {
            let draft = Draft::parse(&client_msg_id, &text, reply_to)?;
            let (visited, latest) =
                visit_and_latest(&deps.store, room, user, may_write, frame.correlation_id)
                    .await
                    .map_err(gone)?;
            reads(&visited)?;
            speak(
                &deps.store,
                &deps.broadcasts,
                &visited,
                latest,
                &draft,
                ticket.address.as_str(),
                frame.correlation_id,
            )
            .await?;
        }
        ClientFrame::Typing { on } => {
            let visited = visit(&deps.store, room, user, may_write)
                .await
                .map_err(gone)?;
            reads(&visited)?;
            visited
                .room
                .lets_write(visited.standing, visited.person.as_ref())?;
            let Some(person) = visited.person.filter(|_| visited.online <= TYPING_UP_TO) else {
                return Ok(());
            };
            let news = News::Typing {
                user_id: user,
                username: person.username,
                on,
            };
            let now = deps.clock.now();
            // However often somebody says so, the queue takes it as often as the others are told.
            let once = format!(
                "typing#{room}#{user}#{on}#{}",
                now.as_millisecond() / TYPING_EVERY_MS
            );
            tell(
                &deps.broadcasts,
                room,
                &once,
                now,
                news,
                frame.correlation_id,
            )
            .await?;
        }
        ClientFrame::Ping { read_seq } => {
            let (visited, latest) =
                visit_and_latest(&deps.store, room, user, may_read, frame.correlation_id)
                    .await
                    .map_err(gone)?;
            reads(&visited)?;
            let last_seq = latest.last_seq;
            if let (Some(person), Some(seq)) =
                (&visited.person, read_seq.map(|seq| seq.min(last_seq)))
                && person.read_seq.unwrap_or_default() < seq
            {
                deps.store.has_read(room, user, seq).await?;
            }
            let online = deps
                .presence(frame.correlation_id)
                .on_ping(&visited)
                .await?;
            let now = deps.clock.now();
            post(
                deps,
                ticket,
                frame,
                &ServerFrame::Pong {
                    last_seq,
                    online,
                    now,
                },
            )
            .await?;
        }
    }
    Ok(())
}

/// Greets, and sends what was missed. The room is visited after the messages are read, as of now: what was said after a
/// removal is not sent to the removed.
async fn welcome(
    deps: &Talk,
    frame: &SocketRequest,
    ticket: &Ticket,
    has: Option<u64>,
) -> std::result::Result<(), No> {
    let (room, trace) = (ticket.room, frame.correlation_id);
    let mut latest = deps
        .store
        .latest(room, 0, Consistency::Eventual, trace)
        .await?;
    let missed = match has {
        Some(has) if has < latest.last_seq && latest.last_seq - has <= MOST_MISSED => {
            let most = usize::try_from(MOST_MISSED).unwrap_or_default();
            deps.store
                .after(room, has, most, Consistency::Eventual, trace)
                .await?
        }
        _ => Vec::new(),
    };
    let visited = deps
        .store
        .visit(room, Some(ticket.user), Consistency::Strong)
        .await
        .map_err(gone)?;
    reads(&visited)?;
    if latest.messages.is_empty() && visited.reserved > 0 {
        latest = deps
            .store
            .latest(room, visited.reserved, Consistency::Strong, trace)
            .await?;
    }
    let last_seq = latest.last_seq;
    let (now, until) = (deps.clock.now(), after(frame.connected_at, LASTS));
    let online = deps.presence(trace).on_arrival(&visited).await?;
    post(
        deps,
        ticket,
        frame,
        &ServerFrame::Welcome {
            last_seq,
            online,
            now,
            until,
        },
    )
    .await?;
    let Some(has) = has.filter(|has| *has < last_seq) else {
        return Ok(());
    };
    let first_seq = first_seq(last_seq);
    if last_seq - has > MOST_MISSED || has + 1 < first_seq {
        post(
            deps,
            ticket,
            frame,
            &ServerFrame::BackfillOverflow {
                first_seq,
                last_seq,
            },
        )
        .await?;
        return Ok(());
    }
    for messages in chunks(&missed) {
        post(
            deps,
            ticket,
            frame,
            &ServerFrame::Backfill { messages, last_seq },
        )
        .await?;
    }
    Ok(())
}

/// The room itself is not there.
fn gone(error: Error) -> No {
    if error.kind() == Kind::NotFound {
        No::Out(Reason::Closed)
    } else {
        No::Refused(error)
    }
}

/// Whoever may not read any more is shown out, whatever they say.
fn reads(visited: &Visited) -> std::result::Result<(), No> {
    match (may_read(visited), visited.standing, &visited.person) {
        (true, ..) => Ok(()),
        (false, Standing::Banned, _) => Err(No::Out(Reason::Banned)),
        (false, _, Some(_)) => Err(No::Out(Reason::Kicked)),
        (false, _, None) => Err(No::Out(Reason::MembersOnly)),
    }
}

impl Talk {
    fn presence(&self, trace: CorrelationId) -> Presence<'_> {
        Presence {
            store: &self.store,
            broadcasts: &self.broadcasts,
            clock: self.clock,
            trace,
        }
    }
}

async fn show_out(
    deps: &Talk,
    frame: &SocketRequest,
    ticket: &Ticket,
    reason: Reason,
) -> Result<()> {
    post(deps, ticket, frame, &ServerFrame::Kicked { reason }).await?;
    deps.sockets.close(&frame.connection_id).await.map(drop)
}

async fn post(
    deps: &Talk,
    ticket: &Ticket,
    frame: &SocketRequest,
    said: &ServerFrame<'_>,
) -> Result<()> {
    if deps
        .sockets
        .post(&frame.connection_id, said.render()?)
        .await?
        == FrameDelivery::Gone
    {
        deps.store
            .disconnected(ticket.room, ticket.id, &frame.connection_id)
            .await?;
    }
    Ok(())
}
