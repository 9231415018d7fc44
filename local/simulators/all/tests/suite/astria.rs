//! Astria's API on the wire: packs, tunes and prompts.

use std::{collections::HashSet, io::Cursor, time::Duration};

use image::{ImageFormat, RgbImage};
use reqwest::{
    Response,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::fixture::{CORRELATION, Fixture};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const LITE: &str = "1401";

/// Draws four photos that depend on the seed.
pub(crate) fn photos(seed: u8) -> Vec<Vec<u8>> {
    let photo = |number: u8| {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_pixel(8, 8, image::Rgb([seed, number, 0]))
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    };
    (0..4).map(photo).collect()
}

pub(crate) fn form(title: &str, seed: u8) -> Form {
    let form = Form::new()
        .text("tune[title]", title.to_owned())
        .text("tune[name]", "woman");
    photos(seed).into_iter().fold(form, |form, photo| {
        form.part("tune[images][]", Part::bytes(photo).file_name("a.png"))
    })
}

pub(crate) fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

impl Fixture {
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/astria/{path}", self.base_url);
        self.http
            .request(method.parse().unwrap(), url)
            .bearer_auth("sd_local")
    }

    pub(crate) async fn asked(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, path);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn shown(&self, path: &str) -> Value {
        let (status, body) = self.asked("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    pub(crate) fn callback(&self, query: &str) -> String {
        format!(
            "{}/pack-tune-received?{query}",
            self.app.address.lock().unwrap()
        )
    }

    pub(crate) fn told(&self, title: &str) -> Form {
        let form = form(title, 1).text(
            "tune[callback]",
            self.callback(&format!("of={title}&c={CORRELATION}")),
        );
        form.text(
            "tune[prompts_callback]",
            self.callback(&format!("prompts_of={title}&c={CORRELATION}")),
        )
    }

    /// Creates a tune from a form, and returns its id.
    pub(crate) async fn tune(&self, form: Form) -> i64 {
        let (status, body) = read(
            self.request("POST", "p/1401/tunes")
                .multipart(form)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_i64().unwrap()
    }

    pub(crate) async fn row(&self, tune: i64) -> Value {
        self.api("GET", &format!("astria/tunes/{tune}"), Value::Null)
            .await
    }

    pub(crate) async fn finish(&self, tune: i64) -> Value {
        self.api("POST", &format!("astria/tunes/{tune}/finish"), Value::Null)
            .await
    }

    pub(crate) async fn set_astria(&self, settings: Value) {
        self.api("PUT", "astria/settings", settings).await;
    }

    pub(crate) async fn picture(&self, url: &str) -> RgbImage {
        let response = self.http.get(url).send().await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["content-type"].to_str().unwrap()
            ),
            (200, "image/jpeg")
        );
        let bytes = response.bytes().await.unwrap();
        image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg)
            .unwrap()
            .into_rgb8()
    }

    pub(crate) async fn wait_for_callbacks(&self) {
        self.until(async || self.api("GET", "astria/pending", Value::Null).await["webhooks"] == 0)
            .await;
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
    )
}

/// Returns the average difference of two pictures, from 0 to 255.
fn distance(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.as_raw().iter().zip(other.as_raw());
    pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / one.as_raw().len() as f64
}

