//! Tenants: their life, their settings, and what their plan allows.

mod entitlements;
mod lifecycle;
mod limit;
mod locale;
mod plan;
mod settings;
mod settings_input;
mod slug;
mod tenant;

pub use entitlements::{Entitlements, Overrides, entitlements};
pub use lifecycle::{
    Access, DELETION_DELAY, Deletion, Hold, HoldReason, Lifecycle, LifecycleEvent, Standing,
    TRIAL_LENGTH, TenantStatus,
};
pub use limit::{
    Grant, Limit, LimitName, LimitReached, LimitReport, Policy, Threshold, UsageMonth, Window,
    guard,
};
pub use locale::{Locale, TimeZoneName};
pub use plan::{Isolation, Plan};
pub use settings::{AiBudget, Branding, OnBudget, Privacy, Security, Settings};
pub use settings_input::{BrandingInput, PrivacyInput, SecurityInput, SettingsInput};
pub use slug::{MAX_SLUG_LETTERS, Slug};
pub use tenant::{SettingsActor, Tenant};
