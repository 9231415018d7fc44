//! HTML pages around the checkout: self-contained, without scripts and without personal data. The
//! texts of each language are in files beside this one.

mod english;
mod hebrew;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::{Error, Result};
use confab_lambda::{ApiRequest, Response, extract::FromRequest, response};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::state::State;

/// The message of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    /// The payer returns from the checkout page after paying.
    Returned,
    /// The payer left the checkout page without paying.
    Cancelled,
    Paid,
    Pending,
    Refunded,
    /// The link or the order has expired.
    Expired,
    /// The link is truncated or changed.
    Broken,
    NotForSale,
    /// A dependency does not answer. The page reloads itself.
    Unavailable,
    ServerError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Hebrew,
}

/// The texts of one language.
struct Texts {
    code: &'static str,
    direction: &'static str,
    returned: Words,
    cancelled: Words,
    paid: Words,
    pending: Words,
    refunded: Words,
    expired: Words,
    broken: Words,
    not_for_sale: Words,
    unavailable: Words,
    server_error: Words,
    retry: &'static str,
}

struct Words {
    title: &'static str,
    text: &'static str,
}

/// Delay before a page reloads itself.
const RELOAD_SECONDS: u32 = 60;

/// Our palette in the light and the dark theme. Sizes follow the reader's settings.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fbfaf7;--ink:#1e1c19;--soft:#5e584e;--accent:#2a52c4;--on-accent:#fff}\
@media (prefers-color-scheme:dark){:root{--paper:#161513;--ink:#edeae4;--soft:#b0aa9d;--accent:#9fb5ff;--on-accent:#0f1a40}}\
*{box-sizing:border-box}\
body{margin:0;min-block-size:100vh;min-block-size:100svh;display:grid;align-content:center;justify-items:center;padding:1.5rem;\
background:var(--paper);color:var(--ink);font:1.0625rem/1.55 -apple-system,BlinkMacSystemFont,\"Segoe UI\",Roboto,\"Noto Sans\",\
\"Noto Sans Hebrew\",system-ui,sans-serif;overflow-wrap:anywhere}\
main{inline-size:100%;max-inline-size:27rem}\
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:600;text-wrap:balance}\
p{margin:0;color:var(--soft)}\
a{display:inline-block;margin-block-start:1.5rem;padding:.75rem 1.25rem;border-radius:8px;background:var(--accent);\
color:var(--on-accent);font-weight:600;text-decoration:none}\
a:focus-visible{outline:3px solid var(--ink);outline-offset:2px}";

pub(crate) fn page(status: StatusCode, message: Message, language: Language) -> Result<Response> {
    let mut response = response::text(status, html(message, language));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        BASE64.encode(Sha256::digest(STYLE))
    );
    let policy = HeaderValue::try_from(policy).map_err(|e| Error::internal("render_failed", e))?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, language.texts().code),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if message == Message::Unavailable {
        // Refresh is for browsers, Retry-After for other clients.
        headers.insert(header::REFRESH, RELOAD_SECONDS.into());
        headers.insert(header::RETRY_AFTER, RELOAD_SECONDS.into());
    }
    Ok(response)
}

fn html(message: Message, language: Language) -> String {
    let texts = language.texts();
    let Words { title, text } = texts.words(message);
    // An empty address reloads the page.
    let link = match message {
        Message::Unavailable => format!("<a href=\"\">{}</a>\n", texts.retry),
        _ => String::new(),
    };
    let Texts {
        code, direction, ..
    } = texts;
    format!(
        "<!doctype html>\n<html lang=\"{code}\" dir=\"{direction}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n{link}</main>\n</html>\n"
    )
}

impl FromRequest<State> for Language {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<State>) -> Result<Self> {
        let accepted = request.header("accept-language").unwrap_or_default();
        Ok(Self::preferred(accepted))
    }
}

impl Language {
    /// Returns the supported language with the highest weight in an Accept-Language header, English
    /// by default.
    pub(crate) fn preferred(accepted: &str) -> Self {
        let ranges = accepted.split(',').filter_map(|range| {
            let (tag, rest) = range.split_once(';').unwrap_or((range, ""));
            let weight = match rest.trim().strip_prefix("q=") {
                Some(weight) => weight
                    .parse::<f32>()
                    .ok()
                    .filter(|weight| (0.0..=1.0).contains(weight))?,
                None => 1.0,
            };
            Some((Self::of_tag(tag)?, weight))
        });
        let best = ranges.fold((Self::English, 0.0), |best, range| {
            if range.1 > best.1 { range } else { best }
        });
        best.0
    }

    /// `iw` is the code of Hebrew before 1989, and still on some phones.
    fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "he" | "iw" => Some(Self::Hebrew),
            _ => None,
        }
    }

    fn texts(self) -> &'static Texts {
        match self {
            Self::English => &english::TEXTS,
            Self::Hebrew => &hebrew::TEXTS,
        }
    }
}

