//! The lists of conversations: a view of the inbox is merged of the partitions of an index.
//!
//! The index says where to look, the heads say what is shown: an index that lags behind shows nothing that is not so.

use std::collections::{BTreeSet, HashMap};

use confab_core::{Result, Sealed, TenantId, UserId};
use confab_worker::Consistency;
use desk_domain::{
    Contact, ConversationId, Head, InboxCursor, InboxFilter, InboxPartition, InboxView, ListKey,
    VisitorId,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{
    conversation_access::reaches,
    cursors::{bad_cursor, open_cursor, seal_cursor},
};
use crate::{auth::Access, state::State, store::Tenant};

/// Members whose conversations a view of everything is merged of.
const MAX_MEMBERS: usize = 500;
const PARTITION_CONCURRENCY: usize = 16;
/// Keys that one request reads to find conversations that fit a filter. The next page goes on.
const MAX_SCANNED: usize = 500;
/// Heads that are read in one call.
const HEAD_BATCH: u16 = 100;
const VISITOR_CONCURRENCY: usize = 8;

/// Conversations up to which a partition, and a view, is counted.
const MAX_COUNTED: usize = 100;

/// How many conversations a view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct ViewCount {
    view: InboxView,
    count: usize,
    /// Whether there are more than that.
    has_more: bool,
}

/// A view of the inbox for one agent.
#[derive(Debug, Clone)]
pub(crate) struct InboxList<'a> {
    pub(crate) access: &'a Access,
    pub(crate) me: UserId,
    pub(crate) view: InboxView,
    pub(crate) filter: InboxFilter,
}

/// The place in a view of one tenant's inbox.
#[derive(Debug, Serialize, Deserialize)]
struct SealedInboxCursor {
    tenant: TenantId,
    cursor: InboxCursor,
}

impl Sealed for SealedInboxCursor {
    const PURPOSE: &'static str = "desk-inbox";
}

/// A page of heads, and the place after which the next page begins.
#[derive(Debug)]
pub(crate) struct HeadPage<Place> {
    pub(crate) heads: Vec<Head>,
    pub(crate) next: Option<Place>,
}

impl InboxList<'_> {
    fn shows(&self, head: &Head) -> bool {
        self.view.shows(head, self.me) && self.filter.fits(head) && reaches(self.access, head)
    }

    pub(crate) async fn open_cursor(&self, state: &State, text: &str) -> Result<ListKey> {
        let sealed: SealedInboxCursor = open_cursor(state, text).await?;
        let is_own = sealed.tenant == self.access.grant.id();
        if is_own && sealed.cursor.continues(self.view, self.me, &self.filter) {
            Ok(sealed.cursor.after)
        } else {
            Err(bad_cursor())
        }
    }

    pub(crate) async fn seal_cursor(&self, state: &State, after: ListKey) -> Result<String> {
        let cursor = InboxCursor {
            view: self.view,
            me: self.me,
            filter: self.filter.clone(),
            after,
        };
        let tenant = self.access.grant.id();
        seal_cursor(state, &SealedInboxCursor { tenant, cursor }).await
    }

    /// Reads the page after a place.
    pub(crate) async fn read(
        &self,
        tenant: Tenant<'_>,
        mut after: Option<ListKey>,
        limit: u16,
    ) -> Result<HeadPage<ListKey>> {
        let partitions = self.partitions(tenant).await?;
        let is_filtered = self.filter != InboxFilter::default();
        let batch = if is_filtered { HEAD_BATCH } else { limit };
        let (mut heads, mut scanned) = (Vec::new(), 0);
        loop {
            let (keys, has_more) = merge_keys(tenant, &partitions, after, batch).await?;
            let mut found = read_heads(tenant, keys.iter().map(|key| key.id)).await?;
            let last = keys.last().copied();
            for key in keys {
                let head = found.remove(&key.id).filter(|head| self.shows(head));
                heads.extend(head);
                after = Some(key);
                scanned += 1;
                if heads.len() == usize::from(limit) {
                    let is_end = !has_more && Some(key) == last;
                    let next = if is_end { None } else { after };
                    return Ok(HeadPage { heads, next });
                }
            }
            if !has_more {
                return Ok(HeadPage { heads, next: None });
            }
            if scanned >= MAX_SCANNED {
                return Ok(HeadPage { heads, next: after });
            }
        }
    }

    async fn partitions(&self, tenant: Tenant<'_>) -> Result<Vec<InboxPartition>> {
        let members = match self.view {
            InboxView::All => tenant.list_members(None, MAX_MEMBERS).await?,
            _ => Vec::new(),
        };
        let members: Vec<_> = members.iter().map(|member| member.user).collect();
        Ok(self.view.partitions(self.me, &members))
    }
}

