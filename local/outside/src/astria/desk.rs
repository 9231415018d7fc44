//! One change of what Astria knows: what is saved, and the callbacks that tell of it, in one transaction.

use serde_json::{Value, json};

use super::{
    behaviour::Shape,
    callback,
    objects::{Batch, Prompt, Tune, correlation},
    refusal::Refusal,
};
use crate::{
    Outside,
    queue::{Kind, Lane, Provider},
    store::{Writer, astria, webhooks::Notice},
};

pub(super) struct Desk<'w, 'db> {
    pub(super) writer: &'w mut Writer<'db>,
    pub(super) now: i64,
    /// Where pictures are.
    pub(super) base_url: &'w str,
}

impl<'w, 'db> Desk<'w, 'db> {
    pub(super) fn new(writer: &'w mut Writer<'db>, outside: &'w Outside) -> Self {
        Self {
            writer,
            now: outside.now(),
            base_url: &outside.options.base_url,
        }
    }

    pub(super) fn tune(&self, id: &str) -> Result<Tune, Refusal> {
        let id = id.parse().map_err(|_| Refusal::missing())?;
        astria::tune(self.writer.db, id)?.ok_or_else(Refusal::missing)
    }

    pub(super) fn prompt(&self, id: &str) -> Result<Prompt, Refusal> {
        let id = id.parse().map_err(|_| Refusal::missing())?;
        astria::prompt(self.writer.db, id)?.ok_or_else(Refusal::missing)
    }

    pub(super) fn tell_tune(&mut self, tune: &Tune, always: bool) -> Result<usize, Refusal> {
        let Some(url) = &tune.callback else {
            return Ok(0);
        };
        let body = tune.wire(self.base_url);
        let body = if self.writer.astria.shape == Shape::Bare {
            body
        } else {
            json!({"tune": body})
        };
        self.call_back(tune.id, "tune", url, &body, always)
    }

    pub(super) fn tell_prompt(&mut self, prompt: &Prompt) -> Result<usize, Refusal> {
        let Some(url) = &prompt.callback else {
            return Ok(0);
        };
        let body = prompt.wire(self.base_url);
        let body = if self.writer.astria.shape == Shape::Bare {
            body
        } else {
            json!({"prompt": body})
        };
        self.call_back(prompt.tune, "prompt", url, &body, false)
    }

    pub(super) fn tell_batch(&mut self, batch: &Batch, always: bool) -> Result<usize, Refusal> {
        let Some(url) = &batch.prompts_callback else {
            return Ok(0);
        };
        let prompts = astria::prompts_in(self.writer.db, batch.id)?;
        let prompts: Vec<Value> = prompts
            .iter()
            .map(|prompt| prompt.wire(self.base_url))
            .collect();
        let bodies = match self.writer.astria.shape {
            Shape::Documented | Shape::Bare => vec![prompts.into()],
            Shape::Wrapped => vec![json!({"prompts": prompts})],
            Shape::Each => prompts
                .into_iter()
                .map(|prompt| json!({"prompt": prompt}))
                .collect(),
        };
        let mut told = 0;
        for body in bodies {
            told += self.call_back(batch.tune, "prompts", url, &body, always)?;
        }
        Ok(told)
    }

    /// Owed to the app, unless it is one of those that get lost.
    fn call_back(
        &mut self,
        tune: i64,
        what: &str,
        url: &str,
        body: &Value,
        always: bool,
    ) -> Result<usize, Refusal> {
        let is_lost = !always && fastrand::u32(0..100) < self.writer.astria.drop_percent;
        let state = if is_lost { "dropped" } else { "owed" };
        let id = astria::add_callback(self.writer.db, tune, what, url, self.now, state)?;
        if is_lost {
            return Ok(0);
        }
        let notice = Notice {
            lane: Lane {
                person: format!("callback {id}"),
                kind: Kind::Callback,
            },
            provider: Provider::Astria,
            message_id: tune.to_string(),
            payload: callback::payload(id, what, url, body, correlation(url)),
        };
        self.writer.owe(&notice, self.now)?;
        Ok(1)
    }
}
