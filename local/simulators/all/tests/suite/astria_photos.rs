//! Photos: what Astria says of them, and those that there are to try it with.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::{astria::photos, world::World};

impl World {
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
async fn a_good_photo_tells_who_it_is() {
    let world = World::start().await;
    let mut people = Vec::new();
    for class in ["man", "woman"] {
        let photo = world
            .bytes(&world.selfie("good", &format!("person=dana&class={class}")))
            .await;
        let (status, seen) = world.inspected(file(photo)).await;
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
async fn a_bad_photo_is_told_by_its_flag() {
    let world = World::start().await;
    for (kind, flag) in [
        ("blurry", "blurry"),
        ("sunglasses", "wearing_sunglasses"),
        ("group", "includes_multiple_people"),
        ("hat", "wearing_hat"),
        ("funny", "funny_face"),
    ] {
        let url = world.selfie(kind, "person=omer");
        let (status, seen) = world
            .inspected(Form::new().text("name", "man").text("file_url", url))
            .await;
        assert_eq!(
            (status, &seen[flag], seen["name"] == ""),
            (200, &json!(true), false),
            "{kind} {seen}"
        );
    }
    let (_, nobody) = world
        .inspected(file(world.bytes(&world.selfie("nobody", "")).await))
        .await;
    assert_eq!(
        (&nobody["name"], &nobody["age"], &nobody["blurry"]),
        (&json!(""), &json!(""), &json!(false))
    );
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_refused() {
    let world = World::start().await;
    let photo = world.bytes(&world.selfie("good", "")).await;
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
                .text("file_url", format!("{}/none", world.base_url)),
            "file_url",
        ),
    ] {
        let (status, error) = world.inspected(form).await;
        assert_eq!(
            (status, error[field].is_array()),
            (422, true),
            "{field} {error}"
        );
    }
}

#[tokio::test]
async fn a_sample_is_always_the_same_and_each_one_another() {
    let world = World::start().await;
    let selfie = |n: u32, query: &str| format!("{}/astria/selfies/{n}.jpg?{query}", world.base_url);
    let dana = world.bytes(&selfie(1, "person=dana")).await;
    assert_eq!(dana, world.bytes(&selfie(1, "person=dana&kind=good")).await);
    for other in [selfie(2, "person=dana"), selfie(1, "person=omer")] {
        assert_ne!(dana, world.bytes(&other).await);
    }
    let photo = image::load_from_memory(&dana).unwrap();
    assert_eq!((photo.width(), photo.height()), (480, 600));
    for (url, status) in [
        (selfie(1, "kind=nice"), 400),
        (format!("{}/astria/selfies/x.jpg", world.base_url), 404),
    ] {
        assert_eq!(world.http.get(url).send().await.unwrap().status(), status);
    }
}
