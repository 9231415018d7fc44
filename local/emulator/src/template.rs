//! Reads a SAM template and the stacks nested in it into what local runs. Anything unknown is an error with file and line.

mod intrinsics;
mod policies;
mod resources;
mod sockets;
mod source;
mod stacks;
mod yaml;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

pub(crate) use policies::matches as matches_pattern;
pub use policies::{Policy, Statement};
pub use resources::DEFAULT_ROUTE;
pub use resources::{
    Bucket, Bus, Consumer, Function, HttpApi, Queue, Redrive, Route, Rule, Runtime, Schedule,
    Table, Target,
};
pub use sockets::{Authorizer, INTEGRATION_TIMEOUT, IdentitySource, SocketApi, SocketRoute};
pub use source::normalized;
pub use yaml::read as read_yaml;

use intrinsics::Scope;
use source::Source;

/// Everything that local runs, of the root stack and all nested ones.
#[derive(Debug, Default)]
pub struct Template {
    pub functions: Vec<Function>,
    pub queues: Vec<Queue>,
    pub tables: Vec<Table>,
    pub buckets: Vec<Bucket>,
    pub buses: Vec<Bus>,
    pub rules: Vec<Rule>,
    pub schedules: Vec<Schedule>,
    pub sockets: Vec<SocketApi>,
    pub http_apis: Vec<HttpApi>,
    /// Of the parameter store, by name.
    pub stored_parameters: BTreeMap<String, String>,
    /// The values of the root stack's parameters.
    pub parameters: BTreeMap<String, String>,
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
    /// The base URL of all HTTP APIs.
    pub gateway: String,
    /// Host and port of all WebSocket APIs.
    pub socket: String,
    /// Values of the root stack's parameters.
    pub parameters: BTreeMap<String, String>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            stack: "confab".to_owned(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            aws_url: "http://127.0.0.1:7072".to_owned(),
            gateway: "http://127.0.0.1:7071".to_owned(),
            socket: "127.0.0.1:7073".to_owned(),
            parameters: BTreeMap::new(),
        }
    }
}

impl Places {
    /// An API's name in AWS's DNS. Functions are given an address of this machine instead.
    fn domain(&self, api: &str) -> String {
        format!("{api}.execute-api.{}.amazonaws.com", self.region)
    }
}

/// The templates that a template nests, and those that they nest, as far as their files are there.
pub fn nested_files(template: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![Source::file(template)?];
    while let Some(source) = waiting.pop() {
        let document = yaml::read(&source.text()).map_err(|error| source.located(&error))?;
        for resource in document
            .get("Resources")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::values)
        {
            let properties = resource.get("Properties");
            let location =
                properties.and_then(|of| of.get("TemplateURL").or_else(|| of.get("Location")));
            // What is wrong with it is told when the stack is read.
            let nested = location
                .and_then(Value::as_str)
                .and_then(|location| source.included(location).ok());
            files.extend(
                nested
                    .iter()
                    .filter_map(|nested| nested.path().map(Path::to_owned)),
            );
            waiting.extend(nested);
        }
    }
    Ok(files)
}

impl Template {
    pub fn load(path: &Path, places: &Places) -> Result<Self> {
        Self::of_root(Source::file(path)?, places)
    }

    /// Reads a template that is in no file. Its nested stacks and code are relative to the current folder.
    pub fn parse(text: &str, places: &Places) -> Result<Self> {
        Self::of_root(Source::of_text(text), places)
    }

    fn of_root(source: Source, places: &Places) -> Result<Self> {
        let given = places
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Value::String(value.clone())));
        let root = Scope::new(
            source,
            places.stack.clone(),
            Vec::new(),
            places,
            &given.collect(),
        )?;
        if let Some(unknown) = places
            .parameters
            .keys()
            .find(|name| !root.declares_parameter(name))
        {
            bail!(
                "{}: {unknown} is given a value and is not a parameter",
                root.source.place(["Parameters"])
            );
        }
        let mut template = Self {
            parameters: root.parameter_texts(),
            ..Self::default()
        };
        template.add_stack(&root)?;
        template.check()?;
        template.name_socket_paths();
        template.lead_addresses_here(places);
        Ok(template)
    }

    fn add_stack(&mut self, scope: &Scope) -> Result<()> {
        for (id, resource) in scope.resources() {
            let added = self
                .add_resource(id, resource, scope)
                .with_context(|| format!("Resources.{id}"));
            if added.map_err(|error| scope.source.located(&error))? == Added::Stack {
                // Errors in there carry their own place.
                let child = scope.child(id)?;
                self.add_stack(&child)?;
            }
        }
        Ok(())
    }

    fn add_resource(&mut self, id: &str, resource: &Value, scope: &Scope) -> Result<Added> {
        let resource = resource.as_object().context("it is not a mapping")?;
        if !scope.applies(resource)? {
            return Ok(Added::Resource);
        }
        if resource
            .get("Type")
            .and_then(Value::as_str)
            .is_some_and(stacks::is_stack)
        {
            return Ok(Added::Stack);
        }
        resources::add(self, id, resource, scope)?;
        Ok(Added::Resource)
    }

    /// APIs share one port here. A stage's name is the path of the only API that has it, else the API's id comes first.
    fn name_socket_paths(&mut self) {
        let stages: Vec<_> = self.sockets.iter().map(|api| api.stage.clone()).collect();
        for api in &mut self.sockets {
            let is_only = stages.iter().filter(|stage| **stage == api.stage).count() == 1;
            api.path = if is_only {
                api.stage.clone()
            } else {
                format!("{}/{}", api.id, api.stage)
            };
        }
    }

    fn lead_addresses_here(&mut self, places: &Places) {
        let mut moves = Vec::new();
        for api in &self.sockets {
            let domain = places.domain(&api.id);
            for (scheme, here) in [("wss", "ws"), ("https", "http")] {
                let to = |path: &str| format!("{here}://{}{path}", places.socket);
                moves.push((
                    format!("{scheme}://{domain}/{}", api.stage),
                    to(&format!("/{}", api.path)),
                ));
                moves.push((format!("{scheme}://{domain}"), to("")));
            }
        }
        for api in &self.http_apis {
            moves.push((
                format!("https://{}", places.domain(&api.id)),
                places.gateway.clone(),
            ));
        }
        for value in self
            .functions
            .iter_mut()
            .flat_map(|function| function.environment.values_mut())
        {
            for (from, to) in &moves {
                *value = value.replace(from, to);
            }
        }
    }

    /// References between resources must find their target, and names must be unique over all stacks.
    fn check(&self) -> Result<()> {
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

    pub fn queue_by_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.arn == arn)
    }
}

fn section<'a>(document: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>> {
    document
        .get(name)
        .and_then(Value::as_object)
        .with_context(|| format!("{name} is missing or not a mapping"))
}

#[derive(PartialEq, Eq)]
enum Added {
    Resource,
    /// Its resources are still to be added.
    Stack,
}

/// `/chats/{code}` and `/chats/{id}` are one route.
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

#[cfg(test)]
mod tests;
