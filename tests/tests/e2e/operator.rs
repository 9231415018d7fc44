//! The operator's command on `local`: what is given up is found, explained, sent back; what is wrong is told.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::types::MessageAttributeValue;
use confab_e2e::{DeskOwner, Person, Place, binary, eventually, refused, sqs_of};
use serde_json::{Value, json};

const QUEUE: &str = "confab-studio-inbound.fifo";
const DLQ: &str = "confab-studio-inbound-dlq.fifo";

struct Told {
    code: i32,
    text: String,
    error: String,
}

impl Told {
    fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("{} {}", self.text, self.error))
    }
}

async fn confab(place: &Place, arguments: &[&str]) -> Result<Told> {
    let run = tokio::process::Command::new(binary("confab"))
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".."))
        .arg(format!("--local={}", place.outside))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = run.await.context("Failed to run confab: is it built?")?;
    Ok(Told {
        code: output.status.code().context("confab was killed")?,
        text: String::from_utf8(output.stdout)?,
        error: String::from_utf8(output.stderr)?,
    })
}

/// A message that a provider refuses to send an answer to, until it is given up.
async fn given_up(place: &Place) -> Result<Person<'_>> {
    let dana = place.person("Dana", "meta").await?;
    let fault =
        json!({ "send": [{ "person": dana.id, "http": 500, "code": 131_000, "times": 1_000 }] });
    place.put("/api/phone/faults", &fault).await?;
    dana.says("hi").await?;
    let minutes = place.gives_up(DLQ).await?;
    assert!(
        minutes > 30,
        "an outage of half an hour must pass by itself; this message was given up after {minutes} minutes"
    );
    place
        .put("/api/phone/faults", &json!({ "send": [] }))
        .await?;
    Ok(dana)
}

#[tokio::test]
async fn dead_letters_are_listed_explained_and_redriven() -> Result<()> {
    let place = Place::local().await?;
    let dana = given_up(&place).await?;

    let list = confab(&place, &["dlq"]).await?;
    assert_eq!((list.code, list.error.as_str()), (0, ""), "{}", list.text);
    assert!(
        list.text.contains(DLQ) && list.text.contains(QUEUE),
        "{}",
        list.text
    );
    let doctor = confab(&place, &["doctor"]).await?;
    assert_eq!(doctor.code, 1, "{}", doctor.text);
    assert!(
        doctor.text.contains(&format!("`confab dlq {DLQ} redrive`")),
        "{}",
        doctor.text
    );

    let shown = confab(&place, &["dlq", "studio-inbound", "--json"])
        .await?
        .json()?;
    let message = &shown["messages"][0];
    let why = message["why"].as_str().context("the logs know why")?;
    assert!(why.starts_with("studio-conversation: "), "{why}");
    assert!(
        message["body"].is_null() && message["group"].is_string(),
        "{message}"
    );
    let correlation_id = message["correlation_id"]
        .as_str()
        .context("a correlation id")?;
    let words = confab(&place, &["dlq", "studio-inbound", "--bodies"])
        .await?
        .text;
    assert!(words.contains("\"hi\""), "{words}");

    let trace = confab(&place, &["trace", correlation_id, "--json"])
        .await?
        .json()?;
    let steps: Vec<_> = trace
        .as_array()
        .context("steps")?
        .iter()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    for kind in ["http", "queue", "function", "provider", "log"] {
        assert!(steps.contains(&kind), "{kind}: {steps:?}");
    }
    assert!(
        steps.iter().filter(|kind| **kind == "function").count() > 30,
        "each try is told: {steps:?}"
    );

    let refused = confab(&place, &["dlq", "studio-inbound", "redrive"]).await?;
    assert_eq!(
        refused.code, 2,
        "no confirmation was asked: {}",
        refused.error
    );
    let moved = confab(&place, &["dlq", "studio-inbound", "redrive", "--yes"]).await?;
    assert_eq!(
        (moved.code, moved.text.as_str()),
        (0, "1 of 1 message moved.\n"),
        "{}",
        moved.error
    );
    eventually(|| dana.was_answered_once_in_order()).await?;
    assert!(
        confab(&place, &["dlq"])
            .await?
            .text
            .contains("All are empty.")
    );

    let cost = confab(&place, &["cost", "--json"]).await?.json()?;
    assert!(
        cost["messages"].as_f64() >= Some(1.0) && cost["dollars"].as_f64() > Some(0.0),
        "{cost}"
    );
    let doctor = confab(&place, &["doctor"]).await?;
    assert_eq!(doctor.code, 0, "{}", doctor.text);
    Ok(())
}

