//! Callbacks of Astria, and faults between Astria and the app.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    astria::{LITE, form, list},
    fixture::{CORRELATION, Fixture},
};

impl Fixture {
    async fn set_astria_faults(&self, calls: Value) {
        self.api("PUT", "astria/faults", json!({"calls": calls}))
            .await;
    }

    async fn posted(&self, title: &str) -> Result<u16, reqwest::Error> {
        let request = self
            .request("POST", &format!("p/{LITE}/tunes"))
            .multipart(form(title, 1));
        let response = request.send().await?;
        let status = response.status().as_u16();
        response.bytes().await.map(|_| status)
    }

    /// Lists the callbacks of a tune by subject and state.
    async fn attempts(&self, tune: i64) -> Vec<(String, String, i64)> {
        let row = self.row(tune).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let callbacks = list(&row["callbacks"]).iter();
        callbacks
            .map(|c| {
                (
                    text(&c["what"]),
                    text(&c["state"]),
                    c["attempts"].as_i64().unwrap(),
                )
            })
            .collect()
    }

    fn bodies(&self) -> Vec<Value> {
        self.app
            .callbacks()
            .into_iter()
            .map(|(_, body)| body)
            .collect()
    }
}

fn attempt(what: &str, state: &str, attempts: i64) -> (String, String, i64) {
    (what.into(), state.into(), attempts)
}

#[tokio::test]
async fn refused_callbacks_are_not_retried() {
    let fixture = Fixture::start().await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::INTERNAL_SERVER_ERROR; 2]);
    let tune = fixture.tune(fixture.told("ord_1")).await;
    fixture.finish(tune).await;
    fixture.wait_for_callbacks().await;
    fixture.advance_clock(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(
        (fixture.app.calls().len(), fixture.app.callbacks().len()),
        (2, 0)
    );
    assert_eq!(
        fixture.attempts(tune).await,
        [
            attempt("tune", "failed", 1),
            attempt("prompts", "failed", 1)
        ]
    );
    assert!(
        fixture
            .call_records()
            .iter()
            .any(|seen| seen.text == "prompts webhook: 500" && !seen.ok)
    );

    let again = async |body: Value| {
        fixture
            .ask("POST", &format!("/api/astria/tunes/{tune}/callback"), &body)
            .await
    };
    assert_eq!(again(json!({})).await, (200, json!({"sent": 1})));
    assert_eq!(
        again(json!({"which": "tune"})).await,
        (200, json!({"sent": 1}))
    );
    fixture.wait_for_callbacks().await;
    let bodies = fixture.bodies();
    assert_eq!(
        (list(&bodies[0]).len(), bodies[1]["tune"]["id"].as_i64()),
        (4, Some(tune))
    );
}

