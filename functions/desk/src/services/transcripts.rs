//! Transcripts: the messages of a conversation as a text or a page. The texts of people are escaped.

use desk_domain::{Message, MessageKind, VisitorAuthor, VisitorMessage, VisitorMessageKind};

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TranscriptLine {
    at: String,
    author: String,
    is_note: bool,
    text: String,
    files: Vec<String>,
}

const DELETED: &str = "This message was deleted.";
/// Bytes of texts that a response can hold, even if each letter is escaped.
const MAX_TEXT_BYTES: usize = 700_000;

impl TranscriptLine {
    /// Returns the lines that agents see.
    pub(crate) fn for_staff(messages: &[Message]) -> Vec<Self> {
        let shown = messages
            .iter()
            .filter(|message| message.kind != MessageKind::Event);
        let line = |message: &Message| {
            let seen = message.author.for_visitor();
            let is_note = message.kind == MessageKind::Note;
            let files = message.attachments.iter().map(|file| file.name.clone());
            Self {
                at: time(message.at),
                author: name_of(&seen),
                is_note,
                text: text_of(message.text.as_str(), message.is_deleted),
                files: files.collect(),
            }
        };
        shown.map(line).collect()
    }

    /// Returns the lines that the visitor sees: their type has no place for a note.
    pub(crate) fn for_visitor(messages: &[VisitorMessage]) -> Vec<Self> {
        let shown = messages
            .iter()
            .filter(|message| message.kind == VisitorMessageKind::Message);
        let line = |message: &VisitorMessage| {
            let files = message.attachments.iter().map(|file| file.name.clone());
            Self {
                at: time(message.at),
                author: name_of(&message.author),
                is_note: false,
                text: text_of(message.text.as_str(), message.is_deleted),
                files: files.collect(),
            }
        };
        shown.map(line).collect()
    }
}

/// Returns the newest lines that a response can hold.
pub(crate) fn newest(mut lines: Vec<TranscriptLine>) -> Vec<TranscriptLine> {
    let mut bytes = 0;
    let fitting = lines.iter().rev().take_while(|line| {
        bytes += line.text.len() + line.author.len() + 500;
        bytes <= MAX_TEXT_BYTES
    });
    let first = lines.len() - fitting.count();
    lines.split_off(first)
}

fn time(at: confab_core::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn name_of(author: &VisitorAuthor) -> String {
    match author {
        VisitorAuthor::Visitor => "Visitor".to_owned(),
        VisitorAuthor::Bot { name } => name.clone(),
        VisitorAuthor::Agent { name } => name.as_str().to_owned(),
        VisitorAuthor::System => "System".to_owned(),
    }
}

fn text_of(text: &str, is_deleted: bool) -> String {
    if is_deleted {
        DELETED.to_owned()
    } else {
        text.to_owned()
    }
}

pub(crate) fn render_text(lines: &[TranscriptLine]) -> String {
    let mut text = String::new();
    for line in lines {
        let note = if line.is_note { " (note)" } else { "" };
        text.push_str(&format!("[{}] {}{note}:\n", line.at, line.author));
        for part in line.text.lines() {
            text.push_str(&format!("  {part}\n"));
        }
        for file in &line.files {
            text.push_str(&format!("  [{file}]\n"));
        }
    }
    text
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}\
                     article{margin:0 0 1rem}h2{font-size:1rem;margin:0}time{color:#555;font-weight:400}\
                     p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}.note{background:#fff6d6}";

pub(crate) fn render_html(lines: &[TranscriptLine]) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Conversation</title><style>{STYLE}</style>\n"
    );
    for line in lines {
        let class = if line.is_note { " class=\"note\"" } else { "" };
        let note = if line.is_note { " (note)" } else { "" };
        let (author, at) = (escape(&line.author), &line.at);
        let text = escape(&line.text);
        // Texts of both directions are read in their own.
        html.push_str(&format!(
            "<article{class}><h2><bdi>{author}</bdi>{note} <time>{at}</time></h2><p dir=\"auto\">{text}</p>\n"
        ));
        for file in &line.files {
            html.push_str(&format!("<p><bdi>{}</bdi></p>\n", escape(file)));
        }
        html.push_str("</article>\n");
    }
    html.push_str("</html>\n");
    html
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use confab_core::{Timestamp, UserId};
    use desk_domain::{Author, ConversationEvent, MessageDraft};

    use super::*;

    fn at() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().unwrap()
    }

    fn messages() -> Vec<Message> {
        let visitor = Author::Visitor {
            id: desk_domain::VisitorId::new(at(), &|| [1; 10]),
            name: None,
        };
        let agent = Author::Agent {
            id: UserId::new(at(), &|| [2; 10]),
            name: "Noa <b>".into(),
        };
        let hello = MessageDraft::parse("message-1", "<script>alert(1)</script>\n\"hi\"").unwrap();
        let note = MessageDraft::note("message-2", "a secret", [].into()).unwrap();
        let mut deleted = Message::of_draft(&hello, &agent, 4, at());
        deleted = deleted.deleted(&agent, false).unwrap();
        vec![
            Message::of_event(ConversationEvent::Started, &visitor, 1, at()),
            Message::of_draft(&hello, &visitor, 2, at()),
            Message::of_draft(&note, &agent, 3, at()),
            deleted,
        ]
    }

    #[test]
    fn texts_of_people_are_escaped() {
        let html = render_html(&TranscriptLine::for_staff(&messages()));
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;\n&quot;hi&quot;"));
        assert!(html.contains("Noa &lt;b&gt;"));
        assert!(html.contains("(note)") && html.contains("a secret"));
    }

    #[test]
    fn newest_lines_are_kept() {
        let lines = TranscriptLine::for_staff(&messages());
        assert_eq!(newest(lines.clone()), lines);
        let long = TranscriptLine {
            text: "x".repeat(400_000),
            ..lines[0].clone()
        };
        let kept = newest(vec![long.clone(), long, lines[1].clone()]);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[1], lines[1]);
    }

    #[test]
    fn visitors_get_no_notes() {
        let seen = VisitorMessage::list(&messages());
        let lines = TranscriptLine::for_visitor(&seen);
        let text = render_text(&lines);
        assert!(!text.contains("secret") && !text.contains("note"), "{text}");
        let expected = "[2026-11-29 12:00 UTC] Visitor:\n  <script>alert(1)</script>\n  \"hi\"\n\
                        [2026-11-29 12:00 UTC] Noa <b>:\n  This message was deleted.\n";
        assert_eq!(text, expected);
        assert!(!render_html(&lines).contains("secret"));
    }
}
