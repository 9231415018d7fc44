//! Commands of operators, which `confab` invokes with the operator's AWS permissions. Each is written to the audit with
//! the operator's name, and each change with its reason.
//!
//! What an operator gets wrong is an answer: a failed invocation would ring the alarm about errors.

mod changes;
mod commands;
mod reads;

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result, TenantId};
use desk_domain::Tenant as TenantRecord;
use serde::Serialize;
use serde_json::{Value, json};

pub use self::commands::OperatorCommand;
use crate::{
    auth::{CommandOperator, TenantGrant},
    state::{Part, State},
    store::{AuditActor, AuditEntry, OperatorVisit, Tenant},
};

pub const PARTS: &[Part] = &[Part::Store, Part::Broadcasts, Part::DynamoDbConnection];

const MAX_REASON_CHARS: usize = 500;

pub async fn handle(state: Arc<State>, command: OperatorCommand) -> Result<Value> {
    match Box::pin(execute(&state, command)).await {
        Err(error) if !error.is_server_error() => {
            let refusal = json!({ "code": error.code(), "message": error.message() });
            Ok(json!({ "refused": refusal }))
        }
        answer => answer,
    }
}

async fn execute(state: &State, command: OperatorCommand) -> Result<Value> {
    match command {
        OperatorCommand::Tenants(list) => reads::list_tenants(state, &list).await,
        OperatorCommand::Tenant(read) => reads::show_tenant(state, &read).await,
        OperatorCommand::Limits(read) => reads::show_limits(state, &read).await,
        OperatorCommand::Audit(list) => reads::list_audit(state, &list).await,
        OperatorCommand::Suspend(change) => changes::suspend(state, &change).await,
        OperatorCommand::Resume(change) => changes::resume(state, &change).await,
        OperatorCommand::SetPlan(change) => changes::set_plan(state, &change).await,
        OperatorCommand::SetLimits(change) => changes::set_limits(state, &change).await,
        OperatorCommand::SetOperator(change) => changes::set_operator(state, &change).await,
    }
}

/// A command while it is executed.
struct OperatorCall<'a> {
    state: &'a State,
    operator: CommandOperator,
    correlation_id: CorrelationId,
}

impl<'a> OperatorCall<'a> {
    fn new(state: &'a State, by: &str) -> Result<Self> {
        Ok(Self {
            state,
            operator: CommandOperator::new(by)?,
            correlation_id: CorrelationId::new(state.clock.now(), &state.entropy),
        })
    }

    fn actor(&self) -> AuditActor {
        AuditActor::Operator(self.operator.name().to_owned())
    }

    fn grant(&self, tenant: TenantId) -> TenantGrant {
        TenantGrant::of_command(&self.operator, tenant)
    }

    fn visit<'b>(&self, actor: &'b AuditActor, command: &'b str) -> OperatorVisit<'b> {
        OperatorVisit {
            actor,
            route: command,
            source: None,
            correlation_id: self.correlation_id,
        }
    }

    /// Opens a workspace that exists, and records that the operator has read it.
    async fn open(&self, tenant: TenantId, command: &str) -> Result<(Tenant<'a>, TenantRecord)> {
        let tenant = self.state.store()?.tenant(self.grant(tenant));
        let record = tenant.require_tenant().await?;
        let actor = self.actor();
        let visit = self.visit(&actor, command);
        tenant.record_visit(&visit, self.state.clock.now()).await?;
        Ok((tenant, record))
    }

    /// Makes the entry of a change, which has a reason.
    fn entry(
        &self,
        action: &'static str,
        target: impl ToString,
        reason: &str,
    ) -> Result<AuditEntry> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS {
            let message = format!("Say why, in 1 to {MAX_REASON_CHARS} characters.");
            return Err(Error::invalid("bad_reason", message));
        }
        let entry = AuditEntry::of_actor(self.actor(), action, target, self.correlation_id);
        Ok(entry.with_note(reason))
    }
}

fn render<T: Serialize>(answer: &T) -> Result<Value> {
    serde_json::to_value(answer).map_err(|error| Error::internal("render_failed", error))
}
