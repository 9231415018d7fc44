//! What `confab doctor` looks at in the account.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use futures::future::try_join_all;
use secrecy::SecretString;

use super::Stack;
use crate::{
    doctor::{self, Alarm, Finding, FunctionState, Parameter, StackState, Subscription},
    failed::failed,
    ports::{Queue, Queues},
};

/// The secrets of a channel are needed when the stack has an account for it.
const CHANNELS: [(&str, &str); 2] = [
    ("Meta", "MetaPhoneNumberId"),
    ("Twilio", "TwilioAccountSid"),
];

/// What the stack was deployed with, and what it says of itself.
struct Deployed {
    state: StackState,
    parameters: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
}

pub(super) struct Configuration {
    pub(super) name: String,
    pub(super) called: String,
    pub(super) architecture: String,
    pub(super) memory_mb: f64,
    pub(super) trouble: Option<String>,
}

impl Stack {
    pub(crate) async fn findings(&self, queues: &impl Queues) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.identity().await {
            Ok(who) => findings.push(Finding::ok("credentials", who)),
            Err(error) => {
                findings.push(Finding::problem(
                    "credentials",
                    format!("{error:#}"),
                    "Nothing else was checked.",
                ));
                return findings;
            }
        }
        let deployed = match self.deployed().await {
            Ok(deployed) => deployed,
            Err(error) => {
                let region = self.region.as_deref().unwrap_or("no region");
                let advice = format!(
                    "Check that it is in {region}. --stack and --region select another one; scripts/deploy creates it."
                );
                findings.push(Finding::problem("stack", format!("{error:#}"), advice));
                return findings;
            }
        };
        let architecture = deployed
            .parameters
            .get("Architecture")
            .map_or("arm64", String::as_str);
        findings.extend(doctor::stack(&self.name, &deployed.state));
        let (secrets, functions, dead_letters, alarms, subscriptions, health, webhook) = tokio::join!(
            self.secrets(&deployed),
            self.configurations(),
            dead_letters(queues),
            self.alarms(),
            self.subscriptions(),
            self.health(&deployed),
            self.webhook(&deployed),
        );
        let functions = functions.map(|all| {
            let all: Vec<_> = all.into_iter().map(Configuration::state).collect();
            doctor::functions(&all, Some(architecture))
        });
        for (check, found) in [
            ("parameters", secrets),
            ("functions", functions),
            ("dead letters", dead_letters),
            ("alarms", alarms),
            ("subscriptions", subscriptions),
            ("health", health),
            ("webhook", webhook),
        ] {
            findings.extend(found.unwrap_or_else(|error| vec![Finding::unseen(check, &error)]));
        }
        let built = self
            .binaries
            .iter()
            .flat_map(|folder| doctor::architectures(folder))
            .collect::<Vec<_>>();
        findings.extend(doctor::binaries(&built, architecture));
        findings
    }

    /// Returns the ARN of the one who asks.
    pub(crate) async fn caller(&self) -> Result<String> {
        let asked = self.sts.get_caller_identity().send().await;
        let who = asked.map_err(failed("AWS does not know who asks"))?;
        let arn = who.arn().map(str::to_owned);
        arn.context("AWS does not know who asks")
    }

    async fn identity(&self) -> Result<String> {
        let region = self.region.as_deref();
        let region = region
            .context("There is no AWS region. Set AWS_REGION, or a region in your AWS profile.")?;
        let who = self
            .sts
            .get_caller_identity()
            .send()
            .await
            .map_err(failed("AWS does not know who asks"))?;
        let (account, arn) = (
            who.account().unwrap_or_default(),
            who.arn().unwrap_or_default(),
        );
        Ok(format!("account {account}, {region}, as {arn}"))
    }

    /// Returns an output of the stack.
    pub(crate) async fn output(&self, name: &str) -> Result<String> {
        let outputs = self.deployed().await?.outputs;
        let value = outputs.get(name).cloned();
        value.with_context(|| format!("The stack {} has no output {name}", self.name))
    }

    async fn deployed(&self) -> Result<Deployed> {
        let described = self
            .cloudformation
            .describe_stacks()
            .stack_name(&self.name)
            .send()
            .await;
        let described = described.map_err(failed(&self.name))?;
        let stack = described
            .stacks()
            .first()
            .with_context(|| format!("There is no stack {}.", self.name))?;
        let pair =
            |name: Option<&str>, value: Option<&str>| Some((name?.to_owned(), value?.to_owned()));
        let outputs: BTreeMap<_, _> = stack
            .outputs()
            .iter()
            .filter_map(|output| pair(output.output_key(), output.output_value()))
            .collect();
        let parameters = stack.parameters().iter();
        let drift = stack
            .drift_information()
            .and_then(|drift| drift.stack_drift_status());
        Ok(Deployed {
            state: StackState {
                status: stack
                    .stack_status()
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                reason: stack.stack_status_reason().map(str::to_owned),
                drift: drift
                    .map(|drift| drift.as_str().to_owned())
                    .unwrap_or_default(),
                outputs: outputs.keys().cloned().collect(),
            },
            parameters: parameters
                .filter_map(|p| pair(p.parameter_key(), p.parameter_value()))
                .collect(),
            outputs,
        })
    }

    /// Only what describes them is asked for.
    async fn secrets(&self, deployed: &Deployed) -> Result<Vec<Finding>> {
        let wanted = deployed.secrets();
        if wanted.is_empty() {
            return Ok(vec![Finding::skipped(
                "parameters",
                "the stack has an account at no provider",
            )]);
        }
        let called_so = aws_sdk_ssm::types::ParameterStringFilter::builder()
            .key("Name")
            .option("Equals");
        let called_so = called_so.set_values(Some(wanted.clone())).build()?;
        let mut pages = self
            .ssm
            .describe_parameters()
            .parameter_filters(called_so)
            .into_paginator()
            .send();
        let mut kinds = BTreeMap::new();
        while let Some(page) = pages.next().await {
            for found in page.map_err(failed("SSM"))?.parameters() {
                if let (Some(name), Some(kind)) = (found.name(), found.r#type()) {
                    kinds.insert(name.to_owned(), kind.as_str().to_owned());
                }
            }
        }
        let all = wanted.into_iter().map(|name| Parameter {
            kind: kinds.remove(&name),
            name,
        });
        Ok(doctor::parameters(&all.collect::<Vec<_>>()))
    }

    pub(super) async fn configurations(&self) -> Result<Vec<Configuration>> {
        let functions = self.functions().await?;
        let all = functions.into_iter().map(|(name, called)| async move {
            let found = self
                .lambda
                .get_function_configuration()
                .function_name(&called)
                .send()
                .await;
            let found = found.map_err(failed(&called))?;
            let state = found
                .state()
                .map(|state| state.as_str())
                .unwrap_or("Active");
            let update = found
                .last_update_status()
                .map(|status| status.as_str())
                .unwrap_or("Successful");
            let why = found
                .state_reason()
                .or(found.last_update_status_reason())
                .unwrap_or("Lambda does not say why");
            let is_well = matches!(state, "Active" | "Inactive") && update != "Failed";
            let architecture = found
                .architectures()
                .first()
                .map(|architecture| architecture.as_str());
            anyhow::Ok(Configuration {
                trouble: (!is_well).then(|| format!("{state}, last update {update}: {why}")),
                architecture: architecture.unwrap_or("x86_64").to_owned(),
                memory_mb: found.memory_size().unwrap_or(128).into(),
                name,
                called,
            })
        });
        try_join_all(all).await
    }

    async fn alarms(&self) -> Result<Vec<Finding>> {
        let names = self.physical_ids("AWS::CloudWatch::Alarm").await?;
        let mut all = Vec::new();
        for names in names.chunks(100) {
            let asked = self
                .cloudwatch
                .describe_alarms()
                .set_alarm_names(Some(names.to_vec()))
                .max_records(100);
            let found = asked.send().await.map_err(failed("CloudWatch"))?;
            all.extend(found.metric_alarms().iter().map(|alarm| {
                Alarm {
                    name: alarm.alarm_name().unwrap_or_default().to_owned(),
                    description: alarm.alarm_description().unwrap_or_default().to_owned(),
                    state: alarm
                        .state_value()
                        .map(|state| state.as_str().to_owned())
                        .unwrap_or_default(),
                }
            }));
        }
        Ok(doctor::alarms(&all))
    }

    async fn subscriptions(&self) -> Result<Vec<Finding>> {
        let mut all = Vec::new();
        for topic in self.physical_ids("AWS::SNS::Topic").await? {
            let mut pages = self
                .sns
                .list_subscriptions_by_topic()
                .topic_arn(&topic)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                all.extend(page.map_err(failed("SNS"))?.subscriptions().iter().map(
                    |subscription| {
                        Subscription {
                            endpoint: subscription.endpoint().unwrap_or_default().to_owned(),
                            is_confirmed: subscription
                                .subscription_arn()
                                .is_some_and(|arn| arn.starts_with("arn:")),
                        }
                    },
                ));
            }
        }
        Ok(doctor::subscriptions(&all))
    }

    async fn health(&self, deployed: &Deployed) -> Result<Vec<Finding>> {
        Ok(doctor::answers(&self.http, &deployed.health_urls(&self.services().await?)).await)
    }

    async fn webhook(&self, deployed: &Deployed) -> Result<Vec<Finding>> {
        let (Some(url), Some(name)) = (
            deployed.outputs.get("StudioWebhookUrl"),
            deployed.parameters.get("MetaVerifyTokenParam"),
        ) else {
            return Ok(vec![Finding::skipped(
                "webhook",
                "the stack has no webhook of Meta",
            )]);
        };
        if !deployed.needs("Meta") {
            return Ok(vec![Finding::skipped(
                "webhook",
                "the stack has no account at Meta",
            )]);
        }
        let found = self
            .ssm
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(failed(name))?;
        let token = found
            .parameter
            .and_then(|parameter| parameter.value)
            .ok_or_else(|| anyhow!("{name} has no value"))?;
        Ok(vec![
            doctor::verify_webhook(&self.http, url, &newest(token)).await,
        ])
    }
}

