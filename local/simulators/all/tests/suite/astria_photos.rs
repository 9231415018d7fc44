//! Inspection of photos, and the sample photos.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::{astria::photos, fixture::Fixture};

impl Fixture {
    fn selfie(&self, kind: &str, query: &str) -> String {
        format!("{}/astria/selfies/1.jpg?kind={kind}&{query}", self.base_url)
    }

    async fn bytes(&self, url: &str) -> Vec<u8> {
        let response = self.http.get(url).send().await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["content-type"].to_str().unwrap()
            ),
            (200, "image/jpeg")
        );
        response.bytes().await.unwrap().to_vec()
    }

    async fn inspected(&self, form: Form) -> (u16, Value) {
        let response = self
            .request("POST", "images/inspect")
            .multipart(form)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn file(photo: Vec<u8>) -> Form {
    Form::new()
        .text("name", "person")
        .part("file", Part::bytes(photo).file_name("photo.jpg"))
}

#[tokio::test]
async fn good_photos_are_described() {
    let fixture = Fixture::start().await;
    let mut people = Vec::new();
    for class in ["man", "woman"] {
        let photo = fixture
            .bytes(&fixture.selfie("good", &format!("person=dana&class={class}")))
            .await;
        let (status, seen) = fixture.inspected(file(photo)).await;
        assert_eq!(
            (status, &seen["name"], &seen["selfie"]),
            (200, &json!(class), &json!(true))
        );
        for flag in [
            "blurry",
            "funny_face",
            "wearing_sunglasses",
            "wearing_hat",
            "includes_multiple_people",
        ] {
            assert_eq!(seen[flag], false, "{flag}");
        }
        let (age, eyes) = (
            seen["age"].as_str().unwrap(),
            seen["eye_color"].as_str().unwrap(),
        );
        assert!(age.ends_with(" yo") && eyes.ends_with(" eyes"), "{seen}");
        let texts = seen
            .as_object()
            .unwrap()
            .values()
            .filter(|value| value.is_string())
            .count();
        assert!(
            (9..=10).contains(&texts),
            "one of them may be missing: {seen}"
        );
        people.push(seen);
    }
    assert_ne!(people[0], people[1]);
}

#[tokio::test]
async fn bad_photos_have_their_flag() {
    let fixture = Fixture::start().await;
    for (kind, flag) in [
        ("blurry", "blurry"),
        ("sunglasses", "wearing_sunglasses"),
        ("group", "includes_multiple_people"),
        ("hat", "wearing_hat"),
        ("funny", "funny_face"),
    ] {
        let url = fixture.selfie(kind, "person=omer");
        let (status, seen) = fixture
            .inspected(Form::new().text("name", "man").text("file_url", url))
            .await;
        assert_eq!(
            (status, &seen[flag], seen["name"] == ""),
            (200, &json!(true), false),
            "{kind} {seen}"
        );
    }
    let (_, faceless) = fixture
        .inspected(file(fixture.bytes(&fixture.selfie("nobody", "")).await))
        .await;
    assert_eq!(
        (&faceless["name"], &faceless["age"], &faceless["blurry"]),
        (&json!(""), &json!(""), &json!(false))
    );
}

#[tokio::test]
async fn unreadable_photos_are_refused() {
    let fixture = Fixture::start().await;
    let photo = fixture.bytes(&fixture.selfie("good", "")).await;
    for (form, field) in [
        (file(b"%PDF-1.7".to_vec()), "file"),
        (file(photo[..300].to_vec()), "file"),
        (file(photos(1).remove(0)), "file"),
        (Form::new().text("name", "man"), "file"),
        (
            Form::new().part("file", Part::bytes(photo.clone()).file_name("photo.jpg")),
            "name",
        ),
        (
            Form::new()
                .text("name", "man")
                .text("file_url", "https://example.com/a.jpg"),
            "file_url",
        ),
        (
            Form::new()
                .text("name", "man")
                .text("file_url", format!("{}/none", fixture.base_url)),
            "file_url",
        ),
    ] {
        let (status, error) = fixture.inspected(form).await;
        assert_eq!(
            (status, error[field].is_array()),
            (422, true),
            "{field} {error}"
        );
    }
}

#[tokio::test]
async fn sample_photos_are_stable_and_differ_by_seed() {
    let fixture = Fixture::start().await;
    let selfie =
        |n: u32, query: &str| format!("{}/astria/selfies/{n}.jpg?{query}", fixture.base_url);
    let dana = fixture.bytes(&selfie(1, "person=dana")).await;
    assert_eq!(
        dana,
        fixture.bytes(&selfie(1, "person=dana&kind=good")).await
    );
    for other in [selfie(2, "person=dana"), selfie(1, "person=omer")] {
        assert_ne!(dana, fixture.bytes(&other).await);
    }
    let photo = image::load_from_memory(&dana).unwrap();
    assert_eq!((photo.width(), photo.height()), (480, 600));
    for (url, status) in [
        (selfie(1, "kind=nice"), 400),
        (format!("{}/astria/selfies/x.jpg", fixture.base_url), 404),
    ] {
        assert_eq!(fixture.http.get(url).send().await.unwrap().status(), status);
    }
}
