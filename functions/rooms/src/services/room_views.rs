//! Rooms as clients see them, with links to their photos.

use confab_aws::Objects;
use confab_core::{CorrelationId, Result};
use rooms_domain::{Room, RoomActivity, RoomUpdate, RoomView};

use crate::{services::photo_objects, state::State, store::RoomForUser};

/// Renders a room for the user for whom it was loaded.
pub(crate) fn view_for(state: &State, loaded: &RoomForUser, last_seq: u64) -> Result<RoomView> {
    let viewer = Some((loaded.access, loaded.person.as_ref()));
    let activity = activity(state, loaded, last_seq);
    add_photo(
        state.objects()?,
        &loaded.room,
        loaded.room.view(viewer, activity),
        activity,
    )
}

/// Publishes a changed room to its connections, once for each version.
pub(crate) async fn publish_room(
    state: &State,
    changed: &RoomForUser,
    last_seq: u64,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (room, activity) = (&changed.room, activity(state, changed, last_seq));
    let view = add_photo(state.objects()?, room, room.view(None, activity), activity)?;
    let update = RoomUpdate::RoomChanged {
        room: Box::new(view),
    };
    let key = format!("room#{}#{}", room.code, changed.version);
    state
        .broadcasts()?
        .publish(room.code, &key, activity.at, update, correlation_id)
        .await
}

fn activity(state: &State, loaded: &RoomForUser, last_seq: u64) -> RoomActivity {
    RoomActivity {
        at: state.clock.now(),
        last_seq,
        online: loaded.online,
    }
}

/// Adds the links to a photo that has not expired, unless the view is a stranger's.
fn add_photo(
    objects: &Objects,
    room: &Room,
    view: RoomView,
    activity: RoomActivity,
) -> Result<RoomView> {
    let photo = room
        .photo
        .as_ref()
        .filter(|photo| view.host.is_some() && photo.until > activity.at);
    let Some(photo) = photo else {
        return Ok(view);
    };
    let size = (photo.width, photo.height);
    let photo = photo_objects::photo_view(objects, photo.photo_id, size, &photo.thumbhash)?;
    Ok(RoomView {
        photo: Some(photo),
        ..view
    })
}
