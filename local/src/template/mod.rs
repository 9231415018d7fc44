//! Reads template.yaml into what local runs. What local does not know is an error with its place, never skipped.

mod intrinsics;
mod resources;
mod sockets;
mod yaml;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

pub(crate) use resources::matches as fits_pattern;
pub use resources::{
    Bucket, Bus, Consumer, Function, Policy, Queue, Redrive, Route, Rule, Schedule, Statement, Table, Target,
};
pub use sockets::{Authorizer, INTEGRATION_TIMEOUT, IdentitySource, SocketApi, SocketRoute};

use intrinsics::Scope;

/// Everything that local runs.
#[derive(Debug, Default)]
pub struct Template {
    pub functions: Vec<Function>,
    pub queues: Vec<Queue>,
    pub tables: Vec<Table>,
    pub buckets: Vec<Bucket>,
    pub buses: Vec<Bus>,
    pub rules: Vec<Rule>,
    pub schedules: Vec<Schedule>,
    pub sockets: Option<SocketApi>,
    /// Which pages of other origins may call the HTTP API.
    pub cors: Option<Cors>,
}

/// As API Gateway answers for the functions; lists are as they stand in a header.
#[derive(Debug, Clone)]
pub struct Cors {
    pub origins: Vec<String>,
    pub methods: String,
    pub headers: String,
    pub exposed: String,
    pub max_age: u64,
}

/// Where things are, for `Ref` and `GetAtt`.
#[derive(Debug, Clone)]
pub struct Places {
    pub stack: String,
    pub region: String,
    pub account: String,
    /// The base of queue URLs.
    pub aws_url: String,
    /// Host and port of the WebSocket API.
    pub socket: String,
    pub parameters: BTreeMap<String, String>,
}

impl Template {
    pub fn load(path: &Path, places: &Places) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("Failed to read {}", path.display()))?;
        Self::parse(&text, places).with_context(|| format!("{} cannot run here", path.display()))
    }

    pub fn parse(text: &str, places: &Places) -> Result<Self> {
        let document = yaml::read(text)?;
        let document = document.as_object().context("the template is not a mapping")?;
        for section in document.keys() {
            match section.as_str() {
                "AWSTemplateFormatVersion" | "Transform" | "Description" | "Metadata" | "Outputs" => {}
                "Parameters" | "Conditions" | "Globals" | "Resources" => {}
                other => bail!("{other}: local does not know this section"),
            }
        }
        let scope = Scope::new(document, places)?;
        let globals = document.get("Globals").cloned().unwrap_or_default();
        let mut template = Self::default();
        for (id, resource) in section(document, "Resources")? {
            let resource = resource.as_object().with_context(|| format!("Resources.{id} is not a mapping"))?;
            if !scope.applies(resource)? {
                continue;
            }
            resources::add(&mut template, id, resource, &globals, &scope).with_context(|| format!("Resources.{id}"))?;
        }
        template.check()?;
        if let Some(api) = &template.sockets {
            for value in template.functions.iter_mut().flat_map(|function| function.environment.values_mut()) {
                *value = api.brought_here(value, places);
            }
        }
        Ok(template)
    }

    /// What points at something must find it.
    fn check(&self) -> Result<()> {
        let queue = |arn: &str| self.queues.iter().any(|queue| queue.arn == arn);
        let function = |arn: &str| self.functions.iter().any(|function| function.arn == arn);
        for queue in &self.queues {
            let Some(redrive) = &queue.redrive else { continue };
            let dlq = self.queue_by_arn(&redrive.dlq_arn).with_context(|| {
                format!("{}: its dead-letter queue {} is not in the template", queue.logical_id, redrive.dlq_arn)
            })?;
            if dlq.fifo != queue.fifo {
                bail!("{}: a FIFO queue and its dead-letter queue are both FIFO, or neither is", queue.logical_id);
            }
        }
        for f in &self.functions {
            for consumer in &f.consumers {
                let queue = self.queue_by_arn(&consumer.queue_arn).with_context(|| {
                    format!("{}: its queue {} is not in the template", f.logical_id, consumer.queue_arn)
                })?;
                if queue.fifo && (consumer.batch_size > 10 || !consumer.window.is_zero()) {
                    bail!("{}: a FIFO queue gives batches of ten at most, and knows no window", f.logical_id);
                }
                if queue.visibility < f.timeout {
                    bail!(
                        "{}: the visibility timeout of {} is shorter than its timeout",
                        f.logical_id,
                        queue.logical_id
                    );
                }
            }
        }
        for target in self.rules.iter().flat_map(|rule| &rule.targets) {
            if !queue(&target.arn) && !function(&target.arn) {
                bail!("rule target {}: local sends events to queues and functions of the template", target.arn);
            }
            let fifo = self.queue_by_arn(&target.arn).filter(|queue| queue.fifo);
            if fifo.is_some_and(|queue| target.group.is_none() || !queue.content_based_deduplication) {
                bail!(
                    "rule target {}: a FIFO queue wants a MessageGroupId, and to deduplicate by contents",
                    target.arn
                );
            }
        }
        if let Some(api) = &self.sockets {
            let routes = api.routes.iter().map(|(key, route)| (key.as_str(), &route.function_arn));
            let authorizer = api.authorizer.iter().map(|authorizer| ("Auth", &authorizer.function_arn));
            for (what, arn) in routes.chain(authorizer) {
                if !function(arn) {
                    bail!("{}: {what}: {arn} is not a function of the template", api.logical_id);
                }
            }
        }
        for schedule in &self.schedules {
            if !function(&schedule.target_arn) {
                bail!(
                    "schedule {}: its target {} is not a function of the template",
                    schedule.name,
                    schedule.target_arn
                );
            }
        }
        Ok(())
    }

    pub fn queue_by_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.arn == arn)
    }
}

fn section<'a>(document: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>> {
    document.get(name).and_then(Value::as_object).with_context(|| format!("{name} is missing or not a mapping"))
}

#[cfg(test)]
mod tests;
