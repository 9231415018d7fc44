//! `POST /moderations`: it minds one pattern and one word, which nobody has in a picture or says by accident.

use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError, completion::tokens, fields::Fields, ids, openai::OpenAi, pictures,
    reply::ApiReply, sight::is_garish,
};

const MODELS: [&str; 2] = ["omni-moderation-latest", "omni-moderation-2024-09-26"];
const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];
const OF_TEXT: &str = "harassment";
const OF_PICTURES: &str = "violence/graphic";
const WORD: &str = "flagme";

/// What of one input is minded.
#[derive(Debug, Clone, Copy, Default)]
struct Minded {
    has_text: bool,
    has_picture: bool,
    text: bool,
    picture: bool,
}

pub(crate) async fn answer(openai: &OpenAi, body: &Value) -> Result<ApiReply, ApiError> {
    let fields = Fields::of(body, "")?;
    fields.only(&["input", "model"], &[])?;
    let model = match fields.get("model") {
        Some(_) => fields.text("model")?,
        None => MODELS[0],
    };
    if !MODELS.contains(&model) {
        return Err(ApiError::model(model));
    }
    let mut prompt_tokens = 0;
    let mut text = |text: &str| {
        prompt_tokens += tokens(text);
        text.to_lowercase().contains(WORD)
    };
    let alone = |text: bool| Minded {
        has_text: true,
        text,
        ..Minded::default()
    };
    let minded = match fields.need("input")? {
        Value::String(input) => vec![alone(text(input))],
        _ => {
            let list = fields.list("input")?;
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            match texts {
                Some(texts) => texts.into_iter().map(|input| alone(text(input))).collect(),
                None => vec![together(openai, list, &mut text).await?],
            }
        }
    };
    let results: Vec<Value> = minded.into_iter().map(result).collect();
    let body = json!({"id": ids::new_id("modr-"), "model": MODELS[1], "results": results});
    Ok(ApiReply {
        body,
        prompt_tokens,
        completion_tokens: 0,
    })
}

/// Parts of one input: a picture and what is written about it.
async fn together(
    openai: &OpenAi,
    parts: &[Value],
    text: &mut (dyn FnMut(&str) -> bool + Send),
) -> Result<Minded, ApiError> {
    let mut minded = Minded::default();
    for (at, part) in parts.iter().enumerate() {
        let part = Fields::of(part, format!("input[{at}]"))?;
        part.need("type")?;
        if part.one_of("type", &["text", "image_url"])? == Some("text") {
            part.only(&["type", "text"], &[])?;
            minded.has_text = true;
            minded.text |= text(part.text("text")?);
            continue;
        }
        part.only(&["type", "image_url"], &[])?;
        if minded.has_picture {
            return Err(ApiError::value("input", "at most one picture"));
        }
        let image = Fields::of(part.need("image_url")?, part.place("image_url"))?;
        image.only(&["url"], &[])?;
        let picture = pictures::read(openai, image.text("url")?, &image.place("url")).await?;
        minded.has_picture = true;
        minded.picture = is_garish(&picture);
    }
    Ok(minded)
}

fn result(minded: Minded) -> Value {
    let is_minded = |category: &str| {
        (minded.text && category == OF_TEXT) || (minded.picture && category == OF_PICTURES)
    };
    let by_category = |value: &dyn Fn(&str) -> Value| -> Map<String, Value> {
        CATEGORIES
            .into_iter()
            .map(|category| (category.to_owned(), value(category)))
            .collect()
    };
    let looks_at_pictures = |category: &str| {
        ["self-harm", "sexual", "violence"]
            .iter()
            .any(|start| category.starts_with(start))
            && category != "sexual/minors"
    };
    let applied = |category: &str| {
        let text = minded.has_text.then_some("text");
        let image = (minded.has_picture && looks_at_pictures(category)).then_some("image");
        text.into_iter().chain(image).collect()
    };
    json!({
        "flagged": minded.text || minded.picture,
        "categories": by_category(&|category| is_minded(category).into()),
        "category_scores": by_category(&|category| if is_minded(category) { 0.97 } else { 0.0001 }.into()),
        "category_applied_input_types": by_category(&applied),
    })
}
