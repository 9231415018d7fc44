//! `AWS::S3::Bucket`.

use anyhow::{Result, bail};
use serde_json::Value;

use super::super::{
    intrinsics::Scope,
    model::{Bucket, Cors},
    properties::{Properties, texts},
};
use super::place::place;

pub(super) fn bucket(id: &str, properties: &Value, scope: &Scope) -> Result<Bucket> {
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
        tenant_prefix: None,
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
