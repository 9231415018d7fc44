//! `/conversations/{id}/messages`: reads, posts and deletes messages.

use std::{collections::BTreeSet, sync::Arc};

use confab_core::{CorrelationId, Error, Kind, Private, Result, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path, PathPair, Query},
    response,
};
use desk_domain::{
    Action, Author, Head, LanguageTag, Member, Message, MessageDraft, MessageList, Principal,
    VisitorMessage, may,
};
use futures::future::try_join_all;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::desk_conversations::parse_page;
use crate::{
    extract::{ConversationParam, SeqParam},
    services::{
        attachments::resolve,
        conversation_access::{Reader, open_to_post, open_to_read, open_to_write},
        conversations::{PostRequest, post_over},
        message_deletion::{Deleter, delete_message},
    },
    state::{Part, State},
    store::{OpenedConversation, Tenant},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Broadcasts,
    Part::Objects,
    Part::DynamoDbConnection,
    Part::SqsConnection,
];

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 100;

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /conversations/{conversation}/messages", list)
        .route("POST /conversations/{conversation}/messages", create)
        .route(
            "DELETE /conversations/{conversation}/messages/{seq}",
            delete,
        )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum PostedKind {
    #[default]
    Message,
    /// For agents alone.
    Note,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    client_msg_id: String,
    text: Private<String>,
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<PostedKind>"))]
    kind: PostedKind,
    #[serde(default)]
    reply_to: Option<u64>,
    /// Ids of uploads.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<Vec<String>>"))]
    attachments: Vec<String>,
    #[serde(default)]
    lang: Option<LanguageTag>,
    /// Agents whom a note mentions.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<BTreeSet<UserId>>"))]
    mentions: BTreeSet<UserId>,
    /// The path of the page that the visitor is on.
    #[serde(default)]
    page: Option<String>,
}

impl NewMessage {
    /// Returns the draft without its files.
    fn draft(&self) -> Result<MessageDraft> {
        let (id, text) = (self.client_msg_id.as_str(), self.text.as_str());
        let draft = match self.kind {
            PostedKind::Note => MessageDraft::note(id, text, self.mentions.clone())?,
            PostedKind::Message => MessageDraft {
                mentions: self.mentions.clone(),
                ..MessageDraft::parse(id, text)?
            },
        };
        Ok(MessageDraft {
            reply_to: self.reply_to,
            language: self.lang.clone(),
            ..draft
        })
    }
}

/// A page of messages, in ascending order. Numbers that are missing were not for the reader's eyes.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct MessagePage<'a> {
    #[cfg_attr(test, schema(value_type = Vec<MessageAnswer>))]
    messages: MessageList<'a>,
    last_seq: u64,
    first_seq: u64,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct PageQuery {
    #[serde(default)]
    before: Option<u64>,
    #[serde(default)]
    after: Option<u64>,
    #[serde(default)]
    limit: Option<u16>,
}

