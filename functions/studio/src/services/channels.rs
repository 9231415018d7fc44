//! The channels: messages go out through the one that the person wrote from, and files come in through it.

use std::{sync::Arc, time::Duration};

use confab_aws::{Keyring, SecretName};
use confab_core::{Clock, Env, Timestamp};
use confab_lambda::metrics;
use confab_messaging::{Address, Channel, Media, Outbound};
use confab_meta::{Meta, MetaConfig};
use confab_provider_base::{Accepted, File, MediaError, SendError};
use confab_twilio::{Twilio, TwilioConfig};
use confab_worker::{EffectOutcome, Evidence};

use secrecy::SecretString;

const META: &str = "META_PHONE_NUMBER_ID";
const TWILIO: &str = "TWILIO_ACCOUNT_SID";

pub(crate) const META_APP_SECRET: SecretName = SecretName("META_APP_SECRET_PARAM");
pub(crate) const META_VERIFY_TOKEN: SecretName = SecretName("META_VERIFY_TOKEN_PARAM");
pub(crate) const TWILIO_AUTH_TOKEN: SecretName = SecretName("TWILIO_AUTH_TOKEN_PARAM");
const META_ACCESS_TOKEN: SecretName = SecretName("META_ACCESS_TOKEN_PARAM");

/// The secrets that verify webhooks. A channel without an account has none, so that its requests are refused.
pub(crate) fn webhook_secrets(env: &Env) -> Vec<SecretName> {
    of_accounts(
        env,
        [
            (META, META_APP_SECRET),
            (META, META_VERIFY_TOKEN),
            (TWILIO, TWILIO_AUTH_TOKEN),
        ],
    )
}

/// The secrets that send messages and fetch media.
pub(crate) fn sending_secrets(env: &Env) -> Vec<SecretName> {
    of_accounts(
        env,
        [(META, META_ACCESS_TOKEN), (TWILIO, TWILIO_AUTH_TOKEN)],
    )
}

fn of_accounts<const N: usize>(env: &Env, all: [(&str, SecretName); N]) -> Vec<SecretName> {
    all.into_iter()
        .filter(|(account, _)| env.optional(account).is_some())
        .map(|(_, secret)| secret)
        .collect()
}

/// A status comes within a second or two, with our reference. One that has not come for so long after the last attempt's
/// lease ended is not coming, so the message was not accepted. Meta has no way to ask; Twilio has one, but it knows
/// messages by their text, and we say the same thing twice.
const SILENCE: Duration = Duration::from_secs(20);

pub(crate) struct Senders {
    pub(crate) http: reqwest::Client,
    /// The configurations below hold no secret: it is read from here for each call.
    pub(crate) keys: Keyring,
    pub(crate) meta: Option<MetaConfig>,
    pub(crate) twilio: Option<TwilioConfig>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Senders")
            .field("meta", &self.meta.is_some())
            .field("twilio", &self.twilio.is_some())
            .finish()
    }
}

impl Senders {
    async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let not_configured = || SendError::NotReached("the channel is not configured".into());
        let http = self.http.clone();
        match outbound.to.channel {
            Channel::Meta => {
                let config = self.meta.as_ref().ok_or_else(not_configured)?;
                // Whichever of our numbers the person wrote to answers.
                let phone_number_id = outbound.to.business.clone();
                let token = self.secret(META_ACCESS_TOKEN).await?;
                Meta::new(
                    http,
                    MetaConfig {
                        token,
                        phone_number_id,
                        ..config.clone()
                    },
                )
                .send(outbound)
                .await
            }
            Channel::Twilio => {
                let config = self.twilio.as_ref().ok_or_else(not_configured)?;
                let auth_token = self.secret(TWILIO_AUTH_TOKEN).await?;
                Twilio::new(
                    http,
                    TwilioConfig {
                        auth_token,
                        ..config.clone()
                    },
                )
                .send(outbound)
                .await
            }
        }
    }

    async fn secret(&self, wanted: SecretName) -> Result<SecretString, SendError> {
        self.keys
            .current(wanted)
            .await
            .map_err(|error| SendError::NotReached(error.to_string()))
    }
}

impl Senders {
    pub(crate) async fn perform(&self, outbound: &Outbound) -> EffectOutcome {
        match self.send(outbound).await {
            Ok(accepted) => EffectOutcome::Done {
                receipt: accepted.message_id,
            },
            Err(SendError::NotSent {
                retry: false,
                code,
                title,
                ..
            }) => {
                metrics::count("MessageRefused", "provider");
                EffectOutcome::Refused { code, title }
            }
            Err(SendError::NotSent { code, title, .. }) => EffectOutcome::Later { code, title },
            Err(SendError::NotReached(title)) => EffectOutcome::Later { code: 0, title },
            Err(SendError::Unknown(reason)) => EffectOutcome::Unknown { reason },
        }
    }

    /// A status would have settled the effect: see `Store::follow`.
    pub(crate) fn look_for(&self, attempts_ended: Timestamp) -> Evidence {
        let evidence = after(attempts_ended, self.clock.now());
        if evidence == Evidence::DidNotHappen {
            metrics::count("MessageSentAgain", "no_status");
        }
        evidence
    }

    /// A file that a person sent, from the account that got it.
    pub(crate) async fn media(&self, from: &Address, media: &Media) -> Result<File, MediaError> {
        let not_now = |error: SendError| MediaError::Unavailable(error.to_string());
        let not_configured = || MediaError::Unavailable("the channel is not configured".into());
        match from.channel {
            Channel::Meta => {
                let config = self.meta.as_ref().ok_or_else(not_configured)?;
                let phone_number_id = from.business.clone();
                let token = self.secret(META_ACCESS_TOKEN).await.map_err(not_now)?;
                let config = MetaConfig {
                    token,
                    phone_number_id,
                    ..config.clone()
                };
                Meta::new(self.http.clone(), config)
                    .media(&media.source)
                    .await
            }
            Channel::Twilio => {
                let config = self.twilio.as_ref().ok_or_else(not_configured)?;
                let auth_token = self.secret(TWILIO_AUTH_TOKEN).await.map_err(not_now)?;
                let config = TwilioConfig {
                    auth_token,
                    ..config.clone()
                };
                Twilio::new(self.http.clone(), config)
                    .media(&media.source)
                    .await
            }
        }
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
        assert_eq!(
            after(at(60), at(0)),
            Evidence::NotYetClear,
            "an attempt may still be under way"
        );
    }
}
