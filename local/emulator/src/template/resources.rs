//! The resources that local runs, and those that mean nothing on a laptop. Every property is either used, or known to
//! have no meaning here, or an error.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{
    Cors, Template,
    intrinsics::{IMPLICIT_API, Scope},
    policies::{self, Policy},
    sockets,
    source::normalized,
};

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
    fn new(name: &str, code: &str) -> Result<Self> {
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

/// Where cargo-lambda puts what it builds; on a laptop the same binaries are started from their own folder.
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
    /// Which pages of other origins may call it.
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
}

#[derive(Debug, Clone)]
pub struct Bucket {
    pub logical_id: String,
    pub place: String,
    pub name: String,
    /// Whose pages may put and get objects themselves.
    pub cors: Option<Cors>,
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
    /// A rule of EventBridge, whose events differ from those of the Scheduler.
    pub is_rule: bool,
}

/// Monitoring and permissions of AWS itself: they change nothing about what the functions do.
const NOTHING_HERE: &[&str] = &[
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentConfig",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Events::Archive",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Route53::RecordSet",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::S3::BucketPolicy",
];

pub(super) fn add(
    template: &mut Template,
    id: &str,
    resource: &Map<String, Value>,
    scope: &Scope,
) -> Result<()> {
    for key in resource.keys() {
        let known = [
            "Type",
            "Properties",
            "Condition",
            "DependsOn",
            "DeletionPolicy",
            "UpdateReplacePolicy",
            "Metadata",
        ];
        if !known.contains(&key.as_str()) {
            bail!("local does not know {key} of a resource");
        }
    }
    let kind = resource
        .get("Type")
        .and_then(Value::as_str)
        .context("it has no Type")?;
    if NOTHING_HERE.contains(&kind) {
        return Ok(());
    }
    let empty = Value::Object(Map::new());
    let properties = scope
        .resolve(resource.get("Properties").unwrap_or(&empty))
        .context("Properties")?;
    match kind {
        "AWS::Serverless::HttpApi" => template.http_apis.push(http_api(id, properties, scope)?),
        "AWS::Serverless::WebSocketApi" => sockets::add(template, id, kind, &properties, scope)?,
        "AWS::Serverless::Function" => function(template, id, &properties, scope)?,
        "AWS::SQS::Queue" => template.queues.push(queue(id, &properties, scope)?),
        "AWS::DynamoDB::Table" => template.tables.push(table(id, &properties, scope)?),
        "AWS::S3::Bucket" => template.buckets.push(bucket(id, &properties, scope)?),
        "AWS::Events::EventBus" => {
            Properties::new(kind, &properties, &["Name", "Tags", "Description"])?;
            template.buses.push(Bus {
                name: scope.physical(id)?.name,
                place: place(scope, id),
            });
        }
        "AWS::Events::Rule" => template.rules.push(rule(id, &properties, scope)?),
        "AWS::Serverless::SimpleTable" => {
            template.tables.push(simple_table(id, &properties, scope)?)
        }
        "AWS::SSM::Parameter" => {
            let known = [
                "Name",
                "Type",
                "Value",
                "Description",
                "Tags",
                "Tier",
                "AllowedPattern",
            ];
            let p = Properties::new(kind, &properties, &known)?;
            let name = p
                .text("Name")
                .context("Name is missing: local gives parameters no names")?;
            template
                .stored_parameters
                .insert(name, p.text("Value").context("Value is missing")?);
        }
        "AWS::Serverless::Api" | "AWS::ApiGateway::RestApi" => {
            bail!("local runs HTTP APIs (AWS::Serverless::HttpApi), not REST APIs ({kind})")
        }
        "AWS::ApiGatewayV2::Api" => {
            bail!(
                "local runs AWS::Serverless::HttpApi and AWS::Serverless::WebSocketApi, not {kind}"
            )
        }
        other => bail!("local does not run {other} yet"),
    }
    Ok(())
}

fn place(scope: &Scope, id: &str) -> String {
    scope.source.place(["Resources", id])
}

