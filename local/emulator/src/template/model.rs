//! Everything that the emulator runs, as read from a template.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use serde_json::Value;

/// The resources of the root stack and all nested ones.
#[derive(Debug, Clone, Default)]
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
    /// Addresses and domains that may send mails.
    pub identities: Vec<String>,
    /// Values of the parameter store, by name.
    pub stored_parameters: BTreeMap<String, String>,
    /// The values of the root stack's parameters.
    pub parameters: BTreeMap<String, String>,
}

impl Template {
    pub fn queue_by_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.arn == arn)
    }
}

/// CORS rules. All but `origins` are written as in their headers.
#[derive(Debug, Clone)]
pub struct Cors {
    pub origins: Vec<String>,
    pub methods: String,
    pub headers: String,
    pub exposed: String,
    pub max_age: u64,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub logical_id: String,
    /// File and line.
    pub place: String,
    /// The binary's name: `sms-received`.
    pub name: String,
    pub physical_name: String,
    pub log_group: String,
    pub arn: String,
    pub code: String,
    /// The folder of its code, as an absolute path.
    pub folder: PathBuf,
    pub runtime: Runtime,
    pub handler: String,
    pub timeout: Duration,
    pub memory_mb: u64,
    pub reserved_concurrency: Option<usize>,
    pub environment: BTreeMap<String, String>,
    pub routes: Vec<Route>,
    pub consumers: Vec<Consumer>,
    pub policy: Policy,
    pub max_retries: u32,
    pub failures_to: Option<String>,
    /// Patterns of sort keys whose rows one invocation may touch of several tenants.
    pub shared_tenant_rows: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// A binary of this workspace, by `CodeUri: target/lambda/NAME/`.
    Own,
    /// A `bootstrap` file in the folder.
    Provided,
    Node {
        name: String,
    },
    Python {
        name: String,
    },
}

impl Runtime {
    pub(super) fn new(name: &str, code: &str) -> Result<Self> {
        let is_numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        Ok(match name {
            "provided.al2023" | "provided.al2" | "provided" if code.contains(OWN_CODE) => Self::Own,
            "provided.al2023" | "provided.al2" | "provided" => Self::Provided,
            _ if name.strip_prefix("nodejs").is_some_and(is_numbered) => Self::Node {
                name: name.to_owned(),
            },
            _ if name.strip_prefix("python3.").is_some_and(is_numbered) => Self::Python {
                name: name.to_owned(),
            },
            _ => {
                bail!("Runtime: local runs provided.al2023, nodejs*.x and python3.*, not {name:?}")
            }
        })
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Own | Self::Provided => "provided.al2023",
            Self::Node { name } | Self::Python { name } => name,
        }
    }
}

/// Where cargo-lambda puts binaries; the emulator starts those of its own folder.
const OWN_CODE: &str = "target/lambda/";

#[derive(Debug, Clone)]
pub struct Route {
    /// The id of its API.
    pub api: String,
    pub method: String,
    pub path: String,
    pub place: String,
}

#[derive(Debug, Clone)]
pub struct HttpApi {
    pub logical_id: String,
    pub id: String,
    pub cors: Option<Cors>,
}

#[derive(Debug, Clone)]
pub struct Consumer {
    pub queue_arn: String,
    pub batch_size: usize,
    pub window: Duration,
    pub partial_failures: bool,
    pub maximum_concurrency: usize,
}

#[derive(Debug, Clone)]
pub struct Queue {
    pub logical_id: String,
    pub place: String,
    pub name: String,
    pub arn: String,
    pub url: String,
    pub fifo: bool,
    pub content_based_deduplication: bool,
    pub deduplicates_per_group: bool,
    pub visibility: Duration,
    pub delay: Duration,
    pub retention: Duration,
    pub redrive: Option<Redrive>,
}

#[derive(Debug, Clone)]
pub struct Redrive {
    pub dlq_arn: String,
    pub max_receives: u32,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub logical_id: String,
    pub place: String,
    pub name: String,
    pub arn: String,
    /// The properties as CreateTable takes them.
    pub definition: Value,
    pub ttl_attribute: Option<String>,
    /// The names of the partition key and the sort key.
    pub keys: Vec<String>,
    /// The text before a tenant's id in partition keys.
    pub tenant_prefix: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Bucket {
    pub logical_id: String,
    pub place: String,
    pub name: String,
    pub cors: Option<Cors>,
    /// The text before a tenant's id in the keys of objects.
    pub tenant_prefix: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Bus {
    pub name: String,
    pub place: String,
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub name: String,
    pub place: String,
    pub bus: String,
    pub pattern: Value,
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone)]
pub struct Target {
    pub arn: String,
    pub group: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Schedule {
    pub name: String,
    pub place: String,
    pub expression: String,
    pub timezone: String,
    pub target_arn: String,
    pub input: Option<String>,
    /// Whether it is a rule of EventBridge, whose events differ from those of Scheduler.
    pub is_rule: bool,
}

/// The key of the catch-all route.
pub(crate) const DEFAULT_ROUTE: &str = "$default";

#[derive(Debug, Clone)]
pub struct SocketApi {
    pub logical_id: String,
    pub place: String,
    pub id: String,
    pub stage: String,
    /// The path of clients: `live`, or `rooms/live` when several APIs have such a stage.
    pub path: String,
    /// The path of the route key in a JSON message: `["action"]`.
    pub selection: Vec<String>,
    pub routes: BTreeMap<String, SocketRoute>,
    pub authorizer: Option<Authorizer>,
}

#[derive(Debug, Clone)]
pub struct SocketRoute {
    pub function_arn: String,
    pub timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct Authorizer {
    pub function_arn: String,
    /// Connections without one of these get 401, and the function is not called.
    pub identity: Vec<IdentitySource>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    Header(String),
    Query(String),
}

/// The longest timeout of an integration.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The statements of a function.
#[derive(Debug, Clone, Default)]
pub struct Policy(pub Vec<Statement>);

#[derive(Debug, Clone)]
pub struct Statement {
    pub actions: Vec<String>,
    pub resources: Vec<String>,
}

impl Policy {
    pub fn allows(&self, action: &str, resource: &str) -> bool {
        self.0.iter().any(|statement| {
            statement
                .actions
                .iter()
                .any(|pattern| matches_pattern(pattern, action))
                && statement
                    .resources
                    .iter()
                    .any(|pattern| matches_pattern(pattern, resource))
        })
    }
}

/// Whether `text` matches a pattern in which `*` stands for any text.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches_pattern(after, &rest[at..]))
        }),
    }
}
