//! The small pages that a person sees around paying. They hold nothing of the person, no script, and nothing from
//! elsewhere; which words there are in which language is in the language packs beside this file.

mod english;
mod hebrew;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::{Error, Result};
use confab_lambda::{Response, response};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The person comes from the page where they paid.
    Back,
    /// The person left the page without paying.
    Cancelled,
    Paid,
    UnderWay,
    /// Its money went back.
    Returned,
    /// The link or the order is too old.
    Over,
    /// The link was cut off or changed.
    Broken,
    NotForSale,
    /// Somebody that we need does not answer. The page asks again by itself.
    Later,
    OurFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Hebrew,
}

/// One language.
struct Texts {
    code: &'static str,
    direction: &'static str,
    back: Words,
    cancelled: Words,
    paid: Words,
    under_way: Words,
    returned: Words,
    over: Words,
    broken: Words,
    not_for_sale: Words,
    later: Words,
    our_fault: Words,
    again: &'static str,
}

struct Words {
    title: &'static str,
    text: &'static str,
}

/// When a page that waits asks again.
const AGAIN_SECONDS: u32 = 60;

/// The palette of our other pages, in both lights. Sizes follow the person's own.
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

pub(crate) fn page(status: StatusCode, said: Said, language: Language) -> Result<Response> {
    let mut response = response::text(status, html(said, language));
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
    if said == Said::Later {
        // For browsers, and for others.
        headers.insert(header::REFRESH, AGAIN_SECONDS.into());
        headers.insert(header::RETRY_AFTER, AGAIN_SECONDS.into());
    }
    Ok(response)
}

fn html(said: Said, language: Language) -> String {
    let texts = language.texts();
    let Words { title, text } = texts.words(said);
    // An empty address is the page's own.
    let link = match said {
        Said::Later => format!("<a href=\"\">{}</a>\n", texts.again),
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

impl Language {
    /// The one of ours that a browser likes best, by its Accept-Language; English when it likes none.
    pub(crate) fn preferred(accepted: &str) -> Self {
        let wishes = accepted.split(',').filter_map(|wish| {
            let (tag, rest) = wish.split_once(';').unwrap_or((wish, ""));
            let weight = match rest.trim().strip_prefix("q=") {
                Some(weight) => weight
                    .parse::<f32>()
                    .ok()
                    .filter(|weight| (0.0..=1.0).contains(weight))?,
                None => 1.0,
            };
            Some((Self::of_tag(tag)?, weight))
        });
        let best = wishes.fold((Self::English, 0.0), |best, wish| {
            if wish.1 > best.1 { wish } else { best }
        });
        best.0
    }

    /// `iw` is what Hebrew was called before 1989, and on some phones since.
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
    fn words(&self, said: Said) -> &Words {
        match said {
            Said::Back => &self.back,
            Said::Cancelled => &self.cancelled,
            Said::Paid => &self.paid,
            Said::UnderWay => &self.under_way,
            Said::Returned => &self.returned,
            Said::Over => &self.over,
            Said::Broken => &self.broken,
            Said::NotForSale => &self.not_for_sale,
            Said::Later => &self.later,
            Said::OurFault => &self.our_fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    const ALL: [Said; 10] = [
        Said::Back,
        Said::Cancelled,
        Said::Paid,
        Said::UnderWay,
        Said::Returned,
        Said::Over,
        Said::Broken,
        Said::NotForSale,
        Said::Later,
        Said::OurFault,
    ];

    fn shown(said: Said, language: Language) -> (Response, String) {
        let response = page(StatusCode::OK, said, language).unwrap();
        let Body::Text(html) = response.body() else {
            panic!("no text")
        };
        let html = html.clone();
        (response, html)
    }

    #[test]
    fn a_page_holds_all_of_itself_and_loads_nothing() {
        for (said, language) in ALL
            .into_iter()
            .flat_map(|said| [(said, Language::English), (said, Language::Hebrew)])
        {
            let (response, html) = shown(said, language);
            for outside in [
                "//", "src=", "url(", "<script", "<link", "@import", "<form", " on",
            ] {
                let found = html
                    .lines()
                    .filter(|line| !line.starts_with("<h1") && !line.starts_with("<p"));
                let found = found
                    .filter(|line| !line.starts_with("<title"))
                    .any(|line| line.contains(outside));
                assert!(!found, "{said:?} has {outside}");
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
            assert!(html.len() < 3_000, "{said:?}: {}", html.len());
        }
    }

    #[test]
    fn the_words_are_those_of_the_language_and_run_its_way() {
        for said in ALL {
            let words = |language: Language| {
                let Words { title, text } = language.texts().words(said);
                assert!(
                    title.chars().count() <= 30 && text.chars().count() <= 200,
                    "{said:?} is long"
                );
                format!("{title} {text}")
            };
            let is_hebrew =
                |text: &str| text.chars().any(|c| ('\u{05d0}'..='\u{05ea}').contains(&c));
            let (english, hebrew) = (words(Language::English), words(Language::Hebrew));
            assert!(!is_hebrew(&english) && is_hebrew(&hebrew), "{said:?}");
            assert!(
                !hebrew.chars().any(|c| c.is_ascii_alphabetic()),
                "{said:?}: {hebrew}"
            );
            assert!(
                [english, hebrew]
                    .iter()
                    .all(|text| !text.contains(['<', '>', '&', '"'])),
                "{said:?}"
            );
        }
        assert!(
            shown(Said::Paid, Language::Hebrew)
                .1
                .contains("<html lang=\"he\" dir=\"rtl\">")
        );
        assert!(
            shown(Said::Paid, Language::English)
                .1
                .contains("<html lang=\"en\" dir=\"ltr\">")
        );
    }

    #[test]
    fn only_what_passes_is_asked_again() {
        for said in ALL {
            let (response, html) = shown(said, Language::English);
            let is_later = said == Said::Later;
            assert_eq!(html.contains("<a href=\"\">"), is_later, "{said:?}");
            for name in ["refresh", "retry-after"] {
                assert_eq!(response.headers().contains_key(name), is_later, "{said:?}");
            }
        }
    }

    #[test]
    fn the_browsers_best_liked_language_of_ours_is_spoken() {
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
