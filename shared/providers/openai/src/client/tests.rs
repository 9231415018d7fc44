use confab_core::Timestamp;
use confab_testkit::servers;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, method, path},
};

use super::*;
use crate::{ChatMessage, CompletionOutcome, Role};

const KEY: &str = "sk-s3cret";
const JPEG: &[u8] = b"\xff\xd8\xff-PICTURE";

fn model(api_url: &str) -> Model {
    let config = ModelConfig::new(format!("{api_url}/v1"), KEY.to_owned().into());
    Model::new(
        confab_provider_base::http_client().unwrap(),
        ModelConfig {
            dimensions: 3,
            ..config
        },
    )
}

fn ok(object: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(object)
}

/// Answers at a path when the request carries our key and accepts JSON.
async fn server_with_key(at: &str, template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(at))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(header("content-type", "application/json"))
        .and(header("accept", "application/json"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

async fn sent_body(server: &MockServer) -> Value {
    server.received_requests().await.unwrap()[0]
        .body_json()
        .unwrap()
}

fn completion() -> Value {
    let rooms: Vec<Value> = ["Pier", "Harbour", "Dusk"]
        .map(|name| json!({"name": name, "key": name, "description": ""}))
        .into();
    let content = json!({"suggestions": rooms, "caption": {"title": "A pier"}}).to_string();
    json!({"choices": [{"message": {"content": content, "refusal": null}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 5, "completion_tokens": 7}})
}

fn chat() -> ChatRequest {
    let message = ChatMessage {
        role: Role::User,
        text: "{}".to_owned(),
    };
    ChatRequest {
        messages: vec![message],
        schema_name: "answer",
        schema: json!({"type": "object"}),
        max_tokens: 100,
    }
}

/// Returns the errors of completion, vision, embedding and moderation.
async fn errors(model: &Model) -> [ModelError; 5] {
    [
        model.complete(&chat()).await.unwrap_err(),
        model.moderate_text("a pier").await.unwrap_err(),
        model.look(JPEG, "en").await.unwrap_err(),
        model.embed(&["a pier".to_owned()]).await.unwrap_err(),
        model.moderate(JPEG, None).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn picture_is_described_by_the_vision_model() {
    let server = server_with_key("/v1/chat/completions", ok(completion())).await;
    let seen = model(&server.uri()).look(JPEG, "he").await.unwrap();
    assert_eq!(
        (
            seen.suggestions[2].key.as_str(),
            seen.caption.title.as_str(),
            seen.usage.prompt_tokens
        ),
        ("dusk", "A pier", 5)
    );
    let sent_body = sent_body(&server).await;
    assert_eq!(
        (
            sent_body["model"].as_str(),
            &sent_body["response_format"]["json_schema"]["strict"]
        ),
        (Some("gpt-4.1-mini"), &json!(true))
    );
    let picture = &sent_body["messages"][1]["content"][1]["image_url"];
    assert_eq!(
        (
            picture["detail"].as_str(),
            picture["url"].as_str().unwrap().len()
        ),
        (Some("low"), 23 + 16)
    );
    assert!(
        !server.received_requests().await.unwrap()[0]
            .headers
            .contains_key("x-client-request-id")
    );
}

#[tokio::test]
async fn conversation_is_completed_by_the_text_model_and_its_tokens_are_counted() {
    let server = server_with_key("/v1/chat/completions", ok(completion())).await;
    let completion = model(&server.uri()).complete(&chat()).await.unwrap();
    let usage = completion.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (5, 7));
    assert!(matches!(completion.outcome, CompletionOutcome::Text(text) if text.contains("Pier")));
    let sent_body = sent_body(&server).await;
    assert_eq!(
        (&sent_body["model"], &sent_body["max_completion_tokens"]),
        (&json!("gpt-4o-mini"), &json!(100))
    );
}

#[tokio::test]
async fn text_is_moderated_alone() {
    let results = json!([{"flagged": false, "categories": {}}]);
    let server = server_with_key("/v1/moderations", ok(json!({"results": results}))).await;
    let verdict = model(&server.uri()).moderate_text("a pier").await.unwrap();
    assert!(!verdict.flagged);
    let expected = json!({"model": "omni-moderation-latest", "input": "a pier"});
    assert_eq!(sent_body(&server).await, expected);
}

#[tokio::test]
async fn requests_end_within_the_limit_of_the_caller() {
    let model = model(&servers::hanging().await).within(Duration::from_millis(100));
    for error in errors(&model).await {
        assert_eq!(error, ModelError::TimedOut);
    }
    let unlimited = model.within(Duration::from_secs(3600));
    assert_eq!(unlimited.timeouts.vision, Duration::from_millis(100));
}

#[tokio::test]
async fn completions_take_as_long_as_the_caller_lets_them() {
    let slow = ok(completion()).set_delay(Duration::from_millis(300));
    let server = server_with_key("/v1/chat/completions", slow).await;
    let model = model(&server.uri()).within(Duration::from_millis(100));
    let error = model.complete(&chat()).await.unwrap_err();
    assert_eq!(error, ModelError::TimedOut);
    let patient = model.completing_within(Duration::from_secs(30));
    patient.complete(&chat()).await.unwrap();
    assert_eq!(patient.timeouts.vision, Duration::from_millis(100));
    let error = patient
        .completing_within(Duration::from_millis(100))
        .complete(&chat())
        .await;
    assert_eq!(error.unwrap_err(), ModelError::TimedOut);
}

#[tokio::test]
async fn texts_are_embedded_in_order() {
    let data = json!([{"index": 1, "embedding": [0, 1, 0]}, {"index": 0, "embedding": [1, 0, 0]}]);
    let server = server_with_key("/v1/embeddings", ok(json!({"data": data}))).await;
    let texts = ["a pier".to_owned(), "חוף".to_owned()];
    assert_eq!(
        model(&server.uri()).embed(&texts).await.unwrap(),
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    );
    let expected = json!({"model": "text-embedding-3-small", "input": texts, "dimensions": 3, "encoding_format": "float"});
    assert_eq!(sent_body(&server).await, expected);
}

#[tokio::test]
async fn picture_is_moderated_with_or_without_text() {
    let results = json!([{"flagged": true, "categories": {"violence": true}}]);
    for (text, parts) in [(Some("a pier"), 2), (Some(" "), 1), (None, 1)] {
        let server = server_with_key("/v1/moderations", ok(json!({"results": results}))).await;
        let verdict = model(&server.uri()).moderate(JPEG, text).await.unwrap();
        assert_eq!(
            verdict,
            Verdict {
                flagged: true,
                categories: vec!["violence".into()]
            }
        );
        let sent_body = sent_body(&server).await;
        assert_eq!(
            (
                sent_body["model"].as_str(),
                sent_body["input"].as_array().unwrap().len()
            ),
            (Some("omni-moderation-latest"), parts)
        );
        assert_eq!(sent_body["input"][parts - 1]["type"], "image_url");
    }
}

#[tokio::test]
async fn request_carries_the_correlation_id() {
    let server = server_responding(ok(completion())).await;
    let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]);
    model(&server.uri())
        .because_of(correlation_id)
        .look(JPEG, "en")
        .await
        .unwrap();
    let sent = &server.received_requests().await.unwrap()[0].headers["x-client-request-id"];
    assert_eq!(sent.to_str().unwrap(), correlation_id.to_string());
}

#[tokio::test]
async fn invalid_input_is_refused_without_a_request() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ok(json!({})))
        .expect(0)
        .mount(&server)
        .await;
    let model = model(&server.uri());
    let large = vec![0; MAX_FILE_BYTES + 1];
    for error in [
        model.look(&[], "en").await.unwrap_err(),
        model.look(&large, "en").await.unwrap_err(),
        model.moderate(&[], Some("x")).await.unwrap_err(),
        model.moderate(&large, None).await.unwrap_err(),
        model
            .embed(&["x".to_owned(), " ".to_owned()])
            .await
            .unwrap_err(),
        model
            .embed(&vec!["x".to_owned(); MAX_TEXTS + 1])
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                ModelError::Refused {
                    status: 0,
                    of_content: false,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert_eq!(model.embed(&[]).await, Ok(vec![]));
}

#[tokio::test]
async fn status_and_code_classify_the_error() {
    for (status, error, expected) in [
        (
            400,
            json!({"message": "no"}),
            ModelError::Refused {
                status: 400,
                of_content: false,
                message: "no".into(),
            },
        ),
        (
            429,
            json!({"code": "insufficient_quota"}),
            ModelError::Unpaid,
        ),
        (
            429,
            json!({"message": "slow down"}),
            ModelError::Busy {
                status: 429,
                retry_after: Some(Duration::from_secs(7)),
                reason: "HTTP 429: slow down".into(),
            },
        ),
        (
            500,
            json!(null),
            ModelError::Busy {
                status: 500,
                retry_after: Some(Duration::from_secs(7)),
                reason: "HTTP 500".into(),
            },
        ),
    ] {
        let template = ResponseTemplate::new(status)
            .insert_header("retry-after", "7")
            .set_body_json(json!({"error": error}));
        let server = server_responding(template).await;
        for error in errors(&model(&server.uri())).await {
            assert_eq!(error, expected);
        }
    }
}

#[tokio::test]
async fn malformed_responses_are_unusable() {
    for body in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        r#"{"data":7,"results":7,"choices":7}"#,
    ] {
        let server = server_responding(ResponseTemplate::new(200).set_body_string(body)).await;
        for error in errors(&model(&server.uri())).await {
            assert!(matches!(error, ModelError::Unusable(_)), "{body} {error}");
        }
    }
}

#[tokio::test]
async fn oversized_response_is_given_up() {
    let huge =
        server_responding(
            ResponseTemplate::new(200).set_body_bytes(vec![b' '; MAX_COMPLETION_BYTES + 1]),
        )
        .await;
    for server in [huge.uri(), servers::endless().await] {
        for error in errors(&model(&server)).await {
            assert!(
                matches!(&error, ModelError::Lost(reason) if reason.contains("too long")),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn transport_failures_tell_not_sent_from_lost() {
    for address in [
        servers::refusing().await,
        "http://no-such-host.invalid".into(),
        "not an address".into(),
    ] {
        for error in errors(&model(&address)).await {
            assert!(matches!(error, ModelError::NotReached(_)), "{error}");
        }
    }
    let servers = [
        (servers::closing().await, false),
        (servers::truncating().await, false),
        (servers::hanging().await, true),
        (servers::trickling().await, true),
    ];
    for (server, is_late) in servers {
        let mut model = model(&server);
        model.timeouts = Timeouts {
            vision: Duration::from_millis(300),
            completion: Duration::from_millis(300),
            other: Duration::from_millis(300),
        };
        let error = model.look(JPEG, "en").await.unwrap_err();
        let is_expected = match error {
            ModelError::TimedOut => is_late,
            ModelError::Lost(_) => !is_late,
            _ => false,
        };
        assert!(is_expected && error.may_try_again(), "{error}");
    }
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let other = MockServer::start().await;
    Mock::given(any())
        .respond_with(ok(completion()))
        .expect(0)
        .mount(&other)
        .await;
    for status in [301, 302, 307, 308] {
        let server = server_responding(
            ResponseTemplate::new(status).insert_header("location", other.uri().as_str()),
        )
        .await;
        for error in errors(&model(&server.uri())).await {
            assert!(
                matches!(
                    error,
                    ModelError::Refused {
                        of_content: false,
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn debug_output_contains_no_key_no_picture_and_no_text() {
    let model = model("http://127.0.0.1:1");
    let error = model
        .moderate(JPEG, Some("secret words"))
        .await
        .unwrap_err();
    let shown = format!("{model:?} {error:?} {error}");
    for private in ["s3cret", "PICTURE", "secret words", "/9j/"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
