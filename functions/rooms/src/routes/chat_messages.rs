//! `/api/chats/{code}/messages/..`: what was said, and saying it without a socket.

use std::{sync::Arc, time::Duration};

use confab_aws::RateLimit;

use confab_core::{Clock, Error, Result, UserId};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::{Consistency, SaveOutcome};
use futures::{StreamExt, TryStreamExt, stream};
use http::{Method, StatusCode};
use rooms_domain::{Draft, Message, News, NotGiven, PaidPin, RoomCode, Standing, emoji};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    Rooms,
    services::post_message::{may_write, speak, tell, visit_and_latest},
    services::session_auth::place,
    store::{Visited, first_seq, oldest},
    workers::rooms_paid::{give_back, tell_of_pins},
};

const PAGE: i32 = 50;
const LARGEST_PAGE: i32 = 100;
/// Each is told to everybody.
const REACTIONS: RateLimit = RateLimit {
    burst: 20,
    every: Duration::from_secs(2),
};
/// A deletion changes every message that quotes the deleted one.
const DELETIONS: RateLimit = RateLimit {
    burst: 10,
    every: Duration::from_secs(3),
};
const QUOTE_CONCURRENCY: usize = 20;
/// Pins that come while one goes.
const RACES: usize = 4;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    #[schema(pattern = "^[A-Za-z0-9_-]{8,64}$")]
    client_msg_id: String,
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
    #[serde(default)]
    reply_to: Option<u64>,
}

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReaction {
    #[schema(example = "👍")]
    emoji: String,
    on: bool,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Page {
    messages: Vec<Message>,
    last_seq: u64,
    first_seq: u64,
}

pub async fn handle(deps: Arc<Rooms>, call: ApiRequest) -> Result<Response> {
    let (code, rest) = place(&call)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| Error::not_found("message"));
    match (call.request.method(), rest.as_slice()) {
        (&Method::GET, [_]) => page(&deps, &call, code).await,
        (&Method::POST, [_]) => say(&deps, &call, code).await,
        (&Method::DELETE, [_, seq]) => delete(&deps, &call, code, number(seq)?).await,
        (&Method::POST, [_, seq, "reactions"]) => react(&deps, &call, code, number(seq)?).await,
        _ => Err(Error::not_found("route")),
    }
}

async fn page(deps: &Rooms, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let bad = |_| Error::invalid("bad_page", "before, after and limit are numbers.");
    let number = |name| {
        call.query_value(name)
            .map(|text| text.parse::<u64>())
            .transpose()
            .map_err(bad)
    };
    let (before, after, limit) = (number("before")?, number("after")?, number("limit")?);
    let limit = limit
        .map_or(PAGE, |limit| i32::try_from(limit).unwrap_or(LARGEST_PAGE))
        .clamp(1, LARGEST_PAGE);
    let user = deps.doorman.guest(call).await?;
    let (store, trace) = (&deps.store, call.correlation_id);
    let visit = store.visit(code, user, Consistency::Eventual);
    let (visited, messages, last_seq) = match (before, after) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "bad_page",
                "A page is before or after something.",
            ));
        }
        (None, None) => {
            let (visited, mut messages) =
                tokio::try_join!(visit, store.before(code, None, limit, trace))?;
            if let (None, true) = (messages.last(), visited.reserved > 0) {
                messages = store
                    .latest(code, visited.reserved, Consistency::Strong, trace)
                    .await?
                    .messages;
                messages.reverse();
            }
            let last_seq = messages
                .last()
                .map_or(visited.reserved, |message| message.seq);
            (visited, messages, last_seq)
        }
        (before, after) => {
            let most = usize::try_from(limit).unwrap_or_default();
            let page = async {
                match after {
                    Some(after) => {
                        store
                            .after(code, after, most, Consistency::Eventual, trace)
                            .await
                    }
                    None => store.before(code, before, limit, trace).await,
                }
            };
            let (visited, mut latest, messages) = tokio::try_join!(
                visit,
                store.latest(code, 0, Consistency::Eventual, trace),
                page
            )?;
            if latest.messages.is_empty() && visited.reserved > 0 {
                latest = store
                    .latest(code, visited.reserved, Consistency::Strong, trace)
                    .await?;
            }
            let last_seq = latest
                .last_seq
                .max(messages.last().map_or(0, |message| message.seq));
            (visited, messages, last_seq)
        }
    };
    visited.room.lets_read(visited.standing)?;
    let first_seq = first_seq(last_seq);
    let messages = messages
        .into_iter()
        .filter(|message| message.seq >= first_seq)
        .collect();
    response::json(
        StatusCode::OK,
        &Page {
            messages,
            last_seq,
            first_seq,
        },
    )
}

async fn say(deps: &Rooms, call: &ApiRequest, code: RoomCode) -> Result<Response> {
    let user = deps.doorman.caller(call).await?;
    let NewMessage {
        client_msg_id,
        text,
        reply_to,
    } = call.json()?;
    let draft = Draft::parse(&client_msg_id, &text, reply_to)?;
    let (visited, latest) =
        visit_and_latest(&deps.store, code, user, may_write, call.correlation_id).await?;
    let (message, is_new) = speak(
        &deps.store,
        &deps.broadcasts,
        &visited,
        latest,
        &draft,
        &call.source_ip(),
        call.correlation_id,
    )
    .await?;
    response::json(
        if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        &message,
    )
}