impl Deployed {
    /// Their names in SSM. A provider that there is no account with has a secret without a name.
    fn secrets(&self) -> Vec<String> {
        let named = self
            .parameters
            .iter()
            .filter(|(key, name)| key.ends_with("Param") && !name.is_empty());
        named
            .filter(|(key, _)| self.needs(key))
            .map(|(_, name)| name.clone())
            .collect()
    }

    /// `/studio/health` and `/studio/ready` at the address in the output `StudioApiUrl`, for each service that has one.
    fn health_urls(&self, services: &[String]) -> Vec<String> {
        let urls = services.iter().filter_map(|service| {
            let output = format!(
                "{}{}ApiUrl",
                service.get(..1)?.to_uppercase(),
                service.get(1..)?
            );
            let api = self.outputs.get(&output)?.trim_end_matches('/');
            Some(["health", "ready"].map(|what| format!("{api}/{service}/{what}")))
        });
        urls.flatten().collect()
    }

    /// A parameter of no channel is always needed.
    fn needs(&self, parameter: &str) -> bool {
        let channel = CHANNELS
            .iter()
            .find(|(channel, _)| parameter.starts_with(channel));
        channel.is_none_or(|(_, account)| {
            self.parameters
                .get(*account)
                .is_some_and(|account| !account.is_empty())
        })
    }
}

