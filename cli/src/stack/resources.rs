//! What CloudFormation made of the template.

use anyhow::{Result, bail};

use super::Stack;
use crate::failed::failed;

#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) physical_id: String,
}

impl Stack {
    /// Asked once.
    pub(super) async fn resources(&self) -> Result<&[Resource]> {
        let found = self.resources.get_or_try_init(|| async {
            let mut pages = self.cloudformation.list_stack_resources().stack_name(&self.name).into_paginator().send();
            let mut found = Vec::new();
            while let Some(page) = pages.next().await {
                let page = page.map_err(failed(&format!("stack {}", self.name)))?;
                for resource in page.stack_resource_summaries() {
                    // What is being made has no name yet.
                    let (Some(logical_id), Some(kind), Some(physical_id)) =
                        (resource.logical_resource_id(), resource.resource_type(), resource.physical_resource_id())
                    else {
                        continue;
                    };
                    found.push(Resource {
                        logical_id: logical_id.to_owned(),
                        kind: kind.to_owned(),
                        physical_id: physical_id.to_owned(),
                    });
                }
            }
            if found.is_empty() {
                bail!("The stack {} has no resources: --stack and --region say which is meant.", self.name);
            }
            Ok(found)
        });
        Ok(found.await?)
    }

    pub(super) async fn physical_ids(&self, kind: &str) -> Result<Vec<String>> {
        let resources = self.resources().await?.iter().filter(|resource| resource.kind == kind);
        Ok(resources.map(|resource| resource.physical_id.clone()).collect())
    }

    /// By their addresses.
    pub(crate) async fn queues(&self) -> Result<Vec<String>> {
        self.physical_ids("AWS::SQS::Queue").await
    }

    /// The names of the binaries, and what AWS calls the functions.
    pub(crate) async fn functions(&self) -> Result<Vec<(String, String)>> {
        let functions = self.resources().await?.iter().filter(|resource| resource.kind == "AWS::Lambda::Function");
        Ok(functions.filter_map(|f| Some((binary(&f.logical_id)?, f.physical_id.clone()))).collect())
    }

    /// `/studio/health` and `/studio/ready` of each service that has a `StudioHealthFunction`.
    pub(super) async fn health_paths(&self) -> Result<Vec<String>> {
        let functions = self.functions().await?;
        let services = functions.iter().filter_map(|(name, _)| name.strip_suffix("-health"));
        Ok(services.flat_map(|service| [format!("/{service}/health"), format!("/{service}/ready")]).collect())
    }
}

/// `SmsReceivedFunction` is what `sms-received` runs in, see the house rules.
fn binary(logical_id: &str) -> Option<String> {
    let pascal = logical_id.strip_suffix("Function").filter(|name| !name.is_empty())?;
    let letters = pascal.chars().enumerate().flat_map(|(n, letter)| {
        let dash = (n > 0 && letter.is_ascii_uppercase()).then_some('-');
        [dash, Some(letter.to_ascii_lowercase())]
    });
    Some(letters.flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_as_its_binary() {
        assert_eq!(binary("SmsReceivedFunction").as_deref(), Some("sms-received"));
        assert_eq!(binary("WsConnectFunction").as_deref(), Some("ws-connect"));
        assert_eq!(binary("CodeDeployServiceRole"), None);
        assert_eq!(binary("Function"), None);
    }
}
