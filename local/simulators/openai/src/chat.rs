//! `POST /chat/completions`: what is asked, refused where OpenAI would.

use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    completion::{Form, Question, said, tokens},
    fields::Fields,
    ids,
    openai::OpenAi,
    pictures,
    reply::ApiReply,
    schema,
    settings::AnswerMode,
    sight::look,
};

const KNOWN: &[&str] = &[
    "frequency_penalty",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "n",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "stream",
    "temperature",
    "top_p",
    "user",
    "verbosity",
];
const OTHERS: &[&str] = &[
    "audio",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "modalities",
    "moderation",
    "parallel_tool_calls",
    "prediction",
    "prompt_cache_options",
    "prompt_cache_retention",
    "stop",
    "stream_options",
    "tool_choice",
    "tools",
    "top_logprobs",
    "web_search_options",
];
const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];
/// What a picture costs that is looked at from afar, and one that is looked at closely.
const LOW: u64 = 85;
const HIGH: u64 = 765;

pub(crate) async fn answer(
    openai: &OpenAi,
    body: &Value,
    mode: AnswerMode,
) -> Result<ApiReply, ApiError> {
    let question = question(openai, body).await?;
    let said = said(&question, mode);
    let (prompt, completion) = (question.prompt_tokens, said.completion_tokens);
    let body = json!({
        "id": ids::new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": openai.context.now() / 1_000,
        "model": question.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": said.content, "refusal": said.refusal, "annotations": []},
            "logprobs": null,
            "finish_reason": said.finish_reason,
        }],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_laptop",
    });
    Ok(ApiReply {
        body,
        prompt_tokens: prompt,
        completion_tokens: completion,
    })
}

async fn question(openai: &OpenAi, body: &Value) -> Result<Question, ApiError> {
    let fields = Fields::of(body, "")?;
    fields.only(KNOWN, OTHERS)?;
    let model = fields.text("model")?;
    if !["gpt-", "chatgpt-", "o1", "o3", "o4"]
        .iter()
        .any(|start| model.starts_with(start))
    {
        return Err(ApiError::model(model));
    }
    check_values(&fields)?;
    let mut question = Question {
        model: model.to_owned(),
        words: String::new(),
        sight: None,
        form: form(&fields)?,
        prompt_tokens: 0,
        most_tokens: fields
            .number("max_completion_tokens", 1, 1_000_000)?
            .or(fields.number("max_tokens", 1, 1_000_000)?),
    };
    for (at, message) in fields.list("messages")?.iter().enumerate() {
        read(
            openai,
            &Fields::of(message, format!("messages[{at}]"))?,
            &mut question,
        )
        .await?;
    }
    question.prompt_tokens += tokens(&question.words);
    Ok(question)
}

/// Of what has no effect here, only whether it is what it should be.
fn check_values(fields: &Fields<'_>) -> Result<(), ApiError> {
    fields.number_between("temperature", 0.0, 2.0)?;
    fields.number_between("top_p", 0.0, 1.0)?;
    fields.number_between("frequency_penalty", -2.0, 2.0)?;
    fields.number_between("presence_penalty", -2.0, 2.0)?;
    fields.one_of(
        "reasoning_effort",
        &["none", "minimal", "low", "medium", "high", "xhigh"],
    )?;
    fields.one_of("verbosity", &["low", "medium", "high"])?;
    if fields.number("n", 1, 128)?.is_some_and(|n| n > 1) {
        return Err(ApiError::not_here("n"));
    }
    match fields.get("stream") {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(_) => Err(ApiError::not_here("stream")),
    }
}

fn form(fields: &Fields<'_>) -> Result<Form, ApiError> {
    let Some(format) = fields.get("response_format") else {
        return Ok(Form::Text);
    };
    let format = Fields::of(format, "response_format")?;
    format.only(&["type", "json_schema"], &[])?;
    format.need("type")?;
    match format.one_of("type", &["text", "json_object", "json_schema"])? {
        Some("json_schema") => {}
        Some("json_object") => return Ok(Form::Json),
        _ => return Ok(Form::Text),
    }
    let described = Fields::of(format.need("json_schema")?, format.place("json_schema"))?;
    described.only(&["name", "description", "schema", "strict"], &[])?;
    let name = described.text("name")?;
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !(1..=64).contains(&name.len()) || !name.chars().all(is_safe) {
        return Err(ApiError::value(
            &described.place("name"),
            "1 to 64 letters, digits, underscores and dashes",
        ));
    }
    let schema = described.need("schema")?;
    if described.get("strict") == Some(&Value::Bool(true)) {
        schema::check(name, schema)?;
    }
    Ok(Form::Schema(schema.clone()))
}

async fn read(
    openai: &OpenAi,
    message: &Fields<'_>,
    question: &mut Question,
) -> Result<(), ApiError> {
    message.only(
        &["role", "content", "name", "refusal"],
        &["audio", "function_call", "tool_calls", "tool_call_id"],
    )?;
    message.need("role")?;
    let role = message.one_of("role", &ROLES)?;
    if message.need("content")?.is_string() {
        question.hear(message.text("content")?);
        return Ok(());
    }
    for (at, part) in message.list("content")?.iter().enumerate() {
        let part = Fields::of(part, format!("{}[{at}]", message.place("content")))?;
        part.need("type")?;
        match part.one_of("type", &["text", "image_url"])? {
            Some("image_url") if role != Some("user") => {
                return Err(ApiError::value(
                    &part.place("type"),
                    "a picture in a message of the user",
                ));
            }
            Some("image_url") => {
                part.only(&["type", "image_url"], &[])?;
                see(
                    openai,
                    &Fields::of(part.need("image_url")?, part.place("image_url"))?,
                    question,
                )
                .await?;
            }
            _ => {
                part.only(&["type", "text"], &[])?;
                question.hear(part.text("text")?);
            }
        }
    }
    Ok(())
}

async fn see(openai: &OpenAi, image: &Fields<'_>, question: &mut Question) -> Result<(), ApiError> {
    image.only(&["url", "detail"], &[])?;
    let detail = image.one_of("detail", &["auto", "low", "high"])?;
    let picture = pictures::read(openai, image.text("url")?, &image.place("url")).await?;
    question.prompt_tokens += if detail == Some("low") { LOW } else { HIGH };
    // It speaks of the first one, and pays for all.
    if question.sight.is_none() {
        let sight = tokio::task::spawn_blocking(move || look(&picture)).await;
        question.sight = Some(sight.map_err(|_| ApiError::failed())?);
    }
    Ok(())
}

impl Question {
    fn hear(&mut self, words: &str) {
        self.words.push_str(words);
        self.words.push('\n');
    }
}
