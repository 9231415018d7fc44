//! `confab replay --events`: the rollups of the carousel, counted again from its journal.
//!
//! The function `carousel-operator` does the work, a day at a time, and may send nothing. A dry run always comes first.

use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Misused},
    operator::{FUNCTION, execute},
    ports::{Ask, Functions},
    words::many,
};

/// Between two attempts to begin counting, and how many there are: five minutes.
const READY_DELAY: Duration = Duration::from_secs(5);
const MAX_READY_ATTEMPTS: usize = 60;

#[derive(Deserialize)]
struct Days {
    generation: u64,
    days: Vec<String>,
}

#[derive(Deserialize)]
struct Compared {
    events: u64,
    count: usize,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    at: String,
    what: String,
    journal: u64,
    rollups: u64,
}

#[derive(Deserialize)]
struct Counted {
    events: u64,
}

/// What a dry run found.
#[derive(Default)]
struct DryRun {
    generation: u64,
    events: u64,
    differences: usize,
    lines: Vec<String>,
}

/// Compares the journal with the rollups. Unless that is all, counts them again when the operator agrees.
pub(crate) async fn rebuild(
    place: &impl Functions,
    is_dry: bool,
    ask: &impl Ask,
    progress: impl Fn(String),
) -> Result<Answer> {
    if !place.functions().await?.iter().any(|name| name == FUNCTION) {
        return Err(Misused(format!("There is no function {FUNCTION} here.")).into());
    }
    let dry_run = compare(place, &progress).await?;
    let (text, json) = (dry_run.text(), dry_run.json());
    if is_dry {
        return Ok(match dry_run.differences {
            0 => Answer::fine(text, json),
            _ => Answer::problem(text, json),
        });
    }
    progress(text);
    let question = format!(
        "Count {} into a new generation, and read that one from then on?",
        many(
            usize::try_from(dry_run.events).unwrap_or(usize::MAX),
            "event"
        )
    );
    if !ask.confirm(&question)? {
        return Ok(Answer::fine("Nothing was changed.\n", json));
    }
    let (generation, events) = count(place, &progress).await?;
    let text = format!(
        "Generation {generation} is read from now on: {events} events counted from the journal.\n"
    );
    let json = json!({ "generation": generation, "counted": events, "dry_run": json });
    Ok(Answer::fine(text, json))
}

async fn compare(place: &impl Functions, progress: &impl Fn(String)) -> Result<DryRun> {
    let Days { generation, days } = execute(place, json!({ "step": "days" })).await?;
    let mut dry_run = DryRun {
        generation,
        ..DryRun::default()
    };
    for day in days {
        let command = json!({ "step": "compare", "day": day });
        let compared: Compared = execute(place, command).await?;
        if compared.events > 0 {
            progress(format!("{day}: {} events", compared.events));
        }
        dry_run.events += compared.events;
        dry_run.differences += compared.count;
        let lines = compared.differences.into_iter().map(|found| {
            format!(
                "{} {}: journal {}, rollups {}",
                found.at, found.what, found.journal, found.rollups
            )
        });
        dry_run.lines.extend(lines);
    }
    Ok(dry_run)
}

/// Returns the new generation and the number of events that were counted into it.
async fn count(place: &impl Functions, progress: &impl Fn(String)) -> Result<(u64, u64)> {
    let Days { generation, days } = execute(place, json!({ "step": "begin" })).await?;
    progress(
        "Waiting until every worker counts into the new generation, about a minute.".to_owned(),
    );
    let mut events = 0;
    for (index, day) in days.iter().enumerate() {
        let command = json!({ "step": "count", "generation": generation, "day": day });
        // Workers that began before know nothing of the generation.
        let attempts = if index == 0 { MAX_READY_ATTEMPTS } else { 1 };
        let Counted { events: counted } = execute_when_ready(place, command, attempts).await?;
        events += counted;
    }
    let finish = json!({ "step": "finish", "generation": generation });
    execute::<Value>(place, finish).await?;
    Ok((generation, events))
}

async fn execute_when_ready<A: DeserializeOwned>(
    place: &impl Functions,
    command: Value,
    attempts: usize,
) -> Result<A> {
    for _ in 1..attempts {
        match execute(place, command.clone()).await {
            Err(error) if error.to_string().contains("not_ready") => {
                tokio::time::sleep(READY_DELAY).await;
            }
            answer => return answer,
        }
    }
    execute(place, command).await
}