fn http_api(id: &str, properties: Value, scope: &Scope) -> Result<HttpApi> {
    let merged = merge(scope.globals("HttpApi")?, properties);
    let known = [
        // Used.
        "CorsConfiguration",
        // Without a meaning on a laptop.
        "Name",
        "Description",
        "StageName",
        "DefaultRouteSettings",
        "RouteSettings",
        "AccessLogSettings",
        "Domain",
        "DisableExecuteApiEndpoint",
        "Tags",
        "PropagateTags",
        "FailOnWarnings",
    ];
    let p = Properties::new("AWS::Serverless::HttpApi", &merged, &known)?;
    let cors = match p.of.get("CorsConfiguration") {
        None | Some(Value::Bool(false)) => None,
        // SAM's short form: any page may call.
        Some(Value::Bool(true)) => Some(cors(&serde_json::json!({ "AllowOrigins": ["*"] }))?),
        Some(given) => Some(cors(given)?),
    };
    Ok(HttpApi {
        logical_id: id.to_owned(),
        id: scope.physical(id)?.reference,
        cors,
    })
}

fn cors(given: &Value) -> Result<Cors> {
    let p = Properties::new(
        "CorsConfiguration",
        given,
        &[
            "AllowOrigins",
            "AllowMethods",
            "AllowHeaders",
            "ExposeHeaders",
            "MaxAge",
        ],
    )?;
    let listed = |name: &str| texts(p.of.get(name)).join(",");
    Ok(Cors {
        origins: texts(p.of.get("AllowOrigins")),
        methods: listed("AllowMethods"),
        headers: listed("AllowHeaders"),
        exposed: listed("ExposeHeaders"),
        max_age: p.number("MaxAge")?.unwrap_or(0),
    })
}

fn bucket_cors(rule: &Value) -> Result<Cors> {
    let known = [
        "AllowedOrigins",
        "AllowedMethods",
        "AllowedHeaders",
        "ExposedHeaders",
        "MaxAge",
        "Id",
    ];
    let p = Properties::new("CorsRules", rule, &known)?;
    let listed = |name: &str| texts(p.of.get(name)).join(",");
    Ok(Cors {
        origins: texts(p.of.get("AllowedOrigins")),
        methods: listed("AllowedMethods"),
        headers: listed("AllowedHeaders"),
        exposed: listed("ExposedHeaders"),
        max_age: p.number("MaxAge")?.unwrap_or(0),
    })
}

/// A resource's properties, none of which may be unknown.
pub(super) struct Properties<'a> {
    pub(super) of: &'a Map<String, Value>,
}

