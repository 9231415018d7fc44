//! Counts in Prometheus' text format.

use std::fmt::Write;

use carousel_domain::analytics::{Histogram, Totals, Watch};

const STAGES: [&str; 5] = ["write", "first_slide", "slides", "delivery", "total"];

/// Renders the counts of a day. Names and labels come from our own events.
pub(super) fn text(totals: &Totals, watch: &Watch, day: &str) -> String {
    let mut text = String::new();
    counters(&mut text, totals);
    stages(&mut text, totals, day);
    line(&mut text, format_args!("# TYPE carousel_alert_open gauge"));
    for (rule, alert) in &watch.alerts {
        let (rule, is_open) = (escaped(rule), u8::from(alert.resolved_at.is_none()));
        line(
            &mut text,
            format_args!("carousel_alert_open{{rule=\"{rule}\"}} {is_open}"),
        );
    }
    text
}

fn counters(text: &mut String, totals: &Totals) {
    let mut last = String::new();
    for (counter, count) in totals.counters() {
        let (name, label) = name_of(&counter);
        if name != last {
            line(text, format_args!("# TYPE {name} counter"));
            last.clone_from(&name);
        }
        line(text, format_args!("{name}{label} {count}"));
    }
    line(text, format_args!("# TYPE carousel_events_total counter"));
    for (event_type, count) in totals.event_counts() {
        let event_type = escaped(&event_type);
        line(
            text,
            format_args!("carousel_events_total{{type=\"{event_type}\"}} {count}"),
        );
    }
}

fn stages(text: &mut String, totals: &Totals, day: &str) {
    let name = "carousel_stage_milliseconds";
    line(text, format_args!("# TYPE {name} summary"));
    for stage in STAGES {
        let histogram = of_day(totals, day, stage);
        for (quantile, permille) in [("0.5", 500), ("0.95", 950), ("0.99", 990)] {
            let labels = format!("{{stage=\"{stage}\",quantile=\"{quantile}\"}}");
            line(
                text,
                format_args!("{name}{labels} {}", histogram.percentile(permille)),
            );
        }
        line(
            text,
            format_args!("{name}_count{{stage=\"{stage}\"}} {}", histogram.count()),
        );
    }
}

/// Writing to a text does not fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").ok();
}

fn of_day(totals: &Totals, day: &str, stage: &str) -> Histogram {
    let mut histogram = Histogram::default();
    for hour in 0..24 {
        let hour = format!("{day}T{hour:02}");
        histogram.merge(&totals.histogram(&hour, &format!("stage.{stage}")));
    }
    histogram
}

/// Returns the name and label of `requested`, `written.model` or `requested.language.en`.
fn name_of(counter: &str) -> (String, String) {
    let mut parts = counter.splitn(3, '.');
    let metric = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (Some(kind), Some(value)) => (
            format!("carousel_{metric}_by_{kind}_total"),
            format!("{{{kind}=\"{}\"}}", escaped(value)),
        ),
        (Some(kind), None) => (
            format!("carousel_{metric}_by_kind_total"),
            format!("{{kind=\"{}\"}}", escaped(kind)),
        ),
        _ => (format!("carousel_{metric}_total"), String::new()),
    }
}

fn escaped(label: &str) -> String {
    let label = label.replace('\\', "\\\\").replace('"', "\\\"");
    label.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_have_names_and_labels() {
        let name = |counter| {
            let (name, label) = name_of(counter);
            format!("{name}{label}")
        };
        assert_eq!(name("requested"), "carousel_requested_total");
        assert_eq!(
            name("written.model"),
            "carousel_written_by_kind_total{kind=\"model\"}"
        );
        assert_eq!(
            name("requested.language.en"),
            "carousel_requested_by_language_total{language=\"en\"}"
        );
        assert_eq!(name("a.b.c\"\n"), "carousel_a_by_b_total{b=\"c\\\"\\n\"}");
    }
}
