//! Analyzes photos: decodes them within bounds, re-encodes them without metadata, moderates them, and captions them.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::{CorrelationId, PhotoId, Result, hex};
use confab_lambda::{QueueMessage, metrics, warn};
use confab_openai::{Model, ModelError, Seen};
use confab_pictures::{Likeness, Picture, Refusal, Size, Wanted};
use rooms_domain::{
    AnalysisState, Caption, Embedding, PhotoAnalysis, PhotoFeatures, PhotoFindings, PhotoJob,
    PhotoRefusal, STEPS, Suggestion, find_similar_rooms,
};
use sha2::{Digest, Sha256};

use crate::{
    services::photo_objects::{large_key, quarantine_key, small_key},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::Objects, Part::PhotoModel];

/// About two megapixels.
const LARGE: Wanted = Wanted {
    shorter_side: 64,
    within: Size::square(1_600),
};
const SMALL: Size = Size::square(480);
/// The largest picture that a thumbhash takes.
const THUMBHASH_INPUT: Size = Size::square(96);
const JPEG_QUALITY: u8 = 85;
/// A user is waiting, so that the model is asked twice at most.
const RETRY_DELAY: Duration = Duration::from_secs(2);
/// A photo that crashes the process is given up.
const MAX_RECEIVES: u32 = 2;
/// The language of captions and suggestions.
const LANGUAGE: &str = "en";

/// Why a photo gets no findings.
enum AnalysisError {
    Refused(PhotoRefusal),
    /// The analysis failed and is retried.
    Failed(confab_core::Error),
}

