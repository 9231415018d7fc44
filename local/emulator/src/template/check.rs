//! Checks across resources.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::model::Template;

impl Template {
    /// Checks that references resolve, and that names are unique over all stacks.
    pub(super) fn check(&self) -> Result<()> {
        self.check_names()?;
        self.check_queues()?;
        let queue = |arn: &str| self.queue_by_arn(arn).is_some();
        let function = |arn: &str| self.functions.iter().any(|function| function.arn == arn);
        for rule in &self.rules {
            for target in &rule.targets {
                let at = format!("{}: rule target {}", rule.place, target.arn);
                if !queue(&target.arn) && !function(&target.arn) {
                    bail!("{at}: local sends events to queues and functions of the template");
                }
                let fifo = self.queue_by_arn(&target.arn).filter(|queue| queue.fifo);
                if fifo.is_some_and(|queue| {
                    target.group.is_none() || !queue.content_based_deduplication
                }) {
                    bail!(
                        "{at}: a FIFO queue wants a MessageGroupId, and to deduplicate by contents"
                    );
                }
            }
        }
        for api in &self.sockets {
            let routes = api
                .routes
                .iter()
                .map(|(key, route)| (key.as_str(), &route.function_arn));
            let authorizer = api
                .authorizer
                .iter()
                .map(|authorizer| ("Auth", &authorizer.function_arn));
            for (what, arn) in routes.chain(authorizer) {
                if !function(arn) {
                    bail!(
                        "{}: {}: {what}: {arn} is not a function of the template",
                        api.place,
                        api.logical_id
                    );
                }
            }
        }
        for route in self.functions.iter().flat_map(|function| &function.routes) {
            if !self.http_apis.iter().any(|api| api.id == route.api) {
                bail!(
                    "{}: ApiId: {} is not an HTTP API of the same template",
                    route.place,
                    route.api
                );
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<()> {
        let mut places = BTreeMap::new();
        let mut is_unique =
            |name: String, place: &str| match places.insert(name.clone(), place.to_owned()) {
                Some(first) => bail!("{place}: {name} is at {first} too"),
                None => Ok(()),
            };
        for function in &self.functions {
            is_unique(format!("the function {}", function.name), &function.place)?;
            for route in &function.routes {
                is_unique(
                    format!("the route {} {}", route.method, without_names(&route.path)),
                    &route.place,
                )?;
            }
        }
        for queue in &self.queues {
            is_unique(format!("the queue {}", queue.name), &queue.place)?;
        }
        for table in &self.tables {
            is_unique(format!("the table {}", table.name), &table.place)?;
        }
        for bucket in &self.buckets {
            is_unique(format!("the bucket {}", bucket.name), &bucket.place)?;
        }
        for bus in &self.buses {
            is_unique(format!("the event bus {}", bus.name), &bus.place)?;
        }
        for schedule in &self.schedules {
            is_unique(format!("the schedule {}", schedule.name), &schedule.place)?;
        }
        Ok(())
    }

    fn check_queues(&self) -> Result<()> {
        for queue in &self.queues {
            let Some(redrive) = &queue.redrive else {
                continue;
            };
            let at = format!("{}: {}", queue.place, queue.logical_id);
            let dlq = self.queue_by_arn(&redrive.dlq_arn).with_context(|| {
                format!(
                    "{at}: its dead-letter queue {} is not in the template",
                    redrive.dlq_arn
                )
            })?;
            if dlq.fifo != queue.fifo {
                bail!("{at}: a FIFO queue and its dead-letter queue are both FIFO, or neither is");
            }
        }
        for function in &self.functions {
            let at = format!("{}: {}", function.place, function.logical_id);
            for consumer in &function.consumers {
                let queue = self.queue_by_arn(&consumer.queue_arn);
                let queue = queue.with_context(|| {
                    format!(
                        "{at}: its queue {} is not in the template",
                        consumer.queue_arn
                    )
                })?;
                if queue.fifo && (consumer.batch_size > 10 || !consumer.window.is_zero()) {
                    bail!("{at}: a FIFO queue gives batches of ten at most, and knows no window");
                }
                if queue.visibility < function.timeout {
                    bail!(
                        "{at}: the visibility timeout of {} is shorter than its timeout",
                        queue.logical_id
                    );
                }
            }
        }
        Ok(())
    }
}

/// Removes parameter names: `/chats/{code}` and `/chats/{id}` are one route.
fn without_names(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(name) if name.ends_with("+}") => "{+}",
            Some(_) => "{}",
            None => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}
