//! Observes all services: timelines by correlation id, log lines and metrics of functions, and counts of AWS calls with
//! their capacity units. Bounded and in memory only.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::broadcast;

use crate::clock::Clock;

const MAX_ENTRIES: usize = 20_000;
const MAX_LOG_LINES: usize = 5_000;

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub seq: u64,
    pub at: i64,
    pub correlation_id: String,
    pub kind: EntryKind,
    pub name: String,
    pub text: String,
    pub ok: bool,
    pub duration_ms: Option<f64>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Http,
    Queue,
    Function,
    Provider,
    Event,
    Schedule,
}

#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    pub seq: u64,
    pub at: i64,
    pub function: String,
    pub level: String,
    pub text: String,
    pub correlation_id: Option<String>,
    pub request_id: Option<String>,
    pub fields: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    pub correlation_id: String,
    pub first_at: i64,
    pub last_at: i64,
    pub entries: usize,
    pub errors: usize,
    pub title: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct CallCounts {
    pub count: u64,
    pub errors: u64,
    /// How many of the errors are failed conditions: see `CallOutcome::Condition`.
    pub conditions: u64,
    pub read_units: f64,
    pub write_units: f64,
}

/// The outcome of an AWS call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    Success,
    /// AWS counts it as an error, the caller expects it: a failed condition, or `HEAD` of a missing object.
    Condition,
    Failure,
}

/// Calls of one provider.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProviderCalls {
    pub provider: String,
    pub count: u64,
    pub errors: u64,
}

/// Counts of an event rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RuleCounts {
    /// Events that matched the pattern.
    pub matched: u64,
    /// Deliveries to targets that failed.
    pub failed: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    pub function: String,
    pub unit: String,
    pub total: f64,
    pub last_at: i64,
}

/// An item of the stream.
#[derive(Debug, Clone)]
pub enum Update {
    Entry(Arc<Entry>),
    LogLine(Arc<LogLine>),
}

#[derive(Debug)]
pub struct Recorder {
    clock: Arc<Clock>,
    seq: AtomicU64,
    entries: Mutex<VecDeque<Arc<Entry>>>,
    lines: Mutex<VecDeque<Arc<LogLine>>>,
    calls: Mutex<BTreeMap<ApiCall, CallCounts>>,
    /// By provider.
    provider_calls: Mutex<BTreeMap<String, ProviderCalls>>,
    /// By bus and rule.
    rule_counts: Mutex<HashMap<(String, String), RuleCounts>>,
    metrics: Mutex<HashMap<(String, String), Metric>>,
    updates: broadcast::Sender<Update>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ApiCall {
    pub service: String,
    pub operation: String,
    /// The function, or `outside`.
    pub caller: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves these collections whole: each change is one push or one insert.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Recorder {
    pub fn new(clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            seq: AtomicU64::new(1),
            entries: Mutex::default(),
            lines: Mutex::default(),
            calls: Mutex::default(),
            provider_calls: Mutex::default(),
            rule_counts: Mutex::default(),
            metrics: Mutex::default(),
            updates: broadcast::channel(1_024).0,
        })
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Update> {
        self.updates.subscribe()
    }

    /// Returns a number that grows with every change, so that pages know when to query a new snapshot.
    pub fn version(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// Increments the version, and returns the previous one.
    pub fn mark_changed(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed)
    }

    pub fn entry(
        &self,
        kind: EntryKind,
        name: &str,
        correlation_id: &str,
        text: impl Into<String>,
    ) -> EntryDraft<'_> {
        EntryDraft {
            recorder: self,
            entry: Entry {
                seq: 0,
                at: self.clock.now(),
                correlation_id: correlation_id.to_owned(),
                kind,
                name: name.to_owned(),
                text: text.into(),
                ok: true,
                duration_ms: None,
                reference: None,
            },
        }
    }

    /// Records one line of a function's output. Embedded metrics (EMF) are counted and not kept as lines.
    pub fn log(&self, function: &str, raw: &str) {
        let at = self.clock.now();
        let parsed: Option<Map<String, Value>> = serde_json::from_str(raw).ok();
        let mut fields = match parsed {
            Some(fields) if fields.contains_key("_aws") => {
                return self.metrics_of(function, &fields, at);
            }
            Some(fields) => fields,
            None => Map::from_iter([("message".to_owned(), Value::from(raw))]),
        };
        // The span may carry the correlation id.
        let of_span = match fields.remove("span") {
            Some(Value::Object(mut span)) => span
                .remove("correlation_id")
                .and_then(|id| id.as_str().map(str::to_owned)),
            _ => None,
        };
        let mut take = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let line = Arc::new(LogLine {
            seq: self.mark_changed(),
            at,
            function: function.to_owned(),
            level: take("level").unwrap_or_else(|| "INFO".to_owned()),
            text: take("message").unwrap_or_default(),
            correlation_id: take("correlation_id").or(of_span),
            request_id: take("request_id"),
            fields: {
                fields.remove("timestamp");
                fields
            },
        });
        push(&mut locked(&self.lines), line.clone(), MAX_LOG_LINES);
        // No subscriber is no error.
        self.updates.send(Update::LogLine(line)).ok();
    }

