//! The snapshot of everything that runs, and its stream.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use confab_emulator::{
    Emulator,
    recorder::Update,
    template::{SocketApi, Template},
};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::state::Control;

/// The stream sends at most four snapshots a second.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(250);

pub(super) async fn get(State(control): State<Control>) -> Json<Value> {
    Json(snapshot(&control).await)
}

pub(super) async fn snapshot(control: &Control) -> Value {
    let emulator = &control.emulator;
    let mut tables = Vec::new();
    for table in &emulator.template.tables {
        tables
            .push(json!({ "name": table.name, "items": emulator.tables.count(&table.name).await }));
    }
    let calls: Vec<_> = emulator
        .recorder
        .call_counts()
        .into_iter()
        .map(|(caller, calls)| merged(json!(caller), json!(calls)))
        .collect();
    let schedules: Vec<_> = emulator
        .template
        .schedules
        .iter()
        .map(|schedule| {
            let due = emulator.scheduler.due(&schedule.name);
            json!({
                "name": schedule.name,
                "expression": schedule.expression,
                "timezone": schedule.timezone,
                "target": emulator.functions.get(&schedule.target_arn).map(|function| function.spec.name.clone()),
                "next_at": due.and_then(|due| due.next_at),
                "last_at": due.and_then(|due| due.last_at),
            })
        })
        .collect();
    json!({
        "started_at": emulator.started_at,
        "now": emulator.clock.now(),
        "clock_offset_ms": emulator.clock.offset_ms(),
        "addresses": control.addresses,
        "products": &*control.products,
        "sites": control.sites.iter().map(|site| site.view()).collect::<Vec<_>>(),
        "functions": functions(control),
        "queues": queues(emulator),
        "rules": rules(emulator),
        "schedules": schedules,
        "tables": tables,
        "buckets": emulator.objects.counts().into_iter().map(|(name, objects)| json!({ "name": name, "objects": objects })).collect::<Vec<_>>(),
        "mails": emulator.mails.stats().unwrap_or_default(),
        "sockets": emulator.websockets.snapshot(),
        "tenant_violations": emulator.tenants.violations(),
        "aws_calls": calls,
        "provider_calls": emulator.recorder.provider_calls(),
        "metrics": emulator.recorder.metrics(),
    })
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn functions(control: &Control) -> Vec<Value> {
    let all = control.emulator.functions.all();
    all.map(|function| {
        let mut view = json!(function.snapshot());
        view["service"] = json!(control.services.get(&function.spec.name));
        if let Some(triggers) = view["triggers"].as_array_mut() {
            triggers.extend(
                other_triggers(&control.emulator.template, &function.spec.arn).map(Value::from),
            );
        }
        view
    })
    .collect()
}

/// Returns the triggers of a function besides its own routes and queues.
fn other_triggers<'a>(template: &'a Template, arn: &'a str) -> impl Iterator<Item = String> + 'a {
    let schedules = template
        .schedules
        .iter()
        .filter(move |schedule| schedule.target_arn == arn);
    let rules = template
        .rules
        .iter()
        .filter(move |rule| rule.targets.iter().any(|target| target.arn == arn));
    schedules
        .map(|schedule| format!("schedule {}", schedule.expression))
        .chain(rules.map(|rule| format!("rule {}", rule.name)))
        .chain(websocket_triggers(&template.sockets, arn))
}

fn queues(emulator: &Emulator) -> Vec<Value> {
    let own = emulator
        .queues
        .queues()
        .filter(|queue| !queue.name.starts_with('.'));
    own.map(|queue| {
        let consumer = emulator.functions.all().find(|function| {
            function
                .spec
                .consumers
                .iter()
                .any(|c| c.queue_arn == queue.arn)
        });
        let dlq = queue
            .redrive
            .as_ref()
            .and_then(|redrive| emulator.queues.by_arn(&redrive.dlq_arn).ok());
        let view = json!({
            "name": queue.name,
            "fifo": queue.fifo,
            "dlq": dlq.map(|dlq| dlq.name.clone()),
            "is_dlq": emulator.queues.source_of(queue).is_some(),
            "consumer": consumer.map(|function| function.spec.name.clone()),
        });
        merged(
            view,
            json!(emulator.queues.stats(queue).unwrap_or_default()),
        )
    })
    .collect()
}

fn rules(emulator: &Emulator) -> Vec<Value> {
    let rules = emulator.template.rules.iter();
    rules
        .map(|rule| {
            let targets: Vec<_> = rule.targets.iter().map(|target| target_name(emulator, &target.arn)).collect();
            let view = json!({ "name": rule.name, "bus": rule.bus, "pattern": rule.pattern, "targets": targets });
            merged(view, json!(emulator.recorder.rule_counts(&rule.bus, &rule.name)))
        })
        .collect()
}

fn target_name(emulator: &Emulator, arn: &str) -> String {
    match (
        emulator.template.queue_by_arn(arn),
        emulator.functions.get(arn),
    ) {
        (Some(queue), _) => format!("queue {}", queue.name),
        (None, Some(function)) => format!("function {}", function.spec.name),
        (None, None) => arn.to_owned(),
    }
}

fn websocket_triggers<'a>(
    apis: &'a [SocketApi],
    arn: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let routes = apis
        .iter()
        .flat_map(|api| &api.routes)
        .filter(move |(_, route)| route.function_arn == arn);
    let authorizers = apis.iter().filter_map(|api| api.authorizer.as_ref());
    let authorizer = authorizers.filter(move |authorizer| authorizer.function_arn == arn);
    routes
        .map(|(key, _)| format!("socket {key}"))
        .chain(authorizer.map(|_| "socket authorizer".to_owned()))
}

