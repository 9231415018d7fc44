//! The record of a tenant, and who may change which part of it.

use core::net::IpAddr;

use std::{collections::BTreeMap, time::Duration};

use confab_core::{Error, Kind, Result, TenantId, Timestamp, UserId, after};
use serde::{Deserialize, Serialize};

use super::{
    entitlements::{Entitlements, Overrides, entitlements},
    lifecycle::{Lifecycle, LifecycleEvent, TenantStanding},
    limit::LimitName,
    plan::{Isolation, Plan},
    settings::{MAX_TENANT_NAME_CHARS, Security, TenantSettings},
    settings_input::TenantSettingsInput,
    slug::Slug,
};
use crate::{Action, LanguageTag, Principal, Role, may, text::parse_name};

/// How long a setup may take before it is looked at.
const SETUP_CHECK_INTERVAL: Duration = Duration::from_secs(300);
/// The largest amount that an operator may set.
const MAX_AMOUNT: u64 = 1_000_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: Slug,
    pub settings: TenantSettings,
    pub lifecycle: Lifecycle,
    /// The plan that is paid, or was. On trial it is `Plan::Trial`.
    pub plan: Plan,
    #[serde(default)]
    pub overrides: Overrides,
    pub isolation: Isolation,
    /// When the setup is looked at, because a message of it may have been lost. `None` once it is over.
    #[serde(default)]
    pub setup_due_at: Option<Timestamp>,
    /// Counts that change in one transaction with the rows of members and invitations.
    pub owners: u64,
    pub members: u64,
    pub created_by: UserId,
    pub created_at: Timestamp,
    /// Grows with each write of the row. The settings have a version of their own.
    pub version: u64,
}

/// The member who changes settings.
#[derive(Debug, Clone, Copy)]
pub struct SettingsActor {
    pub role: Role,
    pub source: Option<IpAddr>,
}

impl Tenant {
    /// Makes a tenant on trial, with its creator as the only owner.
    pub fn new(
        id: TenantId,
        slug: Slug,
        name: &str,
        locale: LanguageTag,
        by: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        let name = parse_name(name, MAX_TENANT_NAME_CHARS)?;
        Ok(Self {
            id,
            slug,
            settings: TenantSettings::new(name, locale),
            lifecycle: Lifecycle::start_trial(now),
            plan: Plan::Trial,
            overrides: Overrides::default(),
            isolation: Isolation::Pooled,
            setup_due_at: Some(after(now, SETUP_CHECK_INTERVAL)),
            owners: 1,
            members: 1,
            created_by: by,
            created_at: now,
            version: 1,
        })
    }

    pub fn entitlements(&self) -> Entitlements {
        entitlements(self.plan, &self.overrides)
    }

    /// Applies an event of the tenant's life. An event that changes nothing keeps the version.
    pub fn apply(&self, event: &LifecycleEvent, now: Timestamp) -> Result<Self> {
        let lifecycle = self.lifecycle.apply(event, now)?;
        Ok(self.changed(|tenant| tenant.lifecycle = lifecycle))
    }

    /// Puts the tenant on a paid plan. Paying for `Plan::Trial` is impossible.
    pub fn subscribe(&self, plan: Plan, now: Timestamp) -> Result<Self> {
        if plan == Plan::Trial {
            return Err(Error::invalid(
                "bad_plan",
                "A trial cannot be subscribed to.",
            ));
        }
        let lifecycle = self.lifecycle.apply(&LifecycleEvent::Subscribe, now)?;
        Ok(self.changed(|tenant| {
            tenant.lifecycle = lifecycle;
            tenant.plan = plan;
        }))
    }

    /// Sets amounts in the place of the plan's. `None` is the plan's amount again.
    pub fn set_amounts(&self, amounts: &BTreeMap<LimitName, Option<u64>>) -> Result<Self> {
        if amounts
            .values()
            .flatten()
            .any(|amount| *amount > MAX_AMOUNT)
        {
            let message = format!("A limit is at most {MAX_AMOUNT}.");
            return Err(Error::invalid("bad_amount", message));
        }
        Ok(self.changed(|tenant| {
            for (name, amount) in amounts {
                match amount {
                    Some(amount) => tenant.overrides.amounts.insert(*name, *amount),
                    None => tenant.overrides.amounts.remove(name),
                };
            }
        }))
    }