#[tokio::test]
async fn packs_have_three_sizes_and_their_own_pictures() {
    let fixture = Fixture::start().await;
    let packs = fixture.shown("packs.json?listed=true").await;
    assert_eq!(packs, fixture.shown("gallery/packs").await);
    let (mut seen, mut covers) = (Vec::new(), Vec::new());
    for pack in list(&packs) {
        let tiers = [("lite", 4), ("standard", 8), ("premium", 12)];
        let (tier, images) = tiers
            .into_iter()
            .find(|(tier, _)| text(&pack["slug"]).contains(tier))
            .unwrap();
        assert_eq!(
            (
                pack["costs"]["man"]["num_images"].as_u64(),
                pack.get("prompts_per_class")
            ),
            (Some(images), None)
        );
        assert!(
            text(&pack["title"]).to_lowercase().contains(tier)
                && pack["costs"]["woman"]["cost"].as_i64() > Some(0)
        );
        let whole = fixture.shown(&format!("p/{}.json", pack["id"])).await;
        assert_eq!(
            (&whole["slug"], &whole["cover_url"]),
            (&pack["slug"], &pack["cover_url"])
        );
        for class in ["man", "woman"] {
            let prompts = list(&whole["prompts_per_class"][class]);
            assert_eq!(prompts.len() as u64, images);
            let ids: HashSet<_> = prompts
                .iter()
                .map(|prompt| prompt["id"].as_i64().unwrap())
                .collect();
            assert_eq!(ids.len(), prompts.len());
            if tier == "lite" {
                seen.push(fixture.picture(text(&prompts[0]["images"][0])).await);
            }
        }
        covers.push(fixture.picture(text(&pack["cover_url"])).await);
    }
    for pictures in [seen, covers] {
        for (at, one) in pictures.iter().enumerate() {
            assert!(
                pictures[at + 1..]
                    .iter()
                    .all(|other| distance(one, other) > 0.5)
            );
        }
    }
    assert_eq!(fixture.shown("p/quiet-studio-lite").await["id"], 1_404);
    let head = fixture
        .http
        .head(text(&packs[0]["cover_url"]))
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn tunes_train_on_photos_and_draw_portraits() {
    let fixture = Fixture::start().await;
    let urls: Vec<_> = (1..=4)
        .map(|n| format!("{}/astria/selfies/{n}.jpg?person=dana", fixture.base_url))
        .collect();
    let tune = json!({
        "title": "ord_1", "name": "woman", "image_urls": urls, "characteristics": {"eye_color": "green eyes"},
        "callback": fixture.callback(&format!("order=1&correlation_id={CORRELATION}")),
        "prompts_callback": fixture.callback("order=1&all"),
        "prompt_attributes": {"callback": fixture.callback("order=1&each")},
    });
    let (status, tune) = fixture
        .asked("POST", "p/1401/tunes.json", json!({"tune": tune}))
        .await;
    assert_eq!(
        (status, &tune["title"], &tune["name"], &tune["trained_at"]),
        (201, &json!("ord_1"), &json!("woman"), &Value::Null)
    );
    assert_eq!(list(&tune["orig_images"]).len(), 4);
    let id = tune["id"].as_i64().unwrap();
    let prompts = format!("tunes/{id}/prompts");
    assert_eq!(fixture.shown(&prompts).await, json!([]));
    assert_eq!(fixture.row(id).await["state"], "training");

    fixture.advance_clock(Duration::from_secs(21));
    fixture
        .until(async || !fixture.app.callbacks().is_empty())
        .await;
    let trained = fixture.shown(&format!("tunes/{id}.json")).await;
    assert_eq!(
        fixture.app.callbacks()[0],
        (
            format!("order=1&correlation_id={CORRELATION}"),
            json!({"tune": trained})
        )
    );
    assert_eq!(trained["eta"], trained["trained_at"]);
    assert!(trained["expires_at"].is_string());
    fixture.advance_clock(Duration::from_secs(3));
    fixture
        .until(async || fixture.app.callbacks().len() == 6)
        .await;
    fixture.wait_for_callbacks().await;
    let done = fixture.shown(&prompts).await;
    let callbacks = fixture.app.callbacks();
    let (_, all) = callbacks
        .iter()
        .find(|(query, _)| query == "order=1&all")
        .unwrap();
    let ids = |prompts: &Value| {
        list(prompts)
            .iter()
            .map(|prompt| prompt["id"].as_i64().unwrap())
            .collect::<HashSet<_>>()
    };
    assert_eq!((ids(all), ids(all).len()), (ids(&done), 4));
    for prompt in list(all) {
        assert!(
            text(&prompt["text"]).starts_with("portrait of ohwx woman, green eyes, "),
            "{prompt}"
        );
        assert_eq!(
            (prompt["tune_id"].as_i64(), list(&prompt["images"]).len()),
            (Some(id), 1)
        );
        assert!(
            callbacks.contains(&("order=1&each".into(), json!({"prompt": prompt}))),
            "{prompt}"
        );
        assert_eq!(
            fixture.shown(&format!("{prompts}/{}", prompt["id"])).await,
            *prompt
        );
        assert_eq!(
            fixture
                .shown(&format!("prompts/{}.json", prompt["id"]))
                .await,
            *prompt
        );
    }
    let first = fixture.picture(text(&all[0]["images"][0])).await;
    let second = fixture.picture(text(&all[1]["images"][0])).await;
    assert_eq!(first.dimensions(), (512, 640));
    assert!(distance(&first, &second) > 5.0);
    let row = fixture.row(id).await;
    assert_eq!(
        (&row["state"], &row["title"], &row["class"], &row["pack"]),
        (
            &json!("trained"),
            &json!("ord_1"),
            &json!("woman"),
            &json!("city-evening-lite")
        )
    );
    assert_eq!(
        (
            list(&row["images"]).len(),
            list(&row["callbacks"]).len(),
            &row["batches"][0]["state"]
        ),
        (4, 6, &json!("done"))
    );
    assert_eq!(
        list(&fixture.api("GET", "astria/tunes", Value::Null).await),
        &vec![row]
    );
    let seen = fixture.call_records();
    assert!(
        seen.iter().any(|seen| seen.text == "POST p/…/tunes: 201"
            && seen.correlation_id.as_deref() == Some(CORRELATION)),
        "{seen:?}"
    );
    assert!(
        seen.iter().any(|seen| seen.text == "tune webhook: 200"
            && seen.correlation_id.as_deref() == Some(CORRELATION)),
        "{seen:?}"
    );
}

#[tokio::test]
async fn portraits_of_one_person_look_alike() {
    let fixture = Fixture::start().await;
    let mut people = Vec::new();
    for (title, seed) in [("dana", 1), ("omer", 2), ("dana again", 1)] {
        let row = fixture.finish(fixture.tune(form(title, seed)).await).await;
        people.push((
            row["person"].clone(),
            fixture.picture(text(&row["images"][0])).await,
        ));
    }
    let [dana, omer, again] = &people[..] else {
        panic!()
    };
    assert_eq!((&dana.0, dana.0 == omer.0), (&again.0, false));
    assert!(
        distance(&dana.1, &omer.1) > 5.0,
        "{}",
        distance(&dana.1, &omer.1)
    );
    assert!(distance(&dana.1, &again.1) < distance(&dana.1, &omer.1));
}

#[tokio::test]
async fn trained_tunes_are_reused_without_photos() {
    let fixture = Fixture::start().await;
    let tune = fixture.tune(form("first", 1)).await;
    let again = |pack: &str, tune: i64| {
        let tune = json!({"title": "second", "tune_ids": [tune], "prompts_callback": fixture.callback("second")});
        let path = format!("p/{pack}/tunes");
        async move { (path, json!({"tune": tune})) }
    };
    let (path, body) = again("1405", tune).await;
    let (status, error) = fixture.asked("POST", &path, body.clone()).await;
    assert_eq!(
        (status, error["tune_ids"].is_array()),
        (422, true),
        "it is not trained yet: {error}"
    );
    let first = fixture.finish(tune).await;
    let (status, answer) = fixture.asked("POST", &path, body.clone()).await;
    assert_eq!(
        (status, answer["id"].as_i64()),
        (201, Some(tune)),
        "no tune is made"
    );
    fixture.advance_clock(Duration::from_secs(3));
    fixture
        .until(async || fixture.app.callbacks().len() == 1)
        .await;
    let (query, prompts) = fixture.app.callbacks().remove(0);
    assert_eq!(
        (
            query.as_str(),
            list(&prompts).len(),
            prompts[0]["tune_id"].as_i64()
        ),
        ("second", 8, Some(tune))
    );
    let row = fixture.row(tune).await;
    assert_eq!(
        (list(&row["prompts"]).len(), &row["batches"][1]["title"]),
        (12, &json!("second"))
    );
    let pictures = (text(&first["images"][0]), text(&prompts[0]["images"][0]));
    assert!(
        distance(
            &fixture.picture(pictures.0).await,
            &fixture.picture(pictures.1).await
        ) > 5.0,
        "another pack"
    );

    fixture.set_astria(json!({"reuse": "message"})).await;
    let (status, answer) = fixture.asked("POST", &path, body.clone()).await;
    assert_eq!(
        (status, answer),
        (201, json!({"status": 201, "message": "Prompts created"}))
    );
    let (path, unknown) = again("1405", 7).await;
    assert_eq!(fixture.asked("POST", &path, unknown).await.0, 422);

    fixture.advance_clock(30 * DAY);
    assert_eq!(
        fixture.asked("POST", &path, body).await.0,
        422,
        "it has expired"
    );
    assert_eq!(
        fixture.http.get(pictures.1).send().await.unwrap().status(),
        404
    );
}

#[tokio::test]
async fn invalid_requests_are_refused_field_by_field() {
    let fixture = Fixture::start().await;
    let selfie = format!("{}/astria/selfies/1.jpg", fixture.base_url);
    let page = format!("{}/api/astria/tunes", fixture.base_url);
    let with = |changes: Value| {
        let mut tune =
            json!({"title": "t", "name": "man", "image_urls": [selfie, selfie, selfie, selfie]});
        tune.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        json!({"tune": tune})
    };
    for (changes, field) in [
        (json!({"title": ""}), "title"),
        (json!({"name": null}), "name"),
        (json!({"name": "cat"}), "name"),
        (json!({"image_urls": [selfie, selfie, selfie]}), "images"),
        (json!({"image_urls": vec![selfie.clone(); 31]}), "images"),
        (json!({"image_urls": vec![page; 4]}), "images"),
        (
            json!({"image_urls": vec!["https://example.com/a.jpg"; 4]}),
            "image_urls",
        ),
        (
            json!({"image_urls": vec![format!("{}/astria/selfies/x.jpg", fixture.base_url); 4]}),
            "image_urls",
        ),
        (json!({"callback": "pack-tune-received"}), "callback"),
        (
            json!({"prompts_callback": "ftp://a.example"}),
            "prompts_callback",
        ),
        (json!({"prompt_ids": [1]}), "prompt_ids"),
        (json!({"tune_ids": ["x"]}), "tune_ids"),
    ] {
        let (status, error) = fixture.asked("POST", "p/1401/tunes", with(changes)).await;
        assert_eq!(
            (status, error[field].is_array()),
            (422, true),
            "{field} {error}"
        );
    }
    let (_, error) = fixture
        .asked("POST", "p/1401/tunes", json!({"tune": {"name": "cat"}}))
        .await;
    assert_eq!(
        error.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["images", "name", "title"]
    );
    for (method, path, body, status) in [
        ("POST", "p/9/tunes", with(json!({})), 404),
        ("POST", "p/1401/tunes", json!({"title": "t"}), 400),
        ("GET", "p/9", Value::Null, 404),
        ("GET", "tunes/9", Value::Null, 404),
        ("GET", "tunes/x/prompts", Value::Null, 404),
        ("GET", "prompts/9", Value::Null, 404),
        ("GET", "tunes?offset=201", Value::Null, 400),
        ("GET", "tunes?limit=121", Value::Null, 400),
        ("GET", "tunes?before_id=x", Value::Null, 400),
        ("DELETE", "tunes/9", Value::Null, 404),
        ("POST", "prompts/9/likes", Value::Null, 404),
        ("PUT", "tunes", Value::Null, 404),
    ] {
        let (answered, body) = fixture.asked(method, path, body).await;
        assert_eq!(answered, status, "{method} {path} {body}");
    }
    let wrong = fixture
        .http
        .get(format!("{}/astria/packs", fixture.base_url))
        .bearer_auth("sd_other");
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    for (path, body) in [
        ("settings", json!({"drop_percent": 101})),
        ("settings", json!({"train_ms": -1})),
        ("settings", json!({"shape": "round"})),
        ("settings", json!({"unknown": 1})),
        ("faults", json!({"calls": [{"http": 200}]})),
    ] {
        assert_eq!(
            fixture
                .ask("PUT", &format!("/api/astria/{path}"), &body)
                .await
                .0,
            400,
            "{body}"
        );
    }
    assert_eq!(
        fixture.api("GET", "astria/tunes", Value::Null).await,
        json!([])
    );
}

#[tokio::test]
async fn titles_identify_one_tune_when_the_account_says_so() {
    let fixture = Fixture::start().await;
    let first = fixture.tune(form("ord_1", 1)).await;
    let second = fixture.tune(form("ord_1", 1)).await;
    assert_ne!(first, second, "at first it does not");
    fixture.set_astria(json!({"idempotency": true})).await;
    assert_eq!(fixture.tune(form("ord_1", 1)).await, first);
    let other = fixture.tune(form("ord_2", 1)).await;
    assert_eq!(
        fixture.tune(form("ord_2", 9)).await,
        other,
        "whatever else it says"
    );
    let (one, same) = tokio::join!(
        fixture.tune(form("ord_4", 1)),
        fixture.tune(form("ord_4", 1))
    );
    assert_eq!(one, same, "even at the same time");
    fixture.finish(first).await;
    let again = json!({"tune": {"title": "ord_3", "tune_ids": [first]}});
    for _ in 0..2 {
        assert_eq!(
            fixture.asked("POST", "p/1402/tunes", again.clone()).await.0,
            201
        );
    }
    assert_eq!(list(&fixture.row(first).await["batches"]).len(), 2);
    let prompt = json!({"prompt": {"text": "on the moon", "seed": 7}});
    let (_, one) = fixture
        .asked("POST", &format!("tunes/{first}/prompts"), prompt.clone())
        .await;
    let (_, same) = fixture
        .asked("POST", &format!("tunes/{first}/prompts"), prompt)
        .await;
    assert_eq!(one["id"], same["id"]);
}

#[tokio::test]
async fn lists_are_paged_and_leave_out_deleted_tunes() {
    let fixture = Fixture::start().await;
    let mut tunes = Vec::new();
    for n in 0..3 {
        tunes.insert(0, fixture.tune(form(&format!("ord_{n}"), n)).await);
    }
    let ids = async |path: &str| -> Vec<i64> {
        list(&fixture.shown(path).await)
            .iter()
            .map(|tune| tune["id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids("tunes").await, tunes);
    assert_eq!(ids("tunes?limit=2").await, tunes[..2]);
    assert_eq!(
        ids(&format!("tunes.json?limit=2&before_id={}", tunes[1])).await,
        tunes[2..]
    );
    assert_eq!(ids("tunes?offset=1&limit=1").await, tunes[1..2]);
    let row = fixture.finish(tunes[0]).await;
    let prompts = ids(&format!("tunes/{}/prompts?limit=3", tunes[0])).await;
    assert_eq!(prompts.len(), 3);
    assert_eq!(
        ids(&format!("tunes/{}/prompts?offset=3", tunes[0]))
            .await
            .len(),
        1
    );

    let (status, _) = fixture
        .asked("DELETE", &format!("tunes/{}", tunes[0]), Value::Null)
        .await;
    assert_eq!(status, 200);
    assert_eq!(ids("tunes").await, tunes[1..]);
    for path in [
        format!("tunes/{}", tunes[0]),
        format!("prompts/{}", prompts[0]),
    ] {
        assert_eq!(fixture.asked("GET", &path, Value::Null).await.0, 404);
    }
    assert_eq!(
        fixture
            .http
            .get(text(&row["images"][0]))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert!(
        fixture.tune(form("ord_9", 9)).await > tunes[0],
        "an id is never used again"
    );
}

#[tokio::test]
async fn added_prompts_wait_for_the_training() {
    let fixture = Fixture::start().await;
    let tune = fixture.tune(form("ord_1", 1)).await;
    let path = format!("tunes/{tune}/prompts");
    let prompt = json!({"text": "ohwx woman on the moon", "num_images": 3, "w": 256, "h": 320, "callback": fixture.callback("moon")});
    let (status, prompt) = fixture
        .asked("POST", &path, json!({"prompt": prompt}))
        .await;
    assert_eq!(
        (status, prompt.get("images"), &prompt["trained_at"]),
        (201, None, &Value::Null)
    );
    for (fields, field) in [
        (json!({"text": " "}), "text"),
        (json!({"text": "x", "num_images": 9}), "num_images"),
        (json!({"text": "x", "w": 250}), "w"),
        (json!({"text": "x", "seed": "y"}), "seed"),
        (json!({"text": "x", "callback": "y"}), "callback"),
    ] {
        let (status, error) = fixture
            .asked("POST", &path, json!({"prompt": fields}))
            .await;
        assert_eq!((status, error[field].is_array()), (422, true), "{error}");
    }
    fixture.advance_clock(Duration::from_secs(24));
    fixture
        .until(async || fixture.app.callbacks().len() == 1)
        .await;
    let (query, body) = fixture.app.callbacks().remove(0);
    assert_eq!(
        (query.as_str(), &body["prompt"]["id"]),
        ("moon", &prompt["id"])
    );
    let images = list(&body["prompt"]["images"]);
    let (one, other) = (
        fixture.picture(text(&images[0])).await,
        fixture.picture(text(&images[2])).await,
    );
    assert_eq!((images.len(), one.dimensions()), (3, (256, 320)));
    assert!(distance(&one, &other) > 1.0);
    for _ in 0..2 {
        let liked = fixture
            .asked(
                "POST",
                &format!("prompts/{}/likes", prompt["id"]),
                Value::Null,
            )
            .await;
        assert_eq!(liked, (201, json!("")));
    }
    let row = fixture.row(tune).await;
    let likes = list(&row["prompts"])
        .iter()
        .find(|row| row["id"] == prompt["id"])
        .map(|row| &row["likes"]);
    assert_eq!(likes, Some(&json!(2)));
}

#[tokio::test]
async fn training_fails_or_hangs_when_the_settings_say_so() {
    let fixture = Fixture::start().await;
    let mut tunes = Vec::new();
    for fate in ["fails", "hangs"] {
        fixture.set_astria(json!({"training_fails": fate})).await;
        tunes.push(fixture.tune(fixture.told(fate)).await);
    }
    fixture.set_astria(json!({"training_fails": "no"})).await;
    fixture.advance_clock(Duration::from_secs(3_600));
    fixture
        .until(async || fixture.row(tunes[0]).await["state"] == "failed")
        .await;
    assert_eq!(fixture.row(tunes[1]).await["state"], "training");
    for tune in &tunes {
        let tune = fixture.shown(&format!("tunes/{tune}")).await;
        assert_eq!(
            (&tune["trained_at"], tune["eta"].is_string()),
            (&Value::Null, true)
        );
    }
    assert!(fixture.app.calls().is_empty());
    for tune in tunes {
        assert_eq!(fixture.finish(tune).await["state"], "trained");
    }
    fixture.wait_for_callbacks().await;
    assert_eq!(fixture.app.callbacks().len(), 4);
}
