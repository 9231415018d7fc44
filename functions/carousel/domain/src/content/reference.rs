//! Words that lead a reader somewhere else: addresses, mentions and hashtags.

use super::text::fold;

/// Ends of addresses that people would tap. Names such as `Node.js` are none.
const TOP_LEVEL_DOMAINS: [&str; 34] = [
    "com", "net", "org", "io", "me", "ru", "co", "app", "dev", "info", "biz", "xyz", "site",
    "online", "shop", "link", "page", "tv", "gg", "ly", "ai", "il", "in", "us", "uk", "de", "fr",
    "cn", "ua", "example", "test", "top", "рф", "укр",
];

pub(super) fn is_reference(word: &str) -> bool {
    is_mark(word) || addresses(word).next().is_some()
}

/// Detects what leads somewhere else by a sign that usual words do not have.
pub(super) fn is_mark(word: &str) -> bool {
    word.contains(['@', '#', '＠', '＃']) || word.contains("://")
}

/// Returns the addresses of a word: `www.x.y`, `host.tld`, and any `name.letters/path` with its path.
pub(super) fn addresses(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        loop {
            let at = &rest[rest.find(is_of_host)?..];
            let end = at.find(|c| !is_of_host(c)).unwrap_or(at.len());
            let (host, after) = at.split_at(end);
            rest = after;
            match kind_of(&fold(host)) {
                Host::Address => return Some(host),
                Host::Name if leads_to_path(after) => return Some(core_of(at)),
                Host::Name | Host::Word => {}
            }
        }
    })
}

enum Host {
    Address,
    /// `name.letters`, as file names and addresses are.
    Name,
    Word,
}

fn kind_of(host: &str) -> Host {
    let host = host.trim_end_matches(['.', '-']);
    let Some((name, domain)) = host.rsplit_once('.') else {
        return Host::Word;
    };
    let has_name = name.ends_with(char::is_alphanumeric);
    if host.starts_with("www.") || (has_name && TOP_LEVEL_DOMAINS.contains(&domain)) {
        Host::Address
    } else if has_name && is_domain(domain) {
        Host::Name
    } else {
        Host::Word
    }
}

/// Tells whether a text has the form of a top-level domain.
fn is_domain(label: &str) -> bool {
    let letters = label.chars().take_while(|c| c.is_alphabetic()).count();
    letters >= 2 && (letters == label.chars().count() || label.starts_with("xn--"))
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

fn leads_to_path(after: &str) -> bool {
    let mut chars = after.chars();
    match (chars.next(), chars.next()) {
        (Some('/' | '／' | '\\'), _) => true,
        (Some('?'), Some(next)) => next.is_alphanumeric(),
        (Some(':'), Some(next)) => next.is_ascii_digit(),
        _ => false,
    }
}

/// Detects everything that has the form of an address: a name, a dot and at least two letters.
pub(super) fn may_be_address(word: &str) -> bool {
    let mut labels = word.split(['.', '．', '。', '｡']);
    let mut before = labels.next().unwrap_or_default();
    labels.any(|label| {
        let has_name = before.ends_with(char::is_alphanumeric);
        before = label;
        let letters = label.chars().take_while(|c| c.is_alphabetic());
        has_name && (letters.count() >= 2 || label.starts_with("xn--"))
    })
}

/// Returns a word without the punctuation around it.
pub(super) fn core_of(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | '#' | '＠' | '＃' | '/'))
}
