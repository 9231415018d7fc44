//! `Idempotency-Key`: a request that creates something is answered once, and repeated answers are the first one.
//!
//! All attempts at one request make their ids from the same time and bytes. So an attempt that follows one that died
//! finds the rows of that one by their ids, and creates nothing twice.

use std::time::Duration;

use confab_core::{Entropy, Error, Kind, Result, Timestamp, UserId, after, hex};
use confab_lambda::{ApiRequest, Response, response};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::{
    auth::TenantGrant,
    state::State,
    store::{OnceAnswer, OnceClaim, OnceRecord, OnceScope},
};

const HEADER: &str = "idempotency-key";
const MAX_KEY_BYTES: usize = 255;
/// How long an answer is repeated.
const ANSWER_TTL: Duration = Duration::from_secs(24 * 3_600);
/// Longer than any request takes. Afterwards another attempt may begin.
const ATTEMPT_LOCK: Duration = Duration::from_secs(60);

/// One attempt at a request. As a source of ids it gives the same bytes each time and to each attempt, so that it is
/// none for secrets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// When the first attempt began.
    pub(crate) started_at: Timestamp,
    seed: [u8; 10],
}

impl Entropy for Attempt {
    fn bytes(&self) -> [u8; 10] {
        self.seed
    }
}

impl Attempt {
    fn first(state: &State) -> Self {
        Self {
            started_at: state.clock.now(),
            seed: state.entropy.bytes(),
        }
    }
}

/// Answers a request once, if it has an `Idempotency-Key`. Answers are stored for a day: none may hold a secret.
///
/// The caller is authorized before. Errors are not stored, because the same request gets the same error again.
pub(crate) async fn once<F, Fut>(
    state: &State,
    grant: TenantGrant,
    route: &'static str,
    request: &ApiRequest,
    work: F,
) -> Result<Response>
where
    F: FnOnce(Attempt) -> Fut + Send,
    Fut: Future<Output = Result<Response>> + Send,
{
    once_in(state, OnceScope::Tenant(grant), route, request, work).await
}

/// Answers like `once`, for a person outside of a tenant.
pub(crate) async fn once_of_person<F, Fut>(
    state: &State,
    user: UserId,
    route: &'static str,
    request: &ApiRequest,
    work: F,
) -> Result<Response>
where
    F: FnOnce(Attempt) -> Fut + Send,
    Fut: Future<Output = Result<Response>> + Send,
{
    once_in(state, OnceScope::Person(user), route, request, work).await
}

async fn once_in<F, Fut>(
    state: &State,
    scope: OnceScope,
    route: &'static str,
    request: &ApiRequest,
    work: F,
) -> Result<Response>
where
    F: FnOnce(Attempt) -> Fut + Send,
    Fut: Future<Output = Result<Response>> + Send,
{
    let attempt = Attempt::first(state);
    let Some(key) = idempotency_key(request)? else {
        return work(attempt).await;
    };
    let store = state.store()?;
    let mut claim = OnceClaim::new(store, scope, route, key, record(request, attempt));
    let attempt = match begin(state, &mut claim, attempt).await? {
        Begun::Attempt(attempt) => attempt,
        Begun::Answered(answer) => return render(&answer),
    };
    match work(attempt).await {
        Ok(response) => {
            store.answer_once(&claim, &answer_of(&response)).await?;
            Ok(response)
        }
        Err(error) => {
            let (from, now) = (claim.record.locked_until, state.clock.now());
            store.move_once_lock(&claim, from, now).await?;
            Err(error)
        }
    }
}

fn idempotency_key(request: &ApiRequest) -> Result<Option<&str>> {
    let Some(value) = request.request.headers().get(HEADER) else {
        return Ok(None);
    };
    let is_plain = |key: &&str| {
        (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(is_plain).ok_or_else(|| {
        let message = "An Idempotency-Key has 1 to 255 visible ASCII characters.";
        Error::invalid("bad_idempotency_key", message)
    });
    key.map(Some)
}

fn record(request: &ApiRequest, attempt: Attempt) -> OnceRecord {
    let mut hash = Sha256::new();
    hash.update(request.path());
    hash.update("\n");
    hash.update(request.body());
    OnceRecord {
        request: hex(&hash.finalize()),
        started_at: attempt.started_at,
        seed: attempt.seed,
        locked_until: after(attempt.started_at, ATTEMPT_LOCK),
        answer: None,
        expires_at: after(attempt.started_at, ANSWER_TTL).as_second(),
    }
}

enum Begun {
    Attempt(Attempt),
    Answered(OnceAnswer),
}

/// Begins an attempt, or returns the answer of an earlier one.
async fn begin(state: &State, claim: &mut OnceClaim, first: Attempt) -> Result<Begun> {
    let (store, now) = (state.store()?, state.clock.now());
    if store.begin_once(claim, now).await? {
        return Ok(Begun::Attempt(first));
    }
    let Some(known) = store.find_once(claim).await? else {
        return Err(in_progress());
    };
    if known.request != claim.record.request {
        let message = "This Idempotency-Key was used for another request.";
        return Err(Error::new(Kind::Unprocessable, "key_reused", message));
    }
    if let Some(answer) = known.answer {
        return Ok(Begun::Answered(answer));
    }
    let (from, until) = (known.locked_until, after(now, ATTEMPT_LOCK));
    if now < from || !store.move_once_lock(claim, from, until).await? {
        return Err(in_progress());
    }
    claim.record = OnceRecord {
        locked_until: until,
        ..known
    };
    Ok(Begun::Attempt(Attempt {
        started_at: claim.record.started_at,
        seed: claim.record.seed,
    }))
}

fn in_progress() -> Error {
    let message = "A request with this Idempotency-Key is in progress. Try again in a moment.";
    Error::conflict("in_progress", message)
}

fn answer_of(response: &Response) -> OnceAnswer {
    OnceAnswer {
        status: response.status().as_u16(),
        body: String::from_utf8_lossy(response.body().as_ref()).into_owned(),
    }
}

fn render(answer: &OnceAnswer) -> Result<Response> {
    let status = StatusCode::from_u16(answer.status);
    let status = status.map_err(|e| Error::internal("unreadable_row", e))?;
    if answer.body.is_empty() {
        return Ok(response::empty(status));
    }
    let mut response = response::text(status, answer.body.as_str());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_answer_has_the_status_and_the_body_of_the_first() {
        let first = response::json(StatusCode::CREATED, &serde_json::json!({ "id": 1 })).unwrap();
        let again = render(&answer_of(&first)).unwrap();
        assert_eq!(again.status(), StatusCode::CREATED);
        assert_eq!(again.body().as_ref(), first.body().as_ref());
        assert_eq!(again.headers(), first.headers());
        let empty = render(&answer_of(&response::empty(StatusCode::NO_CONTENT))).unwrap();
        assert_eq!(empty.status(), StatusCode::NO_CONTENT);
        assert!(empty.headers().is_empty());
    }

    #[test]
    fn attempts_give_the_same_bytes() {
        let attempt = Attempt {
            started_at: Timestamp::UNIX_EPOCH,
            seed: [7; 10],
        };
        assert_eq!(attempt.bytes(), attempt.bytes());
    }
}
