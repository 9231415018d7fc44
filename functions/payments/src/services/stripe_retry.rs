//! Repeats a request to Stripe with idempotency keys that are derived from one thing, so that it is
//! made once.

use std::{future::Future, time::Duration};

use confab_stripe::{Again, StripeError};

/// Suffixes of the keys that follow when Stripe stores a failure under a key.
const KEY_SUFFIXES: [&str; 3] = [":2", ":3", ":4"];
/// Delays before repeating a request whose copy is still in progress.
const RETRY_DELAYS_MS: [u64; 4] = [100, 300, 800, 1_500];

/// Sends a request under `key`, and under another key when Stripe stores a failure. The caller
/// ensures that a request which took effect under a failed key does no harm when it is repeated.
pub(crate) async fn with_idempotency_key<T, Fut>(
    key: &str,
    send: impl Fn(String) -> Fut,
) -> Result<T, StripeError>
where
    Fut: Future<Output = Result<T, StripeError>>,
{
    let mut current = key.to_owned();
    let mut next_keys = KEY_SUFFIXES.iter().map(|suffix| format!("{key}{suffix}"));
    let mut delays = RETRY_DELAYS_MS.into_iter().map(Duration::from_millis);
    loop {
        let error = match send(current.clone()).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let StripeError::Busy { again, .. } = &error else {
            return Err(error);
        };
        match again {
            Again::WhenTheOtherEnds if let Some(delay) = delays.next() => {
                tokio::time::sleep(delay).await;
            }
            Again::UnderAnotherKey if let Some(next) = next_keys.next() => current = next,
            _ => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn busy(again: Again) -> StripeError {
        StripeError::Busy {
            reason: "simulated".into(),
            again,
        }
    }

    /// Returns the keys that were sent while Stripe answers with the given errors, and the result.
    async fn send_all(errors: Vec<StripeError>) -> (Vec<String>, Result<u8, StripeError>) {
        let (keys, errors) = (Mutex::new(Vec::new()), Mutex::new(errors.into_iter()));
        let answer = with_idempotency_key("ord_1", |key| {
            keys.lock().unwrap().push(key);
            let next = errors.lock().unwrap().next();
            async move { next.map_or(Ok(1), Err) }
        })
        .await;
        (keys.into_inner().unwrap(), answer)
    }

    #[tokio::test(start_paused = true)]
    async fn request_in_progress_is_repeated_and_a_stored_failure_gets_another_key() {
        assert_eq!(send_all(vec![]).await, (vec!["ord_1".into()], Ok(1)));
        let (keys, answer) = send_all(vec![
            busy(Again::WhenTheOtherEnds),
            busy(Again::UnderAnotherKey),
        ])
        .await;
        assert_eq!(
            (keys.join(" "), answer),
            ("ord_1 ord_1 ord_1:2".into(), Ok(1))
        );
        for again in [
            Again::WhenTheOtherEnds,
            Again::UnderAnotherKey,
            Again::Later,
        ] {
            let (keys, answer) = send_all(vec![busy(again); 9]).await;
            assert_eq!(answer, Err(busy(again)));
            assert!(keys.len() < 6, "{again:?}");
        }
        let refused = StripeError::Refused {
            code: "charge_disputed".into(),
            message: String::new(),
        };
        assert_eq!(
            send_all(vec![refused.clone()]).await,
            (vec!["ord_1".into()], Err(refused))
        );
    }
}
