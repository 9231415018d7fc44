//! Chat completions: the request with a strict schema, and what became of it.

use confab_provider_base::lenient::{Lenient, LenientString, LenientVec};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ModelError;

/// A conversation whose answer has the form of a schema.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    pub messages: Vec<ChatMessage>,
    /// Letters, digits, underscores and dashes.
    pub schema_name: &'static str,
    pub schema: Value,
    /// Limit of the completion, with the tokens of reasoning.
    pub max_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    pub role: Role,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl ChatRequest {
    pub(super) fn render(&self, model: &str) -> Value {
        let messages = self.messages.iter();
        let message =
            |message: &ChatMessage| json!({"role": message.role.name(), "content": message.text});
        json!({
            "model": model,
            "messages": messages.map(message).collect::<Vec<_>>(),
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": self.schema_name, "strict": true, "schema": self.schema},
            },
            "max_completion_tokens": self.max_tokens,
        })
    }
}

/// A completion. Each outcome is charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub outcome: CompletionOutcome,
    /// `None` from servers that do not count, or count no number.
    pub usage: Option<Usage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionOutcome {
    /// What the model wrote. The schema is the server's promise, and checked by the caller.
    Text(String),
    /// The text ended at the token limit.
    CutOff,
    /// The model declined, or a filter of the provider did.
    Declined,
}

/// The tokens that are charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    /// Part of `prompt_tokens`, at a lower price.
    pub cached_tokens: u64,
    pub completion_tokens: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionWire {
    choices: LenientVec<Choice>,
    usage: Lenient<UsageWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Choice {
    message: Lenient<Message>,
    finish_reason: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    content: LenientString,
    refusal: LenientString,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UsageWire {
    prompt_tokens: Lenient<u64>,
    completion_tokens: Lenient<u64>,
    prompt_tokens_details: Lenient<PromptDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Lenient<u64>,
}

/// Parses the response to a [`ChatRequest`].
pub fn parse_completion(body: &[u8]) -> Result<Completion, ModelError> {
    let wire: CompletionWire =
        serde_json::from_slice(body).map_err(|_| ModelError::Unusable("no completion"))?;
    let choice = wire.choices.items.into_iter().next();
    let choice = choice.ok_or(ModelError::Unusable("no choice"))?;
    let message = choice.message.0.unwrap_or_default();
    let is_refused = message
        .refusal
        .get()
        .is_some_and(|refusal| !refusal.trim().is_empty());
    let outcome = match (choice.finish_reason.get(), message.content.get()) {
        (Some("content_filter"), _) => CompletionOutcome::Declined,
        _ if is_refused => CompletionOutcome::Declined,
        (Some("length"), _) => CompletionOutcome::CutOff,
        (_, Some(content)) => CompletionOutcome::Text(content.to_owned()),
        (_, None) => return Err(ModelError::Unusable("no content")),
    };
    let usage = wire.usage.0.and_then(UsageWire::read);
    Ok(Completion { outcome, usage })
}

impl UsageWire {
    fn read(self) -> Option<Usage> {
        let details = self.prompt_tokens_details.0.unwrap_or_default();
        Some(Usage {
            prompt_tokens: self.prompt_tokens.0?,
            cached_tokens: details.cached_tokens.0.unwrap_or(0),
            completion_tokens: self.completion_tokens.0?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(choice: &Value, usage: &Value) -> Result<Completion, ModelError> {
        let body = json!({"choices": [choice], "usage": usage}).to_string();
        parse_completion(body.as_bytes())
    }

    fn choice(content: &Value, refusal: &Value, finish_reason: &str) -> Value {
        let message = json!({"role": "assistant", "content": content, "refusal": refusal});
        json!({"index": 0, "message": message, "finish_reason": finish_reason})
    }

    #[test]
    fn completions_are_texts_or_cut_off_or_declined() {
        let text = || CompletionOutcome::Text("{}".into());
        for (content, refusal, finish_reason, outcome) in [
            (json!("{}"), json!(null), "stop", text()),
            (json!("{}"), json!(" "), "stop", text()),
            (json!("{"), json!(null), "length", CompletionOutcome::CutOff),
            (
                json!(null),
                json!(null),
                "length",
                CompletionOutcome::CutOff,
            ),
            (
                json!(null),
                json!("No."),
                "stop",
                CompletionOutcome::Declined,
            ),
            (
                json!("{}"),
                json!("No."),
                "length",
                CompletionOutcome::Declined,
            ),
            (
                json!("{"),
                json!(null),
                "content_filter",
                CompletionOutcome::Declined,
            ),
        ] {
            let choice = choice(&content, &refusal, finish_reason);
            assert_eq!(
                read(&choice, &json!(null)).unwrap().outcome,
                outcome,
                "{choice}"
            );
        }
    }

    #[test]
    fn usage_has_the_cached_part_of_the_prompt() {
        let choice = choice(&json!("{}"), &json!(null), "stop");
        let usage = json!({"prompt_tokens": 1_500, "completion_tokens": 900, "total_tokens": 2_400,
            "prompt_tokens_details": {"cached_tokens": 1_024}});
        let expected = Usage {
            prompt_tokens: 1_500,
            cached_tokens: 1_024,
            completion_tokens: 900,
        };
        assert_eq!(read(&choice, &usage).unwrap().usage, Some(expected));
        let plain = json!({"prompt_tokens": 1, "completion_tokens": 2});
        let cached = read(&choice, &plain).unwrap().usage.unwrap().cached_tokens;
        assert_eq!(cached, 0);
        for broken in [
            json!(null),
            json!({}),
            json!({"prompt_tokens": 1}),
            json!({"prompt_tokens": -1, "completion_tokens": 2}),
            json!({"prompt_tokens": "1", "completion_tokens": 2}),
        ] {
            assert_eq!(read(&choice, &broken).unwrap().usage, None, "{broken}");
        }
    }

    #[test]
    fn bodies_without_a_completion_are_unusable() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"choices":[]}"#,
            r#"{"choices":[7]}"#,
        ] {
            let error = parse_completion(body.as_bytes()).unwrap_err();
            assert!(matches!(error, ModelError::Unusable(_)), "{body}");
        }
        let nothing = choice(&json!(null), &json!(null), "stop");
        assert!(read(&nothing, &json!(null)).is_err());
    }

    #[test]
    fn request_has_the_conversation_and_a_strict_schema() {
        let message = |role, text: &str| ChatMessage {
            role,
            text: text.into(),
        };
        let request = ChatRequest {
            messages: vec![
                message(Role::System, "Rules."),
                message(Role::User, "{}"),
                message(Role::Assistant, "[]"),
            ],
            schema_name: "carousel",
            schema: json!({"type": "object"}),
            max_tokens: 10,
        };
        let expected = json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "Rules."},
                {"role": "user", "content": "{}"},
                {"role": "assistant", "content": "[]"},
            ],
            "response_format": {"type": "json_schema", "json_schema":
                {"name": "carousel", "strict": true, "schema": {"type": "object"}}},
            "max_completion_tokens": 10,
        });
        assert_eq!(request.render("m"), expected);
    }
}
