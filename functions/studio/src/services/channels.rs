//! Channels: messages go out through the one that the user wrote from, and media comes in through
//! it.

use std::{sync::Arc, time::Duration};

use confab_aws::{Keyring, SecretName};
use confab_core::{Clock, EnvError, Timestamp, after};
use confab_lambda::metrics;
use confab_messaging::{Address, Channel, Media, Outbound};
use confab_meta::{Meta, MetaConfig};
use confab_provider_base::{Accepted, File, MediaError, SendError};
use confab_twilio::{Twilio, TwilioConfig};
use confab_worker::{EffectOutcome, Evidence};
use secrecy::SecretString;

use crate::config::{Config, META_ACCESS_TOKEN, TWILIO_AUTH_TOKEN};

/// A message without a status this long after the last attempt's lease ended was not accepted, and
/// is sent again.
///
/// Statuses arrive within seconds, with our reference. Meta cannot be asked, and Twilio finds
/// messages by text only, which repeats.
const STATUS_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Channels {
    http: reqwest::Client,
    secrets: Keyring,
    /// Both configurations hold no secret: the current one is read for each call.
    meta: Option<MetaConfig>,
    twilio: Option<TwilioConfig>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channels")
            .field("meta", &self.meta.is_some())
            .field("twilio", &self.twilio.is_some())
            .finish_non_exhaustive()
    }
}

fn meta_config(config: &Config) -> Result<Option<MetaConfig>, EnvError> {
    let Some(phone_number_id) = config.meta_phone_number_id() else {
        return Ok(None);
    };
    Ok(Some(MetaConfig {
        api_url: config.meta_api_url()?.to_owned(),
        version: config.meta_api_version()?.to_owned(),
        phone_number_id: phone_number_id.to_owned(),
        token: SecretString::default(),
        media_origins: Vec::new(),
    }))
}

fn twilio_config(config: &Config) -> Result<Option<TwilioConfig>, EnvError> {
    let Some(account_sid) = config.twilio_account_sid() else {
        return Ok(None);
    };
    let base_url = config.public_base_url();
    Ok(Some(TwilioConfig {
        api_url: config.twilio_api_url()?.to_owned(),
        account_sid: account_sid.to_owned(),
        auth_token: SecretString::default(),
        from: config.twilio_from()?.to_owned(),
        status_callback: base_url.map(|base| format!("{base}/SmsReceived")),
        content_sids: config.twilio_content_sids(),
        media_origins: Vec::new(),
    }))
}

impl Channels {
    pub(crate) fn new(
        config: &Config,
        http: reqwest::Client,
        secrets: Keyring,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EnvError> {
        Ok(Self {
            http,
            secrets,
            meta: meta_config(config)?,
            twilio: twilio_config(config)?,
            clock,
        })
    }

    /// Builds the client of Meta for one of our phone numbers.
    async fn meta(&self, phone_number_id: &str) -> Result<Meta, SendError> {
        let config = self.meta.as_ref().ok_or_else(not_configured)?;
        let config = MetaConfig {
            token: self.secret(META_ACCESS_TOKEN).await?,
            phone_number_id: phone_number_id.to_owned(),
            ..config.clone()
        };
        Ok(Meta::new(self.http.clone(), config))
    }

    async fn twilio(&self) -> Result<Twilio, SendError> {
        let config = self.twilio.as_ref().ok_or_else(not_configured)?;
        let config = TwilioConfig {
            auth_token: self.secret(TWILIO_AUTH_TOKEN).await?,
            ..config.clone()
        };
        Ok(Twilio::new(self.http.clone(), config))
    }

    async fn secret(&self, name: SecretName) -> Result<SecretString, SendError> {
        self.secrets
            .current(name)
            .await
            .map_err(|error| SendError::NotReached(error.to_string()))
    }

    async fn try_send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        match outbound.to.channel {
            // The number that the user wrote to answers.
            Channel::Meta => self.meta(&outbound.to.business).await?.send(outbound).await,
            Channel::Twilio => self.twilio().await?.send(outbound).await,
        }
    }

    pub(crate) async fn send(&self, outbound: &Outbound) -> EffectOutcome {
        match self.try_send(outbound).await {
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
            Err(SendError::NotSent {
                code,
                title,
                retry_after,
                ..
            }) => EffectOutcome::Later {
                code,
                title,
                delay: retry_after,
            },
            Err(SendError::NotReached(title)) => EffectOutcome::Later {
                code: 0,
                title,
                delay: None,
            },
            Err(SendError::Unknown(reason)) => EffectOutcome::Unknown { reason },
        }
    }

    /// Judges an attempt with an unknown outcome. A status would have settled it: see
    /// `Store::apply_status`.
    pub(crate) fn evidence_of(&self, attempts_ended: Timestamp) -> Evidence {
        let evidence = evidence_at(attempts_ended, self.clock.now());
        if evidence == Evidence::DidNotHappen {
            metrics::count("MessageSentAgain", "no_status");
        }
        evidence
    }

    /// Fetches a file that a user sent, with the account that received it.
    pub(crate) async fn media(&self, from: &Address, media: &Media) -> Result<File, MediaError> {
        let unavailable = |error: SendError| MediaError::Unavailable(error.to_string());
        match from.channel {
            Channel::Meta => {
                let meta = self.meta(&from.business).await.map_err(unavailable)?;
                meta.media(&media.source).await
            }
            Channel::Twilio => {
                let twilio = self.twilio().await.map_err(unavailable)?;
                twilio.media(&media.source).await
            }
        }
    }
}

fn not_configured() -> SendError {
    SendError::NotReached("the channel is not configured".into())
}

fn evidence_at(attempts_ended: Timestamp, now: Timestamp) -> Evidence {
    if now >= after(attempts_ended, STATUS_TIMEOUT) {
        Evidence::DidNotHappen
    } else {
        Evidence::NotYetClear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_status_is_evidence_after_20_seconds() {
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        assert_eq!(evidence_at(at(0), at(19)), Evidence::NotYetClear);
        assert_eq!(evidence_at(at(0), at(20)), Evidence::DidNotHappen);
        assert_eq!(
            evidence_at(at(60), at(0)),
            Evidence::NotYetClear,
            "an attempt may still be running"
        );
    }
}
