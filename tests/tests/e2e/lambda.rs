//! Lambda, its Runtime API, the HTTP API and the schedules as `local` runs them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use confab_e2e::{Place, eventually};
use futures::future::join_all;
use serde_json::{Value, json};

async fn place() -> Result<Place> {
    Place::running("tests/lambda.yaml").await
}

async fn invoke(place: &Place, order: Value) -> Result<(reqwest::StatusCode, bool, Value)> {
    let url = format!("{}/2015-03-31/functions/probe/invocations", place.aws);
    let answer = place.http.post(url).json(&order).send().await?;
    let failed = answer.headers().contains_key("x-amz-function-error");
    Ok((answer.status(), failed, answer.json().await?))
}

async fn probe(place: &Place) -> Result<Value> {
    let state = place.get("/api/state").await?;
    state["functions"].get(0).cloned().context("the probe")
}

#[tokio::test]
async fn processes_stay_warm_between_invocations() -> Result<()> {
    let place = place().await?;
    let (_, _, first) = invoke(&place, json!({ "do": "who" })).await?;
    let (_, _, second) = invoke(&place, json!({ "do": "who" })).await?;
    assert_eq!(first["process"], second["process"], "{first} {second}");
    assert_eq!((&first["call"], &second["call"]), (&json!(1), &json!(2)));
    assert_eq!(probe(&place).await?["cold_starts"], 1);
    Ok(())
}

