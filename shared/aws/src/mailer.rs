//! Sending mails with SES.

use std::time::Duration;

use confab_core::{Error, Result};
use serde_json::json;

use crate::{Aws, signed::Unanswered};

/// Longer than SES takes, so that its answers are seldom missed.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A mail to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Debug, Clone)]
pub struct Mailer {
    aws: Aws,
    from: String,
}

impl Mailer {
    /// `from` is a verified address, such as `Desk <desk@example.com>`.
    pub fn new(aws: &Aws, from: impl Into<String>) -> Self {
        Self {
            aws: aws.clone(),
            from: from.into(),
        }
    }

    /// Sends a mail once. SES knows no idempotency key: after `mail_outcome_unknown` it may have been accepted, and one that
    /// is sent again may arrive twice.
    pub async fn send(&self, mail: &Mail) -> Result<()> {
        let part = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
        let body = json!({
            "FromEmailAddress": self.from,
            "Destination": { "ToAddresses": [mail.to] },
            "Content": { "Simple": {
                "Subject": part(&mail.subject),
                "Body": { "Text": part(&mail.text), "Html": part(&mail.html) },
            } },
        });
        let url = format!("{}/v2/email/outbound-emails", self.aws.endpoint("email"));
        let request = http::Request::post(url)
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes())
            .map_err(|e| Error::internal("render_failed", e))?;
        // Boxed, because the compiler gives up on futures that are nested this deeply.
        let sent = Box::pin(self.aws.signed_once("ses", request, SEND_TIMEOUT)).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(Unanswered::NotSent(error)) => {
                return Err(Error::unavailable("mail_failed", error));
            }
            Err(Unanswered::Unknown(error)) => {
                return Err(Error::internal("mail_outcome_unknown", error));
            }
        };
        match answer.status {
            200 => Ok(()),
            // SES cannot read the address, so that no other attempt can succeed. Other refusals, such as a paused account
            // or an unverified sender, are for the operator to repair: the mail waits.
            400 if answer.error_type() == "BadRequestException" => {
                let refused = Error::invalid("mail_refused", "The mail was refused.");
                Err(refused.with_source(answer.summary()))
            }
            _ => Err(Error::unavailable("mail_failed", answer.summary())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;
    use crate::aws::tests::{answers_once, aws_at};

    fn mail() -> Mail {
        Mail {
            to: "dana@shop.example".to_owned(),
            subject: "Verify your address".to_owned(),
            text: "Open the link.".to_owned(),
            html: "<p>Open the link.</p>".to_owned(),
        }
    }

    #[tokio::test]
    async fn mails_are_sent_with_a_signed_call() {
        let (url, asked) = answers_once(200, r#"{"MessageId":"1"}"#).await;
        let mailer = Mailer::new(&aws_at(url), "Desk <desk@example.com>");
        mailer.send(&mail()).await.unwrap();
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("POST /v2/email/outbound-emails "),
            "{asked}"
        );
        assert!(asked.contains("/ses/aws4_request"), "{asked}");
        assert!(asked.contains("dana@shop.example"), "{asked}");
        assert!(asked.contains("connection: close"), "{asked}");
    }

    #[tokio::test]
    async fn refused_addresses_are_told_from_failures() {
        let cases = [
            ("BadRequestException", "mail_refused"),
            ("com.amazonaws.sesv2#BadRequestException", "mail_refused"),
            (
                "BadRequestException:http://internal.example/",
                "mail_refused",
            ),
            ("SendingPausedException", "mail_failed"),
            ("MessageRejected", "mail_failed"),
        ];
        for (kind, code) in cases {
            let body = format!(r#"{{"__type":"{kind}","message":"Missing final '@domain'"}}"#);
            let (url, _asked) = answers_once(400, body.leak()).await;
            let mailer = Mailer::new(&aws_at(url), "desk@example.com");
            let refused = mailer.send(&mail()).await.unwrap_err();
            assert_eq!(refused.code(), code, "{kind}");
            assert!(refused.to_string().contains("final"), "{refused}");
        }
        let (url, _asked) = answers_once(403, r#"{"message":"not authorized"}"#).await;
        let mailer = Mailer::new(&aws_at(url), "desk@example.com");
        let denied = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(denied.code(), "mail_failed");
    }

    #[tokio::test]
    async fn mail_whose_answer_is_lost_is_sent_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let mut start = [0; 64];
                assert_ne!(stream.read(&mut start).await.unwrap(), 0);
            }
        });
        let mailer = Mailer::new(&aws_at(url), "desk@example.com");
        let lost = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(lost.code(), "mail_outcome_unknown");
        assert_eq!(requests.load(Ordering::Relaxed), 1);
        server.abort();
    }

    #[tokio::test]
    async fn mail_that_reaches_no_server_was_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let mailer = Mailer::new(&aws_at(url), "desk@example.com");
        let failed = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(failed.code(), "mail_failed");
    }
}
