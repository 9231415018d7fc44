//! `confab replay`: stored events once more. Stored are sample events, dead letters, and the carousel's journal.

pub(crate) mod events;

use std::path::Path;

use anyhow::{Context, Result};
use confab_core::CorrelationId;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Misused},
    dlq::{self, DeadLetters},
    ports::{Ask, Functions, Letters, Queues},
    words::many,
};

/// Where an event is stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored<'a> {
    File(&'a Path),
    DeadLetters(CorrelationId),
}

impl<'a> Stored<'a> {
    pub(crate) fn of(what: &'a Path) -> Self {
        let id = what.to_str().and_then(|text| text.parse().ok());
        id.map_or(Self::File(what), Self::DeadLetters)
    }
}

pub(crate) async fn event(
    place: &impl Functions,
    file: &Path,
    function: Option<String>,
    ask: &impl Ask,
) -> Result<Answer> {
    let event = std::fs::read_to_string(file)
        .map_err(|error| Misused(format!("{}: {error}", file.display())))?;
    let is_json = serde_json::from_str::<Value>(&event);
    is_json.map_err(|error| Misused(format!("{} is no JSON event: {error}", file.display())))?;
    let function = match function {
        Some(function) => function,
        None => named_by(file).context(Misused(
            "The file's name does not begin with a function's name: pass --function".into(),
        ))?,
    };
    let known = place.functions().await?;
    if !known.contains(&function) {
        return Err(Misused(format!(
            "There is no function {function}. There are: {}.",
            known.join(", ")
        ))
        .into());
    }
    if !ask.confirm(&format!(
        "Invoke {function} with this event? Its effects are real."
    ))? {
        return Ok(Answer::fine(
            "Nothing was sent.\n",
            json!({ "invoked": false }),
        ));
    }
    let outcome = place.invoke(&function, event).await?;
    let payload = serde_json::from_str(&outcome.payload)
        .unwrap_or_else(|_| Value::from(outcome.payload.as_str()));
    let shown = serde_json::to_string_pretty(&payload)?;
    let json = json!({ "invoked": true, "function": function, "failed": outcome.has_failed, "payload": payload });
    Ok(if outcome.has_failed {
        Answer::problem(format!("{function} failed:\n{shown}\n"), json)
    } else if let Some(status) = payload["statusCode"]
        .as_u64()
        .filter(|status| *status >= 400)
    {
        Answer::problem(
            format!("{function} answered with {status}:\n{shown}\n"),
            json,
        )
    } else if payload["batchItemFailures"]
        .as_array()
        .is_some_and(|failures| !failures.is_empty())
    {
        Answer::problem(format!("{function} failed some records:\n{shown}\n"), json)
    } else {
        Answer::fine(format!("{function} answered:\n{shown}\n"), json)
    })
}

