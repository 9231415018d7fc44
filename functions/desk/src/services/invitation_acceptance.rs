//! Accepts invitations: by a person who is signed in, or by a new one, whose account the link creates.

use confab_core::{Error, Kind, Result, TenantId, Timestamp, UserId};
use confab_lambda::ApiRequest;
use confab_worker::SaveOutcome;
use desk_domain::{
    Acceptance, CountedBy, Invitation, InviteToken, Member, Password, PasswordOwner, Person, Plan,
    RateClass,
};

use super::{passwords, sessions::require_live, tenant_changes::contended};
use crate::{
    auth::{SignedIn, TenantGrant, TenantState},
    state::State,
    store::{AcceptedInvitation, AuditActor, AuditEntry, Tenant},
};

const MAX_CAS_ATTEMPTS: usize = 8;

/// Name and password of a new account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAccount<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

/// A person and their new membership.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) person: Person,
    pub(crate) member: Member,
    pub(crate) tenant: TenantId,
}

/// The person who accepts, as stored and as afterwards.
struct Candidate {
    person: Person,
    /// The version that was read; 0 is a new person.
    read_version: u64,
    proves_address: bool,
}

/// Accepts the invitation of a link for a person who is signed in.
pub(crate) async fn accept_signed_in(
    state: &State,
    request: &ApiRequest,
    token: &str,
    signed_in: SignedIn,
) -> Result<Accepted> {
    let link = open_link(state, token).await?;
    let tenant = state.store()?.tenant(TenantGrant::of_invitation(&link));
    for _ in 0..MAX_CAS_ATTEMPTS {
        let (_, person) = require_live(state, signed_in.user, signed_in.session).await?;
        let candidate = Candidate {
            read_version: person.version,
            proves_address: false,
            person,
        };
        if let Some(accepted) = accept(state, request, tenant, &link, candidate).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

/// Accepts the invitation of a link for a person without an account, or with one that was never verified. The link
/// proves the address.
pub(crate) async fn accept_as_new_person(
    state: &State,
    request: &ApiRequest,
    token: &str,
    account: NewAccount<'_>,
) -> Result<Accepted> {
    let link = open_link(state, token).await?;
    let store = state.store()?;
    let tenant = store.tenant(TenantGrant::of_invitation(&link));
    take_token(state, &link).await?;
    let invitation = require_invitation(tenant, &link).await?;
    let mut hash = None;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let now = state.clock.now();
        let known = store.find_person_by_email(&invitation.email.key()).await?;
        let read_version = known.as_ref().map_or(0, |person| person.version);
        let person = match known {
            Some(person) => person,
            None => {
                let id = UserId::new(now, &state.entropy);
                Person::new(id, invitation.email.clone(), account.name, now)?
            }
        };
        check_open(&invitation, &person, now)?;
        // Hashing takes longer than all calls. A conflict does not hash again.
        let hashed: String = match hash.take() {
            Some(hashed) => hashed,
            None => hash_password(state, &person, account)?,
        };
        hash = Some(hashed.clone());
        let candidate = Candidate {
            person: person.claim(account.name, hashed, now)?,
            read_version,
            proves_address: true,
        };
        if let Some(accepted) = accept(state, request, tenant, &link, candidate).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

/// Opens the token of a link.
async fn open_link(state: &State, token: &str) -> Result<InviteToken> {
    let opened = state.sealer()?.open(token).await;
    opened.map_err(|error| match error.kind() {
        Kind::Unauthenticated if error.code() == "expired" => {
            let message = "This invitation has expired. Ask for a new one.";
            Error::conflict("invitation_expired", message)
        }
        Kind::Unauthenticated => Error::invalid("bad_link", "This link is incomplete or wrong."),
        _ => error,
    })
}

async fn require_invitation(tenant: Tenant<'_>, link: &InviteToken) -> Result<Invitation> {
    let invitation = tenant.find_invitation(link.invitation).await?;
    invitation.ok_or_else(|| Error::not_found("invitation"))
}

/// Limits the passwords that one link may have hashed.
async fn take_token(state: &State, link: &InviteToken) -> Result<()> {
    let rates = RateClass::Login.rates(Plan::Trial);
    let by_link = rates
        .into_iter()
        .filter(|rate| rate.by == CountedBy::Address);
    for rate in by_link {
        let key = format!("accept#{}", link.invitation);
        state.store()?.take_token(rate, &key).await?;
    }
    Ok(())
}

/// Refuses an account that exists, and an invitation that is not open, before anything is hashed.
fn check_open(invitation: &Invitation, person: &Person, now: Timestamp) -> Result<()> {
    if person.is_verified() {
        let message = "There is an account with this address. Sign in to accept the invitation.";
        return Err(Error::conflict("account_exists", message));
    }
    let proven = person.clone().verify_email(now);
    invitation.accept(&proven, None, now).map(drop)
}

fn hash_password(state: &State, person: &Person, account: NewAccount<'_>) -> Result<String> {
    let owner = PasswordOwner {
        email: &person.email,
        name: account.name,
    };
    let password = Password::choose(account.password, owner)?;
    passwords::hash(&password, &state.entropy)
}

/// Accepts once. `None` is a conflict with another change.
async fn accept(
    state: &State,
    request: &ApiRequest,
    tenant: Tenant<'_>,
    link: &InviteToken,
    candidate: Candidate,
) -> Result<Option<Accepted>> {
    let now = state.clock.now();
    let (invitation, existing, record) = tokio::try_join!(
        require_invitation(tenant, link),
        tenant.find_member(candidate.person.id),
        tenant.require_tenant()
    )?;
    TenantState::of(&record).check(true)?;
    let accepted = |person, member| Accepted {
        person,
        member,
        tenant: tenant.id(),
    };
    let (closed, change) = match invitation.accept(&candidate.person, existing.as_ref(), now)? {
        Acceptance::Joined(closed, change) => (closed, change),
        Acceptance::Duplicate => {
            let message = "You have left this workspace. Ask for a new invitation.";
            let member = existing.ok_or_else(|| Error::conflict("invitation_used", message))?;
            return Ok(Some(accepted(candidate.person, member)));
        }
    };
    let Some(member) = change.member.clone() else {
        return Err(Error::internal("no_member", invitation.id.to_string()));
    };
    let person = candidate.person.join(tenant.id())?;
    let actor = AuditActor::Person(person.id);
    let entry = AuditEntry::of_actor(actor, "member.joined", person.id, request.correlation_id);
    let entry = entry
        .with_source(request.source_ip().parse().ok())
        .with_change(None, Some(&member))?;
    let write = AcceptedInvitation {
        invitation: &closed,
        change: &change,
        person: &person,
        person_version: candidate.read_version,
        proves_address: candidate.proves_address,
        audit: &entry,
    };
    let saved = tenant.accept_invitation(&write, now).await?;
    Ok((saved == SaveOutcome::Saved).then(|| accepted(person, member)))
}
