//! Resources by type. Each property is used, known to have no meaning here, or an error.

mod bucket;
mod event_source;
mod function;
mod http_api;
mod metadata;
mod place;
mod queue;
mod rule;
mod table;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{
    intrinsics::Scope,
    model::{Bus, Template},
    properties::Properties,
    sockets,
};
use bucket::bucket;
use function::function;
use http_api::http_api;
use metadata::{shared_tenant_rows, tenant_prefix};
use place::place;
use queue::queue;
use rule::rule;
use table::{simple_table, table};

/// Types without an effect on functions: monitoring, deployment, permissions of AWS itself.
const IGNORED_TYPES: &[&str] = &[
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
    if IGNORED_TYPES.contains(&kind) {
        return Ok(());
    }
    let empty = Value::Object(Map::new());
    let properties = scope
        .resolve(resource.get("Properties").unwrap_or(&empty))
        .context("Properties")?;
    match kind {
        "AWS::Serverless::HttpApi" => template.http_apis.push(http_api(id, properties, scope)?),
        "AWS::Serverless::WebSocketApi" => sockets::add(template, id, kind, &properties, scope)?,
        "AWS::Serverless::Function" => {
            let mut function = function(template, id, &properties, scope)?;
            function.shared_tenant_rows = shared_tenant_rows(resource)?;
            template.functions.push(function);
        }
        "AWS::SQS::Queue" => template.queues.push(queue(id, &properties, scope)?),
        "AWS::DynamoDB::Table" => {
            let mut table = table(id, &properties, scope)?;
            table.tenant_prefix = tenant_prefix(resource)?;
            template.tables.push(table);
        }
        "AWS::S3::Bucket" => {
            let mut bucket = bucket(id, &properties, scope)?;
            bucket.tenant_prefix = tenant_prefix(resource)?;
            template.buckets.push(bucket);
        }
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
        "AWS::SES::EmailIdentity" => {
            let known = [
                "EmailIdentity",
                "ConfigurationSetAttributes",
                "DkimAttributes",
                "DkimSigningAttributes",
                "FeedbackAttributes",
                "MailFromAttributes",
                "Tags",
            ];
            let p = Properties::new(kind, &properties, &known)?;
            let name = p
                .text("EmailIdentity")
                .context("EmailIdentity is missing")?;
            template.identities.push(name);
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
