use std::time::Duration;

use confab_core::Timestamp;
use confab_messaging::{Body, Channel};
use confab_testkit::{samples::outbound, servers};
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, path},
};

use super::*;

const MESSAGES: &str = "/2010-04-01/Accounts/AC1/Messages.json";
/// `AC1` and the token as HTTP basic authentication.
const BASIC: &str = "Basic QUMxOjEyMzQ1LXRva2Vu";

fn twilio(api_url: &str) -> Twilio {
    let config = TwilioConfig {
        api_url: api_url.to_owned(),
        account_sid: "AC1".into(),
        auth_token: "12345-token".to_owned().into(),
        from: "whatsapp:+14155238886".into(),
        status_callback: Some("https://a.example/SmsReceived".into()),
        content_sids: Default::default(),
        media_origins: vec![],
    };
    Twilio::new(confab_provider_base::http_client().unwrap(), config)
}

fn text() -> Outbound {
    outbound(
        Channel::Twilio,
        Body::Text {
            text: "hi & bye".into(),
        },
    )
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(MESSAGES))
        .and(header("authorization", BASIC))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn message_is_sent_as_a_form_with_a_status_callback() {
    let server = server_responding(
        ResponseTemplate::new(201).set_body_json(json!({"sid": "SM9", "status": "queued"})),
    )
    .await;
    assert_eq!(
        twilio(&server.uri())
            .send(&text())
            .await
            .unwrap()
            .message_id,
        "SM9"
    );
    let request = &server.received_requests().await.unwrap()[0];
    let body = crate::form(&request.body);
    let value = |name: &str| {
        body.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("From"), Some("whatsapp:+14155238886"));
    assert_eq!(value("To"), Some("whatsapp:+16505550100"));
    assert_eq!(value("Body"), Some("hi & bye"));
    let callback = value("StatusCallback").unwrap();
    let (_, query) = callback.split_once('?').unwrap();
    let status = [
        ("MessageStatus", "read"),
        ("MessageSid", "SM9"),
        ("To", "+16505550100"),
    ];
    let status = status.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let parsed = crate::parse(&status, query, Timestamp::UNIX_EPOCH);
    let confab_messaging::Update::Status(status) = &parsed.updates[0] else {
        panic!()
    };
    assert_eq!(status.reference, Some(text().reference));
}

#[tokio::test]
async fn error_codes_decide_whether_a_send_is_retried() {
    for (status, code, retry) in [
        (429, 20_429, true),
        (400, 63_018, true),
        (503, 20_503, true),
        (400, 21_211, false),
        (400, 63_016, false),
        (401, 20_003, true),
    ] {
        let error = json!({"code": code, "message": "to whatsapp:+16505550100", "more_info": "x", "status": status});
        let server = server_responding(ResponseTemplate::new(status).set_body_json(error)).await;
        let expected = SendError::NotSent {
            retry,
            retry_after: None,
            code,
            title: "to whatsapp:+…".into(),
        };
        assert_eq!(
            twilio(&server.uri()).send(&text()).await.unwrap_err(),
            expected
        );
    }
}

#[tokio::test]
async fn outcome_is_unknown_after_server_errors_and_lost_responses() {
    let internal = json!({"code": 20_500, "message": "Internal Server Error", "status": 500});
    for template in [
        ResponseTemplate::new(500).set_body_json(internal),
        ResponseTemplate::new(502),
        ResponseTemplate::new(201).set_body_string("{}"),
    ] {
        let server = server_responding(template).await;
        let error = twilio(&server.uri()).send(&text()).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown(_)), "{error}");
    }
    let error = twilio(&servers::closing().await)
        .send(&text())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    let error = twilio(&servers::refusing().await)
        .send(&text())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::NotReached(_)), "{error}");
}

#[tokio::test]
async fn media_redirect_does_not_carry_credentials_to_another_origin() {
    let (api, cdn) = (MockServer::start().await, MockServer::start().await);
    let moved = ResponseTemplate::new(307)
        .insert_header("location", format!("{}/file", cdn.uri()).as_str());
    Mock::given(path("/media"))
        .and(header("authorization", BASIC))
        .respond_with(moved)
        .mount(&api)
        .await;
    let file =
        ResponseTemplate::new(200).set_body_raw(b"PNG".to_vec(), "image/PNG; charset=binary");
    Mock::given(path("/file"))
        .respond_with(file)
        .mount(&cdn)
        .await;
    let url = format!("{}/media", api.uri());

    let error = twilio(&api.uri()).media(&url).await.unwrap_err();
    assert!(matches!(error, MediaError::Refused(_)), "{error}");

    let mut with_cdn = twilio(&api.uri());
    with_cdn
        .media_origins
        .push(Origin::parse(&cdn.uri()).unwrap());
    let file = with_cdn.media(&url).await.unwrap();
    assert_eq!(
        file,
        File {
            bytes: b"PNG".to_vec(),
            mime_type: "image/png".into()
        }
    );
    let request = &cdn.received_requests().await.unwrap()[0];
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn media_is_refused_outside_the_allowlist() {
    let twilio = twilio("http://127.0.0.1:1");
    for url in [
        "http://169.254.169.254/latest/",
        "https://api.twilio.com.evil.example/",
        "http://api.twilio.com/x",
        "x",
        "",
    ] {
        let error = twilio.media(url).await.unwrap_err();
        assert!(matches!(error, MediaError::Refused(_)), "{url} {error}");
    }
}

#[tokio::test]
async fn media_download_times_out_on_a_slow_server() {
    let server = servers::trickling().await;
    let mut twilio = twilio(&server);
    twilio.media_timeout = Some(Duration::from_millis(300));
    let error = twilio.media(&server).await.unwrap_err();
    assert!(matches!(error, MediaError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn debug_output_contains_no_token_and_no_phone_number() {
    let twilio = twilio("http://127.0.0.1:1");
    let send = twilio.send(&text()).await.unwrap_err();
    let shown = format!("{twilio:?} {send:?} {send}");
    assert!(
        !shown.contains("12345-token") && !shown.contains("6505550100"),
        "{shown}"
    );
}