/// `events/studio/sms-received.text.json` is an event of `sms-received`.
fn named_by(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.split('.').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Each dead letter of this message goes back to the queue that gave it up.
pub(crate) async fn dead_letters(
    place: &(impl Queues + Letters),
    id: CorrelationId,
    ask: &impl Ask,
) -> Result<Answer> {
    let id = id.to_string();
    let mut moved = 0;
    for dlq in dlq::all(&place.queues().await?) {
        if dlq.queue.visible == 0 || dlq.sources.is_empty() {
            continue;
        }
        let letters = with_correlation_id(place, &dlq, &id).await?;
        let question = format!(
            "Send {} of {} back?",
            many(letters.len(), "message"),
            dlq.queue.name
        );
        if letters.is_empty() || !ask.confirm(&question)? {
            continue;
        }
        let letters = dlq::pick(place, &dlq.queue, &letters).await?;
        moved += dlq::send_back(place, &dlq, &letters).await?;
    }
    let json = json!({ "moved": moved });
    Ok(if moved == 0 {
        let text = "Only dead letters and files can be replayed.";
        Answer::problem(format!("No message of {id} was sent back. {text}\n"), json)
    } else {
        Answer::fine(
            format!("{} of {id} sent back.\n", many(moved, "message")),
            json,
        )
    })
}

/// Their ids. Messages are not kept in flight while the operator decides.
async fn with_correlation_id(
    place: &impl Letters,
    dlq: &DeadLetters,
    id: &str,
) -> Result<Vec<String>> {
    let depth = usize::try_from(dlq.queue.visible).unwrap_or(usize::MAX);
    let letters = dlq::take(place, &dlq.queue, |letters| letters.len() >= depth).await?;
    place.release(&dlq.queue, &letters).await?;
    let wanted = letters
        .into_iter()
        .filter(|letter| letter.correlation_id.as_deref() == Some(id));
    Ok(wanted.map(|letter| letter.id).collect())
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, path::PathBuf};

    use super::*;
    use crate::{
        fakes::{Person, World},
        ports::{Letter, Outcome, Queue},
    };

    const ID: &str = "cor_00000000000000000000000000";

    fn stored(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    fn answers(payload: &str, has_failed: bool) -> World {
        World {
            outcome: Some(Outcome {
                has_failed,
                payload: payload.into(),
            }),
            ..World::default()
        }
    }

    #[test]
    fn a_correlation_id_is_no_file() {
        assert_eq!(
            Stored::of(Path::new(ID)),
            Stored::DeadLetters(ID.parse().unwrap())
        );
        assert!(matches!(
            Stored::of(Path::new("events/studio/x.json")),
            Stored::File(_)
        ));
    }

    #[tokio::test]
    async fn a_file_is_an_event_of_the_function_in_its_name() {
        let (_folder, file) = stored("sms-received.text.json", "{}");
        let yes = Person::who_says(true);
        let world = answers(r#"{"statusCode":200}"#, false);
        let answer = event(&world, &file, None, &yes).await.unwrap();
        assert!(
            answer.is_fine && answer.text.contains("\"statusCode\": 200"),
            "{}",
            answer.text
        );
        assert_eq!(*world.done.borrow(), ["invoke sms-received {}"]);
        for (payload, has_failed) in [
            ("{}", true),
            (r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#, false),
            (r#"{"statusCode":401}"#, false),
            (r#"{"statusCode":503}"#, false),
        ] {
            assert!(
                !event(&answers(payload, has_failed), &file, None, &yes)
                    .await
                    .unwrap()
                    .is_fine,
                "{payload}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_event_or_of_no_function_is_refused() {
        let yes = Person::who_says(true);
        let world = answers("{}", false);
        let (_folder, broken) = stored("sms-received.broken.json", "{");
        let (_folder2, strange) = stored("strange.json", "{}");
        for (file, function) in [
            (&broken, None),
            (&strange, None),
            (&strange, Some("unknown".to_owned())),
        ] {
            assert!(
                event(&world, file, function, &yes)
                    .await
                    .unwrap_err()
                    .is::<Misused>()
            );
        }
        assert!(
            event(&world, Path::new("not-there.json"), None, &yes)
                .await
                .unwrap_err()
                .is::<Misused>()
        );
        event(
            &world,
            &strange,
            Some("sms-received".into()),
            &Person::who_says(false),
        )
        .await
        .unwrap();
        assert!(world.done.borrow().is_empty());
    }

    #[tokio::test]
    async fn dead_letters_of_one_message_go_back_and_others_stay() {
        let letter = |id: &str, correlation: &str| Letter {
            id: id.into(),
            correlation_id: Some(correlation.into()),
            reason: None,
            ..Letter::default()
        };
        let queue = |name: &str| Queue {
            name: name.into(),
            arn: format!("arn:{name}"),
            ..Queue::default()
        };
        let source = Queue {
            gives_up_to: Some("arn:q-dlq".into()),
            ..queue("q")
        };
        let world = World {
            queues: vec![
                source,
                Queue {
                    visible: 2,
                    ..queue("q-dlq")
                },
            ],
            letters: RefCell::new(vec![vec![letter("a", "cor_other"), letter("b", ID)]]),
            ..World::default()
        };
        let answer = dead_letters(&world, ID.parse().unwrap(), &Person::who_says(true))
            .await
            .unwrap();
        assert!(answer.is_fine);
        assert_eq!(*world.done.borrow(), ["send b to q", "delete b"]);
        let again = dead_letters(&world, ID.parse().unwrap(), &Person::who_says(true))
            .await
            .unwrap();
        assert!(!again.is_fine && world.in_hand.borrow().is_empty());
    }
}
