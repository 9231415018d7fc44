//! Astria through the app's client.

use std::time::Duration;

use confab_astria::{Astria, AstriaConfig, AstriaError, NewTune, Prompt, Tune};
use confab_core::Timestamp;
use confab_provider_base::File;
use serde_json::{Value, json};

use crate::fixture::Fixture;

impl Fixture {
    fn astria(&self) -> Astria {
        let config = AstriaConfig {
            api_url: format!("{}/astria", self.base_url),
            api_key: "sd_local".to_owned().into(),
            media_origins: vec![],
        };
        Astria::new(self.http.clone(), config)
    }

    fn order(&self, title: &str) -> NewTune {
        let selfie = |n: u32| {
            format!(
                "{}/astria/selfies/{n}.jpg?person=dana&class=woman",
                self.base_url
            )
        };
        let address = |query: &str| self.callback(query).parse().ok();
        NewTune {
            title: title.into(),
            class: "woman".into(),
            image_urls: (1..=4).map(selfie).collect(),
            characteristics: [("eye_color".to_owned(), "green eyes".to_owned())].into(),
            tune_ids: vec![],
            callback: address("trained"),
            prompts_callback: address("all"),
            prompt_callback: None,
        }
    }

    /// Returns the bodies of the callbacks to one address.
    fn heard(&self, query: &str) -> Vec<Value> {
        let callbacks = self.app.callbacks().into_iter();
        let callbacks = callbacks.filter(|(told, _)| told == query);
        callbacks.map(|(_, body)| body).collect()
    }
}

/// Returns the prompts of a callback, which is one prompt or a list of them.
fn prompts(callback: &Value) -> Vec<Prompt> {
    let list = match (callback, &callback["prompt"]) {
        (Value::Array(list), _) => list.clone(),
        (bare, Value::Null) => vec![bare.clone()],
        (_, prompt) => vec![prompt.clone()],
    };
    let parse = |prompt: &Value| serde_json::from_str(&prompt.to_string()).unwrap();
    list.iter().map(parse).collect()
}

fn a_while_ago() -> Timestamp {
    Timestamp::now() - Duration::from_secs(300)
}

#[tokio::test]
async fn client_orders_a_pack_and_gets_its_pictures() {
    let fixture = Fixture::start().await;
    let astria = fixture.astria();
    let packs = astria.packs().await.unwrap();
    let lite = packs
        .iter()
        .find(|pack| pack.slug == "quiet-studio-lite")
        .unwrap();
    assert_eq!((packs.len(), lite.costs["woman"].num_images), (6, Some(4)));
    assert_eq!(
        astria.pack(lite.id).await.unwrap().prompts_per_class["man"].len(),
        4
    );
    astria
        .image(lite.cover_url.as_deref().unwrap())
        .await
        .unwrap();

    let order = fixture.order("ord_1");
    let photo = fixture
        .http
        .get(&order.image_urls[0])
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let photo = File {
        bytes: photo.to_vec(),
        mime_type: "image/jpeg".into(),
    };
    let seen = astria.inspect("woman", photo).await.unwrap();
    assert_eq!(
        (seen.name.as_deref(), seen.selfie, seen.blurry),
        (Some("woman"), true, false)
    );
    assert!(
        seen.characteristics["hair_color"].contains(' ')
            || seen.characteristics["hair_color"].starts_with('b')
    );

    let tune = astria.create_tune(lite.id, &order).await.unwrap();
    assert_eq!(
        (tune.title.as_str(), tune.class.as_deref(), tune.trained_at),
        ("ord_1", Some("woman"), None)
    );
    assert!(tune.eta > tune.created_at);
    fixture.advance_clock(Duration::from_secs(24));
    fixture
        .until(async || fixture.heard("all").len() == 1)
        .await;
    let trained = fixture.heard("trained")[0]["tune"].to_string();
    let trained: Tune = serde_json::from_str(&trained).unwrap();
    assert_eq!(trained, astria.tune(tune.id).await.unwrap());
    let (told, listed) = (
        prompts(&fixture.heard("all")[0]),
        astria.prompts_of(tune.id).await.unwrap(),
    );
    assert_eq!((told.len(), listed.len()), (4, 4));
    for prompt in &told {
        assert!(listed.contains(prompt));
        assert_eq!(astria.prompt(prompt.id).await.unwrap(), *prompt);
        assert_eq!(
            astria.image(&prompt.images[0]).await.unwrap().mime_type,
            "image/jpeg"
        );
    }
    astria.delete_tune(tune.id).await.unwrap();
    assert_eq!(
        astria.tune(tune.id).await.unwrap_err(),
        AstriaError::Missing
    );
}

