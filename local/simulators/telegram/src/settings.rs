//! How Telegram delivers updates, limits floods, and fails by chance.

use confab_simulator_base::{Settings, SignatureMode, check_range};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelegramSettings {
    pub(crate) delay_ms: i64,
    /// Maximum random delay of an update. Updates of one queue keep their order.
    pub(crate) shuffle_ms: i64,
    /// Percentage of updates that are delivered twice. A copy waits for no other update.
    pub(crate) copy_percent: u32,
    pub(crate) signature: SignatureMode,
    /// Whether the bot sees only commands, replies and mentions in groups.
    pub(crate) privacy: bool,
    pub(crate) flood: bool,
    /// Messages that a chat takes at once.
    pub(crate) chat_burst: i64,
    /// The seed of everything that happens by chance.
    pub(crate) seed: Option<u64>,
    pub(crate) too_many_percent: u32,
    /// Seconds, for refusals by chance.
    pub(crate) retry_after: i64,
    pub(crate) blocked_percent: u32,
    pub(crate) error_percent: u32,
    /// Percentage of calls that are carried out and whose answer is lost.
    pub(crate) lost_percent: u32,
    pub(crate) half_album_percent: u32,
    pub(crate) slow_percent: u32,
    pub(crate) slow_ms: u64,
}

impl Default for TelegramSettings {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            shuffle_ms: 0,
            copy_percent: 0,
            signature: SignatureMode::Valid,
            privacy: true,
            flood: true,
            chat_burst: 30,
            seed: None,
            too_many_percent: 0,
            retry_after: 3,
            blocked_percent: 0,
            error_percent: 0,
            lost_percent: 0,
            half_album_percent: 0,
            slow_percent: 0,
            slow_ms: 3_000,
        }
    }
}

impl Settings for TelegramSettings {
    fn check(&self) -> Result<(), String> {
        for (name, percent) in [
            ("copy_percent", self.copy_percent),
            ("too_many_percent", self.too_many_percent),
            ("blocked_percent", self.blocked_percent),
            ("error_percent", self.error_percent),
            ("lost_percent", self.lost_percent),
            ("half_album_percent", self.half_album_percent),
            ("slow_percent", self.slow_percent),
        ] {
            check_range(name, percent <= 100, "0 to 100")?;
        }
        for (name, ms) in [("delay_ms", self.delay_ms), ("shuffle_ms", self.shuffle_ms)] {
            check_range(name, (0..=3_600_000).contains(&ms), "0 to 3600000")?;
        }
        check_range(
            "chat_burst",
            (1..=1_000).contains(&self.chat_burst),
            "1 to 1000",
        )?;
        check_range(
            "retry_after",
            (1..=3_600).contains(&self.retry_after),
            "1 to 3600",
        )?;
        check_range("slow_ms", self.slow_ms <= 120_000, "0 to 120000")
    }
}
