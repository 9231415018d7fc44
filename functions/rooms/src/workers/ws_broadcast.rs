//! Brings what happened in a room to whoever is connected. One room's news come one after the other: while some are being
//! posted, others gather and go out together.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use confab_aws::{Entry, FrameDelivery};
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp, UserId, after, before};
use confab_lambda::{QueueMessage, metrics, warn};
use confab_worker::Consistency;
use futures::{StreamExt, stream};
use rooms_domain::{BroadcastJob, Message, News, Person, Reason, RoomCode, ServerFrame, chunks};
use tokio::time::Instant;

use crate::{
    Broadcaster,
    store::{Removal, Socket},
};

/// Maximum concurrent posts; each holds one connection in memory.
const POST_CONCURRENCY: usize = 320;
const FORGOTTEN_AT_ONCE: usize = 20;
/// What is said in a busy room may wait so long for others.
const GATHERS_FOR: Duration = Duration::from_millis(100);
const MOST_GATHERED: usize = 100;
/// What is later than this was found by whoever misses it.
const LATE: Duration = Duration::from_secs(60);
/// What a page of sockets takes; with less time left somebody else goes on.
const PAGE_TAKES: Duration = Duration::from_secs(5);
const TRIES: u32 = 2;
const BREATH: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(500);
const MOST_ROOMS: usize = 1_000;
/// SQS takes 256 KB a message. A hundred long messages are more.
const CONTINUATION_BYTES: usize = 200 * 1024;
/// A handshake, from the row that it begins with to the open socket.
const OPENS_WITHIN: Duration = Duration::from_secs(5);

/// How far each busy room was brought, as far as this process knows: what was gathered before its job came is done.
#[derive(Debug, Default)]
pub(crate) struct Cursors(Mutex<HashMap<RoomCode, u64>>);

impl Cursors {
    fn is_done(&self, room: RoomCode, seq: u64) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&room)
            .is_some_and(|done| seq <= *done)
    }

    fn moves(&self, room: RoomCode, seq: u64) {
        let mut cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() >= MOST_ROOMS {
            cursors.clear();
        }
        let cursor = cursors.entry(room).or_default();
        *cursor = seq.max(*cursor);
    }
}

pub async fn handle(deps: Arc<Broadcaster>, jobs: Vec<QueueMessage<BroadcastJob>>) -> Result<()> {
    let until = Instant::now()
        + jobs
            .iter()
            .map(|job| job.time_left)
            .min()
            .unwrap_or_default();
    let Some(correlation_id) = jobs.first().map(|job| job.correlation_id) else {
        return Ok(());
    };
    let too_late = before(deps.clock.now(), LATE);
    let in_time = |at: Timestamp, news: &News| {
        let in_time = at >= too_late || !news.passes();
        if !in_time {
            metrics::count("BroadcastLate", "skipped");
        }
        in_time
    };
    let (mut fresh, mut of) = (Vec::new(), None);
    for job in jobs {
        let BroadcastJob::V1 {
            room,
            at,
            news,
            after,
        } = job.body;
        of = Some(room);
        match after {
            Some(after) => {
                let news = news.into_iter().filter(|news| in_time(at, news)).collect();
                deliver(&deps, room, news, Some(after), until, correlation_id).await?;
            }
            None => fresh.extend(
                news.into_iter()
                    .filter(|news| in_time(at, news))
                    .map(|news| (at, news)),
            ),
        }
    }
    let Some(room) = of else { return Ok(()) };
    let news = gathered(&deps, room, fresh, until, correlation_id).await?;
    if news.is_empty() {
        return Ok(());
    }
    deliver(&deps, room, news, None, until, correlation_id).await
}

