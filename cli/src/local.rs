//! A running `local`, by its control API (docs/local-api.md).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    doctor::{self, Finding, FunctionState},
    lines,
    ports::{Queues, Step, Usage, is_inbound},
    prices::Item,
};

#[derive(Debug)]
pub(crate) struct Local {
    http: reqwest::Client,
    home: String,
    pub(crate) aws: String,
    state: State,
}

/// What we use of `GET /api/state`.
#[derive(Debug, Deserialize)]
struct State {
    addresses: Addresses,
    functions: Vec<Function>,
    queues: Vec<Queue>,
    aws_calls: Vec<Calls>,
    sockets: Vec<Sockets>,
}

#[derive(Debug, Deserialize)]
struct Addresses {
    gateway: String,
    aws: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    triggers: Vec<String>,
    state: String,
    message: Option<String>,
    invocations: u64,
    billed_ms: u64,
    messages: u64,
    memory_mb: u64,
}

#[derive(Debug, Deserialize)]
struct Queue {
    name: String,
    fifo: bool,
    consumer: Option<String>,
    oldest_age_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Calls {
    service: String,
    operation: String,
    caller: String,
    count: u64,
    read_units: f64,
    write_units: f64,
}

/// What a WebSocket API did, in the units that AWS charges.
#[derive(Debug, Deserialize)]
struct Sockets {
    units_in: u64,
    units_out: u64,
    connection_minutes: f64,
}

#[derive(Debug, Deserialize)]
struct Entry {
    at: i64,
    kind: String,
    name: String,
    text: String,
    ok: bool,
}

#[derive(Debug, Deserialize)]
struct Line {
    at: i64,
    function: String,
    level: String,
    text: String,
    request_id: Option<String>,
    fields: Map<String, Value>,
}

impl Local {
    pub(crate) async fn open(http: reqwest::Client, home: &str) -> Result<Self> {
        let home = home.trim_end_matches('/').to_owned();
        let state: State = get(&http, &home, "/api/state").await?;
        Ok(Self {
            http,
            home,
            aws: state.addresses.aws.clone(),
            state,
        })
    }

    pub(crate) fn queues(&self) -> Vec<String> {
        self.state
            .queues
            .iter()
            .map(|queue| queue.name.clone())
            .collect()
    }

    pub(crate) fn oldest(&self) -> BTreeMap<String, i64> {
        self.state
            .queues
            .iter()
            .filter_map(|queue| Some((queue.name.clone(), queue.oldest_age_ms?)))
            .collect()
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        self.state.functions.clone()
    }

    /// Its timeline, with the lines that the functions wrote.
    pub(crate) async fn steps(&self, correlation_id: &str) -> Result<Vec<Step>> {
        let entries: Vec<Entry> = get(
            &self.http,
            &self.home,
            &format!("/api/traces/{correlation_id}"),
        )
        .await?;
        let steps = entries.into_iter().map(|entry| Step {
            at: entry.at,
            kind: entry.kind,
            name: entry.name,
            text: entry.text,
            is_error: !entry.ok,
            request_id: None,
        });
        Ok(steps.chain(self.lines(correlation_id).await?).collect())
    }

    async fn lines(&self, correlation_id: &str) -> Result<Vec<Step>> {
        let path = format!("/api/logs?correlation_id={correlation_id}&limit=1000");
        let lines: Vec<Line> = get(&self.http, &self.home, &path).await?;
        let steps = lines.into_iter().map(|line| Step {
            at: line.at,
            kind: "log".to_owned(),
            name: line.function,
            text: lines::text(&line.text, &line.fields),
            is_error: lines::is_error(&line.level),
            request_id: line.request_id,
        });
        Ok(steps.collect())
    }

    pub(crate) async fn reasons(
        &self,
        correlation_ids: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let mut reasons = BTreeMap::new();
        for id in correlation_ids {
            let last = self
                .lines(id)
                .await?
                .into_iter()
                .rfind(|line| line.is_error);
            reasons.extend(last.map(|line| (id.clone(), format!("{}: {}", line.name, line.text))));
        }
        Ok(reasons)
    }

