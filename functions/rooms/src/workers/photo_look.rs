//! The worker that looks at a photo: reads it within bounds, makes sizes of it without what the camera wrote, asks whether
//! it may be shown, and finds names for a room.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::{PhotoId, Result, hex};
use confab_lambda::{QueueMessage, metrics, warn};
use confab_openai::{Model, ModelError, Seen};
use confab_pictures::{Likeness, Picture, Refusal, Size, Wanted};
use rooms_domain::{
    Analysis, Caption, Found, Meaning, NotShown, PhotoJob, STEPS, State, Suggestion, Traits,
    similar,
};
use sha2::{Digest, Sha256};

use crate::{Looker, services::photo_objects as pictures};

/// Two megapixels, about.
const WANTED: Wanted = Wanted {
    shorter_side: 64,
    within: Size::square(1_600),
};
const SMALL: Size = Size::square(480);
/// A thumbhash is of at most a hundred pixels on a side.
const TINY: Size = Size::square(96);
const QUALITY: u8 = 85;
/// Somebody is waiting: what cannot be had at the second try is not there now.
const BREATH: Duration = Duration::from_secs(2);
/// A photo that ends the process is not looked at for ever.
const PATIENCE: u32 = 2;

pub async fn handle(deps: Arc<Looker>, job: QueueMessage<PhotoJob>) -> Result<()> {
    let PhotoJob::V1 { photo } = job.body;
    let Some(analysis) = deps.store.photo(photo).await? else {
        return Ok(());
    };
    if matches!(analysis.state, State::Done | State::Refused) {
        return deps.objects.delete(&pictures::quarantine(photo)).await;
    }
    let outcome = match job.receives > PATIENCE {
        true => Err(NotShown::Unavailable),
        false => look(&deps, &analysis, &job).await?,
    };
    let analysis = match outcome {
        Ok(found) => Analysis {
            state: State::Done,
            step: STEPS,
            found: Some(found),
            ..analysis
        },
        Err(code) => {
            metrics::count("PhotoRefused", name_of(code));
            Analysis {
                state: State::Refused,
                code: Some(code),
                ..analysis
            }
        }
    };
    deps.store.found(&analysis).await?;
    deps.objects.delete(&pictures::quarantine(photo)).await
}

fn name_of(code: NotShown) -> &'static str {
    match code {
        NotShown::NotAPicture => "not_a_picture",
        NotShown::TooLarge => "too_large",
        NotShown::TooSmall => "too_small",
        NotShown::NotAllowed => "not_allowed",
        NotShown::Unavailable => "unavailable",
    }
}

async fn look(
    deps: &Looker,
    analysis: &Analysis,
    job: &QueueMessage<PhotoJob>,
) -> Result<std::result::Result<Found, NotShown>> {
    let photo = analysis.photo_id;
    let Some(bytes) = deps.objects.get(&pictures::quarantine(photo)).await? else {
        return Ok(Err(NotShown::Unavailable));
    };
    let digest = hex(&Sha256::digest(&bytes));
    let picture = match Picture::read(&bytes, &WANTED) {
        Ok(picture) => picture,
        Err(refusal) => return Ok(Err(not_shown(&refusal))),
    };
    drop(bytes);
    deps.store
        .found(&Analysis {
            state: State::Looking,
            step: 1,
            ..analysis.clone()
        })
        .await?;
    let jpeg = picture.jpeg(QUALITY);
    let before = deps
        .store
        .seen_before(&digest)
        .await?
        .and_then(|before| before.found);
    let found = match before {
        // Somebody else's photo of the same bytes was looked at: what was found holds.
        Some(before) => before,
        None => match ask(deps, analysis, &picture, &jpeg, digest.clone(), job).await? {
            Ok(found) => found,
            Err(code) => return Ok(Err(code)),
        },
    };
    let small = picture.within(SMALL).jpeg(QUALITY);
    deps.objects
        .put(&pictures::large(photo), "image/jpeg", jpeg)
        .await?;
    deps.objects
        .put(&pictures::small(photo), "image/jpeg", small)
        .await?;
    deps.store.remember(&digest, photo, analysis.until).await?;
    let similar = similar(
        &found.traits,
        &deps.store.recent_rooms(job.correlation_id).await?,
    );
    Ok(Ok(Found { similar, ..found }))
}

