//! Posting a message: rate limits, the next number, and the broadcast.

use std::time::Duration;

use confab_aws::RateLimit;
use confab_core::{CorrelationId, Error, Kind, Result, UserId};
use rooms_domain::{Draft, Message, Quote, RoomCode, RoomUpdate};

use crate::{
    services::{broadcasts::Broadcasts, room_access::authorize_write},
    store::{LatestMessages, PostOutcome, RoomForUser, Store, first_seq},
};

/// Forty messages a minute, twenty at once.
const MESSAGES_PER_USER: RateLimit = RateLimit {
    burst: 20,
    every: Duration::from_millis(1_500),
};
/// All users behind one address, in one room: admits an audience that posts at once, and no flood.
const MESSAGES_PER_ADDRESS: RateLimit = RateLimit {
    burst: 300,
    every: Duration::from_millis(100),
};
/// Seconds to wait when the latest messages of a room are mostly the author's.
const RETRY_AFTER_SECONDS: u32 = 2;

/// A message that was posted, now or by an earlier attempt of the same client.
#[derive(Debug)]
pub(crate) struct PostedMessage {
    pub(crate) message: Message,
    pub(crate) is_new: bool,
}

/// Stores a draft under the next number and publishes it. `address` is the author's IP address, empty if unknown.
pub(crate) async fn post_message(
    (store, broadcasts): (&Store, &Broadcasts),
    loaded: &RoomForUser,
    latest: LatestMessages,
    draft: &Draft,
    address: &str,
    correlation_id: CorrelationId,
) -> Result<PostedMessage> {
    authorize_write(loaded)?;
    let code = loaded.room.code;
    if let Some(person) = &loaded.person {
        take_message_tokens(store, code, person.user_id, address).await?;
    }
    let quote = load_quote(store, code, draft, latest.last_seq).await?;
    let outcome = store
        .append_message(loaded, draft, quote, latest, None, correlation_id)
        .await?;
    let (message, is_busy, is_new) = match outcome {
        PostOutcome::Created { message, pace } => (message, pace.is_busy, true),
        // Published again: the first attempt may have crashed before it did.
        PostOutcome::Duplicate(message) => (message, false, false),
        PostOutcome::AlreadyFulfilled => {
            return Err(Error::internal("nothing_paid", "a message has no purchase"));
        }
        PostOutcome::RateLimited => return Err(too_fast(RETRY_AFTER_SECONDS)),
    };
    let (key, at) = (format!("said#{code}#{}", message.seq), message.at);
    let posted = RoomUpdate::MessagePosted {
        message: Box::new(message.clone()),
        is_busy,
    };
    broadcasts
        .publish(code, &key, at, posted, correlation_id)
        .await?;
    Ok(PostedMessage { message, is_new })
}

async fn load_quote(
    store: &Store,
    code: RoomCode,
    draft: &Draft,
    last_seq: u64,
) -> Result<Option<Quote>> {
    let Some(seq) = draft.reply_to else {
        return Ok(None);
    };
    let message = store
        .find_message(code, seq)
        .await?
        .filter(|_| seq >= first_seq(last_seq))
        .ok_or_else(|| Error::not_found("message"))?;
    Ok(Some(message.quote()))
}

/// Takes a token of the author, and one of their address in this room.
async fn take_message_tokens(
    store: &Store,
    code: RoomCode,
    user: UserId,
    address: &str,
) -> Result<()> {
    store
        .take_token(MESSAGES_PER_USER, &format!("message#{user}"))
        .await
        .map_err(as_too_fast)?;
    if address.is_empty() {
        return Ok(());
    }
    store
        .take_token(MESSAGES_PER_ADDRESS, &format!("message#{code}#{address}"))
        .await
        .map_err(as_too_fast)
}

fn as_too_fast(error: Error) -> Error {
    match error.kind() {
        Kind::RateLimited {
            retry_after_seconds,
        } => too_fast(retry_after_seconds),
        _ => error,
    }
}

fn too_fast(retry_after_seconds: u32) -> Error {
    let kind = Kind::RateLimited {
        retry_after_seconds,
    };
    Error::new(
        kind,
        "too_fast",
        "You are posting too fast. Wait a moment and try again.",
    )
}