async fn delete(deps: &Rooms, call: &ApiRequest, code: RoomCode, seq: u64) -> Result<Response> {
    let user = deps.doorman.caller(call).await?;
    let (visited, message) = found(deps, code, user, seq).await?;
    if message.user_id != user && visited.standing != Standing::Host {
        return Err(Error::forbidden(
            "Only its author and the host may delete a message.",
        ));
    }
    DELETIONS
        .take(
            &deps.store.table,
            &format!("delete#{user}"),
            deps.clock.now(),
        )
        .await?;
    unpin(deps, call, code, seq, user).await?;
    let deleted = deps.store.delete_message(code, seq).await?;
    // Somebody may have paid for it in between.
    unpin(deps, call, code, seq, user).await?;
    refund_pins(deps, call, code, seq).await?;
    // Whoever tries again may have got no answer because the process died before it told anybody.
    changed(deps, call, code, deleted.unwrap_or(message)).await?;
    let answers = deps.store.quotes(code, seq).await?;
    let emptied = stream::iter(answers).map(|answer| empty_quote(deps, call, code, seq, answer));
    emptied
        .buffer_unordered(QUOTE_CONCURRENCY)
        .try_collect::<()>()
        .await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Empties and announces one quote of a deleted message. Its index row is the outbox: it goes after the announcement,
/// so that a repeated deletion finishes what an earlier one left.
async fn empty_quote(
    deps: &Rooms,
    call: &ApiRequest,
    code: RoomCode,
    seq: u64,
    answer: u64,
) -> Result<()> {
    if let Some(message) = deps.store.empty_quote(code, seq, answer).await? {
        changed(deps, call, code, message).await?;
    }
    deps.store.forget_quote(code, seq, answer).await
}

/// Takes the pins of a message down. What another person paid is noted as owed in the same transaction.
async fn unpin(
    deps: &Rooms,
    call: &ApiRequest,
    code: RoomCode,
    seq: u64,
    by: UserId,
) -> Result<()> {
    for _ in 0..RACES {
        let visited = deps
            .store
            .visit(code, Some(by), Consistency::Strong)
            .await?;
        let Some(room) = visited.room.with_message_unpinned(seq) else {
            return Ok(());
        };
        let now = deps.clock.now();
        let theirs = |pin: &&PaidPin| pin.seq == seq && pin.payer != by && pin.is_owed(now);
        let owed: Vec<_> = visited
            .room
            .pins
            .iter()
            .filter(theirs)
            .map(|pin| pin.order)
            .collect();
        if deps.store.take_pins(&room, visited.version, &owed).await? == SaveOutcome::Saved {
            return tell_of_pins(
                &deps.broadcasts,
                &room,
                visited.version + 1,
                now,
                call.correlation_id,
            )
            .await;
        }
    }
    Err(Error::conflict(
        "changed_meanwhile",
        "The room was changed meanwhile. Try again.",
    ))
}

/// Asks for the refunds that a deletion owes, those of an earlier attempt that died included. Payments refunds once.
async fn refund_pins(deps: &Rooms, call: &ApiRequest, code: RoomCode, seq: u64) -> Result<()> {
    for paid in deps.store.unpinned(code, seq, call.correlation_id).await? {
        give_back(
            &deps.bus,
            paid.order,
            NotGiven::MessageGone,
            paid.at,
            call.correlation_id,
        )
        .await?;
    }
    Ok(())
}

async fn react(deps: &Rooms, call: &ApiRequest, code: RoomCode, seq: u64) -> Result<Response> {
    let user = deps.doorman.caller(call).await?;
    let NewReaction { emoji: text, on } = call.json()?;
    let emoji = emoji(&text)?;
    REACTIONS
        .take(
            &deps.store.table,
            &format!("react#{user}"),
            deps.clock.now(),
        )
        .await?;
    let (visited, message) = found(deps, code, user, seq).await?;
    visited
        .room
        .lets_write(visited.standing, visited.person.as_ref())?;
    let is_known = message
        .reactions
        .iter()
        .any(|reaction| reaction.emoji == emoji);
    if on && !is_known && message.reactions.len() >= rooms_domain::MOST_EMOJI {
        return Err(Error::conflict(
            "too_many_reactions",
            "There are enough different reactions on this message.",
        ));
    }
    let reacted = deps.store.react(code, seq, user, emoji, on).await?;
    let message = reacted.unwrap_or(message);
    changed(deps, call, code, message.clone()).await?;
    response::json(StatusCode::OK, &message)
}

async fn found(deps: &Rooms, code: RoomCode, user: UserId, seq: u64) -> Result<(Visited, Message)> {
    let (visited, message) = tokio::try_join!(
        deps.store.visit(code, Some(user), Consistency::Strong),
        deps.store.message(code, seq)
    )?;
    visited.room.lets_read(visited.standing)?;
    let message = message.filter(|_| seq >= oldest(visited.reserved));
    Ok((visited, message.ok_or_else(|| Error::not_found("message"))?))
}

async fn changed(deps: &Rooms, call: &ApiRequest, code: RoomCode, message: Message) -> Result<()> {
    let once = format!("changed#{code}#{}#{}", message.seq, message.rev);
    let news = News::Changed {
        message: Box::new(message),
    };
    tell(
        &deps.broadcasts,
        code,
        &once,
        deps.clock.now(),
        news,
        call.correlation_id,
    )
    .await
}

#[cfg(test)]
mod tests;
