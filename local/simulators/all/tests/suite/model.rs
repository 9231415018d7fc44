//! The model's API on the wire: validation and formats.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    fixture::Fixture,
    model_client::{beach, squares},
};

impl Fixture {
    async fn ask_model(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/model/v1/{path}", self.base_url);
        let response = self
            .http
            .post(url)
            .bearer_auth("model-key")
            .json(body)
            .send()
            .await
            .unwrap();
        assert!(
            response.headers()["x-request-id"]
                .to_str()
                .unwrap()
                .starts_with("req_")
        );
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn refused(&self, path: &str, body: &Value) -> (u16, String, Value) {
        let (status, answer) = self.ask_model(path, body).await;
        let error = &answer["error"];
        assert!(
            error["message"].is_string() && error["type"].is_string(),
            "{body} {answer}"
        );
        (
            status,
            error["param"].as_str().unwrap_or_default().to_owned(),
            error["code"].clone(),
        )
    }
}

fn data_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}

fn chat(url: &str) -> Value {
    json!({"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]}]})
}

fn with(mut body: Value, at: &str, value: Value) -> Value {
    *body.pointer_mut(at).unwrap() = value;
    body
}

fn and(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[tokio::test]
async fn completions_have_the_format_of_openai() {
    let fixture = Fixture::start().await;
    let (status, answer) = fixture
        .ask_model("chat/completions", &chat(&data_url(&beach())))
        .await;
    let choice = &answer["choices"][0];
    assert_eq!(
        (status, &answer["object"], &choice["finish_reason"]),
        (200, &json!("chat.completion"), &json!("stop"))
    );
    assert!(
        choice["message"]["content"]
            .as_str()
            .unwrap()
            .contains("view of the"),
        "{answer}"
    );
    assert_eq!(choice["message"]["refusal"], Value::Null);
    let usage = &answer["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
    let short = and(chat(&data_url(&beach())), "max_completion_tokens", 3.into());
    let (_, answer) = fixture.ask_model("chat/completions", &short).await;
    assert_eq!(
        (
            &answer["choices"][0]["finish_reason"],
            &answer["usage"]["completion_tokens"]
        ),
        (&json!("length"), &json!(3))
    );
}

#[tokio::test]
async fn completions_fit_the_schema_without_a_picture() {
    let fixture = Fixture::start().await;
    let schema = json!({"type": "object", "properties": {"title": {"type": "string"}, "sure": {"type": "boolean"}},
        "required": ["title", "sure"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "strict": true, "schema": schema}});
    let body = json!({"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hello"}], "response_format": format});
    let (status, answer) = fixture.ask_model("chat/completions", &body).await;
    let content: Value =
        serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(
        (status, content),
        (200, json!({"title": "", "sure": false}))
    );
    let open = with(
        body,
        "/response_format/json_schema/schema/required",
        json!(["title"]),
    );
    assert_eq!(
        fixture.refused("chat/completions", &open).await,
        (400, "response_format".into(), Value::Null)
    );
}

#[tokio::test]
async fn pictures_are_fetched_from_this_machine_only() {
    let fixture = Fixture::start().await;
    let photo = format!(
        "{}/astria/selfies/1.jpg?person=dana&class=woman",
        fixture.base_url
    );
    assert_eq!(
        fixture.ask_model("chat/completions", &chat(&photo)).await.0,
        200
    );
    let at = "messages[0].content[1].image_url.url";
    for url in [
        "https://example.com/a.jpg",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "not an address",
        &format!("{}/nothing-here", fixture.base_url),
    ] {
        assert_eq!(
            fixture.refused("chat/completions", &chat(url)).await,
            (400, at.into(), json!("invalid_image_url")),
            "{url}"
        );
    }
    for (url, code) in [
        ("data:image/jpeg;base64,%%%", "invalid_base64"),
        ("data:text/html;base64,AAAA", "invalid_image_format"),
        ("data:image/jpeg,AAAA", "invalid_image_format"),
        ("data:", "invalid_image_format"),
        ("data:image/jpeg;base64,", "image_parse_error"),
        ("data:image/png;base64,AAAA", "image_parse_error"),
    ] {
        assert_eq!(
            fixture.refused("chat/completions", &chat(url)).await,
            (400, at.into(), json!(code)),
            "{url}"
        );
    }
}

#[tokio::test]
async fn invalid_fields_are_refused_by_name() {
    let fixture = Fixture::start().await;
    let chat = chat(&data_url(&beach()));
    for (path, body, param) in [
        (
            "chat/completions",
            and(chat.clone(), "foo", 1.into()),
            "foo",
        ),
        (
            "chat/completions",
            and(chat.clone(), "stream", true.into()),
            "stream",
        ),
        (
            "chat/completions",
            and(chat.clone(), "tools", json!([])),
            "tools",
        ),
        (
            "chat/completions",
            and(chat.clone(), "temperature", 3.into()),
            "temperature",
        ),
        (
            "chat/completions",
            and(chat.clone(), "max_completion_tokens", 0.into()),
            "max_completion_tokens",
        ),
        (
            "chat/completions",
            and(chat.clone(), "response_format", json!({"type": "xml"})),
            "response_format.type",
        ),
        (
            "chat/completions",
            and(
                chat.clone(),
                "response_format",
                json!({"type": "json_schema", "schema": {}}),
            ),
            "response_format.schema",
        ),
        (
            "chat/completions",
            json!({"model": "gpt-4.1-mini"}),
            "messages",
        ),
        ("chat/completions", json!({"messages": []}), "model"),
        (
            "chat/completions",
            and(chat.clone(), "messages", json!([])),
            "messages",
        ),
        (
            "chat/completions",
            and(
                chat.clone(),
                "messages",
                json!([{"role": "boss", "content": "x"}]),
            ),
            "messages[0].role",
        ),
        (
            "chat/completions",
            and(chat.clone(), "messages", json!([{"role": "user"}])),
            "messages[0].content",
        ),
        (
            "chat/completions",
            with(chat.clone(), "/messages/0/role", "system".into()),
            "messages[0].content[1].type",
        ),
        (
            "chat/completions",
            with(chat.clone(), "/messages/0/content/0/text", 7.into()),
            "messages[0].content[0].text",
        ),
        (
            "chat/completions",
            with(
                chat.clone(),
                "/messages/0/content/1/image_url/detail",
                "lo".into(),
            ),
            "messages[0].content[1].image_url.detail",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small"}),
            "input",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": [], "x": 1}),
            "x",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": []}),
            "input",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": ["a", ""]}),
            "input",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": [[1, 2]]}),
            "input",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": "a", "dimensions": 1_537}),
            "dimensions",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-ada-002", "input": "a", "dimensions": 256}),
            "dimensions",
        ),
        (
            "embeddings",
            json!({"model": "text-embedding-3-small", "input": "a", "encoding_format": "hex"}),
            "encoding_format",
        ),
        (
            "moderations",
            json!({"input": "a", "threshold": 1}),
            "threshold",
        ),
        (
            "moderations",
            json!({"input": [{"type": "sound"}]}),
            "input[0].type",
        ),
        (
            "moderations",
            json!({"input": [{"type": "image_url", "image_url": {"url": "x", "detail": "low"}}]}),
            "input[0].image_url.detail",
        ),
    ] {
        let (status, named, _) = fixture.refused(path, &body).await;
        assert_eq!((status, named.as_str()), (400, param), "{path} {body:.200}");
    }
    for (path, body) in [
        (
            "chat/completions",
            and(chat.clone(), "model", "llama".into()),
        ),
        ("embeddings", json!({"model": "gpt-4.1-mini", "input": "a"})),
        (
            "moderations",
            json!({"model": "gpt-4.1-mini", "input": "a"}),
        ),
    ] {
        assert_eq!(
            fixture.refused(path, &body).await,
            (404, String::new(), json!("model_not_found")),
            "{path}"
        );
    }
    assert_eq!(fixture.refused("completions", &json!({})).await.0, 404);
    assert_eq!(fixture.refused("embeddings", &json!([])).await.0, 400);
}

#[tokio::test]
async fn calls_without_key_or_json_are_refused() {
    let fixture = Fixture::start().await;
    let url = format!("{}/model/v1/embeddings", fixture.base_url);
    let body = json!({"model": "text-embedding-3-small", "input": "a"});
    let post = || fixture.http.post(&url);
    for (request, status) in [
        (post().json(&body), 401),
        (post().json(&body).bearer_auth("sk-other"), 401),
        (post().json(&body).header("authorization", "model-key"), 401),
        (post().body(body.to_string()).bearer_auth("model-key"), 400),
        (
            post()
                .body("{")
                .header("content-type", "application/json")
                .bearer_auth("model-key"),
            400,
        ),
        (fixture.http.get(&url).bearer_auth("model-key"), 404),
        (post().json(&body).bearer_auth("model-key"), 200),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"]["message"].is_string(), status != 200);
        assert!(!answer.to_string().contains("sk-other"));
    }
}

#[tokio::test]
async fn embeddings_are_numbers_or_base64() {
    let fixture = Fixture::start().await;
    let body =
        json!({"model": "text-embedding-3-small", "input": ["a pier", "a beach"], "dimensions": 8});
    let (_, numbers) = fixture.ask_model("embeddings", &body).await;
    let (_, bytes) = fixture
        .ask_model("embeddings", &and(body, "encoding_format", "base64".into()))
        .await;
    for (at, data) in numbers["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (&data["index"], &data["object"]),
            (&json!(at), &json!("embedding"))
        );
        let raw = STANDARD
            .decode(bytes["data"][at]["embedding"].as_str().unwrap())
            .unwrap();
        let parts = raw
            .chunks(4)
            .map(|part| f32::from_le_bytes(part.try_into().unwrap()));
        let numbers = data["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part.as_f64().unwrap() as f32);
        assert_eq!(parts.collect::<Vec<_>>(), numbers.collect::<Vec<_>>());
    }
    let (_, whole) = fixture
        .ask_model(
            "embeddings",
            &json!({"model": "text-embedding-3-large", "input": "x"}),
        )
        .await;
    assert_eq!(
        whole["data"][0]["embedding"].as_array().unwrap().len(),
        3_072
    );
}

#[tokio::test]
async fn moderations_have_one_result_per_text_and_one_for_parts() {
    let fixture = Fixture::start().await;
    let (_, answer) = fixture
        .ask_model("moderations", &json!({"input": ["hello", "flagme"]}))
        .await;
    assert_eq!(
        (
            &answer["results"][0]["flagged"],
            &answer["results"][1]["flagged"]
        ),
        (&json!(false), &json!(true))
    );
    let picture = json!({"type": "image_url", "image_url": {"url": data_url(&squares())}});
    let parts = json!({"model": "omni-moderation-latest", "input": [{"type": "text", "text": "hello"}, picture]});
    let (_, answer) = fixture.ask_model("moderations", &parts).await;
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        (results.len(), &results[0]["categories"]["violence/graphic"]),
        (1, &json!(true))
    );
    assert_eq!(
        results[0]["category_applied_input_types"]["violence"],
        json!(["text", "image"])
    );
    assert_eq!(
        results[0]["category_applied_input_types"]["hate"],
        json!(["text"])
    );
    let two = json!({"input": [picture, picture]});
    assert_eq!(fixture.refused("moderations", &two).await.0, 400);
}

#[tokio::test]
async fn settings_are_checked_and_survive_a_restart() {
    let fixture = Fixture::start().await;
    let changed = fixture
        .api(
            "PUT",
            "model/settings",
            json!({"answer": "short", "latency_ms": 1}),
        )
        .await;
    assert_eq!(
        changed,
        json!({"latency_ms": 1, "fail_percent": 0, "answer": "short", "slow_ms": 60_000})
    );
    for (path, body) in [
        ("settings", json!({"answer": "loud"})),
        ("settings", json!({"fail_percent": 101})),
        ("settings", json!({"latency_ms": -1})),
        ("settings", json!({"slow_ms": 600_001})),
        ("settings", json!({"more": 1})),
        ("faults", json!({"calls": [{"http": 200}]})),
        ("faults", json!({"calls": [{"when": "now"}]})),
    ] {
        assert_eq!(
            fixture
                .ask("PUT", &format!("/api/model/{path}"), &body)
                .await
                .0,
            400,
            "{body}"
        );
    }
    let fixture = fixture.restart_after_kill().await;
    assert_eq!(
        fixture.api("GET", "model/settings", Value::Null).await,
        changed
    );
}
