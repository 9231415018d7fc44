//! Gap repair: the messages that a client missed while it was not connected.

/// A client that missed more messages loads the latest page instead.
pub const MAX_MISSED_MESSAGES: u64 = 100;

/// Whether the messages after `client_seq` are few enough to be sent.
pub fn is_repairable(client_seq: u64, last_seq: u64) -> bool {
    client_seq < last_seq && last_seq - client_seq <= MAX_MISSED_MESSAGES
}

/// How the gap of a client is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapRepair {
    /// The client has everything, or begins without a history.
    Nothing,
    /// The missed messages are sent.
    Missed,
    /// The client loads the latest page.
    Overflow { first_seq: u64, last_seq: u64 },
}

impl GapRepair {
    /// `client_seq` is the last number that the client has. The channel keeps the numbers from `first_seq` on.
    pub fn of(client_seq: Option<u64>, first_seq: u64, last_seq: u64) -> Self {
        let Some(client_seq) = client_seq.filter(|seq| *seq < last_seq) else {
            return Self::Nothing;
        };
        if is_repairable(client_seq, last_seq) && client_seq + 1 >= first_seq {
            Self::Missed
        } else {
            Self::Overflow {
                first_seq,
                last_seq,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_more_than_a_hundred_messages_overflow() {
        assert_eq!(GapRepair::of(None, 1, 101), GapRepair::Nothing);
        assert_eq!(GapRepair::of(Some(101), 1, 101), GapRepair::Nothing);
        assert_eq!(GapRepair::of(Some(1), 1, 101), GapRepair::Missed);
        let overflow = |first_seq, last_seq| GapRepair::Overflow {
            first_seq,
            last_seq,
        };
        assert_eq!(GapRepair::of(Some(1), 1, 102), overflow(1, 102));
        // Messages that are no longer kept cannot be sent.
        assert_eq!(GapRepair::of(Some(1), 3, 50), overflow(3, 50));
    }
}
