//! What operators may ask for. Each command names who gives it.

use std::collections::BTreeMap;

use confab_core::{Private, TenantId, Timestamp};
use desk_domain::{Plan, TenantStatus};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum OperatorCommand {
    /// Lists workspaces, the newest first.
    Tenants(ListTenants),
    /// Shows a workspace with its setup and limits.
    Tenant(ReadTenant),
    /// Shows the limits of a workspace.
    Limits(ReadTenant),
    /// Lists the audit of a workspace, newest first.
    Audit(ListAudit),
    /// Closes a workspace until it is resumed.
    Suspend(ChangeTenant),
    /// Lifts the suspension by an operator, and no other.
    Resume(ChangeTenant),
    /// Puts a workspace on a plan that is paid elsewhere.
    SetPlan(SetPlan),
    /// Sets amounts of limits in the place of the plan's.
    SetLimits(SetLimits),
    /// Appoints or dismisses an operator of the platform.
    SetOperator(SetOperator),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListTenants {
    pub(super) by: String,
    #[serde(default)]
    pub(super) status: Option<TenantStatus>,
    #[serde(default)]
    pub(super) plan: Option<Plan>,
    #[serde(default)]
    pub(super) limit: Option<u16>,
    /// The last workspace of the page before.
    #[serde(default)]
    pub(super) after: Option<TenantId>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadTenant {
    pub(super) by: String,
    pub(super) tenant: TenantId,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAudit {
    pub(super) by: String,
    pub(super) tenant: TenantId,
    /// The earliest time.
    #[serde(default)]
    pub(super) since: Option<Timestamp>,
    #[serde(default)]
    pub(super) limit: Option<u16>,
    /// The `next` of the page before.
    #[serde(default)]
    pub(super) after: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeTenant {
    pub(super) by: String,
    pub(super) tenant: TenantId,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPlan {
    pub(super) by: String,
    pub(super) tenant: TenantId,
    pub(super) plan: Plan,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    pub(super) by: String,
    pub(super) tenant: TenantId,
    /// By name; null is the plan's amount again.
    pub(super) amounts: BTreeMap<String, Option<u64>>,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOperator {
    pub(super) by: String,
    pub(super) email: Private<String>,
    pub(super) is_operator: bool,
    pub(super) reason: String,
}
