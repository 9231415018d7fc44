use std::time::Duration;

use confab_messaging::{Body, Channel};
use confab_testkit::{samples::outbound, servers};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path},
};

use super::*;

const TOKEN: &str = "EAAG-secret-token";

fn meta(api_url: &str) -> Meta {
    meta_with(confab_provider_base::http_client().unwrap(), api_url)
}

fn meta_with(http: Client, api_url: &str) -> Meta {
    let config = MetaConfig {
        api_url: api_url.to_owned(),
        version: "v24.0".into(),
        phone_number_id: "106".into(),
        token: TOKEN.to_owned().into(),
        media_origins: vec![],
    };
    Meta::new(http, config)
}

fn text() -> Outbound {
    outbound(Channel::Meta, Body::Text { text: "hi".into() })
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn message_is_sent_with_the_token_and_returns_its_id() {
    let server = MockServer::start().await;
    let accepted = json!({"messaging_product": "whatsapp", "contacts": [{"input": "1", "wa_id": "1"}],
        "messages": [{"id": "wamid.9", "message_status": "accepted"}]});
    Mock::given(method("POST"))
        .and(path("/v24.0/106/messages"))
        .and(header("authorization", format!("Bearer {TOKEN}").as_str()))
        .and(body_json(wire::message(&text()).unwrap()))
        .respond_with(ResponseTemplate::new(200).set_body_json(accepted))
        .expect(1)
        .mount(&server)
        .await;
    let sent = meta(&format!("{}/", server.uri()))
        .send(&text())
        .await
        .unwrap();
    assert_eq!(sent.message_id, "wamid.9");
}

#[tokio::test]
async fn error_codes_decide_whether_a_send_is_retried() {
    for (status, code, retry) in [
        (429, 130_429, true),
        (400, 131_056, true),
        (400, 4, true),
        (400, 80_007, true),
        (400, 131_048, true),
        (400, 133_016, true),
        (500, 131_000, true),
        (500, 131_016, true),
        (400, 135_000, true),
        (429, 99, true),
        (400, 131_047, false),
        (400, 131_026, false),
        (401, 190, true),
        (401, 0, true),
        (500, 2, true),
        (400, 132_001, false),
        (403, 368, true),
        (403, 99, true),
        (400, 10, true),
        (400, 250, true),
        (400, 131_042, true),
        (400, 133_010, true),
    ] {
        let error = json!({"error": {"message": "(#1) to 16505550100", "type": "OAuthException", "code": code, "fbtrace_id": "A"}});
        let template = ResponseTemplate::new(status)
            .set_body_json(error)
            .insert_header("retry-after", "7");
        let server = server_responding(template).await;
        let expected = SendError::NotSent {
            retry,
            retry_after: Some(Duration::from_secs(7)),
            code,
            title: "(#1) to …".into(),
        };
        assert_eq!(
            meta(&server.uri()).send(&text()).await.unwrap_err(),
            expected,
            "{status}"
        );
    }
}

#[tokio::test]
async fn outcome_is_unknown_after_an_unlisted_server_error() {
    let error =
        json!({"error": {"message": "An unknown error", "type": "OAuthException", "code": 99}});
    let server = server_responding(ResponseTemplate::new(500).set_body_json(error)).await;
    let error = meta(&server.uri()).send(&text()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn status_alone_classifies_a_response_without_an_error_body() {
    for (status, body, known) in [
        (500, "", false),
        (502, "<html>Bad gateway</html>", false),
        (503, "{}", false),
        (200, "{}", false),
        (200, r#"{"messages":[]}"#, false),
        (404, "<html>", true),
        (302, "", true),
        (429, "", true),
    ] {
        let server = server_responding(ResponseTemplate::new(status).set_body_string(body)).await;
        let error = meta(&server.uri()).send(&text()).await.unwrap_err();
        match error {
            SendError::Unknown(_) => assert!(!known, "{status} {body}"),
            SendError::NotSent { retry, code, .. } => {
                assert!(known, "{status} {body}");
                assert_eq!((retry, code), (status == 429, i64::from(status)));
            }
            SendError::NotReached(_) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let other = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&other)
        .await;
    let moved = ResponseTemplate::new(307).insert_header("location", other.uri().as_str());
    let server = server_responding(moved).await;
    let error = meta(&server.uri()).send(&text()).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::NotSent {
                retry: false,
                code: 307,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn transport_failures_tell_not_sent_from_unknown() {
    let error = meta(&servers::refusing().await)
        .send(&text())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::NotReached(_)), "{error}");
    let error = meta("http://no-such-host.invalid")
        .send(&text())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::NotReached(_)), "{error}");
    for server in [servers::closing().await, servers::truncating().await] {
        let error = meta(&server).send(&text()).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown(_)), "{error}");
    }
    let http = Client::builder()
        .timeout(Duration::from_millis(200))
        .no_proxy();
    let tls = rustls::crypto::ring::default_provider().install_default();
    drop(tls);
    let hanging = meta_with(http.build().unwrap(), &servers::hanging().await);
    let error = hanging.send(&text()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    let error = meta("not an address").send(&text()).await.unwrap_err();
    assert!(matches!(error, SendError::NotReached(_)), "{error}");
}

#[tokio::test]
async fn message_without_a_recipient_is_never_retried() {
    let mut without_recipient = text();
    without_recipient.to.person.phone = None;
    let error = meta("http://127.0.0.1:1")
        .send(&without_recipient)
        .await
        .unwrap_err();
    assert!(!error.may_send_again());
}

#[tokio::test]
async fn read_receipt_and_typing_indicator_are_posted() {
    let server = MockServer::start().await;
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"});
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({"type": "text"});
    for body in [read, typing] {
        Mock::given(method("POST"))
            .and(path("/v24.0/106/messages"))
            .and(body_json(body))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"success": true})))
            .expect(1)
            .mount(&server)
            .await;
    }
    meta(&server.uri()).mark_read("wamid.1").await.unwrap();
    meta(&server.uri()).typing("wamid.1").await.unwrap();
}

