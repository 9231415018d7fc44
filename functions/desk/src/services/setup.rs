//! The setup of tenants: requests it, and performs its steps. Each step is a write that finds itself done.

use confab_core::{CorrelationId, Error, Kind, Result, UserId};
use confab_worker::SaveOutcome;
use desk_domain::{
    Hours, Isolation, LimitName, ProvisionEvent, ProvisionRun, ProvisionRunId, ProvisionState,
    ProvisionStep, StepRequest, Tenant as TenantRecord, decide_provision, default_bot,
};

use super::tenant_changes::{change_tenant, contended};
use crate::{
    auth::TenantGrant,
    state::State,
    store::{AuditActor, AuditEntry, BotCreation, HoursRecord, Tenant},
};

const MAX_CAS_ATTEMPTS: usize = 8;
const FUNCTION: &str = "desk-provision";

/// Requests the setup of a tenant, or asks for its current step again.
pub(crate) async fn request_setup(
    state: &State,
    grant: TenantGrant,
    isolation: Isolation,
    by: UserId,
    correlation_id: CorrelationId,
) -> Result<ProvisionRun> {
    let requested = ProvisionEvent::Requested {
        id: ProvisionRunId::new(state.clock.now(), &state.entropy),
        tenant: grant.id(),
        isolation,
        by,
    };
    let (run, steps) = advance(state, grant, &requested).await?;
    send(state, grant, &steps, correlation_id).await?;
    Ok(run)
}

/// Asks for the current step of a setup again, because a message may have been lost. Returns whether the setup is over.
pub(crate) async fn resume_setup(
    state: &State,
    grant: TenantGrant,
    correlation_id: CorrelationId,
) -> Result<bool> {
    let tenant = state.store()?.tenant(grant);
    let Some(run) = tenant.find_run().await? else {
        return Ok(true);
    };
    if run.state != ProvisionState::Running {
        return Ok(true);
    }
    let (isolation, by) = (run.isolation, run.requested_by);
    request_setup(state, grant, isolation, by, correlation_id).await?;
    Ok(false)
}

async fn send(
    state: &State,
    grant: TenantGrant,
    steps: &[StepRequest],
    correlation_id: CorrelationId,
) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let queue = state.provisioning()?;
    queue.send(grant.id(), steps, correlation_id).await
}

/// Applies an event to the run, and saves it if it changes.
async fn advance(
    state: &State,
    grant: TenantGrant,
    event: &ProvisionEvent,
) -> Result<(ProvisionRun, Vec<StepRequest>)> {
    let tenant = state.store()?.tenant(grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let before = tenant.require_run().await?;
        let (after, steps) = decide_provision(Some(&before), event, state.clock.now())?;
        let is_saved =
            after == before || tenant.save_run(&after, before.version).await? == SaveOutcome::Saved;
        if is_saved {
            return Ok((after, steps));
        }
    }
    Err(contended())
}

/// Tries a step once, and asks for the one that is next. A try that fails is an error, so that the message comes again,
/// unless the step is given up.
pub(crate) async fn perform_step(
    state: &State,
    grant: TenantGrant,
    step: ProvisionStep,
    correlation_id: CorrelationId,
) -> Result<()> {
    let started = ProvisionEvent::TryStarted { step };
    let (run, steps) = match advance(state, grant, &started).await {
        // The tenant was erased.
        Err(error) if error.kind() == Kind::NotFound => return Ok(()),
        advanced => advanced?,
    };
    if !run.awaits(step) {
        return send(state, grant, &steps, correlation_id).await;
    }
    match execute(state, grant, &run, correlation_id).await {
        Ok(()) => {
            let (_, steps) = advance(state, grant, &ProvisionEvent::StepDone { step }).await?;
            send(state, grant, &steps, correlation_id).await
        }
        Err(error) => {
            let failed = ProvisionEvent::StepFailed {
                step,
                code: error.code().to_owned(),
                is_permanent: !error.is_server_error(),
            };
            let (run, _) = advance(state, grant, &failed).await?;
            if run.awaits(step) { Err(error) } else { Ok(()) }
        }
    }
}

/// Makes what the current step stands for, if it is not there yet.
async fn execute(
    state: &State,
    grant: TenantGrant,
    run: &ProvisionRun,
    correlation_id: CorrelationId,
) -> Result<()> {
    let tenant = state.store()?.tenant(grant);
    let record = tenant.require_tenant().await?;
    match run.step {
        ProvisionStep::Validated => validate(&record, run),
        ProvisionStep::Identity => check_owner(tenant, &record).await,
        ProvisionStep::Defaults => make_defaults(state, tenant, &record, run, correlation_id).await,
        // The first bot has no documents yet.
        ProvisionStep::Index => Ok(()),
        ProvisionStep::Ready => finish(state, grant, correlation_id).await,
        ProvisionStep::Table | ProvisionStep::Search | ProvisionStep::Customer => {
            let message = "This isolation is not available yet.";
            Err(Error::new(
                Kind::Unprocessable,
                "isolation_unavailable",
                message,
            ))
        }
    }
}

fn validate(record: &TenantRecord, run: &ProvisionRun) -> Result<()> {
    let is_allowed = record.entitlements().allows_isolation(run.isolation);
    if record.isolation == run.isolation && is_allowed {
        return Ok(());
    }
    let message = "The plan does not include this isolation.";
    Err(Error::payment_required("payment_needed", message))
}

/// Owners are written together with the tenant, and one always remains.
async fn check_owner(tenant: Tenant<'_>, record: &TenantRecord) -> Result<()> {
    let members = tenant.list_members(None, 1).await?;
    if record.owners > 0 && !members.is_empty() {
        return Ok(());
    }
    Err(Error::internal("no_owner", record.id.to_string()))
}

/// Writes business hours and a first bot. What admins have made meanwhile stays.
async fn make_defaults(
    state: &State,
    tenant: Tenant<'_>,
    record: &TenantRecord,
    run: &ProvisionRun,
    correlation_id: CorrelationId,
) -> Result<()> {
    let now = state.clock.now();
    let entry = |action, target: &dyn ToString| {
        let actor = AuditActor::System(FUNCTION.to_owned());
        AuditEntry::of_actor(actor, action, target.to_string(), correlation_id)
    };
    let hours = HoursRecord {
        version: 1,
        hours: Hours::office(record.settings.timezone.clone()),
    };
    let audit = entry("hours.created", &record.id).with_change(None, Some(&hours))?;
    tenant.save_hours(&hours, 0, &audit, now).await?;

    let bot = default_bot(run, &record.settings.locale)?;
    let audit = entry("chatbot.created", &bot.id).with_change(None, Some(&bot))?;
    let entitlements = record.entitlements();
    let limit = tenant.take_limit(entitlements.limit(LimitName::Bots), 1, now)?;
    match tenant
        .create_bot(&bot, limit, tenant.audit(&audit, now)?)
        .await?
    {
        // At the limit, the admins have made bots of their own.
        BotCreation::Created | BotCreation::Exists | BotCreation::LimitReached => Ok(()),
    }
}

/// Records that the setup is over, so that it is not looked at any more.
async fn finish(state: &State, grant: TenantGrant, correlation_id: CorrelationId) -> Result<()> {
    let actor = AuditActor::System(FUNCTION.to_owned());
    let entry = AuditEntry::of_actor(actor, "tenant.ready", grant.id(), correlation_id);
    let ready = |tenant: &TenantRecord, now| Ok(tenant.with_setup(true, now));
    change_tenant(state, grant, &entry, ready).await.map(drop)
}
