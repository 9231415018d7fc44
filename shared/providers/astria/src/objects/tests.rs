use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

fn read<T: DeserializeOwned>(object: &Value) -> T {
    serde_json::from_str(&object.to_string()).unwrap()
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[test]
fn single_pack_is_parsed_with_costs_and_examples() {
    let pack: Pack = read(
        &json!({"id": 260, "slug": "corporate-headshots", "title": "Corporate Headshots",
        "cover_url": "https://images.example/cover", "created_at": "2024-09-02T19:25:12.970Z", "unlisted_at": null,
        "costs": {"woman": {"cost": 360, "num_images": 35}, "man": {"cost": 331, "num_images": 28}}, "logo": null,
        "prompts_per_class": {"woman": [
            {"id": 1, "images": ["https://images.example/1", "https://images.example/1b"]}, {"id": 2, "images": []},
            {"id": 3}, {"id": 4, "images": [{"url": "https://images.example/4", "nsfw": false}]}], "man": []}}),
    );
    let cost = |cost, num_images| Cost {
        cost: Some(cost),
        cost_mc: None,
        num_images: Some(num_images),
    };
    let expected = Pack {
        id: 260,
        slug: "corporate-headshots".into(),
        title: "Corporate Headshots".into(),
        cover_url: Some("https://images.example/cover".into()),
        costs: [
            ("man".to_owned(), cost(331, 28)),
            ("woman".to_owned(), cost(360, 35)),
        ]
        .into(),
        prompts_per_class: [
            ("man".to_owned(), vec![]),
            (
                "woman".to_owned(),
                vec![
                    "https://images.example/1".into(),
                    "https://images.example/4".into(),
                ],
            ),
        ]
        .into(),
    };
    assert_eq!(pack, expected);
}

#[test]
fn listed_pack_is_parsed_with_its_cost_hash() {
    let listed = json!({"id": 5, "base_tune_id": 1, "user_id": 1, "slug": "test-pack", "title": "test", "token": "ohwx",
        "multiplier": 10, "model_type": null, "public_at": null, "cost_mc_hash": {"man": 200_000, "woman": 100_000}});
    let pack: Pack = read(&listed);
    assert_eq!(
        (pack.id, pack.slug.as_str(), pack.cover_url),
        (5, "test-pack", None)
    );
    let cost_mc = |class: &str| pack.costs[class].cost_mc;
    assert_eq!(
        (cost_mc("man"), cost_mc("woman"), pack.costs.len()),
        (Some(200_000), Some(100_000), 2)
    );
    assert!(pack.prompts_per_class.is_empty());

    let mut both = listed;
    both["costs"] = json!({"woman": {"cost": 100, "num_images": 4}, "cat": null});
    let pack: Pack = read(&both);
    assert_eq!(
        pack.costs["woman"],
        Cost {
            cost: Some(100),
            cost_mc: Some(100_000),
            num_images: Some(4)
        }
    );
    assert_eq!(
        (pack.costs["man"].num_images, pack.costs["cat"]),
        (None, Cost::default())
    );
}

#[test]
fn documented_tune_is_parsed() {
    let tune: Tune = read(
        &json!({"id": 1, "title": "John Doe", "name": "woman", "token": "ohwx", "base_tune_id": null,
        "args": null, "ckpt_urls": ["https://images.example/mock"], "eta": "2023-10-02T14:30:00.000Z",
        "trained_at": "2023-10-02T14:32:40.363Z", "started_training_at": "2023-10-02T14:32:05.229Z",
        "expires_at": "2023-11-01T14:32:40.363Z", "created_at": "2023-10-02T14:32:05.067Z",
        "url": "https://www.astria.ai/tunes/1.json", "orig_images": ["https://images.example/john"]}),
    );
    let expected = Tune {
        id: 1,
        title: "John Doe".into(),
        class: Some("woman".into()),
        eta: at("2023-10-02T14:30:00Z"),
        trained_at: at("2023-10-02T14:32:40.363Z"),
        created_at: at("2023-10-02T14:32:05.067Z"),
        expires_at: at("2023-11-01T14:32:40.363Z"),
    };
    assert_eq!(tune, expected);
    let shown = format!("{tune:?}");
    assert!(
        !shown.contains("John") && !shown.contains("images.example"),
        "{shown}"
    );
}

#[test]
fn prompt_is_pending_finished_or_failed() {
    let waiting = json!({"id": 1, "callback": "https://a.example/?ticket=t1cket", "text": "ohwx woman", "seed": null,
        "trained_at": null, "started_training_at": null, "created_at": "2022-10-06T16:12:54.505Z", "tune_id": 7});
    let prompt: Prompt = read(&waiting);
    let expected = Prompt {
        id: 1,
        tune_id: Some(7),
        images: vec![],
        failure: None,
        trained_at: None,
        created_at: at("2022-10-06T16:12:54.505Z"),
    };
    assert_eq!(prompt, expected);

    let mut done = waiting.clone();
    done["images"] = json!(["https://images.example/1", {"url": "https://images.example/2", "seed": 4}, 7, "", null, {}]);
    done["trained_at"] = json!("2022-10-06T16:20:00Z");
    let done: Prompt = read(&done);
    assert_eq!(
        done.images,
        ["https://images.example/1", "https://images.example/2"]
    );
    assert!(done.trained_at.is_some());

    let mut failed = waiting;
    failed["images"] = json!([]);
    failed["user_error"] =
        json!("Nothing found in https://images.example/dana.jpg of +16505550100");
    let failed: Prompt = read(&failed);
    assert_eq!(failed.failure.as_deref(), Some("Nothing found in … of +…"));
    for prompt in [done, failed] {
        let shown = format!("{prompt:?}");
        for private in ["images.example", "ohwx", "t1cket", "6505550100"] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}

#[test]
fn unknown_and_missing_fields_are_tolerated() {
    let tune: Tune = read(
        &json!({"id": "2821958", "title": 17, "name": null, "eta": "soon", "trained_at": {},
        "created_at": 1_749_416_383, "new_field": [1, 2]}),
    );
    assert_eq!(
        (tune.id, tune.title.as_str(), tune.class, tune.trained_at),
        (2_821_958, "17", None, None)
    );
    let prompt: Prompt = read(
        &json!({"id": 9_007_199_254_740_993_i64, "images": "none", "tune_id": "x", "user_error": ""}),
    );
    assert_eq!(
        (prompt.id, prompt.tune_id, prompt.failure),
        (9_007_199_254_740_993, None, None)
    );
    assert!(prompt.images.is_empty());
    let pack: Pack = read(
        &json!({"id": 1, "costs": [], "cost_mc_hash": {"man": "1", "": 5}, "cover_url": "",
        "prompts_per_class": {"man": "x", "woman": [7, {"images": null}]}}),
    );
    assert_eq!(
        (pack.slug.as_str(), pack.cover_url, pack.costs["man"]),
        ("", None, Cost::default())
    );
    assert_eq!(
        (pack.costs.len(), pack.prompts_per_class["woman"].len()),
        (1, 0)
    );
    for object in [
        "{}",
        "[]",
        "7",
        r#"{"id":0}"#,
        r#"{"id":-4}"#,
        r#"{"id":1.5}"#,
        r#"{"id":null}"#,
        r#"{"id":""}"#,
    ] {
        assert!(serde_json::from_str::<Tune>(object).is_err(), "{object}");
        assert!(serde_json::from_str::<Prompt>(object).is_err(), "{object}");
        assert!(serde_json::from_str::<Pack>(object).is_err(), "{object}");
    }
}