#[tokio::test]
async fn upload_is_a_multipart_form_with_the_file() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v24.0/106/media"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "4490709327384033"})))
        .mount(&server)
        .await;
    let file = File {
        bytes: b"JPEG".to_vec(),
        mime_type: "image/jpeg".into(),
    };
    assert_eq!(
        meta(&server.uri()).upload(file).await.unwrap(),
        "4490709327384033"
    );
    let request = &server.received_requests().await.unwrap()[0];
    let body = String::from_utf8_lossy(&request.body);
    for part in [
        "name=\"messaging_product\"\r\n\r\nwhatsapp",
        "name=\"file\"; filename=\"file\"",
        "Content-Type: image/jpeg\r\n\r\nJPEG",
    ] {
        assert!(body.contains(part), "{body}");
    }
}

/// Serves the location of media 77, which is `url`.
async fn with_media_at(url: &str) -> MockServer {
    let server = MockServer::start().await;
    let location = json!({"url": url.replace("SERVER", &server.uri()), "mime_type": "image/jpeg", "sha256": "x",
        "file_size": 4, "id": "77", "messaging_product": "whatsapp"});
    Mock::given(method("GET"))
        .and(path("/v24.0/77"))
        .and(header("authorization", format!("Bearer {TOKEN}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(location))
        .mount(&server)
        .await;
    server
}

async fn mount(server: &MockServer, at: &str, template: ResponseTemplate) {
    let bearer = format!("Bearer {TOKEN}");
    let file = Mock::given(method("GET"))
        .and(path(at))
        .and(header("authorization", bearer.as_str()));
    file.respond_with(template).mount(server).await;
}

#[tokio::test]
async fn media_is_downloaded_from_its_location() {
    let server = with_media_at("SERVER/file").await;
    mount(
        &server,
        "/file",
        ResponseTemplate::new(200).set_body_bytes(b"JPEG"),
    )
    .await;
    let file = meta(&server.uri()).media("77").await.unwrap();
    assert_eq!(
        file,
        File {
            bytes: b"JPEG".to_vec(),
            mime_type: "image/jpeg".into()
        }
    );
    let request = &server.received_requests().await.unwrap()[1];
    assert!(
        request.headers["accept"]
            .to_str()
            .unwrap()
            .starts_with("image/jpeg")
    );
}

#[tokio::test]
async fn media_is_refused_outside_the_allowlist() {
    let other = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&other)
        .await;
    let localhost = other.uri().replace("127.0.0.1", "localhost");
    for url in [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evil.example/x",
        "file:///etc/passwd",
        "//evil.example",
        "",
        other.uri().as_str(),
        localhost.as_str(),
    ] {
        let server = with_media_at(url).await;
        let error = meta(&server.uri()).media("77").await.unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{url} {error}");
    }
}

#[tokio::test]
async fn media_redirect_is_followed_only_within_the_allowlist() {
    let moved = |to: &str| ResponseTemplate::new(302).insert_header("location", to);
    let server = with_media_at("SERVER/moved").await;
    mount(&server, "/moved", moved("/file")).await;
    mount(
        &server,
        "/file",
        ResponseTemplate::new(200).set_body_bytes(b"JPEG"),
    )
    .await;
    assert_eq!(
        meta(&server.uri()).media("77").await.unwrap().bytes,
        b"JPEG"
    );

    for to in [
        "http://169.254.169.254/",
        "https://evil.example/",
        "/around",
        "",
    ] {
        let server = with_media_at("SERVER/around").await;
        mount(&server, "/around", moved(to)).await;
        let error = meta(&server.uri()).media("77").await.unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{to} {error}");
    }
}

#[tokio::test]
async fn media_download_stops_at_the_size_limit_and_the_deadline() {
    let announced = with_media_at("SERVER/file").await;
    let large = ResponseTemplate::new(200).set_body_bytes(vec![0; MAX_FILE_BYTES + 1]);
    mount(&announced, "/file", large).await;
    assert_eq!(
        meta(&announced.uri()).media("77").await.unwrap_err(),
        MediaError::TooLarge
    );

    let with_origin = |origin: &str, server: &MockServer| {
        let mut meta = meta(&server.uri());
        meta.media_origins.push(Origin::parse(origin).unwrap());
        meta
    };
    let endless = servers::endless().await;
    let server = with_media_at(&endless).await;
    assert_eq!(
        with_origin(&endless, &server)
            .media("77")
            .await
            .unwrap_err(),
        MediaError::TooLarge
    );

    let trickling = servers::trickling().await;
    let server = with_media_at(&trickling).await;
    let mut slow = with_origin(&trickling, &server);
    slow.media_timeout = Some(Duration::from_millis(400));
    let started = std::time::Instant::now();
    let error = slow.media("77").await.unwrap_err();
    assert!(matches!(error, MediaError::Unavailable(_)), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn missing_media_is_gone_and_malformed_ids_are_refused() {
    let server = with_media_at("SERVER/file").await;
    mount(&server, "/file", ResponseTemplate::new(404)).await;
    assert_eq!(
        meta(&server.uri()).media("77").await.unwrap_err(),
        MediaError::Gone(404)
    );
    assert_eq!(
        meta(&server.uri()).media("78").await.unwrap_err(),
        MediaError::Gone(404)
    );
    for id in ["", "../77", "77/messages", "77?x=1", "77%2f", "é"] {
        let error = meta(&server.uri()).media(id).await.unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{id}");
    }
}

#[tokio::test]
async fn debug_output_contains_no_token_and_no_phone_number() {
    let meta = meta("http://127.0.0.1:1");
    let error = meta.send(&text()).await.unwrap_err();
    let shown = format!("{meta:?} {error:?} {error}");
    assert!(
        !shown.contains(TOKEN) && !shown.contains("6505550100"),
        "{shown}"
    );
}
