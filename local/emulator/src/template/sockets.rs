//! `AWS::Serverless::WebSocketApi`.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    intrinsics::Scope,
    model::{Authorizer, INTEGRATION_TIMEOUT, IdentitySource, SocketApi, SocketRoute, Template},
    properties::{Properties, texts},
};

const API: &[&str] = &[
    // Used.
    "RouteSelectionExpression",
    "Routes",
    "StageName",
    "Auth",
    // Without a meaning on a laptop.
    "Name",
    "Description",
    "DefaultRouteSettings",
    "RouteSettings",
    "AccessLogSettings",
    "IpAddressType",
    "PropagateTags",
    "Tags",
];

pub(super) fn add(
    template: &mut Template,
    id: &str,
    kind: &str,
    properties: &Value,
    scope: &Scope,
) -> Result<()> {
    let p = Properties::new(kind, properties, API)?;
    let expression = p
        .text("RouteSelectionExpression")
        .context("RouteSelectionExpression is missing")?;
    let routes =
        p.of.get("Routes")
            .and_then(Value::as_object)
            .context("Routes are missing")?;
    let routes: BTreeMap<_, _> = routes
        .iter()
        .map(|(key, given)| {
            Ok((
                key.clone(),
                route(key, given).with_context(|| format!("Routes.{key}"))?,
            ))
        })
        .collect::<Result<_>>()?;
    if routes.is_empty() {
        bail!("Routes: a WebSocket API has one at least");
    }
    let authorizer = match p.of.get("Auth") {
        Some(auth) => authorizer(auth).context("Auth")?,
        None => None,
    };
    if authorizer.is_some() && !routes.contains_key("$connect") {
        bail!("Auth: only a $connect route can be authorized");
    }
    let stage = p.text("StageName").unwrap_or_else(|| "default".to_owned());
    if stage.is_empty()
        || !stage
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        bail!("StageName: {stage:?} has other characters than letters, digits, - and _");
    }
    template.sockets.push(SocketApi {
        logical_id: id.to_owned(),
        place: scope.source.place(["Resources", id]),
        path: stage.clone(),
        id: scope.physical(id)?.reference,
        stage,
        selection: selection(&expression)?,
        routes,
        authorizer,
    });
    Ok(())
}

fn route(key: &str, given: &Value) -> Result<SocketRoute> {
    let is_special = matches!(key, "$connect" | "$disconnect" | "$default");
    if !is_special && (key.is_empty() || !key.chars().all(char::is_alphanumeric)) {
        bail!("a key is of letters and digits, or one of $connect, $disconnect and $default");
    }
    let p = Properties::new(
        "a route",
        given,
        &["FunctionArn", "IntegrationTimeout", "OperationName"],
    )?;
    let timeout = p
        .number("IntegrationTimeout")?
        .map_or(INTEGRATION_TIMEOUT, Duration::from_millis);
    if !(Duration::from_millis(50)..=INTEGRATION_TIMEOUT).contains(&timeout) {
        bail!("IntegrationTimeout is 50 to 29000 milliseconds");
    }
    Ok(SocketRoute {
        function_arn: p.text("FunctionArn").context("FunctionArn is missing")?,
        timeout,
    })
}

fn authorizer(auth: &Value) -> Result<Option<Authorizer>> {
    let p = Properties::new(
        "Auth",
        auth,
        &[
            "AuthType",
            "AuthArn",
            "IdentitySource",
            "InvokeRole",
            "Name",
        ],
    )?;
    match p.text("AuthType").as_deref() {
        Some("CUSTOM") => {}
        Some("NONE") => return Ok(None),
        other => bail!("local knows the AuthType CUSTOM, not {other:?}"),
    }
    Ok(Some(Authorizer {
        function_arn: p.text("AuthArn").context("AuthArn is missing")?,
        identity: texts(p.of.get("IdentitySource"))
            .iter()
            .map(|text| identity_source(text))
            .collect::<Result<_>>()?,
    }))
}

fn identity_source(text: &str) -> Result<IdentitySource> {
    let header = text
        .strip_prefix("route.request.header.")
        .map(|name| IdentitySource::Header(name.to_owned()));
    let query = || {
        text.strip_prefix("route.request.querystring.")
            .map(|name| IdentitySource::Query(name.to_owned()))
    };
    header.or_else(query).with_context(|| {
        format!("IdentitySource: local knows route.request.header.NAME and route.request.querystring.NAME, not {text}")
    })
}

fn selection(expression: &str) -> Result<Vec<String>> {
    let bare = match expression.strip_prefix("${") {
        Some(rest) => rest.strip_suffix('}'),
        None => expression.strip_prefix('$'),
    };
    let path = bare
        .and_then(|bare| bare.strip_prefix("request.body."))
        .filter(|path| {
            path.split('.').all(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            })
        });
    let path = path.with_context(|| {
        format!("RouteSelectionExpression: local knows $request.body.NAME, not {expression}")
    })?;
    Ok(path.split('.').map(str::to_owned).collect())
}
