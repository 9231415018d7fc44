//! Mails that wait to be sent. A job holds the link with its token; `desk-mail` renders and sends it.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result};
use desk_domain::{EmailAddress, LanguageTag, Person};
use serde::{Deserialize, Serialize};

pub(crate) use desk_domain::MailContent;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailJob {
    pub(crate) to: EmailAddress,
    /// The person's language. Mails are in English without one.
    pub(crate) language: Option<LanguageTag>,
    #[serde(flatten)]
    pub(crate) content: MailContent,
}

impl MailJob {
    /// A mail to a person, in their language.
    pub(crate) fn to_person(person: &Person, content: MailContent) -> Self {
        Self {
            to: person.email.clone(),
            language: person.locale.clone(),
            content,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Mails(Queue);

impl Mails {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    pub(crate) async fn send(&self, job: &MailJob, correlation_id: CorrelationId) -> Result<()> {
        let entry = Entry::standard(job, correlation_id)?;
        self.0.send(&[entry]).await
    }

    pub(crate) async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}