impl<'a> Properties<'a> {
    pub(super) fn new(kind: &str, value: &'a Value, known: &[&str]) -> Result<Self> {
        let of = value
            .as_object()
            .with_context(|| format!("{kind} is not a mapping"))?;
        if let Some(unknown) = of.keys().find(|key| !known.contains(&key.as_str())) {
            bail!("local does not know {unknown} of {kind}");
        }
        Ok(Self { of })
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.of.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .with_context(|| format!("{name}: {text} is not a number"))
            })
            .transpose()
    }

    fn seconds(&self, name: &str, otherwise: u64) -> Result<Duration> {
        Ok(Duration::from_secs(self.number(name)?.unwrap_or(otherwise)))
    }

    fn truth(&self, name: &str) -> bool {
        self.of.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

const FUNCTION: &[&str] = &[
    // Used.
    "CodeUri",
    "FunctionName",
    "Timeout",
    "MemorySize",
    "Environment",
    "Events",
    "Policies",
    "ReservedConcurrentExecutions",
    "Runtime",
    "Handler",
    "EventInvokeConfig",
    // Without a meaning on a laptop.
    "Architectures",
    "Tracing",
    "LoggingConfig",
    "AutoPublishAlias",
    "AutoPublishCodeSha256",
    "DeploymentPreference",
    "Description",
    "Tags",
    "ProvisionedConcurrencyConfig",
    "EphemeralStorage",
];

fn function(template: &mut Template, id: &str, properties: &Value, scope: &Scope) -> Result<()> {
    let merged = merge(scope.globals("Function")?, properties.clone());
    let properties = Properties::new("AWS::Serverless::Function", &merged, FUNCTION)?;
    let code = properties
        .text("CodeUri")
        .context("CodeUri is missing, or not a folder")?;
    let folder = normalized(&scope.source.folder.join(&code));
    let code = code_path(&code, scope);
    let runtime = Runtime::new(&properties.text("Runtime").unwrap_or_default(), &code)?;
    let handler = properties.text("Handler").or_else(|| {
        let is_provided = matches!(runtime, Runtime::Own | Runtime::Provided);
        is_provided.then(|| "bootstrap".to_owned())
    });
    let handler = handler.context("Handler is missing")?;
    let physical = scope.physical(id)?;
    let name = match runtime {
        Runtime::Own => code
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
        // Physical names are unique, and begin with the stack's.
        _ => physical
            .name
            .strip_prefix(&format!("{}-", scope.places.stack))
            .unwrap_or(&physical.name)
            .to_owned(),
    };
    let mut function = Function {
        logical_id: id.to_owned(),
        place: place(scope, id),
        name,
        log_group: log_group(&properties)
            .unwrap_or_else(|| format!("/aws/lambda/{}", physical.name)),
        physical_name: physical.name,
        arn: physical.arn,
        code,
        folder,
        runtime,
        handler,
        timeout: properties.seconds("Timeout", 3)?,
        memory_mb: properties.number("MemorySize")?.unwrap_or(128),
        reserved_concurrency: properties
            .number("ReservedConcurrentExecutions")?
            .and_then(|n| usize::try_from(n).ok()),
        environment: environment(properties.of)?,
        routes: Vec::new(),
        consumers: Vec::new(),
        policy: policies::policy(properties.of.get("Policies"), scope)?,
        max_retries: 2,
        failures_to: None,
    };
    if let Some(config) = properties.of.get("EventInvokeConfig") {
        let config = Properties::new(
            "EventInvokeConfig",
            config,
            &["MaximumRetryAttempts", "DestinationConfig"],
        )?;
        function.max_retries = config
            .number("MaximumRetryAttempts")?
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(2);
        function.failures_to = config
            .of
            .get("DestinationConfig")
            .and_then(|d| d.pointer("/OnFailure/Destination"))
            .and_then(Value::as_str)
            .map(str::to_owned);
    }
    let events = properties.of.get("Events").and_then(Value::as_object);
    for (name, event) in events.into_iter().flatten() {
        event_source(template, &mut function, name, event, scope)
            .with_context(|| format!("Events.{name}"))?;
    }
    template.functions.push(function);
    Ok(())
}

/// The group that `LoggingConfig` names. `Ref` of a log group is its name.
fn log_group(properties: &Properties) -> Option<String> {
    properties
        .of
        .get("LoggingConfig")?
        .get("LogGroup")?
        .as_str()
        .map(str::to_owned)
}

/// Where a function's code is, as seen from the root template. Paths in a nested template are relative to its own file.
fn code_path(code: &str, scope: &Scope) -> String {
    let path = normalized(&scope.source.folder.join(code));
    let path = path
        .strip_prefix(scope.source.root())
        .unwrap_or(&path)
        .display()
        .to_string();
    if code.ends_with('/') {
        format!("{path}/")
    } else {
        path
    }
}

/// A function's own values win; mappings are merged, lists replace each other (SAM adds them up, so they are refused).
fn merge(globals: Value, own: Value) -> Value {
    match (globals, own) {
        (Value::Object(mut globals), Value::Object(own)) => {
            for (key, value) in own {
                let merged = match globals.remove(&key) {
                    Some(global) => merge(global, value),
                    None => value,
                };
                globals.insert(key, merged);
            }
            Value::Object(globals)
        }
        (_, own) => own,
    }
}

fn environment(properties: &Map<String, Value>) -> Result<BTreeMap<String, String>> {
    let variables = properties
        .get("Environment")
        .and_then(|environment| environment.get("Variables"));
    let variables = variables.and_then(Value::as_object).into_iter().flatten();
    variables
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            Value::Number(_) | Value::Bool(_) => Ok((name.clone(), value.to_string())),
            other => bail!("Environment.Variables.{name}: {other} is not a text"),
        })
        .collect()
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn event_source(
    template: &mut Template,
    function: &mut Function,
    name: &str,
    event: &Value,
    scope: &Scope,
) -> Result<()> {
    let place = scope
        .source
        .place(["Resources", &function.logical_id, "Events", name]);
    let qualified = || scope.qualified(&format!("{}{name}", function.logical_id));
    let kind = event
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let empty = Value::Object(Map::new());
    let properties = event.get("Properties").unwrap_or(&empty);
    match kind {
        "HttpApi" => {
            let known = [
                "ApiId",
                "Method",
                "Path",
                "PayloadFormatVersion",
                "RouteSettings",
                "TimeoutInMillis",
            ];
            let p = Properties::new(kind, properties, &known)?;
            if p.text("PayloadFormatVersion")
                .is_some_and(|version| version != "2.0")
            {
                bail!("local sends events of payload format 2.0");
            }
            let (method, path) = match (p.text("Method"), p.text("Path")) {
                (Some(method), Some(path)) => (method.to_uppercase(), path),
                // SAM's route for all that no other route takes.
                (None, None) => ("ANY".to_owned(), DEFAULT_ROUTE.to_owned()),
                (None, _) => bail!("Method is missing"),
                (_, None) => bail!("Path is missing"),
            };
            let api = match p.text("ApiId") {
                Some(api) => api,
                None => implicit_api(template, scope)?,
            };
            function.routes.push(Route {
                api,
                place,
                method,
                path,
            });
        }
        "SQS" => {
            let known = [
                "Queue",
                "BatchSize",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "ScalingConfig",
            ];
            let p = Properties::new(kind, properties, &known)?;
            let concurrency =
                p.of.get("ScalingConfig")
                    .and_then(|scaling| scaling.get("MaximumConcurrency"));
            function.consumers.push(Consumer {
                queue_arn: p.text("Queue").context("Queue is missing")?,
                batch_size: p
                    .number("BatchSize")?
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(10),
                window: p.seconds("MaximumBatchingWindowInSeconds", 0)?,
                partial_failures: texts(p.of.get("FunctionResponseTypes"))
                    .iter()
                    .any(|t| t == "ReportBatchItemFailures"),
                maximum_concurrency: concurrency
                    .and_then(Value::as_u64)
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(1000),
            });
        }
        "EventBridgeRule" | "CloudWatchEvent" => {
            // What is for deliveries that fail has no meaning here: whatever a rule leads to is there, see `check`.
            let known = [
                "EventBusName",
                "Pattern",
                "DeadLetterConfig",
                "RetryPolicy",
                "RuleName",
                "Target",
            ];
            let p = Properties::new(kind, properties, &known)?;
            template.rules.push(Rule {
                name: p.text("RuleName").unwrap_or_else(qualified),
                place,
                bus: p
                    .text("EventBusName")
                    .unwrap_or_else(|| "default".to_owned()),
                pattern: p.of.get("Pattern").cloned().context("Pattern is missing")?,
                targets: vec![Target {
                    arn: function.arn.clone(),
                    group: None,
                }],
            });
        }
        "ScheduleV2" => {
            let known = [
                "ScheduleExpression",
                "ScheduleExpressionTimezone",
                "Input",
                "RetryPolicy",
                "DeadLetterConfig",
                "FlexibleTimeWindow",
                "Name",
                "Description",
                "OmitName",
            ];
            let p = Properties::new(kind, properties, &known)?;
            template.schedules.push(Schedule {
                name: p.text("Name").unwrap_or_else(qualified),
                place,
                expression: p
                    .text("ScheduleExpression")
                    .context("ScheduleExpression is missing")?,
                timezone: p
                    .text("ScheduleExpressionTimezone")
                    .unwrap_or_else(|| "UTC".to_owned()),
                target_arn: function.arn.clone(),
                input: p.text("Input"),
                is_rule: false,
            });
        }
        "Schedule" => {
            let known = [
                "Schedule",
                "Input",
                "Name",
                "Description",
                "Enabled",
                "State",
                "RetryPolicy",
                "DeadLetterConfig",
            ];
            let p = Properties::new(kind, properties, &known)?;
            let is_off = p.of.get("Enabled") == Some(&Value::Bool(false))
                || p.text("State").as_deref() == Some("DISABLED");
            if !is_off {
                template.schedules.push(Schedule {
                    name: p.text("Name").unwrap_or_else(qualified),
                    place,
                    expression: p.text("Schedule").context("Schedule is missing")?,
                    timezone: "UTC".to_owned(),
                    target_arn: function.arn.clone(),
                    input: p.text("Input"),
                    is_rule: true,
                });
            }
        }
        "Api" => bail!("local runs HTTP APIs (HttpApi), not REST APIs (Api)"),
        other => bail!("local does not know events of type {other:?}"),
    }
    Ok(())
}

