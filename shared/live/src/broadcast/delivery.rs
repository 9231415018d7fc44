//! Posts the frames of a broadcast to all connections of a channel, page by page.

use std::{collections::BTreeSet, time::Duration};

use confab_aws::FrameDelivery;
use confab_core::{CorrelationId, Error, Result, after};
use confab_lambda::{metrics, warn};
use confab_worker::Consistency;
use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::{Broadcaster, ChannelReader, Frames};
use crate::{Channel, Connection, ConnectionPage, Removal};

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

/// One invocation's work for a channel.
pub(super) struct Broadcast<'a, C: Channel, R> {
    pub(super) broadcaster: &'a Broadcaster<'a, C, R>,
    pub(super) channel: C::Id,
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

impl<C: Channel, R: ChannelReader<C>> Broadcast<'_, C, R> {
    /// Posts updates to the connections after a cursor. The messages among the updates are stored before the removals
    /// are read, so that a message numbered after a removal is never posted to a removed connection.
    pub(super) async fn deliver(
        &self,
        updates: Vec<C::Update>,
        cursor: Option<String>,
    ) -> Result<()> {
        // Most broadcasts remove no one, and need the connections as soon as possible.
        let (removals, first_page) = tokio::join!(
            self.list_removals(),
            self.list_connections(cursor.as_deref(), Consistency::Eventual)
        );
        let removals = removals?;
        let mut frames = C::render(&updates)?;
        for removal in &removals {
            let farewell = C::farewell(&removal.reason)?;
            frames.remove(removal.recipients(), removal.tickets_until, farewell);
        }
        let reaches_all = cursor.is_none();
        // A connection that has just opened is closed only if this read includes it.
        let (read, mut page) = if frames.has_removals() {
            let read = Consistency::Strong;
            (read, self.list_connections(cursor.as_deref(), read).await?)
        } else {
            (Consistency::Eventual, first_page?)
        };
        let mut failures = Failures::default();
        while let Some(next) = self.deliver_page(page, &frames, &mut failures).await? {
            if self.time_left() < PAGE_TIME {
                failures.log(self.correlation_id);
                return self.continue_after(&next, updates).await;
            }
            page = self.list_connections(Some(&next), read).await?;
        }
        failures.log(self.correlation_id);
        self.advance_cursor(&updates);
        // A partial broadcast, or a connection that could not be closed, leaves the removals to the next broadcast.
        if reaches_all && !failures.left_open {
            self.delete_removals(&removals).await;
        }
        Ok(())
    }

    async fn list_connections(
        &self,
        cursor: Option<&str>,
        read: Consistency,
    ) -> Result<ConnectionPage<C::User>> {
        let connections = self.broadcaster.connections;
        self.read_with_retry("sockets", || {
            connections.list(&self.channel, cursor, read, self.correlation_id)
        })
        .await
    }

    /// Posts the frames to one page of connections. Returns the cursor of the next page.
    async fn deliver_page(
        &self,
        page: ConnectionPage<C::User>,
        frames: &Frames<C::User>,
        failures: &mut Failures,
    ) -> Result<Option<String>> {
        let members = if frames.removes_non_members() {
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

    async fn list_removals(&self) -> Result<Vec<Removal<C>>> {
        let removals = self.broadcaster.removals;
        self.read_with_retry("removals", || {
            removals.list(&self.channel, self.correlation_id)
        })
        .await
    }

    /// Returns those of the connected users who are members.
    async fn load_members(&self, connections: &[Connection<C::User>]) -> Result<BTreeSet<C::User>> {
        let users = connections.iter().map(|connection| &connection.user);
        let users: BTreeSet<_> = users.collect();
        let users: Vec<_> = users.into_iter().cloned().collect();
        self.broadcaster
            .reader
            .members(&self.channel, &users, self.correlation_id)
            .await
    }

    /// Repeats a failing read until the deadline, because the channel's later updates wait for this one anyway.
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

    async fn continue_after(&self, cursor: &str, updates: Vec<C::Update>) -> Result<()> {
        let at = self.broadcaster.clock.now();
        self.broadcaster
            .queue
            .continue_after::<C>(cursor, &self.channel, updates, at, self.correlation_id)
            .await
    }

    fn advance_cursor(&self, updates: &[C::Update]) {
        for message in updates.iter().filter_map(C::posted_message) {
            if message.is_busy {
                self.broadcaster.cursors.advance(&self.channel, message.seq);
            }
        }
    }

    /// Deletes removals that all connections have seen. After a failure, the next broadcast deletes them.
    async fn delete_removals(&self, removals: &[Removal<C>]) {
        let deleted = self.broadcaster.removals.delete(&self.channel, removals);
        if let Err(error) = deleted.await {
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
        connection: Connection<C::User>,
        frames: &Frames<C::User>,
        members: Option<&BTreeSet<C::User>>,
    ) -> Result<Option<Connection<C::User>>, Failure> {
        if let Some(farewell) = frames.farewell(&connection, members) {
            return self.close(connection, farewell).await;
        }
        let user = connection.user.clone();
        for frame in frames.of_user(&user) {
            match self.post(&connection.id, frame).await {
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
        connection: Connection<C::User>,
        farewell: &[u8],
    ) -> Result<Option<Connection<C::User>>, Failure> {
        let posted = self.post(&connection.id, farewell).await;
        if let Ok(FrameDelivery::Gone) = posted {
            return Ok(Some(connection));
        }
        if let Err(error) = self.broadcaster.sockets.close(&connection.id).await {
            metrics::count("PostFailed", "close");
            return Err(Failure {
                error,
                left_open: true,
            });
        }
        posted.map_err(post_failed)?;
        Ok(None)
    }

    async fn post(&self, connection: &str, frame: &[u8]) -> Result<FrameDelivery> {
        let mut attempt = 1;
        loop {
            let posted = self.broadcaster.sockets.post(connection, frame.to_vec());
            match posted.await {
                Err(_) if attempt < MAX_POST_ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(POST_RETRY_DELAY).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn is_opening(&self, connection: &Connection<C::User>) -> bool {
        self.broadcaster.clock.now() < after(connection.connected_at, HANDSHAKE_TIME)
    }

    /// Deletes gone connections. The next broadcast finds those that could not be deleted.
    async fn delete_connections(&self, gone: Vec<Connection<C::User>>, failures: &mut Failures) {
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

    async fn delete_connection(&self, connection: Connection<C::User>) -> Result<()> {
        metrics::count("SocketGone", "410");
        self.broadcaster
            .connections
            .delete(&self.channel, connection.ticket, &connection.id)
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
