//! What a stack and a `local` each tell in their own way.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::{
    doctor::Finding,
    place::{Place, View},
    ports::{Checkup, Meter, Queues, Step, Traces, Usage},
};

impl Traces for Place {
    async fn steps(&self, correlation_id: &str, days: u16) -> Result<Vec<Step>> {
        match &self.view {
            View::Stack(stack) => stack.steps(correlation_id, days).await,
            View::Local(local) => local.steps(correlation_id).await,
        }
    }

    async fn reasons(&self, correlation_ids: &[String]) -> Result<BTreeMap<String, String>> {
        match &self.view {
            View::Stack(stack) => stack.reasons(correlation_ids).await,
            View::Local(local) => local.reasons(correlation_ids).await,
        }
    }
}

impl Meter for Place {
    async fn usage(&self, days: u16) -> Result<Usage> {
        match &self.view {
            View::Stack(stack) => stack.usage(&self.queues().await?, days).await,
            View::Local(local) => Ok(local.usage()),
        }
    }
}

impl Checkup for Place {
    async fn findings(&self) -> Result<Vec<Finding>> {
        Ok(match &self.view {
            View::Stack(stack) => stack.findings(self).await,
            View::Local(local) => local.findings(self).await,
        })
    }
}
