//! `GET /api/studio/cleanups`: what the last ones found. `POST` with `{"dry_run":true}` begins one. For the operator.

use std::sync::Arc;

use confab_contracts::{Event, maintenance::CleanupDue};
use confab_core::{Clock, EventId, Result};
use confab_lambda::{ApiRequest, Response, response};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use studio_domain::PRODUCT;

use crate::{Cleanups, services::operator, store::Report};

/// More than a year of Wednesdays.
const MOST: i32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    dry_run: bool,
}

#[derive(Serialize)]
struct Begun {
    run: EventId,
}

#[derive(Serialize)]
struct Out {
    cleanups: Vec<Report>,
}

pub async fn handle(deps: Arc<Cleanups>, call: ApiRequest) -> Result<Response> {
    operator::is_calling(&deps.keys, &call).await?;
    if call.request.method() == Method::POST {
        let In { dry_run } = call.json()?;
        let now = deps.clock.now();
        let run = EventId::new(now, &deps.entropy);
        // On the bus, as the one of every Wednesday: all that follows is the same.
        let due = Event::new(
            run,
            now,
            PRODUCT,
            call.correlation_id,
            run.to_string(),
            CleanupDue { dry_run },
        );
        deps.bus.publish(&[due]).await?;
        return response::json(StatusCode::ACCEPTED, &Begun { run });
    }
    response::json(
        StatusCode::OK,
        &Out {
            cleanups: deps.store.cleanups(MOST).await?,
        },
    )
}
