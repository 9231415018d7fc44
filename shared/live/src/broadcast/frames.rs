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

/// A frame, and the condition under which a user receives it.
#[derive(Debug)]
struct SharedFrame<User> {
    is_recipient: fn(&User) -> bool,
    /// A user who does not receive it although the condition holds.
    except: Option<User>,
    frame: Vec<u8>,
}

impl<User: Eq> SharedFrame<User> {
    fn is_for(&self, user: &User) -> bool {
        (self.is_recipient)(user) && self.except.as_ref() != Some(user)
    }
}

/// The frames of a broadcast.
#[derive(Debug)]
pub struct Frames<User> {
    /// Frames for the connections of users that a condition holds for, in order.
    shared: Vec<SharedFrame<User>>,
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
        self.push_where(|_| true, frame);
    }

    /// Adds a frame for the connections of a kind of users, such as agents.
    pub fn push_where(&mut self, is_recipient: fn(&User) -> bool, frame: Vec<u8>) {
        self.shared.push(SharedFrame {
            is_recipient,
            except: None,
            frame,
        });
    }

    /// Adds a frame for the connections of a kind of users, but not for those of one of them.
    pub fn push_except(&mut self, except: User, is_recipient: fn(&User) -> bool, frame: Vec<u8>) {
        self.shared.push(SharedFrame {
            is_recipient,
            except: Some(except),
            frame,
        });
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
    pub fn of_user<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a [u8]> {
        let private = self
            .private
            .iter()
            .filter(move |(recipient, _)| recipient == user)
            .map(|(_, frame)| frame);
        let shared = self
            .shared
            .iter()
            .filter(move |shared| shared.is_for(user))
            .map(|shared| &shared.frame);
        shared.chain(private).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(frames: &Frames<u8>, user: u8) -> Vec<u8> {
        frames.of_user(&user).flatten().copied().collect()
    }

    #[test]
    fn frames_reach_their_recipients_in_order() {
        let mut frames = Frames::default();
        frames.push(b"a".to_vec());
        frames.push_where(|user| *user > 1, b"b".to_vec());
        frames.push_except(3, |user| *user > 1, b"c".to_vec());
        frames.push_private(1, b"d".to_vec());
        assert_eq!(of(&frames, 1), b"ad");
        assert_eq!(of(&frames, 2), b"abc");
        assert_eq!(of(&frames, 3), b"ab");
    }
}
