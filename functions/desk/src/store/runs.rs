//! The setup of a tenant. It is created together with the tenant, so that there is one.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table};
use confab_core::{Error, Result};
use confab_worker::SaveOutcome;
use desk_domain::ProvisionRun;

use super::Tenant;

const PART: &str = "RUN";
const PREFIX: &str = "run_";

impl Tenant<'_> {
    pub(crate) async fn find_run(&self) -> Result<Option<ProvisionRun>> {
        let keys = self.rows_with(PART, PREFIX);
        let rows = self.table().query_consistent(keys, 1).await?;
        rows.into_iter().next().map(Table::from_row).transpose()
    }

    pub(crate) async fn require_run(&self) -> Result<ProvisionRun> {
        self.find_run()
            .await?
            .ok_or_else(|| Error::not_found("run"))
    }

    /// Writes a changed run, if no other write came between.
    pub(crate) async fn save_run(&self, run: &ProvisionRun, version: u64) -> Result<SaveOutcome> {
        let row = self.row(PART, run.id.to_string(), run)?;
        let saved = self.table().put(row, Condition::version(version)).await?;
        Ok(if saved {
            SaveOutcome::Saved
        } else {
            SaveOutcome::Conflict
        })
    }

    /// The part of a transaction that writes a run. Version 0 is no run before.
    pub(super) fn run_write(&self, run: &ProvisionRun, version: u64) -> Result<TransactWriteItem> {
        let row = self.row(PART, run.id.to_string(), run)?;
        self.table().transact_put(row, Condition::version(version))
    }
}
