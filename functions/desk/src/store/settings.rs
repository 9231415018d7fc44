//! Settings of the inbox: teams, canned replies, tags, views and business hours.

use confab_aws::{Condition, Table, WriteConflict, number};
use confab_core::{Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{CannedReply, Hours, InboxSetting, InboxSettingKind, Tag, Team, TeamId};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, Tenant};

const HOURS: &str = "HOURS";
/// The row that counts the settings of each kind.
const COUNTS: &str = "SETTINGS";
/// Longer than all ids are. DynamoDB refuses long keys.
const MAX_ID_BYTES: usize = 64;

/// Business hours with the version under which they are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HoursRecord {
    pub(crate) version: u64,
    pub(crate) hours: Hours,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingOutcome {
    Saved,
    /// There is one with this id.
    Exists,
    TooMany,
    /// The role of the member who acts was changed since it was read.
    Conflict,
}

fn prefix_of(kind: InboxSettingKind) -> &'static str {
    match kind {
        InboxSettingKind::Team => "TEAM#",
        InboxSettingKind::CannedReply => "CANNED#",
        InboxSettingKind::Tag => "TAG#",
        InboxSettingKind::View => "VIEW#",
    }
}

fn setting_sk(kind: InboxSettingKind, id: &str) -> String {
    format!("{}{id}", prefix_of(kind))
}

impl Tenant<'_> {
    pub(crate) async fn find_setting<S: InboxSetting>(&self, id: &str) -> Result<Option<S>> {
        if id.len() > MAX_ID_BYTES {
            return Ok(None);
        }
        self.get("", setting_sk(S::KIND, id)).await
    }

    /// Lists all settings of a kind.
    pub(crate) async fn list_settings<S: InboxSetting>(&self) -> Result<Vec<S>> {
        let keys = self.rows_with("", prefix_of(S::KIND));
        let rows = self.table().query_consistent(keys, usize::MAX).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Stores a new setting, and counts it.
    pub(crate) async fn create_setting<S: InboxSetting>(
        &self,
        setting: &S,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SettingOutcome> {
        let row = self.row("", setting_sk(S::KIND, &setting.id()), setting)?;
        let has_room = Condition::expression("attribute_not_exists(#count) OR #count < :most")
            .name_attribute("#count", S::KIND.name())
            .value(":most", number(S::KIND.most()))
            .value(":one", number(1));
        let key = self.key("", COUNTS);
        let mut writes = vec![
            self.table().transact_put(row, Condition::not_exists())?,
            self.table()
                .transact_update(key, "ADD #count :one", has_room)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        let Some(conflicts) = self.table().try_transact(writes).await? else {
            return Ok(SettingOutcome::Saved);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        Ok(if failed(0) {
            SettingOutcome::Exists
        } else if failed(1) {
            SettingOutcome::TooMany
        } else {
            SettingOutcome::Conflict
        })
    }

    /// Replaces a setting, if it has the version that was read.
    pub(crate) async fn save_setting<S: InboxSetting>(
        &self,
        before: &S,
        after: &S,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let row = self.row("", setting_sk(S::KIND, &after.id()), after)?;
        let unchanged = Condition::version(before.version());
        let mut writes = vec![
            self.table().transact_put(row, unchanged)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        self.table().transact(writes).await
    }

    /// Deletes a setting, if it has the version that was read.
    pub(crate) async fn delete_setting<S: InboxSetting>(
        &self,
        setting: &S,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let key = self.key("", setting_sk(S::KIND, &setting.id()));
        let count = Condition::none()
            .name_attribute("#count", S::KIND.name())
            .value(":less", number(-1));
        let counts = self.key("", COUNTS);
        let mut writes = vec![
            self.table()
                .transact_delete(key, Condition::version(setting.version()))?,
            self.table()
                .transact_update(counts, "ADD #count :less", count)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        self.table().transact(writes).await
    }

    pub(crate) async fn find_team(&self, id: TeamId) -> Result<Option<Team>> {
        self.find_setting(&id.to_string()).await
    }

    pub(crate) async fn list_teams(&self) -> Result<Vec<Team>> {
        self.list_settings().await
    }

    pub(crate) async fn list_canned_replies(&self) -> Result<Vec<CannedReply>> {
        self.list_settings().await
    }

    pub(crate) async fn list_tags(&self) -> Result<Vec<Tag>> {
        self.list_settings().await
    }

    /// Returns the business hours. `None` is a tenant without hours: people answer at any time.
    pub(crate) async fn find_hours(&self) -> Result<Option<Hours>> {
        let record = self.find_hours_record().await?;
        Ok(record.map(|record| record.hours))
    }

    pub(crate) async fn find_hours_record(&self) -> Result<Option<HoursRecord>> {
        self.get("", HOURS).await
    }

    /// Writes hours over those of a version; 0 is none.
    pub(crate) async fn save_hours(
        &self,
        record: &HoursRecord,
        version: u64,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let row = self.row("", HOURS, record)?;
        let unchanged = Condition::version(version);
        let mut writes = vec![
            self.table().transact_put(row, unchanged)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        self.table().transact(writes).await
    }
}
