//! Sign-ins with a password, and new passwords.

use confab_core::{CorrelationId, Error, Kind, Result};
use confab_lambda::ApiRequest;
use confab_worker::SaveOutcome;
use desk_domain::{
    CountedBy, EmailAddress, EmailKey, Password, PasswordOwner, Person, Plan, RateClass,
    ResetToken, link_used, source_of_ip,
};

use super::{
    mails::{MailContent, MailJob},
    passwords::{self, PasswordMatch},
    sessions::{MAX_CAS_ATTEMPTS, contended, require_live},
    sign_outs::close_sockets,
};
use crate::{auth::SignedIn, state::State};

/// What the requests of the class `Login` try or cause. Each kind is counted for itself, so that mails which a stranger
/// causes do not keep the owner of the address from signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginKind {
    Password,
    Mail,
}

impl LoginKind {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "login",
            Self::Mail => "mail",
        }
    }
}

/// Takes the tokens of a request that tries a password or causes a mail: of the address and of the network.
pub(crate) async fn take_login_tokens(
    state: &State,
    request: &ApiRequest,
    kind: LoginKind,
    email: &EmailKey,
) -> Result<()> {
    let source = request.source_ip();
    let source = source.parse().map_or(source, source_of_ip);
    for rate in RateClass::Login.rates(Plan::Trial) {
        let whose = match rate.by {
            CountedBy::Source => source.as_str(),
            _ => email.as_str(),
        };
        let key = format!("{}#{whose}", kind.name());
        state.store()?.take_token(rate, &key).await?;
    }
    Ok(())
}

/// Takes the token of one more try of a password, such as `password#usr_..`. A link or an access token alone is not
/// enough to try passwords without end.
pub(crate) async fn take_password_token(state: &State, key: &str) -> Result<()> {
    let rates = RateClass::Login.rates(Plan::Trial).into_iter();
    for rate in rates.filter(|rate| rate.by == CountedBy::Address) {
        state.store()?.take_token(rate, key).await?;
    }
    Ok(())
}

fn bad_credentials() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "bad_credentials",
        "The email address or the password is not right.",
    )
}

/// Returns the person with an address and a password. An unknown address, an unverified one and a wrong password get
/// the same answer in the same time.
pub(crate) async fn authenticate(
    state: &State,
    email: &EmailAddress,
    text: &str,
) -> Result<Person> {
    let password = Password::present(text).ok_or_else(bad_credentials)?;
    let person = state.store()?.find_person_by_email(&email.key()).await?;
    let found = compare(&password, person.as_ref())?;
    let person = person.filter(Person::is_verified);
    let person = person.ok_or_else(bad_credentials)?;
    match found {
        PasswordMatch::Wrong => Err(bad_credentials()),
        PasswordMatch::Right => Ok(person),
        PasswordMatch::Outdated => rehash(state, person, &password).await,
    }
}

fn compare(password: &Password, person: Option<&Person>) -> Result<PasswordMatch> {
    let stored = person.and_then(|person| person.password_hash.as_ref());
    passwords::verify(password, stored.map(|hash| hash.as_str()))
}

/// Stores a hash of today's cost. A person who was changed meanwhile keeps the old one until the next sign-in.
async fn rehash(state: &State, person: Person, password: &Password) -> Result<Person> {
    let hash = passwords::hash(password, &state.entropy)?;
    let better = person.clone().rehash_password(hash);
    let saved = state.store()?.save_person(&better, person.version).await?;
    Ok(match saved {
        SaveOutcome::Saved => better,
        SaveOutcome::Conflict => person,
    })
}

/// Mails a link that sets a new password. An unknown address gets no mail, and the answer takes as long.
pub(crate) async fn send_reset_link(
    state: &State,
    email: &EmailAddress,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    let Some(person) = store.find_person_by_email(&email.key()).await? else {
        return store.write_decoy(&email.key()).await;
    };
    let token = state.sealer()?.seal_mail(&ResetToken::new(&person)).await?;
    let link = format!("{}/reset#token={token}", state.console_url()?);
    let content = MailContent::ResetPassword { link: link.into() };
    let job = MailJob::to_person(&person, content);
    state.mails()?.send(&job, correlation_id).await
}

/// Accepts a new password of a person and hashes it.
fn choose_password(state: &State, person: &Person, text: &str) -> Result<String> {
    let owner = PasswordOwner {
        email: &person.email,
        name: person.name.as_str(),
    };
    passwords::hash(&Password::choose(text, owner)?, &state.entropy)
}

/// Returns whether a text is the person's password.
pub(crate) fn is_current(person: &Person, text: &str) -> Result<bool> {
    let Some(password) = Password::present(text) else {
        return Ok(false);
    };
    Ok(compare(&password, Some(person))? != PasswordMatch::Wrong)
}

/// Refuses a link of a sign-up whose address another one has verified meanwhile.
pub(crate) async fn refuse_taken_address(state: &State, person: &Person) -> Result<()> {
    let key = person.email.key();
    match state.store()?.find_person_by_email(&key).await? {
        Some(owner) if owner.is_verified() && owner.id != person.id => Err(link_used()),
        _ => Ok(()),
    }
}

/// Sets a new password by a mailed link, and ends all sessions. The same request again is answered like the first one,
/// whose answer may have been lost.
pub(crate) async fn reset_password(
    state: &State,
    token: &ResetToken,
    text: &str,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let person = store.find_person(token.user()).await?;
        let person = person.ok_or_else(link_used)?;
        if token.is_followed_by(&person) && is_current(&person, text)? {
            return announce_new_password(state, &person, correlation_id).await;
        }
        token.check(&person)?;
        let hash = choose_password(state, &person, text)?;
        let next = token.redeem(&person, hash, state.clock.now())?;
        if store.save_person(&next, person.version).await? == SaveOutcome::Saved {
            return announce_new_password(state, &next, correlation_id).await;
        }
        refuse_taken_address(state, &person).await?;
    }
    Err(contended())
}

/// Replaces the password of a person who is signed in, and ends all other sessions in the same transaction. The same
/// request again is answered like the first one.
pub(crate) async fn change_password(
    state: &State,
    signed_in: SignedIn,
    current: &str,
    text: &str,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (family, person) = require_live(state, signed_in.user, signed_in.session).await?;
        if !is_current(&person, current)? {
            if is_current(&person, text)? {
                return announce_new_password(state, &person, correlation_id).await;
            }
            return Err(Error::new(
                Kind::Forbidden,
                "wrong_password",
                "Your current password is not right.",
            ));
        }
        let hash = choose_password(state, &person, text)?;
        let next = person.clone().set_password(hash);
        let kept = family.in_epoch(next.session_epoch);
        let saved = store
            .save_new_password((&next, person.version), (&kept, family.version))
            .await?;
        if saved == SaveOutcome::Saved {
            return announce_new_password(state, &next, correlation_id).await;
        }
    }
    Err(contended())
}

/// Closes the sockets of the sessions that ended, and mails that the password was changed.
async fn announce_new_password(
    state: &State,
    person: &Person,
    correlation_id: CorrelationId,
) -> Result<()> {
    close_sockets(state, person, correlation_id).await?;
    let job = MailJob::to_person(person, MailContent::PasswordChanged);
    state.mails()?.send(&job, correlation_id).await
}
