//! Authentication and authorization: who asks, and for which tenant.
//!
//! Architecture invariant: a `TenantGrant` is made here alone, from a verified token, key, ticket or link, for a job of a
//! queue, or for an operator's command. Without a grant there is no key of a tenant's row.

mod access;
mod cache;
mod grant;
mod jws;
mod operator;
mod sealer;
mod signed_in;
mod socket_ticket;
mod token_keys;
mod visitor;

pub(crate) use access::{Access, Caller};
pub(crate) use cache::{TenantCache, TenantState};
pub(crate) use grant::{TenantGrant, TenantJob, TenantPointer};
pub(crate) use jws::verify_hs256;
pub(crate) use operator::{CommandOperator, OptionalSignedIn, PlatformOperator};
pub(crate) use sealer::Sealer;
pub(crate) use signed_in::SignedIn;
pub(crate) use socket_ticket::{SocketTicket, TICKET_TTL, TicketHolder};
#[cfg(test)]
pub(crate) use token_keys::PublicKey;
pub(crate) use token_keys::TokenKeys;
pub(crate) use visitor::{
    EMBED_TTL, EmbedTicket, VISITOR_TTL, VisitorAccess, VisitorToken, take_visitor_tokens,
    visitor_source,
};
