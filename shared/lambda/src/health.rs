//! Health and readiness, as every service answers them.

use std::{future::Future, time::Duration};

use confab_core::{Error, Result};
use http::StatusCode;
use serde::Serialize;
use tokio::{sync::Mutex, time::Instant};

use crate::{ApiRequest, Response, response};

/// How long a readiness check is cached. The route is public, so that a caller must not cause a check per request.
const READINESS_TTL: Duration = Duration::from_secs(5);

/// The last readiness check and its time. A text holds the failure.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    async fn check(&self, look: impl Future<Output = Result<()>>) -> Result<()> {
        let mut last = self.0.lock().await;
        let seen = match last.take().filter(|(at, _)| at.elapsed() < READINESS_TTL) {
            Some(seen) => seen,
            None => (
                Instant::now(),
                look.await.map_err(|error| error.to_string()),
            ),
        };
        last.insert(seen)
            .1
            .clone()
            .map_err(|cause| Error::unavailable("not_ready", cause))
    }
}

#[derive(Serialize)]
struct Answer {
    service: &'static str,
    status: &'static str,
}

/// Answers `../health`, which says that the process runs, and `../ready`, which also checks dependencies with `check`.
pub async fn health(
    service: &'static str,
    call: &ApiRequest,
    readiness: &Readiness,
    look: impl Future<Output = Result<()>>,
) -> Result<Response> {
    let status = if call.path().ends_with("/ready") {
        readiness.check(look).await?;
        "ready"
    } else {
        "healthy"
    };
    response::json(StatusCode::OK, &Answer { service, status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn readiness_is_checked_once_per_ttl() {
        let (readiness, looks) = (Readiness::default(), Cell::new(0));
        let look = |answer: Result<()>| {
            let looks = &looks;
            async move {
                looks.set(looks.get() + 1);
                answer
            }
        };
        readiness.check(look(Ok(()))).await.unwrap();
        readiness
            .check(look(Err(Error::internal("gone", "the table"))))
            .await
            .unwrap();
        assert_eq!(looks.get(), 1);
        tokio::time::advance(READINESS_TTL).await;
        for _ in 0..2 {
            let error = readiness
                .check(look(Err(Error::internal("gone", "the table"))))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "not_ready");
        }
        assert_eq!(looks.get(), 2);
        tokio::time::advance(READINESS_TTL).await;
        readiness.check(look(Ok(()))).await.unwrap();
    }
}