    /// `local` counts from its start, and only what the template's functions do.
    pub(crate) fn usage(&self) -> Usage {
        let mut used: BTreeMap<Item, f64> = BTreeMap::new();
        let mut add = |item, quantity: f64| *used.entry(item).or_default() += quantity;
        for function in &self.state.functions {
            add(Item::LambdaRequests, float(function.invocations));
            // By the price of what is deployed, not of this laptop.
            let seconds = float(function.billed_ms) / 1_000.0;
            add(
                Item::LambdaGbSecondsArm,
                seconds * float(function.memory_mb) / 1_024.0,
            );
            if function.is_called_by_http() {
                add(Item::HttpRequests, float(function.invocations));
            }
        }
        for sockets in &self.state.sockets {
            add(
                Item::SocketMessages,
                float(sockets.units_in + sockets.units_out),
            );
            add(Item::SocketMinutes, sockets.connection_minutes);
        }
        // Which queue a call was for is not known.
        let sqs = match self.state.queues.iter().any(|queue| queue.fifo) {
            true => Item::SqsFifoRequests,
            false => Item::SqsRequests,
        };
        for function in self.consumers(|_| true) {
            // Lambda's own poller receives a batch and deletes it.
            add(sqs, 2.0 * float(function.invocations));
        }
        for calls in self
            .state
            .aws_calls
            .iter()
            .filter(|calls| calls.caller != "outside")
        {
            match (calls.service.as_str(), calls.operation.as_str()) {
                ("sqs", _) => add(sqs, float(calls.count)),
                ("events", "PutEvents") => add(Item::BusEvents, float(calls.count)),
                _ => {}
            }
            add(Item::ReadUnits, calls.read_units);
            add(Item::WriteUnits, calls.write_units);
        }
        let remarks = [
            "Durations are those of this laptop. On a stack a function's share of a core depends on its memory.",
            "Requests to standard queues are counted as FIFO, which costs more. Not counted: bytes of logs, and empty receives of Lambda's pollers.",
        ];
        Usage {
            period: format!("local at {}, since its start", self.home),
            used: used.into_iter().collect(),
            messages: float(
                self.consumers(is_inbound)
                    .map(|function| function.messages)
                    .sum(),
            ),
            remarks: remarks.map(str::to_owned).into(),
        }
    }

    /// The functions that work on such queues.
    fn consumers(&self, queue: impl Fn(&str) -> bool) -> impl Iterator<Item = &Function> {
        let queues = self.state.queues.iter().filter(move |of| queue(&of.name));
        let names: BTreeSet<_> = queues
            .filter_map(|queue| queue.consumer.as_deref())
            .collect();
        self.state
            .functions
            .iter()
            .filter(move |function| names.contains(function.name.as_str()))
    }

    pub(crate) async fn findings(&self, queues: &impl Queues) -> Vec<Finding> {
        let mut findings = vec![Finding::ok("local", format!("{} answers", self.home))];
        let functions = self.state.functions.iter().map(Function::health);
        findings.extend(doctor::functions(&functions.collect::<Vec<_>>(), None));
        let dead_letters = crate::stack::dead_letters(queues).await;
        findings.extend(
            dead_letters.unwrap_or_else(|error| vec![Finding::unseen("dead letters", &error)]),
        );
        findings.extend(doctor::answers(&self.http, &self.health_urls()).await);
        findings.push(
            self.webhook()
                .await
                .unwrap_or_else(|error| Finding::unseen("webhook", &error)),
        );
        findings.push(Finding::skipped(
            "account",
            "credentials, stack, secrets, alarms and subscribers are on AWS only",
        ));
        findings
    }

    /// Returns the address of a route of the API.
    pub(crate) fn route(&self, path: &str) -> String {
        format!("{}{path}", self.state.addresses.gateway)
    }

    fn health_urls(&self) -> Vec<String> {
        let triggers = self
            .state
            .functions
            .iter()
            .flat_map(|function| &function.triggers);
        let paths = triggers.filter_map(|trigger| trigger.strip_prefix("GET "));
        let paths = paths.filter(|path| path.ends_with("/health") || path.ends_with("/ready"));
        let mut urls: Vec<_> = paths.map(|path| self.route(path)).collect();
        urls.sort();
        urls
    }

