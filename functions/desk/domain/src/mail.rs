//! Mails to people: a subject, a plain text and HTML, in the language of the person.
//!
//! Values such as names come from people. They are cleaned and shortened, escaped in HTML, and mail clients make no
//! links of them.

mod html;
#[cfg(test)]
mod tests;
mod texts;

use confab_core::{Private, clip};
use serde::{Deserialize, Serialize};

use crate::{
    LanguageTag,
    text::{clean_line, clean_text},
};
use html::render_html;
use texts::{MailText, Phrase};

/// Maximum characters of a name in a mail.
const MAX_VALUE_CHARS: usize = 100;

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailContent {
    /// Proves the address of a new person.
    Verify {
        link: Private<String>,
    },
    /// A sign-up with an address that has an account: it says so, and leads to the sign-in.
    AlreadyRegistered {
        link: Private<String>,
    },
    ResetPassword {
        link: Private<String>,
    },
    PasswordChanged,
    /// An old refresh token came back, and the session was ended.
    SessionReused {
        device: String,
    },
    /// `inviter_name` is empty if an API key invites.
    Invite {
        link: Private<String>,
        tenant_name: String,
        inviter_name: Private<String>,
    },
    /// The messages of a conversation, for its visitor.
    Transcript {
        tenant_name: String,
        text: Private<String>,
    },
}

impl MailContent {
    /// Returns the kind, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Verify { .. } => "verify",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::SessionReused { .. } => "session_reused",
            Self::Invite { .. } => "invite",
            Self::Transcript { .. } => "transcript",
        }
    }

    fn link(&self) -> Option<&str> {
        match self {
            Self::Verify { link }
            | Self::AlreadyRegistered { link }
            | Self::ResetPassword { link }
            | Self::Invite { link, .. } => Some(link.as_str()),
            Self::PasswordChanged | Self::SessionReused { .. } | Self::Transcript { .. } => None,
        }
    }

    /// Returns the text that is quoted as a whole.
    fn quote(&self) -> Option<String> {
        match self {
            Self::Transcript { text, .. } => Some(clean_text(text.as_str())),
            _ => None,
        }
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        match self {
            Self::SessionReused { device } => values.device = clean_value(device),
            Self::Invite {
                tenant_name,
                inviter_name,
                ..
            } => {
                values.tenant = clean_value(tenant_name);
                values.inviter = clean_value(inviter_name.as_str());
            }
            Self::Transcript { tenant_name, .. } => values.tenant = clean_value(tenant_name),
            _ => {}
        }
        values
    }
}

/// A mail that is ready to be sent. `Debug` hides it, since it holds names and links that sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    pub subject: Private<String>,
    pub text: Private<String>,
    pub html: Private<String>,
}

/// Renders a mail in the language of the person, or in English.
pub fn render_mail(content: &MailContent, language: Option<&LanguageTag>) -> RenderedMail {
    let language = MailLanguage::of(language);
    let body = MailBody {
        language,
        text: language.text(content),
        values: content.values(),
        link: content.link(),
        quote: content.quote(),
    };
    RenderedMail {
        subject: body.values.fill(body.text.subject).into(),
        text: render_text(&body).into(),
        html: render_html(&body).into(),
    }
}

/// The languages that mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MailLanguage {
    English,
    Hebrew,
}

impl MailLanguage {
    fn of(tag: Option<&LanguageTag>) -> Self {
        match tag.map(LanguageTag::primary) {
            // Java still writes the older code.
            Some("he" | "iw") => Self::Hebrew,
            _ => Self::English,
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hebrew => "he",
        }
    }

    fn direction(self) -> &'static str {
        match self {
            Self::English => "ltr",
            Self::Hebrew => "rtl",
        }
    }

    fn text(self, content: &MailContent) -> &'static MailText {
        match self {
            Self::English => texts::english(content),
            Self::Hebrew => texts::hebrew(content),
        }
    }
}

/// The parts of a mail, before they are joined.
struct MailBody<'a> {
    language: MailLanguage,
    text: &'static MailText,
    values: Values,
    link: Option<&'a str>,
    quote: Option<String>,
}

impl MailBody<'_> {
    /// Returns the paragraphs before the link and those after it. One whose value is unknown is left out.
    fn paragraphs(&self) -> [impl Iterator<Item = Phrase>; 2] {
        let values = &self.values;
        [self.text.before, self.text.after].map(|phrases| {
            let phrases = phrases.iter().copied();
            phrases.filter(move |phrase| values.knows(phrase))
        })
    }
}

/// Joins paragraphs by empty lines. The link stands alone, so that mail clients take all of it and nothing else.
fn render_text(body: &MailBody<'_>) -> String {
    let [before, after] = body.paragraphs();
    let mut parts: Vec<String> = before.map(|phrase| body.values.fill(phrase)).collect();
    parts.extend(body.link.map(str::to_owned));
    parts.extend(body.quote.clone());
    parts.extend(after.map(|phrase| body.values.fill(phrase)));
    parts.join("\n\n") + "\n"
}

/// Values of placeholders. An empty one is unknown.
#[derive(Debug, Default)]
struct Values {
    tenant: String,
    inviter: String,
    device: String,
}

impl Values {
    fn get(&self, name: &str) -> &str {
        match name {
            "tenant" => &self.tenant,
            "inviter" => &self.inviter,
            "device" => &self.device,
            _ => "",
        }
    }

    fn knows(&self, phrase: Phrase) -> bool {
        let mut parts = parts_of(phrase);
        parts.all(|part| !matches!(part, Part::Value(name) if self.get(name).is_empty()))
    }

    fn fill(&self, phrase: Phrase) -> String {
        let parts = parts_of(phrase).map(|part| match part {
            Part::Text(text) => text,
            Part::Value(name) => self.get(name),
        });
        parts.collect()
    }
}

/// A part of a phrase.
enum Part {
    Text(&'static str),
    /// The name of a placeholder.
    Value(&'static str),
}

/// Splits `Join {tenant}.` into its parts. A value is never searched for placeholders.
fn parts_of(phrase: Phrase) -> impl Iterator<Item = Part> {
    phrase.split('{').enumerate().flat_map(|(number, piece)| {
        let (value, text) = match piece.split_once('}') {
            Some((name, rest)) if number > 0 => (Some(Part::Value(name)), rest),
            _ => (None, piece),
        };
        value.into_iter().chain([Part::Text(text)])
    })
}

/// Cleans a value from outside. An invisible space after each dot, colon or at sign inside of a word keeps mail clients
/// from making a link of it, so that an invitation cannot advertise a site.
fn clean_value(text: &str) -> String {
    const BREAK: char = '\u{200b}';
    let line = clip(&clean_line(text), MAX_VALUE_CHARS);
    let mut value = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        value.push(letter);
        let continues = letters.peek().is_some_and(|next| !next.is_whitespace());
        if continues && matches!(letter, '.' | ':' | '@' | '。' | '．' | '｡') {
            value.push(BREAK);
        }
    }
    value
}
