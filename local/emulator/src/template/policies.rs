//! `Policies`: statements, SAM's policy templates and managed policies.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    intrinsics::Scope,
    model::{Policy, Statement},
    properties::texts,
};

/// Managed policies about logs, traces and pollers, which need no permission here.
const IGNORED_POLICIES: &[&str] = &[
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
];

pub(super) fn policy(policies: Option<&Value>, scope: &Scope) -> Result<Policy> {
    let mut statements = Vec::new();
    let one = policies.filter(|policies| !policies.is_array()).into_iter();
    let all = policies
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .chain(one);
    for policy in all {
        match policy {
            Value::String(name) => statements.extend(managed(name)?),
            Value::Object(object) if object.contains_key("Statement") => {
                let given = &object["Statement"];
                let many = given
                    .as_array()
                    .map_or_else(|| std::slice::from_ref(given), Vec::as_slice);
                for given in many {
                    statements.push(statement(given)?);
                }
            }
            Value::Object(object) => match object.iter().next() {
                Some((name, with)) if object.len() == 1 => {
                    statements.extend(template(name, with, scope)?)
                }
                _ => bail!("Policies: local does not know {policy}"),
            },
            other => bail!("Policies: local does not know {other}"),
        }
    }
    Ok(Policy(statements))
}

fn statement(given: &Value) -> Result<Statement> {
    let keys = given
        .as_object()
        .context("Policies: a statement is a mapping")?
        .keys();
    if let Some(unknown) = keys
        .into_iter()
        .find(|key| !["Sid", "Effect", "Action", "Resource"].contains(&key.as_str()))
    {
        bail!("Policies: local does not know {unknown} of a statement");
    }
    if given.get("Effect").and_then(Value::as_str) != Some("Allow") {
        bail!("Policies: local knows only statements that allow");
    }
    Ok(Statement {
        actions: texts(given.get("Action")),
        resources: texts(given.get("Resource")),
    })
}

/// `AmazonSQSFullAccess` and the like, with or without the ARN before the name.
fn managed(name: &str) -> Result<Option<Statement>> {
    let name = name.rsplit('/').next().unwrap_or(name);
    if IGNORED_POLICIES.contains(&name) {
        return Ok(None);
    }
    let service = match name {
        "AmazonDynamoDBFullAccess" => "dynamodb",
        "AmazonSQSFullAccess" => "sqs",
        "AmazonS3FullAccess" => "s3",
        "AmazonEventBridgeFullAccess" => "events",
        "AmazonAPIGatewayInvokeFullAccess" => "execute-api",
        other => bail!("Policies: local does not know the managed policy {other}"),
    };
    Ok(Some(Statement {
        actions: vec![format!("{service}:*")],
        resources: vec!["*".to_owned()],
    }))
}

/// A policy template of SAM.
fn template(name: &str, with: &Value, scope: &Scope) -> Result<Vec<Statement>> {
    let arn = |parameter: &str, service: &str, before: &str| -> Result<String> {
        let value = with.get(parameter).and_then(Value::as_str);
        let value = value.with_context(|| format!("Policies: {name}: {parameter} is missing"))?;
        let places = scope.places;
        Ok(format!(
            "arn:aws:{service}:{}:{}:{before}{value}",
            places.region, places.account
        ))
    };
    let allow = |service: &str, actions: &[&str], resources: Vec<String>| {
        vec![Statement {
            actions: actions
                .iter()
                .map(|action| format!("{service}:{action}"))
                .collect(),
            resources,
        }]
    };
    let table = || {
        let arn = arn("TableName", "dynamodb", "table/")?;
        Ok::<_, anyhow::Error>(vec![format!("{arn}/index/*"), arn])
    };
    let queue = || arn("QueueName", "sqs", "").map(|arn| vec![arn]);
    let bucket = || {
        let name = with
            .get("BucketName")
            .and_then(Value::as_str)
            .context("Policies: BucketName is missing")?;
        Ok::<_, anyhow::Error>(vec![
            format!("arn:aws:s3:::{name}"),
            format!("arn:aws:s3:::{name}/*"),
        ])
    };
    const READ: &[&str] = &["GetItem", "Scan", "Query", "BatchGetItem", "DescribeTable"];
    const WRITE: &[&str] = &["PutItem", "UpdateItem", "BatchWriteItem"];
    Ok(match name {
        "DynamoDBReadPolicy" => allow("dynamodb", READ, table()?),
        "DynamoDBWritePolicy" => allow("dynamodb", WRITE, table()?),
        "DynamoDBCrudPolicy" => allow(
            "dynamodb",
            &[READ, WRITE, &["DeleteItem", "ConditionCheckItem"]].concat(),
            table()?,
        ),
        "SQSSendMessagePolicy" => allow("sqs", &["SendMessage*"], queue()?),
        "SQSPollerPolicy" => allow(
            "sqs",
            &[
                "ChangeMessageVisibility*",
                "DeleteMessage*",
                "GetQueueAttributes",
                "ReceiveMessage",
            ],
            queue()?,
        ),
        "S3ReadPolicy" | "S3WritePolicy" | "S3CrudPolicy" | "S3FullAccessPolicy" => {
            allow("s3", &["*"], bucket()?)
        }
        "EventBridgePutEventsPolicy" => allow(
            "events",
            &["PutEvents"],
            vec![arn("EventBusName", "events", "event-bus/")?],
        ),
        "SSMParameterReadPolicy" => allow(
            "ssm",
            &["GetParameter", "GetParameters", "GetParametersByPath"],
            vec![arn("ParameterName", "ssm", "parameter/")?],
        ),
        "LambdaInvokePolicy" => allow(
            "lambda",
            &["InvokeFunction"],
            vec![arn("FunctionName", "lambda", "function:")?],
        ),
        other => bail!("Policies: local does not know the policy template {other}"),
    })
}