/// Streams timeline entries, log lines, and a snapshot when something has changed.
pub(super) async fn stream_all(
    State(control): State<Control>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let updates = stream::unfold(
        control.emulator.recorder.subscribe(),
        |mut updates| async move {
            loop {
                match updates.recv().await {
                    Ok(Update::Entry(entry)) => return Some((event("entry", &*entry), updates)),
                    Ok(Update::LogLine(line)) => return Some((event("log", &*line), updates)),
                    // A slow page misses some; it can query the rest.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        },
    );
    let snapshots = stream::unfold((control, None), |(control, seen)| async move {
        loop {
            let version = (
                control.emulator.recorder.version(),
                control.emulator.clock.offset_ms(),
            );
            if seen != Some(version) {
                // A task of its own, since this one stalls when the page does not read.
                let owned = control.clone();
                let snapshot = tokio::spawn(async move { snapshot(&owned).await })
                    .await
                    .ok()?;
                return Some((event("state", &snapshot), (control, Some(version))));
            }
            tokio::time::sleep(SNAPSHOT_INTERVAL).await;
        }
    });
    let paced = snapshots.then(|event| async move {
        tokio::time::sleep(SNAPSHOT_INTERVAL).await;
        event
    });
    Sse::new(stream::select(updates, paced).map(Ok)).keep_alive(KeepAlive::default())
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    Event::default()
        .event(name)
        .json_data(data)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, sync::Arc};

    use confab_emulator::{Clock, CodeFolders, EmulatorConfig, template::Places};

    async fn open() -> anyhow::Result<(tempfile::TempDir, Emulator)> {
        let data = tempfile::tempdir()?;
        let places = Places::default();
        let config = EmulatorConfig {
            data: data.path().to_owned(),
            code: CodeFolders {
                binaries: data.path().to_owned(),
                tools: data.path().to_owned(),
            },
            template: Template::parse(TEMPLATE, &places)?,
            places,
            parameters: BTreeMap::new(),
            clock: Arc::new(Clock::open(data.path())?),
        };
        let emulator = Emulator::open(config).await?;
        Ok((data, emulator))
    }

    const TEMPLATE: &str = "
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties:
      Name: !Ref AWS::StackName
  Line:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-line'
  Gone:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-gone'
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/hello/
      Runtime: provided.al2023
      Events:
        Often:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(5 minutes)
        Paid:
          Type: EventBridgeRule
          Properties:
            RuleName: paid
            EventBusName: !Ref Bus
            Pattern:
              detail-type: [paid]
  Told:
    Type: AWS::Events::Rule
    Properties:
      Name: told
      EventBusName: !Ref Bus
      EventPattern:
        source: [shop]
      Targets:
        - {Id: line, Arn: !GetAtt Line.Arn}
        - {Id: gone, Arn: !GetAtt Gone.Arn}
";

    #[tokio::test]
    async fn rules_name_their_targets_and_count_their_matches() -> anyhow::Result<()> {
        let (_data, emulator) = open().await?;
        let event = |kind: &str| json!({ "EventBusName": "confab", "Source": "shop", "DetailType": kind, "Detail": "{}" });
        let entries = json!({ "Entries": [event("paid"), event("else"), event("else")] });
        emulator
            .events
            .put_events(&entries)
            .map_err(anyhow::Error::msg)?;
        let views: Vec<_> = rules(&emulator)
            .iter()
            .map(|rule| {
                json!([
                    rule["name"],
                    rule["targets"],
                    rule["matched"],
                    rule["failed"]
                ])
            })
            .collect();
        let expected = [
            json!(["paid", ["function hello"], 1, 0]),
            json!(["told", ["queue confab-line", "queue confab-gone"], 3, 0]),
        ];
        assert_eq!(views, expected);
        Ok(())
    }

    #[tokio::test]
    async fn schedules_and_rules_are_triggers_of_a_function() -> anyhow::Result<()> {
        let (_data, emulator) = open().await?;
        let hello = emulator
            .functions
            .get("hello")
            .ok_or_else(|| anyhow::anyhow!("no function"))?;
        let triggers: Vec<_> = other_triggers(&emulator.template, &hello.spec.arn).collect();
        assert_eq!(triggers, ["schedule rate(5 minutes)", "rule paid"]);
        Ok(())
    }
}
