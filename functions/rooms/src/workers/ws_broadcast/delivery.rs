//! Posts the frames of a broadcast to all connections of a room, page by page.

use std::{collections::BTreeSet, time::Duration};

use confab_aws::FrameDelivery;
use confab_core::{Clock, CorrelationId, Error, Result, UserId, after};
use confab_lambda::{metrics, warn};
use confab_worker::Consistency;
use futures::{StreamExt, stream};
use rooms_domain::{Person, RoomCode, RoomUpdate};
use tokio::time::Instant;

use super::frames::Frames;
use crate::{
    state::State,
    store::{Connection, Removal},
};

/// Maximum concurrent posts; each holds one connection in memory.
const POST_CONCURRENCY: usize = 320;
const DELETE_CONCURRENCY: usize = 20;
/// Upper bound of the time for a page of connections. With less time left, another job continues.
const PAGE_TIME: Duration = Duration::from_secs(5);
const MAX_POST_ATTEMPTS: u32 = 2;
const POST_RETRY_DELAY: Duration = Duration::from_millis(50);
const READ_RETRY_DELAY: Duration = Duration::from_millis(500);
/// Upper bound of a handshake, from storing a connection to its open socket.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// One invocation's work for a room.
pub(super) struct Broadcast<'a> {
    pub(super) state: &'a State,
    pub(super) room: RoomCode,
    pub(super) deadline: Instant,
    pub(super) correlation_id: CorrelationId,
}

struct Failure {
    error: Error,
    /// A connection that was to be closed may still be open.
    left_open: bool,
}

/// Failed posts of a broadcast: counted one by one, logged once.
#[derive(Default)]
struct Failures {
    count: usize,
    first: Option<Error>,
    left_open: bool,
}

impl Failures {
    fn add(&mut self, failure: Failure) {
        self.count += 1;
        self.left_open |= failure.left_open;
        self.first.get_or_insert(failure.error);
    }

    fn log(&self, correlation_id: CorrelationId) {
        if let Some(first) = &self.first {
            let cause = format!("{} connections, the first: {first}", self.count);
            warn(
                "a broadcast did not reach all connections",
                &cause,
                correlation_id,
            );
        }
    }
}

