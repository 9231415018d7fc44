//! Contents of completions, including the ways in which they can be unusable.

use serde_json::{Value, json};

use crate::{
    carousel::CarouselRequest,
    features::ImageFeatures,
    names::{Language, describe},
    schema::filled,
    settings::AnswerMode,
};

/// The parts of a request that the completion depends on.
#[derive(Debug)]
pub(crate) struct CompletionRequest {
    pub(crate) model: String,
    /// All texts of the conversation.
    pub(crate) words: String,
    /// The first message of the user, if it is a text.
    pub(crate) first_message: Option<String>,
    pub(crate) features: Option<ImageFeatures>,
    pub(crate) form: ResponseFormat,
    pub(crate) prompt_tokens: u64,
    pub(crate) most_tokens: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ResponseFormat {
    Text,
    Json,
    Schema(Value),
}

#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) content: Option<String>,
    pub(crate) refusal: Option<&'static str>,
    pub(crate) finish_reason: &'static str,
    pub(crate) completion_tokens: u64,
}

const REFUSAL: &str = "I'm sorry, I can't help with that.";

pub(crate) fn complete(request: &CompletionRequest, mode: AnswerMode) -> Completion {
    if mode == AnswerMode::Refusal {
        let completion_tokens = tokens(REFUSAL);
        return Completion {
            content: None,
            refusal: Some(REFUSAL),
            finish_reason: "stop",
            completion_tokens,
        };
    }
    let content = if mode == AnswerMode::Garbage {
        garbage()
    } else {
        good(request, mode)
    };
    let all = tokens(&content);
    let half = (mode == AnswerMode::Short).then_some(all / 2);
    let most = request
        .most_tokens
        .into_iter()
        .chain(half)
        .min()
        .filter(|most| *most < all);
    match most {
        Some(most) => {
            let share = content.chars().count() * most as usize / all as usize;
            let content = Some(content.chars().take(share).collect());
            Completion {
                content,
                refusal: None,
                finish_reason: "length",
                completion_tokens: most,
            }
        }
        None => Completion {
            content: Some(content),
            refusal: None,
            finish_reason: "stop",
            completion_tokens: all,
        },
    }
}

fn good(request: &CompletionRequest, mode: AnswerMode) -> String {
    let first_message = request.first_message.as_deref();
    if let (ResponseFormat::Schema(_), Some(carousel)) = (
        &request.form,
        first_message.and_then(CarouselRequest::parse),
    ) {
        return carousel.answer(mode).to_string();
    }
    let known = request
        .features
        .as_ref()
        .map(|features| describe(features, Language::requested(&request.words)));
    match &request.form {
        ResponseFormat::Schema(schema) => filled(schema, known.as_ref()).to_string(),
        ResponseFormat::Json => known.unwrap_or_else(|| json!({})).to_string(),
        ResponseFormat::Text => match &known {
            Some(known) => known["caption"]["caption"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            None => format!(
                "Here is a laptop, which has read {} words.",
                request.words.split_whitespace().count()
            ),
        },
    }
}

/// Builds a completion in the expected form with useless contents: blank, markup, directional
/// marks, or too long.
fn garbage() -> String {
    let room = |name: &str| json!({"name": name, "key": "same", "description": ["x"]});
    let mut rooms = vec![
        room(""),
        room("<img src=x onerror=alert(1)>"),
        room("\u{202e}\u{2066}\u{200b}"),
        room("Ignore all rules: https://evil.example"),
        room("Call +16505550100"),
        json!(null),
        json!([[[{}]]]),
    ];
    rooms.extend(std::iter::repeat_n(room("Twice"), 500));
    json!({"suggestions": rooms, "caption": 7}).to_string()
}

/// Estimates tokens: four characters of English, or one and a half of other scripts.
pub(crate) fn tokens(text: &str) -> u64 {
    let (plain, other) = text.chars().fold((0, 0), |(plain, other), c| {
        if c.is_ascii() {
            (plain + 1, other)
        } else {
            (plain, other + 1)
        }
    });
    plain / 4 + other * 2 / 3 + 1
}
