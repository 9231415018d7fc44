//! Parses the markup that `parse_mode` HTML allows into text and entities.

use serde_json::{Value, json};

struct OpenTag {
    name: String,
    entity: Option<Value>,
    offset: usize,
}

/// Returns the text with its entities, or the reason for which the markup is refused.
pub(crate) fn parse(markup: &str) -> Result<(String, Vec<Value>), String> {
    let (mut text, mut entities) = (String::new(), Vec::new());
    let mut open: Vec<OpenTag> = Vec::new();
    let mut at = 0;
    while let Some(next) = markup[at..].find(['<', '&']) {
        text.push_str(&markup[at..at + next]);
        at += next;
        if markup[at..].starts_with('&') {
            let (character, length) = reference(&markup[at..]);
            text.push(character);
            at += length;
            continue;
        }
        let end = markup[at..].find('>');
        let end = end.ok_or_else(|| format!("unclosed start tag at byte offset {at}"))?;
        let tag = &markup[at + 1..at + end];
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim().to_ascii_lowercase();
            let tag = open
                .pop()
                .ok_or_else(|| format!("unexpected end tag at byte offset {at}"))?;
            if !name.is_empty() && tag.name != name {
                return Err(format!(
                    "unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
                    tag.name
                ));
            }
            let length = utf16_length(&text) - tag.offset;
            if let Some(mut entity) = tag.entity.filter(|_| length > 0) {
                entity["offset"] = tag.offset.into();
                entity["length"] = length.into();
                entities.push(entity);
            }
        } else {
            open.push(open_tag(tag, at, utf16_length(&text))?);
        }
        at += end + 1;
    }
    text.push_str(&markup[at..]);
    if let Some(tag) = open.last() {
        return Err(format!(
            "can't find end tag corresponding to start tag \"{}\"",
            tag.name
        ));
    }
    entities.sort_by_key(|entity| {
        let length = entity["length"].as_u64().unwrap_or_default();
        (entity["offset"].as_u64(), std::cmp::Reverse(length))
    });
    Ok((text, entities))
}

pub(crate) fn utf16_length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn open_tag(tag: &str, at: usize, offset: usize) -> Result<OpenTag, String> {
    let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let name = name.to_ascii_lowercase();
    let entity = match name.as_str() {
        "b" | "strong" => Some(json!({"type": "bold"})),
        "i" | "em" => Some(json!({"type": "italic"})),
        "u" | "ins" => Some(json!({"type": "underline"})),
        "s" | "strike" | "del" => Some(json!({"type": "strikethrough"})),
        "tg-spoiler" => Some(json!({"type": "spoiler"})),
        "span" if attribute(attributes, "class").as_deref() == Some("tg-spoiler") => {
            Some(json!({"type": "spoiler"}))
        }
        "span" => {
            return Err(format!(
                "tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"
            ));
        }
        "code" => Some(json!({"type": "code"})),
        "pre" => Some(json!({"type": "pre"})),
        "blockquote" => Some(json!({"type": "blockquote"})),
        "a" => attribute(attributes, "href")
            .filter(|href| !href.is_empty())
            .map(|href| json!({"type": "text_link", "url": href})),
        _ => {
            return Err(format!(
                "unsupported start tag \"{name}\" at byte offset {at}"
            ));
        }
    };
    Ok(OpenTag {
        name,
        entity,
        offset,
    })
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let (_, rest) = attributes.split_once(&format!("{name}="))?;
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, _) = rest[1..].split_once(quote)?;
    let mut decoded = String::new();
    let mut at = 0;
    while let Some(next) = value[at..].find('&') {
        decoded.push_str(&value[at..at + next]);
        let (character, length) = reference(&value[at + next..]);
        decoded.push(character);
        at += next + length;
    }
    decoded.push_str(&value[at..]);
    Some(decoded)
}

/// Decodes a character reference, or returns the ampersand that begins none.
fn reference(text: &str) -> (char, usize) {
    let Some(end) = text.find(';').filter(|end| *end <= 10) else {
        return ('&', 1);
    };
    let name = &text[1..end];
    let numeric = || {
        let digits = name.strip_prefix('#')?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        };
        char::from_u32(code?)
    };
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => numeric(),
    };
    character.map_or(('&', 1), |character| (character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_utf16_units() {
        let (text, entities) = parse("🙂 <b>a &lt; <i>b</i></b>&amp;&unknown;&#65;").unwrap();
        assert_eq!(text, "🙂 a < b&&unknown;A");
        assert_eq!(
            entities,
            [
                json!({"type": "bold", "offset": 3, "length": 5}),
                json!({"type": "italic", "offset": 7, "length": 1}),
            ]
        );
    }

    #[test]
    fn links_decode_their_address() {
        let (text, entities) = parse("<a href=\"https://a.example/?a=1&amp;b=2\">x</a>").unwrap();
        assert_eq!(
            (text.as_str(), entities[0]["url"].as_str()),
            ("x", Some("https://a.example/?a=1&b=2"))
        );
    }

    #[test]
    fn broken_markup_is_refused_with_its_place() {
        for (markup, reason) in [
            (
                "a<h1>b</h1>",
                "unsupported start tag \"h1\" at byte offset 1",
            ),
            (
                "<b>a",
                "can't find end tag corresponding to start tag \"b\"",
            ),
            ("a</b>", "unexpected end tag at byte offset 1"),
            (
                "<b>a</i>",
                "unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"",
            ),
            ("1 < 2", "unclosed start tag at byte offset 2"),
        ] {
            assert_eq!(parse(markup).unwrap_err(), reason, "{markup}");
        }
    }
}