fn not_shown(refusal: &Refusal) -> NotShown {
    match refusal {
        Refusal::TooManyPixels(_) => NotShown::TooLarge,
        Refusal::TooSmall(_) => NotShown::TooSmall,
        _ => NotShown::NotAPicture,
    }
}

async fn ask(
    deps: &Looker,
    analysis: &Analysis,
    picture: &Picture,
    jpeg: &[u8],
    digest: String,
    job: &QueueMessage<PhotoJob>,
) -> Result<std::result::Result<Found, NotShown>> {
    let model = deps.model().await?.because_of(job.correlation_id);
    let photo = analysis.photo_id;
    match twice(|| model.moderate(jpeg, None)).await {
        Ok(verdict) if verdict.flagged => return Ok(Err(NotShown::NotAllowed)),
        Ok(_) => {}
        Err(error) => return Ok(Err(unavailable(&error, photo, job))),
    }
    deps.store
        .found(&Analysis {
            state: State::Looking,
            step: 2,
            ..analysis.clone()
        })
        .await?;
    let seen = match twice(|| model.look(jpeg, LANGUAGE)).await {
        Ok(seen) => seen,
        Err(error) => return Ok(Err(unavailable(&error, photo, job))),
    };
    // Without a direction it is near to nothing; names are there all the same.
    let meaning = meaning(&model, &seen).await.unwrap_or_else(|error| {
        metrics::count("PhotoUnembedded", "model");
        warn(
            "a photo has no direction",
            &format!("{photo}: {error}"),
            job.correlation_id,
        );
        Meaning::default()
    });
    let size = picture.size();
    Ok(Ok(Found {
        width: size.width,
        height: size.height,
        thumbhash: thumbhash(picture),
        caption: Caption {
            title: seen.caption.title,
            category: seen.caption.category,
            visible_text: seen.caption.visible_text,
            caption: seen.caption.caption,
        },
        suggestions: seen
            .suggestions
            .into_iter()
            .map(|suggestion| Suggestion {
                name: suggestion.name,
                key: suggestion.key,
                description: suggestion.description,
            })
            .collect(),
        traits: Traits {
            digest,
            likeness: Likeness::of(picture).0,
            meaning,
        },
        similar: Vec::new(),
    }))
}

/// What names are in.
const LANGUAGE: &str = "en";

async fn meaning(model: &Model, seen: &Seen) -> std::result::Result<Meaning, ModelError> {
    let names = seen
        .suggestions
        .iter()
        .map(|suggestion| suggestion.name.as_str());
    let text = [seen.caption.caption.as_str()]
        .into_iter()
        .chain(names)
        .collect::<Vec<_>>()
        .join(". ");
    let vectors = model.embed(&[text]).await?;
    Ok(vectors
        .first()
        .map(|vector| Meaning::of(vector))
        .unwrap_or_default())
}

async fn twice<T, Fut: Future<Output = std::result::Result<T, ModelError>>>(
    ask: impl Fn() -> Fut,
) -> std::result::Result<T, ModelError> {
    match ask().await {
        Err(error) if error.may_try_again() => {
            tokio::time::sleep(BREATH).await;
            ask().await
        }
        first => first,
    }
}

/// What the model will not look at is not for a room either.
fn unavailable(error: &ModelError, photo: PhotoId, job: &QueueMessage<PhotoJob>) -> NotShown {
    if matches!(
        error,
        ModelError::Refused {
            of_content: true,
            ..
        }
    ) {
        return NotShown::NotAllowed;
    }
    warn(
        "a photo cannot be looked at",
        &format!("{photo}: {error}"),
        job.correlation_id,
    );
    NotShown::Unavailable
}

fn thumbhash(picture: &Picture) -> String {
    let tiny = picture.within(TINY);
    let (width, height) = (tiny.size().width as usize, tiny.size().height as usize);
    BASE64.encode(thumbhash::rgba_to_thumb_hash(width, height, &tiny.rgba()))
}
