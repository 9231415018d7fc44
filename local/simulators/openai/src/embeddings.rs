//! `POST /embeddings`: texts that share words get similar vectors.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{api_error::ApiError, completion::tokens, fields::Fields, hash::hash, reply::ApiReply};

const KNOWN_FIELDS: &[&str] = &["input", "model", "encoding_format", "dimensions", "user"];
const MAX_TEXTS: usize = 2_048;
const MAX_TOKENS: u64 = 8_192;
/// A model, the length of its vectors, and whether they may be shorter.
const MODELS: [(&str, u64, bool); 3] = [
    ("text-embedding-3-small", 1_536, true),
    ("text-embedding-3-large", 3_072, true),
    ("text-embedding-ada-002", 1_536, false),
];

pub(crate) fn answer(body: &Value) -> Result<ApiReply, ApiError> {
    let fields = Fields::of(body, "")?;
    fields.only(KNOWN_FIELDS, &[])?;
    let name = fields.text("model")?;
    let (_, longest, may_be_shorter) = MODELS
        .into_iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| ApiError::model(name))?;
    let asked = fields.number("dimensions", 1, longest)?;
    if asked.is_some() && !may_be_shorter {
        return Err(ApiError::value("dimensions", "none with this model"));
    }
    let dimensions = asked.unwrap_or(longest) as usize;
    let format = fields.one_of("encoding_format", &["float", "base64"])?;
    let texts = texts(&fields)?;
    let data = texts.iter().enumerate().map(|(index, text)| {
        let vector = vector(text, dimensions);
        let embedding = match format {
            Some("base64") => STANDARD
                .encode(
                    vector
                        .iter()
                        .flat_map(|part| part.to_le_bytes())
                        .collect::<Vec<_>>(),
                )
                .into(),
            _ => json!(vector),
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let prompt_tokens = texts.iter().map(|text| tokens(text)).sum();
    let usage = json!({"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens});
    let body =
        json!({"object": "list", "data": data.collect::<Vec<_>>(), "model": name, "usage": usage});
    Ok(ApiReply {
        body,
        prompt_tokens,
        completion_tokens: 0,
    })
}

fn texts<'a>(fields: &Fields<'a>) -> Result<Vec<&'a str>, ApiError> {
    let texts = match fields.need("input")? {
        Value::String(text) => vec![text.as_str()],
        _ => {
            let list = fields.list("input")?.iter();
            let texts = list.map(|text| {
                text.as_str()
                    .ok_or_else(|| ApiError::kind_of("input", "strings"))
            });
            texts.collect::<Result<_, _>>()?
        }
    };
    if texts.len() > MAX_TEXTS
        || texts
            .iter()
            .any(|text| text.is_empty() || tokens(text) > MAX_TOKENS)
    {
        return Err(ApiError::value(
            "input",
            "up to 2048 texts of 1 to 8192 tokens",
        ));
    }
    Ok(texts)
}

/// Stop words.
const STOP_WORDS: [&str; 30] = [
    "a", "an", "the", "of", "in", "on", "at", "to", "and", "or", "with", "for", "from", "by", "is",
    "are", "it", "this", "that", "all", "של", "על", "את", "עם", "מה", "זה", "אל", "כל", "view",
    "around",
];
const STOP_WORD_WEIGHT: f32 = 0.15;
const WORD_WEIGHT: f32 = 1.0;
const PAIR_WEIGHT: f32 = 0.35;
/// Parts of words bring `beach` near `beaches`, and a Hebrew word near its prefixed forms.
const PART_WEIGHT: f32 = 0.2;

fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f32; dimensions];
    let mut add = |what: &str, weight: f32| {
        let hash = hash(what);
        let sign = if hash & 1 == 0 { weight } else { -weight };
        sum[(hash >> 1) as usize % dimensions] += sign;
    };
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let weight = |word: &str| {
        if STOP_WORDS.contains(&word) {
            STOP_WORD_WEIGHT
        } else {
            WORD_WEIGHT
        }
    };
    for word in &words {
        add(word, weight(word));
        let letters: Vec<char> = word.chars().collect();
        for part in letters.windows(3) {
            add(
                &format!("*{}", part.iter().collect::<String>()),
                PART_WEIGHT * weight(word),
            );
        }
    }
    for pair in words.windows(2) {
        add(
            &pair.join(" "),
            PAIR_WEIGHT * weight(pair[0]) * weight(pair[1]),
        );
    }
    let length = |sum: &[f32]| sum.iter().map(|part| part * part).sum::<f32>().sqrt();
    if length(&sum) == 0.0 {
        // Without words, or with words that cancel out, the vector would be zero.
        sum[hash(&lower) as usize % dimensions] = 1.0;
    }
    let length = length(&sum);
    sum.into_iter().map(|part| part / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(one: &str, other: &str) -> f32 {
        let [one, other] = [one, other].map(|text| vector(text, 256));
        1.0 - one.iter().zip(&other).map(|(a, b)| a * b).sum::<f32>()
    }

    #[test]
    fn texts_that_share_words_have_similar_vectors() {
        let caption = "a bright view of a beach in golden and azure, with open sky above and long horizons all around.";
        for near in [
            "A bright view of the beach in golden and azure, with open sky above and long horizons around",
            "a bright view of a beach in golden and cobalt, with open sky above and long horizons all around.",
            "Beaches in golden and azure: bright, open sky above, long horizons",
        ] {
            assert!(
                distance(caption, near) <= 0.3,
                "{near} {}",
                distance(caption, near)
            );
        }
        for far in [
            "a moonlit view of a alley in midnight and slate, with stars above and tall lines all around.",
            "a mellow view of a garden in emerald and walnut, with leaves above and little details all around.",
            "Invoice 12 is due on Monday",
            "מבט בחוף בגווני זהב ותכלת",
        ] {
            assert!(
                distance(caption, far) > 0.6,
                "{far} {}",
                distance(caption, far)
            );
        }
        let hebrew = "מבט בחוף בגווני זהב ותכלת: שמיים פתוחים למעלה, אופק רחב מסביב";
        assert!(
            distance(
                hebrew,
                "מבט בחוף בגווני זהב וספיר: שמיים פתוחים למעלה, אופק רחב מסביב"
            ) <= 0.3
        );
        assert!(
            distance(
                hebrew,
                "מבט בסמטה בגווני חצות וצפחה: כוכבים למעלה, קווים זקופים מסביב"
            ) > 0.5
        );
    }

    #[test]
    fn vectors_have_length_one() {
        for text in ["beach", "!!", "", "a", "x y z", "🏖"] {
            for dimensions in [1, 2, 256, 1_536] {
                let vector = vector(text, dimensions);
                let length = vector.iter().map(|part| part * part).sum::<f32>();
                assert!(
                    vector.len() == dimensions && (length - 1.0).abs() < 1e-4,
                    "{text} {dimensions} {length}"
                );
            }
        }
    }
}
