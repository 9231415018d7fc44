//! Teams, canned replies, tags and views: created once, replaced and deleted under their versions, with an entry of the
//! audit each. Callers were confirmed with their stored role.

use confab_core::{CorrelationId, Error, Result};
use confab_worker::SaveOutcome;
use desk_domain::{InboxSetting, InboxSettingKind};

use super::{memberships::role_changed, tenant_changes::contended};
use crate::{
    auth::Access,
    state::State,
    store::{AuditEntry, SettingOutcome},
};

const MAX_CAS_ATTEMPTS: usize = 8;

#[derive(Clone, Copy)]
enum Act {
    Create,
    Update,
    Delete,
}

fn entry_of<S: InboxSetting>(
    access: &Access,
    act: Act,
    id: &str,
    correlation_id: CorrelationId,
) -> AuditEntry {
    let [created, changed, deleted] = match S::KIND {
        InboxSettingKind::Team => ["team.created", "team.changed", "team.deleted"],
        InboxSettingKind::CannedReply => ["canned.created", "canned.changed", "canned.deleted"],
        InboxSettingKind::Tag => ["tag.created", "tag.changed", "tag.deleted"],
        InboxSettingKind::View => ["view.created", "view.changed", "view.deleted"],
    };
    let action = match act {
        Act::Create => created,
        Act::Update => changed,
        Act::Delete => deleted,
    };
    AuditEntry::new(access, action, id, correlation_id)
}

/// Creates a setting. One that is there already, with the same content, was created by a request whose answer was lost.
pub(crate) async fn create_setting<S: InboxSetting>(
    state: &State,
    access: &Access,
    setting: &S,
    correlation_id: CorrelationId,
) -> Result<S> {
    let (tenant, id) = (state.store()?.tenant(access.grant), setting.id());
    let entry = entry_of::<S>(access, Act::Create, &id, correlation_id);
    let entry = entry.with_change(None, Some(setting))?;
    let now = state.clock.now();
    match tenant.create_setting(setting, &entry, now).await? {
        SettingOutcome::Saved => Ok(setting.clone()),
        SettingOutcome::Exists => {
            let known: Option<S> = tenant.find_setting(&id).await?;
            let same = known.filter(|known| known.is_same(setting));
            same.ok_or_else(|| S::KIND.taken())
        }
        SettingOutcome::TooMany => Err(S::KIND.too_many()),
        SettingOutcome::Conflict => Err(role_changed()),
    }
}

/// Decides and saves a change. A change that changes nothing writes nothing.
pub(crate) async fn update_setting<S: InboxSetting>(
    state: &State,
    access: &Access,
    id: &str,
    correlation_id: CorrelationId,
    decide: impl Fn(&S) -> Result<S> + Send,
) -> Result<S> {
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let before: S = require(tenant.find_setting(id).await?)?;
        let after = decide(&before)?;
        if after == before {
            return Ok(before);
        }
        let entry = entry_of::<S>(access, Act::Update, id, correlation_id);
        let entry = entry.with_change(Some(&before), Some(&after))?;
        let now = state.clock.now();
        let saved = tenant.save_setting(&before, &after, &entry, now).await?;
        if saved == SaveOutcome::Saved {
            return Ok(after);
        }
    }
    Err(contended())
}

/// Deletes a setting, unless `check` refuses.
pub(crate) async fn delete_setting<S: InboxSetting>(
    state: &State,
    access: &Access,
    id: &str,
    correlation_id: CorrelationId,
    check: impl Fn(&S) -> Result<()> + Send,
) -> Result<()> {
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let setting: S = require(tenant.find_setting(id).await?)?;
        check(&setting)?;
        let entry = entry_of::<S>(access, Act::Delete, id, correlation_id);
        let entry = entry.with_change(Some(&setting), None)?;
        let now = state.clock.now();
        let deleted = tenant.delete_setting(&setting, &entry, now).await?;
        if deleted == SaveOutcome::Saved {
            return Ok(());
        }
    }
    Err(contended())
}

fn require<S: InboxSetting>(setting: Option<S>) -> Result<S> {
    setting.ok_or_else(|| Error::not_found(S::KIND.name()))
}
