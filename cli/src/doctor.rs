//! `confab doctor`: what can be wrong, each with what to do about it.

mod elf;
mod endpoints;
mod rules;

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

pub(crate) use elf::architectures;
pub(crate) use endpoints::{answers, verify_webhook};
pub(crate) use rules::{
    Alarm, Binary, FunctionState, Parameter, StackState, Subscription, alarms, binaries,
    dead_letters, functions, parameters, stack, subscriptions,
};

use crate::{
    answer::Answer,
    ports::Checkup,
    words::{many, row, table},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Ok,
    Problem,
    /// Could not be looked at, or means nothing here.
    Skipped,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) state: State,
    pub(crate) text: String,
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            text: text.into(),
            advice: None,
        }
    }

    pub(crate) fn problem(
        check: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            check,
            state: State::Problem,
            text: text.into(),
            advice: Some(advice.into()),
        }
    }

    pub(crate) fn skipped(check: &'static str, text: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Skipped,
            text: text.into(),
            advice: None,
        }
    }

    /// A failed check is a problem, because its result is unknown.
    pub(crate) fn unseen(check: &'static str, error: &anyhow::Error) -> Self {
        Self::problem(
            check,
            format!("could not be checked: {error:#}"),
            "Repair that first, then run doctor again.",
        )
    }
}

pub(crate) async fn doctor(place: &impl Checkup) -> Result<Answer> {
    let findings = place.findings().await?;
    let mut text = String::new();
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| {
            let state = match finding.state {
                State::Ok => "ok",
                State::Problem => "PROBLEM",
                State::Skipped => "skipped",
            };
            row([state, finding.check, &finding.text])
        })
        .collect();
    for (line, finding) in table(&rows, &[]).lines().zip(&findings) {
        writeln!(text, "{line}")?;
        if let Some(advice) = &finding.advice {
            writeln!(text, "         -> {advice}")?;
        }
    }
    let problems = findings
        .iter()
        .filter(|finding| finding.state == State::Problem)
        .count();
    let json = json!({ "problems": problems, "findings": findings });
    Ok(match problems {
        0 => Answer::fine(format!("{text}\nAll is well.\n"), json),
        _ => Answer::problem(format!("{text}\n{}.\n", many(problems, "problem")), json),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::World;

    #[tokio::test]
    async fn a_problem_comes_with_what_to_do_and_fails() {
        let findings = vec![
            Finding::ok("stack", "UPDATE_COMPLETE"),
            Finding::problem("alarms", "a is in ALARM", "Look at it."),
            Finding::skipped("drift", "not looked at"),
        ];
        let answer = doctor(&World {
            findings,
            ..World::default()
        })
        .await
        .unwrap();
        assert!(!answer.is_fine);
        assert_eq!(
            answer.text,
            "ok       stack   UPDATE_COMPLETE\nPROBLEM  alarms  a is in ALARM\n         -> Look at it.\nskipped  drift   not looked at\n\n1 problem.\n"
        );
        assert_eq!(answer.json["findings"][1]["do"], "Look at it.");
    }

    #[tokio::test]
    async fn what_is_skipped_is_no_problem() {
        let findings = vec![Finding::skipped("drift", "not looked at")];
        assert!(
            doctor(&World {
                findings,
                ..World::default()
            })
            .await
            .unwrap()
            .is_fine
        );
    }
}
