//! The HTML of mails: one column, inline styles and no pictures, because mail clients remove the rest.

use super::{MailBody, Part, Phrase, parts_of};

const PARAGRAPH: &str = "margin:0 0 16px";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:6px;background:#1d4ed8;color:#ffffff;font-weight:bold;text-decoration:none";
const LINK: &str = "color:#1d4ed8;word-break:break-all";
const QUOTE: &str = "margin:0 0 16px;padding:16px;border:1px solid #c7ccd4;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere";

/// Renders a page whose direction is set twice: Gmail drops the attributes of `html`.
pub(super) fn render_html(body: &MailBody<'_>) -> String {
    let [before, after] = body.paragraphs();
    let mut content: String = before.map(|phrase| paragraph(body, phrase)).collect();
    if let Some(link) = body.link {
        content.push_str(&link_html(body, link));
    }
    if let Some(quote) = &body.quote {
        let quote = escape(quote);
        content.push_str(&format!(
            "<div dir=\"auto\" style=\"{QUOTE}\">{quote}</div>\n"
        ));
    }
    content.extend(after.map(|phrase| paragraph(body, phrase)));
    let (tag, direction) = (body.language.tag(), body.language.direction());
    let title = escape(&body.values.fill(body.text.subject));
    let heading = with_values(body, body.text.subject);
    format!(
        "<!doctype html>
<html lang=\"{tag}\" dir=\"{direction}\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>{title}</title>
</head>
<body style=\"margin:0;padding:0;background:#ffffff;color:#1f2430\">
<div role=\"article\" lang=\"{tag}\" dir=\"{direction}\" style=\"max-width:560px;margin:0 auto;padding:32px 20px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5\">
<h1 style=\"margin:0 0 16px;font-size:22px;line-height:1.3\">{heading}</h1>
{content}</div>
</body>
</html>
"
    )
}

fn paragraph(body: &MailBody<'_>, phrase: Phrase) -> String {
    let text = with_values(body, phrase);
    format!("<p style=\"{PARAGRAPH}\">{text}</p>\n")
}

/// A button, and below it the address itself on a line of its own.
fn link_html(body: &MailBody<'_>, link: &str) -> String {
    let href = escape(link);
    let (label, hint) = (escape(body.text.button), escape(body.text.link_hint));
    format!(
        "<p style=\"{PARAGRAPH}\"><a href=\"{href}\" style=\"{BUTTON}\">{label}</a></p>
<p style=\"{PARAGRAPH}\">{hint}<br>
<a href=\"{href}\" dir=\"ltr\" style=\"{LINK}\">{href}</a></p>
"
    )
}

/// Escapes a phrase and its values. Each value has its own direction, so that it does not turn the words around it.
fn with_values(body: &MailBody<'_>, phrase: Phrase) -> String {
    let parts = parts_of(phrase).map(|part| match part {
        Part::Text(text) => escape(text),
        Part::Value(name) => {
            let value = escape(body.values.get(name));
            format!("<span dir=\"auto\">{value}</span>")
        }
    });
    parts.collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
