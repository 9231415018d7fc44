//! The outside world of the studio's worker: messages go out through the channel that the person wrote from.

use std::{sync::Arc, time::Duration};

use confab_aws::Secrets;
use confab_kernel::{
    Clock, Result, Timestamp,
    messaging::{Channel, Outbound},
    worker::{Effect, Evidence, Outcome, World},
};
use confab_lambda::metrics;
use confab_providers::{
    Accepted, SendError,
    meta::{Meta, MetaConfig},
    twilio::{Twilio, TwilioConfig},
};

use secrecy::SecretString;

use crate::store::Reply;

/// A status comes within a second or two, with our reference. One that has not come for so long after the last attempt's
/// lease ended is not coming, so the message was not accepted. Meta has no way to ask; Twilio has one, but it knows
/// messages by their text, and we say the same thing twice.
const SILENCE: Duration = Duration::from_secs(20);

pub(crate) struct Senders {
    pub(crate) http: reqwest::Client,
    pub(crate) secrets: Secrets,
    /// The account, and the name of the secret that opens it. The secret is read anew when it is five minutes old.
    pub(crate) meta: Option<(MetaConfig, String)>,
    pub(crate) twilio: Option<(TwilioConfig, String)>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Senders").field("meta", &self.meta.is_some()).field("twilio", &self.twilio.is_some()).finish()
    }
}

impl Senders {
    async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let not_configured = || SendError::NotReached("the channel is not configured".into());
        let http = self.http.clone();
        match outbound.to.channel {
            Channel::Meta => {
                let (config, secret) = self.meta.as_ref().ok_or_else(not_configured)?;
                // Whichever of our numbers the person wrote to answers.
                let phone_number_id = outbound.to.business.clone();
                let token = self.secret(secret).await?;
                Meta::new(http, MetaConfig { token, phone_number_id, ..config.clone() }).send(outbound).await
            }
            Channel::Twilio => {
                let (config, secret) = self.twilio.as_ref().ok_or_else(not_configured)?;
                let auth_token = self.secret(secret).await?;
                Twilio::new(http, TwilioConfig { auth_token, ..config.clone() }).send(outbound).await
            }
        }
    }

    async fn secret(&self, name: &str) -> Result<SecretString, SendError> {
        self.secrets.get(name).await.map_err(|error| SendError::NotReached(error.to_string()))
    }
}

impl World<Reply> for Senders {
    async fn perform(&self, effect: &Effect<Reply>) -> Outcome {
        match self.send(&effect.what.outbound(effect.id)).await {
            Ok(accepted) => Outcome::Done { receipt: accepted.message_id },
            Err(SendError::NotSent { retry: false, code, title, .. }) => {
                metrics::count("MessageRefused", "provider");
                Outcome::Refused { code, title }
            }
            Err(SendError::NotSent { code, title, .. }) => Outcome::Later { code, title },
            Err(SendError::NotReached(title)) => Outcome::Later { code: 0, title },
            Err(SendError::Unknown(reason)) => Outcome::Unknown { reason },
        }
    }

    /// A status would have settled the effect: see `Store::follow`.
    async fn look_for(&self, _: &Effect<Reply>, attempts_ended: Timestamp) -> Result<Evidence> {
        let evidence = after(attempts_ended, self.clock.now());
        if evidence == Evidence::DidNotHappen {
            metrics::count("MessageSentAgain", "no_status");
        }
        Ok(evidence)
    }
}

fn after(attempts_ended: Timestamp, now: Timestamp) -> Evidence {
    let silence = now.duration_since(attempts_ended);
    match silence >= SILENCE.try_into().unwrap_or_default() {
        true => Evidence::DidNotHappen,
        false => Evidence::NotYetClear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_evidence_only_when_it_has_lasted() {
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        assert_eq!(after(at(0), at(19)), Evidence::NotYetClear);
        assert_eq!(after(at(0), at(20)), Evidence::DidNotHappen);
        assert_eq!(after(at(60), at(0)), Evidence::NotYetClear, "an attempt may still be under way");
    }
}