#[tokio::test]
async fn single_dead_letters_are_redriven_or_deleted() -> Result<()> {
    let place = Place::local().await?;
    let sqs = sqs_of(&place.aws, "test")?;
    let dlq = sqs
        .get_queue_url()
        .queue_name(DLQ)
        .send()
        .await?
        .queue_url
        .context("an address")?;
    let mut ids = Vec::new();
    let ids_of = [
        "cor_4xpt5pserybcakyvqnpn6gx3rx",
        "cor_4xpt5pserybcakyvqnpn6gx3ry",
    ];
    for (group, correlation_id) in ["a", "b"].into_iter().zip(ids_of) {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(correlation_id)
            .build()?;
        let message = sqs
            .send_message()
            .queue_url(&dlq)
            .message_body("no job")
            .message_group_id(group);
        let sent = message
            .message_deduplication_id(group)
            .message_attributes("correlation_id", value)
            .send()
            .await?;
        ids.push(sent.message_id.context("an id")?);
    }
    let [first, second] = ids.as_slice() else {
        bail!("{ids:?}")
    };

    let missing = confab(
        &place,
        &[
            "dlq",
            "studio-inbound",
            "redrive",
            "--message",
            first,
            "--message",
            "x",
            "--yes",
        ],
    )
    .await?;
    assert_eq!(missing.code, 1);
    assert!(
        missing.error.contains("x cannot be taken"),
        "{}",
        missing.error
    );
    assert_eq!(place.queue(DLQ).await?["visible"], 2, "all or none");

    let moved = confab(
        &place,
        &[
            "dlq",
            "studio-inbound",
            "redrive",
            "--message",
            first,
            "--yes",
        ],
    )
    .await?;
    assert_eq!(moved.code, 0, "{}", moved.error);
    // It is tried again with its attributes, and its failure is in its own trace.
    eventually(|| async {
        let trace = confab(&place, &["trace", ids_of[0]]).await?;
        trace
            .text
            .contains("unreadable_job")
            .then_some(())
            .with_context(|| trace.text.clone())
    })
    .await?;

    // No retry helps a body that cannot be read: it is back at once, with the reason.
    eventually(|| async {
        let depth = place.depth(DLQ).await?;
        (depth == 2)
            .then_some(())
            .with_context(|| format!("{depth} messages"))
    })
    .await?;
    let shown = confab(&place, &["dlq", "studio-inbound", "--json"])
        .await?
        .json()?;
    let of_first = shown["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|m| m["correlation_id"] == ids_of[0]);
    let why = of_first
        .and_then(|message| message["why"].as_str())
        .context("a reason")?;
    assert!(why.contains("unreadable_job"), "{why}");

    let deleted = confab(
        &place,
        &["dlq", "studio-inbound", "delete", second, "--yes"],
    )
    .await?;
    assert_eq!(
        (deleted.code, place.depth(DLQ).await?),
        (0, 1),
        "{}",
        deleted.error
    );
    Ok(())
}

#[tokio::test]
async fn samples_can_be_replayed() -> Result<()> {
    let place = Place::local().await?;
    for (sample, code, status) in [
        ("studio/studio-health.ready", 0, json!(200)),
        ("studio/sms-received.bad-signature", 1, json!(401)),
        ("studio/pack-tune-received.forged", 1, json!(401)),
        ("studio/studio-ratings.month", 0, json!(200)),
        ("studio/studio-sweep.tick", 0, Value::Null),
        ("payments/payments-checkout.offer", 0, json!(200)),
        ("payments/payments-orders.unknown", 1, json!(404)),
        ("payments/payments-spend.too-few-credits", 1, json!(409)),
        ("payments/payments-ledger.orders", 0, json!(200)),
        ("payments/payments-reconcile.tick", 0, Value::Null),
    ] {
        let told = confab(
            &place,
            &["replay", &format!("events/{sample}.json"), "--json"],
        )
        .await?;
        assert_eq!(
            (told.code, &told.json()?["payload"]["statusCode"]),
            (code, &status),
            "{sample}: {}",
            told.text
        );
    }
    let broken = confab(
        &place,
        &[
            "replay",
            "events/studio/sms-received.text.json",
            "--function",
            "unknown",
        ],
    )
    .await?;
    assert_eq!(broken.code, 2);
    assert!(
        ["sms-received, ", "studio-conversation, "]
            .iter()
            .all(|name| broken.error.contains(name)),
        "{}",
        broken.error
    );
    Ok(())
}

#[tokio::test]
async fn doctor_reports_what_is_broken() -> Result<()> {
    let mut place = Place::running("tests/lambda.yaml").await?;
    let doctor = confab(&place, &["doctor", "--json"]).await?;
    let findings = doctor.json()?;
    assert_eq!(doctor.code, 1, "nothing answers Meta here: {findings}");
    let webhook = findings["findings"]
        .as_array()
        .context("findings")?
        .iter()
        .find(|f| f["check"] == "webhook");
    assert_eq!(webhook.context("webhook")?["state"], "problem");
    place.outside = "http://127.0.0.1:1".to_owned();
    let gone = confab(&place, &["doctor"]).await?;
    assert_eq!(gone.code, 1);
    assert!(
        gone.error.contains("scripts/dev starts it"),
        "{}",
        gone.error
    );
    Ok(())
}

/// A function that would redrive needs to be told so in its statements.
#[tokio::test]
async fn redrives_need_permission_on_both_queues() -> Result<()> {
    let place = Place::local().await?;
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{DLQ}");
    let function = sqs_of(&place.aws, "studio-health")?;
    for answer in [
        refused(
            function
                .start_message_move_task()
                .source_arn(&arn)
                .send()
                .await,
        )?,
        refused(
            function
                .list_message_move_tasks()
                .source_arn(&arn)
                .send()
                .await,
        )?,
    ] {
        assert!(answer.contains("AccessDenied"), "{answer}");
    }
    assert!(
        sqs_of(&place.aws, "test")?
            .list_message_move_tasks()
            .source_arn(&arn)
            .send()
            .await
            .is_ok()
    );
    Ok(())
}

#[tokio::test]
async fn bot_is_connected_and_carousels_are_listed_shown_and_counted_again() -> Result<()> {
    let place = Place::local().await?;
    let connected = confab(&place, &["telegram", "connect"]).await?;
    assert_eq!(connected.code, 0, "{}", connected.error);
    assert!(
        connected.text.contains("9 commands in 5 languages"),
        "{}",
        connected.text
    );
    let list = confab(&place, &["carousel", "list"]).await?;
    assert_eq!(list.text, "There is no such carousel.\n", "{}", list.error);
    let request = place.http.post(format!("{}/test-carousel", place.gateway));
    let request = request.json(&json!({ "topic": "small habits", "slidesCount": 1 }));
    request.send().await?.error_for_status()?;
    let line = eventually(|| async {
        let list = confab(&place, &["carousel", "list", "--state", "delivered"]).await?;
        if !list.text.contains("  delivered  test  1/1  r1  ") {
            bail!("{}", list.text);
        }
        Ok(list.text)
    })
    .await?;
    let id = line.split(' ').next().context("an id")?;
    let shown = confab(&place, &["carousel", "show", id]).await?.json()?;
    assert_eq!(shown["source"]["text"], "small habits");
    let late = confab(&place, &["carousel", "cancel", id, "--yes"]).await?;
    assert_eq!(late.code, 1, "{}", late.text);
    let counted = confab(&place, &["replay", "--events", "--dry-run"]).await?;
    assert_eq!(counted.code, 0, "{} {}", counted.text, counted.error);
    Ok(())
}

#[tokio::test]
async fn workspaces_are_listed_suspended_limited_and_audited() -> Result<()> {
    let place = Place::local().await?;
    let none = confab(&place, &["desk", "tenants"]).await?;
    assert_eq!(none.text, "There is no such workspace.\n", "{}", none.error);
    let owner = DeskOwner::new(&place, "dana@shop.example").await?;
    let id = owner.tenant.as_str();
    let list = confab(&place, &["desk", "tenants", "--state", "trial"]).await?;
    assert!(list.text.contains(id), "{} {}", list.text, list.error);
    let shown = confab(&place, &["desk", "tenant", id]).await?;
    assert_eq!(shown.code, 0, "{} {}", shown.text, shown.error);
    for line in [
        "state     trial\n",
        "members   1, owners 1\n",
        "setup     ready, 5 of 5 steps\n",
    ] {
        assert!(shown.text.contains(line), "{line}: {}", shown.text);
    }

    let suspend = ["desk", "suspend", id, "--reason", "Sends spam"];
    let refused = confab(&place, &suspend).await?;
    assert_eq!(
        refused.code, 2,
        "no confirmation was asked: {}",
        refused.error
    );
    let suspended = confab(&place, &[&suspend[..], &["--yes"]].concat()).await?;
    assert_eq!(suspended.code, 0, "{}", suspended.error);
    assert!(suspended.text.contains("Sends spam"), "{}", suspended.text);
    let resumed = confab(&place, &["desk", "resume", id]).await?;
    assert!(
        resumed.text.contains("state     trial\n"),
        "{}",
        resumed.error
    );
    let unknown = ["desk", "tenant", "ten_00000000000000000000000000"];
    let unknown = confab(&place, &unknown).await?;
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.error.contains("There is no such workspace."),
        "{}",
        unknown.error
    );

    let set = [
        "desk", "limits", id, "seats=7", "--reason", "A pilot", "--yes",
    ];
    let set = confab(&place, &set).await?;
    assert_eq!(set.code, 0, "{}", set.error);
    let limits = confab(&place, &["desk", "limits", id, "--json"])
        .await?
        .json()?;
    let seats = &limits["limits"][0];
    assert_eq!(
        (&seats["name"], &seats["limit"]),
        (&json!("seats"), &json!(7))
    );
    let appoint = [
        "desk",
        "operator",
        "dana@shop.example",
        "--reason",
        "On call",
        "--yes",
    ];
    let appointed = confab(&place, &appoint).await?;
    assert_eq!(appointed.code, 0, "{}", appointed.error);
    let tenants = owner.caller.get("/tenants").await?;
    assert_eq!(tenants["items"][0]["id"], json!(id));

    let audit = confab(&place, &["desk", "audit", id, "--since", "2020-01-01"]).await?;
    for part in [
        "tenant.suspended",
        "tenant.limits_changed",
        "operator local",
        "A pilot",
        "tenant.created",
    ] {
        assert!(audit.text.contains(part), "{part}: {}", audit.text);
    }
    Ok(())
}
