//! The audit of a workspace, newest first, a page at a time.

use std::time::Duration;

use confab_core::{Result, Timestamp, before};
use desk_domain::UsageMonth;

use crate::store::{AuditRecord, Tenant};

/// Entries that are read at once, and how often for one page. A filter that fits little leaves pages short.
const READ_BATCH: u16 = 100;
const MAX_READS: usize = 20;
/// How much later an entry may be than its place: visits of operators have the place of their minute.
const PLACE_TOLERANCE: Duration = Duration::from_secs(60);

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuditFilter<'a> {
    /// The id of a person or key.
    pub(crate) actor: Option<&'a str>,
    /// Such as `member.removed`.
    pub(crate) action: Option<&'a str>,
    /// The earliest time.
    pub(crate) since: Option<Timestamp>,
    /// Whether the names of operators are shown. Members see that it was one.
    pub(crate) shows_operators: bool,
}

impl AuditFilter<'_> {
    fn fits(&self, record: &AuditRecord) -> bool {
        self.actor.is_none_or(|id| record.actor.has_id(id))
            && self.action.is_none_or(|action| action == record.action)
            && self.since.is_none_or(|since| record.at >= since)
    }

    /// Whether this entry and all older ones are too old.
    fn is_behind(&self, record: &AuditRecord) -> bool {
        let since = self.since.map(|since| before(since, PLACE_TOLERANCE));
        since.is_some_and(|since| record.at < since)
    }
}

/// Entries, and where the list goes on.
#[derive(Debug)]
pub(crate) struct AuditPage {
    pub(crate) items: Vec<AuditRecord>,
    pub(crate) next: Option<AuditPlace>,
}

/// Lists up to `limit` entries before a place.
pub(crate) async fn list_audit(
    tenant: Tenant<'_>,
    mut place: AuditPlace,
    filter: AuditFilter<'_>,
    limit: usize,
) -> Result<AuditPage> {
    let first_month = UsageMonth::of(tenant.require_tenant().await?.created_at);
    let (mut items, mut is_over) = (Vec::new(), false);
    for _ in 0..MAX_READS {
        let read = read_before(tenant, &mut place, filter, limit - items.len()).await?;
        match read {
            Read::Found(found) => items.extend(found),
            Read::Last(found) => {
                items.extend(found);
                is_over = true;
            }
            Read::MonthIsOver if place.month <= first_month => is_over = true,
            Read::MonthIsOver => place = place.previous_month(),
        }
        if is_over || items.len() == limit {
            break;
        }
    }
    let next = Some(place).filter(|_| !is_over);
    Ok(AuditPage { items, next })
}

enum Read {
    Found(Vec<AuditRecord>),
    /// There are no older ones that fit.
    Last(Vec<AuditRecord>),
    MonthIsOver,
}

/// Reads entries before a place, and moves it to the last one that was looked at.
async fn read_before(
    tenant: Tenant<'_>,
    place: &mut AuditPlace,
    filter: AuditFilter<'_>,
    most: usize,
) -> Result<Read> {
    let before = place.before.as_deref();
    let read = tenant.audit_page(place.month, before, READ_BATCH).await?;
    if read.is_empty() {
        return Ok(Read::MonthIsOver);
    }
    let mut found = Vec::new();
    for (sort_key, mut record) in read {
        place.before = Some(sort_key);
        if filter.is_behind(&record) {
            return Ok(Read::Last(found));
        }
        if !filter.shows_operators {
            record.actor = record.actor.without_name();
        }
        if filter.fits(&record) {
            found.push(record);
        }
        if found.len() == most {
            break;
        }
    }
    Ok(Read::Found(found))
}

/// A place in the audit: a month, and the entry before which the list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditPlace {
    month: UsageMonth,
    before: Option<String>,
}

impl AuditPlace {
    pub(crate) fn latest(now: Timestamp) -> Self {
        Self {
            month: UsageMonth::of(now),
            before: None,
        }
    }

    fn previous_month(&self) -> Self {
        Self {
            month: self.month.previous(),
            before: None,
        }
    }

    pub(crate) fn render(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        format!("{} {before}", self.month)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (month, before) = text.split_once(' ')?;
        Some(Self {
            month: UsageMonth::parse(month)?,
            before: Some(before.to_owned()).filter(|before| !before.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back_and_go_back_in_time() {
        let latest = AuditPlace::latest("2026-01-15T12:00:00Z".parse().unwrap());
        assert_eq!(AuditPlace::parse(&latest.render()), Some(latest.clone()));
        let within = AuditPlace {
            before: Some("0001#cor_1#team.created#x y".into()),
            ..latest.clone()
        };
        assert_eq!(AuditPlace::parse(&within.render()), Some(within.clone()));
        assert_eq!(within.previous_month().render(), "2025-12 ");
        for odd in ["", "2026-01", "2026 x", "monday x"] {
            assert_eq!(AuditPlace::parse(odd), None, "{odd}");
        }
    }
}