impl Broadcast<'_> {
    /// Posts updates to the connections after a cursor. The messages among the updates are stored before the removals
    /// are read, so that a message numbered after a removal is never posted to a removed connection.
    pub(super) async fn deliver(
        &self,
        updates: Vec<RoomUpdate>,
        mut cursor: Option<String>,
    ) -> Result<()> {
        let removals = self.list_removals().await?;
        let removal_updates: Vec<_> = removals.iter().map(Removal::update).collect();
        let frames = Frames::render(updates.iter().chain(&removal_updates))?;
        let reaches_all = cursor.is_none();
        let mut failures = Failures::default();
        loop {
            cursor = self
                .deliver_page(&frames, cursor.as_deref(), &mut failures)
                .await?;
            let Some(next) = &cursor else { break };
            if self.time_left() < PAGE_TIME {
                failures.log(self.correlation_id);
                return self.continue_after(next, updates).await;
            }
        }
        failures.log(self.correlation_id);
        self.advance_cursor(&updates);
        // A partial broadcast, or a connection that could not be closed, leaves the removals to the next broadcast.
        if reaches_all && !failures.left_open {
            self.delete_removals(&removals).await;
        }
        Ok(())
    }

    /// Posts the frames to one page of connections. Returns the cursor of the next page.
    async fn deliver_page(
        &self,
        frames: &Frames,
        cursor: Option<&str>,
        failures: &mut Failures,
    ) -> Result<Option<String>> {
        let store = self.state.store()?;
        // A connection that has just opened is closed only if this read includes it.
        let read = if frames.has_removals() {
            Consistency::Strong
        } else {
            Consistency::Eventual
        };
        let page = self
            .read_with_retry("sockets", || {
                store.list_connections(self.room, cursor, read, self.correlation_id)
            })
            .await?;
        let members = if frames.removes_readers() {
            let read = || self.load_members(&page.connections);
            Some(self.read_with_retry("members", read).await?)
        } else {
            None
        };
        let posts = stream::iter(page.connections)
            .map(|connection| self.post_all(connection, frames, members.as_ref()));
        let mut posts = posts.buffer_unordered(POST_CONCURRENCY);
        let mut gone = Vec::new();
        while let Some(outcome) = posts.next().await {
            match outcome {
                Ok(connection) => gone.extend(connection),
                Err(failure) => failures.add(failure),
            }
        }
        self.delete_connections(gone, failures).await;
        Ok(page.next)
    }

    async fn list_removals(&self) -> Result<Vec<Removal>> {
        let store = self.state.store()?;
        self.read_with_retry("removals", || {
            store.list_removals(self.room, self.correlation_id)
        })
        .await
    }

    /// Returns those of the connected users who are members.
    async fn load_members(&self, connections: &[Connection]) -> Result<BTreeSet<UserId>> {
        let users: BTreeSet<_> = connections
            .iter()
            .map(|connection| connection.user)
            .collect();
        let users: Vec<_> = users.into_iter().collect();
        let people = self
            .state
            .store()?
            .find_people(self.room, &users, Consistency::Strong, self.correlation_id)
            .await?;
        Ok(people
            .into_iter()
            .filter(Person::is_member)
            .map(|person| person.user_id)
            .collect())
    }

    /// Repeats a failing read until the deadline, because the room's later updates wait for this one anyway.
    pub(super) async fn read_with_retry<T, Fut: Future<Output = Result<T>>>(
        &self,
        subject: &'static str,
        read: impl Fn() -> Fut,
    ) -> Result<T> {
        loop {
            match read().await {
                Err(error) if self.time_left() > PAGE_TIME => {
                    metrics::count("SocketsUnread", "again");
                    warn(
                        "a read of a broadcast failed and is repeated",
                        &format!("{subject}: {error}"),
                        self.correlation_id,
                    );
                    tokio::time::sleep(READ_RETRY_DELAY).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    async fn continue_after(&self, cursor: &str, updates: Vec<RoomUpdate>) -> Result<()> {
        let at = self.state.clock.now();
        self.state
            .broadcasts()?
            .continue_after(cursor, self.room, updates, at, self.correlation_id)
            .await
    }

    fn advance_cursor(&self, updates: &[RoomUpdate]) {
        for update in updates {
            if let RoomUpdate::MessagePosted {
                message,
                is_busy: true,
            } = update
            {
                self.state.cursors.advance(self.room, message.seq);
            }
        }
    }

    /// Deletes removals that all connections have seen. After a failure, the next broadcast deletes them.
    async fn delete_removals(&self, removals: &[Removal]) {
        let deleted = match self.state.store() {
            Ok(store) => store.delete_removals(self.room, removals).await,
            Err(error) => Err(error),
        };
        if let Err(error) = deleted {
            metrics::count("RemovalKept", "store");
            warn(
                "removals could not be deleted",
                &error.to_string(),
                self.correlation_id,
            );
        }
    }

    /// Posts all frames to one connection, in order. A removed user receives the farewell only, and the connection is
    /// closed whether it arrives or not. Returns the connection if it is gone.
    async fn post_all(
        &self,
        connection: Connection,
        frames: &Frames,
        members: Option<&BTreeSet<UserId>>,
    ) -> Result<Option<Connection>, Failure> {
        if let Some(farewell) = frames.farewell(&connection, members) {
            return self.close(connection, farewell).await;
        }
        for frame in frames.of_user(connection.user) {
            match self.post(&connection, frame).await {
                Ok(FrameDelivery::Delivered) => {}
                // The row is stored before the socket is open.
                Ok(FrameDelivery::Gone) if self.is_opening(&connection) => {
                    metrics::count("SocketGone", "young");
                    return Ok(None);
                }
                Ok(FrameDelivery::Gone) => return Ok(Some(connection)),
                // The client repairs the gap by number.
                Err(error) => return Err(post_failed(error)),
            }
        }
        Ok(None)
    }

    async fn close(
        &self,
        connection: Connection,
        farewell: &[u8],
    ) -> Result<Option<Connection>, Failure> {
        let posted = self.post(&connection, farewell).await;
        if let Ok(FrameDelivery::Gone) = posted {
            return Ok(Some(connection));
        }
        let closed = match self.state.sockets() {
            Ok(sockets) => sockets.close(&connection.id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            metrics::count("PostFailed", "close");
            return Err(Failure {
                error,
                left_open: true,
            });
        }
        posted.map_err(post_failed)?;
        Ok(None)
    }

    async fn post(&self, connection: &Connection, frame: &[u8]) -> Result<FrameDelivery> {
        let sockets = self.state.sockets()?;
        let mut attempt = 1;
        loop {
            match sockets.post(&connection.id, frame.to_vec()).await {
                Err(_) if attempt < MAX_POST_ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(POST_RETRY_DELAY).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn is_opening(&self, connection: &Connection) -> bool {
        self.state.clock.now() < after(connection.connected_at, HANDSHAKE_TIME)
    }

    /// Deletes gone connections. The next broadcast finds those that could not be deleted.
    async fn delete_connections(&self, gone: Vec<Connection>, failures: &mut Failures) {
        let deletes = stream::iter(gone).map(|connection| self.delete_connection(connection));
        let mut deletes = deletes.buffer_unordered(DELETE_CONCURRENCY);
        while let Some(outcome) = deletes.next().await {
            if let Err(error) = outcome {
                metrics::count("PostFailed", "forget");
                failures.add(Failure {
                    error,
                    left_open: false,
                });
            }
        }
    }

    async fn delete_connection(&self, connection: Connection) -> Result<()> {
        metrics::count("SocketGone", "410");
        self.state
            .store()?
            .delete_connection(self.room, connection.ticket, &connection.id)
            .await
    }
}

fn post_failed(error: Error) -> Failure {
    metrics::count("PostFailed", "socket");
    Failure {
        error,
        left_open: false,
    }
}
