//! The frames of a broadcast, rendered once for all connections.

use std::collections::BTreeSet;

use confab_core::Timestamp;

use crate::Connection;

/// Whose connections a removal closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients<User> {
    User(User),
    NonMembers,
    Everyone,
}

/// The farewell frame of a removal, and whose connections it closes.
#[derive(Debug)]
struct RemovalFrame<User> {
    recipients: Recipients<User>,
    /// Connections with later tickets stay open.
    tickets_until: Timestamp,
    frame: Vec<u8>,
}

impl<User: Ord> RemovalFrame<User> {
    fn concerns(&self, connection: &Connection<User>, members: Option<&BTreeSet<User>>) -> bool {
        let is_recipient = match &self.recipients {
            Recipients::User(user) => *user == connection.user,
            Recipients::NonMembers => {
                members.is_some_and(|members| !members.contains(&connection.user))
            }
            Recipients::Everyone => true,
        };
        is_recipient && connection.ticket.made_at() <= self.tickets_until
    }
}

/// The frames of a broadcast.
#[derive(Debug)]
pub struct Frames<User> {
    /// Frames for all connections, in order.
    shared: Vec<Vec<u8>>,
    /// Frames for one user.
    private: Vec<(User, Vec<u8>)>,
    removals: Vec<RemovalFrame<User>>,
}

impl<User> Default for Frames<User> {
    fn default() -> Self {
        Self {
            shared: Vec::new(),
            private: Vec::new(),
            removals: Vec::new(),
        }
    }
}

impl<User: Ord> Frames<User> {
    /// Adds a frame for all connections.
    pub fn push(&mut self, frame: Vec<u8>) {
        self.shared.push(frame);
    }

    /// Adds a frame for the connections of one user.
    pub fn push_private(&mut self, user: User, frame: Vec<u8>) {
        self.private.push((user, frame));
    }

    /// Closes the connections that were opened with tickets issued until then, after a farewell frame.
    pub fn remove(
        &mut self,
        recipients: Recipients<User>,
        tickets_until: Timestamp,
        farewell: Vec<u8>,
    ) {
        self.removals.push(RemovalFrame {
            recipients,
            tickets_until,
            frame: farewell,
        });
    }

    pub(super) fn has_removals(&self) -> bool {
        !self.removals.is_empty()
    }

    pub(super) fn removes_non_members(&self) -> bool {
        self.removals
            .iter()
            .any(|removal| removal.recipients == Recipients::NonMembers)
    }

    /// Returns the farewell frame of a connection that is to be closed: of the user's own removal first. `members` is
    /// known if non-members are removed.
    pub(super) fn farewell(
        &self,
        connection: &Connection<User>,
        members: Option<&BTreeSet<User>>,
    ) -> Option<&[u8]> {
        let concerns = |removal: &&RemovalFrame<User>| removal.concerns(connection, members);
        let is_own = |removal: &&RemovalFrame<User>| removal.recipients != Recipients::NonMembers;
        let mut removals = self.removals.iter().filter(is_own);
        let mut others = self.removals.iter().filter(|removal| !is_own(removal));
        let removal = removals.find(concerns).or_else(|| others.find(concerns))?;
        Some(&removal.frame)
    }

    /// Returns the frames of a connection that stays open, in order.
    pub(super) fn of_user<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a [u8]> {
        let private = self
            .private
            .iter()
            .filter(move |(recipient, _)| recipient == user)
            .map(|(_, frame)| frame);
        self.shared.iter().chain(private).map(Vec::as_slice)
    }
}
