//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::super::{
    intrinsics::Scope,
    model::{Function, Runtime, Template},
    properties::{Properties, merge},
};
use super::{
    super::{policies, source::normalized},
    event_source::event_source,
    place::place,
};

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

/// Reads a function, and adds the rules and schedules that invoke it.
pub(super) fn function(
    template: &mut Template,
    id: &str,
    properties: &Value,
    scope: &Scope,
) -> Result<Function> {
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
        shared_tenant_rows: Vec::new(),
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
    Ok(function)
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

/// Returns the path of a function's code from the root template. In a nested template it is relative to its own file.
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