impl DryRun {
    fn text(&self) -> String {
        let mut text = format!(
            "{} events in the journal, {} in generation {}.\n",
            self.events,
            many(self.differences, "difference"),
            self.generation
        );
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "generation": self.generation, "events": self.events, "differences": self.differences,
            "listed": self.lines,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::Context;

    use super::*;
    use crate::{fakes::Person, ports::Outcome};

    /// A stack whose journal has one event that its rollups lack, until they are counted again.
    #[derive(Default)]
    struct Stack {
        has_no_replay: bool,
        /// How often counting is refused.
        settling: RefCell<usize>,
        done: RefCell<Vec<String>>,
    }

    fn failed(message: &str) -> Outcome {
        Outcome {
            has_failed: true,
            payload: json!({ "errorMessage": message }).to_string(),
        }
    }

    impl Functions for Stack {
        async fn functions(&self) -> Result<Vec<String>> {
            let name = if self.has_no_replay {
                "carousel-stats"
            } else {
                FUNCTION
            };
            Ok(vec![name.to_owned()])
        }

        async fn invoke(&self, _: &str, event: String) -> Result<Outcome> {
            let command: Value = serde_json::from_str(&event)?;
            let step = command["step"].as_str().context("a step")?.to_owned();
            let day = command["day"].as_str().unwrap_or_default();
            self.done
                .borrow_mut()
                .push(format!("{step} {day}").trim_end().to_owned());
            let days = ["2026-11-28", "2026-11-29"];
            let answer = match step.as_str() {
                "days" => json!({ "generation": 1, "days": days }),
                "compare" if day == days[0] => {
                    json!({ "events": 0, "count": 0, "differences": [] })
                }
                "compare" => {
                    json!({ "events": 3, "count": 1, "differences": [{ "at": "2026-11-29T12",
                    "what": "requested all@00", "journal": 3, "rollups": 2 }] })
                }
                "begin" => {
                    json!({ "generation": 2, "days": days, "ready_at": "2026-11-29T12:01:00Z" })
                }
                "count" if *self.settling.borrow() > 0 => {
                    *self.settling.borrow_mut() -= 1;
                    return Ok(failed("not_ready: Counting may begin later."));
                }
                "count" => json!({ "events": if day == days[1] { 3 } else { 0 } }),
                "finish" => json!({ "generation": command["generation"] }),
                _ => return Ok(failed("bad_command")),
            };
            Ok(Outcome {
                has_failed: false,
                payload: answer.to_string(),
            })
        }
    }

    #[tokio::test]
    async fn dry_run_lists_differences_and_changes_nothing() {
        let stack = Stack::default();
        let operator = Person::who_says(true);
        let answer = rebuild(&stack, true, &operator, |_| ()).await.unwrap();
        assert!(!answer.is_fine, "a difference needs attention");
        assert!(
            answer
                .text
                .contains("2026-11-29T12 requested all@00: journal 3, rollups 2")
        );
        assert_eq!(
            (answer.json["events"].as_u64(), operator.asked.get()),
            (Some(3), 0)
        );
        assert_eq!(
            *stack.done.borrow(),
            ["days", "compare 2026-11-28", "compare 2026-11-29"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn replay_counts_each_day_when_workers_have_settled_and_then_finishes() {
        let stack = Stack {
            settling: RefCell::new(3),
            ..Stack::default()
        };
        let answer = rebuild(&stack, false, &Person::who_says(true), |_| ())
            .await
            .unwrap();
        assert!(answer.is_fine, "{}", answer.text);
        assert_eq!(
            (
                answer.json["generation"].as_u64(),
                answer.json["counted"].as_u64()
            ),
            (Some(2), Some(3))
        );
        let first = "count 2026-11-28";
        let expected = [
            "begin",
            first,
            first,
            first,
            first,
            "count 2026-11-29",
            "finish",
        ];
        assert_eq!(stack.done.borrow()[3..], expected);
    }

    #[tokio::test(start_paused = true)]
    async fn replay_gives_up_when_workers_never_settle() {
        let stack = Stack {
            settling: RefCell::new(usize::MAX),
            ..Stack::default()
        };
        let error = rebuild(&stack, false, &Person::who_says(true), |_| ())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("not_ready"), "{error}");
        assert!(!stack.done.borrow().contains(&"finish".to_owned()));
    }

    #[tokio::test]
    async fn operator_who_declines_changes_nothing() {
        let stack = Stack::default();
        rebuild(&stack, false, &Person::who_says(false), |_| ())
            .await
            .unwrap();
        assert!(!stack.done.borrow().contains(&"begin".to_owned()));
        let elsewhere = Stack {
            has_no_replay: true,
            ..Stack::default()
        };
        let error = rebuild(&elsewhere, true, &Person::who_says(true), |_| ())
            .await
            .unwrap_err();
        assert!(error.is::<Misused>() && elsewhere.done.borrow().is_empty());
    }
}
