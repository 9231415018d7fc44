//! Sends the mails of the queue.
//!
//! SES knows no idempotency key. Each delivery of a message sends its mail once. After an unknown outcome the queue delivers
//! the message again, so that the mail may arrive twice and is never lost. Such an outcome counts as a fault of the message:
//! on its fifth delivery it goes to the dead-letter queue, where an operator decides.

use std::sync::Arc;

use confab_aws::Mail;
use confab_core::Result;
use confab_lambda::{QueueMessage, metrics, warn};
use desk_domain::render_mail;

pub use crate::services::mails::MailJob;
use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Mailer];

pub async fn handle(state: Arc<State>, message: QueueMessage<MailJob>) -> Result<()> {
    let MailJob {
        to,
        language,
        content,
    } = message.body;
    let rendered = render_mail(&content, language.as_ref());
    let mail = Mail {
        to: to.as_str().to_owned(),
        subject: rendered.subject.0,
        text: rendered.text.0,
        html: rendered.html.0,
    };
    match state.mailer()?.send(&mail).await {
        Err(error) if error.code() == "mail_refused" => {
            // The answer of SES is left out of the log, because it may quote the address.
            metrics::count("MailRefused", content.kind());
            warn("mail_refused", content.kind(), message.correlation_id);
            Ok(())
        }
        Err(error) if error.code() == "mail_outcome_unknown" => {
            metrics::count("MailOutcomeUnknown", content.kind());
            Err(error)
        }
        outcome => outcome,
    }
}
