//! `Metadata.Tenants`: how the keys of a table or bucket name tenants, and which rows a function may touch of several.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::super::properties::{Properties, texts};

/// Returns the text before a tenant's id in keys, such as `T#`. Its last character ends the id, too.
pub(super) fn tenant_prefix(resource: &Map<String, Value>) -> Result<Option<String>> {
    let Some(tenants) = tenants(resource, "KeyPrefix")? else {
        return Ok(None);
    };
    let prefix = tenants.text("KeyPrefix");
    let prefix = prefix.context("Metadata.Tenants.KeyPrefix is missing")?;
    if prefix.is_empty() || prefix.ends_with(char::is_alphanumeric) {
        bail!("Metadata.Tenants.KeyPrefix: {prefix} does not end with a separator, as T# does");
    }
    Ok(Some(prefix))
}

/// Returns the patterns of sort keys whose rows one invocation may touch of several tenants.
pub(super) fn shared_tenant_rows(resource: &Map<String, Value>) -> Result<Vec<String>> {
    let tenants = tenants(resource, "SharedRows")?;
    Ok(tenants.map_or_else(Vec::new, |tenants| texts(tenants.of.get("SharedRows"))))
}

fn tenants<'a>(resource: &'a Map<String, Value>, known: &str) -> Result<Option<Properties<'a>>> {
    let metadata = resource.get("Metadata");
    let tenants = metadata.and_then(|metadata| metadata.get("Tenants"));
    let tenants = tenants.map(|tenants| Properties::new("Metadata.Tenants", tenants, &[known]));
    tenants.transpose()
}
