//! `/api/chats/{code}/messages/..`: reads messages, posts them without a socket, deletes them and reacts to them.

use std::{str::FromStr, sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{CorrelationId, Error, Result, UserId};
use confab_lambda::{
    ApiRequest, Response, Router,
    extract::{FromRequest, Json, Path, PathPair, SourceIp},
    response,
};
use confab_worker::{Consistency, SaveOutcome};
use futures::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use rooms_domain::{
    AccessLevel, Draft, MAX_EMOJI_PER_MESSAGE, Message, RefundReason, RoomCode, parse_emoji,
};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::{MessageSeq, OptionalUser, User},
    services::{
        post_message::post_message,
        refunds::request_refund,
        room_access::{
            Access, authorize_read, authorize_write, changed_meanwhile, complete_latest,
            load_room_and_latest,
        },
    },
    state::{Part, State},
    store::{FulfillmentStatus, RoomForUser, Store, first_seq, first_seq_for_reserved},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Broadcasts,
    Part::Bus,
    Part::DynamoDbConnection,
];

const DEFAULT_PAGE_SIZE: i32 = 50;
const MAX_PAGE_SIZE: i32 = 100;
/// Each reaction is broadcast.
const REACTIONS_PER_USER: RateLimit = RateLimit {
    burst: 20,
    every: Duration::from_secs(2),
};
/// A deletion changes every message that quotes the deleted one.
const DELETIONS_PER_USER: RateLimit = RateLimit {
    burst: 10,
    every: Duration::from_secs(3),
};
const QUOTE_CONCURRENCY: usize = 20;
const MAX_CAS_ATTEMPTS: usize = 4;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    #[cfg_attr(test, schema(pattern = "^[A-Za-z0-9_-]{8,64}$"))]
    client_msg_id: String,
    #[cfg_attr(test, schema(min_length = 1, max_length = 2000))]
    text: String,
    #[serde(default)]
    reply_to: Option<u64>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReaction {
    #[cfg_attr(test, schema(example = "👍"))]
    emoji: String,
    on: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Page"))]
#[cfg_attr(test, schema(as = Page))]
pub(crate) struct MessagePage {
    messages: Vec<Message>,
    last_seq: u64,
    first_seq: u64,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/chats/{code}/messages/", list_messages)
        .route("POST /api/chats/{code}/messages/", create_message)
        .route("DELETE /api/chats/{code}/messages/{seq}/", delete_message)
        .route("POST /api/chats/{code}/messages/{seq}/reactions/", react)
}

/// The query of a page: `before` or `after` a number, or neither for the latest page.
#[derive(Debug)]
pub(crate) struct PageQuery {
    before: Option<u64>,
    after: Option<u64>,
    limit: i32,
}

impl FromRequest<State> for PageQuery {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<State>) -> Result<Self> {
        let limit: Option<u64> = query_number(request, "limit")?;
        Ok(Self {
            before: query_number(request, "before")?,
            after: query_number(request, "after")?,
            limit: limit
                .map_or(DEFAULT_PAGE_SIZE, |limit| {
                    i32::try_from(limit).unwrap_or(MAX_PAGE_SIZE)
                })
                .clamp(1, MAX_PAGE_SIZE),
        })
    }
}

fn query_number<T: FromStr>(request: &ApiRequest, name: &str) -> Result<Option<T>> {
    let Some(text) = request.query_value(name) else {
        return Ok(None);
    };
    let number = text
        .parse()
        .map_err(|_| Error::invalid("bad_page", "before, after and limit must be numbers."))?;
    Ok(Some(number))
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/chats/{code}/messages/",
    operation_id = "reads",
    tag = "Messages",
    params(
        ("code" = RoomCode, Path),
        ("before" = Option<u64>, Query),
        ("after" = Option<u64>, Query),
        ("limit" = Option<u64>, Query),
    ),
    responses(
        (status = 200, description = "A page of messages in ascending order.", body = MessagePage),
        BadRequest,
        Unauthorized,
        NotFound,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn list_messages(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    query: PageQuery,
    OptionalUser(user): OptionalUser,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let (loaded, messages, last_seq) = match (query.before, query.after) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "bad_page",
                "Use either before or after, not both.",
            ));
        }
        (None, None) => latest_page(store, code, user, query.limit, correlation_id).await?,
        _ => adjacent_page(store, code, user, &query, correlation_id).await?,
    };
    authorize_read(&loaded)?;
    let first_seq = first_seq(last_seq);
    let messages = messages
        .into_iter()
        .filter(|message| message.seq >= first_seq)
        .collect();
    let page = MessagePage {
        messages,
        last_seq,
        first_seq,
    };
    response::json(StatusCode::OK, &page)
}