#[tokio::test]
async fn environment_is_that_of_lambda_and_the_runtime_api_is_host_and_port() -> Result<()> {
    let place = place().await?;
    let (_, _, environment) = invoke(&place, json!({ "do": "environment" })).await?;
    let address = environment["AWS_LAMBDA_RUNTIME_API"]
        .as_str()
        .context("an address")?;
    address
        .parse::<std::net::SocketAddr>()
        .with_context(|| address.to_owned())?;
    let expected = [
        ("AWS_LAMBDA_FUNCTION_NAME", "confab-ProbeFunction"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("_HANDLER", "bootstrap"),
        ("TZ", ":UTC"),
    ];
    for (name, value) in expected {
        assert_eq!(environment[name], value, "{name}");
    }
    Ok(())
}

/// The other copy would begin beside the first, on the second of its two processes.
#[tokio::test]
async fn messages_are_handled_once_when_the_clock_jumps() -> Result<()> {
    let place = place().await?;
    let sqs = aws_sdk_sqs::Client::new(&place.aws_config()?);
    let url = format!("{}/000000000000/confab-work", place.aws);
    sqs.send_message()
        .queue_url(url)
        .message_body(r#"{"do":"sleep","ms":900}"#)
        .send()
        .await?;
    eventually(|| async {
        let in_flight = probe(&place).await?["in_flight"].as_u64();
        (in_flight == Some(1))
            .then_some(())
            .with_context(|| format!("{in_flight:?} in flight"))
    })
    .await?;
    place.advance(Duration::from_secs(40 * 60)).await?;
    place.is_empty("confab-work").await?;
    let probe = probe(&place).await?;
    assert_eq!(probe["invocations"], 1, "{probe}");
    Ok(())
}

#[tokio::test]
async fn processes_do_not_panic_when_the_clock_jumps() -> Result<()> {
    let place = place().await?;
    for _ in 0..30 {
        let calls = (0..2).map(|_| invoke(&place, json!({ "do": "who" })));
        let (answers, jump) = tokio::join!(join_all(calls), place.advance(Duration::from_secs(1)));
        jump?;
        for answer in answers {
            let (status, failed, told) = answer?;
            assert!(status.is_success() && !failed, "{status} {told}");
        }
    }
    let log = place
        .get("/api/logs?function=probe&limit=500")
        .await?
        .to_string();
    assert!(!log.contains("panicked"), "{log}");
    Ok(())
}

/// As on AWS: a route of GET answers no HEAD.
#[tokio::test]
async fn head_requests_need_a_route_of_their_own() -> Result<()> {
    let place = place().await?;
    let head = async |path: &str| {
        Ok::<_, reqwest::Error>(
            place
                .http
                .head(format!("{}{path}", place.gateway))
                .send()
                .await?
                .status(),
        )
    };
    assert_eq!(head("/health").await?, 404);
    assert_eq!(head("/probe/any").await?, 200);
    Ok(())
}

#[tokio::test]
async fn errors_keep_the_process_and_crashes_end_it() -> Result<()> {
    let place = place().await?;
    let (_, _, before) = invoke(&place, json!({ "do": "who" })).await?;
    let (status, failed, told) = invoke(&place, json!({ "do": "fail" })).await?;
    assert_eq!(
        (status.as_u16(), failed, &told["errorMessage"]),
        (200, true, &json!("as told"))
    );
    let (_, _, after) = invoke(&place, json!({ "do": "who" })).await?;
    assert_eq!(before["process"], after["process"]);
    let (_, failed, told) = invoke(&place, json!({ "do": "exit" })).await?;
    assert!(failed);
    assert_eq!(told["errorType"], "Runtime.ExitError");
    let (_, _, fresh) = invoke(&place, json!({ "do": "who" })).await?;
    assert_ne!(before["process"], fresh["process"]);
    Ok(())
}

#[tokio::test]
async fn timeouts_kill_the_process() -> Result<()> {
    let place = place().await?;
    let started = Instant::now();
    let (_, failed, told) = invoke(&place, json!({ "do": "sleep", "ms": 60_000 })).await?;
    assert!(failed && started.elapsed() < Duration::from_secs(30));
    assert_eq!(told["errorMessage"], "Task timed out after 1.00 seconds");
    assert_eq!(probe(&place).await?["timeouts"], 1);
    let (_, failed, _) = invoke(&place, json!({ "do": "who" })).await?;
    assert!(!failed, "the next event meets a new process");
    Ok(())
}

#[tokio::test]
async fn reserved_concurrency_limits_processes() -> Result<()> {
    let place = place().await?;
    let calls = (0..6).map(|_| invoke(&place, json!({ "do": "sleep", "ms": 600 })));
    let answers = join_all(calls)
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let throttled = answers
        .iter()
        .filter(|(status, ..)| status.as_u16() == 429)
        .count();
    assert_eq!(throttled, 4);
    assert_eq!(probe(&place).await?["throttles"], 4);
    Ok(())
}

#[tokio::test]
async fn async_events_reach_the_failure_queue_after_all_attempts() -> Result<()> {
    let mut place = place().await?;
    let url = format!("{}/2015-03-31/functions/probe/invocations", place.aws);
    let answer = place
        .http
        .post(url)
        .header("x-amz-invocation-type", "Event")
        .json(&json!({ "do": "fail" }))
        .send()
        .await?;
    assert_eq!(answer.status(), 202);
    let tried = |times: u64| {
        let place = &place;
        eventually(move || async move {
            let errors = probe(place).await?["errors"].as_u64().unwrap_or(0);
            (errors == times)
                .then_some(())
                .with_context(|| format!("{errors} tries"))
        })
    };
    tried(1).await?;
    // What was accepted survives; the counts of a run do not.
    place.power_cut().await?;
    for times in 1..=2 {
        place.advance(Duration::from_secs(61)).await?;
        let place = &place;
        eventually(move || async move {
            let errors = probe(place).await?["errors"].as_u64().unwrap_or(0);
            (errors == times)
                .then_some(())
                .with_context(|| format!("{errors} tries"))
        })
        .await?;
    }
    place.advance(Duration::from_secs(61)).await?;
    eventually(|| async {
        let queue = place.queue("confab-failures").await?;
        (queue["visible"] == 1)
            .then_some(())
            .with_context(|| queue.to_string())
    })
    .await
}

#[tokio::test]
async fn schedules_fire_at_their_time() -> Result<()> {
    let place = place().await?;
    let fired = |times: u64| {
        let place = &place;
        eventually(move || async move {
            let invocations = probe(place).await?["invocations"].as_u64().unwrap_or(0);
            (invocations == times)
                .then_some(())
                .with_context(|| format!("fired {invocations} times"))
        })
    };
    place.advance(Duration::from_secs(59 * 60)).await?;
    let state = place.get("/api/state").await?;
    assert_eq!(state["schedules"][0]["last_at"], Value::Null);
    place.advance(Duration::from_secs(2 * 60)).await?;
    fired(1).await?;
    place.advance(Duration::from_secs(61 * 60)).await?;
    fired(2).await
}

#[tokio::test]
async fn bus_events_reach_the_function_of_their_rule() -> Result<()> {
    let place = place().await?;
    let put = |kind: &str| {
        let entry = json!({ "EventBusName": "confab-bus", "Source": "test", "DetailType": kind, "Detail": "{\"a\":1}" });
        place
            .http
            .post(&place.aws)
            .header("x-amz-target", "AWSEvents.PutEvents")
            .json(&json!({ "Entries": [entry] }))
            .send()
    };
    assert_eq!(
        put("other").await?.json::<Value>().await?["FailedEntryCount"],
        0
    );
    assert_eq!(
        put("told").await?.json::<Value>().await?["FailedEntryCount"],
        0
    );
    eventually(|| async {
        let invocations = probe(&place).await?["invocations"].as_u64().unwrap_or(0);
        (invocations == 1)
            .then_some(())
            .with_context(|| format!("{invocations} invocations"))
    })
    .await
}

#[tokio::test]
async fn http_api_events_have_the_shape_of_aws() -> Result<()> {
    let place = place().await?;
    let url = format!("{}/probe/one/a%20b?x=1&x=2&y=", place.gateway);
    let event: Value = place
        .http
        .get(url)
        .header("cookie", "a=1; b=2")
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(event["routeKey"], "GET /probe/one/{id}");
    assert_eq!(event["pathParameters"], json!({ "id": "a b" }));
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "" })
    );
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["requestContext"]["http"]["method"], "GET");
    assert_eq!(event["rawPath"], "/probe/one/a%20b");
    let form = place.http.post(format!("{}/probe/form", place.gateway));
    let form = form
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=b")
        .send()
        .await?;
    let event: Value = form.json().await?;
    assert_eq!(
        (&event["routeKey"], &event["body"]),
        (&json!("ANY /probe/{rest+}"), &json!("YT1i"))
    );
    assert_eq!(event["isBase64Encoded"], true);
    let nowhere = place
        .http
        .get(format!("{}/nowhere", place.gateway))
        .send()
        .await?;
    assert_eq!(nowhere.status(), 404);
    assert_eq!(
        nowhere.json::<Value>().await?,
        json!({ "message": "Not Found" })
    );
    Ok(())
}

#[tokio::test]
async fn cross_site_requests_are_refused() -> Result<()> {
    let place = place().await?;
    let url = format!("{}/api/functions/probe/kill", place.outside);
    let foreign = place
        .http
        .post(&url)
        .header("origin", "https://example.org")
        .send()
        .await?;
    assert_eq!(foreign.status(), 403);
    let rebound = place
        .http
        .post(&url)
        .header("host", "example.org")
        .send()
        .await?;
    assert_eq!(rebound.status(), 403);
    assert_eq!(place.http.post(&url).send().await?.status(), 200);
    Ok(())
}
