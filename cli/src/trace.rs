//! `confab trace`: the way of one message.

use anyhow::Result;
use serde_json::json;

use crate::{
    answer::Answer,
    ports::Traces,
    words::{many, row, table, time},
};

pub(crate) async fn trace(place: &impl Traces, correlation_id: &str, days: u16) -> Result<Answer> {
    let mut steps = place.steps(correlation_id, days).await?;
    steps.sort_by_key(|step| step.at);
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        let days = many(days.into(), "day");
        let text = format!(
            "No trace of {correlation_id} in {days}.\nOn a stack a success writes no log line. If a reply is missing, check `confab dlq`.\n"
        );
        return Ok(Answer::problem(text, json!([])));
    };
    let errors = steps.iter().filter(|step| step.is_error).count();
    let (count, errors) = (many(steps.len(), "step"), many(errors, "error"));
    let took = seconds(last.at - first.at);
    let title = format!(
        "{correlation_id}: {count}, {errors}, {took:.3} s from {}",
        time(first.at)
    );
    let rows: Vec<_> = steps
        .iter()
        .map(|step| {
            let after = format!("+{:.3} s", seconds(step.at - first.at));
            let mark = if step.is_error { "!" } else { " " };
            row([&after, mark, &step.kind, &step.name, &step.text])
        })
        .collect();
    Ok(Answer::fine(
        format!("{title}\n\n{}", table(&rows, &[0])),
        json!(steps),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "spans of a trace are short")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fakes::World, ports::Step};

    fn step(at: i64, kind: &str, is_error: bool) -> Step {
        Step {
            at,
            kind: kind.into(),
            name: "sms-received".into(),
            text: "200".into(),
            is_error,
            request_id: None,
        }
    }

    #[tokio::test]
    async fn steps_are_shown_in_the_order_of_time() {
        let steps = vec![
            step(1_700_000_001_500, "queue", true),
            step(1_700_000_000_000, "http", false),
        ];
        let world = World {
            steps,
            ..World::default()
        };
        let answer = trace(&world, "cor_1", 14).await.unwrap();
        assert!(answer.is_fine);
        assert_eq!(
            answer.text,
            "cor_1: 2 steps, 1 error, 1.500 s from 2023-11-14 22:13:20.000Z\n\n\
             +0.000 s     http   sms-received  200\n\
             +1.500 s  !  queue  sms-received  200\n"
        );
        assert_eq!(answer.json[0]["kind"], "http");
    }

    #[tokio::test]
    async fn silence_is_told_and_is_no_success() {
        let answer = trace(&World::default(), "cor_1", 1).await.unwrap();
        assert!(!answer.is_fine);
        assert!(answer.text.contains("in 1 day"), "{}", answer.text);
    }
}
