//! `AWS::Serverless::HttpApi`.

use anyhow::Result;
use serde_json::{Map, Value};

use super::super::{
    intrinsics::{IMPLICIT_API, Scope},
    model::{Cors, HttpApi, Template},
    properties::{Properties, merge, texts},
};

pub(super) fn http_api(id: &str, properties: Value, scope: &Scope) -> Result<HttpApi> {
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

/// Returns the id of the API that SAM creates for routes without one. The first such route adds it.
pub(super) fn implicit_api(template: &mut Template, scope: &Scope) -> Result<String> {
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
