//! All parts of the cloud, put together: what handlers and loops share.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Result, bail};
use bytes::Bytes;

use crate::{
    bus,
    clock::Clock,
    dynamo::Dynamo,
    lambda::{Folders, Function, Functions, Outcome},
    latency::Latency,
    objects::Objects,
    record::{Kind, Record},
    schedule::Schedules,
    sockets::Sockets,
    sqs::{Engine, Outgoing},
    template::{Places, Queue, Redrive, Template},
};

#[derive(Debug)]
pub struct Cloud {
    pub template: Template,
    pub clock: Arc<Clock>,
    pub record: Arc<Record>,
    pub queues: Arc<Engine>,
    pub functions: Arc<Functions>,
    pub tables: Dynamo,
    pub objects: Arc<Objects>,
    pub schedules: Schedules,
    pub sockets: Sockets,
    pub latency: Latency,
    pub parameters: BTreeMap<String, String>,
    pub region: String,
    pub account: String,
    pub started_at: i64,
}

/// Lambda's own queue of a function's asynchronous events, with the waits of its tries.
pub fn waiting_line(function: &crate::template::Function) -> [Queue; 2] {
    let name = format!(".async-{}", function.name);
    let given_up = format!(".given-up-{}", function.name);
    let queue = |name: String, redrive| Queue {
        logical_id: name.clone(),
        place: function.place.clone(),
        arn: format!("arn:local:{name}"),
        url: name.clone(),
        name,
        fifo: false,
        content_based_deduplication: false,
        deduplicates_per_group: false,
        visibility: Duration::from_secs(60),
        delay: Duration::ZERO,
        retention: Duration::from_secs(6 * 3600),
        redrive,
    };
    let redrive = Redrive {
        dlq_arn: format!("arn:local:{given_up}"),
        max_receives: function.max_retries + 1,
    };
    [queue(name, Some(redrive)), queue(given_up, None)]
}

/// The folders, the template and its addresses, and the clock.
#[derive(Debug)]
pub struct CloudConfig {
    pub data: PathBuf,
    pub folders: Folders,
    pub template: Template,
    /// What the template was read with.
    pub places: Places,
    /// Values of the parameter store, besides those of the template, which win.
    pub parameters: BTreeMap<String, String>,
    pub clock: Arc<Clock>,
}

impl Cloud {
    /// Opens tables, queues, objects and schedules. Nothing runs before `start_loops`.
    pub async fn open(config: CloudConfig) -> Result<Self> {
        let CloudConfig {
            data,
            folders,
            template,
            places,
            mut parameters,
            clock,
        } = config;
        for rule in &template.rules {
            if let Some(operator) = bus::unknown_operator(&rule.pattern) {
                bail!(
                    "rule {}: local does not know the pattern operator {operator}",
                    rule.name
                );
            }
        }
        let record = Record::new(clock.clone());
        let lines = template.functions.iter().flat_map(waiting_line);
        let queues: Vec<_> = template.queues.iter().cloned().chain(lines).collect();
        parameters.extend(template.stored_parameters.clone());
        Ok(Self {
            tables: Dynamo::open(&data, &template.tables).await?,
            schedules: Schedules::open(&data, &template.schedules, clock.timestamp())?,
            sockets: Sockets::new(&template.sockets),
            latency: Latency::default(),
            started_at: clock.now(),
            parameters,
            queues: Arc::new(Engine::open(&data, &queues, clock.clone())?),
            functions: Arc::new(Functions::new(
                &template.functions,
                &folders,
                &places.aws_url,
                &places.region,
                &clock,
                &record,
            )),
            objects: Arc::new(Objects::open(&data, &template, record.clone())?),
            region: places.region,
            account: places.account,
            template,
            clock,
            record,
        })
    }

    /// Takes an event for a function that nobody waits for. It is on disk when this returns.
    pub fn invoke_later(&self, function: &Function, payload: &str) -> Result<()> {
        let line = self
            .queues
            .queue(&format!(".async-{}", function.spec.name))?;
        let message = Outgoing {
            body: payload.to_owned(),
            attributes: serde_json::json!({}),
            ..Outgoing::default()
        };
        self.queues.send(line, &message)?;
        Ok(())
    }

    /// Works off the asynchronous events of one function, until local stops.
    pub async fn work_off(self: Arc<Self>, function: Arc<Function>) {
        let [line, given_up] = waiting_line(&function.spec);
        loop {
            let received = self.queues.receive_held(&line, 1).ok();
            let received =
                received.and_then(|(messages, held)| Some((messages.into_iter().next()?, held)));
            let Some((message, _held)) = received else {
                self.bury(&function, &given_up);
                self.queues
                    .arrival(&line.name, Duration::from_secs(20))
                    .await;
                continue;
            };
            match function.invoke(Bytes::from(message.body.clone())).await {
                Outcome::Answered(_) => {
                    if let Err(error) = self.queues.delete(&line, &message.receipt) {
                        self.record.line(
                            &function.spec.name,
                            &format!("an event is done but not deleted: {error}"),
                        );
                    }
                }
                // The line's visibility is the wait before the next try.
                Outcome::Failed(failure) => {
                    let text = format!("try {}: {}", message.receives, failure.message);
                    self.record
                        .entry(Kind::Function, &function.spec.name, "asynchronous", text)
                        .failed_if(true)
                        .add();
                }
            }
        }
    }

    /// What failed at every try goes to the function's failure queue, if it has one.
    fn bury(&self, function: &Function, given_up: &Queue) {
        let Some(target) = function
            .spec
            .failures_to
            .as_deref()
            .and_then(|arn| self.queues.by_arn(arn).ok())
        else {
            return;
        };
        for message in self.queues.receive(given_up, 10, None).unwrap_or_default() {
            let copy = Outgoing {
                body: message.body,
                attributes: message.attributes,
                group_id: Some(function.spec.name.clone()),
                deduplication_id: Some(message.id),
                ..Outgoing::default()
            };
            if self.queues.send(target, &copy).is_ok()
                && self.queues.delete(given_up, &message.receipt).is_err()
            {
                self.record.line(
                    &function.spec.name,
                    "an event that was given up may be in its failure queue twice",
                );
            }
        }
    }
}
