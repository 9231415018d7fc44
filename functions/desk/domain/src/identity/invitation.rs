//! Invitations: an address is asked to join a tenant, for seven days and once.

use std::{collections::BTreeSet, time::Duration};

use confab_core::{Error, Result, Timestamp, UserId, after};
use serde::{Deserialize, Serialize};

use super::{
    member::{Member, MembershipActor, MembershipChange},
    person::Person,
    role::Role,
};
use crate::{CountedBy, EmailAddress, InvitationId, Plan, Rate, TeamId};

pub const INVITATION_TTL: Duration = Duration::from_secs(7 * 86_400);
/// Invitations to one address, of all tenants, at once and then each hour.
const MAILS_PER_ADDRESS: u32 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum InvitationState {
    Pending,
    Accepted {
        by: UserId,
        at: Timestamp,
    },
    Revoked {
        at: Timestamp,
    },
    /// Its seat was given back after its time.
    Expired,
}

/// An open invitation reserves a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: EmailAddress,
    pub role: Role,
    pub teams: BTreeSet<TeamId>,
    pub invited_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(flatten)]
    pub state: InvitationState,
}

/// The result of an acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// The invitation and the new member, to be written together.
    Joined(Box<Invitation>, MembershipChange),
    /// The same person accepted before, and the answer was lost.
    Duplicate,
}

impl Invitation {
    /// Invites an address. The caller has checked the seats and that `actor` may invite at all.
    pub fn new(
        id: InvitationId,
        email: EmailAddress,
        role: Role,
        teams: BTreeSet<TeamId>,
        actor: MembershipActor,
        invited_by: UserId,
        now: Timestamp,
    ) -> Result<Self> {
        if !actor.role.may_assign(None, Some(role)) {
            return Err(Error::forbidden("Only an owner can invite owners."));
        }
        Ok(Self {
            id,
            email,
            role,
            teams,
            invited_by,
            created_at: now,
            expires_at: after(now, INVITATION_TTL),
            state: InvitationState::Pending,
        })
    }

    /// Returns whether the invitation reserves a seat.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == InvitationState::Pending && now < self.expires_at
    }

    /// Accepts the invitation for a person who has proven the invited address. Another account of the same reader
    /// is refused, because a forwarded link must not admit others. `existing` keeps its role and takes no second seat.
    pub fn accept(
        &self,
        person: &Person,
        existing: Option<&Member>,
        now: Timestamp,
    ) -> Result<Acceptance> {
        if let InvitationState::Accepted { by, .. } = &self.state {
            let is_same = *by == person.id;
            return if is_same {
                Ok(Acceptance::Duplicate)
            } else {
                Err(used())
            };
        }
        if matches!(self.state, InvitationState::Revoked { .. }) {
            let message = "This invitation was withdrawn. Ask for a new one.";
            return Err(Error::conflict("invitation_revoked", message));
        }
        if !self.is_open(now) {
            let message = "This invitation has expired. Ask for a new one.";
            return Err(Error::conflict("invitation_expired", message));
        }
        if !person.email.is_same_mailbox(&self.email) || !person.is_verified() {
            return Err(Error::new(
                confab_core::Kind::Forbidden,
                "invitation_for_other_address",
                "Sign in with the email address that was invited.",
            ));
        }
        let accepted = Self {
            state: InvitationState::Accepted {
                by: person.id,
                at: now,
            },
            ..self.clone()
        };
        let change = match existing {
            Some(member) => MembershipChange::between(existing, Some(member.clone())),
            None => Member::join(person.id, self.role, self.teams.clone(), now),
        };
        Ok(Acceptance::Joined(Box::new(accepted), change))
    }

    /// Withdraws the invitation. An accepted one is refused: its member is removed instead.
    pub fn revoke(&self, now: Timestamp) -> Result<Self> {
        match self.state {
            InvitationState::Pending => {
                let state = InvitationState::Revoked { at: now };
                Ok(Self {
                    state,
                    ..self.clone()
                })
            }
            InvitationState::Revoked { .. } | InvitationState::Expired => Ok(self.clone()),
            InvitationState::Accepted { .. } => Err(used()),
        }
    }
}

impl Invitation {
    /// Returns the invitation without its seat, if its time is over and it still reserves one.
    pub fn expire(&self, now: Timestamp) -> Option<Self> {
        let is_over = self.state == InvitationState::Pending && !self.is_open(now);
        is_over.then(|| Self {
            state: InvitationState::Expired,
            ..self.clone()
        })
    }
}

fn used() -> Error {
    Error::conflict("invitation_used", "This invitation was already accepted.")
}

