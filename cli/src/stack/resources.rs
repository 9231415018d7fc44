//! What CloudFormation made of the template.

use anyhow::{Context, Result, bail};
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};

use super::Stack;
use crate::failed::failed;

const NESTED_STACK: &str = "AWS::CloudFormation::Stack";

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) physical_id: String,
}

impl Stack {
    /// Lists the resources of the stack and of those nested in it. CloudFormation is asked once.
    pub(super) async fn resources(&self) -> Result<&[Resource]> {
        let found = self.resources.get_or_try_init(|| async {
            let (mut found, mut stacks) = (Vec::new(), vec![self.name.clone()]);
            while let Some(stack) = stacks.pop() {
                let mut pages = self
                    .cloudformation
                    .list_stack_resources()
                    .stack_name(&stack)
                    .into_paginator()
                    .send();
                while let Some(page) = pages.next().await {
                    let page = page.map_err(failed(&format!("stack {stack}")))?;
                    for resource in page
                        .stack_resource_summaries()
                        .iter()
                        .filter_map(Resource::of)
                    {
                        if resource.kind == NESTED_STACK {
                            stacks.push(resource.physical_id.clone());
                        }
                        found.push(resource);
                    }
                }
            }
            if found.is_empty() {
                bail!(
                    "The stack {} has no resources: --stack and --region say which is meant.",
                    self.name
                );
            }
            Ok(found)
        });
        Ok(found.await?)
    }

    pub(super) async fn physical_ids(&self, kind: &str) -> Result<Vec<String>> {
        let resources = self
            .resources()
            .await?
            .iter()
            .filter(|resource| resource.kind == kind);
        Ok(resources
            .map(|resource| resource.physical_id.clone())
            .collect())
    }

    /// By their addresses.
    pub(crate) async fn queues(&self) -> Result<Vec<String>> {
        self.physical_ids("AWS::SQS::Queue").await
    }

    /// The names of the binaries, and what AWS calls the functions.
    pub(crate) async fn functions(&self) -> Result<Vec<(String, String)>> {
        let functions = self
            .resources()
            .await?
            .iter()
            .filter(|resource| resource.kind == "AWS::Lambda::Function");
        Ok(functions
            .filter_map(|f| Some((binary(&f.logical_id)?, f.physical_id.clone())))
            .collect())
    }

    /// An environment variable of a function.
    pub(crate) async fn variable(&self, function: &str, name: &str) -> Result<String> {
        let functions = self.functions().await?;
        let (_, called) = functions
            .into_iter()
            .find(|(binary, _)| binary == function)
            .with_context(|| format!("there is no function {function}"))?;
        let asked = self
            .lambda
            .get_function_configuration()
            .function_name(&called);
        let found = asked.send().await.map_err(failed(&called))?;
        let variables = found
            .environment()
            .and_then(|environment| environment.variables());
        let value = variables.and_then(|variables| variables.get(name));
        value
            .cloned()
            .with_context(|| format!("{function} has no variable {name}"))
    }

    /// The services that have a health function: `studio` by `StudioHealthFunction`.
    pub(super) async fn services(&self) -> Result<Vec<String>> {
        let functions = self.functions().await?;
        Ok(functions
            .iter()
            .filter_map(|(name, _)| name.strip_suffix("-health"))
            .map(str::to_owned)
            .collect())
    }
}

impl Resource {
    /// Returns `None` for what is gone, or is being created and has no name yet.
    fn of(summary: &StackResourceSummary) -> Option<Self> {
        let is_gone = summary.resource_status() == Some(&ResourceStatus::DeleteComplete);
        (!is_gone).then_some(Self {
            logical_id: summary.logical_resource_id()?.to_owned(),
            kind: summary.resource_type()?.to_owned(),
            physical_id: summary.physical_resource_id()?.to_owned(),
        })
    }
}

/// `SmsReceivedFunction` is what `sms-received` runs in, see the house rules.
fn binary(logical_id: &str) -> Option<String> {
    let pascal = logical_id
        .strip_suffix("Function")
        .filter(|name| !name.is_empty())?;
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
        assert_eq!(
            binary("SmsReceivedFunction").as_deref(),
            Some("sms-received")
        );
        assert_eq!(binary("WsConnectFunction").as_deref(), Some("ws-connect"));
        assert_eq!(binary("CodeDeployServiceRole"), None);
        assert_eq!(binary("Function"), None);
    }
}
