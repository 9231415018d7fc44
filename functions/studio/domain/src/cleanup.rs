//! The weekly cleanup: its progress, its findings, and the ages at which data is deleted.

use std::{collections::BTreeMap, time::Duration};

use confab_contracts::maintenance::CleanupDue;
use confab_core::{CorrelationId, EventId, OrderId, PhotoId, Timestamp, UserId, after};
use serde::{Deserialize, Serialize};

/// Selfies and generated photos are deleted at this age, a day later than promised to users.
pub(crate) const IMAGE_TTL: Duration = Duration::from_secs(31 * 24 * 3600);
/// Models are deleted at Astria at this age, a day before Astria itself forgets them.
pub(crate) const MODEL_TTL: Duration = Duration::from_secs(29 * 24 * 3600);

/// Whether a model is old enough to be deleted at Astria.
pub fn is_model_expired(created_at: Timestamp, now: Timestamp) -> bool {
    now >= after(created_at, MODEL_TTL)
}

/// A cleanup to begin or to go on with. Each variant is a version; 0 is the envelope of
/// EventBridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum CleanupJob {
    #[serde(rename = "0")]
    Due { detail: CleanupDueEvent },
    #[serde(rename = "1")]
    V1 { cleanup: Cleanup },
}

/// The domain event that begins a cleanup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CleanupDueEvent {
    pub id: EventId,
    pub occurred_at: Timestamp,
    pub correlation_id: CorrelationId,
    pub data: CleanupDue,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cleanup {
    pub run: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Timestamp>,
    pub dry_run: bool,
    pub correlation_id: CorrelationId,
    /// The current step; `None` when the cleanup is over.
    pub step: Option<CleanupStep>,
    /// Cursor of the current step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(default)]
    pub found: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CleanupStep {
    #[serde(rename = "people")]
    Users,
    #[serde(rename = "pictures")]
    Images,
    Models,
}

impl Cleanup {
    pub fn new(due: &CleanupDueEvent) -> Self {
        let kinds = [
            "messages",
            "idle_people",
            "orphans",
            "expired_pictures",
            "models",
        ];
        Self {
            run: due.id,
            began_at: Some(due.occurred_at),
            dry_run: due.data.dry_run,
            correlation_id: due.correlation_id,
            step: Some(CleanupStep::Users),
            after: None,
            found: kinds.map(|kind| (kind.to_owned(), 0)).into(),
        }
    }

    pub fn count(&mut self, kind: &str, count: usize) {
        *self.found.entry(kind.to_owned()).or_default() += u64::try_from(count).unwrap_or(u64::MAX);
    }

    /// Moves the cursor behind a page. Without a cursor the step was the last page, and the next
    /// step begins.
    pub fn advance(&mut self, cursor: Option<String>) {
        if cursor.is_none() {
            self.step = match self.step {
                Some(CleanupStep::Users) => Some(CleanupStep::Images),
                Some(CleanupStep::Images) => Some(CleanupStep::Models),
                Some(CleanupStep::Models) | None => None,
            };
        }
        self.after = cursor;
    }
}

/// Owner and age of an object in the bucket. Ids carry their creation time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredImage {
    pub user_id: UserId,
    pub stored_at: Timestamp,
}

impl StoredImage {
    /// Parses `people/usr_../selfies/pho_...jpg` and `people/usr_../orders/ord_../..`.
    pub fn from_key(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix("people/")?.split('/');
        let user_id = parts.next()?.parse().ok()?;
        let stored_at = match (parts.next()?, parts.next()?) {
            ("selfies", file) => file.split('.').next()?.parse::<PhotoId>().ok()?.made_at(),
            ("orders", order) => order.parse::<OrderId>().ok()?.made_at(),
            _ => return None,
        };
        Some(Self { user_id, stored_at })
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= after(self.stored_at, IMAGE_TTL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_keys_tell_owner_and_age_and_images_expire_after_31_days() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let (user_id, photo) = (UserId::new(at, &|| [1; 10]), PhotoId::new(at, &|| [2; 10]));
        let order = OrderId::new(at, &|| [3; 10]);
        for key in [
            format!("people/{user_id}/selfies/{photo}.jpg"),
            format!("people/{user_id}/orders/{order}/17-0"),
        ] {
            let image = StoredImage::from_key(&key).unwrap();
            assert_eq!((image.user_id, image.stored_at), (user_id, at));
            assert!(!image.is_expired(after(at, IMAGE_TTL - Duration::from_secs(1))));
            assert!(image.is_expired(after(at, IMAGE_TTL)));
        }
        for odd in [
            "",
            "packs/1_man.jpg",
            "people/x/selfies/y",
            "people/usr_1/orders/ord_2/3",
        ] {
            assert_eq!(StoredImage::from_key(odd), None, "{odd}");
        }
    }

    #[test]
    fn models_expire_after_29_days() {
        let created_at = Timestamp::UNIX_EPOCH;
        let day = |days: u64| after(created_at, Duration::from_secs(days * 24 * 3600));
        assert!(!is_model_expired(created_at, day(28)));
        assert!(is_model_expired(created_at, day(29)));
    }

    #[test]
    fn cleanup_advances_through_its_steps_and_ends() {
        let data = CleanupDue { dry_run: true };
        let (id, correlation_id) = (EventId::of_event("x"), CorrelationId::of_event("x"));
        let mut cleanup = Cleanup::new(&CleanupDueEvent {
            id,
            occurred_at: Timestamp::UNIX_EPOCH,
            correlation_id,
            data,
        });
        cleanup.advance(Some("a".into()));
        assert_eq!(
            (cleanup.step, cleanup.after.as_deref()),
            (Some(CleanupStep::Users), Some("a"))
        );
        for step in [
            Some(CleanupStep::Images),
            Some(CleanupStep::Models),
            None,
            None,
        ] {
            cleanup.advance(None);
            assert_eq!((cleanup.step, cleanup.after.as_deref()), (step, None));
        }
    }
}
