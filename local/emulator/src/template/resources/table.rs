//! `AWS::DynamoDB::Table` and `AWS::Serverless::SimpleTable`.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::super::{intrinsics::Scope, model::Table, properties::Properties};
use super::place::place;

pub(super) fn table(id: &str, properties: &Value, scope: &Scope) -> Result<Table> {
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
        tenant_prefix: None,
    })
}

pub(super) fn simple_table(id: &str, properties: &Value, scope: &Scope) -> Result<Table> {
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
