//! EventBridge: events on a bus, patterns of rules, and targets.

mod pattern;

use std::sync::Arc;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    account::Account,
    clock::Clock,
    lambda::{AsyncInvoker, Functions},
    recorder::{EntryKind, Recorder},
    sqs::{NewMessage, Queues},
    template::{Bus, Rule, Target, Template},
};

/// The event buses of the template and their rules.
#[derive(Debug)]
pub struct EventBuses {
    buses: Vec<Bus>,
    rules: Vec<Rule>,
    account: Account,
    clock: Arc<Clock>,
    functions: Arc<Functions>,
    invoker: Arc<AsyncInvoker>,
    queues: Arc<Queues>,
    recorder: Arc<Recorder>,
}

/// The error code and message of a refused entry.
type Refusal = (&'static str, String);

impl EventBuses {
    /// Fails on a pattern with an operator that the emulator does not know.
    pub(crate) fn new(
        template: &Template,
        account: Account,
        clock: Arc<Clock>,
        functions: Arc<Functions>,
        invoker: Arc<AsyncInvoker>,
        queues: Arc<Queues>,
        recorder: Arc<Recorder>,
    ) -> Result<Self> {
        for rule in &template.rules {
            if let Some(operator) = pattern::unknown_operator(&rule.pattern) {
                bail!(
                    "rule {}: local does not know the pattern operator {operator}",
                    rule.name
                );
            }
        }
        Ok(Self {
            buses: template.buses.clone(),
            rules: template.rules.clone(),
            account,
            clock,
            functions,
            invoker,
            queues,
            recorder,
        })
    }

    /// Answers `PutEvents`: each entry on its own, as AWS does.
    pub fn put_events(&self, request: &Value) -> Result<Value, String> {
        let entries = request
            .get("Entries")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !(1..=10).contains(&entries.len()) {
            let count = entries.len();
            return Err(format!(
                "{count} entries: there must be at least 1 and at most 10."
            ));
        }
        let results: Vec<_> = entries
            .iter()
            .map(|entry| match self.put(entry) {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            })
            .collect();
        let failed = results
            .iter()
            .filter(|result| result.get("ErrorCode").is_some())
            .count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
    }

    fn put(&self, entry: &Value) -> Result<String, Refusal> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in ["Source", "DetailType", "Detail"] {
            if text(name).is_empty() {
                let message = format!(
                    "Parameter {name} is not valid. Reason: {name} is a required argument."
                );
                return Err(("InvalidArgument", message));
            }
        }
        let detail = serde_json::from_str::<Value>(text("Detail"))
            .ok()
            .filter(Value::is_object);
        let detail =
            detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
        let named = text("EventBusName");
        let bus = named
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or("default");
        if bus != "default" && !self.buses.iter().any(|known| known.name == bus) {
            // AWS drops it silently; here the log names it.
            let line = json!({ "level": "ERROR", "message": format!("an event is lost: there is no event bus {bus}") });
            self.recorder.log("events", &line.to_string());
        }
        let id = uuid::Uuid::new_v4().to_string();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": text("DetailType"),
            "source": text("Source"),
            "account": self.account.id,
            "time": self.clock.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.account.region,
            "resources": entry.get("Resources").cloned().unwrap_or_else(|| json!([])),
            "detail": detail,
        });
        for rule in self
            .rules
            .iter()
            .filter(|rule| rule.bus == bus && pattern::matches(&rule.pattern, &event))
        {
            let failed = rule
                .targets
                .iter()
                .filter(|target| !self.deliver(rule, target, &event))
                .count();
            self.recorder
                .count_rule_match(&rule.bus, &rule.name, failed);
        }
        Ok(id)
    }

    /// Sends an event to a target; false when that fails.
    fn deliver(&self, rule: &Rule, target: &Target, event: &Value) -> bool {
        let correlation = event
            .pointer("/detail/correlation_id")
            .and_then(Value::as_str);
        let sent = match (
            self.queues.by_arn(&target.arn),
            self.functions.get(&target.arn),
        ) {
            (Ok(queue), _) => {
                let message = NewMessage {
                    body: event.to_string(),
                    attributes: correlation.map_or_else(
                        || json!({}),
                        |id| json!({ "correlation_id": { "DataType": "String", "StringValue": id } }),
                    ),
                    group_id: target.group.clone(),
                    deduplication_id: event.get("id").and_then(Value::as_str).map(str::to_owned),
                    sender: "events".to_owned(),
                    ..NewMessage::default()
                };
                self.queues
                    .send(queue, &message)
                    .map(drop)
                    .map_err(anyhow::Error::from)
            }
            (Err(_), Some(function)) => self.invoker.invoke(function, &event.to_string()),
            (Err(error), None) => Err(error.into()),
        };
        if let Err(error) = &sent {
            self.recorder.log(
                "events",
                &format!("rule {} reached nothing: {error}", rule.name),
            );
        }
        if let Some(id) = correlation {
            let kind = event
                .get("detail-type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            self.recorder
                .entry(EntryKind::Event, &rule.name, id, kind)
                .failed_if(sent.is_err())
                .add();
        }
        sent.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lambda::CodeFolders, template::Places};

    const TEMPLATE: &str = "
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
  Present: {Type: AWS::SQS::Queue, Properties: {QueueName: present}}
  Missing: {Type: AWS::SQS::Queue, Properties: {QueueName: missing}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: paid
      EventBusName: !Ref Bus
      EventPattern: {detail-type: [paid]}
      Targets:
        - {Id: present, Arn: !GetAtt Present.Arn}
        - {Id: missing, Arn: !GetAtt Missing.Arn}
";

    #[test]
    fn rule_counts_matches_and_failed_deliveries() -> Result<()> {
        let data = tempfile::tempdir()?;
        let template = Template::parse(TEMPLATE, &Places::default())?;
        let account = Account {
            id: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let clock = Arc::new(Clock::with_source(|| 0));
        let recorder = Recorder::new(clock.clone());
        let queues: Vec<_> = template
            .queues
            .iter()
            .filter(|queue| queue.name == "present")
            .cloned()
            .collect();
        let queues = Arc::new(Queues::open(data.path(), &queues, clock.clone())?);
        let code = CodeFolders {
            binaries: data.path().to_owned(),
            tools: data.path().to_owned(),
        };
        let functions = Functions::new(&[], &code, "", &account.region, &clock, &recorder);
        let invoker = AsyncInvoker::new(queues.clone(), recorder.clone());
        let buses = EventBuses::new(
            &template,
            account,
            clock,
            Arc::new(functions),
            Arc::new(invoker),
            queues.clone(),
            recorder.clone(),
        )?;
        let event = |kind: &str| json!({ "EventBusName": "shop", "Source": "shop", "DetailType": kind, "Detail": "{}" });
        let request = json!({ "Entries": [event("paid"), event("paid"), event("opened")] });
        buses.put_events(&request).map_err(anyhow::Error::msg)?;
        let counts = recorder.rule_counts("shop", "paid");
        assert_eq!((counts.matched, counts.failed), (2, 2));
        assert_eq!(queues.stats(queues.queue("present")?)?.visible, 2);
        Ok(())
    }
}