    /// Asks for the deletion. The slug is typed, so that no other workspace is deleted by mistake.
    pub fn delete(&self, confirm: &str, now: Timestamp) -> Result<Self> {
        if confirm != self.slug.as_str() {
            let message = "Type the address name of the workspace to confirm.";
            return Err(Error::new(Kind::Unprocessable, "not_confirmed", message));
        }
        self.apply(&LifecycleEvent::Delete, now)
    }

    /// Replaces the settings. The same content again is accepted with any version, because a lost answer is retried.
    pub fn update_settings(
        &self,
        input: &TenantSettingsInput,
        actor: SettingsActor,
    ) -> Result<Self> {
        let allows = |action| may(Principal::Member(actor.role), action);
        if !allows(Action::WriteTenant) {
            return Err(Error::forbidden("Only admins can change the settings."));
        }
        let mut settings = input.parse()?;
        settings.version = self.settings.version;
        if settings == self.settings {
            return Ok(self.clone());
        }
        if input.version != self.settings.version {
            let message = "The settings were changed meanwhile. Load them again.";
            return Err(Error::conflict("changed_meanwhile", message));
        }
        if settings.security != self.settings.security {
            if !allows(Action::WriteSecurity) {
                return Err(Error::forbidden(
                    "Only an owner can change the security settings.",
                ));
            }
            self.check_security(&settings.security, actor)?;
        }
        self.check_retention(settings.privacy.retention_days)?;
        settings.version += 1;
        Ok(self.changed(|tenant| tenant.settings = settings))
    }

    /// Refuses what would not be enforced, and what would keep everyone out.
    fn check_security(&self, security: &Security, actor: SettingsActor) -> Result<()> {
        if security.mfa_required {
            let message = "Sign-ins with a second factor are not available yet.";
            return Err(Error::new(
                Kind::Unprocessable,
                "mfa_not_available",
                message,
            ));
        }
        let mut new_methods = security.methods.difference(&self.settings.security.methods);
        if new_methods.any(|method| !method.is_available()) {
            let message = "People sign in with a password. Other ways are not available yet.";
            return Err(Error::new(
                Kind::Unprocessable,
                "method_not_available",
                message,
            ));
        }
        if !security.methods.iter().any(|method| method.is_available()) {
            let message = "Without a password, all members would be locked out.";
            return Err(Error::new(Kind::Unprocessable, "would_lock_out", message));
        }
        if !security.allows_source(actor.source) {
            let message =
                "Your own network address is not in the list, so you would lock yourself out.";
            return Err(Error::new(Kind::Unprocessable, "would_lock_out", message));
        }
        Ok(())
    }

    /// A retention that the plan allowed when it was set may stay after a downgrade: the effective one is shorter.
    fn check_retention(&self, days: u16) -> Result<()> {
        let most = self.entitlements().max_retention_days;
        if days > most && days != self.settings.privacy.retention_days {
            let message = format!("Your plan keeps conversations for up to {most} days.");
            return Err(Error::new(
                Kind::Unprocessable,
                "retention_not_in_plan",
                message,
            ));
        }
        Ok(())
    }

    /// Returns when the passing of time changes something.
    pub fn due_at(&self) -> Option<Timestamp> {
        let due = [self.lifecycle.due_at(), self.setup_due_at];
        due.into_iter().flatten().min()
    }

    /// Records that the setup is over, or that it is looked at again.
    #[must_use]
    pub fn with_setup(&self, is_over: bool, now: Timestamp) -> Self {
        let due_at = (!is_over).then(|| after(now, SETUP_CHECK_INTERVAL));
        self.changed(|tenant| tenant.setup_due_at = due_at)
    }

