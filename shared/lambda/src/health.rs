//! Health and readiness, as every service answers them.

use std::{future::Future, time::Duration};

use confab_core::{Error, Result};
use http::StatusCode;
use serde::Serialize;
use tokio::{sync::Mutex, time::Instant};

use crate::{ApiRequest, Response, response};

/// Anybody may ask, as often as they like: what is looked at is not asked each time.
const FRESH: Duration = Duration::from_secs(5);

/// The last look at what a service needs, and when it was. A text says what was wrong.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    async fn check(&self, look: impl Future<Output = Result<()>>) -> Result<()> {
        let mut last = self.0.lock().await;
        let seen = match last.take().filter(|(at, _)| at.elapsed() < FRESH) {
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

/// `../health`: the process answers. `../ready`: so does what the service needs, which `look` finds out.
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
    async fn what_a_service_needs_is_looked_at_once_in_a_while() {
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
        tokio::time::advance(FRESH).await;
        for _ in 0..2 {
            let error = readiness
                .check(look(Err(Error::internal("gone", "the table"))))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "not_ready");
        }
        assert_eq!(looks.get(), 2);
        tokio::time::advance(FRESH).await;
        readiness.check(look(Ok(()))).await.unwrap();
    }
}
