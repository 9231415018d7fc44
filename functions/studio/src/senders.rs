//! The outside world of the studio's worker: messages go out through the channel that the person wrote from.

use std::{sync::Arc, time::Duration};

use confab_kernel::{
    Clock, Result, Timestamp,
    messaging::{Channel, Outbound},
    worker::{Effect, Evidence, Outcome, World},
};
use confab_lambda::metrics;
use confab_providers::{
    Accepted, SendError,
    meta::Meta,
    twilio::{Found, Twilio},
};

use crate::store::Reply;

/// A status of Meta's comes within a second or two. One that has not come for so long after the last attempt's lease
/// ended is not coming, so the message was not accepted: Meta has no way to ask.
const META_SILENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Senders {
    pub(crate) meta: Option<Meta>,
    pub(crate) twilio: Option<Twilio>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Senders").field("meta", &self.meta.is_some()).field("twilio", &self.twilio.is_some()).finish()
    }
}

impl Senders {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { meta: None, twilio: None, clock }
    }

    async fn send(&self, outbound: &Outbound) -> Result<Accepted, SendError> {
        let not_configured = || SendError::NotReached("the channel is not configured".into());
        match outbound.to.channel {
            Channel::Meta => self.meta.as_ref().ok_or_else(not_configured)?.send(outbound).await,
            Channel::Twilio => self.twilio.as_ref().ok_or_else(not_configured)?.send(outbound).await,
        }
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

    async fn look_for(&self, effect: &Effect<Reply>, attempts_ended: Timestamp) -> Result<Evidence> {
        match (effect.what.to.channel, &self.twilio) {
            (Channel::Twilio, Some(twilio)) => {
                let found = twilio.find(&effect.what.outbound(effect.id), effect.id.made_at()).await?;
                Ok(match found {
                    Found::Sent(Accepted { message_id }) => Evidence::Happened { receipt: message_id },
                    Found::NotSent => Evidence::DidNotHappen,
                    Found::CannotTell => self.after_silence(attempts_ended),
                })
            }
            // A status would have settled the effect: see `Store::follow`.
            _ => Ok(self.after_silence(attempts_ended)),
        }
    }
}

impl Senders {
    fn after_silence(&self, attempts_ended: Timestamp) -> Evidence {
        let since = self.clock.now().duration_since(attempts_ended);
        if since.unsigned_abs() < META_SILENCE || since.is_negative() {
            return Evidence::NotYetClear;
        }
        metrics::count("MessageSentAgain", "no_status");
        Evidence::DidNotHappen
    }
}