/// The key of the route that takes what no other does.
pub const DEFAULT_ROUTE: &str = "$default";

/// The id of the API that SAM makes for routes without one: the first such route adds it.
fn implicit_api(template: &mut Template, scope: &Scope) -> Result<String> {
    let id = scope.physical(IMPLICIT_API)?.reference;
    let is_declared = scope.resource(IMPLICIT_API).is_some();
    if !is_declared && !template.http_apis.iter().any(|api| api.id == id) {
        let none = Value::Object(Map::new());
        template
            .http_apis
            .push(http_api(IMPLICIT_API, none, scope)?);
    }
    Ok(id)
}

fn queue(id: &str, properties: &Value, scope: &Scope) -> Result<Queue> {
    let known = [
        "QueueName",
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
        "VisibilityTimeout",
        "DelaySeconds",
        "MessageRetentionPeriod",
        "RedrivePolicy",
        "ReceiveMessageWaitTimeSeconds",
        "SqsManagedSseEnabled",
        "KmsMasterKeyId",
        "Tags",
    ];
    let p = Properties::new("AWS::SQS::Queue", properties, &known)?;
    let physical = scope.physical(id)?;
    let fifo = p.truth("FifoQueue");
    if fifo != physical.name.ends_with(".fifo") {
        bail!(
            "a FIFO queue's name, and no other's, ends in .fifo: {}",
            physical.name
        );
    }
    let redrive = match p.of.get("RedrivePolicy") {
        None => None,
        Some(policy) => {
            let policy = Properties::new(
                "RedrivePolicy",
                policy,
                &["deadLetterTargetArn", "maxReceiveCount"],
            )?;
            let max = policy
                .number("maxReceiveCount")?
                .context("RedrivePolicy.maxReceiveCount is missing")?;
            Some(Redrive {
                dlq_arn: policy
                    .text("deadLetterTargetArn")
                    .context("RedrivePolicy.deadLetterTargetArn is missing")?,
                max_receives: u32::try_from(max)?,
            })
        }
    };
    Ok(Queue {
        logical_id: id.to_owned(),
        place: place(scope, id),
        fifo,
        content_based_deduplication: p.truth("ContentBasedDeduplication"),
        deduplicates_per_group: p.text("DeduplicationScope").as_deref() == Some("messageGroup"),
        visibility: p.seconds("VisibilityTimeout", 30)?,
        delay: p.seconds("DelaySeconds", 0)?,
        retention: p.seconds("MessageRetentionPeriod", 345_600)?,
        redrive,
        name: physical.name,
        arn: physical.arn,
        url: physical.reference,
    })
}

