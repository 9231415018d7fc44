//! The limits of a workspace with what is used of them, as their guards enforce them: both are made of the same
//! entitlements and counts.

use confab_core::{Result, Timestamp};
use desk_domain::{Invitation, LimitName, LimitReport, Plan, Tenant as TenantRecord, UsageMonth};
use serde::Serialize;

use crate::store::Tenant;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Limits"), schema(as = Limits))]
pub(crate) struct TenantLimits {
    plan: Plan,
    /// The month of the limits that begin anew each month.
    period: String,
    limits: Vec<LimitReport>,
    entitlements: Vec<&'static str>,
}

/// Reads what is used, and reports it for a workspace that was read.
pub(crate) async fn report_limits(
    tenant: Tenant<'_>,
    record: &TenantRecord,
    now: Timestamp,
) -> Result<TenantLimits> {
    let (usage, invitations, sockets) = tokio::try_join!(
        tenant.read_usage(now),
        tenant.list_invitations(),
        tenant.count_open_sockets(now)
    )?;
    // The next invitation takes the seats of those that have expired.
    let is_expired = |invitation: &&Invitation| invitation.expire(now).is_some();
    let expired = u64::try_from(invitations.iter().filter(is_expired).count()).unwrap_or_default();
    let entitlements = record.entitlements();
    let limits = entitlements.limits().iter().map(|limit| {
        let (used, reserved) = match limit.name {
            LimitName::Sockets => (sockets, 0),
            LimitName::Seats => {
                let reserved = usage.reserved(limit.name).saturating_sub(expired);
                (usage.used(limit.name), reserved)
            }
            name => (usage.used(name), usage.reserved(name)),
        };
        limit.report(used, reserved, now)
    });
    Ok(TenantLimits {
        plan: record.plan,
        period: UsageMonth::of(now).to_string(),
        limits: limits.collect(),
        entitlements: entitlements.features(),
    })
}