/// Merges the keys of partitions after a place, the newest first. Returns whether there are more.
async fn merge_keys(
    tenant: Tenant<'_>,
    partitions: &[InboxPartition],
    after: Option<ListKey>,
    most: u16,
) -> Result<(Vec<ListKey>, bool)> {
    let after = after.as_ref();
    let pages: Vec<_> = partitions
        .iter()
        .map(|partition| tenant.list_inbox(*partition, after, most + 1))
        .collect();
    let pages: Vec<_> = stream::iter(pages)
        .buffer_unordered(PARTITION_CONCURRENCY)
        .try_collect()
        .await?;
    // A conversation that moves may be in two partitions for a moment.
    let keys: BTreeSet<_> = pages.into_iter().flatten().collect();
    let has_more = keys.len() > usize::from(most);
    let keys = keys.into_iter().rev().take(most.into());
    Ok((keys.collect(), has_more))
}

/// Counts the views of an agent. Each partition of the index is read once, up to a bound, and no conversation is read. A
/// count may be a moment older than a list.
pub(crate) async fn count_views(tenant: Tenant<'_>, me: UserId) -> Result<Vec<ViewCount>> {
    let members = tenant.list_members(None, MAX_MEMBERS).await?;
    let members: Vec<_> = members.iter().map(|member| member.user).collect();
    let views = InboxView::COUNTED.map(|view| (view, view.partitions(me, &members)));
    let partitions: BTreeSet<_> = views.iter().flat_map(|(_, parts)| parts).copied().collect();
    let counts: Vec<_> = partitions
        .into_iter()
        .map(|partition| count_partition(tenant, partition))
        .collect();
    let counts: HashMap<_, _> = stream::iter(counts)
        .buffer_unordered(PARTITION_CONCURRENCY)
        .try_collect()
        .await?;
    let counted = views.into_iter().map(|(view, partitions)| {
        let counts = partitions.iter().filter_map(|part| counts.get(part));
        let count: usize = counts.sum();
        ViewCount {
            view,
            count: count.min(MAX_COUNTED),
            has_more: count > MAX_COUNTED,
        }
    });
    Ok(counted.collect())
}

async fn count_partition(
    tenant: Tenant<'_>,
    partition: InboxPartition,
) -> Result<(InboxPartition, usize)> {
    let most = u16::try_from(MAX_COUNTED + 1).unwrap_or(u16::MAX);
    let keys = tenant.list_inbox(partition, None, most).await?;
    Ok((partition, keys.len()))
}

/// Reads heads in batches, by their ids.
pub(crate) async fn read_heads(
    tenant: Tenant<'_>,
    ids: impl Iterator<Item = ConversationId>,
) -> Result<HashMap<ConversationId, Head>> {
    let ids: BTreeSet<_> = ids.collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut heads = HashMap::new();
    for batch in ids.chunks(HEAD_BATCH.into()) {
        let read = tenant.find_heads(batch, Consistency::Strong).await?;
        heads.extend(read.into_iter().map(|head| (head.id, head)));
    }
    Ok(heads)
}

/// Reads the conversations of visitors before another one, the newest first.
pub(crate) async fn read_history(
    tenant: Tenant<'_>,
    visitors: &BTreeSet<VisitorId>,
    before: Option<ConversationId>,
    limit: u16,
) -> Result<HeadPage<ConversationId>> {
    let pages: Vec<_> = visitors
        .iter()
        .map(|visitor| tenant.conversations_of(*visitor, before, limit + 1))
        .collect();
    let pages: Vec<_> = stream::iter(pages)
        .buffer_unordered(VISITOR_CONCURRENCY)
        .try_collect()
        .await?;
    // Ids are in the order of time.
    let ids: BTreeSet<_> = pages.into_iter().flatten().collect();
    let has_more = ids.len() > usize::from(limit);
    let ids: Vec<_> = ids.into_iter().rev().take(limit.into()).collect();
    let mut found = read_heads(tenant, ids.iter().copied()).await?;
    let next = ids.last().copied().filter(|_| has_more);
    let heads = ids.iter().filter_map(|id| found.remove(id));
    Ok(HeadPage {
        heads: heads.collect(),
        next,
    })
}

/// Returns the visitors whose conversations are listed for a visitor who names one.
pub(crate) fn listed_visitors(
    contact: &Contact,
    is_verified: bool,
    named: VisitorId,
) -> Option<BTreeSet<VisitorId>> {
    let readable = contact.readable_visitors(is_verified);
    if named == contact.id {
        return Some(readable);
    }
    readable.contains(&named).then(|| BTreeSet::from([named]))
}