impl Configuration {
    fn state(self) -> FunctionState {
        FunctionState {
            name: self.name,
            architecture: self.architecture,
            trouble: self.trouble,
        }
    }
}

pub(crate) async fn dead_letters(place: &impl Queues) -> Result<Vec<Finding>> {
    let all = crate::dlq::all(&place.queues().await?);
    let full: Vec<Queue> = all
        .iter()
        .filter(|dlq| dlq.queue.depth() > 0)
        .map(|dlq| dlq.queue.clone())
        .collect();
    // That they are there is what matters.
    let mut oldest = if full.is_empty() {
        BTreeMap::new()
    } else {
        place.oldest(&full).await.unwrap_or_default()
    };
    let all: Vec<_> = all
        .into_iter()
        .map(|dlq| {
            let age = oldest.remove(&dlq.queue.name);
            (dlq, age)
        })
        .collect();
    Ok(doctor::dead_letters(&all))
}

/// Returns the first of a JSON list of secrets, which a parameter holds during a rotation, or its whole value.
fn newest(value: String) -> SecretString {
    let first = serde_json::from_str::<Vec<String>>(&value)
        .ok()
        .and_then(|secrets| secrets.into_iter().next());
    first.unwrap_or(value).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_needed_when_it_has_a_name_and_its_channel_an_account() {
        let parameters = [
            ("AlarmEmail", "you@example.com"),
            ("MetaPhoneNumberId", "106540352242922"),
            ("MetaAppSecretParam", "/meta"),
            ("TwilioAccountSid", ""),
            ("TwilioAuthTokenParam", "/twilio"),
            ("StripeSecretKeyParam", "/stripe"),
            ("PaymentWebhookSecretParam", ""),
            ("PaymentSecretPathParam", ""),
        ];
        let deployed = Deployed {
            state: StackState::default(),
            parameters: parameters
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            outputs: BTreeMap::new(),
        };
        assert_eq!(deployed.secrets(), ["/meta", "/stripe"]);
    }

    #[test]
    fn health_is_asked_at_the_address_of_each_service() {
        let outputs = [
            ("StudioApiUrl", "https://studio/"),
            ("RoomsApiUrl", "https://rooms"),
            ("EventBus", "confab"),
        ];
        let deployed = Deployed {
            state: StackState::default(),
            parameters: BTreeMap::new(),
            outputs: outputs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        };
        let services = ["studio", "rooms", "maintenance"].map(str::to_owned);
        let urls = [
            "https://studio/studio/health",
            "https://studio/studio/ready",
            "https://rooms/rooms/health",
            "https://rooms/rooms/ready",
        ];
        assert_eq!(deployed.health_urls(&services), urls);
    }
}
