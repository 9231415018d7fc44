//! Names of internet domains, in the form that DNS uses: lowercase ASCII, other letters as `xn--` labels.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// A domain with at least two labels. `Bücher.Example` and `xn--bcher-kva.example` are one domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a domain such as example.com is expected")]
pub struct DomainNameError;

impl DomainName {
    /// Follows the parts of UTS 46 that mailboxes need: compatibility forms, case and full stops are mapped. What
    /// is not a letter, digit, mark or hyphen is refused rather than mapped.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        if text.len() > MAX_NAME_BYTES * 4 {
            return Err(DomainNameError);
        }
        let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let labels = folded.split(['.', '\u{3002}']).map(ascii_label);
        let labels = labels.collect::<Option<Vec<_>>>().ok_or(DomainNameError)?;
        let top = labels.last().map(String::as_str).unwrap_or_default();
        let is_number = top.bytes().all(|byte| byte.is_ascii_digit());
        let is_top_level = top.len() >= 2 && !is_number;
        let name = labels.join(".");
        if labels.len() < 2 || !is_top_level || name.len() > MAX_NAME_BYTES {
            return Err(DomainNameError);
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn ascii_label(label: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_alphanumeric() || c == '-' || is_combining_mark(c);
    let has_odd_hyphen = label.starts_with('-') || label.ends_with('-');
    let starts_with_mark = label.chars().next().is_none_or(is_combining_mark);
    if has_odd_hyphen || starts_with_mark || !label.chars().all(is_allowed) {
        return None;
    }
    let ascii = if label.is_ascii() {
        // Hyphens in the third and fourth place are reserved for encodings.
        let is_reserved = label.get(2..4) == Some("--") && !label.starts_with("xn--");
        (!is_reserved).then(|| label.to_owned())?
    } else {
        format!("xn--{}", punycode(label)?)
    };
    (ascii.len() <= MAX_LABEL_BYTES).then_some(ascii)
}

const BASE: u32 = 36;
const FIRST_NON_ASCII: u32 = 128;
const INITIAL_BIAS: u32 = 72;

/// Encodes a label as RFC 3492 does. `None` if it is too long for its arithmetic.
fn punycode(label: &str) -> Option<String> {
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    let mut text: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(text.len()).ok()?;
    if basic > 0 {
        text.push('-');
    }
    let total = u32::try_from(points.len()).ok()?;
    let (mut done, mut delta, mut bias) = (basic, 0_u32, INITIAL_BIAS);
    let mut floor = FIRST_NON_ASCII;
    while done < total {
        let next = *points.iter().filter(|point| **point >= floor).min()?;
        delta = delta.checked_add((next - floor).checked_mul(done + 1)?)?;
        for point in &points {
            if *point < next {
                delta = delta.checked_add(1)?;
            } else if *point == next {
                write_delta(delta, bias, &mut text);
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done += 1;
            }
        }
        delta = delta.checked_add(1)?;
        floor = next + 1;
    }
    Some(text)
}

fn write_delta(delta: u32, bias: u32, text: &mut String) {
    let mut rest = delta;
    for place in (BASE..).step_by(BASE as usize) {
        let threshold = place.saturating_sub(bias).clamp(1, 26);
        if rest < threshold {
            break;
        }
        let span = BASE - threshold;
        text.push(digit(threshold + (rest - threshold) % span));
        rest = (rest - threshold) / span;
    }
    text.push(digit(rest));
}

/// `a` to `z` stand for 0 to 25, and `0` to `9` for 26 to 35.
fn digit(value: u32) -> char {
    char::from_digit((value + 10) % BASE, BASE).unwrap_or('-')
}

fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let damped = if is_first { delta / 700 } else { delta / 2 };
    let mut delta = damped + damped / points;
    let mut bias = 0;
    while delta > (BASE - 1) * 26 / 2 {
        delta /= BASE - 1;
        bias += BASE;
    }
    bias + BASE * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn domain(text: &str) -> String {
        DomainName::parse(text).unwrap().to_string()
    }

    #[test]
    fn spellings_of_one_domain_are_equal() {
        for (text, expected) in [
            ("Example.COM", "example.com"),
            ("ｅｘａｍｐｌｅ。com", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BU\u{308}CHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("a-1.example", "a-1.example"),
        ] {
            assert_eq!(domain(text), expected, "{text}");
        }
    }

    #[test]
    fn malformed_domains_are_refused() {
        for text in [
            "",
            "localhost",
            ".com",
            "a..com",
            "com.",
            "example.c",
            "a_b.com",
            "a b.com",
            "-a.com",
            "a-.com",
            "ab--c.com",
            "127.0.0.1",
            "\u{301}a.com",
            "☃.com",
            "a\u{200d}b.com",
            &format!("{}.com", "a".repeat(64)),
            &format!("{}com", "a.".repeat(126)),
        ] {
            assert_eq!(DomainName::parse(text), Err(DomainNameError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsed_domains_are_ascii_and_parse_to_themselves(text in "[a-zéüßжאテ０-９.-]{1,20}\\.(com|рф)") {
            if let Ok(domain) = DomainName::parse(&text) {
                prop_assert!(domain.as_str().is_ascii());
                prop_assert_eq!(DomainName::parse(domain.as_str()), Ok(domain));
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in ".*") {
            if let Ok(domain) = DomainName::parse(&text) {
                prop_assert!(domain.as_str().len() <= MAX_NAME_BYTES);
            }
        }
    }
}
