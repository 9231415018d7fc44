//! Limits: what is used of them, and whether more may be taken.
//!
//! The check, the condition of the write and the report for people are made of the same `Limit`.

use confab_core::Timestamp;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitName {
    /// Members and open invitations.
    Seats,
    Bots,
    /// Open WebSocket connections.
    Sockets,
    /// Conversations begun in a month.
    Conversations,
    /// Answers of a model in a month.
    AiAnswers,
    /// Documents of one bot.
    Documents,
    /// Indexed chunks of one bot.
    Chunks,
    ApiKeys,
}

/// What happens beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitPolicy {
    /// More is refused.
    Hard,
    /// More is allowed, and people are notified.
    Soft,
    /// More is allowed and charged.
    Metered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitWindow {
    /// What exists now.
    Total,
    /// What happened in the calendar month, in UTC.
    Month,
}

impl LimitName {
    pub const ALL: [Self; 8] = [
        Self::Seats,
        Self::Bots,
        Self::Sockets,
        Self::Conversations,
        Self::AiAnswers,
        Self::Documents,
        Self::Chunks,
        Self::ApiKeys,
    ];

    /// Returns the name of JSON and of stored counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seats => "seats",
            Self::Bots => "bots",
            Self::Sockets => "sockets",
            Self::Conversations => "conversations",
            Self::AiAnswers => "ai_answers",
            Self::Documents => "documents",
            Self::Chunks => "chunks",
            Self::ApiKeys => "api_keys",
        }
    }

    /// Finds a limit by its name in JSON.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Seats => "seat",
            Self::Bots => "chatbot",
            Self::Sockets => "connection",
            Self::Conversations => "conversation",
            Self::AiAnswers => "answer",
            Self::Documents => "document per chatbot",
            Self::Chunks => "chunk per chatbot",
            Self::ApiKeys => "key",
        }
    }

    pub fn window(self) -> LimitWindow {
        match self {
            Self::Conversations | Self::AiAnswers => LimitWindow::Month,
            _ => LimitWindow::Total,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub name: LimitName,
    /// How much is included.
    pub amount: u64,
    pub policy: LimitPolicy,
    /// The tenant's own cap, which holds whatever the policy.
    pub cap: Option<u64>,
}

/// More was refused. The status of its answer is 402.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is limited to {most}, and {available} are left")]
pub struct LimitReached {
    pub name: LimitName,
    pub most: u64,
    pub available: u64,
}

impl LimitReached {
    pub const CODE: &str = "limit_reached";
}

/// A share of a limit, at which people are notified once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitThreshold {
    Eighty,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitGrant {
    /// The highest threshold that is passed by this grant.
    pub crossed: Option<LimitThreshold>,
    /// How many of the units are beyond the included amount.
    pub overage: u64,
}

impl Limit {
    /// Returns the most that there may be; `None` is any number.
    pub fn most(&self) -> Option<u64> {
        match self.policy {
            LimitPolicy::Hard => Some(self.cap.map_or(self.amount, |cap| cap.min(self.amount))),
            LimitPolicy::Soft | LimitPolicy::Metered => self.cap,
        }
    }

    /// Returns the most that may be used and reserved already for `wanted` more to fit: the bound of the conditional
    /// write. `None` never fits.
    pub fn bound_for(&self, wanted: u64) -> Option<u64> {
        if wanted == 0 {
            return Some(u64::MAX);
        }
        self.most().unwrap_or(u64::MAX).checked_sub(wanted)
    }

    fn passes(&self, threshold: LimitThreshold, count: u64) -> bool {
        let percent = match threshold {
            LimitThreshold::Eighty => 80,
            LimitThreshold::Full => 100,
        };
        u128::from(count) * 100 >= u128::from(self.amount) * percent
    }
}

/// Decides whether `wanted` more may be taken.
pub fn check_limit(
    limit: &Limit,
    used: u64,
    reserved: u64,
    wanted: u64,
) -> Result<LimitGrant, LimitReached> {
    let before = used.saturating_add(reserved);
    if limit.bound_for(wanted).is_none_or(|bound| before > bound) {
        let most = limit.most().unwrap_or(u64::MAX);
        return Err(LimitReached {
            name: limit.name,
            most,
            available: most.saturating_sub(before),
        });
    }
    let after = before.saturating_add(wanted);
    let is_crossed = |threshold: &LimitThreshold| {
        limit.passes(*threshold, after) && !limit.passes(*threshold, before)
    };
    Ok(LimitGrant {
        crossed: [LimitThreshold::Full, LimitThreshold::Eighty]
            .into_iter()
            .find(is_crossed),
        overage: after.saturating_sub(before.max(limit.amount)),
    })
}

/// A limit as `GET /tenants/{id}/limits` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct LimitReport {
    pub name: LimitName,
    pub unit: &'static str,
    pub limit: u64,
    pub cap: Option<u64>,
    pub used: u64,
    pub reserved: u64,
    pub resets_at: Option<Timestamp>,
    pub policy: LimitPolicy,
}

impl Limit {
    pub fn report(&self, used: u64, reserved: u64, now: Timestamp) -> LimitReport {
        let resets_at = match self.name.window() {
            LimitWindow::Total => None,
            LimitWindow::Month => Some(UsageMonth::of(now).ends_at()),
        };
        LimitReport {
            name: self.name,
            unit: self.name.unit(),
            limit: self.amount,
            cap: self.cap,
            used,
            reserved,
            resets_at,
            policy: self.policy,
        }
    }
}

/// The month in which usage is counted, in UTC: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageMonth(Date);

impl UsageMonth {
    pub fn of(at: Timestamp) -> Self {
        Self(at.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// Parses `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        let first: Date = format!("{text}-01").parse().ok()?;
        Some(Self(first)).filter(|month| month.to_string() == text)
    }

    pub fn previous(self) -> Self {
        Self(self.0.checked_sub(1.month()).unwrap_or(Date::MIN))
    }

    /// Returns the first moment of the next month.
    pub fn ends_at(self) -> Timestamp {
        let next = self.0.checked_add(1.month()).unwrap_or(Date::MAX);
        let start = next.to_zoned(TimeZone::UTC);
        start.map_or(Timestamp::MAX, |start| start.timestamp())
    }
}

impl std::fmt::Display for UsageMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

#[cfg(test)]
mod tests;
