//! Who may read and write a conversation, and as whom: visitors their own, members and keys those of their tenant.
//!
//! A conversation of others is answered like one that does not exist.

use std::sync::Arc;

use confab_core::{Error, Private, Result};
use confab_lambda::{ApiRequest, extract::FromRequest};
use confab_worker::Consistency;
use desk_domain::{
    Action, Author, ClientMessageId, Contact, ConversationId, Head, Refusal, VisitorId,
};

use crate::{
    auth::{Access, Caller, TenantGrant, VisitorAccess},
    state::State,
    store::{OpenedConversation, Tenant},
};

/// Who asks: a visitor, or a member or key of the tenant.
#[derive(Debug, Clone)]
pub(crate) enum Reader {
    Visitor(VisitorAccess),
    Staff(Access),
}

impl FromRequest<State> for Reader {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        // The sealed token of a visitor has two parts. An access token has three, and an API key has one.
        let is_sealed = |token: &str| token.matches('.').count() == 1;
        if request.bearer().is_some_and(is_sealed) {
            let visitor = VisitorAccess::from_request(request, state).await?;
            return Ok(Self::Visitor(visitor));
        }
        Access::from_request(request, state).await.map(Self::Staff)
    }
}

fn hidden() -> Error {
    Error::not_found("conversation")
}

impl Reader {
    pub(crate) fn grant(&self) -> TenantGrant {
        match self {
            Self::Visitor(visitor) => visitor.grant(),
            Self::Staff(access) => access.grant,
        }
    }

    pub(crate) fn is_visitor(&self) -> bool {
        matches!(self, Self::Visitor(_))
    }

    /// Returns the member or key, for what visitors cannot do.
    pub(crate) fn staff(&self) -> Result<&Access> {
        match self {
            Self::Staff(access) => Ok(access),
            Self::Visitor(_) => Err(Error::forbidden("You cannot do this.")),
        }
    }

    /// Refuses what a member or key may not do. What visitors may do is decided by the conversation.
    pub(crate) fn require(&self, action: Action) -> Result<()> {
        match self {
            Self::Staff(access) => access.require(action),
            Self::Visitor(_) => Ok(()),
        }
    }
}

/// Returns the contact of a visitor's session.
pub(crate) async fn require_contact(
    tenant: Tenant<'_>,
    visitor: &VisitorAccess,
) -> Result<Contact> {
    let contact = tenant.find_contact(visitor.token.visitor).await?;
    // The contact of a visitor whose data was erased is gone.
    contact.ok_or_else(|| Error::unauthenticated("Open the chat first."))
}

/// Returns the author as whom a member or key writes. A key acts for the member who made it, under its own name.
pub(crate) async fn staff_author(state: &State, access: &Access) -> Result<Author> {
    let id = access.responsible_user();
    let name = match &access.caller {
        Caller::Key(key) => Private::from(key.name.as_str()),
        Caller::Member { .. } | Caller::Platform { .. } => {
            let person = state.store()?.find_person(id).await?;
            let gone = || Error::unauthenticated("Your account does not exist any more.");
            person.ok_or_else(gone)?.name
        }
    };
    Ok(Author::Agent { id, name })
}

/// Whether a key that is bound to bots reaches a conversation. Members reach all of their tenant.
pub(crate) fn reaches(access: &Access, head: &Head) -> bool {
    match (&access.caller, head.bot_id) {
        (Caller::Key(key), Some(bot)) => key.reaches(bot),
        (Caller::Key(key), None) => key.bot_ids.is_empty(),
        (Caller::Member { .. } | Caller::Platform { .. }, _) => true,
    }
}

/// Returns as whom a visitor acts in a conversation: under the id that the conversation has, if it was joined to the
/// visitor's contact.
fn visitor_author(visitor: &VisitorAccess, contact: &Contact, head: &Head) -> Result<Author> {
    let owner = &head.visitor;
    if !contact.may_read_history_of(owner.id, visitor.token.is_verified) {
        return Err(hidden());
    }
    Ok(Author::Visitor {
        id: owner.id,
        name: contact.name.clone().or_else(|| owner.name.clone()),
    })
}

