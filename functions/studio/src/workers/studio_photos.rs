//! The worker that looks at photos: fetches one while its provider still has it, and finds out whether it is good to
//! learn from. Good ones are kept, without what the camera wrote into them.

use std::{sync::Arc, time::Duration};

use confab_astria::{Astria, AstriaError, Inspection};
use confab_contracts::{Event as OnTheBus, studio::ImageProcessed};
use confab_core::{Clock, EventId, PhotoId, Result, UserId, hex};
use confab_lambda::{QueueMessage as Delivery, metrics};
use confab_messaging::{Address, Media};
use confab_pictures::{Picture, Refusal, Size, Wanted};
use confab_provider_base::{File, MediaError};
use sha2::{Digest, Sha256};
use studio_domain::{Class, Event, Fault, PRODUCT, PhotoJob, Seen, Verdict};

use crate::{Photographer, services::conversation_queue as news};

/// A face on fewer pixels teaches nothing, and on more nothing more.
const WANTED: Wanted = Wanted {
    shorter_side: 400,
    within: Size::square(2_048),
};
const QUALITY: u8 = 90;
/// The person waits: a photo that could not be looked at so often is asked for again. Each try takes six minutes.
const PATIENCE: u32 = 4;
/// A maker who has too much to do is asked once more at once.
const BREATH: Duration = Duration::from_secs(3);
const LONGEST_BREATH: Duration = Duration::from_secs(10);

pub async fn handle(deps: Arc<Photographer>, delivery: Delivery<PhotoJob>) -> Result<()> {
    let PhotoJob::V1 {
        person,
        photo,
        from,
        media,
        name,
    } = delivery.body;
    // Counted before it is looked at: one that ends the process is given up, too.
    let verdict = if delivery.receives > PATIENCE {
        metrics::count("PhotoGivenUp", "unavailable");
        Verdict::Bad { why: Fault::Gone }
    } else {
        look_at(&deps, person, photo, &from, &media, name).await?
    };
    let is_good = matches!(verdict, Verdict::Good { .. });
    let event = Event::Judged { photo, verdict };
    news::tell(
        &deps.people,
        format!("judged#{photo}"),
        person,
        event,
        delivery.correlation_id,
    )
    .await?;
    let data = ImageProcessed {
        user_id: person,
        photo_id: photo,
        is_good,
    };
    let id = EventId::of_event(&format!("judged#{photo}"));
    let told = OnTheBus::new(
        id,
        deps.clock.now(),
        PRODUCT,
        delivery.correlation_id,
        photo.to_string(),
        data,
    );
    deps.bus.publish(&[told]).await
}

async fn look_at(
    deps: &Photographer,
    person: UserId,
    photo: PhotoId,
    from: &Address,
    media: &Media,
    name: Class,
) -> Result<Verdict> {
    let bad = |why| Ok(Verdict::Bad { why });
    let file = match deps.senders.media(from, media).await {
        Ok(file) => file,
        Err(MediaError::TooLarge) => return bad(Fault::TooLarge),
        Err(MediaError::Gone(_) | MediaError::Refused(_)) => return bad(Fault::Gone),
        Err(error @ MediaError::Unavailable(_)) => return Err(error.into()),
    };
    let digest = hex(&Sha256::digest(&file.bytes));
    let bytes = match prepared(&file.bytes) {
        Ok(bytes) => bytes,
        Err(why) => return bad(why),
    };
    let mime_type = "image/jpeg".to_owned();
    let shown = File {
        bytes: bytes.clone(),
        mime_type: mime_type.clone(),
    };
    let seen = match inspect(&deps.astria.client().await?, name, shown).await {
        Ok(inspection) => seen(inspection),
        Err(AstriaError::Refused { .. }) => return bad(Fault::Unreadable),
        Err(error) => return Err(error.into()),
    };
    let object = format!("people/{person}/selfies/{photo}.jpg");
    let verdict = Verdict::of(seen, object.clone(), digest);
    if matches!(verdict, Verdict::Good { .. }) {
        deps.objects.put(&object, &mime_type, bytes).await?;
    }
    Ok(verdict)
}

async fn inspect(
    astria: &Astria,
    name: Class,
    shown: File,
) -> std::result::Result<Inspection, AstriaError> {
    match astria.inspect(name.name(), shown.clone()).await {
        Err(AstriaError::Busy { retry_after, .. }) => {
            tokio::time::sleep(retry_after.unwrap_or(BREATH).min(LONGEST_BREATH)).await;
            astria.inspect(name.name(), shown).await
        }
        first => first,
    }
}

/// As it is kept: upright, of a bounded size, and without its metadata.
fn prepared(bytes: &[u8]) -> std::result::Result<Vec<u8>, Fault> {
    let picture = Picture::read(bytes, &WANTED).map_err(|refusal| match refusal {
        Refusal::TooManyPixels(_) => Fault::TooLarge,
        Refusal::TooSmall(_) => Fault::TooSmall,
        _ => Fault::Unreadable,
    })?;
    Ok(picture.jpeg(QUALITY))
}

/// Without a name there is nobody to be seen.
fn seen(inspection: Inspection) -> Seen {
    Seen {
        name: Some(inspection.name.unwrap_or_default()),
        funny_face: inspection.funny_face,
        blurry: inspection.blurry,
        wearing_sunglasses: inspection.wearing_sunglasses,
        includes_multiple_people: inspection.includes_multiple_people,
        wearing_hat: inspection.wearing_hat,
        traits: inspection.characteristics,
    }
}