impl PageQuery {
    fn limit(&self) -> Result<u16> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            return Ok(limit);
        }
        Err(Error::invalid("bad_limit", "A page has 1 to 100 messages."))
    }
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/{conversation}/messages",
    operation_id = "list_messages",
    tag = "Messages",
    params(("conversation" = desk_domain::ConversationId, Path), PageQuery),
    responses(
        (status = 200, description = "A page of messages in ascending order.", body = MessagePage),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn list(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Path<ConversationParam>,
    Query(query): Query<PageQuery>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let limit = query.limit()?;
    let tenant = state.store()?.tenant(reader.grant());
    let page = async {
        match (query.before, query.after) {
            (Some(_), Some(_)) => {
                let message = "Use either before or after, not both.";
                Err(Error::invalid("bad_page", message))
            }
            (None, Some(after)) => {
                let limit = usize::from(limit);
                tenant
                    .messages_after(id, after, limit, correlation_id)
                    .await
            }
            (before, None) => {
                let limit = i32::from(limit);
                tenant
                    .messages_before(id, before, limit, correlation_id)
                    .await
            }
        }
    };
    let (head, messages) = tokio::try_join!(open_to_read(tenant, &reader, id), page)?;
    render_page(&reader, &head, &messages)
}

fn render_page(reader: &Reader, head: &Head, messages: &[Message]) -> Result<Response> {
    // The page may be newer than the read of the head.
    let newest = messages.last().map_or(0, |message| message.seq);
    let last_seq = head.last_seq.max(newest);
    let seen;
    let messages = match reader {
        Reader::Staff(_) => MessageList::Agent(messages),
        Reader::Visitor(_) => {
            seen = VisitorMessage::list(messages);
            MessageList::Visitor(&seen)
        }
    };
    let page = MessagePage {
        messages,
        last_seq,
        first_seq: 1,
    };
    response::json(StatusCode::OK, &page)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/messages",
    operation_id = "create_message",
    tag = "Messages",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = NewMessage,
    responses(
        (status = 200, description = "A retry: the message that was posted before.", body = MessageAnswer),
        (status = 201, description = "The posted message.", body = MessageAnswer),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        Unprocessable,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn create(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Path<ConversationParam>,
    Json(body): Json<NewMessage>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let draft = body.draft()?;
    let page = parse_page(body.page.as_deref())?;
    let tenant = state.store()?.tenant(reader.grant());
    let (opened, author) = open_to_post(&state, tenant, &reader, id, &draft.client_msg_id).await?;
    let draft = complete(tenant, &opened, draft, &body, &author).await?;
    let request = PostRequest {
        draft: &draft,
        page: page.as_deref(),
        author: &author,
    };
    let posted = post_over(&state, tenant, opened, request, correlation_id).await?;
    let status = if posted.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    render_message(&reader, status, &posted.message)
}

/// Adds the files, and checks the agents who are mentioned. A retry has been checked before.
async fn complete(
    tenant: Tenant<'_>,
    opened: &OpenedConversation,
    draft: MessageDraft,
    body: &NewMessage,
    author: &Author,
) -> Result<MessageDraft> {
    if draft.is_note && opened.repeated_seq.is_none() {
        require_agents(tenant, &draft.mentions).await?;
    }
    let files = resolve(tenant, opened, &body.attachments, author).await?;
    draft.with_attachments(files)
}

async fn require_agents(tenant: Tenant<'_>, mentions: &BTreeSet<UserId>) -> Result<()> {
    let members = mentions.iter().map(|user| tenant.find_member(*user));
    let members = try_join_all(members).await?;
    let is_agent = |member: &Member| may(Principal::Member(member.role), Action::ReadConversations);
    if members
        .iter()
        .all(|member| member.as_ref().is_some_and(is_agent))
    {
        return Ok(());
    }
    let message = "Only agents of this workspace can be mentioned.";
    Err(Error::new(Kind::Unprocessable, "unknown_mention", message))
}

fn render_message(reader: &Reader, status: StatusCode, message: &Message) -> Result<Response> {
    match reader {
        Reader::Staff(_) => response::json(status, message),
        Reader::Visitor(_) => {
            let seen = VisitorMessage::of(message);
            let unseen = || Error::internal("unseen_message", "visitors post what they see");
            response::json(status, &seen.ok_or_else(unseen)?)
        }
    }
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/conversations/{conversation}/messages/{seq}",
    operation_id = "delete_message",
    tag = "Messages",
    params(("conversation" = desk_domain::ConversationId, Path), ("seq" = u64, Path)),
    responses((status = 204, description = "The message is deleted."), WriteRefusals, Conflict),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn delete(
    state: Arc<State>,
    reader: Reader,
    PathPair(ConversationParam(id), SeqParam(seq)): PathPair<ConversationParam, SeqParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let is_admin = match &reader {
        Reader::Staff(access) => access.may(Action::DeleteMessageOfOthers),
        Reader::Visitor(_) => false,
    };
    let deleter = Deleter {
        author: &author,
        is_admin,
    };
    delete_message(&state, tenant, head, seq, deleter, correlation_id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{
    BadRequest, BodyRefusals, Conflict, MessageAnswer, ReadRefusals, Unprocessable, WriteRefusals,
};
