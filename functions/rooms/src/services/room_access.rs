//! Loading a room by a cheap read first, and by a strongly consistent one before access is denied.

use confab_core::{CorrelationId, Error, Result, UserId};
use confab_worker::Consistency;
use rooms_domain::RoomCode;

use crate::store::{LatestMessages, RoomForUser, Store};

/// What a caller is about to do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    fn is_granted(self, loaded: &RoomForUser) -> bool {
        match self {
            Self::Read => may_read(loaded),
            Self::Write => authorize_write(loaded).is_ok(),
        }
    }
}

pub(crate) fn may_read(loaded: &RoomForUser) -> bool {
    authorize_read(loaded).is_ok()
}

/// Returns the error of a write that lost to other changes of the room.
pub(crate) fn changed_meanwhile() -> Error {
    Error::conflict(
        "changed_meanwhile",
        "The room has changed in the meantime. Try again.",
    )
}

pub(crate) fn authorize_read(loaded: &RoomForUser) -> Result<()> {
    loaded.room.authorize_read(loaded.access)
}

pub(crate) fn authorize_write(loaded: &RoomForUser) -> Result<()> {
    loaded
        .room
        .authorize_write(loaded.access, loaded.person.as_ref())
}

/// Loads a room. A user without the access may have joined a moment ago, so that the room is read again then.
pub(crate) async fn load_room_with(
    access: Access,
    store: &Store,
    code: RoomCode,
    user: UserId,
) -> Result<RoomForUser> {
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Eventual)
        .await;
    if let Ok(loaded) = loaded
        && access.is_granted(&loaded)
    {
        return Ok(loaded);
    }
    store
        .load_room_for(code, Some(user), Consistency::Strong)
        .await
}

/// Loads a room and its latest messages concurrently.
pub(crate) async fn load_room_and_latest(
    access: Access,
    store: &Store,
    code: RoomCode,
    user: UserId,
    correlation_id: CorrelationId,
) -> Result<(RoomForUser, LatestMessages)> {
    let (loaded, latest) = tokio::try_join!(
        load_room_with(access, store, code, user),
        // The room's reservation is known only once the room is loaded.
        store.latest_messages(code, 0, Consistency::Eventual, correlation_id)
    )?;
    let latest = complete_latest(store, &loaded, latest, correlation_id).await?;
    Ok((loaded, latest))
}

/// Reads the latest messages again when there seem to be none, although the room has reserved numbers.
pub(crate) async fn complete_latest(
    store: &Store,
    loaded: &RoomForUser,
    latest: LatestMessages,
    correlation_id: CorrelationId,
) -> Result<LatestMessages> {
    if !latest.messages.is_empty() || loaded.reserved_seq == 0 {
        return Ok(latest);
    }
    store
        .latest_messages(
            loaded.room.code,
            loaded.reserved_seq,
            Consistency::Strong,
            correlation_id,
        )
        .await
}

/// Returns the last message number of a loaded room.
pub(crate) async fn last_seq(
    store: &Store,
    loaded: &RoomForUser,
    correlation_id: CorrelationId,
) -> Result<u64> {
    let latest = store
        .latest_messages(
            loaded.room.code,
            loaded.reserved_seq,
            Consistency::Eventual,
            correlation_id,
        )
        .await?;
    Ok(latest.last_seq)
}
