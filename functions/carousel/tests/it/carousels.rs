//! `carousels`: carousels for the page and for programs.

use carousel::routes::carousels;
use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, TestResponse, enumerate};
use serde_json::{Value, json};

use crate::world::{CONVERSATION_QUEUE, RENDER_QUEUE, WRITE_QUEUE, World};

fn topic(text: &str) -> Value {
    json!({ "topic": text, "slidesCount": 3 })
}

fn create(body: Value, key: &str) -> TestRequest {
    TestRequest::post("/carousels", body).header("idempotency-key", key)
}

async fn get(world: &World, path: &str) -> Value {
    let response = world.operate(TestRequest::get(path)).await;
    assert_eq!(response.status, 200, "{path}: {}", response.text);
    response.body
}

/// Has a carousel made, and returns its path.
async fn made(world: &World, body: Value, key: &str) -> String {
    let accepted = world.operate(create(body, key)).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    world.run().await;
    accepted.body["statusUrl"].as_str().unwrap().to_owned()
}

async fn download(link: &Value) -> Vec<u8> {
    let client = confab_provider_base::http_client().unwrap();
    let file = client.get(link.as_str().unwrap()).send().await.unwrap();
    file.bytes().await.unwrap().to_vec()
}

fn waiting(world: &World) -> usize {
    world.cloud.queued(CONVERSATION_QUEUE).len()
}

async fn put_slide(world: &World, path: &str, revision: u32, title: &str) -> TestResponse {
    let body = json!({ "revision": revision, "title": title, "body": "Mine." });
    let path = format!("{path}/slides/2");
    world.operate(TestRequest::put(path, body)).await
}

