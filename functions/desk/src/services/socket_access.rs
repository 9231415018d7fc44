//! Access of the holder of a ticket. It is checked again for each frame, because a socket lives for two hours.

use confab_core::{Error, Kind, Result};
use desk_domain::{Action, Contact, Head, Principal, Refusal, may};

use super::{conversation_access::Reader, sessions::require_live};
use crate::{
    auth::{Access, Caller, SocketTicket, TenantState, TicketHolder, VisitorAccess, VisitorToken},
    live_channels::SocketEnd,
    state::State,
};

/// The holder of a ticket, whose access stands.
#[derive(Debug, Clone)]
pub(crate) enum Holder {
    Agent,
    Visitor {
        contact: Box<Contact>,
        /// Whether the site's server vouched for the identity of the session.
        is_verified: bool,
    },
}

impl Holder {
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self, Self::Agent)
    }

    pub(crate) fn may_read(&self, head: &Head) -> bool {
        match self {
            Self::Agent => true,
            Self::Visitor {
                contact,
                is_verified,
            } => contact.may_read_history_of(head.visitor.id, *is_verified),
        }
    }
}

fn signed_out() -> Error {
    Error::unauthenticated("Your session has ended. Sign in again.")
}

/// Returns the state of a ticket's tenant. Refuses frames of a suspended tenant, and writes to one that is read-only.
pub(crate) async fn open_tenant(
    state: &State,
    ticket: &SocketTicket,
    is_write: bool,
) -> Result<TenantState> {
    let tenant = state.tenants.state(state.store()?, ticket.grant()).await;
    let tenant = tenant.map_err(|error| match error.kind() {
        // The data of the tenant was erased.
        Kind::NotFound => signed_out(),
        _ => error,
    })?;
    tenant.check(is_write)?;
    Ok(tenant)
}

/// Loads the holder of a ticket. Refuses one who has lost the access since the ticket was issued: a blocked visitor, a
/// person who has signed out, or one who is no agent of the tenant any more.
pub(crate) async fn load_holder(state: &State, ticket: &SocketTicket) -> Result<Holder> {
    let rows = state.store()?.tenant(ticket.grant());
    match &ticket.holder {
        TicketHolder::Agent { user, session, .. } => {
            let (_, member) = tokio::try_join!(
                require_live(state, *user, *session),
                rows.find_member(*user)
            )?;
            let role = member.map(|member| member.role);
            let is_agent =
                role.is_some_and(|role| may(Principal::Member(role), Action::ReadConversations));
            if !is_agent {
                return Err(signed_out());
            }
            Ok(Holder::Agent)
        }
        TicketHolder::Visitor {
            visitor,
            is_verified,
            ..
        } => {
            // The contact of a visitor whose data was erased is gone.
            let contact = rows.find_contact(*visitor).await?;
            let contact = contact.ok_or_else(signed_out)?;
            if contact.is_blocked() {
                return Err(Refusal::Blocked.into());
            }
            Ok(Holder::Visitor {
                contact: Box::new(contact),
                is_verified: *is_verified,
            })
        }
    }
}

/// Returns the holder of a ticket as a reader of conversations.
pub(crate) fn reader_of(ticket: &SocketTicket, tenant: TenantState, is_write: bool) -> Reader {
    match &ticket.holder {
        TicketHolder::Agent {
            user,
            role,
            session,
        } => {
            let member = Caller::Member {
                user: *user,
                role: *role,
                session: *session,
            };
            Reader::Staff(Access::over_socket(
                ticket.grant(),
                member,
                tenant,
                is_write,
            ))
        }
        TicketHolder::Visitor {
            visitor,
            bot,
            is_verified,
            source,
        } => Reader::Visitor(VisitorAccess {
            token: VisitorToken {
                tenant: ticket.tenant,
                bot: *bot,
                visitor: *visitor,
                is_verified: *is_verified,
            },
            tenant,
            source: source.clone(),
        }),
    }
}

/// Returns why an error ends the socket. `None` refuses the frame alone.
pub(crate) fn socket_end(error: &Error) -> Option<SocketEnd> {
    match (error.kind(), error.code()) {
        (Kind::Unauthenticated, _) => Some(SocketEnd::SignedOut),
        (Kind::Forbidden, "blocked") => Some(SocketEnd::Blocked),
        (Kind::Forbidden, "suspended") => Some(SocketEnd::Suspended),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_access_ends_the_socket_and_other_errors_refuse_the_frame() {
        let suspended = Error::new(Kind::Forbidden, "suspended", "This workspace is suspended.");
        for (error, end) in [
            (signed_out(), Some(SocketEnd::SignedOut)),
            (Refusal::Blocked.into(), Some(SocketEnd::Blocked)),
            (suspended, Some(SocketEnd::Suspended)),
            (Refusal::Forbidden.into(), None),
            (Refusal::NotFound.into(), None),
            (Error::unavailable("store_failed", "timeout"), None),
            (Error::payment_required("payment_needed", "Pay."), None),
        ] {
            assert_eq!(socket_end(&error), end, "{error}");
        }
    }
}
