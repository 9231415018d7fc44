//! Lists of conversations: the views of the inbox, and the history of a visitor.

use std::sync::Arc;

use confab_core::{Error, Result, UserId, length};
use confab_lambda::{
    Response,
    extract::{Path, Query},
    response,
};
use desk_domain::{Action, BotId, ConversationId, InboxFilter, InboxView, VisitorHead, VisitorId};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    extract::VisitorParam,
    services::{
        conversation_access::{Reader, reaches, require_contact},
        cursors::{ListPage, open_place, page_limit, seal_place},
        inbox::{HeadPage, InboxList, count_views, listed_visitors, read_history},
    },
    state::State,
    store::Tenant,
};

const MAX_QUERY_CHARS: usize = 200;

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct InboxQuery {
    #[serde(default)]
    view: Option<InboxView>,
    #[serde(default)]
    bot: Option<BotId>,
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    assignee: Option<UserId>,
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    after: Option<String>,
}

impl InboxQuery {
    fn filter(&self) -> Result<InboxFilter> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let filter = InboxFilter {
            bot: self.bot,
            tag: filled(&self.tag),
            assignee: self.assignee,
            q: filled(&self.q),
        };
        let is_long = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            length(text) > MAX_QUERY_CHARS
        };
        if is_long(&filter.tag) || is_long(&filter.q) {
            let message = "A search has at most 200 characters.";
            return Err(Error::invalid("bad_query", message));
        }
        Ok(filter)
    }
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations",
    operation_id = "list_conversations",
    tag = "Conversations",
    params(InboxQuery),
    responses(
        (status = 200, description = "A view of the inbox, newest first.", body = ListPage<desk_domain::Head>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list(
    state: Arc<State>,
    reader: Reader,
    Query(query): Query<InboxQuery>,
) -> Result<Response> {
    let access = reader.staff()?;
    access.require(Action::ReadConversations)?;
    let limit = page_limit(query.limit)?;
    let view = query.view.unwrap_or(InboxView::All);
    if matches!(view, InboxView::Mine | InboxView::Mentions) {
        access.member()?;
    }
    let list = InboxList {
        access,
        me: access.responsible_user(),
        view,
        filter: query.filter()?,
    };
    let after = match &query.after {
        Some(cursor) => Some(list.open_cursor(&state, cursor).await?),
        None => None,
    };
    let tenant = state.store()?.tenant(access.grant);
    let page = list.read(tenant, after, limit).await?;
    let next = match page.next {
        Some(place) => Some(list.seal_cursor(&state, place).await?),
        None => None,
    };
    let items = page.heads;
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Counts the views for the sidebar of a member.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/counts",
    operation_id = "count_conversations",
    tag = "Conversations",
    responses(
        (status = 200, description = "How many conversations each view has.", body = ListPage<ViewCount>),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn counts(state: Arc<State>, reader: Reader) -> Result<Response> {
    let access = reader.staff()?;
    access.require(Action::ReadConversations)?;
    let (me, _) = access.member()?;
    let tenant = state.store()?.tenant(access.grant);
    let items = count_views(tenant, me).await?;
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct HistoryQuery {
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    after: Option<String>,
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/visitor/{visitor}",
    operation_id = "list_visitor_conversations",
    tag = "Conversations",
    params(("visitor" = VisitorId, Path), HistoryQuery),
    responses(
        (status = 200, description = "Conversations of a visitor, newest first.", body = ListPage<ConversationAnswer>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn history(
    state: Arc<State>,
    reader: Reader,
    Path(VisitorParam(visitor)): Path<VisitorParam>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response> {
    reader.require(Action::ReadConversations)?;
    let limit = page_limit(query.limit)?;
    let (grant, list) = (Some(reader.grant()), format!("history#{visitor}"));
    let before = match &query.after {
        Some(cursor) => Some(open_place(&state, grant, &list, cursor).await?.parse()?),
        None => None,
    };
    let tenant = state.store()?.tenant(reader.grant());
    let page = read_page(tenant, &reader, visitor, before, limit).await?;
    let next = match page.next {
        Some(id) => Some(seal_place(&state, grant, &list, id.to_string()).await?),
        None => None,
    };
    let now = state.clock.now();
    match reader {
        Reader::Visitor(_) => {
            let heads = page.heads.iter().map(|head| VisitorHead::of(head, now));
            let items: Vec<_> = heads.collect();
            response::json(StatusCode::OK, &ListPage { items, next })
        }
        Reader::Staff(_) => {
            let items = page.heads;
            response::json(StatusCode::OK, &ListPage { items, next })
        }
    }
}

async fn read_page(
    tenant: Tenant<'_>,
    reader: &Reader,
    visitor: VisitorId,
    before: Option<ConversationId>,
    limit: u16,
) -> Result<HeadPage<ConversationId>> {
    let unknown = || Error::not_found("visitor");
    match reader {
        Reader::Visitor(access) => {
            let contact = require_contact(tenant, access).await?;
            let visitors = listed_visitors(&contact, access.token.is_verified, visitor);
            read_history(tenant, &visitors.ok_or_else(unknown)?, before, limit).await
        }
        Reader::Staff(access) => {
            let contact = tenant.find_contact(visitor).await?.ok_or_else(unknown)?;
            let visitors = contact.all_visitors();
            let mut page = read_history(tenant, &visitors, before, limit).await?;
            page.heads.retain(|head| reaches(access, head));
            Ok(page)
        }
    }
}

#[cfg(test)]
use crate::{
    contract::{BadRequest, ConversationAnswer, ReadRefusals},
    services::inbox::ViewCount,
};
