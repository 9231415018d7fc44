//! Tenants: their life, their settings, and what their plan allows.

mod entitlements;
mod lifecycle;
mod limit;
mod plan;
mod settings;
mod settings_input;
mod slug;
mod tenant;

pub use entitlements::{Entitlements, Overrides, entitlements};
pub use lifecycle::{
    DELETION_DELAY, HoldReason, Lifecycle, LifecycleEvent, TRIAL_LENGTH, TenantAccess,
    TenantDeletion, TenantHold, TenantStanding, TenantStatus,
};
pub use limit::{
    Limit, LimitGrant, LimitName, LimitPolicy, LimitReached, LimitReport, LimitThreshold,
    LimitWindow, UsageMonth, check_limit,
};
pub use plan::{Isolation, Plan};
pub(crate) use settings::MAX_TENANT_NAME_CHARS;
pub use settings::{AiBudget, Branding, OnBudget, Privacy, Security, TenantSettings};
pub use settings_input::{BrandingInput, PrivacyInput, SecurityInput, TenantSettingsInput};
pub use slug::{MAX_SLUG_LETTERS, Slug};
pub use tenant::{SettingsActor, Tenant};
