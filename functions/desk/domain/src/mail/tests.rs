use std::time::Duration;

use super::*;
use crate::{INVITATION_TTL, RESET_TTL, VERIFY_TTL};

const LINK: &str = "https://console.example/verify#token=a.b-c_d&next=%2F";

fn contents() -> Vec<MailContent> {
    let link = || Private::from(LINK);
    vec![
        MailContent::Verify { link: link() },
        MailContent::AlreadyRegistered { link: link() },
        MailContent::ResetPassword { link: link() },
        MailContent::PasswordChanged,
        MailContent::SessionReused {
            device: "Firefox on Linux".to_owned(),
        },
        invite("Sunny Shop", "Dana Levi"),
        transcript("Sunny Shop", "Dana: Hi!\nBot: How can we help?"),
    ]
}

fn invite(tenant: &str, inviter: &str) -> MailContent {
    MailContent::Invite {
        link: LINK.into(),
        tenant_name: tenant.to_owned(),
        inviter_name: inviter.into(),
    }
}

fn transcript(tenant: &str, text: &str) -> MailContent {
    MailContent::Transcript {
        tenant_name: tenant.to_owned(),
        text: text.into(),
    }
}

fn render(content: &MailContent, language: &str) -> RenderedMail {
    render_mail(content, Some(&LanguageTag::parse(language).unwrap()))
}

fn has_hebrew(text: &str) -> bool {
    text.chars().any(|c| ('\u{5d0}'..='\u{5ea}').contains(&c))
}

