use confab_provider_base::download::MAX_FILE_BYTES;
use confab_testkit::servers;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path, query_param, query_param_is_missing},
};

use super::*;
use crate::wire::tests::new_tune;

const KEY: &str = "sd_secret";

fn astria(api_url: &str) -> Astria {
    let config = AstriaConfig {
        api_url: api_url.to_owned(),
        api_key: KEY.to_owned().into(),
        media_origins: vec![],
    };
    Astria::new(confab_provider_base::http_client().unwrap(), config)
}

fn ok(object: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(object)
}

/// Answers `verb` at a path when the request carries our key and accepts JSON.
async fn server_with_key(verb: &str, at: &str, template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(at))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(header("accept", "application/json"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

fn tune(id: i64, title: &str, created_at: &str) -> Value {
    json!({"id": id, "title": title, "name": "woman", "created_at": created_at, "orig_images": []})
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

const MORNING: &str = "2026-11-21T09:00:00.000Z";
const EVENING: &str = "2026-11-21T18:00:00.000Z";

#[tokio::test]
async fn packs_are_listed_without_malformed_ones() {
    let packs = json!([{"id": 5, "slug": "test-pack", "title": "test", "cost_mc_hash": {"man": 200_000}}, {"slug": "x"}, 7]);
    let server = server_with_key("GET", "/packs", ok(packs)).await;
    let packs = astria(&format!("{}/", server.uri())).packs().await.unwrap();
    assert_eq!((packs.len(), packs[0].id), (1, 5));
    let asked = server.received_requests().await.unwrap();
    assert_eq!(
        (asked.len(), asked[0].url.query()),
        (1, Some("listed=true&limit=100"))
    );
}

#[tokio::test]
async fn pack_tune_and_prompt_are_fetched_by_id() {
    let object = json!({"id": 260, "slug": "corporate-headshots", "title": "ord_1"});
    let server = server_with_key("GET", "/p/260", ok(object.clone())).await;
    assert_eq!(
        astria(&server.uri()).pack(260).await.unwrap().slug,
        "corporate-headshots"
    );
    let server = server_with_key("GET", "/tunes/260", ok(object.clone())).await;
    assert_eq!(
        astria(&server.uri()).tune(260).await.unwrap().title,
        "ord_1"
    );
    let server = server_with_key("GET", "/prompts/260", ok(object)).await;
    assert_eq!(astria(&server.uri()).prompt(260).await.unwrap().id, 260);
    assert_eq!(
        astria(&server.uri()).prompt(261).await.unwrap_err(),
        AstriaError::Missing
    );
}

#[tokio::test]
async fn photo_is_inspected_as_a_multipart_form() {
    let seen = json!({"name": "woman", "blurry": true, "eye_color": "brown eyes", "glasses": ""});
    let server = server_with_key("POST", "/images/inspect", ok(seen)).await;
    let photo = File {
        bytes: b"JPEG".to_vec(),
        mime_type: "image/jpeg".into(),
    };
    let inspection = astria(&server.uri()).inspect("woman", photo).await.unwrap();
    assert_eq!(
        (
            inspection.name.as_deref(),
            inspection.blurry,
            inspection.selfie
        ),
        (Some("woman"), true, false)
    );
    assert_eq!(inspection.characteristics["eye_color"], "brown eyes");
    let request = &server.received_requests().await.unwrap()[0];
    assert!(
        request.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
    let body = String::from_utf8_lossy(&request.body);
    for part in [
        "name=\"name\"\r\n\r\nwoman",
        "name=\"file\"; filename=\"file\"",
        "Content-Type: image/jpeg\r\n\r\nJPEG",
    ] {
        assert!(body.contains(part), "{body}");
    }
    let odd = File {
        bytes: vec![],
        mime_type: "no\nmime".into(),
    };
    let error = astria(&server.uri())
        .inspect("woman", odd)
        .await
        .unwrap_err();
    assert!(
        matches!(error, AstriaError::Refused { status: 0, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn error_with_a_success_status_is_no_inspection() {
    for body in ["{}", r#"{"error":"busy"}"#, "[]", "<html>", ""] {
        let server = server_responding(ResponseTemplate::new(200).set_body_string(body)).await;
        let photo = File {
            bytes: b"JPEG".to_vec(),
            mime_type: "image/jpeg".into(),
        };
        let error = astria(&server.uri())
            .inspect("woman", photo)
            .await
            .unwrap_err();
        assert!(error.may_try_again(), "{body} {error}");
    }
}

#[tokio::test]
async fn tune_is_created_from_a_pack() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/p/260/tunes"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(header("content-type", "application/json"))
        .and(header("accept", "application/json"))
        .and(body_json(new_tune().json()))
        .respond_with(ResponseTemplate::new(201).set_body_json(tune(9, "ord_1", EVENING)))
        .expect(1)
        .mount(&server)
        .await;
    let tune = astria(&server.uri())
        .create_tune(260, &new_tune())
        .await
        .unwrap();
    assert_eq!(
        (tune.id, tune.title.as_str(), tune.class.as_deref()),
        (9, "ord_1", Some("woman"))
    );
    assert_eq!(tune.trained_at, None);
}

#[tokio::test]
async fn reused_tune_is_returned_whatever_astria_answers() {
    let again = NewTune {
        image_urls: vec![],
        tune_ids: vec![89],
        ..new_tune()
    };
    let prompts = json!([{"id": 1, "tune_id": 89, "text": "x"}]);
    for (answer, title) in [
        (
            json!({"status": 201, "message": "Prompts created"}),
            "ord_1",
        ),
        (prompts, "ord_1"),
        (json!({"id": 1, "tune_id": 89, "text": "x"}), "ord_1"),
        (tune(89, "ord_0", MORNING), "ord_0"),
    ] {
        let server =
            server_responding(ResponseTemplate::new(201).set_body_json(answer.clone())).await;
        let tune = astria(&server.uri())
            .create_tune(260, &again)
            .await
            .unwrap();
        assert_eq!((tune.id, tune.title.as_str()), (89, title), "{answer}");
    }
    let server = server_responding(ResponseTemplate::new(201).set_body_string("<html>")).await;
    let error = astria(&server.uri())
        .create_tune(260, &again)
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
}

/// Returns the errors of a purchase and of a repeatable request.
async fn both(template: ResponseTemplate) -> (AstriaError, AstriaError) {
    let server = server_responding(template).await;
    let astria = astria(&server.uri());
    (
        astria.create_tune(260, &new_tune()).await.unwrap_err(),
        astria.tune(9).await.unwrap_err(),
    )
}

#[tokio::test]
async fn status_decides_between_refused_busy_unpaid_and_missing() {
    let busy = |seconds: Option<u64>, reason: &str| AstriaError::Busy {
        retry_after: seconds.map(Duration::from_secs),
        reason: reason.into(),
    };
    let refused = |status, message: &str| AstriaError::Refused {
        status,
        message: message.into(),
    };
    for (status, body, expected) in [
        (
            422,
            r#"{"images":["must contain at least one image"]}"#,
            refused(422, "images: must contain at least one image"),
        ),
        (400, r#"{"error":"no"}"#, refused(400, "no")),
        (409, "", refused(409, "no error details")),
        (426, "<html>", refused(426, "no error details")),
        (302, "", refused(302, "no error details")),
        (402, r#"{"error":"x"}"#, AstriaError::Unpaid),
        (404, "<html>", AstriaError::Missing),
        (410, "", AstriaError::Missing),
        (
            401,
            r#"{"error":"Invalid API key sd_secret"}"#,
            busy(None, "HTTP 401: Invalid API key …"),
        ),
        (403, "", busy(None, "HTTP 403")),
        (408, "", busy(None, "HTTP 408")),
        (429, "slow down", busy(None, "HTTP 429")),
    ] {
        let (purchase, repeatable) =
            both(ResponseTemplate::new(status).set_body_string(body)).await;
        assert_eq!((&purchase, &repeatable), (&expected, &expected), "{status}");
        assert!(!purchase.may_have_happened());
    }
    // After a 500 a purchase may have succeeded, while a repeatable request can be retried.
    let (purchase, repeatable) = both(ResponseTemplate::new(500)).await;
    assert!(purchase.may_have_happened() && !purchase.may_try_again());
    assert_eq!(repeatable, busy(Some(30), "HTTP 500"));
    for status in [429, 500] {
        let (_, repeatable) =
            both(ResponseTemplate::new(status).insert_header("retry-after", "7")).await;
        assert_eq!(repeatable, busy(Some(7), &format!("HTTP {status}")));
    }
}

#[tokio::test]
async fn lost_response_is_unknown_for_a_purchase_and_retryable_otherwise() {
    for template in [
        ResponseTemplate::new(504).set_body_string("<html>Gateway timeout</html>"),
        ResponseTemplate::new(502),
        ResponseTemplate::new(503).insert_header("retry-after", "7"),
        ResponseTemplate::new(201),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ok(json!({})),
        ok(json!([])),
        ok(json!({"status": 201, "message": "Prompts created"})),
    ] {
        let (purchase, repeatable) = both(template).await;
        assert!(
            purchase.may_have_happened() && !purchase.may_try_again(),
            "{purchase:?}"
        );
        assert!(repeatable.may_try_again(), "{repeatable:?}");
    }
}

#[tokio::test]
async fn transport_failures_tell_not_sent_from_unknown() {
    for address in [
        servers::refusing().await,
        "http://no-such-host.invalid".into(),
        "not an address".into(),
    ] {
        let error = astria(&address)
            .create_tune(260, &new_tune())
            .await
            .unwrap_err();
        assert!(matches!(error, AstriaError::NotReached(_)), "{error}");
    }
    for server in [
        servers::closing().await,
        servers::truncating().await,
        servers::hanging().await,
        servers::endless().await,
    ] {
        let mut astria = astria(&server);
        astria.request_timeout = Duration::from_millis(500);
        let error = astria.create_tune(260, &new_tune()).await.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert!(!error.to_string().contains("260"), "{error}");
    }
    let mut astria = astria(&servers::hanging().await);
    astria.request_timeout = Duration::from_millis(200);
    assert!(astria.tune(9).await.unwrap_err().may_try_again());
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let other = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ok(json!({"id": 9})))
        .expect(0)
        .mount(&other)
        .await;
    let (purchase, repeatable) =
        both(ResponseTemplate::new(307).insert_header("location", other.uri().as_str())).await;
    for error in [purchase, repeatable] {
        assert!(
            matches!(error, AstriaError::Refused { status: 307, .. }),
            "{error}"
        );
    }
}

/// Serves the list of tunes page by page; `None` is the first page.
async fn with_tunes(pages: &[(Option<i64>, Value)]) -> MockServer {
    let server = MockServer::start().await;
    for (before, page) in pages {
        let list = Mock::given(method("GET"))
            .and(path("/tunes"))
            .and(query_param("limit", "120"));
        let list = match before {
            Some(before) => list.and(query_param("before_id", before.to_string())),
            None => list.and(query_param_is_missing("before_id")),
        };
        list.respond_with(ok(page.clone())).mount(&server).await;
    }
    server
}

#[tokio::test]
async fn tune_is_found_by_title_across_pages() {
    let server = with_tunes(&[
        (
            None,
            json!([tune(40, "ord_4", EVENING), tune(30, "ord_3", EVENING)]),
        ),
        (
            Some(30),
            json!([tune(20, "ord_2", EVENING), tune(10, "ord_1", EVENING)]),
        ),
        (Some(10), json!([tune(5, "ord_0", MORNING)])),
    ])
    .await;
    let find = async |title: &str| {
        astria(&server.uri())
            .find_tune(title, noon())
            .await
            .unwrap()
            .map(|tune| tune.id)
    };
    assert_eq!(find("ord_4").await, Some(40));
    assert_eq!(find("ord_1").await, Some(10));
    assert_eq!(find("ord_9").await, None);
    // Created before the searched period.
    assert_eq!(find("ord_0").await, None);
}

#[tokio::test]
async fn missing_tune_is_reported_only_after_a_whole_search() {
    let late = |id| tune(id, "ord_x", EVENING);
    for pages in [
        vec![(None, json!([]))],
        vec![(None, json!([tune(4, "ord_1", MORNING)]))],
        vec![(None, json!([late(4)])), (Some(4), json!([]))],
        vec![
            (None, json!([{"id": 4, "title": "ord_x"}])),
            (Some(4), json!([])),
        ],
    ] {
        let server = with_tunes(&pages).await;
        assert_eq!(
            astria(&server.uri())
                .find_tune("ord_1", noon())
                .await
                .unwrap(),
            None,
            "{pages:?}"
        );
    }
    for pages in [
        vec![(None, json!([{"title": "ord_1"}]))],
        vec![(None, json!({"error": "x"}))],
        vec![(None, json!([late(4)])), (Some(4), json!([late(4)]))],
        vec![(None, json!([late(4)]))],
    ] {
        let server = with_tunes(&pages).await;
        let found = astria(&server.uri()).find_tune("ord_1", noon()).await;
        assert!(found.is_err(), "{pages:?} {found:?}");
    }
    // A match is returned even beside malformed tunes.
    let server = with_tunes(&[(None, json!([7, tune(4, "ord_1", EVENING)]))]).await;
    assert!(
        astria(&server.uri())
            .find_tune("ord_1", noon())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn search_stops_after_the_page_limit() {
    let server = MockServer::start().await;
    let endless = |request: &wiremock::Request| {
        let before = request
            .url
            .query_pairs()
            .find(|(name, _)| name == "before_id");
        let before: i64 = before.map_or(1_000_000, |(_, id)| id.parse().unwrap());
        ok(json!([tune(before - 1, "ord_x", EVENING)]))
    };
    Mock::given(path("/tunes"))
        .respond_with(endless)
        .expect(20)
        .mount(&server)
        .await;
    let error = astria(&server.uri())
        .find_tune("ord_1", noon())
        .await
        .unwrap_err();
    assert!(error.may_try_again(), "{error}");
}

/// Serves prompts of tune 9, numbered down from `count`, in pages of `size`.
async fn with_prompts(count: usize, size: usize) -> MockServer {
    let server = MockServer::start().await;
    let page = move |request: &wiremock::Request| {
        let asked = |name: &str| {
            let asked = request.url.query_pairs().find(|(asked, _)| asked == name);
            asked.map(|(_, value)| value.parse::<usize>().unwrap())
        };
        let offset = asked("offset").unwrap_or(0);
        if offset > 200 {
            return ResponseTemplate::new(400);
        }
        let until = (offset + size.min(asked("limit").unwrap_or(20))).min(count);
        ok((offset..until)
            .map(|place| json!({"id": count - place, "tune_id": 9}))
            .collect())
    };
    Mock::given(method("GET"))
        .and(path("/tunes/9/prompts"))
        .respond_with(page)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn prompts_are_listed_to_the_offset_limit_with_any_page_size() {
    for (count, size, read, requests) in [
        (0, 20, 0, 1),
        (3, 20, 3, 1),
        (20, 20, 20, 2),
        (35, 20, 35, 2),
        (35, 100, 35, 2),
        (250, 100, 250, 3),
        (1_000, 100, 300, 3),
        (1_000, 20, 220, 11),
    ] {
        let server = with_prompts(count, size).await;
        let prompts = astria(&server.uri()).prompts_of(9).await.unwrap();
        let ids: Vec<_> = prompts
            .iter()
            .map(|prompt| usize::try_from(prompt.id).unwrap())
            .collect();
        assert_eq!(
            ids,
            (count - read + 1..=count).rev().collect::<Vec<_>>(),
            "{count} in pages of {size}"
        );
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            requests,
            "{count} in pages of {size}"
        );
    }
}

#[tokio::test]
async fn list_that_ignores_the_offset_is_read_once() {
    let prompts: Vec<_> = (1..=50).map(|id| json!({"id": id})).collect();
    let server = server_with_key("GET", "/tunes/9/prompts", ok(prompts.into())).await;
    assert_eq!(astria(&server.uri()).prompts_of(9).await.unwrap().len(), 50);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
    for answer in [json!({"error": "x"}), json!(null), json!({"id": 1})] {
        let server = server_responding(ok(answer.clone())).await;
        assert!(
            astria(&server.uri())
                .prompts_of(9)
                .await
                .unwrap_err()
                .may_try_again(),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn delete_succeeds_when_the_tune_is_missing() {
    for status in [200, 204, 404] {
        let server = server_with_key("DELETE", "/tunes/9", ResponseTemplate::new(status)).await;
        astria(&server.uri()).delete_tune(9).await.unwrap();
    }
    for (status, again) in [(504, true), (500, true), (401, true), (422, false)] {
        let server = server_with_key("DELETE", "/tunes/9", ResponseTemplate::new(status)).await;
        let error = astria(&server.uri()).delete_tune(9).await.unwrap_err();
        assert_eq!(error.may_try_again(), again, "{status} {error}");
    }
}

#[tokio::test]
async fn picture_is_downloaded_without_the_api_key() {
    let server = MockServer::start().await;
    let picture = ResponseTemplate::new(200).set_body_raw(b"JPEG".to_vec(), "image/jpeg");
    Mock::given(path("/picture"))
        .respond_with(picture)
        .mount(&server)
        .await;
    let moved = ResponseTemplate::new(302)
        .insert_header("location", format!("{}/picture", server.uri()).as_str());
    Mock::given(path("/moved"))
        .respond_with(moved)
        .mount(&server)
        .await;
    let listed = AstriaConfig {
        api_url: "https://api.astria.ai".into(),
        api_key: KEY.to_owned().into(),
        media_origins: vec![server.uri()],
    };
    for astria in [
        astria(&server.uri()),
        Astria::new(confab_provider_base::http_client().unwrap(), listed),
    ] {
        for at in ["picture", "moved"] {
            let file = astria
                .image(&format!("{}/{at}", server.uri()))
                .await
                .unwrap();
            assert_eq!(
                file,
                File {
                    bytes: b"JPEG".to_vec(),
                    mime_type: "image/jpeg".into()
                }
            );
        }
    }
    for request in server.received_requests().await.unwrap() {
        assert!(!request.headers.contains_key("authorization"));
    }
    let gone = astria(&server.uri())
        .image(&format!("{}/expired", server.uri()))
        .await
        .unwrap_err();
    assert_eq!(gone, MediaError::Gone(404));
}

#[tokio::test]
async fn picture_is_refused_outside_the_allowlist() {
    let inside = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&inside)
        .await;
    let port = inside.address().port();
    let at_the_port = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
    ]
    .map(|host| format!("http://{host}:{port}/"));
    let behind_a_name = ["mp.astria.ai", "user", "user:password"]
        .map(|user| format!("http://{user}@127.0.0.1:{port}/"));
    let others = [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://user@mp.astria.ai/x",
        "https://mp.astria.ai@evil.example/x",
        "https://mp.astria.ai.evil.example/x",
        "https://evil.example/mp.astria.ai",
        "https://mp.astria.ai:8443/x",
        "http://mp.astria.ai/x",
        "http://sdbooth2-production.s3.amazonaws.com/x",
        "https://other-bucket.s3.amazonaws.com/x",
        "https://s3.amazonaws.com/sdbooth2-production/x",
        "ftp://mp.astria.ai/x",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//mp.astria.ai/x",
        "picture.jpg",
        "",
    ];
    let astria = astria("https://api.astria.ai");
    for url in at_the_port
        .iter()
        .chain(&behind_a_name)
        .map(String::as_str)
        .chain(others)
    {
        let error = astria.image(url).await.unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{url} {error}");
    }
}

#[tokio::test]
async fn picture_redirect_is_followed_only_within_the_allowlist() {
    let inside = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&inside)
        .await;
    for to in [
        inside.uri(),
        inside.uri().replace("127.0.0.1", "2130706433"),
        "http://169.254.169.254/".into(),
        "https://[::1]/".into(),
        "https://mp.astria.ai@evil.example/".into(),
        "http://mp.astria.ai/".into(),
        "/around".into(),
        "".into(),
    ] {
        let server = MockServer::start().await;
        let moved = ResponseTemplate::new(302).insert_header("location", to.as_str());
        Mock::given(path("/around"))
            .respond_with(moved)
            .mount(&server)
            .await;
        let error = astria(&server.uri())
            .image(&format!("{}/around", server.uri()))
            .await
            .unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{to} {error}");
    }
}

#[tokio::test]
async fn picture_download_stops_at_the_size_limit_and_the_deadline() {
    let large =
        server_responding(ResponseTemplate::new(200).set_body_bytes(vec![0; MAX_FILE_BYTES + 1]))
            .await;
    assert_eq!(
        astria(&large.uri()).image(&large.uri()).await.unwrap_err(),
        MediaError::TooLarge
    );
    let endless = servers::endless().await;
    assert_eq!(
        astria(&endless).image(&endless).await.unwrap_err(),
        MediaError::TooLarge
    );
    let trickling = servers::trickling().await;
    let mut slow = astria(&trickling);
    slow.media_timeout = Some(Duration::from_millis(300));
    let error = slow.image(&trickling).await.unwrap_err();
    assert!(matches!(error, MediaError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn debug_output_contains_no_key_and_no_photo_urls() {
    let astria = astria("http://127.0.0.1:1");
    let error = astria.create_tune(260, &new_tune()).await.unwrap_err();
    let shown = format!("{astria:?} {error:?} {error}");
    for private in [KEY, "s3cret", "t1cket"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