impl From<confab_core::Error> for AnalysisError {
    fn from(error: confab_core::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<PhotoRefusal> for AnalysisError {
    fn from(refusal: PhotoRefusal) -> Self {
        Self::Refused(refusal)
    }
}

pub async fn handle(state: Arc<State>, job: QueueMessage<PhotoJob>) -> Result<()> {
    let PhotoJob::V1 { photo } = job.body;
    let (store, objects) = (state.store()?, state.objects()?);
    let Some(analysis) = store.find_analysis(photo).await? else {
        return Ok(());
    };
    let is_finished = matches!(analysis.state, AnalysisState::Done | AnalysisState::Refused);
    if is_finished {
        return objects.delete(&quarantine_key(photo)).await;
    }
    let findings = if job.receives > MAX_RECEIVES {
        Err(AnalysisError::Refused(PhotoRefusal::Unavailable))
    } else {
        analyze_photo(&state, &analysis, job.correlation_id).await
    };
    let finished = match findings {
        Ok(findings) => PhotoAnalysis {
            state: AnalysisState::Done,
            step: STEPS,
            findings: Some(findings),
            ..analysis
        },
        Err(AnalysisError::Refused(refusal)) => {
            metrics::count("PhotoRefused", metric_reason(refusal));
            PhotoAnalysis {
                state: AnalysisState::Refused,
                code: Some(refusal),
                ..analysis
            }
        }
        Err(AnalysisError::Failed(error)) => return Err(error),
    };
    store.save_analysis(&finished).await?;
    objects.delete(&quarantine_key(photo)).await
}

fn metric_reason(refusal: PhotoRefusal) -> &'static str {
    match refusal {
        PhotoRefusal::NotAPicture => "not_a_picture",
        PhotoRefusal::TooLarge => "too_large",
        PhotoRefusal::TooSmall => "too_small",
        PhotoRefusal::NotAllowed => "not_allowed",
        PhotoRefusal::Unavailable => "unavailable",
    }
}

async fn analyze_photo(
    state: &State,
    analysis: &PhotoAnalysis,
    correlation_id: CorrelationId,
) -> Result<PhotoFindings, AnalysisError> {
    let (store, objects) = (state.store()?, state.objects()?);
    let photo = analysis.photo_id;
    let Some(bytes) = objects.get(&quarantine_key(photo)).await? else {
        return Err(PhotoRefusal::Unavailable.into());
    };
    let digest = hex(&Sha256::digest(&bytes));
    let picture = Picture::read(&bytes, &LARGE).map_err(refusal_of_picture)?;
    drop(bytes);
    save_step(state, analysis, 1).await?;
    let jpeg = picture.jpeg(JPEG_QUALITY);
    // The same bytes have the same findings, also for another owner.
    let earlier = store.find_analysis_by_digest(&digest).await?;
    let findings = match earlier.and_then(|earlier| earlier.findings) {
        Some(findings) => findings,
        None => ask_model(state, analysis, &picture, &jpeg, &digest, correlation_id).await?,
    };
    let small = picture.within(SMALL).jpeg(JPEG_QUALITY);
    objects.put(&large_key(photo), "image/jpeg", jpeg).await?;
    objects.put(&small_key(photo), "image/jpeg", small).await?;
    store.index_digest(&digest, photo, analysis.until).await?;
    let recent = store.list_recent_rooms(correlation_id).await?;
    let similar = find_similar_rooms(&findings.features, &recent);
    Ok(PhotoFindings {
        similar,
        ..findings
    })
}

fn refusal_of_picture(refusal: Refusal) -> PhotoRefusal {
    match refusal {
        Refusal::TooManyPixels(_) => PhotoRefusal::TooLarge,
        Refusal::TooSmall(_) => PhotoRefusal::TooSmall,
        _ => PhotoRefusal::NotAPicture,
    }
}

async fn save_step(state: &State, analysis: &PhotoAnalysis, step: u8) -> Result<()> {
    let progress = PhotoAnalysis {
        state: AnalysisState::Analyzing,
        step,
        ..analysis.clone()
    };
    state.store()?.save_analysis(&progress).await
}

async fn ask_model(
    state: &State,
    analysis: &PhotoAnalysis,
    picture: &Picture,
    jpeg: &[u8],
    digest: &str,
    correlation_id: CorrelationId,
) -> Result<PhotoFindings, AnalysisError> {
    let model = state.photo_model()?.client().await?;
    let model = model.because_of(correlation_id);
    let photo = analysis.photo_id;
    let refuse = |error: ModelError| refusal_of_model(&error, photo, correlation_id);
    let verdict = retry_once(|| model.moderate(jpeg, None))
        .await
        .map_err(refuse)?;
    if verdict.flagged {
        return Err(PhotoRefusal::NotAllowed.into());
    }
    save_step(state, analysis, 2).await?;
    let seen = retry_once(|| model.look(jpeg, LANGUAGE))
        .await
        .map_err(refuse)?;
    // Without an embedding, the photo is similar to no other by its subject.
    let embedding = embed(&model, &seen).await.unwrap_or_else(|error| {
        metrics::count("PhotoUnembedded", "model");
        warn(
            "a photo has no embedding",
            &format!("{photo}: {error}"),
            correlation_id,
        );
        Embedding::default()
    });
    let features = PhotoFeatures {
        digest: digest.to_owned(),
        perceptual_hash: Likeness::of(picture).0,
        embedding,
    };
    Ok(findings(picture, seen, features))
}

fn findings(picture: &Picture, seen: Seen, features: PhotoFeatures) -> PhotoFindings {
    let size = picture.size();
    let suggestions = seen.suggestions.into_iter();
    PhotoFindings {
        width: size.width,
        height: size.height,
        thumbhash: thumbhash(picture),
        caption: Caption {
            title: seen.caption.title,
            category: seen.caption.category,
            visible_text: seen.caption.visible_text,
            caption: seen.caption.caption,
        },
        suggestions: suggestions
            .map(|suggestion| Suggestion {
                name: suggestion.name,
                key: suggestion.key,
                description: suggestion.description,
            })
            .collect(),
        features,
        similar: Vec::new(),
    }
}

/// Embeds the caption together with the suggested names.
async fn embed(model: &Model, seen: &Seen) -> Result<Embedding, ModelError> {
    let mut texts = vec![seen.caption.caption.as_str()];
    texts.extend(
        seen.suggestions
            .iter()
            .map(|suggestion| suggestion.name.as_str()),
    );
    let vectors = model.embed(&[texts.join(". ")]).await?;
    let embedding = vectors.first().map(|vector| Embedding::of(vector));
    Ok(embedding.unwrap_or_default())
}

async fn retry_once<T, Fut: Future<Output = Result<T, ModelError>>>(
    ask: impl Fn() -> Fut,
) -> Result<T, ModelError> {
    match ask().await {
        Err(error) if error.may_try_again() => {
            tokio::time::sleep(RETRY_DELAY).await;
            ask().await
        }
        first => first,
    }
}

/// A photo whose content the model refuses is not allowed. After other errors the analysis is unavailable.
fn refusal_of_model(
    error: &ModelError,
    photo: PhotoId,
    correlation_id: CorrelationId,
) -> PhotoRefusal {
    if let ModelError::Refused {
        of_content: true, ..
    } = error
    {
        return PhotoRefusal::NotAllowed;
    }
    warn(
        "a photo could not be analyzed",
        &format!("{photo}: {error}"),
        correlation_id,
    );
    PhotoRefusal::Unavailable
}

fn thumbhash(picture: &Picture) -> String {
    let tiny = picture.within(THUMBHASH_INPUT);
    let (width, height) = (tiny.size().width as usize, tiny.size().height as usize);
    BASE64.encode(thumbhash::rgba_to_thumb_hash(width, height, &tiny.rgba()))
}