#[tokio::test]
async fn carousel_of_the_page_is_made_with_links_to_its_files() {
    let mut world = World::open().await;
    world.cloud.serve_links().await;
    let accepted = world.operate(create(topic("small habits"), "k1")).await;
    assert_eq!(accepted.status, 202);
    let path = accepted.body["statusUrl"].as_str().unwrap().to_owned();
    let before = get(&world, &path).await;
    assert_eq!(
        (&before["state"], &before["revision"]),
        (&json!("requested"), &json!(0))
    );
    world.run().await;
    let detail = get(&world, &path).await;
    assert_eq!(detail["state"], "delivered");
    assert_eq!(detail["slides"], json!({ "done": 3, "total": 3 }));
    assert_eq!(
        detail["source"],
        json!({ "kind": "topic", "text": "small habits" })
    );
    let pages = detail["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 3);
    for page in pages {
        let png = download(&page["png"]).await;
        assert!(png.starts_with(b"\x89PNG"), "{page}");
    }
    let rows = detail["cost"].as_array().unwrap().iter();
    let sum: u64 = rows.map(|row| row["micros"].as_u64().unwrap()).sum();
    assert_eq!(detail["costMicros"], sum);
}

#[tokio::test]
async fn request_with_a_key_that_was_used_gets_the_same_carousel() {
    let world = World::open().await;
    let first = world.operate(create(topic("small habits"), "k1")).await;
    world.clock().advance(std::time::Duration::from_secs(90));
    let copy = world.operate(create(topic("small habits"), "k1")).await;
    assert_eq!((copy.status, copy.body), (202, first.body));
    let other = world.operate(create(topic("rest"), "k1")).await;
    assert_eq!(
        (other.status, other.code()),
        (422, "idempotency_key_reused")
    );
    world.run().await;
    let list = get(&world, "/carousels").await;
    assert_eq!(list["carousels"].as_array().unwrap().len(), 1);
    let unkeyed = TestRequest::post("/carousels", topic("small habits"));
    for _ in 0..2 {
        assert_eq!(world.operate(unkeyed.clone()).await.status, 202);
    }
    world.run().await;
    let list = get(&world, "/carousels").await;
    assert_eq!(list["carousels"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let world = World::open().await;
    for (body, code) in [
        (json!({}), "bad_source"),
        (json!({ "topic": "a", "text": "b" }), "bad_source"),
        (json!({ "text": "b", "wisdom": true }), "bad_source"),
        (json!({ "topic": " \u{202e}" }), "empty_text"),
        (json!({ "topic": "x".repeat(201) }), "text_too_long"),
        (json!({ "text": "x".repeat(4097) }), "text_too_long"),
        (
            json!({ "topic": "a", "slidesCount": 0 }),
            "bad_slides_count",
        ),
        (
            json!({ "topic": "a", "slidesCount": 16 }),
            "bad_slides_count",
        ),
        (json!({ "topic": "a", "language": "xx" }), "bad_language"),
        (json!({ "topic": "これはペンです" }), "unsupported_language"),
    ] {
        let refused = world.operate(create(body.clone(), "k")).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{body}");
    }
    for body in [
        json!({ "topic": "a", "template": "brutalist" }),
        json!({ "topic": "a", "slidesCount": -1 }),
        json!({ "topic": "a", "unknown": 1 }),
    ] {
        let refused = world.operate(create(body.clone(), "k")).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_json"),
            "{body}"
        );
    }
    let huge = json!({ "text": "x".repeat(70_000) });
    assert_eq!(world.operate(create(huge, "k")).await.status, 413);
    let key = world.operate(create(topic("a"), &"k".repeat(256))).await;
    assert_eq!((key.status, key.code()), (400, "bad_idempotency_key"));
    assert_eq!((waiting(&world), world.rows().await.len()), (0, 0));
}

#[tokio::test]
async fn every_route_needs_the_key() {
    let world = World::open().await;
    let path = made(&world, topic("small habits"), "k1").await;
    let queued = waiting(&world);
    for request in [
        TestRequest::get("/carousels"),
        TestRequest::post("/carousels", topic("a")),
        TestRequest::get(&path),
        TestRequest::post(format!("{path}/cancel"), json!({})),
        TestRequest::post(
            format!("{path}/look"),
            json!({ "revision": 1, "template": "bold" }),
        ),
        TestRequest::post(format!("{path}/again"), json!({ "revision": 1 })),
        TestRequest::post(format!("{path}/pdf"), json!({ "revision": 1 })),
        TestRequest::put(format!("{path}/slides/1"), json!({})),
        TestRequest::post(
            format!("{path}/slides/1/preview"),
            json!({ "title": "a", "body": "" }),
        ),
    ] {
        for request in [request.clone(), request.token("operator-kex")] {
            let response = world.call("carousels", &carousels::routes(), request).await;
            assert_eq!(response.status, 401);
        }
    }
    assert_eq!(waiting(&world), queued);
}

#[tokio::test]
async fn unknown_and_malformed_carousels_are_not_found() {
    let world = World::open().await;
    for id in [
        "01m7ym613fe0yvvhrd4bj8893d",
        "x",
        "..",
        "CHAT%23tg:1",
        "01m7%00",
    ] {
        let path = format!("/carousels/{id}");
        for request in [
            TestRequest::get(&path),
            TestRequest::post(format!("{path}/cancel"), json!({})),
            TestRequest::post(format!("{path}/pdf"), json!({ "revision": 1 })),
        ] {
            let response = world.operate(request).await;
            assert_eq!(
                (response.status, response.code()),
                (404, "carousel_not_found"),
                "{id}"
            );
        }
    }
}

#[tokio::test]
async fn list_is_paged_and_filtered_from_the_latest_on() {
    let world = World::open().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        world.clock().advance(std::time::Duration::from_secs(1));
        let path = made(&world, topic("rest"), &format!("k{number}")).await;
        ids.push(path.rsplit('/').next().unwrap().to_owned());
    }
    ids.reverse();
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = get(&world, &format!("/carousels?limit=2{before}")).await;
        let cards = page["carousels"].as_array().unwrap();
        seen.extend(
            cards
                .iter()
                .map(|card| card["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        before = format!("&before={next}");
    }
    assert_eq!(seen, ids);
    let none = get(&world, "/carousels?state=failed").await;
    assert_eq!(none["carousels"], json!([]));
    let page = get(&world, "/carousels?origin=page&state=delivered").await;
    assert_eq!(page["carousels"].as_array().unwrap().len(), 5);
    for query in ["limit=0", "limit=101", "before=x"] {
        let refused = world
            .operate(TestRequest::get(format!("/carousels?{query}")))
            .await;
        assert_eq!(refused.status, 422, "{query}");
    }
    let refused = world
        .operate(TestRequest::get("/carousels?state=lost"))
        .await;
    assert_eq!((refused.status, refused.code()), (400, "bad_query"));
}

#[tokio::test]
async fn edited_slide_is_a_new_revision_with_one_job() {
    let world = World::open().await;
    let path = made(&world, topic("small habits"), "k1").await;
    let drawn = world.cloud.queued(RENDER_QUEUE).len();
    let edited = put_slide(&world, &path, 1, "My own title").await;
    assert_eq!(edited.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert_eq!(
        (&detail["revision"], &detail["state"]),
        (&json!(2), &json!("delivered"))
    );
    assert_eq!(detail["pages"][1]["title"], "My own title");
    assert_eq!(world.cloud.queued(RENDER_QUEUE).len() - drawn, 1);
    let late = put_slide(&world, &path, 1, "Another").await;
    assert_eq!((late.status, late.code()), (409, "revision_moved"));
    for (title, code) in [("", "no_title"), (&*"x".repeat(71), "title_too_long")] {
        let refused = put_slide(&world, &path, 2, title).await;
        assert_eq!((refused.status, refused.code()), (422, code));
    }
}

#[tokio::test]
async fn preview_is_the_file_that_the_edit_will_have() {
    let mut world = World::open().await;
    world.cloud.serve_links().await;
    let path = made(&world, topic("small habits"), "k1").await;
    let body = json!({ "title": "My own title", "body": "Mine." });
    let preview = TestRequest::post(format!("{path}/slides/2/preview"), body);
    let preview = world.operate(preview).await;
    assert_eq!(preview.status, 202, "{}", preview.text);
    world.run().await;
    let before = get(&world, &path).await;
    assert_eq!(
        (&before["revision"], &before["state"]),
        (&json!(1), &json!("delivered"))
    );
    let link = preview.body["png"].clone();
    assert!(download(&link).await.starts_with(b"\x89PNG"));
    put_slide(&world, &path, 1, "My own title").await;
    world.run().await;
    let detail = get(&world, &path).await;
    let object = |link: &Value| link.as_str().unwrap().split('?').next().unwrap().to_owned();
    assert_eq!(object(&detail["pages"][1]["png"]), object(&link));
    let missing = TestRequest::post(
        format!("{path}/slides/9/preview"),
        json!({ "title": "a", "body": "" }),
    );
    assert_eq!(world.operate(missing).await.code(), "slide_not_found");
}

#[tokio::test]
async fn waiting_carousel_is_cancelled_behind_its_request() {
    let world = World::open().await;
    let accepted = world.operate(create(topic("small habits"), "k1")).await;
    let path = accepted.body["statusUrl"].as_str().unwrap().to_owned();
    let cancel = TestRequest::post(format!("{path}/cancel"), json!({}));
    assert_eq!(world.operate(cancel.clone()).await.status, 202);
    world.run().await;
    assert_eq!(get(&world, &path).await["state"], "cancelled");
    let again = world.operate(cancel).await;
    assert_eq!((again.status, again.code()), (409, "not_now"));
}

#[tokio::test]
async fn look_texts_and_document_are_made_anew_on_request() {
    let world = World::open().await;
    let path = made(&world, topic("small habits"), "k1").await;
    let post = |action: &str, body: Value| TestRequest::post(format!("{path}/{action}"), body);
    let restyle = post("look", json!({ "revision": 1, "template": "bold" }));
    assert_eq!(world.operate(restyle).await.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert_eq!(
        (&detail["template"], &detail["revision"]),
        (&json!("bold"), &json!(2))
    );
    let both = post(
        "look",
        json!({ "revision": 2, "template": "bold", "format": "square" }),
    );
    assert_eq!(world.operate(both).await.code(), "bad_look");
    let titles = |detail: &Value| detail["pages"][1]["title"].clone();
    let before = titles(&detail);
    let again = post("again", json!({ "revision": 2, "number": 2 }));
    assert_eq!(world.operate(again).await.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert_eq!(detail["revision"], 3);
    assert_ne!(titles(&detail), before);
    let pdf = post("pdf", json!({ "revision": 3 }));
    assert_eq!(world.operate(pdf).await.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert!(
        detail["pdf"].as_str().unwrap().contains(".pdf?"),
        "{}",
        detail["pdf"]
    );
}

#[tokio::test]
async fn carousel_of_a_chat_is_found_by_its_id() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 2: small habits").await;
    let list = get(&world, "/carousels?origin=message").await;
    let id = list["carousels"][0]["id"].as_str().unwrap().to_owned();
    let detail = get(&world, &format!("/carousels/{id}")).await;
    assert_eq!(detail["chat"], format!("tg:{}", dana.id));
    assert_eq!(detail["posted"]["album"], json!(["sent"]));
}

#[tokio::test]
async fn wishes_with_one_key_count_once_each() {
    let world = World::open().await;
    let path = made(&world, topic("small habits"), "k1").await;
    let wish = |body: Value| {
        TestRequest::post(format!("{path}/look"), body).header("idempotency-key", "one")
    };
    let restyle = json!({ "revision": 1, "template": "bold" });
    for _ in 0..2 {
        assert_eq!(world.operate(wish(restyle.clone())).await.status, 202);
    }
    world.run().await;
    let other = json!({ "revision": 2, "format": "square" });
    assert_eq!(world.operate(wish(other)).await.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert_eq!(
        (&detail["revision"], &detail["format"]),
        (&json!(3), &json!("square"))
    );
}

#[tokio::test]
async fn cancelled_carousel_begins_anew() {
    let world = World::open().await;
    let accepted = world.operate(create(topic("small habits"), "k1")).await;
    let path = accepted.body["statusUrl"].as_str().unwrap().to_owned();
    let cancel = TestRequest::post(format!("{path}/cancel"), json!({}));
    world.operate(cancel).await;
    world.run().await;
    let cancelled = get(&world, &path).await;
    assert_eq!(cancelled["state"], "cancelled");
    let again = json!({ "revision": cancelled["revision"] });
    let again = TestRequest::post(format!("{path}/again"), again);
    assert_eq!(world.operate(again).await.status, 202);
    world.run().await;
    assert_eq!(get(&world, &path).await["state"], "delivered");
}

#[tokio::test]
async fn drawn_pdf_is_not_sent_to_the_chat() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 2: small habits").await;
    let list = get(&world, "/carousels").await;
    let path = format!(
        "/carousels/{}",
        list["carousels"][0]["id"].as_str().unwrap()
    );
    let restyle = json!({ "revision": 1, "template": "bold" });
    world
        .operate(TestRequest::post(format!("{path}/look"), restyle))
        .await;
    world.run().await;
    let before = world.messages(&dana).await.len();
    let draw = TestRequest::post(format!("{path}/pdf"), json!({ "revision": 2 }));
    assert_eq!(world.operate(draw).await.status, 202);
    world.run().await;
    let detail = get(&world, &path).await;
    assert!(
        detail["pdf"].as_str().unwrap().contains(".pdf?"),
        "{}",
        detail["pdf"]
    );
    assert_eq!(world.messages(&dana).await.len(), before);
}

/// A request for a carousel, with an idempotency key.
struct Asking(World);

impl Scenario for Asking {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.state("carousels").await;
        Self(world)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        let response = self.0.operate(create(topic("rest"), "k1")).await;
        match response.status {
            202 => Ok(()),
            status => Err(Error::unavailable("not_accepted", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        for job in self.0.jobs(CONVERSATION_QUEUE) {
            self.0.conversation(job).await.unwrap();
        }
        let list = get(&self.0, "/carousels").await;
        assert_eq!(list["carousels"].as_array().unwrap().len(), 1, "{story}");
        let jobs = self.0.cloud.queued(WRITE_QUEUE);
        assert_eq!(jobs.len(), 1, "{story}");
    }
}

#[tokio::test]
async fn requests_become_one_carousel_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Asking>().await;
    assert!(calls >= 3, "{calls}");
}
