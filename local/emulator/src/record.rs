//! What happened: the timeline of each correlation id, the functions' log lines and metrics, and the AWS calls with
//! what they would cost. Kept in memory and bounded: it explains the present, it is no record.

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

const ENTRIES: usize = 20_000;
const LINES: usize = 5_000;

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub seq: u64,
    pub at: i64,
    pub correlation_id: String,
    pub kind: Kind,
    pub name: String,
    pub text: String,
    pub ok: bool,
    pub duration_ms: Option<f64>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Http,
    Queue,
    Function,
    Provider,
    Event,
    Schedule,
}

#[derive(Debug, Clone, Serialize)]
pub struct Line {
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
pub struct Calls {
    pub count: u64,
    pub errors: u64,
    /// How many of the errors are answers that were asked for: see `Ended::Condition`.
    pub conditions: u64,
    pub read_units: f64,
    pub write_units: f64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Well,
    /// AWS counts it among the errors, and the caller among the answers: a condition does not hold, or it asked
    /// whether an object is there and it is not.
    Condition,
    Badly,
}

/// What a provider was asked.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Asked {
    pub provider: String,
    pub count: u64,
    pub errors: u64,
}

/// What an event rule has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Matches {
    /// Events that fit the pattern.
    pub matched: u64,
    /// Targets that could not be given one of them.
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

/// What the streams carry.
#[derive(Debug, Clone)]
pub enum News {
    Entry(Arc<Entry>),
    Line(Arc<Line>),
}

#[derive(Debug)]
pub struct Record {
    clock: Arc<Clock>,
    seq: AtomicU64,
    entries: Mutex<VecDeque<Arc<Entry>>>,
    lines: Mutex<VecDeque<Arc<Line>>>,
    calls: Mutex<BTreeMap<Caller, Calls>>,
    /// By provider.
    asked: Mutex<BTreeMap<String, Asked>>,
    /// By bus and rule.
    matches: Mutex<HashMap<(String, String), Matches>>,
    metrics: Mutex<HashMap<(String, String), Metric>>,
    news: broadcast::Sender<News>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Caller {
    pub service: String,
    pub operation: String,
    /// The function, or `outside` for everybody else.
    pub caller: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves these collections whole: each change is one push or one insert.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Record {
    pub fn new(clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            seq: AtomicU64::new(1),
            entries: Mutex::default(),
            lines: Mutex::default(),
            calls: Mutex::default(),
            asked: Mutex::default(),
            matches: Mutex::default(),
            metrics: Mutex::default(),
            news: broadcast::channel(1_024).0,
        })
    }

    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Grows with everything that happens: a page asks for a new snapshot when it has changed.
    pub fn version(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    pub fn touch(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed)
    }

    pub fn entry(
        &self,
        kind: Kind,
        name: &str,
        correlation_id: &str,
        text: impl Into<String>,
    ) -> Draft<'_> {
        Draft {
            record: self,
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

    /// One line of a function's output. A line of embedded metrics is counted and not shown.
    pub fn line(&self, function: &str, raw: &str) {
        let at = self.clock.now();
        let parsed: Option<Map<String, Value>> = serde_json::from_str(raw).ok();
        let mut fields = match parsed {
            Some(fields) if fields.contains_key("_aws") => {
                return self.metrics_of(function, &fields, at);
            }
            Some(fields) => fields,
            None => Map::from_iter([("message".to_owned(), Value::from(raw))]),
        };
        // The span of a line names the work that it belongs to.
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
        let line = Arc::new(Line {
            seq: self.touch(),
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
        push(&mut locked(&self.lines), line.clone(), LINES);
        // Nobody listening is fine.
        self.news.send(News::Line(line)).ok();
    }

    fn metrics_of(&self, function: &str, fields: &Map<String, Value>, at: i64) {
        self.touch();
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

    pub fn call(&self, caller: Caller, ended: Ended, read_units: f64, write_units: f64) {
        self.touch();
        let mut calls = locked(&self.calls);
        let known = calls.entry(caller).or_default();
        known.count += 1;
        known.errors += u64::from(ended != Ended::Well);
        known.conditions += u64::from(ended == Ended::Condition);
        known.read_units += read_units;
        known.write_units += write_units;
    }

    pub fn asked(&self, provider: &str, is_well: bool) {
        self.touch();
        let mut asked = locked(&self.asked);
        let known = asked.entry(provider.to_owned()).or_default();
        provider.clone_into(&mut known.provider);
        known.count += 1;
        known.errors += u64::from(!is_well);
    }

    pub fn all_asked(&self) -> Vec<Asked> {
        locked(&self.asked).values().cloned().collect()
    }

    /// An event fitted a rule, and could not be given to so many of its targets.
    pub fn matched(&self, bus: &str, rule: &str, failed: usize) {
        self.touch();
        let mut matches = locked(&self.matches);
        let known = matches
            .entry((bus.to_owned(), rule.to_owned()))
            .or_default();
        known.matched += 1;
        known.failed += failed as u64;
    }

    pub fn matches(&self, bus: &str, rule: &str) -> Matches {
        locked(&self.matches)
            .get(&(bus.to_owned(), rule.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    pub fn calls(&self) -> Vec<(Caller, Calls)> {
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

    /// In the order of what happened: a step that took long is written down when it is over.
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

    pub fn lines(&self, wanted: impl Fn(&Line) -> bool, limit: usize) -> Vec<Arc<Line>> {
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

/// An entry on its way into the timeline.
#[derive(Debug)]
#[must_use = "call `add`"]
pub struct Draft<'a> {
    record: &'a Record,
    entry: Entry,
}

impl Draft<'_> {
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
        self.entry.seq = self.record.touch();
        let entry = Arc::new(self.entry);
        push(&mut locked(&self.record.entries), entry.clone(), ENTRIES);
        // Nobody listening is fine.
        self.record.news.send(News::Entry(entry)).ok();
    }
}
