//! Carousels of the model through the app's client, and the defects of single answers.

use confab_openai::{
    ChatMessage, ChatRequest, CompletionOutcome, Model, ModelConfig, ModelError, Role,
};
use serde_json::{Value, json};

use crate::fixture::Fixture;

fn request(topic: &str) -> ChatRequest {
    let data = json!({"subject": {"kind": "topic", "text": topic}, "language": {"code": "en"}, "count": 5});
    let text = |name: &str| (name.to_owned(), json!({"type": "string"}));
    let properties: serde_json::Map<_, _> = ["title", "caption"].into_iter().map(text).collect();
    let message = |role, text: String| ChatMessage { role, text };
    ChatRequest {
        messages: vec![
            message(Role::System, "Write slides.".to_owned()),
            message(Role::User, data.to_string()),
        ],
        schema_name: "carousel",
        schema: json!({"type": "object", "properties": properties, "required": ["title", "caption"],
            "additionalProperties": false}),
        max_tokens: 4_000,
    }
}

impl Fixture {
    fn writer(&self) -> Model {
        let key = "model-key".to_owned().into();
        let config = ModelConfig::new(format!("{}/model/v1", self.base_url), key);
        Model::new(self.http.clone(), config)
    }

    async fn slides(&self) -> Value {
        let completion = self.writer().complete(&request("small habits")).await;
        let CompletionOutcome::Text(text) = completion.unwrap().outcome else {
            panic!("no text")
        };
        let answer: Value = serde_json::from_str(&text).unwrap();
        answer["slides"].clone()
    }
}

#[tokio::test]
async fn carousels_are_written_and_their_tokens_counted() {
    let fixture = Fixture::start().await;
    let slides = fixture.slides().await;
    assert_eq!(slides.as_array().unwrap().len(), 5);
    assert_eq!(slides[0]["title"], "small habits: where to begin");
    let completion = fixture.writer().complete(&request("x")).await.unwrap();
    let usage = completion.usage.unwrap();
    assert!(usage.prompt_tokens > 10 && usage.completion_tokens > 100);
}

#[tokio::test]
async fn defect_of_a_fault_is_in_the_next_answer_alone() {
    let fixture = Fixture::start().await;
    let fault = json!({"calls": [{"answer": "wrong_count", "path": "chat"}]});
    fixture.api("PUT", "model/faults", fault).await;
    assert_eq!(fixture.slides().await.as_array().unwrap().len(), 4);
    assert_eq!(fixture.slides().await.as_array().unwrap().len(), 5);
    let fault = json!({"calls": [{"answer": "refusal"}]});
    fixture.api("PUT", "model/faults", fault).await;
    let refused = fixture.writer().complete(&request("x")).await.unwrap();
    assert_eq!(refused.outcome, CompletionOutcome::Declined);
}

#[tokio::test]
async fn texts_are_moderated_by_three_words() {
    let fixture = Fixture::start().await;
    let model = fixture.writer();
    for (text, category) in [
        ("please FlagMe", Some("harassment")),
        ("flaghate", Some("hate")),
        ("flagharm", Some("self-harm")),
        ("small habits", None),
    ] {
        let verdict = model.moderate_text(text).await.unwrap();
        assert_eq!(verdict.flagged, category.is_some(), "{text}");
        assert_eq!(verdict.categories.first().map(String::as_str), category);
    }
    let fault = json!({"calls": [{"http": 503, "path": "moderations"}]});
    fixture.api("PUT", "model/faults", fault).await;
    let error = model.moderate_text("x").await.unwrap_err();
    assert!(matches!(error, ModelError::Busy { .. }), "{error}");
}
