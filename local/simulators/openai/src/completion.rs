//! What the model answers in a conversation, and what is wrong with it when it is to be.

use serde_json::{Value, json};

use crate::{
    names::{Language, described},
    schema::filled,
    settings::AnswerMode,
    sight::Sight,
};

/// What was asked, as far as it matters.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) model: String,
    /// All that was said.
    pub(crate) words: String,
    pub(crate) sight: Option<Sight>,
    pub(crate) form: Form,
    pub(crate) prompt_tokens: u64,
    pub(crate) most_tokens: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    Text,
    Json,
    Schema(Value),
}

#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) content: Option<String>,
    pub(crate) refusal: Option<&'static str>,
    pub(crate) finish_reason: &'static str,
    pub(crate) completion_tokens: u64,
}

const REFUSAL: &str = "I'm sorry, I can't help with that picture.";

pub(crate) fn said(question: &Question, mode: AnswerMode) -> Said {
    if mode == AnswerMode::Refusal {
        let completion_tokens = tokens(REFUSAL);
        return Said {
            content: None,
            refusal: Some(REFUSAL),
            finish_reason: "stop",
            completion_tokens,
        };
    }
    let content = if mode == AnswerMode::Garbage {
        garbage()
    } else {
        good(question)
    };
    let all = tokens(&content);
    let half = (mode == AnswerMode::Short).then_some(all / 2);
    let most = question
        .most_tokens
        .into_iter()
        .chain(half)
        .min()
        .filter(|most| *most < all);
    match most {
        Some(most) => {
            let share = content.chars().count() * most as usize / all as usize;
            let content = Some(content.chars().take(share).collect());
            Said {
                content,
                refusal: None,
                finish_reason: "length",
                completion_tokens: most,
            }
        }
        None => Said {
            content: Some(content),
            refusal: None,
            finish_reason: "stop",
            completion_tokens: all,
        },
    }
}

fn good(question: &Question) -> String {
    let known = question
        .sight
        .as_ref()
        .map(|sight| described(sight, Language::asked_for(&question.words)));
    match &question.form {
        Form::Schema(schema) => filled(schema, known.as_ref()).to_string(),
        Form::Json => known.unwrap_or_else(|| json!({})).to_string(),
        Form::Text => match &known {
            Some(known) => known["caption"]["caption"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            None => format!(
                "Here is a laptop, which has read {} words.",
                question.words.split_whitespace().count()
            ),
        },
    }
}

/// It has the form, and nothing in it is of use: no words, the marks of another page, directions, and too much of it.
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

/// About as many as there are: four letters of English, or one and a half of other scripts.
pub(crate) fn tokens(text: &str) -> u64 {
    let (plain, other) = text
        .chars()
        .fold((0, 0), |(plain, other), c| match c.is_ascii() {
            true => (plain + 1, other),
            false => (plain, other + 1),
        });
    plain / 4 + other * 2 / 3 + 1
}