    /// The simulated Meta asks as the real one does.
    async fn webhook(&self) -> Result<Finding> {
        #[derive(Deserialize)]
        struct Verified {
            ok: bool,
            status: u16,
        }
        let asked = self
            .http
            .post(format!("{}/api/phone/verify", self.home))
            .send()
            .await?;
        let Verified { ok, status } = asked.error_for_status()?.json().await?;
        Ok(if ok {
            Finding::ok("webhook", "returns Meta's challenge")
        } else {
            let advice = "`confab trace` and the log in the control room have details.";
            Finding::problem(
                "webhook",
                format!("does not return Meta's challenge: {status}"),
                advice,
            )
        })
    }
}

impl Function {
    fn is_called_by_http(&self) -> bool {
        self.triggers.iter().any(|trigger| trigger.contains(" /"))
    }

    fn health(&self) -> FunctionState {
        let trouble = (self.state != "ready").then(|| match &self.message {
            Some(message) => format!("{}: {message}", self.state),
            None => self.state.clone(),
        });
        FunctionState {
            name: self.name.clone(),
            architecture: String::new(),
            trouble,
        }
    }
}

async fn get<T: DeserializeOwned>(http: &reqwest::Client, home: &str, path: &str) -> Result<T> {
    let asked = http.get(format!("{home}{path}")).send().await;
    let Ok(answer) = asked else {
        bail!(
            "`local` does not answer at {home}. scripts/dev starts it; --local=URL says where it is."
        );
    };
    let answer = answer
        .error_for_status()
        .with_context(|| format!("{home} is no `local`"))?;
    answer
        .json()
        .await
        .with_context(|| format!("{home} is no `local`, or one of another version"))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a laptop")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_local_counts_is_what_aws_charges_for() {
        let function = |name: &str, trigger: &str, invocations: u64, messages: u64| {
            json!({ "name": name, "triggers": [trigger], "state": "ready", "message": null, "invocations": invocations,
                "billed_ms": 8_000, "messages": messages, "memory_mb": 128 })
        };
        let queue = |name: &str, consumer: &str| {
            let fifo = name.ends_with(".fifo");
            json!({ "name": name, "fifo": fifo, "consumer": consumer, "oldest_age_ms": null })
        };
        let call = |service: &str, operation: &str, caller: &str| {
            json!({ "service": service, "operation": operation, "caller": caller, "count": 5, "read_units": 1.5,
                "write_units": 9.0 })
        };
        let state = json!({
            "addresses": { "gateway": "http://g", "aws": "http://a" },
            "functions": [function("hook", "POST /hook", 10, 0), function("worker", "queue x-inbound.fifo", 3, 7),
                function("status", "queue x-status", 1, 9)],
            "queues": [queue("x-inbound.fifo", "worker"), queue("x-status", "status")],
            "aws_calls": [call("sqs", "SendMessageBatch", "hook"), call("sqs", "ReceiveMessage", "outside"),
                call("dynamodb", "UpdateItem", "worker")],
            "sockets": [{ "units_in": 2, "units_out": 40, "connection_minutes": 1.5, "open": 1 }],
        });
        let local = Local {
            http: confab_provider_base::http_client().unwrap(),
            home: "http://h".into(),
            aws: "http://a".into(),
            state: serde_json::from_value(state).unwrap(),
        };
        let usage = local.usage();
        assert_eq!(
            usage.used,
            [
                (Item::LambdaRequests, 14.0),
                (Item::LambdaGbSecondsArm, 3.0),
                (Item::HttpRequests, 10.0),
                (Item::SocketMessages, 42.0),
                (Item::SocketMinutes, 1.5),
                (Item::SqsFifoRequests, 8.0 + 5.0),
                (Item::ReadUnits, 3.0),
                (Item::WriteUnits, 18.0),
            ]
        );
        assert_eq!(usage.messages, 7.0, "what people said, and no statuses");
    }
}
