//! The stored row of a conversation: one for each chat. It has no name and no message of anyone.

use std::collections::BTreeSet;

use confab_core::{Private, Timestamp, clip};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Brand, CarouselId, Language, PauseReason, QuotaChange, Series, TelegramId, UiLanguage,
    series::day_in,
};

/// Carousels that `/my` lists.
const MAX_RECENT: usize = 10;
const MAX_LABEL: usize = 40;

/// A reply that the person was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    Topic,
    Slide {
        carousel: CarouselId,
        revision: u32,
        number: u8,
    },
    BrandName,
    BrandHandle,
    BrandColor,
    BrandLogo,
    SeriesTopic,
    Zone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    pub number: u32,
    pub what: Question,
    /// Who was asked: in a group, others talk too.
    pub user: TelegramId,
    pub asked_at: Timestamp,
    /// The message to reply to. `None` until its receipt is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<TelegramId>,
}

/// A series that is being set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesDraft {
    pub topic: Private<String>,
    #[serde(default)]
    pub is_weekly: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentCarousel {
    pub id: CarouselId,
    pub label: Private<String>,
}

/// Carousels of a day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyQuota {
    pub day: Date,
    pub count: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Key of the row and of its queue group. It stays when a group gets another id.
    pub key: String,
    /// Where answers go. `None` for requests of the page and of tests, which have an outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<TelegramId>,
    #[serde(default)]
    pub is_group: bool,
    pub ui: UiLanguage,
    /// Language of the slides. `None` follows the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slides: Option<Language>,
    #[serde(default)]
    pub brand: Brand,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    #[serde(default)]
    pub last_series: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_draft: Option<SeriesDraft>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<OpenQuestion>,
    #[serde(default)]
    pub last_question: u32,
    #[serde(default)]
    pub running: BTreeSet<CarouselId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<RecentCarousel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<DailyQuota>,
    /// The person blocked the bot, or the group removed it.
    #[serde(default)]
    pub is_unreachable: bool,
    #[serde(default, rename = "due_at", skip_serializing_if = "Option::is_none")]
    pub next_timer_at: Option<Timestamp>,
}

impl Chat {
    pub fn new(key: String, address: Option<TelegramId>, ui: UiLanguage) -> Self {
        Self {
            key,
            address,
            is_group: false,
            ui,
            slides: None,
            brand: Brand::default(),
            zone: None,
            series: Vec::new(),
            last_series: 0,
            series_draft: None,
            question: None,
            last_question: 0,
            running: BTreeSet::new(),
            recent: Vec::new(),
            quota: None,
            is_unreachable: false,
            next_timer_at: None,
        }
    }

    /// Returns the zone of the person's series.
    pub fn zone(&self) -> &str {
        self.zone.as_deref().unwrap_or("UTC")
    }

    pub fn used_today(&self, now: Timestamp) -> u16 {
        let today = day_in("UTC", now);
        let quota = self.quota.as_ref().filter(|quota| quota.day == today);
        quota.map_or(0, |quota| quota.count)
    }

    pub fn change_quota(&mut self, change: QuotaChange, now: Timestamp) {
        let used = self.used_today(now);
        let count = match change {
            QuotaChange::Reserve => used.saturating_add(1),
            QuotaChange::Use => return,
            QuotaChange::Return => used.saturating_sub(1),
        };
        let day = day_in("UTC", now);
        self.quota = Some(DailyQuota { day, count });
    }

    pub fn remember(&mut self, id: CarouselId, label: &str) {
        let label = clip(&label.replace('\n', " "), MAX_LABEL).into();
        self.recent.retain(|recent| recent.id != id);
        self.recent.insert(0, RecentCarousel { id, label });
        self.recent.truncate(MAX_RECENT);
    }

    pub fn series_mut(&mut self, id: u16) -> Option<&mut Series> {
        self.series.iter_mut().find(|series| series.id == id)
    }

    /// Lets the series rest that the person did not pause.
    pub fn pause_all(&mut self) {
        for series in &mut self.series {
            series.pause.get_or_insert(PauseReason::Unreachable);
        }
    }

    /// Wakes what `pause_all` let rest, from now on.
    pub fn resume_all(&mut self, now: Timestamp) {
        let zone = self.zone().to_owned();
        for series in &mut self.series {
            if series.pause == Some(PauseReason::Unreachable) {
                series.pause = None;
                series.plan_after(now, &zone);
            }
        }
    }
}
