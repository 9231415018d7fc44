//! Asking Stripe for a thing once, however often it is asked for: the same thing has the same key.

use std::{future::Future, time::Duration};

use confab_stripe::{Again, StripeError};

/// What follows the key when Stripe has failed for good under the one before.
const OTHER_KEYS: [&str; 3] = [":2", ":3", ":4"];
/// How long another copy of the request is waited for.
const WAITS_MS: [u64; 4] = [100, 300, 800, 1_500];

/// What was done under a key that failed is for the thing itself to know: a page that nobody was told the address of
/// does no harm, and money that is back already is not there to go back again.
pub(crate) async fn once<T, Asked>(
    key: &str,
    ask: impl Fn(String) -> Asked,
) -> Result<T, StripeError>
where
    Asked: Future<Output = Result<T, StripeError>>,
{
    let mut current = key.to_owned();
    let mut others = OTHER_KEYS.iter().map(|suffix| format!("{key}{suffix}"));
    let mut waits = WAITS_MS.into_iter().map(Duration::from_millis);
    loop {
        let error = match ask(current.clone()).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let StripeError::Busy { again, .. } = &error else {
            return Err(error);
        };
        match again {
            Again::WhenTheOtherEnds if let Some(wait) = waits.next() => {
                tokio::time::sleep(wait).await
            }
            Again::UnderAnotherKey if let Some(next) = others.next() => current = next,
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
            reason: "on purpose".into(),
            again,
        }
    }

    /// The keys that were asked with, until an answer is none of the given errors.
    async fn asked(errors: Vec<StripeError>) -> (Vec<String>, Result<u8, StripeError>) {
        let (keys, errors) = (Mutex::new(Vec::new()), Mutex::new(errors.into_iter()));
        let answer = once("ord_1", |key| {
            keys.lock().unwrap().push(key);
            let next = errors.lock().unwrap().next();
            async move { next.map_or(Ok(1), Err) }
        })
        .await;
        (keys.into_inner().unwrap(), answer)
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_request_is_waited_for_and_a_failure_that_stays_is_gone_around() {
        assert_eq!(asked(vec![]).await, (vec!["ord_1".into()], Ok(1)));
        let (keys, answer) = asked(vec![
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
            let (keys, answer) = asked(vec![busy(again); 9]).await;
            assert_eq!(answer, Err(busy(again)));
            assert!(keys.len() < 6, "{again:?}");
        }
        let refused = StripeError::Refused {
            code: "charge_disputed".into(),
            message: String::new(),
        };
        assert_eq!(
            asked(vec![refused.clone()]).await,
            (vec!["ord_1".into()], Err(refused))
        );
    }
}