impl Texts {
    fn words(&self, message: Message) -> &Words {
        match message {
            Message::Returned => &self.returned,
            Message::Cancelled => &self.cancelled,
            Message::Paid => &self.paid,
            Message::Pending => &self.pending,
            Message::Refunded => &self.refunded,
            Message::Expired => &self.expired,
            Message::Broken => &self.broken,
            Message::NotForSale => &self.not_for_sale,
            Message::Unavailable => &self.unavailable,
            Message::ServerError => &self.server_error,
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    const ALL: [Message; 10] = [
        Message::Returned,
        Message::Cancelled,
        Message::Paid,
        Message::Pending,
        Message::Refunded,
        Message::Expired,
        Message::Broken,
        Message::NotForSale,
        Message::Unavailable,
        Message::ServerError,
    ];

    fn render(message: Message, language: Language) -> (Response, String) {
        let response = page(StatusCode::OK, message, language).unwrap();
        let Body::Text(html) = response.body() else {
            panic!("no text")
        };
        let html = html.clone();
        (response, html)
    }

    #[test]
    fn pages_load_nothing_and_pass_their_own_policy() {
        for (message, language) in ALL
            .into_iter()
            .flat_map(|message| [(message, Language::English), (message, Language::Hebrew)])
        {
            let (response, html) = render(message, language);
            for reference in [
                "//", "src=", "url(", "<script", "<link", "@import", "<form", " on",
            ] {
                let found = html
                    .lines()
                    .filter(|line| !line.starts_with("<h1") && !line.starts_with("<p"));
                let found = found
                    .filter(|line| !line.starts_with("<title"))
                    .any(|line| line.contains(reference));
                assert!(!found, "{message:?} has {reference}");
            }
            let (_, rest) = html.split_once("<style>").unwrap();
            let (style, _) = rest.split_once("</style>").unwrap();
            let hash = format!(
                "style-src 'sha256-{}'",
                BASE64.encode(Sha256::digest(style))
            );
            let policy = response.headers()["content-security-policy"]
                .to_str()
                .unwrap();
            assert!(
                policy.starts_with("default-src 'none'; ") && policy.contains(&hash),
                "{policy}"
            );
            assert!(html.len() < 3_000, "{message:?}: {}", html.len());
        }
    }

    #[test]
    fn every_message_is_in_both_languages_with_its_direction() {
        for message in ALL {
            let words = |language: Language| {
                let Words { title, text } = language.texts().words(message);
                assert!(
                    title.chars().count() <= 30 && text.chars().count() <= 200,
                    "{message:?} is long"
                );
                format!("{title} {text}")
            };
            let is_hebrew =
                |text: &str| text.chars().any(|c| ('\u{05d0}'..='\u{05ea}').contains(&c));
            let (english, hebrew) = (words(Language::English), words(Language::Hebrew));
            assert!(!is_hebrew(&english) && is_hebrew(&hebrew), "{message:?}");
            assert!(
                !hebrew.chars().any(|c| c.is_ascii_alphabetic()),
                "{message:?}: {hebrew}"
            );
            assert!(
                [english, hebrew]
                    .iter()
                    .all(|text| !text.contains(['<', '>', '&', '"'])),
                "{message:?}"
            );
        }
        assert!(
            render(Message::Paid, Language::Hebrew)
                .1
                .contains("<html lang=\"he\" dir=\"rtl\">")
        );
        assert!(
            render(Message::Paid, Language::English)
                .1
                .contains("<html lang=\"en\" dir=\"ltr\">")
        );
    }

    #[test]
    fn only_the_unavailable_page_reloads_itself() {
        for message in ALL {
            let (response, html) = render(message, Language::English);
            let is_unavailable = message == Message::Unavailable;
            assert_eq!(
                html.contains("<a href=\"\">"),
                is_unavailable,
                "{message:?}"
            );
            for name in ["refresh", "retry-after"] {
                assert_eq!(
                    response.headers().contains_key(name),
                    is_unavailable,
                    "{message:?}"
                );
            }
        }
    }

    #[test]
    fn supported_language_with_the_highest_weight_is_chosen() {
        for hebrew in [
            "he",
            "he-IL,he;q=0.9,en-US;q=0.8",
            "iw",
            "fr, he;q=0.5",
            "HE-il",
            "en;q=0.3,he;q=0.7",
            "ar,he",
        ] {
            assert_eq!(Language::preferred(hebrew), Language::Hebrew, "{hebrew}");
        }
        for english in [
            "",
            "en",
            "*",
            "fr",
            "en-GB,en;q=0.9,he;q=0.8",
            "he;q=0",
            "he;q=2",
            "he;q=x",
            "he;q=NaN",
            ",;,",
            "hex",
        ] {
            assert_eq!(Language::preferred(english), Language::English, "{english}");
        }
    }
}