    fn metrics_of(&self, function: &str, fields: &Map<String, Value>, at: i64) {
        self.mark_changed();
        let sets = fields
            .get("_aws")
            .and_then(|aws| aws.get("CloudWatchMetrics"))
            .and_then(Value::as_array);
        let mut metrics = locked(&self.metrics);
        for set in sets.into_iter().flatten() {
            let namespace = set
                .get("Namespace")
                .and_then(Value::as_str)
                .unwrap_or_default();
            for metric in set
                .get("Metrics")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let name = metric
                    .get("Name")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let value = fields.get(name).and_then(Value::as_f64).unwrap_or(0.0);
                let known = metrics
                    .entry((function.to_owned(), name.to_owned()))
                    .or_insert_with(|| Metric {
                        namespace: namespace.to_owned(),
                        name: name.to_owned(),
                        function: function.to_owned(),
                        unit: metric
                            .get("Unit")
                            .and_then(Value::as_str)
                            .unwrap_or("None")
                            .to_owned(),
                        total: 0.0,
                        last_at: at,
                    });
                known.total += value;
                known.last_at = at;
            }
        }
    }

    pub(crate) fn count_call(
        &self,
        call: ApiCall,
        outcome: CallOutcome,
        read_units: f64,
        write_units: f64,
    ) {
        self.mark_changed();
        let mut calls = locked(&self.calls);
        let known = calls.entry(call).or_default();
        known.count += 1;
        known.errors += u64::from(outcome != CallOutcome::Success);
        known.conditions += u64::from(outcome == CallOutcome::Condition);
        known.read_units += read_units;
        known.write_units += write_units;
    }

    pub fn count_provider_call(&self, provider: &str, is_success: bool) {
        self.mark_changed();
        let mut calls = locked(&self.provider_calls);
        let known = calls.entry(provider.to_owned()).or_default();
        provider.clone_into(&mut known.provider);
        known.count += 1;
        known.errors += u64::from(!is_success);
    }

    pub fn provider_calls(&self) -> Vec<ProviderCalls> {
        locked(&self.provider_calls).values().cloned().collect()
    }

    /// Counts an event that matched a rule, and the targets that it could not be delivered to.
    pub(crate) fn count_rule_match(&self, bus: &str, rule: &str, failed: usize) {
        self.mark_changed();
        let mut rules = locked(&self.rule_counts);
        let known = rules.entry((bus.to_owned(), rule.to_owned())).or_default();
        known.matched += 1;
        known.failed += failed as u64;
    }

    pub fn rule_counts(&self, bus: &str, rule: &str) -> RuleCounts {
        locked(&self.rule_counts)
            .get(&(bus.to_owned(), rule.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    pub fn call_counts(&self) -> Vec<(ApiCall, CallCounts)> {
        locked(&self.calls)
            .iter()
            .map(|(caller, calls)| (caller.clone(), calls.clone()))
            .collect()
    }

    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics: Vec<_> = locked(&self.metrics).values().cloned().collect();
        metrics.sort_by(|a, b| (&a.function, &a.name).cmp(&(&b.function, &b.name)));
        metrics
    }

    pub fn traces(&self, limit: usize) -> Vec<Trace> {
        let mut traces: HashMap<String, Trace> = HashMap::new();
        for entry in locked(&self.entries).iter() {
            let trace = traces
                .entry(entry.correlation_id.clone())
                .or_insert_with(|| Trace {
                    correlation_id: entry.correlation_id.clone(),
                    first_at: entry.at,
                    last_at: entry.at,
                    entries: 0,
                    errors: 0,
                    title: entry.name.clone(),
                });
            if entry.at < trace.first_at {
                trace.first_at = entry.at;
                trace.title.clone_from(&entry.name);
            }
            trace.last_at = trace.last_at.max(entry.at);
            trace.entries += 1;
            trace.errors += usize::from(!entry.ok);
        }
        let mut traces: Vec<_> = traces.into_values().collect();
        traces.sort_by_key(|trace| std::cmp::Reverse(trace.first_at));
        traces.truncate(limit);
        traces
    }

    /// Returns the entries in order of their start; long steps are recorded at their end.
    pub fn trace(&self, correlation_id: &str) -> Vec<Arc<Entry>> {
        let entries = locked(&self.entries);
        let mut found: Vec<_> = entries
            .iter()
            .filter(|entry| entry.correlation_id == correlation_id)
            .cloned()
            .collect();
        found.sort_by_key(|entry| (entry.at, entry.seq));
        found
    }

    pub fn lines(&self, wanted: impl Fn(&LogLine) -> bool, limit: usize) -> Vec<Arc<LogLine>> {
        let lines = locked(&self.lines);
        let mut found: Vec<_> = lines
            .iter()
            .rev()
            .filter(|line| wanted(line))
            .take(limit)
            .cloned()
            .collect();
        found.reverse();
        found
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() == limit {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// Builds an entry of the timeline.
#[derive(Debug)]
#[must_use = "call `add`"]
pub struct EntryDraft<'a> {
    recorder: &'a Recorder,
    entry: Entry,
}

impl EntryDraft<'_> {
    pub fn failed_if(mut self, failed: bool) -> Self {
        self.entry.ok = !failed;
        self
    }

    pub fn took(mut self, duration_ms: f64) -> Self {
        self.entry.duration_ms = Some(duration_ms);
        self
    }

    pub fn reference(mut self, reference: Option<String>) -> Self {
        self.entry.reference = reference;
        self
    }

    pub fn at(mut self, at: i64) -> Self {
        self.entry.at = at;
        self
    }

    pub fn add(mut self) {
        self.entry.seq = self.recorder.mark_changed();
        let entry = Arc::new(self.entry);
        push(
            &mut locked(&self.recorder.entries),
            entry.clone(),
            MAX_ENTRIES,
        );
        // No subscriber is no error.
        self.recorder.updates.send(Update::Entry(entry)).ok();
    }
}