/// In a busy room one waits a little for others, and takes all that was said since.
async fn gathered(
    deps: &Broadcaster,
    room: RoomCode,
    fresh: Vec<(Timestamp, News)>,
    until: Instant,
    correlation_id: CorrelationId,
) -> Result<Vec<News>> {
    let is_done = |news: &News| matches!(news, News::Said { message, .. } if deps.cursors.is_done(room, message.seq));
    let fresh: Vec<_> = fresh
        .into_iter()
        .filter(|(_, news)| !is_done(news))
        .collect();
    let busy = fresh.iter().find_map(|(at, news)| match news {
        News::Said {
            message,
            is_busy: true,
        } => Some((*at, message.seq)),
        _ => None,
    });
    let Some((at, seq)) = busy else {
        return Ok(fresh.into_iter().map(|(_, news)| news).collect());
    };
    let passed = Duration::try_from(deps.clock.now().duration_since(at)).unwrap_or_default();
    tokio::time::sleep(GATHERS_FOR.saturating_sub(passed)).await;
    let said = patiently(until, correlation_id, "messages", || {
        deps.store.after(
            room,
            seq - 1,
            MOST_GATHERED,
            Consistency::Eventual,
            correlation_id,
        )
    })
    .await?;
    let (first, last) = (seq, said.last().map_or(0, |message| message.seq));
    let is_among = |news: &News| matches!(news, News::Said { message, .. } if (first..=last).contains(&message.seq));
    let others = fresh
        .into_iter()
        .map(|(_, news)| news)
        .filter(|news| !is_among(news));
    let said = said.into_iter().map(|message| News::Said {
        message: Box::new(message),
        is_busy: true,
    });
    Ok(said.chain(others).collect())
}

