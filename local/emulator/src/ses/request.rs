//! The request of `SendEmail`, and how SES refuses it.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::address::Address;

/// Maximum recipients of a mail.
const MAX_RECIPIENTS: usize = 50;

/// An error of the API: its status, type and message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }
}

/// A mail that SES accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewMail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) cc: Vec<String>,
    pub(crate) bcc: Vec<String>,
    pub(crate) reply_to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendEmail {
    #[serde(default)]
    pub(crate) from_email_address: String,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Option<Content>,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
    raw: Option<Value>,
    template: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Option<Text>,
    #[serde(default)]
    body: Body,
    attachments: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

impl SendEmail {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map_err(|error| {
            let status = StatusCode::BAD_REQUEST;
            Refusal::new(status, "SerializationException", error.to_string())
        })
    }

    /// Checks the addresses and the content.
    pub(crate) fn mail(self) -> Result<NewMail, Refusal> {
        if let Some(name) = self.configuration_set_name {
            let message = format!("Configuration set <{name}> does not exist.");
            let status = StatusCode::NOT_FOUND;
            return Err(Refusal::new(status, "NotFoundException", message));
        }
        let Destination {
            to_addresses: to,
            cc_addresses: cc,
            bcc_addresses: bcc,
        } = self.destination;
        let recipients = to.len() + cc.len() + bcc.len();
        if recipients == 0 {
            return Err(Refusal::bad_request("Missing required header 'To'."));
        }
        if recipients > MAX_RECIPIENTS {
            let message = format!("Recipient count exceeds {MAX_RECIPIENTS}.");
            return Err(Refusal::bad_request(message));
        }
        let others = to.iter().chain(&cc).chain(&bcc);
        let others = others.chain(&self.reply_to_addresses);
        for address in others.chain([&self.from_email_address]) {
            Address::parse(address).map_err(Refusal::bad_request)?;
        }
        let simple = simple(self.content)?;
        let subject = simple.subject.map(|subject| subject.data);
        let subject = subject.ok_or_else(|| missing("content.simple.subject"))?;
        if subject.contains(['\r', '\n']) {
            return Err(Refusal::bad_request("Subject contains line breaks."));
        }
        let (text, html) = (simple.body.text, simple.body.html);
        if text.is_none() && html.is_none() {
            return Err(missing("content.simple.body"));
        }
        Ok(NewMail {
            from: self.from_email_address,
            to,
            cc,
            bcc,
            reply_to: self.reply_to_addresses,
            subject,
            text: text.map(|text| text.data),
            html: html.map(|html| html.data),
        })
    }
}

fn simple(content: Option<Content>) -> Result<Simple, Refusal> {
    let content = content.ok_or_else(|| missing("content"))?;
    let has_attachments = |simple: &Simple| simple.attachments.is_some();
    let is_other = content.raw.is_some() || content.template.is_some();
    if is_other || content.simple.as_ref().is_some_and(has_attachments) {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "UnknownOperationException",
            "local's ses sends simple contents without attachments",
        ));
    }
    content.simple.ok_or_else(|| missing("content.simple"))
}

fn missing(member: &str) -> Refusal {
    Refusal::bad_request(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Value {
        json!({
            "FromEmailAddress": "Desk <desk@example.com>",
            "Destination": { "ToAddresses": ["dana@shop.example"] },
            "Content": { "Simple": {
                "Subject": { "Data": "Hi", "Charset": "UTF-8" },
                "Body": { "Text": { "Data": "Hello" }, "Html": { "Data": "<p>Hello</p>" } },
            } },
        })
    }

    fn mail(request: &Value) -> Result<NewMail, Refusal> {
        SendEmail::read(request.to_string().as_bytes())?.mail()
    }

    #[test]
    fn simple_mail_is_read() {
        let mail = mail(&request()).unwrap();
        assert_eq!((mail.subject.as_str(), mail.to.len()), ("Hi", 1));
        assert_eq!(mail.html.as_deref(), Some("<p>Hello</p>"));
    }

    #[test]
    fn wrong_requests_are_refused_as_ses_does() {
        let with = |pointer: &str, value: Value| {
            let mut request = request();
            *request.pointer_mut(pointer).unwrap() = value;
            request
        };
        let many = vec!["dana@shop.example"; MAX_RECIPIENTS + 1];
        let text = json!({ "Data": "x" });
        for (request, kind) in [
            (json!({}), "BadRequestException"),
            (with("/FromEmailAddress", json!("")), "BadRequestException"),
            (with("/Destination", json!({})), "BadRequestException"),
            (
                with("/Destination/ToAddresses", json!(many)),
                "BadRequestException",
            ),
            (
                with("/Destination/ToAddresses/0", json!("dana")),
                "BadRequestException",
            ),
            (
                with("/Content/Simple/Subject/Data", json!("a\nBcc: b")),
                "BadRequestException",
            ),
            (
                with("/Content/Simple/Body", json!({})),
                "BadRequestException",
            ),
            (with("/Content", json!({})), "BadRequestException"),
            (
                with("/Content", json!({ "Raw": text })),
                "UnknownOperationException",
            ),
            (
                with("/Content/Simple/Subject", json!("Hi")),
                "SerializationException",
            ),
        ] {
            assert_eq!(mail(&request).unwrap_err().kind, kind, "{request}");
        }
        let mut configured = request();
        configured["ConfigurationSetName"] = json!("main");
        assert_eq!(mail(&configured).unwrap_err().status, StatusCode::NOT_FOUND);
        assert_eq!(
            SendEmail::read(b"?").unwrap_err().kind,
            "SerializationException"
        );
    }
}
