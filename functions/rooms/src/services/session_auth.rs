//! Who is calling, by the session that they show.

use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, UserId};
use confab_lambda::{ApiRequest, SystemClock};
use rooms_domain::{RoomCode, Session, Ticket};

use crate::SEAL;

#[derive(Debug)]
pub(crate) struct Doorman {
    pub(crate) keys: Keyring,
    pub(crate) clock: SystemClock,
}

impl Doorman {
    /// None without a session; a session that is not good is an error, so that nobody takes themselves for somebody else.
    pub(crate) async fn guest(&self, call: &ApiRequest) -> Result<Option<UserId>> {
        if call.header("authorization").is_none() {
            return Ok(None);
        }
        let bad = || Error::unauthenticated("The session is not good. Ask for a new one.");
        let token = call.bearer().ok_or_else(bad)?;
        let session: Session = self.keys.unseal(SEAL, token, self.clock.now()).await?;
        Ok(Some(session.user))
    }

    pub(crate) async fn caller(&self, call: &ApiRequest) -> Result<UserId> {
        self.guest(call)
            .await?
            .ok_or_else(|| Error::unauthenticated("Ask for a session first."))
    }

    pub(crate) async fn ticket(&self, sealed: &str) -> Result<Ticket> {
        self.keys.unseal(SEAL, sealed, self.clock.now()).await
    }
}

/// The parts of `/api/chats/{code}/..`, and the room's code.
pub(crate) fn place(call: &ApiRequest) -> Result<(RoomCode, Vec<&str>)> {
    let mut parts = call
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(2);
    let code = parts.next().unwrap_or_default().parse()?;
    Ok((code, parts.collect()))
}
