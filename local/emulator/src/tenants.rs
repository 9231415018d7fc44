//! Watches that one invocation of a function touches the keys of one tenant alone.
//!
//! A template says where keys name tenants, in the `Metadata` of its tables, buckets and functions. An invocation is
//! recognized by its trace header, which the SDKs send with each call.

mod rows;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    recorder::Recorder,
    template::{Template, matches_pattern},
};
use rows::{TableKeys, of_answer, of_request};

/// Invocations that are remembered; each makes its calls within a few minutes.
const MAX_INVOCATIONS: usize = 4_096;
const MAX_VIOLATIONS: usize = 100;

/// A key that names a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TenantKey {
    tenant: String,
    /// The sort key of a row, or the rest of an object's key.
    rest: String,
}

/// An invocation that touched keys of several tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantViolation {
    pub function: String,
    pub invocation: String,
    pub tenants: Vec<String>,
    /// The call that touched a tenant first.
    pub first: String,
    /// The call that touched another one.
    pub second: String,
    /// By the emulator's clock, in milliseconds since 1970.
    pub at: i64,
}

/// Who makes a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallOrigin<'a> {
    /// A function, or `outside`.
    pub(crate) caller: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

#[derive(Debug)]
pub struct TenantIsolation {
    /// By table name.
    tables: HashMap<String, TableKeys>,
    /// Prefixes of object keys by bucket.
    buckets: HashMap<String, String>,
    /// Patterns of rows that a function may touch of several tenants, by function.
    shared_rows: HashMap<String, Vec<String>>,
    invocations: Mutex<Invocations>,
    violations: Mutex<VecDeque<TenantViolation>>,
    unattributed: Mutex<VecDeque<String>>,
    clock: Arc<Clock>,
    recorder: Arc<Recorder>,
}

impl TenantIsolation {
    pub(crate) fn new(template: &Template, clock: Arc<Clock>, recorder: Arc<Recorder>) -> Self {
        let tables = template.tables.iter();
        let buckets = template.buckets.iter();
        let functions = template.functions.iter();
        Self {
            tables: tables
                .filter_map(|table| Some((table.name.clone(), TableKeys::of(table)?)))
                .collect(),
            buckets: buckets
                .filter_map(|bucket| Some((bucket.name.clone(), bucket.tenant_prefix.clone()?)))
                .collect(),
            shared_rows: functions
                .map(|function| (function.name.clone(), function.shared_tenant_rows.clone()))
                .collect(),
            invocations: Mutex::default(),
            violations: Mutex::default(),
            unattributed: Mutex::default(),
            clock,
            recorder,
        }
    }

    /// Returns the latest violations, the oldest first.
    pub fn violations(&self) -> Vec<TenantViolation> {
        locked(&self.violations).iter().cloned().collect()
    }

    /// Returns the violations and forgets them.
    pub fn take_violations(&self) -> Vec<TenantViolation> {
        std::mem::take(&mut *locked(&self.violations)).into()
    }