/// Reads a conversation for its reader.
pub(crate) async fn open_to_read(
    tenant: Tenant<'_>,
    reader: &Reader,
    id: ConversationId,
) -> Result<Head> {
    let (head, _) = open_as_reader(tenant, reader, id).await?;
    Ok(head)
}

/// Reads a conversation for its reader, and returns as whom the reader sees it, without the name of a member.
pub(crate) async fn open_as_reader(
    tenant: Tenant<'_>,
    reader: &Reader,
    id: ConversationId,
) -> Result<(Head, Author)> {
    reader.require(Action::ReadConversations)?;
    let read_head = tenant.find_head(id, Consistency::Strong);
    match reader {
        Reader::Staff(access) => {
            let head = read_head.await?.filter(|head| reaches(access, head));
            Ok((head.ok_or_else(hidden)?, nameless_agent(access)))
        }
        Reader::Visitor(visitor) => {
            let (head, contact) = tokio::try_join!(read_head, require_contact(tenant, visitor))?;
            let head = head.ok_or_else(hidden)?;
            let author = visitor_author(visitor, &contact, &head)?;
            Ok((head, author))
        }
    }
}

/// The key of an author is the id.
fn nameless_agent(access: &Access) -> Author {
    Author::Agent {
        id: access.responsible_user(),
        name: Private::default(),
    }
}

/// Reads a conversation for a change by its reader, and returns as whom the reader acts. Visitors who are blocked
/// change nothing.
pub(crate) async fn open_to_write(
    state: &State,
    tenant: Tenant<'_>,
    reader: &Reader,
    id: ConversationId,
) -> Result<(Head, Author)> {
    reader.require(Action::WriteConversations)?;
    let read_head = tenant.find_head(id, Consistency::Strong);
    match reader {
        Reader::Staff(access) => {
            let (head, author) = tokio::try_join!(read_head, staff_author(state, access))?;
            let head = head.filter(|head| reaches(access, head));
            Ok((head.ok_or_else(hidden)?, author))
        }
        Reader::Visitor(visitor) => {
            let (head, contact) = tokio::try_join!(read_head, require_contact(tenant, visitor))?;
            let head = head.ok_or_else(hidden)?;
            let author = visitor_author(visitor, &contact, &head)?;
            if contact.is_blocked() {
                return Err(Refusal::Blocked.into());
            }
            Ok((head, author))
        }
    }
}

/// Reads all that a post needs to know, in one step, and returns as whom the reader posts.
pub(crate) async fn open_to_post(
    state: &State,
    tenant: Tenant<'_>,
    reader: &Reader,
    id: ConversationId,
    client_id: &ClientMessageId,
) -> Result<(OpenedConversation, Author)> {
    reader.require(Action::WriteConversations)?;
    let access = match reader {
        Reader::Visitor(visitor) => {
            return open_to_visitor_post(tenant, visitor, id, client_id).await;
        }
        Reader::Staff(access) => access,
    };
    let nameless = nameless_agent(access);
    let (opened, author) = tokio::try_join!(
        tenant.open_conversation(id, &nameless, client_id),
        staff_author(state, access)
    )?;
    if !reaches(access, &opened.head) {
        return Err(hidden());
    }
    Ok((opened, author))
}

async fn open_to_visitor_post(
    tenant: Tenant<'_>,
    visitor: &VisitorAccess,
    id: ConversationId,
    client_id: &ClientMessageId,
) -> Result<(OpenedConversation, Author)> {
    let own = visitor.token.visitor;
    let nameless = |id: VisitorId| Author::Visitor { id, name: None };
    let mut opened = tenant
        .open_conversation(id, &nameless(own), client_id)
        .await?;
    let contact = opened
        .contact
        .take()
        .ok_or_else(|| Error::unauthenticated("Open the chat first."))?;
    let author = visitor_author(visitor, &contact, &opened.head)?;
    if opened.head.visitor.id != own {
        // The conversation was joined to the contact: its messages have ids of its own visitor.
        opened = tenant.open_conversation(id, &author, client_id).await?;
    }
    opened.contact = Some(contact);
    Ok((opened, author))
}
