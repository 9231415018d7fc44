//! Workspaces as callers see them.

use std::collections::BTreeMap;

use confab_core::{TenantId, Timestamp};
use desk_domain::{
    Action, AiBudget, Branding, CompletedStep, HoldReason, Isolation, LanguageTag, Plan, Privacy,
    ProvisionProgress, ProvisionRun, ProvisionRunId, Security, Slug, Tenant as TenantRecord,
    TenantStanding, TenantStatus, TimeZoneName,
};
use serde::Serialize;

use crate::auth::Access;

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Tenant"), schema(as = Tenant))]
pub(crate) struct TenantView<'a> {
    id: TenantId,
    slug: &'a Slug,
    name: &'a str,
    status: TenantStatus,
    plan: Plan,
    isolation: Isolation,
    /// Of the settings: a PUT names it.
    version: u64,
    locale: &'a LanguageTag,
    timezone: &'a TimeZoneName,
    branding: &'a Branding,
    privacy: &'a Privacy,
    /// For those who may change settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    security: Option<&'a Security>,
    ai: AiBudget,
    trial_ends_at: Option<Timestamp>,
    /// When the data of a deleted workspace is erased.
    erase_at: Option<Timestamp>,
    /// Why the workspace is suspended.
    holds: BTreeMap<HoldReason, HoldView<'a>>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    provisioning: Option<ProvisionProgress>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Hold"), schema(as = Hold))]
pub(crate) struct HoldView<'a> {
    since: Timestamp,
    /// The operator's reason, for those who read the audit, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    note: Option<&'a str>,
}

impl<'a> TenantView<'a> {
    /// Shows a new workspace to its creator.
    pub(super) fn for_owner(tenant: &'a TenantRecord) -> Self {
        Self::new(tenant, None, true, true)
    }

    pub(super) fn for_caller(
        tenant: &'a TenantRecord,
        run: Option<&ProvisionRun>,
        access: &Access,
    ) -> Self {
        let (shows_notes, shows_security) = (
            access.may(Action::ReadAudit),
            access.may(Action::WriteTenant),
        );
        Self::new(tenant, run, shows_notes, shows_security)
    }

    fn new(
        tenant: &'a TenantRecord,
        run: Option<&ProvisionRun>,
        shows_notes: bool,
        shows_security: bool,
    ) -> Self {
        let (settings, lifecycle) = (&tenant.settings, &tenant.lifecycle);
        let holds = lifecycle.holds.iter().map(|(reason, hold)| {
            let note = hold.note.as_deref().filter(|_| shows_notes);
            let since = hold.since;
            (*reason, HoldView { since, note })
        });
        Self {
            id: tenant.id,
            slug: &tenant.slug,
            name: &settings.name,
            status: lifecycle.status(),
            plan: tenant.plan,
            isolation: tenant.isolation,
            version: settings.version,
            locale: &settings.locale,
            timezone: &settings.timezone,
            branding: &settings.branding,
            privacy: &settings.privacy,
            security: shows_security.then_some(&settings.security),
            ai: settings.ai,
            trial_ends_at: match lifecycle.standing {
                TenantStanding::Trial { ends_at } => Some(ends_at),
                TenantStanding::Subscribed => None,
            },
            erase_at: lifecycle.deletion.map(|deletion| deletion.erase_at),
            holds: holds.collect(),
            created_at: tenant.created_at,
            provisioning: run.map(ProvisionRun::progress),
        }
    }
}

/// A setup and its steps.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ProvisionRun"), schema(as = ProvisionRun))]
pub(crate) struct RunView<'a> {
    run_id: ProvisionRunId,
    #[serde(flatten)]
    progress: ProvisionProgress,
    /// Those that are done.
    steps: &'a [CompletedStep],
}

impl<'a> RunView<'a> {
    pub(super) fn of(run: &'a ProvisionRun) -> Self {
        Self {
            run_id: run.id,
            progress: run.progress(),
            steps: &run.completed,
        }
    }
}
