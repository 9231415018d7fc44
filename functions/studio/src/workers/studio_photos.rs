//! The worker of selfies: fetches a photo, has Astria inspect it, and stores accepted ones without
//! their metadata.

use std::{sync::Arc, time::Duration};

use confab_astria::{Astria, AstriaError, Inspection};
use confab_contracts::{Event, studio::ImageProcessed};
use confab_core::{CorrelationId, EventId, PhotoId, Result, UserId, hex};
use confab_lambda::{QueueMessage, metrics};
use confab_messaging::{Address, Media};
use confab_pictures::{Picture, Refusal, Size, Wanted};
use confab_provider_base::{File, MediaError};
use sha2::{Digest, Sha256};
use studio_domain::{Class, PRODUCT, PhotoInspection, PhotoJob, RejectionReason, Trigger, Verdict};

use crate::{
    services::conversation_queue,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Channels,
    Part::Astria,
    Part::Objects,
    Part::ConversationQueue,
    Part::Bus,
];

/// Size of stored selfies: smaller faces are useless for training, and larger ones do not improve
/// it.
const SELFIE_SIZE: Wanted = Wanted {
    shorter_side: 400,
    within: Size::square(2_048),
};
const JPEG_QUALITY: u8 = 90;
/// Tries of a review, six minutes apart. After them the photo is rejected, because the user waits.
const MAX_RECEIVES: u32 = 4;
/// Delay of the one retry when Astria is busy, unless Astria asks for another.
const RETRY_DELAY: Duration = Duration::from_secs(3);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(10);
const SELFIE_MIME_TYPE: &str = "image/jpeg";

pub async fn handle(state: Arc<State>, delivery: QueueMessage<PhotoJob>) -> Result<()> {
    let (receives, correlation_id) = (delivery.receives, delivery.correlation_id);
    let PhotoJob::V1 {
        user_id,
        photo,
        from,
        media,
        class,
    } = delivery.body;
    // Checked before the review, so that a photo that crashes the process is given up as well.
    let verdict = if receives > MAX_RECEIVES {
        metrics::count("PhotoGivenUp", "unavailable");
        Verdict::Rejected {
            reason: RejectionReason::Expired,
        }
    } else {
        let object = format!("people/{user_id}/selfies/{photo}.jpg");
        review(&state, object, &from, &media, class).await?
    };
    let is_good = matches!(verdict, Verdict::Accepted { .. });
    let id = format!("judged#{photo}");
    let trigger = Trigger::PhotoReviewed { photo, verdict };
    let queue = state.conversation_queue()?;
    conversation_queue::send(queue, id, user_id, trigger, correlation_id).await?;
    publish(&state, user_id, photo, is_good, correlation_id).await
}

async fn publish(
    state: &State,
    user_id: UserId,
    photo_id: PhotoId,
    is_good: bool,
    correlation_id: CorrelationId,
) -> Result<()> {
    let data = ImageProcessed {
        user_id,
        photo_id,
        is_good,
    };
    let event = Event::new(
        EventId::of_event(&format!("judged#{photo_id}")),
        state.clock.now(),
        PRODUCT,
        correlation_id,
        photo_id.to_string(),
        data,
    );
    state.bus()?.publish(&[event]).await
}

async fn review(
    state: &State,
    object: String,
    from: &Address,
    media: &Media,
    class: Class,
) -> Result<Verdict> {
    let rejected = |reason| Ok(Verdict::Rejected { reason });
    let file = match state.channels()?.media(from, media).await {
        Ok(file) => file,
        Err(MediaError::TooLarge) => return rejected(RejectionReason::TooLarge),
        Err(MediaError::Gone(_) | MediaError::Refused(_)) => {
            return rejected(RejectionReason::Expired);
        }
        Err(error @ MediaError::Unavailable(_)) => return Err(error.into()),
    };
    let digest = hex(&Sha256::digest(&file.bytes));
    let bytes = match normalize(&file.bytes) {
        Ok(bytes) => bytes,
        Err(reason) => return rejected(reason),
    };
    let selfie = File {
        bytes: bytes.clone(),
        mime_type: SELFIE_MIME_TYPE.to_owned(),
    };
    let inspection = match inspect(&state.astria()?.client().await?, class, selfie).await {
        Ok(inspection) => to_domain(inspection),
        Err(AstriaError::Refused { .. }) => return rejected(RejectionReason::Unreadable),
        Err(error) => return Err(error.into()),
    };
    let verdict = Verdict::from_inspection(inspection, object.clone(), digest);
    if matches!(verdict, Verdict::Accepted { .. }) {
        state
            .objects()?
            .put(&object, SELFIE_MIME_TYPE, bytes)
            .await?;
    }
    Ok(verdict)
}

async fn inspect(
    astria: &Astria,
    class: Class,
    selfie: File,
) -> std::result::Result<Inspection, AstriaError> {
    match astria.inspect(class.name(), selfie.clone()).await {
        Err(AstriaError::Busy { retry_after, .. }) => {
            tokio::time::sleep(retry_after.unwrap_or(RETRY_DELAY).min(MAX_RETRY_DELAY)).await;
            astria.inspect(class.name(), selfie).await
        }
        first => first,
    }
}

/// Re-encodes a photo: upright, of a bounded size, and without its metadata.
fn normalize(bytes: &[u8]) -> std::result::Result<Vec<u8>, RejectionReason> {
    match Picture::read(bytes, &SELFIE_SIZE) {
        Ok(picture) => Ok(picture.jpeg(JPEG_QUALITY)),
        Err(Refusal::TooManyPixels(_)) => Err(RejectionReason::TooLarge),
        Err(Refusal::TooSmall(_)) => Err(RejectionReason::TooSmall),
        Err(_) => Err(RejectionReason::Unreadable),
    }
}

/// A missing name becomes an empty one: no face was found.
fn to_domain(inspection: Inspection) -> PhotoInspection {
    PhotoInspection {
        name: Some(inspection.name.unwrap_or_default()),
        funny_face: inspection.funny_face,
        blurry: inspection.blurry,
        wearing_sunglasses: inspection.wearing_sunglasses,
        includes_multiple_people: inspection.includes_multiple_people,
        wearing_hat: inspection.wearing_hat,
        traits: inspection.characteristics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of one pixel.
    const TINY_PNG: &[u8] =
        b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\
        \x00\x01\x08\x02\x00\x00\x00\x90\x77\x53\xde\x00\x00\x00\x0c\x49\x44\x41\x54\x78\x9c\x63\
        \xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00\x49\x45\x4e\x44\xae\
        \x42\x60\x82";

    #[test]
    fn tiny_pictures_are_too_small_and_other_files_unreadable() {
        assert_eq!(normalize(TINY_PNG), Err(RejectionReason::TooSmall));
        assert_eq!(
            normalize(b"not a picture"),
            Err(RejectionReason::Unreadable)
        );
        assert_eq!(normalize(b""), Err(RejectionReason::Unreadable));
    }

    #[test]
    fn inspection_without_a_name_is_rejected_for_no_face() {
        let inspection = to_domain(Inspection::default());
        assert_eq!(inspection.rejection_reason(), Some(RejectionReason::NoFace));
    }
}