    /// Returns whether the tenant never had a subscription.
    pub fn is_trial(&self) -> bool {
        matches!(self.lifecycle.standing, TenantStanding::Trial { .. })
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        if next != *self {
            next.version += 1;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LoginMethod, TenantAccess, TenantStatus, tenancy::settings_input::tests::input};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tenant() -> Tenant {
        let id = TenantId::new(at(0), &|| [1; 10]);
        let by = UserId::new(at(0), &|| [2; 10]);
        Tenant::new(
            id,
            Slug::suggest("Flowers"),
            "Flowers",
            LanguageTag::english(),
            by,
            at(0),
        )
        .unwrap()
    }

    fn actor(role: Role) -> SettingsActor {
        SettingsActor {
            role,
            source: "203.0.113.9".parse().ok(),
        }
    }

    fn update(
        tenant: &Tenant,
        role: Role,
        change: impl FnOnce(&mut TenantSettingsInput),
    ) -> Result<Tenant> {
        let mut input = input();
        input.version = tenant.settings.version;
        change(&mut input);
        tenant.update_settings(&input, actor(role))
    }

    fn code(updated: Result<Tenant>) -> String {
        updated.unwrap_err().code().to_owned()
    }

    #[test]
    fn new_tenant_is_on_trial_with_one_owner() {
        let tenant = tenant();
        assert_eq!(
            (tenant.owners, tenant.members, tenant.plan),
            (1, 1, Plan::Trial)
        );
        assert_eq!(tenant.lifecycle.status(), TenantStatus::Trial);
        assert!(tenant.is_trial());
        let json = serde_json::to_value(&tenant).unwrap();
        assert_eq!(serde_json::from_value::<Tenant>(json).unwrap(), tenant);
    }

    #[test]
    fn new_tenant_is_due_when_its_setup_may_be_lost_and_then_when_its_trial_ends() {
        let tenant = tenant();
        assert_eq!(tenant.due_at(), Some(at(300)));
        let later = tenant.with_setup(false, at(300));
        assert_eq!((later.due_at(), later.version), (Some(at(600)), 2));
        let ready = later.with_setup(true, at(301));
        assert_eq!(ready.due_at(), ready.lifecycle.due_at());
        assert_eq!(ready.with_setup(true, at(302)), ready);
    }

    #[test]
    fn subscription_brings_its_plan_and_no_trial_can_be_bought() {
        let team = tenant().subscribe(Plan::Team, at(9)).unwrap();
        assert_eq!((team.plan, team.version), (Plan::Team, 2));
        assert_eq!(team.subscribe(Plan::Team, at(99)).unwrap(), team);
        assert_eq!(code(team.subscribe(Plan::Trial, at(99))), "bad_plan");
        assert!(!team.is_trial());
    }

    #[test]
    fn operators_set_amounts_and_the_plan_counts_again_without_one() {
        let set = |tenant: &Tenant, amount| {
            tenant.set_amounts(&BTreeMap::from([(LimitName::Seats, amount)]))
        };
        let seats = |tenant: &Tenant| tenant.entitlements().limit(LimitName::Seats).amount;
        let larger = set(&tenant(), Some(7)).unwrap();
        assert_eq!((seats(&larger), larger.version), (7, 2));
        assert_eq!(set(&larger, Some(7)).unwrap(), larger);
        assert_eq!(seats(&larger.subscribe(Plan::Team, at(9)).unwrap()), 7);
        let usual = set(&larger, None).unwrap();
        assert_eq!((seats(&usual), usual.version), (3, 3));
        assert_eq!(code(set(&usual, Some(u64::MAX))), "bad_amount");
        assert_eq!(LimitName::find("seats"), Some(LimitName::Seats));
        assert_eq!(LimitName::find("chairs"), None);
    }

    #[test]
    fn stale_settings_are_refused_and_repeated_ones_change_nothing() {
        let renamed = update(&tenant(), Role::Admin, |input| input.name = "Roses".into()).unwrap();
        assert_eq!((renamed.settings.version, renamed.version), (2, 2));
        let again = update(&renamed, Role::Admin, |input| {
            input.version = 1;
            input.name = "Roses".into();
        });
        assert_eq!(again.unwrap(), renamed);
        let stale = update(&renamed, Role::Admin, |input| {
            input.version = 1;
            input.name = "Tulips".into();
        });
        assert_eq!(code(stale), "changed_meanwhile");
        assert_eq!(
            code(update(&renamed, Role::Admin, |input| input.version = 3)),
            "changed_meanwhile"
        );
    }

    #[test]
    fn event_of_the_life_does_not_make_settings_stale() {
        let active = tenant().subscribe(Plan::Starter, at(5)).unwrap();
        let updated = update(&active, Role::Admin, |input| input.version = 1);
        assert_eq!(updated.unwrap(), active);
        assert_eq!(active.settings.version, 1);
    }

    #[test]
    fn admins_change_settings_and_owners_change_security() {
        let rename = |role| update(&tenant(), role, |input| input.name = "Roses".into());
        assert!(rename(Role::Owner).is_ok() && rename(Role::Admin).is_ok());
        assert_eq!(code(rename(Role::Agent)), "forbidden");
        assert_eq!(code(rename(Role::Viewer)), "forbidden");
        let shorten = |role| update(&tenant(), role, |input| input.security.session_hours = 8);
        let shortened = shorten(Role::Owner).unwrap();
        assert_eq!(shortened.settings.security.session_hours, 8);
        assert_eq!(code(shorten(Role::Admin)), "forbidden");
    }

    #[test]
    fn security_that_cannot_be_enforced_is_refused() {
        let with = |tenant: &Tenant, mfa_required, methods: &[LoginMethod]| {
            update(tenant, Role::Owner, |input| {
                input.security.mfa_required = mfa_required;
                input.security.methods = methods.iter().copied().collect();
            })
        };
        let (password, google) = (LoginMethod::Password, LoginMethod::Google);
        let team = tenant().subscribe(Plan::Team, at(1)).unwrap();
        for tenant in [tenant(), team] {
            assert_eq!(code(with(&tenant, true, &[password])), "mfa_not_available");
            for method in [google, LoginMethod::Saml] {
                let methods = [password, method];
                let refused = with(&tenant, false, &methods);
                assert_eq!(code(refused), "method_not_available");
            }
        }
        // A method that was accepted earlier may stay beside the password, and not without it.
        let mut earlier = tenant();
        earlier.settings.security.methods.insert(google);
        assert_eq!(code(with(&earlier, false, &[google])), "would_lock_out");
        let cleaned = with(&earlier, false, &[password]).unwrap();
        assert_eq!(cleaned.settings.security, Security::default());
    }

    #[test]
    fn owner_cannot_lock_themselves_out() {
        let allow = |range: &str| {
            let range = range.to_owned();
            update(&tenant(), Role::Owner, |input| {
                input.security.ip_allow = vec![range]
            })
        };
        let updated = allow("203.0.113.0/24").unwrap();
        assert!(
            updated
                .settings
                .security
                .allows_source("203.0.113.1".parse().ok())
        );
        assert!(!updated.settings.security.allows_source(None));
        assert_eq!(code(allow("198.51.100.0/24")), "would_lock_out");
    }

    #[test]
    fn plan_bounds_retention() {
        let keep = |tenant: &Tenant, days| {
            update(tenant, Role::Admin, |input| {
                input.privacy.retention_days = days
            })
        };
        assert_eq!(code(keep(&tenant(), 31)), "retention_not_in_plan");
        let team = tenant().subscribe(Plan::Team, at(1)).unwrap();
        let long = keep(&team, 1_000).unwrap();
        let downgraded = long.subscribe(Plan::Starter, at(2)).unwrap();
        let renamed = update(&downgraded, Role::Admin, |input| {
            input.name = "Roses".into();
            input.privacy.retention_days = 1_000;
        });
        let privacy = &renamed.unwrap().settings.privacy;
        assert_eq!(
            privacy.effective_retention_days(&downgraded.entitlements()),
            365
        );
    }

    #[test]
    fn deletion_needs_the_slug_and_suspension_keeps_everything() {
        assert_eq!(code(tenant().delete("roses", at(1))), "not_confirmed");
        let deleting = tenant().delete("flowers", at(1)).unwrap();
        assert_eq!(deleting.lifecycle.status(), TenantStatus::Deleting);
        assert_eq!(deleting.delete("flowers", at(2)).unwrap(), deleting);
        let suspend = LifecycleEvent::Suspend {
            reason: "Spam".into(),
        };
        let suspended = tenant().apply(&suspend, at(1)).unwrap();
        assert_eq!(suspended.lifecycle.access(), TenantAccess::Closed);
        assert_eq!(suspended.settings, tenant().settings);
    }
}
