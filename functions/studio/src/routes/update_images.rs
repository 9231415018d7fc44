//! `POST /update-images`: the packs are listed anew, and pictures of what they make are drawn. `GET` says how far it is.
//! For the operator, and by itself once a day.

use std::{sync::Arc, time::Duration};

use confab_aws::{Entry, Queue};
use confab_core::{Clock, CorrelationId, Error, EventId, Result};
use confab_lambda::{ApiRequest, Response, response};
use http::{Method, StatusCode};
use studio_domain::{PackJob, PackTask};

use crate::{
    Packs,
    services::operator,
    store::{Refresh, Store},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A list that has not come by then is asked for again.
const LISTED_WITHIN: Duration = Duration::from_secs(15 * 60);

pub async fn handle(deps: Arc<Packs>, call: ApiRequest) -> Result<Response> {
    operator::is_calling(&deps.keys, &call).await?;
    if call.request.method() == Method::POST {
        let id = EventId::new(deps.clock.now(), &deps.entropy);
        begin(&deps.store, &deps.drawing, id, call.correlation_id).await?;
        let begun = deps.store.refreshed().await?.ok_or_else(never)?;
        return response::json(StatusCode::ACCEPTED, &begun);
    }
    let refreshed = deps.store.refreshed().await?.ok_or_else(never)?;
    response::json(StatusCode::OK, &refreshed)
}

fn never() -> Error {
    Error::not_found("refresh of the packs")
}

/// It may be asked for at any time: the latest counts, and its pictures take the places of others.
pub(crate) async fn begin(
    store: &Store,
    drawing: &Queue,
    id: EventId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let job = PackJob::V1 {
        refresh: id,
        task: PackTask::List,
    };
    // What is noted first and not sent would be believed for a day.
    drawing
        .send(&[Entry::standard(&job, correlation_id)?])
        .await?;
    store
        .begins(&Refresh {
            id,
            began_at: id.made_at(),
            packs: None,
        })
        .await
}

/// Makers change their packs now and then: they are listed anew when nobody has done so for a day. `id` is made now.
pub(crate) async fn keep_fresh(
    store: &Store,
    drawing: &Queue,
    id: EventId,
    correlation_id: CorrelationId,
) -> Result<()> {
    let fresh_until = store.refresh().await?.and_then(|refresh| {
        let lasts = if refresh.packs.is_some() {
            DAY
        } else {
            LISTED_WITHIN
        };
        refresh.began_at.checked_add(lasts).ok()
    });
    match fresh_until.is_some_and(|until| id.made_at() < until) {
        true => Ok(()),
        false => begin(store, drawing, id, correlation_id).await,
    }
}
