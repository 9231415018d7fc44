//! `/conversations`: starts, lists, shows and changes conversations. Their messages are routes of `desk-messages`.
//!
//! Visitors reach their own conversations, and see of them what concerns them.

pub(crate) mod changes;
pub(crate) mod files;
pub(crate) mod lists;
pub(crate) mod transcript;

use std::{collections::BTreeMap, sync::Arc};

use confab_core::{CorrelationId, Error, Private, Result, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path},
    response,
};
use desk_domain::{
    Action, BotId, ClientMessageId, ContactChange, Head, LanguageTag, MessageDraft, VisitorHead,
    VisitorId,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Access, Caller},
    extract::ConversationParam,
    services::{
        conversation_access::{Reader, open_to_read},
        conversation_starts::{StartRequest, StartedWith, start_of_agent, start_of_visitor},
    },
    state::{Part, State},
    store::SavedDraft,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Broadcasts,
    Part::Objects,
    Part::Files,
    Part::DynamoDbConnection,
];

/// Bytes of the path of a page.
const MAX_PAGE_BYTES: usize = 1_000;

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("POST /conversations", start)
        .route("GET /conversations", lists::list)
        .route("GET /conversations/counts", lists::counts)
        .route("GET /conversations/visitor/{visitor}", lists::history)
        .route("GET /conversations/{conversation}", show)
        .route("PATCH /conversations/{conversation}", changes::patch_head)
        .route("PUT /conversations/{conversation}/end", changes::end)
        .route(
            "PUT /conversations/{conversation}/prechat",
            changes::prechat,
        )
        .route(
            "POST /conversations/{conversation}/handoff",
            changes::hand_off,
        )
        .route("POST /conversations/{conversation}/read", changes::read)
        .route("POST /conversations/{conversation}/csat", changes::rate)
        .route(
            "PUT /conversations/{conversation}/draft",
            changes::save_draft,
        )
        .route(
            "GET /conversations/{conversation}/transcript",
            transcript::transcript,
        )
        .route(
            "POST /conversations/{conversation}/attachments",
            files::announce,
        )
        .route(
            "POST /conversations/{conversation}/attachments/{upload}",
            files::check,
        )
        .route(
            "GET /conversations/{conversation}/attachments/{upload}",
            files::show,
        )
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields), ts(rename = "NewConversation"), schema(as = NewConversation))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConversationBody {
    client_conv_id: String,
    #[serde(default)]
    bot_id: Option<BotId>,
    #[serde(default)]
    visitor_id: Option<VisitorId>,
    /// A new contact, with whom an agent begins.
    #[serde(default)]
    contact: Option<ContactChange>,
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<BTreeMap<String, Private<String>>>"))]
    prechat: BTreeMap<String, Private<String>>,
    #[serde(default)]
    message: Option<FirstMessage>,
    #[serde(default)]
    language: Option<LanguageTag>,
    /// The path of the page that the visitor is on.
    #[serde(default)]
    page: Option<String>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstMessage {
    client_msg_id: String,
    text: String,
}

impl NewConversationBody {
    fn request(&self) -> Result<StartRequest> {
        let first = self.message.as_ref();
        let first = first.map(|first| MessageDraft::parse(&first.client_msg_id, &first.text));
        Ok(StartRequest {
            client_id: client_conversation_id(&self.client_conv_id)?,
            bot: self.bot_id,
            answers: self.prechat.clone(),
            first: first.transpose()?,
            page: parse_page(self.page.as_deref())?,
            language: self.language.clone(),
        })
    }
}

/// A client's id of a conversation has the form of those of messages.
fn client_conversation_id(text: &str) -> Result<ClientMessageId> {
    ClientMessageId::parse(text).map_err(|_| {
        let message = "A client_conv_id has 8 to 64 letters, digits, dashes or underscores.";
        Error::invalid("bad_client_conv_id", message)
    })
}

/// Checks the path of the page that a visitor is on.
pub(crate) fn parse_page(page: Option<&str>) -> Result<Option<String>> {
    match page {
        Some(page) if page.len() > MAX_PAGE_BYTES => Err(Error::invalid(
            "bad_page",
            "The path of a page has at most 1,000 bytes.",
        )),
        page => Ok(page.map(str::to_owned)),
    }
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations",
    operation_id = "start_conversation",
    tag = "Conversations",
    request_body = NewConversationBody,
    responses(
        (status = 200, description = "A retry: the conversation that was started before.", body = ConversationAnswer),
        (status = 201, description = "The new conversation.", body = ConversationAnswer),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn start(
    state: Arc<State>,
    reader: Reader,
    Json(body): Json<NewConversationBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    reader.require(Action::WriteConversations)?;
    let request = body.request()?;
    let tenant = state.store()?.tenant(reader.grant());
    let started = match &reader {
        Reader::Visitor(visitor) => {
            let is_own = body.visitor_id.is_none_or(|id| id == visitor.token.visitor);
            if !is_own {
                return Err(Error::not_found("visitor"));
            }
            if body.contact.is_some() {
                return Err(Error::forbidden("You cannot do this."));
            }
            start_of_visitor(&state, tenant, visitor, &request, correlation_id).await?
        }
        Reader::Staff(access) => {
            authorize_bot(access, body.bot_id)?;
            let with = started_with(access, body.visitor_id, body.contact)?;
            start_of_agent(&state, tenant, access, &with, &request, correlation_id).await?
        }
    };
    let status = if started.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    render_head(&state, &reader, status, &started.head)
}

/// A key that is bound to bots begins conversations of those alone.
fn authorize_bot(access: &Access, bot: Option<BotId>) -> Result<()> {
    match (bot, &access.caller) {
        (Some(bot), _) => access.require_bot(bot),
        (None, Caller::Key(key)) if !key.bot_ids.is_empty() => Err(Error::not_found("chatbot")),
        (None, _) => Ok(()),
    }
}

fn started_with(
    access: &Access,
    visitor: Option<VisitorId>,
    contact: Option<ContactChange>,
) -> Result<StartedWith> {
    match (visitor, contact) {
        (Some(id), None) => Ok(StartedWith::Visitor(id)),
        (None, Some(contact)) => {
            access.require(Action::WriteContacts)?;
            Ok(StartedWith::NewContact(contact))
        }
        (None, None) | (Some(_), Some(_)) => Err(Error::invalid(
            "contact_required",
            "Name either a visitor_id or a contact.",
        )),
    }
}

/// Renders a head as its reader may see it.
fn render_head(
    state: &State,
    reader: &Reader,
    status: StatusCode,
    head: &Head,
) -> Result<Response> {
    match reader {
        Reader::Visitor(_) => response::json(status, &VisitorHead::of(head, state.clock.now())),
        Reader::Staff(_) => response::json(status, head),
    }
}

/// A conversation with what the agent who asks has typed.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ConversationDetail"), schema(as = ConversationDetail))]
pub(crate) struct StaffConversation<'a> {
    #[serde(flatten)]
    head: &'a Head,
    draft: Option<SavedDraft>,
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/{conversation}",
    operation_id = "show_conversation",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    responses(
        (status = 200, description = "The conversation, as its reader may see it. Members find their drafts.", body = ConversationView),
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn show(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Path<ConversationParam>,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let Some(user) = member_of(&reader) else {
        let head = open_to_read(tenant, &reader, id).await?;
        return render_head(&state, &reader, StatusCode::OK, &head);
    };
    let (head, draft) = tokio::try_join!(
        open_to_read(tenant, &reader, id),
        tenant.find_draft(id, user)
    )?;
    let conversation = StaffConversation { head: &head, draft };
    response::json(StatusCode::OK, &conversation)
}

/// Returns the member who asks. Drafts are of members alone.
fn member_of(reader: &Reader) -> Option<UserId> {
    let access = reader.staff().ok()?;
    access.member().ok().map(|(user, _)| user)
}

#[cfg(test)]
use crate::contract::{
    BodyRefusals, Conflict, ConversationAnswer, ConversationView, ReadRefusals, WriteRefusals,
};