fn table(id: &str, properties: &Value, scope: &Scope) -> Result<Table> {
    let created = [
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "BillingMode",
    ];
    let known = [
        "TableName",
        "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification",
        "SSESpecification",
        "DeletionProtectionEnabled",
        "StreamSpecification",
        "Tags",
        "OnDemandThroughput",
    ];
    let p = Properties::new(
        "AWS::DynamoDB::Table",
        properties,
        &[&created[..], &known[..]].concat(),
    )?;
    if p.of.contains_key("StreamSpecification") {
        bail!("local does not run DynamoDB streams");
    }
    let physical = scope.physical(id)?;
    let mut definition: Map<String, Value> =
        p.of.iter()
            .filter(|(name, _)| created.contains(&name.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
    definition.insert("TableName".to_owned(), Value::String(physical.name.clone()));
    definition.insert(
        "BillingMode".to_owned(),
        Value::String("PAY_PER_REQUEST".to_owned()),
    );
    let ttl = p.of.get("TimeToLiveSpecification");
    let enabled = ttl
        .and_then(|ttl| ttl.get("Enabled"))
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let attribute = ttl
        .and_then(|ttl| ttl.get("AttributeName"))
        .and_then(Value::as_str);
    let keys =
        p.of.get("KeySchema")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
    Ok(Table {
        logical_id: id.to_owned(),
        place: place(scope, id),
        definition: Value::Object(definition),
        ttl_attribute: attribute.filter(|_| enabled).map(str::to_owned),
        keys: keys
            .filter_map(|key| key.get("AttributeName")?.as_str().map(str::to_owned))
            .collect(),
        name: physical.name,
        arn: physical.arn,
    })
}

fn simple_table(id: &str, properties: &Value, scope: &Scope) -> Result<Table> {
    let kind = "AWS::Serverless::SimpleTable";
    let p = Properties::new(
        kind,
        properties,
        &["TableName", "PrimaryKey", "SSESpecification", "Tags"],
    )?;
    let key = |name: &str| {
        p.of.get("PrimaryKey")
            .and_then(|key| key.get(name))
            .and_then(Value::as_str)
    };
    let name = key("Name").unwrap_or("id");
    let letter = match key("Type").unwrap_or("String") {
        "String" => "S",
        "Number" => "N",
        "Binary" => "B",
        other => bail!("PrimaryKey.Type: {other} is not String, Number or Binary"),
    };
    let written_out = serde_json::json!({
        "AttributeDefinitions": [{ "AttributeName": name, "AttributeType": letter }],
        "KeySchema": [{ "AttributeName": name, "KeyType": "HASH" }],
    });
    table(id, &written_out, scope)
}

fn bucket(id: &str, properties: &Value, scope: &Scope) -> Result<Bucket> {
    let known = [
        "BucketName",
        "BucketEncryption",
        "PublicAccessBlockConfiguration",
        "LifecycleConfiguration",
        "OwnershipControls",
        "CorsConfiguration",
        "Tags",
    ];
    let p = Properties::new("AWS::S3::Bucket", properties, &known)?;
    let rules =
        p.of.get("CorsConfiguration")
            .and_then(|cors| cors.get("CorsRules"))
            .and_then(Value::as_array);
    let cors = match rules.map(Vec::as_slice) {
        None | Some([]) => None,
        Some([rule]) => Some(bucket_cors(rule)?),
        Some(_) => bail!("local knows one CORS rule of a bucket"),
    };
    Ok(Bucket {
        logical_id: id.to_owned(),
        place: place(scope, id),
        name: scope.physical(id)?.name,
        cors,
    })
}

fn rule(id: &str, properties: &Value, scope: &Scope) -> Result<Rule> {
    let p = Properties::new(
        "AWS::Events::Rule",
        properties,
        &[
            "Name",
            "Description",
            "EventBusName",
            "EventPattern",
            "Targets",
        ],
    )?;
    let targets =
        p.of.get("Targets")
            .and_then(Value::as_array)
            .context("Targets are missing")?;
    let targets = targets
        .iter()
        .map(|target| {
            let t = Properties::new(
                "Targets",
                target,
                &[
                    "Id",
                    "Arn",
                    "DeadLetterConfig",
                    "RetryPolicy",
                    "SqsParameters",
                ],
            )?;
            let group =
                t.of.get("SqsParameters")
                    .and_then(|sqs| sqs.get("MessageGroupId"))
                    .and_then(Value::as_str);
            Ok(Target {
                arn: t.text("Arn").context("Arn is missing")?,
                group: group.map(str::to_owned),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Rule {
        place: place(scope, id),
        name: p.text("Name").unwrap_or_else(|| {
            scope
                .physical(id)
                .map(|physical| physical.name)
                .unwrap_or_default()
        }),
        bus: p
            .text("EventBusName")
            .unwrap_or_else(|| "default".to_owned()),
        pattern: p
            .of
            .get("EventPattern")
            .cloned()
            .context("EventPattern is missing")?,
        targets,
    })
}
