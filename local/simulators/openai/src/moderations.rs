//! `POST /moderations`: flags one pattern and three words, which do not occur by accident.

use serde_json::{Map, Value, json};

use crate::{
    api_error::ApiError, completion::tokens, features::is_garish, fields::Fields, ids,
    openai::OpenAi, pictures, reply::ApiReply,
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
const PICTURE_CATEGORY: &str = "violence/graphic";
/// Words and the categories that they belong to.
const FLAGGED_WORDS: [(&str, &str); 3] = [
    ("flagme", "harassment"),
    ("flaghate", "hate"),
    ("flagharm", "self-harm"),
];

/// What one input holds, and which parts of it are flagged.
#[derive(Debug, Clone, Copy, Default)]
struct Moderated {
    has_text: bool,
    has_picture: bool,
    /// The category of a flagged word.
    text: Option<&'static str>,
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
        let text = text.to_lowercase();
        let mut flagged = FLAGGED_WORDS.iter();
        let found = flagged.find(|(word, _)| text.contains(word));
        found.map(|(_, category)| *category)
    };
    let alone = |text| Moderated {
        has_text: true,
        text,
        ..Moderated::default()
    };
    let moderated = match fields.need("input")? {
        Value::String(input) => vec![alone(text(input))],
        _ => {
            let list = fields.list("input")?;
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            match texts {
                Some(texts) => texts.into_iter().map(|input| alone(text(input))).collect(),
                None => vec![moderate_parts(openai, list, &mut text).await?],
            }
        }
    };
    let results: Vec<Value> = moderated.into_iter().map(result).collect();
    let body = json!({"id": ids::new_id("modr-"), "model": MODELS[1], "results": results});
    Ok(ApiReply {
        body,
        prompt_tokens,
        completion_tokens: 0,
    })
}

/// Moderates the parts of one input: texts and at most one picture.
async fn moderate_parts(
    openai: &OpenAi,
    parts: &[Value],
    text: &mut (dyn FnMut(&str) -> Option<&'static str> + Send),
) -> Result<Moderated, ApiError> {
    let mut moderated = Moderated::default();
    for (at, part) in parts.iter().enumerate() {
        let part = Fields::of(part, format!("input[{at}]"))?;
        part.need("type")?;
        if part.one_of("type", &["text", "image_url"])? == Some("text") {
            part.only(&["type", "text"], &[])?;
            moderated.has_text = true;
            moderated.text = text(part.text("text")?).or(moderated.text);
            continue;
        }
        part.only(&["type", "image_url"], &[])?;
        if moderated.has_picture {
            return Err(ApiError::value("input", "at most one picture"));
        }
        let image = Fields::of(part.need("image_url")?, part.place("image_url"))?;
        image.only(&["url"], &[])?;
        let picture = pictures::read(openai, image.text("url")?, &image.place("url")).await?;
        moderated.has_picture = true;
        moderated.picture = is_garish(&picture);
    }
    Ok(moderated)
}

fn result(moderated: Moderated) -> Value {
    let is_flagged = |category: &str| {
        moderated.text == Some(category) || (moderated.picture && category == PICTURE_CATEGORY)
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
        let text = moderated.has_text.then_some("text");
        let image = (moderated.has_picture && looks_at_pictures(category)).then_some("image");
        text.into_iter().chain(image).collect()
    };
    json!({
        "flagged": moderated.text.is_some() || moderated.picture,
        "categories": by_category(&|category| is_flagged(category).into()),
        "category_scores": by_category(&|category| if is_flagged(category) { 0.97 } else { 0.0001 }.into()),
        "category_applied_input_types": by_category(&applied),
    })
}