/// How often a tenant may send invitations, and how often an address may get them. A withdrawn invitation gives its
/// seat back, so that seats alone do not bound the mails.
pub fn invitation_rates(plan: Plan) -> [Rate; 2] {
    let burst = match plan {
        Plan::Trial | Plan::Starter => 20,
        Plan::Team => 50,
        Plan::Business => 200,
    };
    [
        Rate {
            by: CountedBy::Tenant,
            burst,
            every: Duration::from_secs(180),
        },
        Rate {
            by: CountedBy::Address,
            burst: MAILS_PER_ADDRESS,
            every: Duration::from_secs(3_600),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn person(byte: u8, email: &str) -> Person {
        let id = UserId::new(at(1), &|| [byte; 10]);
        let email = EmailAddress::parse(email).unwrap();
        Person::new(id, email, "Dana", at(1))
            .unwrap()
            .verify_email(at(1))
    }

    fn member(role: Role) -> Member {
        let change = Member::join(
            UserId::new(at(1), &|| [9; 10]),
            role,
            BTreeSet::new(),
            at(1),
        );
        change.member.unwrap()
    }

    fn invite(role: Role, actor: Role) -> Result<Invitation> {
        let id = InvitationId::new(at(0), &|| [1; 10]);
        let email = EmailAddress::parse("dana@example.com").unwrap();
        let teams = [TeamId::new(at(0), &|| [5; 10])].into();
        let actor = member(actor);
        let by = actor.user;
        Invitation::new(
            id,
            email,
            role,
            teams,
            MembershipActor::member(&actor),
            by,
            at(0),
        )
    }

    fn joined(acceptance: Acceptance) -> (Invitation, Member) {
        match acceptance {
            Acceptance::Joined(invitation, change) => {
                assert_eq!((change.seat_delta, change.least_owners()), (1, 0));
                (*invitation, change.member.unwrap())
            }
            Acceptance::Duplicate => panic!("a duplicate"),
        }
    }

    #[test]
    fn invitation_is_accepted_once_by_the_invited_address() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let dana = person(1, "DANA@example.com");
        let (accepted, member) = joined(invitation.accept(&dana, None, at(10)).unwrap());
        assert_eq!((member.user, member.role), (dana.id, Role::Agent));
        assert_eq!(member.teams, invitation.teams);
        assert_eq!(
            accepted.accept(&dana, None, at(11)).unwrap(),
            Acceptance::Duplicate
        );
        let other = accepted.accept(&person(2, "dana@example.com"), None, at(11));
        assert_eq!(other.unwrap_err().code(), "invitation_used");
    }

    #[test]
    fn invited_member_keeps_the_role_and_takes_no_second_seat() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let (dana, admin) = (person(1, "dana@example.com"), member(Role::Admin));
        let acceptance = invitation.accept(&dana, Some(&admin), at(10)).unwrap();
        let Acceptance::Joined(accepted, change) = acceptance else {
            panic!("a duplicate")
        };
        assert_eq!((change.member, change.seat_delta), (Some(admin), 0));
        assert!(!accepted.is_open(at(11)));
    }

    #[test]
    fn foreign_and_unproven_addresses_are_refused() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let eve = invitation.accept(&person(2, "eve@example.com"), None, at(10));
        assert_eq!(eve.unwrap_err().code(), "invitation_for_other_address");
        let unproven = Person {
            email_verified_at: None,
            ..person(1, "dana@example.com")
        };
        let refused = invitation.accept(&unproven, None, at(10)).unwrap_err();
        assert_eq!(refused.code(), "invitation_for_other_address");
    }

    #[test]
    fn invitation_ends_after_seven_days_or_when_it_is_withdrawn() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let dana = person(1, "dana@example.com");
        let last = at(7 * 86_400 - 1);
        assert!(invitation.is_open(last) && invitation.accept(&dana, None, last).is_ok());
        let over = at(7 * 86_400);
        assert!(!invitation.is_open(over));
        assert_eq!(
            invitation.accept(&dana, None, over).unwrap_err().code(),
            "invitation_expired"
        );
        let revoked = invitation.revoke(at(5)).unwrap();
        assert!(!revoked.is_open(at(6)));
        assert_eq!(
            revoked.accept(&dana, None, at(6)).unwrap_err().code(),
            "invitation_revoked"
        );
        assert_eq!(
            revoked.revoke(at(9)).unwrap(),
            revoked,
            "the first time counts"
        );
        let (accepted, _) = joined(invitation.accept(&dana, None, at(10)).unwrap());
        assert_eq!(
            accepted.revoke(at(11)).unwrap_err().code(),
            "invitation_used"
        );
    }

    #[test]
    fn seat_of_an_expired_invitation_is_given_back_once() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let over = at(7 * 86_400);
        assert_eq!(invitation.expire(at(7 * 86_400 - 1)), None);
        let expired = invitation.expire(over).unwrap();
        assert_eq!(expired.expire(over), None);
        let refused = expired.accept(&person(1, "dana@example.com"), None, over);
        assert_eq!(refused.unwrap_err().code(), "invitation_expired");
        assert_eq!(invitation.revoke(at(1)).unwrap().expire(over), None);
    }

    #[test]
    fn every_seat_of_a_plan_may_be_invited_at_once() {
        for plan in Plan::ALL {
            let [by_tenant, by_address] = invitation_rates(plan);
            assert_eq!(by_tenant.by, CountedBy::Tenant);
            let seats = crate::entitlements(plan, &crate::Overrides::default());
            let seats = seats.limit(crate::LimitName::Seats).amount;
            assert!(u64::from(by_tenant.burst) >= seats);
            assert_eq!((by_address.by, by_address.burst), (CountedBy::Address, 5));
        }
    }

    #[test]
    fn only_owners_invite_owners_and_agents_cannot_invite() {
        assert!(invite(Role::Owner, Role::Owner).is_ok());
        assert!(invite(Role::Admin, Role::Admin).is_ok());
        for (role, actor) in [(Role::Owner, Role::Admin), (Role::Viewer, Role::Agent)] {
            assert_eq!(invite(role, actor).unwrap_err().code(), "forbidden");
        }
    }

    #[test]
    fn stored_invitation_is_read_back() {
        let invitation = invite(Role::Agent, Role::Admin).unwrap();
        let (accepted, _) = joined(
            invitation
                .accept(&person(1, "dana@example.com"), None, at(9))
                .unwrap(),
        );
        for stored in [
            invitation.clone(),
            accepted,
            invitation.revoke(at(3)).unwrap(),
        ] {
            let json = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Invitation>(&json).unwrap(), stored);
        }
    }
}
