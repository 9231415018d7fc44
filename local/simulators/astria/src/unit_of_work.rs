//! One change: objects and the callbacks that report them, saved in one transaction.

use std::sync::Arc;

use confab_simulator_base::{NewWebhook, OrderingKey, Transaction, WebhookKind, WebhookQueue};
use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    astria::Astria,
    callback::{self, PROVIDER},
    objects::{Batch, Prompt, Tune, correlation},
    settings::{AstriaSettings, CallbackShape},
    tables,
};

pub(crate) struct UnitOfWork<'w, 'db> {
    pub(crate) tx: &'w mut Transaction<'db>,
    pub(crate) settings: AstriaSettings,
    webhooks: &'w Arc<WebhookQueue>,
    pub(crate) now: i64,
    /// The address of pictures.
    pub(crate) base_url: &'w str,
}

impl<'w, 'db> UnitOfWork<'w, 'db> {
    pub(crate) fn new(tx: &'w mut Transaction<'db>, astria: &'w Astria) -> Self {
        Self {
            tx,
            settings: astria.settings.get(),
            webhooks: &astria.webhooks,
            now: astria.context.now(),
            base_url: astria.context.base_url(),
        }
    }

    pub(crate) fn tune(&self, id: &str) -> Result<Tune, ApiError> {
        let id = id.parse().map_err(|_| ApiError::missing())?;
        tables::tune(self.tx.db, id)?.ok_or_else(ApiError::missing)
    }

    pub(crate) fn prompt(&self, id: &str) -> Result<Prompt, ApiError> {
        let id = id.parse().map_err(|_| ApiError::missing())?;
        tables::prompt(self.tx.db, id)?.ok_or_else(ApiError::missing)
    }

    pub(crate) fn call_back_tune(&mut self, tune: &Tune, always: bool) -> Result<usize, ApiError> {
        let Some(url) = &tune.callback else {
            return Ok(0);
        };
        let body = tune.wire(self.base_url);
        let body = if self.settings.shape == CallbackShape::Bare {
            body
        } else {
            json!({"tune": body})
        };
        self.call_back(tune.id, "tune", url, &body, always)
    }

    pub(crate) fn call_back_prompt(&mut self, prompt: &Prompt) -> Result<usize, ApiError> {
        let Some(url) = &prompt.callback else {
            return Ok(0);
        };
        let body = prompt.wire(self.base_url);
        let body = if self.settings.shape == CallbackShape::Bare {
            body
        } else {
            json!({"prompt": body})
        };
        self.call_back(prompt.tune, "prompt", url, &body, false)
    }

    pub(crate) fn call_back_batch(
        &mut self,
        batch: &Batch,
        always: bool,
    ) -> Result<usize, ApiError> {
        let Some(url) = &batch.prompts_callback else {
            return Ok(0);
        };
        let prompts = tables::prompts_in(self.tx.db, batch.id)?;
        let prompts: Vec<Value> = prompts
            .iter()
            .map(|prompt| prompt.wire(self.base_url))
            .collect();
        let bodies = match self.settings.shape {
            CallbackShape::Documented | CallbackShape::Bare => vec![prompts.into()],
            CallbackShape::Wrapped => vec![json!({"prompts": prompts})],
            CallbackShape::Each => prompts
                .into_iter()
                .map(|prompt| json!({"prompt": prompt}))
                .collect(),
        };
        let mut sent = 0;
        for body in bodies {
            sent += self.call_back(batch.tune, "prompts", url, &body, always)?;
        }
        Ok(sent)
    }

    /// Enqueues a callback, unless the settings drop it.
    fn call_back(
        &mut self,
        tune: i64,
        what: &str,
        url: &str,
        body: &Value,
        always: bool,
    ) -> Result<usize, ApiError> {
        let is_dropped = !always && fastrand::u32(0..100) < self.settings.drop_percent;
        let state = if is_dropped { "dropped" } else { "owed" };
        let id = tables::add_callback(self.tx.db, tune, what, url, self.now, state)?;
        if is_dropped {
            return Ok(0);
        }
        let webhook = NewWebhook {
            ordering_key: OrderingKey {
                owner: format!("callback {id}"),
                kind: WebhookKind::Callback,
            },
            provider: PROVIDER,
            message_id: tune.to_string(),
            payload: callback::payload(id, what, url, body, correlation(url)),
        };
        self.tx.enqueue(self.webhooks, &webhook, self.now)?;
        Ok(1)
    }
}
