//! The log groups of services in CloudWatch, with a stream for each instance of a function.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::Stack;
use crate::{failed::failed, lines, ports::Step};

/// A pattern may have 1,024 characters; an id has thirty, with a question mark and quotes.
const IDS_IN_A_PATTERN: usize = 25;
/// As long as a dead-letter queue keeps its messages.
const DAYS_OF_A_DEAD_LETTER: u16 = 14;

impl Stack {
    pub(crate) async fn steps(&self, correlation_id: &str, days: u16) -> Result<Vec<Step>> {
        let found = self.lines(&format!("\"{correlation_id}\""), days).await?;
        Ok(found.into_iter().map(|(_, step)| step).collect())
    }

    pub(crate) async fn reasons(
        &self,
        correlation_ids: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let mut reasons: BTreeMap<String, (i64, String)> = BTreeMap::new();
        for ids in correlation_ids.chunks(IDS_IN_A_PATTERN) {
            let pattern: Vec<_> = ids.iter().map(|id| format!("?\"{id}\"")).collect();
            for (id, step) in self
                .lines(&pattern.join(" "), DAYS_OF_A_DEAD_LETTER)
                .await?
            {
                let Some(id) = id.filter(|_| step.is_error) else {
                    continue;
                };
                let known = reasons.entry(id).or_default();
                if step.at >= known.0 {
                    *known = (step.at, format!("{}: {}", step.name, step.text));
                }
            }
        }
        Ok(reasons
            .into_iter()
            .map(|(id, (_, why))| (id, why))
            .collect())
    }

    /// Lines with their correlation ids, of all functions.
    async fn lines(&self, pattern: &str, days: u16) -> Result<Vec<(Option<String>, Step)>> {
        let groups = self.physical_ids("AWS::Logs::LogGroup").await?;
        let since = Timestamp::now() - SignedDuration::from_hours(24 * i64::from(days));
        let found = groups
            .iter()
            .map(|group| self.lines_of(group, pattern, since.as_millisecond()));
        Ok(try_join_all(found).await?.concat())
    }

    async fn lines_of(
        &self,
        group: &str,
        pattern: &str,
        since: i64,
    ) -> Result<Vec<(Option<String>, Step)>> {
        let asked = self
            .logs
            .filter_log_events()
            .log_group_name(group)
            .filter_pattern(pattern)
            .start_time(since);
        let mut pages = asked.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(&format!("log group {group}")))?;
            let events = page.events().iter();
            found.extend(events.filter_map(|event| {
                let function = function_of(event.log_stream_name()?, &self.name);
                step(function, event.timestamp()?, event.message()?)
            }));
        }
        Ok(found)
    }
}

/// Returns the function that writes to a stream, `2026/11/29/confab-sms-received[7]0123..`; the stream if it has another form.
fn function_of<'a>(stream: &'a str, stack: &str) -> &'a str {
    let function = stream
        .splitn(4, '/')
        .nth(3)
        .and_then(|rest| rest.split('[').next());
    let function = function
        .filter(|function| !function.is_empty())
        .unwrap_or(stream);
    function
        .strip_prefix(stack)
        .and_then(|name| name.strip_prefix('-'))
        .unwrap_or(function)
}

/// A line of embedded metrics tells nothing of one message.
fn step(function: &str, at: i64, line: &str) -> Option<(Option<String>, Step)> {
    let fields: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
    if fields.contains_key("_aws") {
        return None;
    }
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let step = Step {
        at,
        kind: "log".to_owned(),
        name: function.to_owned(),
        text: lines::text(field("message").unwrap_or(line.trim_end()), &fields),
        is_error: lines::is_error(field("level").unwrap_or_default()),
        request_id: field("request_id").map(str::to_owned),
    };
    // A line that does not name it is of the span that does.
    let of_span = || {
        fields
            .get("span")
            .and_then(|span| span.get("correlation_id"))
            .and_then(Value::as_str)
    };
    Some((
        field("correlation_id").or_else(of_span).map(str::to_owned),
        step,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_its_error_and_whose_it_is() {
        let line = r#"{"timestamp":"2026-11-21T10:00:00Z","level":"ERROR","message":"failed","code":"meta_failed",
            "error":"Meta answered 500","correlation_id":"cor_1","request_id":"r"}"#;
        let (id, step) = step("studio-conversation", 7, line).unwrap();
        assert_eq!(id.as_deref(), Some("cor_1"));
        assert_eq!(
            (step.at, step.text.as_str(), step.is_error),
            (7, "failed: Meta answered 500 (meta_failed)", true)
        );
        assert_eq!(step.request_id.as_deref(), Some("r"));
        let within =
            r#"{"level":"WARN","message":"slow","span":{"name":"work","correlation_id":"cor_2"}}"#;
        assert_eq!(
            super::step("sms-received", 7, within).unwrap().0.as_deref(),
            Some("cor_2")
        );
    }

    #[test]
    fn a_streams_name_says_which_function_writes_to_it() {
        for (stream, function) in [
            (
                "2026/11/29/confab-sms-received[7]0123456789abcdef",
                "sms-received",
            ),
            (
                "2026/11/29/confab-ws-connect[$LATEST]0123456789abcdef",
                "ws-connect",
            ),
            ("2026/11/29/other-sms-received[7]0123", "other-sms-received"),
            ("2026/11/29/[$LATEST]0123", "2026/11/29/[$LATEST]0123"),
            ("", ""),
        ] {
            assert_eq!(function_of(stream, "confab"), function);
        }
    }

    #[test]
    fn a_line_of_the_platform_is_shown_as_it_is_and_a_metric_is_not() {
        let (id, line) = step("sms-received", 7, "RequestId: r Error: Runtime exited\n").unwrap();
        assert_eq!(
            (id, line.text.as_str()),
            (None, "RequestId: r Error: Runtime exited")
        );
        assert_eq!(
            step("sms-received", 7, r#"{"_aws":{},"RecordFailed":1}"#),
            None
        );
    }
}
