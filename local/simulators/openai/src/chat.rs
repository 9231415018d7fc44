//! `POST /chat/completions`, with OpenAI's validation.

use serde_json::{Value, json};

use crate::{
    api_error::ApiError,
    completion::{CompletionRequest, ResponseFormat, complete, tokens},
    features::extract_features,
    fields::Fields,
    ids,
    openai::OpenAi,
    pictures,
    reply::ApiReply,
    schema,
    settings::AnswerMode,
};

const KNOWN_FIELDS: &[&str] = &[
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
const UNSUPPORTED_FIELDS: &[&str] = &[
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
/// Tokens of a picture in low and in high detail.
const LOW_DETAIL_TOKENS: u64 = 85;
const HIGH_DETAIL_TOKENS: u64 = 765;

pub(crate) async fn answer(
    openai: &OpenAi,
    body: &Value,
    mode: AnswerMode,
) -> Result<ApiReply, ApiError> {
    let request = parse_request(openai, body).await?;
    let completion = complete(&request, mode);
    let (prompt_tokens, completion_tokens) = (request.prompt_tokens, completion.completion_tokens);
    let body = json!({
        "id": ids::new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": openai.context.now() / 1_000,
        "model": request.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": completion.content, "refusal": completion.refusal, "annotations": []},
            "logprobs": null,
            "finish_reason": completion.finish_reason,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
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
        prompt_tokens,
        completion_tokens,
    })
}

async fn parse_request(openai: &OpenAi, body: &Value) -> Result<CompletionRequest, ApiError> {
    let fields = Fields::of(body, "")?;
    fields.only(KNOWN_FIELDS, UNSUPPORTED_FIELDS)?;
    let model = fields.text("model")?;
    if !["gpt-", "chatgpt-", "o1", "o3", "o4"]
        .iter()
        .any(|start| model.starts_with(start))
    {
        return Err(ApiError::model(model));
    }
    check_values(&fields)?;
    let mut request = CompletionRequest {
        model: model.to_owned(),
        words: String::new(),
        first_message: None,
        features: None,
        form: response_format(&fields)?,
        prompt_tokens: 0,
        most_tokens: fields
            .number("max_completion_tokens", 1, 1_000_000)?
            .or(fields.number("max_tokens", 1, 1_000_000)?),
    };
    for (at, message) in fields.list("messages")?.iter().enumerate() {
        add_message(
            openai,
            &Fields::of(message, format!("messages[{at}]"))?,
            &mut request,
        )
        .await?;
    }
    request.prompt_tokens += tokens(&request.words);
    Ok(request)
}

/// Checks fields that have no effect here.
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

fn response_format(fields: &Fields<'_>) -> Result<ResponseFormat, ApiError> {
    let Some(format) = fields.get("response_format") else {
        return Ok(ResponseFormat::Text);
    };
    let format = Fields::of(format, "response_format")?;
    format.only(&["type", "json_schema"], &[])?;
    format.need("type")?;
    match format.one_of("type", &["text", "json_object", "json_schema"])? {
        Some("json_schema") => {}
        Some("json_object") => return Ok(ResponseFormat::Json),
        _ => return Ok(ResponseFormat::Text),
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
    Ok(ResponseFormat::Schema(schema.clone()))
}

async fn add_message(
    openai: &OpenAi,
    message: &Fields<'_>,
    request: &mut CompletionRequest,
) -> Result<(), ApiError> {
    message.only(
        &["role", "content", "name", "refusal"],
        &["audio", "function_call", "tool_calls", "tool_call_id"],
    )?;
    message.need("role")?;
    let role = message.one_of("role", &ROLES)?;
    if message.need("content")?.is_string() {
        let text = message.text("content")?;
        request.add_text(text);
        if role == Some("user") && request.first_message.is_none() {
            request.first_message = Some(text.to_owned());
        }
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
                add_image(
                    openai,
                    &Fields::of(part.need("image_url")?, part.place("image_url"))?,
                    request,
                )
                .await?;
            }
            _ => {
                part.only(&["type", "text"], &[])?;
                request.add_text(part.text("text")?);
            }
        }
    }
    Ok(())
}

async fn add_image(
    openai: &OpenAi,
    image: &Fields<'_>,
    request: &mut CompletionRequest,
) -> Result<(), ApiError> {
    image.only(&["url", "detail"], &[])?;
    let detail = image.one_of("detail", &["auto", "low", "high"])?;
    let picture = pictures::read(openai, image.text("url")?, &image.place("url")).await?;
    request.prompt_tokens += if detail == Some("low") {
        LOW_DETAIL_TOKENS
    } else {
        HIGH_DETAIL_TOKENS
    };
    // The completion describes the first picture, and all of them cost tokens.
    if request.features.is_none() {
        let features = tokio::task::spawn_blocking(move || extract_features(&picture)).await;
        request.features = Some(features.map_err(|_| ApiError::failed())?);
    }
    Ok(())
}

impl CompletionRequest {
    fn add_text(&mut self, words: &str) {
        self.words.push_str(words);
        self.words.push('\n');
    }
}
