//! A model of Telegram's flood limits: one message a second in a chat after a burst, twenty a
//! minute in a group, thirty a second overall. The real numbers are not published.

use std::collections::HashMap;

const CHAT_INTERVAL_MS: i64 = 1_000;
const GROUP_INTERVAL_MS: i64 = 3_000;
const GROUP_BURST: i64 = 20;
const OVERALL_INTERVAL_MS: i64 = 33;
const OVERALL_BURST: i64 = 30;

/// When each limit has recovered, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct FloodLimits {
    overall: i64,
    chats: HashMap<i64, i64>,
}

struct Limit {
    interval_ms: i64,
    burst: i64,
}

impl FloodLimits {
    /// Counts messages to a chat, or returns the seconds after which they may be sent.
    pub(crate) fn take(
        &mut self,
        chat: i64,
        messages: i64,
        chat_burst: i64,
        now: i64,
    ) -> Result<(), i64> {
        let limit = if chat < 0 {
            Limit {
                interval_ms: GROUP_INTERVAL_MS,
                burst: GROUP_BURST,
            }
        } else {
            Limit {
                interval_ms: CHAT_INTERVAL_MS,
                burst: chat_burst,
            }
        };
        let overall = Limit {
            interval_ms: OVERALL_INTERVAL_MS,
            burst: OVERALL_BURST,
        };
        let in_chat = self.chats.entry(chat).or_default();
        let wait_ms = limit
            .wait_ms(*in_chat, now)
            .max(overall.wait_ms(self.overall, now));
        if wait_ms > 0 {
            return Err((wait_ms + 999) / 1_000);
        }
        *in_chat = limit.after(*in_chat, messages, now);
        self.overall = overall.after(self.overall, messages, now);
        Ok(())
    }
}

impl Limit {
    fn wait_ms(&self, recovered_at: i64, now: i64) -> i64 {
        recovered_at - now - (self.burst - 1) * self.interval_ms
    }

    fn after(&self, recovered_at: i64, messages: i64, now: i64) -> i64 {
        recovered_at.max(now) + messages * self.interval_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_takes_a_burst_and_then_a_message_each_second() {
        let mut limits = FloodLimits::default();
        for _ in 0..3 {
            assert_eq!(limits.take(7, 1, 3, 10_000), Ok(()));
        }
        assert_eq!(limits.take(7, 1, 3, 10_000), Err(1));
        assert_eq!(limits.take(8, 1, 3, 10_000), Ok(()));
        assert_eq!(limits.take(7, 1, 3, 11_000), Ok(()));
        assert_eq!(limits.take(7, 1, 3, 11_000), Err(1));
    }

    #[test]
    fn album_larger_than_the_burst_is_paid_back_before_the_next_message() {
        let mut limits = FloodLimits::default();
        assert_eq!(limits.take(7, 10, 3, 0), Ok(()));
        assert_eq!(limits.take(7, 1, 3, 0), Err(8));
        assert_eq!(limits.take(7, 1, 3, 8_000), Ok(()));
    }

    #[test]
    fn group_takes_twenty_messages_a_minute() {
        let mut limits = FloodLimits::default();
        let sent = (0..60).filter(|second| limits.take(-4, 1, 30, second * 1_000).is_ok());
        assert_eq!(sent.count(), 39);
        assert_eq!(limits.take(-4, 1, 30, 59_000), Err(1));
    }

    #[test]
    fn all_chats_together_take_thirty_messages_at_once() {
        let mut limits = FloodLimits::default();
        let sent = (1..100).filter(|chat| limits.take(*chat, 1, 30, 5_000).is_ok());
        assert_eq!(sent.count(), 30);
    }
}
