//! What Astria tells, once and unsigned, and what goes wrong between it and the app.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    astria::{LITE, form, list},
    world::{CORRELATION, World},
};

impl World {
    async fn faulty(&self, calls: Value) {
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

    /// Those of a tune, by what they are and what became of them.
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
async fn a_callback_that_is_not_taken_is_not_tried_again() {
    let world = World::start().await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::INTERNAL_SERVER_ERROR; 2]);
    let tune = world.tune(world.told("ord_1")).await;
    world.finish(tune).await;
    world.called_back().await;
    world.pass(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(
        (world.app.calls().len(), world.app.callbacks().len()),
        (2, 0)
    );
    assert_eq!(
        world.attempts(tune).await,
        [
            attempt("tune", "failed", 1),
            attempt("prompts", "failed", 1)
        ]
    );
    assert!(
        world
            .seen()
            .iter()
            .any(|seen| seen.text == "prompts webhook: 500" && !seen.ok)
    );

    let again = async |body: Value| {
        world
            .ask("POST", &format!("/api/astria/tunes/{tune}/callback"), &body)
            .await
    };
    assert_eq!(again(json!({})).await, (200, json!({"sent": 1})));
    assert_eq!(
        again(json!({"which": "tune"})).await,
        (200, json!({"sent": 1}))
    );
    world.called_back().await;
    let bodies = world.bodies();
    assert_eq!(
        (list(&bodies[0]).len(), bodies[1]["tune"]["id"].as_i64()),
        (4, Some(tune))
    );
}

#[tokio::test]
async fn nothing_is_told_to_nobody() {
    let world = World::start().await;
    let tune = world.tune(form("ord_1", 1)).await;
    let path = format!("/api/astria/tunes/{tune}/callback");
    assert_eq!(world.ask("POST", &path, &json!({})).await.0, 400);
    assert_eq!(world.finish(tune).await["callbacks"], json!([]));
    assert_eq!(world.ask("POST", &path, &json!({})).await.0, 400);
    assert_eq!(
        world
            .ask("POST", "/api/astria/tunes/9/callback", &json!({}))
            .await
            .0,
        404
    );
    assert_eq!(
        world
            .ask("POST", "/api/astria/tunes/9/finish", &Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn callbacks_get_lost_come_several_times_and_late() {
    let world = World::start().await;
    world.like_astria(json!({"drop_percent": 100})).await;
    let lost = world.tune(world.told("lost")).await;
    world.finish(lost).await;
    assert_eq!(
        world.attempts(lost).await,
        [
            attempt("tune", "dropped", 0),
            attempt("prompts", "dropped", 0)
        ]
    );
    world
        .like_astria(json!({"drop_percent": 0, "copies": 3, "delay_ms": 60_000, "reorder": true}))
        .await;
    let tune = world.tune(world.told("ord_1")).await;
    world.finish(tune).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(world.app.calls().is_empty());
    world.pass(Duration::from_secs(61));
    world.called_back().await;
    assert_eq!(world.app.callbacks().len(), 6);
    assert_eq!(
        world.attempts(tune).await,
        [attempt("tune", "sent", 3), attempt("prompts", "sent", 3)]
    );
    let ours = world
        .seen()
        .into_iter()
        .filter(|seen| seen.text.ends_with("webhook: 200"));
    assert!(
        ours.into_iter()
            .all(|seen| seen.correlation_id.as_deref() == Some(CORRELATION))
    );
}

#[tokio::test]
async fn bodies_come_in_every_shape_that_was_seen_or_written_of() {
    let world = World::start().await;
    for (shape, count) in [("documented", 2), ("bare", 2), ("wrapped", 2), ("each", 5)] {
        world.like_astria(json!({"shape": shape})).await;
        let before = world.app.callbacks().len();
        let tune = world.tune(world.told(shape)).await;
        world.finish(tune).await;
        world.called_back().await;
        let bodies = world.bodies().split_off(before);
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
async fn a_gateway_may_give_up_on_what_is_done_all_the_same() {
    let world = World::start().await;
    world
        .faulty(json!([{"http": 504, "after": true, "path": "p/"}, {"http": 504, "path": "p/"}]))
        .await;
    assert_eq!(world.posted("ord_1").await.unwrap(), 504);
    assert_eq!(world.posted("ord_2").await.unwrap(), 504);
    let titles: Vec<Value> = list(&world.shown("tunes?limit=120").await)
        .iter()
        .map(|tune| tune["title"].clone())
        .collect();
    assert_eq!(titles, [json!("ord_1")]);
    world.like_astria(json!({"idempotency": true})).await;
    world.posted("ord_1").await.unwrap();
    assert_eq!(list(&world.shown("tunes").await).len(), 1);
}

#[tokio::test]
async fn calls_are_refused_hang_and_get_lost() {
    let world = World::start().await;
    let calls = json!([{"http": 422, "path": "p/"}, {"http": 429, "path": "p/"}, {"http": 500, "path": "p/", "times": 2}]);
    world.faulty(calls).await;
    let mut answers = Vec::new();
    for status in [422, 429, 500, 500] {
        let response = world
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
    world.shown("packs").await;
    assert_eq!(world.shown("tunes").await, json!([]), "nothing was done");

    world
        .faulty(json!([{"drop_before": true}, {"drop_after": true}, {"hang_ms": 300}]))
        .await;
    assert!(world.posted("before").await.is_err());
    assert!(world.posted("after").await.is_err());
    let started = Instant::now();
    let tunes = world.shown("tunes").await;
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        (list(&tunes).len(), &tunes[0]["title"]),
        (1, &json!("after"))
    );

    let row = world.finish(tunes[0]["id"].as_i64().unwrap()).await;
    world
        .faulty(json!([{"http": 503}, {"http": 403, "path": "media/"}]))
        .await;
    let url = row["images"][0].as_str().unwrap();
    for status in [403, 200] {
        assert_eq!(world.http.get(url).send().await.unwrap().status(), status);
    }
    assert_eq!(world.asked("GET", "packs", Value::Null).await.0, 503);
}

#[tokio::test]
async fn what_was_begun_goes_on_after_the_next_start() {
    let world = World::start().await;
    let trained = world.tune(world.told("trained")).await;
    let row = world.finish(trained).await;
    world.called_back().await;
    let picture = async |world: &World| {
        let path = row["images"][0]
            .as_str()
            .unwrap()
            .split_once("/astria/")
            .unwrap()
            .1
            .to_owned();
        world
            .picture(&format!("{}/astria/{path}", world.base_url))
            .await
    };
    let before = picture(&world).await;
    world
        .like_astria(json!({"train_ms": 60_000, "delay_ms": 500, "drop_percent": 0}))
        .await;
    let training = world.tune(world.told("training")).await;
    world
        .api(
            "POST",
            &format!("astria/tunes/{trained}/callback"),
            json!({}),
        )
        .await;
    let world = world.killed_and_started_again().await;
    assert_eq!(
        world.api("GET", "astria/settings", Value::Null).await["train_ms"],
        60_000
    );
    world.called_back().await;
    assert_eq!(world.app.callbacks().len(), 3, "what was owed went out");
    assert!(picture(&world).await == before, "the same picture");
    assert_eq!(world.row(training).await["state"], "training");
    world.pass(Duration::from_secs(64));
    world.until(async || world.app.callbacks().len() == 5).await;
    let titles: Vec<String> = world
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
async fn tunes_wait_for_no_messages_or_payments() {
    let world = World::start().await;
    world.put("settings", json!({"delay_ms": 3_600_000})).await;
    world
        .api("PUT", "stripe/settings", json!({"delay_ms": 3_600_000}))
        .await;
    let person = world.person("meta").await;
    world.text(&person, "hi").await;
    world.paid("ord_1").await;
    let tune = world.tune(world.told("ord_1")).await;
    world.finish(tune).await;
    world.called_back().await;
    assert_eq!(
        (
            world.app.callbacks().len(),
            world.app.texts().len(),
            world.app.kinds().len()
        ),
        (2, 0, 0)
    );
}
