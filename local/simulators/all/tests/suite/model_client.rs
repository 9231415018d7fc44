//! The model through the app's client: features of pictures, and failures.

use std::{
    collections::BTreeSet,
    io::Cursor,
    time::{Duration, Instant},
};

use confab_core::{CorrelationId, Timestamp};
use confab_openai::{Model, ModelConfig, ModelError, Seen, Verdict};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::fixture::Fixture;

impl Fixture {
    fn model(&self) -> Model {
        self.model_with("model-key")
    }

    fn model_with(&self, key: &str) -> Model {
        let config = ModelConfig::new(format!("{}/model/v1", self.base_url), key.to_owned().into());
        Model::new(self.http.clone(), config)
    }

    async fn set_model(&self, settings: Value) {
        self.api("PUT", "model/settings", settings).await;
    }

    async fn set_model_faults(&self, faults: Value) {
        self.api("PUT", "model/faults", json!({"calls": faults}))
            .await;
    }
}

pub(crate) fn jpeg(pixel: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(320, 240, |x, y| Rgb(pixel(x, y)))
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}

pub(crate) fn beach() -> Vec<u8> {
    jpeg(|_, y| {
        if y < 130 {
            [70, 140, 230]
        } else {
            [235, 205, 110]
        }
    })
}

fn night() -> Vec<u8> {
    jpeg(|x, y| {
        if x % 40 < 6 && y > 100 {
            [200, 60, 160]
        } else {
            [12, 12, 24]
        }
    })
}

fn wood() -> Vec<u8> {
    jpeg(|x, _| {
        if x % 32 < 16 {
            [40, 120, 50]
        } else {
            [90, 170, 80]
        }
    })
}

pub(crate) fn squares() -> Vec<u8> {
    jpeg(|x, y| {
        if (x / 20 + y / 20).is_multiple_of(2) {
            [255, 0, 255]
        } else {
            [0, 0, 0]
        }
    })
}

fn names(seen: &Seen) -> BTreeSet<&str> {
    seen.suggestions
        .iter()
        .map(|suggestion| suggestion.name.as_str())
        .collect()
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    let along = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    1.0 - along(one, other) / (along(one, one) * along(other, other)).sqrt()
}

#[tokio::test]
async fn pictures_have_stable_names_of_their_own() {
    let fixture = Fixture::start().await;
    let model = fixture.model();
    let seen = model.look(&beach(), "en").await.unwrap();
    assert_eq!((seen.suggestions.len(), names(&seen).len()), (10, 10));
    assert_eq!(seen.caption.title, seen.suggestions[0].name);
    assert!(
        seen.caption.caption.contains("open sky") && seen.caption.visible_text.as_str().is_empty(),
        "{seen:?}"
    );
    assert!(seen.usage.prompt_tokens > 100 && seen.usage.completion_tokens > 100);
    assert_eq!(model.look(&beach(), "en").await.unwrap(), seen);
    for other in [night(), wood()] {
        let other = model.look(&other, "en").await.unwrap();
        assert!(
            names(&seen).intersection(&names(&other)).count() <= 1,
            "{seen:?} {other:?}"
        );
    }
}

#[tokio::test]
async fn names_are_in_the_requested_language() {
    let fixture = Fixture::start().await;
    let (english, hebrew) = (
        fixture.model().look(&beach(), "en").await.unwrap(),
        fixture.model().look(&beach(), "he").await.unwrap(),
    );
    for (english, hebrew) in english.suggestions.iter().zip(&hebrew.suggestions) {
        assert_eq!(english.key, hebrew.key);
        assert!(
            hebrew.name.contains(|c| ('א'..='ת').contains(&c)) && english.name.is_ascii(),
            "{hebrew:?}"
        );
    }
    assert_eq!(hebrew.suggestions.len(), 10);
    assert!(hebrew.caption.caption.starts_with("מבט"));
}

#[tokio::test]
async fn captions_of_similar_pictures_have_similar_vectors() {
    let fixture = Fixture::start().await;
    let model = fixture.model();
    let also_beach = jpeg(|_, y| {
        if y < 132 {
            [72, 138, 226]
        } else {
            [232, 202, 112]
        }
    });
    let mut texts = Vec::new();
    for picture in [beach(), also_beach, night(), wood()] {
        let seen = model.look(&picture, "en").await.unwrap();
        let names: Vec<_> = seen
            .suggestions
            .into_iter()
            .map(|suggestion| suggestion.name)
            .collect();
        texts.push(format!("{} {}", seen.caption.caption, names.join(" ")));
    }
    let vectors = model.embed(&texts).await.unwrap();
    assert!(vectors.iter().all(|vector| vector.len() == 256));
    assert!(
        distance(&vectors[0], &vectors[1]) <= 0.3,
        "{}",
        distance(&vectors[0], &vectors[1])
    );
    for other in &vectors[2..] {
        assert!(
            distance(&vectors[0], other) > 0.4,
            "{} {texts:?}",
            distance(&vectors[0], other)
        );
    }
    assert_eq!(model.embed(&texts).await.unwrap(), vectors);
}

