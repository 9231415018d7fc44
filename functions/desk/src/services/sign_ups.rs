//! Sign-ups: a new person is stored and mailed a link, and a known one is told that they have an account.

use confab_core::{CorrelationId, Error, Kind, Result, TenantId, UserId};
use confab_lambda::warn;
use confab_worker::SaveOutcome;
use desk_domain::{LanguageTag, Person, SignUp, VerifyToken, link_used};

use super::{
    credentials::{is_current, refuse_taken_address, take_password_token},
    mails::{MailContent, MailJob},
    passwords,
    sessions::{MAX_CAS_ATTEMPTS, contended},
    tenant_creation::{TenantRequest, create_requested_tenant},
};
use crate::state::State;

/// Stores a sign-up and mails its link. An earlier sign-up with the address stays valid until one of them is verified.
/// An address with an account gets a mail that says so. Each case takes the same time: one hash, two reads, one write
/// and one mail.
pub(crate) async fn register(
    state: &State,
    sign_up: &SignUp,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (store, now) = (state.store()?, state.clock.now());
    let hash = passwords::hash(&sign_up.password, &state.entropy)?;
    let tenant = TenantId::new(now, &state.entropy);
    let person = sign_up.person(UserId::new(now, &state.entropy), tenant, hash, now)?;
    let key = sign_up.email.key();
    for _ in 0..MAX_CAS_ATTEMPTS {
        let known = store.find_person_by_email(&key).await?;
        if let Some(owner) = known.filter(Person::is_verified) {
            store.write_decoy(&key).await?;
            let link = format!("{}/login", state.console_url()?);
            let content = MailContent::AlreadyRegistered { link: link.into() };
            let job = MailJob::to_person(&owner, content);
            return state.mails()?.send(&job, correlation_id).await;
        }
        if store.save_person(&person, 0).await? == SaveOutcome::Saved {
            return send_link(state, &person, correlation_id).await;
        }
    }
    Err(contended())
}

async fn send_link(state: &State, person: &Person, correlation_id: CorrelationId) -> Result<()> {
    let token = state.sealer()?.seal_mail(&VerifyToken::new(person)).await?;
    let link = format!("{}/verify#token={token}", state.console_url()?);
    let content = MailContent::Verify { link: link.into() };
    let job = MailJob::to_person(person, content);
    state.mails()?.send(&job, correlation_id).await
}

/// Verifies the address of a sign-up by its link and its password, and creates the workspace. The link proves who reads
/// the mails of the address, and the password who signed up: a stranger may have signed up with it.
pub(crate) async fn verify(
    state: &State,
    token: &VerifyToken,
    password: &str,
    correlation_id: CorrelationId,
) -> Result<Person> {
    let store = state.store()?;
    take_password_token(state, &format!("verify#{}", token.user())).await?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let person = store.find_person(token.user()).await?;
        let person = person.ok_or_else(link_used)?;
        let verified = token.redeem(&person, state.clock.now())?;
        if !is_current(&person, password)? {
            return Err(wrong_password());
        }
        let is_saved = verified == person
            || store.save_person(&verified, person.version).await? == SaveOutcome::Saved;
        if is_saved {
            return complete(state, verified, correlation_id).await;
        }
        refuse_taken_address(state, &person).await?;
    }
    Err(contended())
}

fn wrong_password() -> Error {
    Error::new(
        Kind::Forbidden,
        "wrong_password",
        "This is not the password of this sign-up. Try again, or set another password.",
    )
}

/// Creates the workspace that a sign-up asked for, unless it exists. So a sign-up whose verification broke off is
/// completed by the next use of the link or by the next sign-in.
pub(crate) async fn complete(
    state: &State,
    person: Person,
    correlation_id: CorrelationId,
) -> Result<Person> {
    let Some(wanted) = &person.wanted_tenant else {
        return Ok(person);
    };
    let locale = person.locale.clone();
    let request = TenantRequest {
        id: wanted.id,
        name: &wanted.name,
        slug: None,
        locale: locale.unwrap_or_else(LanguageTag::english),
    };
    let created = create_requested_tenant(state, &person, &request, correlation_id).await;
    match created {
        Ok(_) => {}
        // The person has joined too many others meanwhile. They sign in to these.
        Err(error) if !error.is_server_error() => {
            warn("a workspace was not created", error.code(), correlation_id);
        }
        Err(error) => return Err(error),
    }
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let person = store.find_person(person.id).await?;
        let person = person.ok_or_else(link_used)?;
        let done = person.clone().complete_sign_up();
        let is_saved =
            done == person || store.save_person(&done, person.version).await? == SaveOutcome::Saved;
        if is_saved {
            return Ok(done);
        }
    }
    Err(contended())
}