#[test]
fn every_mail_is_written_in_english_and_in_hebrew() {
    for content in contents() {
        let english = render_mail(&content, None);
        assert!(!has_hebrew(english.text.as_str()), "{content:?}");
        assert!(
            english
                .html
                .as_str()
                .contains(r#"<html lang="en" dir="ltr">"#)
        );
        for tag in ["he", "he-IL", "iw"] {
            let hebrew = render(&content, tag);
            assert!(has_hebrew(hebrew.subject.as_str()), "{content:?}");
            assert!(
                hebrew
                    .html
                    .as_str()
                    .contains(r#"<html lang="he" dir="rtl">"#)
            );
            assert_ne!(hebrew.text, english.text);
        }
        for tag in ["en-GB", "ar", "de", "heb"] {
            assert_eq!(render(&content, tag), english, "{tag}");
        }
    }
}

#[test]
fn mails_have_one_subject_line_and_no_placeholders() {
    for content in contents() {
        for tag in ["en", "he"] {
            let mail = render(&content, tag);
            let subject = mail.subject.as_str();
            assert!((5..=100).contains(&subject.chars().count()), "{subject}");
            assert!(!subject.contains(['\n', '\r']), "{subject}");
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(!part.as_str().contains(['{', '}']), "{content:?}");
            }
        }
    }
}

#[test]
fn links_stand_on_a_line_of_their_own() {
    for content in contents() {
        for tag in ["en", "he"] {
            let mail = render(&content, tag);
            let lines = mail.text.as_str().lines();
            let links: Vec<_> = lines.filter(|line| line.contains("://")).collect();
            let expected: &[&str] = if content.link().is_some() {
                &[LINK]
            } else {
                &[]
            };
            assert_eq!(links, expected, "{content:?}");
            let escaped = LINK.replace('&', "&amp;");
            let html = mail.html.as_str();
            let in_html = html.matches(&format!("href=\"{escaped}\"")).count();
            assert_eq!(in_html, expected.len() * 2, "{content:?}");
            assert_eq!(
                html.matches("://").count(),
                expected.len() * 3,
                "no other link"
            );
        }
    }
}

#[test]
fn mails_load_nothing() {
    for content in contents() {
        let html = render(&content, "he").html;
        for tag in ["<img", "<script", "<link", "<style", "url(", "<iframe"] {
            assert!(!html.as_str().contains(tag), "{content:?}: {tag}");
        }
    }
}

#[test]
fn values_are_escaped_and_never_filled_again() {
    let mail = render(&invite("<b>{inviter}</b> & \"Co\"", "Eve'<script>"), "en");
    let text = mail.text.as_str();
    assert!(
        text.contains("join <b>{inviter}</b> & \"Co\" on Desk"),
        "{text}"
    );
    let html = mail.html.as_str();
    assert!(
        html.contains("&lt;b&gt;{inviter}&lt;/b&gt; &amp; &quot;Co&quot;"),
        "{html}"
    );
    assert!(html.contains("Eve&#39;&lt;script&gt;"), "{html}");
    let quoted = render(&transcript("Shop", "</div><img src=x>{tenant}"), "en");
    let html = quoted.html.as_str();
    assert!(
        html.contains("&lt;/div&gt;&lt;img src=x&gt;{tenant}"),
        "{html}"
    );
}

#[test]
fn names_cannot_break_the_subject_or_advertise_a_site() {
    let hostile = "Win\r\nBcc: eve@evil.example\u{202e} at https://evil.example/x";
    let mail = render(&invite(hostile, hostile), "en");
    let subject = mail.subject.as_str();
    assert!(!subject.contains(['\n', '\r', '\u{202e}']), "{subject}");
    for part in [subject, mail.text.as_str(), mail.html.as_str()] {
        for linked in ["evil.example", "https://evil", "eve@evil"] {
            assert!(!part.contains(linked), "{part}");
        }
    }
    let long = render(&invite(&"x".repeat(5_000), ""), "en");
    assert!(long.subject.as_str().chars().count() < 150);
}

#[test]
fn ordinary_names_are_written_as_they_are() {
    for name in [
        "Sunny Shop",
        "Dr. Levi",
        "Levi & Co.",
        "סטודיו אור",
        "O'Neil",
    ] {
        assert_eq!(clean_value(name), name);
    }
}

#[test]
fn unknown_values_leave_their_paragraph_out() {
    for tag in ["en", "he"] {
        let count = |content| {
            let text = render(&content, tag).text;
            text.as_str().split("\n\n").count()
        };
        let reused = |device: &str| MailContent::SessionReused {
            device: device.to_owned(),
        };
        assert_eq!(count(reused(" \u{200b}")) + 1, count(reused("Safari")));
        assert_eq!(count(invite("Shop", "")) + 1, count(invite("Shop", "Dana")));
    }
}

#[test]
fn texts_state_how_long_links_are_valid() {
    const HOUR: Duration = Duration::from_secs(3_600);
    assert_eq!((VERIFY_TTL, RESET_TTL), (24 * HOUR, HOUR));
    assert_eq!(INVITATION_TTL, 7 * 24 * HOUR);
    let link = || Private::from(LINK);
    for (content, english, hebrew) in [
        (MailContent::Verify { link: link() }, "24 hours", "24 שעות"),
        (
            MailContent::ResetPassword { link: link() },
            "1 hour.",
            "שעה אחת",
        ),
        (invite("Shop", "Dana"), "7 days", "7 ימים"),
    ] {
        assert!(render(&content, "en").text.as_str().contains(english));
        assert!(render(&content, "he").text.as_str().contains(hebrew));
    }
}

#[test]
fn transcript_keeps_its_lines_and_debug_hides_it() {
    let mail = render(
        &transcript("Shop", "Dana: Hi!\r\n\r\nBot: Hello.\u{202e}"),
        "en",
    );
    assert!(
        mail.text
            .as_str()
            .ends_with("\n\nDana: Hi!\n\nBot: Hello.\n")
    );
    assert!(
        mail.html
            .as_str()
            .contains(">Dana: Hi!\n\nBot: Hello.</div>")
    );
    assert!(!format!("{mail:?}").contains("Dana"));
}

#[test]
fn contents_are_read_back_with_their_kind() {
    for content in contents() {
        let json = serde_json::to_value(&content).unwrap();
        assert_eq!(json["kind"], content.kind());
        assert_eq!(
            serde_json::from_value::<MailContent>(json).unwrap(),
            content
        );
    }
}