#[tokio::test]
async fn one_pattern_and_one_word_are_flagged() {
    let fixture = Fixture::start().await;
    let model = fixture.model();
    let verdict = |categories: &[&str]| Verdict {
        flagged: !categories.is_empty(),
        categories: categories
            .iter()
            .map(|category| (*category).to_owned())
            .collect(),
    };
    for (picture, text, expected) in [
        (beach(), None, verdict(&[])),
        (beach(), Some("a day at the beach"), verdict(&[])),
        (beach(), Some("please FLAGME now"), verdict(&["harassment"])),
        (squares(), None, verdict(&["violence/graphic"])),
        (
            squares(),
            Some("flagme"),
            verdict(&["harassment", "violence/graphic"]),
        ),
    ] {
        assert_eq!(
            model.moderate(&picture, text).await.unwrap(),
            expected,
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn client_distinguishes_unusable_answers() {
    let fixture = Fixture::start().await;
    let model = fixture.model();
    for (answer, again) in [("refusal", false), ("garbage", true), ("short", true)] {
        fixture.set_model(json!({"answer": answer})).await;
        let error = model.look(&beach(), "en").await.unwrap_err();
        assert_eq!(error.may_try_again(), again, "{answer} {error}");
        assert_eq!(
            matches!(error, ModelError::Unusable(_)),
            again,
            "{answer} {error}"
        );
        assert_eq!(
            matches!(
                error,
                ModelError::Refused {
                    of_content: true,
                    ..
                }
            ),
            !again,
            "{answer} {error}"
        );
        // Other endpoints are not affected.
        assert!(model.embed(&["beach".to_owned()]).await.is_ok());
    }
    fixture
        .set_model(json!({"answer": "slow", "slow_ms": 600}))
        .await;
    let began = Instant::now();
    assert!(model.look(&beach(), "en").await.is_ok());
    assert!(began.elapsed() > Duration::from_millis(500));
}

#[tokio::test]
async fn client_maps_failures_like_those_of_openai() {
    let fixture = Fixture::start().await;
    let model = fixture.model();
    let text = ["beach".to_owned()];
    for (fault, expected) in [
        (json!({"http": 429}), "busy"),
        (json!({"http": 503}), "busy"),
        (json!({"drop_before": true}), "lost"),
        (json!({"drop_after": true}), "lost"),
        (json!({"http": 429, "code": "insufficient_quota"}), "unpaid"),
        (json!({"http": 400}), "refused"),
        (
            json!({"http": 400, "code": "content_policy_violation"}),
            "refused",
        ),
    ] {
        fixture.set_model_faults(json!([fault])).await;
        let told = match model.embed(&text).await.unwrap_err() {
            ModelError::Busy { .. } => "busy",
            ModelError::Lost(_) => "lost",
            ModelError::Unpaid => "unpaid",
            ModelError::Refused { .. } => "refused",
            error => panic!("{fault} {error}"),
        };
        assert_eq!(told, expected, "{fault}");
        assert!(model.embed(&text).await.is_ok(), "a fault is used up");
    }
    fixture
        .set_model_faults(json!([{"http": 429, "path": "moderations"}]))
        .await;
    assert!(model.embed(&text).await.is_ok());
    let busy = model.moderate(&beach(), None).await.unwrap_err();
    assert!(
        matches!(
            busy,
            ModelError::Busy {
                retry_after: Some(_),
                ..
            }
        ),
        "{busy}"
    );
    fixture.set_model(json!({"fail_percent": 100})).await;
    assert!(model.embed(&text).await.unwrap_err().may_try_again());
    fixture
        .set_model(json!({"fail_percent": 0, "latency_ms": 200}))
        .await;
    let began = Instant::now();
    model.embed(&text).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(200));
    let error = fixture
        .model_with("sk-wrong")
        .embed(&text)
        .await
        .unwrap_err();
    assert!(
        error.may_try_again() && !error.to_string().contains("wrong"),
        "{error}"
    );
}

#[tokio::test]
async fn calls_are_counted_and_recorded() {
    let fixture = Fixture::start().await;
    let correlation_id = CorrelationId::new(Timestamp::now(), &|| [7; 10]);
    let model = fixture.model().because_of(correlation_id);
    let seen = model.look(&beach(), "en").await.unwrap();
    fixture.set_model_faults(json!([{"http": 500}])).await;
    assert!(model.look(&beach(), "en").await.is_err());
    model
        .embed(&["beach".to_owned(), "pier".to_owned()])
        .await
        .unwrap();
    let calls = fixture.api("GET", "model/calls", Value::Null).await;
    let expected = json!({"endpoint": "chat/completions", "count": 2, "errors": 1,
        "prompt_tokens": seen.usage.prompt_tokens, "completion_tokens": seen.usage.completion_tokens});
    assert_eq!(calls[0], expected);
    assert_eq!(
        (
            &calls[1]["endpoint"],
            &calls[1]["count"],
            &calls[1]["prompt_tokens"]
        ),
        (&json!("embeddings"), &json!(1), &json!(4))
    );
    let call_records = fixture.call_records();
    let told: Vec<_> = call_records
        .iter()
        .map(|record| (record.provider, record.ok))
        .collect();
    assert_eq!(told, [("model", true), ("model", false), ("model", true)]);
    assert!(
        call_records
            .iter()
            .all(|record| record.correlation_id == Some(correlation_id.to_string()))
    );
    assert_eq!(call_records[1].text, "POST chat/completions: 500");
    // Tokens count even if the caller hangs up.
    fixture.set_model_faults(json!([{"hang_ms": 60_000}])).await;
    let waiting =
        tokio::time::timeout(Duration::from_secs(1), model.embed(&["beach".to_owned()])).await;
    assert!(waiting.is_err());
    assert_eq!(
        fixture.api("GET", "model/calls", Value::Null).await[1]["count"],
        2
    );
}
