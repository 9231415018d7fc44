//! Business hours.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_lambda::{Response, extract::Json, response};
use confab_worker::SaveOutcome;
use desk_domain::{Action, Holiday, Hours, TimeZoneName, Week};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    auth::Access,
    services::{memberships::confirm_role, tenant_changes::contended},
    state::State,
    store::{AuditEntry, HoursRecord},
};

const MAX_CAS_ATTEMPTS: usize = 8;

/// The whole object, with the version that it was made from.
#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursInput {
    version: u64,
    timezone: TimeZoneName,
    week: Week,
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<Holiday>>"))]
    holidays: Vec<Holiday>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Hours"), schema(as = Hours))]
pub(crate) struct HoursView<'a> {
    /// 0 before the first hours: people answer at any time.
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    timezone: Option<&'a TimeZoneName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    week: Option<&'a Week>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    holidays: Option<&'a [Holiday]>,
    is_open: bool,
    /// The next opening, while it is closed.
    opens_at: Option<Timestamp>,
}

fn render(record: Option<&HoursRecord>, now: Timestamp) -> Result<Response> {
    let hours = record.map(|record| &record.hours);
    let is_open = hours.is_none_or(|hours| hours.is_open(now));
    let next = hours.filter(|_| !is_open);
    let view = HoursView {
        version: record.map_or(0, |record| record.version),
        timezone: hours.map(|hours| &hours.timezone),
        week: hours.map(|hours| &hours.week),
        holidays: hours.map(|hours| hours.holidays.as_slice()),
        is_open,
        opens_at: next.and_then(|hours| hours.opens_at(now)),
    };
    response::json(StatusCode::OK, &view)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/hours",
    operation_id = "show_hours",
    tag = "Inbox settings",
    responses(
        (status = 200, description = "The business hours, and whether it is open.", body = HoursView),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn show_hours(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadSettings)?;
    let tenant = state.store()?.tenant(access.grant);
    let record = tenant.find_hours_record().await?;
    render(record.as_ref(), state.clock.now())
}

/// Replaces the hours. The same hours again are accepted with any version, because a lost answer is retried.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/hours",
    operation_id = "update_hours",
    tag = "Inbox settings",
    request_body = HoursInput,
    responses(
        (status = 200, description = "The new hours.", body = HoursView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_hours(
    state: Arc<State>,
    access: Access,
    Json(input): Json<HoursInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let seen = input.version;
    let hours = Hours {
        timezone: input.timezone,
        week: input.week,
        holidays: input.holidays,
    };
    let hours = hours.validated()?;
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (before, now) = (tenant.find_hours_record().await?, state.clock.now());
        let version = before.as_ref().map_or(0, |record| record.version);
        if before.as_ref().is_some_and(|record| record.hours == hours) {
            return render(before.as_ref(), now);
        }
        if seen != version {
            let message = "The hours were changed meanwhile. Load them again.";
            return Err(Error::conflict("changed_meanwhile", message));
        }
        let after = HoursRecord {
            version: version + 1,
            hours: hours.clone(),
        };
        let entry = AuditEntry::new(&access, "hours.changed", "hours", correlation_id);
        let entry = entry.with_change(before.as_ref(), Some(&after))?;
        if tenant.save_hours(&after, version, &entry, now).await? == SaveOutcome::Saved {
            return render(Some(&after), now);
        }
    }
    Err(contended())
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, ReadRefusals, WriteRefusals};
