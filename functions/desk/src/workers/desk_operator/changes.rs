//! What operators change.

use std::collections::BTreeMap;

use confab_core::{Error, Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{
    EmailAddress, LifecycleEvent, LimitName, Person, PlatformRole, Tenant as TenantRecord,
};
use serde_json::{Value, json};

use super::{
    OperatorCall,
    commands::{ChangeTenant, SetLimits, SetOperator, SetPlan},
    reads::TenantView,
    render,
};
use crate::{
    services::{
        socket_removals::publish_suspension,
        tenant_changes::{change_tenant, contended},
    },
    state::State,
};

/// Attempts against other changes of a person.
const MAX_CAS_ATTEMPTS: usize = 8;

/// Suspends a workspace and closes the sockets of its agents. Repeated, it closes them again, because the first command
/// may have ended before it did.
pub(super) async fn suspend(state: &State, change: &ChangeTenant) -> Result<Value> {
    let call = OperatorCall::new(state, &change.by)?;
    let entry = call.entry("tenant.suspended", change.tenant, &change.reason)?;
    let event = LifecycleEvent::Suspend {
        reason: change.reason.clone(),
    };
    let suspend = |tenant: &TenantRecord, now: Timestamp| tenant.apply(&event, now);
    let record = change_tenant(state, call.grant(change.tenant), &entry, suspend).await?;
    let (broadcasts, now) = (state.broadcasts()?, state.clock.now());
    publish_suspension(broadcasts, change.tenant, now, call.correlation_id).await?;
    render_tenant(&record)
}

pub(super) async fn resume(state: &State, change: &ChangeTenant) -> Result<Value> {
    let call = OperatorCall::new(state, &change.by)?;
    let entry = call.entry("tenant.resumed", change.tenant, &change.reason)?;
    let resume = |tenant: &TenantRecord, now: Timestamp| tenant.apply(&LifecycleEvent::Resume, now);
    let record = change_tenant(state, call.grant(change.tenant), &entry, resume).await?;
    render_tenant(&record)
}

pub(super) async fn set_plan(state: &State, change: &SetPlan) -> Result<Value> {
    let call = OperatorCall::new(state, &change.by)?;
    let entry = call.entry("tenant.plan_changed", change.tenant, &change.reason)?;
    let subscribe = |tenant: &TenantRecord, now: Timestamp| tenant.subscribe(change.plan, now);
    let record = change_tenant(state, call.grant(change.tenant), &entry, subscribe).await?;
    render_tenant(&record)
}

pub(super) async fn set_limits(state: &State, change: &SetLimits) -> Result<Value> {
    let call = OperatorCall::new(state, &change.by)?;
    let amounts = parse_amounts(&change.amounts)?;
    let entry = call.entry("tenant.limits_changed", change.tenant, &change.reason)?;
    let set = |tenant: &TenantRecord, _: Timestamp| tenant.set_amounts(&amounts);
    let record = change_tenant(state, call.grant(change.tenant), &entry, set).await?;
    render_tenant(&record)
}

fn parse_amounts(
    amounts: &BTreeMap<String, Option<u64>>,
) -> Result<BTreeMap<LimitName, Option<u64>>> {
    let mut parsed = BTreeMap::new();
    for (name, amount) in amounts {
        let Some(name) = LimitName::find(name) else {
            let names = LimitName::ALL.map(LimitName::name).join(", ");
            let message = format!("There is no such limit. The limits are {names}.");
            return Err(Error::invalid("bad_limit", message));
        };
        parsed.insert(name, *amount);
    }
    Ok(parsed)
}

/// Appoints or dismisses an operator of the platform. An address that is not verified may be another person's.
pub(super) async fn set_operator(state: &State, change: &SetOperator) -> Result<Value> {
    let call = OperatorCall::new(state, &change.by)?;
    let email = EmailAddress::parse(change.email.as_str())?.key();
    let (role, action) = if change.is_operator {
        (Some(PlatformRole::Admin), "operator.appointed")
    } else {
        (None, "operator.dismissed")
    };
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let person = store.find_person_by_email(&email).await?;
        let person = person.filter(Person::is_verified);
        let before = person.ok_or_else(|| Error::not_found("person"))?;
        let entry = call.entry(action, before.id, &change.reason)?;
        let after = before.clone().set_platform_role(role);
        let outcome = if after == before {
            SaveOutcome::Saved
        } else {
            store
                .save_platform_role(&after, before.version, &entry)
                .await?
        };
        if outcome == SaveOutcome::Saved {
            return Ok(json!({ "user": after.id, "is_operator": change.is_operator }));
        }
    }
    Err(contended())
}

fn render_tenant(tenant: &TenantRecord) -> Result<Value> {
    Ok(json!({ "tenant": render(&TenantView::of(tenant))? }))
}
