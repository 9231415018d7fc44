//! Looking for what nobody needs any more: how far it is, and what was found.

use std::{collections::BTreeMap, time::Duration};

use confab_contracts::maintenance::CleanupDue;
use confab_core::{CorrelationId, EventId, OrderId, PhotoId, Timestamp, UserId, after};
use serde::{Deserialize, Serialize};

/// Longer than people are told.
pub(crate) const PICTURES_KEPT: Duration = Duration::from_secs(31 * 24 * 3600);
/// Makers forget by themselves what is a month old; what the studio promises is to have seen to it.
pub const MODELS_KEPT: Duration = Duration::from_secs(29 * 24 * 3600);

/// One version a variant, as all jobs have it; 0 is the bus's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum CleanupJob {
    #[serde(rename = "0")]
    Due { detail: Due },
    #[serde(rename = "1")]
    V1 { cleanup: Cleanup },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Due {
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
    /// Where it goes on; nowhere when it is over.
    pub step: Option<Step>,
    /// What was looked at last in this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(default)]
    pub found: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    People,
    Pictures,
    Models,
}

impl Cleanup {
    pub fn new(due: &Due) -> Self {
        Self {
            run: due.id,
            began_at: Some(due.occurred_at),
            dry_run: due.data.dry_run,
            correlation_id: due.correlation_id,
            step: Some(Step::People),
            after: None,
            found: [
                "messages",
                "idle_people",
                "orphans",
                "expired_pictures",
                "models",
            ]
            .map(|what| (what.to_owned(), 0))
            .into(),
        }
    }

    pub fn finds(&mut self, what: &str, count: usize) {
        *self.found.entry(what.to_owned()).or_default() += u64::try_from(count).unwrap_or(u64::MAX);
    }

    /// A page was looked at; without a last thing on it the step is over.
    pub fn goes_on(&mut self, last: Option<String>) {
        if last.is_none() {
            self.step = match self.step {
                Some(Step::People) => Some(Step::Pictures),
                Some(Step::Pictures) => Some(Step::Models),
                Some(Step::Models) | None => None,
            };
        }
        self.after = last;
    }
}

/// Whose picture lies under a key, and since when: ids say when they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub person: UserId,
    pub since: Timestamp,
}

impl Kept {
    /// `people/usr_../selfies/pho_...jpg` or `people/usr_../orders/ord_../..`
    pub fn of(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix("people/")?.split('/');
        let person = parts.next()?.parse().ok()?;
        let since = match (parts.next()?, parts.next()?) {
            ("selfies", file) => file.split('.').next()?.parse::<PhotoId>().ok()?.made_at(),
            ("orders", order) => order.parse::<OrderId>().ok()?.made_at(),
            _ => return None,
        };
        Some(Self { person, since })
    }

    pub fn is_too_old(&self, now: Timestamp) -> bool {
        now >= after(self.since, PICTURES_KEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is_and_how_old() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let (person, photo) = (UserId::new(at, &|| [1; 10]), PhotoId::new(at, &|| [2; 10]));
        let order = OrderId::new(at, &|| [3; 10]);
        for key in [
            format!("people/{person}/selfies/{photo}.jpg"),
            format!("people/{person}/orders/{order}/17-0"),
        ] {
            let kept = Kept::of(&key).unwrap();
            assert_eq!((kept.person, kept.since), (person, at));
            assert!(!kept.is_too_old(after(at, PICTURES_KEPT - Duration::from_secs(1))));
            assert!(kept.is_too_old(after(at, PICTURES_KEPT)));
        }
        for odd in [
            "",
            "packs/1_man.jpg",
            "people/x/selfies/y",
            "people/usr_1/orders/ord_2/3",
        ] {
            assert_eq!(Kept::of(odd), None, "{odd}");
        }
    }

    #[test]
    fn it_goes_from_step_to_step_and_ends() {
        let data = CleanupDue { dry_run: true };
        let (id, correlation_id) = (EventId::of_event("x"), CorrelationId::of_event("x"));
        let mut cleanup = Cleanup::new(&Due {
            id,
            occurred_at: Timestamp::UNIX_EPOCH,
            correlation_id,
            data,
        });
        cleanup.goes_on(Some("a".into()));
        assert_eq!(
            (cleanup.step, cleanup.after.as_deref()),
            (Some(Step::People), Some("a"))
        );
        for step in [Some(Step::Pictures), Some(Step::Models), None, None] {
            cleanup.goes_on(None);
            assert_eq!((cleanup.step, cleanup.after.as_deref()), (step, None));
        }
    }
}