#[tokio::test]
async fn client_finds_a_tune_after_a_lost_answer() {
    let fixture = Fixture::start().await;
    let astria = fixture.astria();
    for fault in [
        json!({"http": 504, "after": true}),
        json!({"http": 500, "after": true}),
        json!({"drop_after": true}),
    ] {
        let title = fault.to_string();
        fixture
            .api("PUT", "astria/faults", json!({"calls": [fault]}))
            .await;
        let error = astria
            .create_tune(1_401, &fixture.order(&title))
            .await
            .unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert!(
            astria
                .find_tune(&title, a_while_ago())
                .await
                .unwrap()
                .is_some()
        );
    }
    fixture
        .api("PUT", "astria/faults", json!({"calls": [{"http": 429}]}))
        .await;
    assert!(
        astria
            .create_tune(1_401, &fixture.order("ord_1"))
            .await
            .unwrap_err()
            .may_try_again()
    );
    fixture
        .api("PUT", "astria/faults", json!({"calls": [{"http": 402}]}))
        .await;
    assert_eq!(
        astria
            .create_tune(1_401, &fixture.order("ord_1"))
            .await
            .unwrap_err(),
        AstriaError::Unpaid
    );
    let wrong = NewTune {
        class: "cat".into(),
        ..fixture.order("ord_1")
    };
    let refused = astria.create_tune(1_401, &wrong).await.unwrap_err();
    assert!(
        matches!(refused, AstriaError::Refused { status: 422, .. }),
        "{refused}"
    );
    assert_eq!(
        astria.find_tune("ord_1", a_while_ago()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn client_reads_every_callback_shape_and_failures() {
    let fixture = Fixture::start().await;
    let astria = fixture.astria();
    let tune = astria
        .create_tune(1_401, &fixture.order("ord_1"))
        .await
        .unwrap();
    fixture.finish(tune.id).await;
    for reuse in ["tune", "message"] {
        for shape in ["documented", "bare", "each"] {
            fixture
                .set_astria(json!({"shape": shape, "reuse": reuse, "prompt_ms": 0}))
                .await;
            let query = format!("{reuse}-{shape}");
            let address = fixture.callback(&query).parse().ok();
            let again = NewTune {
                tune_ids: vec![tune.id],
                prompts_callback: address,
                ..fixture.order("ord_2")
            };
            assert_eq!(astria.create_tune(1_404, &again).await.unwrap().id, tune.id);
            let count = if shape == "each" { 4 } else { 1 };
            fixture
                .until(async || fixture.heard(&query).len() == count)
                .await;
            let prompts: Vec<_> = fixture.heard(&query).iter().flat_map(prompts).collect();
            assert_eq!(
                (prompts.len(), prompts[0].failure.as_deref()),
                (4, None),
                "{query}"
            );
        }
    }
    fixture.set_astria(json!({"fail_percent": 100})).await;
    let again = NewTune {
        tune_ids: vec![tune.id],
        ..fixture.order("ord_3")
    };
    astria.create_tune(1_404, &again).await.unwrap();
    fixture
        .api(
            "POST",
            &format!("astria/tunes/{}/finish", tune.id),
            Value::Null,
        )
        .await;
    let failed = astria.prompts_of(tune.id).await.unwrap();
    assert_eq!(
        (
            failed.len(),
            failed[0].images.len(),
            failed[0].failure.is_some()
        ),
        (32, 0, true)
    );
}