/// Posts news to the sockets behind `after`. All messages among the news are stored before the removals are read, so that
/// a message numbered after a removal is never posted to a connection that the removal ends.
async fn deliver(
    deps: &Broadcaster,
    room: RoomCode,
    news: Vec<News>,
    mut after: Option<String>,
    until: Instant,
    correlation_id: CorrelationId,
) -> Result<()> {
    let removals = patiently(until, correlation_id, "removals", || {
        deps.store.removals(room, correlation_id)
    })
    .await?;
    let removed: Vec<_> = removals.iter().map(Removal::news).collect();
    let said = Rendered::of(news.iter().chain(&removed))?;
    // A socket that has just opened counts as seen only when it is read as of now.
    let read = if said.shows_out() {
        Consistency::Strong
    } else {
        Consistency::Eventual
    };
    let is_whole = after.is_none();
    let mut failures = Failures::default();
    loop {
        let page = patiently(until, correlation_id, "sockets", || {
            deps.store
                .sockets(room, after.as_deref(), read, correlation_id)
        })
        .await?;
        let members = match said.members_only {
            Some(_) => {
                let read = || members(deps, room, &page.sockets, correlation_id);
                Some(patiently(until, correlation_id, "members", read).await?)
            }
            None => None,
        };
        let posts =
            stream::iter(page.sockets).map(|socket| bring(deps, socket, &said, members.as_ref()));
        let mut posts = posts.buffer_unordered(POST_CONCURRENCY);
        let mut gone = Vec::new();
        while let Some(outcome) = posts.next().await {
            match outcome {
                Ok(Some(socket)) => gone.push(socket),
                Ok(None) => {}
                Err(failure) => failures.add(failure),
            }
        }
        let forgotten = stream::iter(gone).map(|socket| forget(deps, room, socket));
        let mut forgotten = forgotten.buffer_unordered(FORGOTTEN_AT_ONCE);
        while let Some(outcome) = forgotten.next().await {
            if let Err(error) = outcome {
                failures.add(Failure {
                    error,
                    is_open: false,
                });
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
        if until.saturating_duration_since(Instant::now()) < PAGE_TAKES {
            failures.log(correlation_id);
            return goes_on(deps, room, news, after, correlation_id).await;
        }
    }
    failures.log(correlation_id);
    for news in &news {
        if let News::Said {
            message,
            is_busy: true,
        } = news
        {
            deps.cursors.moves(room, message.seq);
        }
    }
    // What a part of the sockets has seen, and a connection that would not end, is left to the next broadcast.
    if is_whole
        && !failures.left_open
        && let Err(error) = deps.store.forget_removals(room, &removals).await
    {
        // The next broadcast forgets them: this one has reached everyone.
        metrics::count("RemovalKept", "store");
        warn(
            "removals cannot be forgotten",
            &error.to_string(),
            correlation_id,
        );
    }
    Ok(())
}

/// Reads again what cannot be read while there is time: the room waits for nothing else.
async fn patiently<T, Fut: Future<Output = Result<T>>>(
    until: Instant,
    correlation_id: CorrelationId,
    what: &'static str,
    read: impl Fn() -> Fut,
) -> Result<T> {
    loop {
        match read().await {
            Err(error) if until.saturating_duration_since(Instant::now()) > PAGE_TAKES => {
                metrics::count("SocketsUnread", "again");
                warn(
                    "a room cannot be read, trying again",
                    &format!("{what}: {error}"),
                    correlation_id,
                );
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Which of those who are connected are in the room.
async fn members(
    deps: &Broadcaster,
    room: RoomCode,
    sockets: &[Socket],
    correlation_id: CorrelationId,
) -> Result<BTreeSet<UserId>> {
    let users: BTreeSet<_> = sockets.iter().map(|socket| socket.user).collect();
    let users: Vec<_> = users.into_iter().collect();
    let people = deps
        .store
        .people(room, &users, Consistency::Strong, correlation_id)
        .await?;
    Ok(people
        .into_iter()
        .filter(Person::is_inside)
        .map(|person| person.user_id)
        .collect())
}

async fn goes_on(
    deps: &Broadcaster,
    room: RoomCode,
    news: Vec<News>,
    after: Option<String>,
    correlation_id: CorrelationId,
) -> Result<()> {
    let at = deps.clock.now();
    let mut entries = Vec::new();
    for (index, news) in parts(news)?.into_iter().enumerate() {
        let once = format!(
            "on#{room}#{}#{}#{index}",
            after.as_deref().unwrap_or_default(),
            at.as_millisecond()
        );
        let job = BroadcastJob::V1 {
            room,
            at,
            news,
            after: after.clone(),
        };
        entries.push(Entry::fifo(room.as_str(), &once, &job, correlation_id)?);
    }
    deps.broadcasts.send(&entries).await
}

/// Divides news, in order, into parts that fit a queue message.
fn parts(news: Vec<News>) -> Result<Vec<Vec<News>>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for news in news {
        let size = serde_json::to_string(&news)
            .map_err(|e| Error::internal("render_failed", e))?
            .len();
        if bytes + size > CONTINUATION_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push(news);
    }
    parts.push(part);
    Ok(parts)
}

/// What goes to everybody, in its order, what to somebody alone, and who is shown out with which words.
struct Rendered {
    frames: Vec<Vec<u8>>,
    asides: Vec<(UserId, Vec<u8>)>,
    outs: Vec<(Option<UserId>, Timestamp, Vec<u8>)>,
    members_only: Option<(Timestamp, Vec<u8>)>,
}

impl Rendered {
    fn of<'a>(news: impl Iterator<Item = &'a News>) -> Result<Self> {
        let mut said = Vec::<Message>::new();
        let (mut frames, mut asides, mut outs, mut members_only) =
            (Vec::new(), Vec::new(), Vec::new(), None);
        for news in news {
            match news {
                News::Said { message, .. } => said.push(message.as_ref().clone()),
                News::Changed { message } => {
                    frames.push(ServerFrame::Changed { message }.render()?)
                }
                News::Typing {
                    user_id,
                    username,
                    on,
                } => {
                    frames.push(
                        ServerFrame::Typing {
                            user_id: *user_id,
                            username,
                            on: *on,
                        }
                        .render()?,
                    );
                }
                News::Online { online } => {
                    frames.push(ServerFrame::Online { online: *online }.render()?)
                }
                News::Pin { pin } => frames.push(
                    ServerFrame::Pin {
                        pin: pin.as_deref(),
                    }
                    .render()?,
                ),
                News::Room { room } => frames.push(ServerFrame::Room { room }.render()?),
                News::Muted { user_id, is_muted } => {
                    asides.push((
                        *user_id,
                        ServerFrame::Muted {
                            is_muted: *is_muted,
                        }
                        .render()?,
                    ));
                }
                News::ShownOut {
                    user_id,
                    reason,
                    at,
                } => {
                    outs.push((
                        *user_id,
                        *at,
                        ServerFrame::Kicked { reason: *reason }.render()?,
                    ));
                }
                News::MembersOnly { at } => {
                    let frame = ServerFrame::Kicked {
                        reason: Reason::MembersOnly,
                    }
                    .render()?;
                    members_only = members_only.max(Some((*at, frame)));
                }
            }
        }
        let last_seq = said
            .iter()
            .map(|message| message.seq)
            .max()
            .unwrap_or_default();
        let messages = chunks(&said)
            .into_iter()
            .map(|messages| ServerFrame::Messages { messages, last_seq }.render());
        let frames = messages
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .chain(frames)
            .collect();
        Ok(Self {
            frames,
            asides,
            outs,
            members_only,
        })
    }

    fn shows_out(&self) -> bool {
        self.members_only.is_some() || !self.outs.is_empty()
    }

    /// What somebody is shown out with.
    fn farewell(&self, socket: &Socket, members: Option<&BTreeSet<UserId>>) -> Option<&Vec<u8>> {
        let was_there = |at: Timestamp| socket.ticket.made_at() <= at;
        let is_out = |user: Option<UserId>| user.is_none_or(|user| user == socket.user);
        let out = self
            .outs
            .iter()
            .find(|(user, at, _)| is_out(*user) && was_there(*at))
            .map(|(.., frame)| frame);
        let is_member = |members: &BTreeSet<UserId>| members.contains(&socket.user);
        let others = || {
            self.members_only
                .as_ref()
                .filter(|(at, _)| was_there(*at) && !members.is_none_or(is_member))
        };
        out.or_else(|| others().map(|(_, frame)| frame))
    }
}

struct Failure {
    error: Error,
    /// The connection was to end, and may be open.
    is_open: bool,
}

/// What could not be posted: counted one by one, logged once a broadcast.
#[derive(Default)]
struct Failures {
    count: usize,
    first: Option<Error>,
    left_open: bool,
}

impl Failures {
    fn add(&mut self, failure: Failure) {
        self.count += 1;
        self.left_open |= failure.is_open;
        self.first.get_or_insert(failure.error);
    }

    fn log(&self, correlation_id: CorrelationId) {
        if let Some(first) = &self.first {
            let why = format!("{} connections, the first: {first}", self.count);
            warn(
                "a broadcast did not reach all connections",
                &why,
                correlation_id,
            );
        }
    }
}

/// Posts all frames to one socket, in order. A removed socket receives its farewell alone, and is closed whether that
/// arrives or not. Returns the socket if it is gone.
async fn bring(
    deps: &Broadcaster,
    socket: Socket,
    said: &Rendered,
    members: Option<&BTreeSet<UserId>>,
) -> std::result::Result<Option<Socket>, Failure> {
    if let Some(farewell) = said.farewell(&socket, members) {
        return shows_out(deps, socket, farewell).await;
    }
    let asides = said
        .asides
        .iter()
        .filter(|(user, _)| *user == socket.user)
        .map(|(_, frame)| frame);
    for frame in said.frames.iter().chain(asides) {
        match post(deps, &socket, frame).await {
            Ok(FrameDelivery::Delivered) => {}
            // It may be on its way: its row is there before the socket is.
            Ok(FrameDelivery::Gone) if is_young(deps, &socket) => {
                metrics::count("SocketGone", "young");
                return Ok(None);
            }
            Ok(FrameDelivery::Gone) => return Ok(Some(socket)),
            // The client finds what it misses by number.
            Err(error) => {
                metrics::count("PostFailed", "socket");
                return Err(Failure {
                    error,
                    is_open: false,
                });
            }
        }
    }
    Ok(None)
}

async fn shows_out(
    deps: &Broadcaster,
    socket: Socket,
    farewell: &[u8],
) -> std::result::Result<Option<Socket>, Failure> {
    let told = post(deps, &socket, farewell).await;
    if let Ok(FrameDelivery::Gone) = told {
        return Ok(Some(socket));
    }
    if let Err(error) = deps.sockets.close(&socket.connection).await {
        metrics::count("PostFailed", "close");
        return Err(Failure {
            error,
            is_open: true,
        });
    }
    match told {
        Ok(_) => Ok(None),
        Err(error) => {
            metrics::count("PostFailed", "socket");
            Err(Failure {
                error,
                is_open: false,
            })
        }
    }
}

async fn post(deps: &Broadcaster, socket: &Socket, frame: &[u8]) -> Result<FrameDelivery> {
    let mut tried = 1;
    loop {
        match deps.sockets.post(&socket.connection, frame.to_vec()).await {
            Err(_) if tried < TRIES => {
                tried += 1;
                tokio::time::sleep(BREATH).await;
            }
            outcome => return outcome,
        }
    }
}

fn is_young(deps: &Broadcaster, socket: &Socket) -> bool {
    deps.clock.now() < after(socket.connected_at, OPENS_WITHIN)
}

/// A row that stays is found again by the next broadcast.
async fn forget(deps: &Broadcaster, room: RoomCode, socket: Socket) -> Result<()> {
    metrics::count("SocketGone", "410");
    let forgotten = deps
        .store
        .disconnected(room, socket.ticket, &socket.connection)
        .await;
    if forgotten.is_err() {
        metrics::count("PostFailed", "forget");
    }
    forgotten
}

#[cfg(test)]
mod tests;