/// A room, a page of its messages, and its last number.
type LoadedPage = (RoomForUser, Vec<Message>, u64);

async fn latest_page(
    store: &Store,
    code: RoomCode,
    user: Option<UserId>,
    limit: i32,
    correlation_id: CorrelationId,
) -> Result<LoadedPage> {
    let (loaded, mut messages) = tokio::try_join!(
        store.load_room_for(code, user, Consistency::Eventual),
        store.messages_before(code, None, limit, correlation_id)
    )?;
    let reserved_seq = loaded.reserved_seq;
    if messages.is_empty() && reserved_seq > 0 {
        let latest = store
            .latest_messages(code, reserved_seq, Consistency::Strong, correlation_id)
            .await?;
        messages = latest.messages;
        messages.reverse();
    }
    let last_seq = messages.last().map_or(reserved_seq, |message| message.seq);
    Ok((loaded, messages, last_seq))
}

async fn adjacent_page(
    store: &Store,
    code: RoomCode,
    user: Option<UserId>,
    query: &PageQuery,
    correlation_id: CorrelationId,
) -> Result<LoadedPage> {
    let page = async {
        match query.after {
            Some(after) => {
                let limit = usize::try_from(query.limit).unwrap_or_default();
                store
                    .messages_after(code, after, limit, correlation_id)
                    .await
            }
            None => {
                store
                    .messages_before(code, query.before, query.limit, correlation_id)
                    .await
            }
        }
    };
    let (loaded, latest, messages) = tokio::try_join!(
        store.load_room_for(code, user, Consistency::Eventual),
        store.latest_messages(code, 0, Consistency::Eventual, correlation_id),
        page
    )?;
    let latest = complete_latest(store, &loaded, latest, correlation_id).await?;
    // The page may be newer than the read of the latest messages.
    let newest = messages.last().map_or(0, |message| message.seq);
    Ok((loaded, messages, latest.last_seq.max(newest)))
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/messages/",
    operation_id = "says",
    tag = "Messages",
    params(("code" = RoomCode, Path)),
    request_body = NewMessage,
    responses(
        (status = 200, description = "A retry: the message that was posted before.", body = Message),
        (status = 201, description = "The posted message.", body = Message),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn create_message(
    state: Arc<State>,
    Path(code): Path<RoomCode>,
    User(user): User,
    Json(new): Json<NewMessage>,
    SourceIp(address): SourceIp,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let draft = Draft::parse(&new.client_msg_id, &new.text, new.reply_to)?;
    let (loaded, latest) =
        load_room_and_latest(Access::Write, store, code, user, correlation_id).await?;
    let posted = post_message(
        (store, state.broadcasts()?),
        &loaded,
        latest,
        &draft,
        &address,
        correlation_id,
    )
    .await?;
    let status = if posted.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    response::json(status, &posted.message)
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/api/chats/{code}/messages/{seq}/",
    operation_id = "deletes",
    tag = "Messages",
    params(("code" = RoomCode, Path), ("seq" = u64, Path)),
    responses(
        (status = 204, description = "The message is deleted."),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn delete_message(
    state: Arc<State>,
    PathPair(code, MessageSeq(seq)): PathPair<RoomCode, MessageSeq>,
    User(user): User,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let (loaded, message) = load_message(store, code, user, seq).await?;
    if message.user_id != user && loaded.access != AccessLevel::Host {
        return Err(Error::forbidden(
            "Only the author and the host can delete a message.",
        ));
    }
    store
        .take_token(DELETIONS_PER_USER, &format!("delete#{user}"))
        .await?;
    remove_pins(&state, code, seq, user).await?;
    let deleted = store.delete_message(code, seq).await?;
    // A pin may have been paid for in between.
    let current = remove_pins(&state, code, seq, user).await?;
    announce_removed_pins(&state, &current, seq, correlation_id).await?;
    // Published again on a retry: the first attempt may have crashed before it did.
    let tombstone = deleted.unwrap_or(message);
    publish_changed(&state, code, tombstone, correlation_id).await?;
    let replies = store.replies_quoting(code, seq).await?;
    stream::iter(replies)
        .map(|reply| clear_quote(&state, code, seq, reply, correlation_id))
        .buffer_unordered(QUOTE_CONCURRENCY)
        .try_collect::<()>()
        .await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Clears and publishes one quote of a deleted message. The index row is the outbox: it is deleted after the
/// publication, so that a repeated deletion completes an interrupted one.
async fn clear_quote(
    state: &State,
    code: RoomCode,
    seq: u64,
    reply: u64,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    if let Some(message) = store.clear_quote(code, seq, reply).await? {
        publish_changed(state, code, message, correlation_id).await?;
    }
    store.delete_quote_index(code, seq, reply).await
}

/// Removes the pins of a message, and returns the room without them. In the same transaction, pins that other users
/// paid for are marked for a refund.
async fn remove_pins(state: &State, code: RoomCode, seq: u64, user: UserId) -> Result<RoomForUser> {
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let loaded = store
            .load_room_for(code, Some(user), Consistency::Strong)
            .await?;
        let Some(room) = loaded.room.without_pins_of_message(seq) else {
            return Ok(loaded);
        };
        let now = state.clock.now();
        let refundable: Vec<_> = loaded
            .room
            .pins
            .iter()
            .filter(|pin| pin.seq == seq && pin.payer != user && pin.is_refundable(now))
            .map(|pin| pin.order)
            .collect();
        let saved = store
            .remove_pins_of_deleted_message(&room, loaded.version, &refundable)
            .await?;
        if saved == SaveOutcome::Saved {
            let version = loaded.version + 1;
            return Ok(RoomForUser {
                room,
                version,
                ..loaded
            });
        }
    }
    Err(changed_meanwhile())
}

/// Publishes the pin that a room shows without those of a deleted message, and requests the refunds that are due. Does
/// both also for an attempt that crashed.
async fn announce_removed_pins(
    state: &State,
    current: &RoomForUser,
    seq: u64,
    correlation_id: CorrelationId,
) -> Result<()> {
    let room = &current.room;
    let pins = state
        .store()?
        .list_pins_of_message(room.code, seq, correlation_id)
        .await?;
    if pins.is_empty() {
        return Ok(());
    }
    state
        .broadcasts()?
        .publish_pin(room, current.version, state.clock.now(), correlation_id)
        .await?;
    for purchase in pins {
        let is_due = purchase.status == FulfillmentStatus::RefundDue
            && purchase.refund_reason == Some(RefundReason::MessageDeleted);
        if !is_due {
            continue;
        }
        request_refund(
            state.bus()?,
            purchase.order,
            RefundReason::MessageDeleted,
            purchase.at,
            correlation_id,
        )
        .await?;
    }
    Ok(())
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/chats/{code}/messages/{seq}/reactions/",
    operation_id = "reacts",
    tag = "Messages",
    params(("code" = RoomCode, Path), ("seq" = u64, Path)),
    request_body = NewReaction,
    responses(
        (status = 200, description = "The changed message.", body = Message),
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn react(
    state: Arc<State>,
    PathPair(code, MessageSeq(seq)): PathPair<RoomCode, MessageSeq>,
    User(user): User,
    Json(reaction): Json<NewReaction>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let store = state.store()?;
    let emoji = parse_emoji(&reaction.emoji)?;
    store
        .take_token(REACTIONS_PER_USER, &format!("react#{user}"))
        .await?;
    let (loaded, message) = load_message(store, code, user, seq).await?;
    authorize_write(&loaded)?;
    let is_new_emoji = !message
        .reactions
        .iter()
        .any(|reaction| reaction.emoji == emoji);
    if reaction.on && is_new_emoji && message.reactions.len() >= MAX_EMOJI_PER_MESSAGE {
        return Err(Error::conflict(
            "too_many_reactions",
            "This message has the maximum number of different reactions.",
        ));
    }
    let changed = store
        .set_reaction(code, seq, user, emoji, reaction.on)
        .await?;
    let message = changed.unwrap_or(message);
    publish_changed(&state, code, message.clone(), correlation_id).await?;
    response::json(StatusCode::OK, &message)
}

async fn load_message(
    store: &Store,
    code: RoomCode,
    user: UserId,
    seq: u64,
) -> Result<(RoomForUser, Message)> {
    let (loaded, message) = tokio::try_join!(
        store.load_room_for(code, Some(user), Consistency::Strong),
        store.find_message(code, seq)
    )?;
    authorize_read(&loaded)?;
    let message = message
        .filter(|_| seq >= first_seq_for_reserved(loaded.reserved_seq))
        .ok_or_else(|| Error::not_found("message"))?;
    Ok((loaded, message))
}

async fn publish_changed(
    state: &State,
    code: RoomCode,
    message: Message,
    correlation_id: CorrelationId,
) -> Result<()> {
    state
        .broadcasts()?
        .publish_message_changed(code, message, state.clock.now(), correlation_id)
        .await
}

#[cfg(test)]
use crate::contract::{BadRequest, Conflict, Forbidden, NotFound, RateLimited, Unauthorized};