    /// Returns the calls of functions to keys of tenants that named no invocation, and forgets them.
    pub fn take_unattributed_calls(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.unattributed)).into()
    }

    /// Notes the keys in a request to DynamoDB.
    pub(crate) fn observe_request(&self, origin: CallOrigin<'_>, operation: &str, request: &Value) {
        if self.tables.is_empty() || !self.shared_rows.contains_key(origin.caller) {
            return;
        }
        for (table, key) in of_request(&self.tables, operation, request) {
            self.note(origin, format!("dynamodb {operation} {table}"), key);
        }
    }

    /// Notes the keys of the rows that DynamoDB returns to a query.
    pub(crate) fn observe_answer(
        &self,
        origin: CallOrigin<'_>,
        operation: &str,
        request: &Value,
        answer: &Value,
    ) {
        if self.tables.is_empty() || !self.shared_rows.contains_key(origin.caller) {
            return;
        }
        for (table, key) in of_answer(&self.tables, request, answer) {
            self.note(origin, format!("dynamodb {operation} {table}"), key);
        }
    }

    /// Notes the keys in a request to S3: of the object, of the source of a copy, and the prefix of a list. The keys in
    /// the body of `DeleteObjects` are not seen.
    pub(crate) fn observe_object(&self, origin: CallOrigin<'_>, method: &str, uri: &Uri) {
        if self.buckets.is_empty() || !self.shared_rows.contains_key(origin.caller) {
            return;
        }
        let source = origin.headers.get("x-amz-copy-source");
        let source = source.and_then(|source| source.to_str().ok());
        let prefix = || {
            let mut parameters = uri.query()?.split('&');
            let prefix = parameters.find_map(|parameter| parameter.strip_prefix("prefix="))?;
            Some(format!("{}/{prefix}", uri.path()))
        };
        let paths = [
            Some(uri.path().to_owned()),
            source.map(str::to_owned),
            prefix(),
        ];
        for path in paths.into_iter().flatten() {
            let path = percent_decode_str(&path).decode_utf8_lossy();
            let Some((bucket, key)) = path.trim_start_matches('/').split_once('/') else {
                continue;
            };
            let key = key.trim_start_matches('/');
            let prefix = self.buckets.get(bucket);
            if let Some(key) = prefix.and_then(|prefix| tenant_key(prefix, key)) {
                self.note(origin, format!("s3 {method} {bucket}"), key);
            }
        }
    }

    fn note(&self, origin: CallOrigin<'_>, call: String, key: TenantKey) {
        let shared = self.shared_rows.get(origin.caller);
        let mut shared = shared.into_iter().flatten();
        if shared.any(|pattern| matches_pattern(pattern, &key.rest)) {
            return;
        }
        let Some(trace) = TraceHeader::read(origin.headers) else {
            let text = format!("{}: {call} of {}", origin.caller, key.tenant);
            push(&self.unattributed, text);
            return;
        };
        let mixed = locked(&self.invocations).note(trace, &call, key.tenant);
        let Some((first, tenants)) = mixed else {
            return;
        };
        self.report(TenantViolation {
            function: origin.caller.to_owned(),
            invocation: trace.root.to_owned(),
            tenants,
            first,
            second: call,
            at: self.clock.now(),
        });
    }

    /// Keeps a violation, and logs it as a line and a metric of the function.
    fn report(&self, violation: TenantViolation) {
        let mut line = json!(violation);
        line["level"] = json!("ERROR");
        line["message"] = json!("tenant keys mixed");
        self.recorder.log(&violation.function, &line.to_string());
        let name = "TenantKeysMixed";
        let metrics =
            json!([{ "Namespace": "local", "Metrics": [{ "Name": name, "Unit": "Count" }] }]);
        let metric = json!({ "_aws": { "CloudWatchMetrics": metrics }, name: 1 });
        self.recorder.log(&violation.function, &metric.to_string());
        push(&self.violations, violation);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one push or one insert.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn push<T>(kept: &Mutex<VecDeque<T>>, item: T) {
    let mut kept = locked(kept);
    if kept.len() == MAX_VIOLATIONS {
        kept.pop_front();
    }
    kept.push_back(item);
}

/// Reads a key that begins with the prefix of tenants. A tenant's id ends at the character that ends the prefix.
fn tenant_key(prefix: &str, key: &str) -> Option<TenantKey> {
    let rest = key.strip_prefix(prefix)?;
    let separator = prefix.chars().next_back()?;
    let (tenant, rest) = rest.split_once(separator).unwrap_or((rest, ""));
    (!tenant.is_empty()).then(|| TenantKey {
        tenant: tenant.to_owned(),
        rest: rest.to_owned(),
    })
}

/// The header of X-Ray, as far as it names an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TraceHeader<'a> {
    root: &'a str,
    /// How many messages the invocation handles. Each may be of a tenant of its own.
    records: usize,
}

impl<'a> TraceHeader<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let text = headers.get("x-amzn-trace-id")?.to_str().ok()?;
        let field = |name: &str| {
            let mut fields = text.split(';').filter_map(|field| field.split_once('='));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        Some(Self {
            root: field("Root")?,
            records: field("Records").and_then(|n| n.parse().ok()).unwrap_or(1),
        })
    }
}

/// The tenants of the latest invocations.
#[derive(Debug, Default)]
struct Invocations {
    tenants: HashMap<String, InvocationTenants>,
    /// Roots, the oldest first.
    order: VecDeque<String>,
}

#[derive(Debug, Default)]
struct InvocationTenants {
    tenants: Vec<String>,
    first_call: String,
    is_reported: bool,
}

impl Invocations {
    /// Returns the first call and all tenants, once, when an invocation touches more tenants than it may.
    fn note(
        &mut self,
        trace: TraceHeader<'_>,
        call: &str,
        tenant: String,
    ) -> Option<(String, Vec<String>)> {
        if !self.tenants.contains_key(trace.root) {
            if self.order.len() == MAX_INVOCATIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.tenants.remove(&oldest);
            }
            self.order.push_back(trace.root.to_owned());
        }
        let known = self.tenants.entry(trace.root.to_owned()).or_default();
        if known.is_reported || known.tenants.contains(&tenant) {
            return None;
        }
        if known.tenants.is_empty() {
            call.clone_into(&mut known.first_call);
        }
        known.tenants.push(tenant);
        if known.tenants.len() <= trace.records {
            return None;
        }
        known.is_reported = true;
        Some((known.first_call.clone(), known.tenants.clone()))
    }
}

#[cfg(test)]
mod tests;