#[tokio::test]
async fn tunes_without_callbacks_call_nothing() {
    let fixture = Fixture::start().await;
    let tune = fixture.tune(form("ord_1", 1)).await;
    let path = format!("/api/astria/tunes/{tune}/callback");
    assert_eq!(fixture.ask("POST", &path, &json!({})).await.0, 400);
    assert_eq!(fixture.finish(tune).await["callbacks"], json!([]));
    assert_eq!(fixture.ask("POST", &path, &json!({})).await.0, 400);
    assert_eq!(
        fixture
            .ask("POST", "/api/astria/tunes/9/callback", &json!({}))
            .await
            .0,
        404
    );
    assert_eq!(
        fixture
            .ask("POST", "/api/astria/tunes/9/finish", &Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn callbacks_are_dropped_copied_and_delayed_by_settings() {
    let fixture = Fixture::start().await;
    fixture.set_astria(json!({"drop_percent": 100})).await;
    let lost = fixture.tune(fixture.told("lost")).await;
    fixture.finish(lost).await;
    assert_eq!(
        fixture.attempts(lost).await,
        [
            attempt("tune", "dropped", 0),
            attempt("prompts", "dropped", 0)
        ]
    );
    fixture
        .set_astria(json!({"drop_percent": 0, "copies": 3, "delay_ms": 60_000, "reorder": true}))
        .await;
    let tune = fixture.tune(fixture.told("ord_1")).await;
    fixture.finish(tune).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(fixture.app.calls().is_empty());
    fixture.advance_clock(Duration::from_secs(61));
    fixture.wait_for_callbacks().await;
    assert_eq!(fixture.app.callbacks().len(), 6);
    assert_eq!(
        fixture.attempts(tune).await,
        [attempt("tune", "sent", 3), attempt("prompts", "sent", 3)]
    );
    let ours = fixture
        .call_records()
        .into_iter()
        .filter(|seen| seen.text.ends_with("webhook: 200"));
    assert!(
        ours.into_iter()
            .all(|seen| seen.correlation_id.as_deref() == Some(CORRELATION))
    );
}

#[tokio::test]
async fn callback_bodies_have_the_shape_of_the_settings() {
    let fixture = Fixture::start().await;
    for (shape, count) in [("documented", 2), ("bare", 2), ("wrapped", 2), ("each", 5)] {
        fixture.set_astria(json!({"shape": shape})).await;
        let before = fixture.app.callbacks().len();
        let tune = fixture.tune(fixture.told(shape)).await;
        fixture.finish(tune).await;
        fixture.wait_for_callbacks().await;
        let bodies = fixture.bodies().split_off(before);
        assert_eq!(bodies.len(), count, "{shape}");
        let has = |fits: &dyn Fn(&Value) -> bool| bodies.iter().filter(|body| fits(body)).count();
        let is_list = |body: &Value| {
            body.as_array()
                .is_some_and(|list| list[0]["images"].is_array())
        };
        let (lists, tunes) = match shape {
            "bare" => (has(&is_list), has(&|body| body["orig_images"].is_array())),
            "wrapped" => (
                has(&|body| is_list(&body["prompts"])),
                has(&|body| body["tune"]["id"] == tune),
            ),
            "each" => (
                has(&|body| body["prompt"]["images"].is_array()) / 4,
                has(&|body| body["tune"]["id"] == tune),
            ),
            _ => (has(&is_list), has(&|body| body["tune"]["id"] == tune)),
        };
        assert_eq!((lists, tunes), (1, 1), "{shape} {bodies:?}");
    }
}

#[tokio::test]
async fn work_is_done_when_the_gateway_answers_an_error_after_it() {
    let fixture = Fixture::start().await;
    fixture
        .set_astria_faults(
            json!([{"http": 504, "after": true, "path": "p/"}, {"http": 504, "path": "p/"}]),
        )
        .await;
    assert_eq!(fixture.posted("ord_1").await.unwrap(), 504);
    assert_eq!(fixture.posted("ord_2").await.unwrap(), 504);
    let titles: Vec<Value> = list(&fixture.shown("tunes?limit=120").await)
        .iter()
        .map(|tune| tune["title"].clone())
        .collect();
    assert_eq!(titles, [json!("ord_1")]);
    fixture.set_astria(json!({"idempotency": true})).await;
    fixture.posted("ord_1").await.unwrap();
    assert_eq!(list(&fixture.shown("tunes").await).len(), 1);
}

#[tokio::test]
async fn calls_fail_hang_and_lose_connections_by_faults() {
    let fixture = Fixture::start().await;
    let calls = json!([{"http": 422, "path": "p/"}, {"http": 429, "path": "p/"}, {"http": 500, "path": "p/", "times": 2}]);
    fixture.set_astria_faults(calls).await;
    let mut answers = Vec::new();
    for status in [422, 429, 500, 500] {
        let response = fixture
            .request("POST", "p/1401/tunes")
            .multipart(form("t", 1))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        answers.push(response.text().await.unwrap());
    }
    assert!(
        answers[0].starts_with(r#"{"base""#) && answers[3].starts_with("<html>"),
        "{answers:?}"
    );
    fixture.shown("packs").await;
    assert_eq!(fixture.shown("tunes").await, json!([]), "nothing was done");

    fixture
        .set_astria_faults(json!([{"drop_before": true}, {"drop_after": true}, {"hang_ms": 300}]))
        .await;
    assert!(fixture.posted("before").await.is_err());
    assert!(fixture.posted("after").await.is_err());
    let started = Instant::now();
    let tunes = fixture.shown("tunes").await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        (list(&tunes).len(), &tunes[0]["title"]),
        (1, &json!("after"))
    );

    let row = fixture.finish(tunes[0]["id"].as_i64().unwrap()).await;
    fixture
        .set_astria_faults(json!([{"http": 503}, {"http": 403, "path": "media/"}]))
        .await;
    let url = row["images"][0].as_str().unwrap();
    for status in [403, 200] {
        assert_eq!(fixture.http.get(url).send().await.unwrap().status(), status);
    }
    assert_eq!(fixture.asked("GET", "packs", Value::Null).await.0, 503);
}

#[tokio::test]
async fn tunes_continue_after_a_restart() {
    let fixture = Fixture::start().await;
    let trained = fixture.tune(fixture.told("trained")).await;
    let row = fixture.finish(trained).await;
    fixture.wait_for_callbacks().await;
    let picture = async |fixture: &Fixture| {
        let path = row["images"][0]
            .as_str()
            .unwrap()
            .split_once("/astria/")
            .unwrap()
            .1
            .to_owned();
        fixture
            .picture(&format!("{}/astria/{path}", fixture.base_url))
            .await
    };
    let before = picture(&fixture).await;
    fixture
        .set_astria(json!({"train_ms": 60_000, "delay_ms": 500, "drop_percent": 0}))
        .await;
    let training = fixture.tune(fixture.told("training")).await;
    fixture
        .api(
            "POST",
            &format!("astria/tunes/{trained}/callback"),
            json!({}),
        )
        .await;
    let fixture = fixture.restart_after_kill().await;
    assert_eq!(
        fixture.api("GET", "astria/settings", Value::Null).await["train_ms"],
        60_000
    );
    fixture.wait_for_callbacks().await;
    assert_eq!(fixture.app.callbacks().len(), 3, "what was owed went out");
    assert!(picture(&fixture).await == before, "the same picture");
    assert_eq!(fixture.row(training).await["state"], "training");
    fixture.advance_clock(Duration::from_secs(64));
    fixture
        .until(async || fixture.app.callbacks().len() == 5)
        .await;
    let titles: Vec<String> = fixture
        .app
        .callbacks()
        .into_iter()
        .map(|(query, _)| query)
        .collect();
    assert!(
        titles[3..]
            .iter()
            .all(|query| query.contains("of=training")),
        "{titles:?}"
    );
}

#[tokio::test]
async fn callbacks_do_not_wait_for_messages_or_payments() {
    let fixture = Fixture::start().await;
    fixture
        .put("settings", json!({"delay_ms": 3_600_000}))
        .await;
    fixture
        .api("PUT", "stripe/settings", json!({"delay_ms": 3_600_000}))
        .await;
    let person = fixture.person("meta").await;
    fixture.text(&person, "hi").await;
    fixture.paid("ord_1").await;
    let tune = fixture.tune(fixture.told("ord_1")).await;
    fixture.finish(tune).await;
    fixture.wait_for_callbacks().await;
    assert_eq!(
        (
            fixture.app.callbacks().len(),
            fixture.app.texts().len(),
            fixture.app.kinds().len()
        ),
        (2, 0, 0)
    );
}
