//! Progress of a generation: polls Astria, stores the photos that are there and delivers them.

use std::time::Duration;

use confab_astria::{Astria, AstriaError, Prompt, Tune};
use confab_core::{Error, OrderId, Result, Timestamp, after, hex};
use confab_lambda::{metrics, warn};
use confab_pictures::{Kind, Picture, Size, Wanted};
use confab_provider_base::{File, MediaError};
use sha2::{Digest, Sha256};
use studio_domain::{Image, Trigger};

use super::report::fail;
use crate::{services::conversation_queue, state::State, store::Generation};

/// Time after the training after which no more photos are expected.
const SETTLE_TIME: Duration = Duration::from_secs(600);
/// A model that is missing this long after its request is gone. Before that, Astria may be
/// inconsistent.
const MISSING_TUNE_GRACE: Duration = Duration::from_secs(3600);
/// Photos in one trigger: each becomes a message to the user.
const IMAGES_PER_TRIGGER: usize = 5;
/// Maximum bytes of a picture that messengers accept.
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;
const ANY_SIZE: Wanted = Wanted {
    shorter_side: 1,
    within: Size::square(4_096),
};

/// Polls Astria for an order, and delivers the photos that are there.
pub(super) async fn check(state: &State, order: OrderId) -> Result<()> {
    let Some(generation) = state.store()?.generation(order).await? else {
        return Ok(());
    };
    let Some(tune) = generation.tune else {
        return Err(Error::unavailable("not_begun", "no start is saved yet"));
    };
    let (astria, now) = (state.astria()?.client().await?, state.clock.now());
    let tune = match astria.tune(tune).await {
        Ok(tune) => tune,
        Err(error @ AstriaError::Missing)
            if now >= after(generation.requested_at, MISSING_TUNE_GRACE) =>
        {
            return fail(state, &generation, &error).await;
        }
        Err(error @ AstriaError::Missing) => {
            return Err(Error::unavailable("tune_not_listed", error));
        }
        Err(error) => return Err(error.into()),
    };
    let prompts = prompts_of_order(&generation, astria.prompts_of(tune.id).await?);
    let mut is_complete = is_complete(&generation, &tune, &prompts, now);
    let (mut images, mut last_error) = (Vec::new(), None);
    for source in image_sources(&prompts) {
        match store_image(state, &astria, &generation, &source).await {
            Ok(image) => images.extend(image),
            // Other photos do not wait for this one.
            Err(error) => {
                is_complete = false;
                last_error = Some(error);
            }
        }
    }
    if is_complete && images.is_empty() {
        return fail(state, &generation, &"none of its photos could be made").await;
    }
    send_images(state, &generation, &images, is_complete).await?;
    last_error.map_or(Ok(()), Err)
}

/// Queues the photos in chunks. The same photos have the same id, so that a repeated check delivers
/// nothing twice.
async fn send_images(
    state: &State,
    generation: &Generation,
    images: &[Image],
    is_complete: bool,
) -> Result<()> {
    let order = generation.order.id;
    let chunks: Vec<_> = images.chunks(IMAGES_PER_TRIGGER).collect();
    let mut entries = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let is_last = is_complete && index + 1 == chunks.len();
        entries.push(conversation_queue::entry(
            images_id(order, chunk, is_last),
            generation.user_id,
            Trigger::ImagesReady {
                order,
                images: chunk.to_vec(),
                is_last,
            },
            generation.correlation_id,
        )?);
    }
    state.conversation_queue()?.send(&entries).await
}

/// Keeps the order's own prompts: a reused model has those of other orders, too.
fn prompts_of_order(generation: &Generation, mut prompts: Vec<Prompt>) -> Vec<Prompt> {
    prompts.retain(|prompt| prompt.id > generation.after_prompt);
    prompts.sort_by_key(|prompt| prompt.id);
    prompts.truncate(usize::try_from(generation.order.images).unwrap_or(usize::MAX));
    prompts
}

/// A generated photo at Astria.
struct ImageSource<'a> {
    name: String,
    url: &'a str,
}

fn image_sources(prompts: &[Prompt]) -> Vec<ImageSource<'_>> {
    let mut sources = Vec::new();
    for prompt in prompts {
        for (index, url) in prompt.images.iter().enumerate() {
            let name = format!("{}-{index}", prompt.id);
            sources.push(ImageSource { name, url });
        }
    }
    sources
}

/// Whether no more photos will follow: all were made or failed, or the training ended `SETTLE_TIME`
/// ago.
fn is_complete(generation: &Generation, tune: &Tune, prompts: &[Prompt], now: Timestamp) -> bool {
    let is_done = |prompt: &Prompt| !prompt.images.is_empty() || prompt.failure.is_some();
    if prompts.is_empty() || !prompts.iter().all(is_done) {
        return false;
    }
    let images: usize = prompts.iter().map(|prompt| prompt.images.len()).sum();
    let failures = prompts.iter().filter(|prompt| prompt.failure.is_some());
    let ordered = usize::try_from(generation.order.images).unwrap_or(usize::MAX);
    if images + failures.count() >= ordered {
        return true;
    }
    // A reused model was trained before this order requested photos.
    tune.trained_at.is_some_and(|trained_at| {
        now >= after(trained_at.max(generation.requested_at), SETTLE_TIME)
    })
}

/// Copies a photo into the bucket, because Astria's URLs are public and end after a month. `None`
/// for an unusable one.
async fn store_image(
    state: &State,
    astria: &Astria,
    generation: &Generation,
    ImageSource { name, url }: &ImageSource<'_>,
) -> Result<Option<Image>> {
    let (user_id, order) = (generation.user_id, generation.order.id);
    let object = format!("people/{user_id}/orders/{order}/{name}");
    let image = Image {
        name: name.clone(),
        object: object.clone(),
    };
    let objects = state.objects()?;
    if objects.exists(&object).await? {
        return Ok(Some(image));
    }
    let lost = |cause: &str| {
        metrics::count("PictureLost", "astria");
        warn("picture is lost", cause, generation.correlation_id);
        Ok(None)
    };
    match astria.image(url).await {
        Ok(file) => {
            let Some((mime_type, bytes)) = to_sendable(file) else {
                return lost(&format!("{name} is unreadable"));
            };
            objects.put(&object, mime_type, bytes).await?;
            Ok(Some(image))
        }
        Err(error @ MediaError::Unavailable(_)) => Err(error.into()),
        Err(error) => lost(&error.to_string()),
    }
}

/// Returns the picture as a JPEG or PNG of at most `MAX_IMAGE_BYTES`. The content decides, not
/// Astria's content type.
fn to_sendable(file: File) -> Option<(&'static str, Vec<u8>)> {
    let is_small = file.bytes.len() <= MAX_IMAGE_BYTES;
    match Kind::of(&file.bytes) {
        Some(Kind::Jpeg) if is_small => Some(("image/jpeg", file.bytes)),
        Some(Kind::Png) if is_small => Some(("image/png", file.bytes)),
        _ => {
            let picture = Picture::read(&file.bytes, &ANY_SIZE).ok()?;
            let mut jpegs = [92, 80, 60]
                .into_iter()
                .map(|quality| picture.jpeg(quality));
            let bytes = jpegs.find(|bytes| bytes.len() <= MAX_IMAGE_BYTES)?;
            Some(("image/jpeg", bytes))
        }
    }
}

/// Returns the idempotency key of a delivery: the same for the same photos.
fn images_id(order: OrderId, images: &[Image], is_last: bool) -> String {
    let mut digest = Sha256::new();
    for image in images {
        digest.update(image.name.as_bytes());
        digest.update(b"/");
    }
    let digest = hex(&digest.finalize()[..12]);
    format!("made#{order}#{digest}#{is_last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_testkit::sample;
    use serde_json::{Value, json};

    const REQUESTED_AT: &str = "2026-11-21T09:01:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A generation of four photos.
    fn generation(after_prompt: i64) -> Generation {
        let job = sample("studio", "studio-make.order");
        let job: Value = serde_json::from_str(job["Records"][0]["body"].as_str().unwrap()).unwrap();
        let task = &job["task"];
        serde_json::from_value(json!({ "person": task["person"], "order": task["order"], "asked_at": REQUESTED_AT,
            "correlation_id": "cor_01m7ym613fe0yvvhrd4bj8893d", "attempt_until_ms": 0, "is_unclear": true,
            "after_prompt": after_prompt, "tune": 7, "expires_at": 0 }))
        .unwrap()
    }

    fn prompt(id: i64, images: usize, failure: Option<&str>) -> Prompt {
        let images = (0..images)
            .map(|image| format!("https://images.example/{id}/{image}"))
            .collect();
        let failure = failure.map(str::to_owned);
        Prompt {
            id,
            tune_id: Some(7),
            images,
            failure,
            trained_at: None,
            created_at: None,
        }
    }

    fn tune(trained_at: Option<&str>) -> Tune {
        let trained_at = trained_at.map(at);
        Tune {
            id: 7,
            title: "ord".into(),
            class: None,
            eta: None,
            trained_at,
            created_at: None,
            expires_at: None,
        }
    }

    #[test]
    fn prompts_of_other_orders_on_a_reused_model_are_ignored() {
        let all = || [9, 3, 5, 4, 8, 7, 6].map(|id| prompt(id, 1, None)).to_vec();
        let ids = |after| {
            prompts_of_order(&generation(after), all())
                .iter()
                .map(|prompt| prompt.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(0), [3, 4, 5, 6], "the first four belong to the order");
        assert_eq!(ids(5), [6, 7, 8, 9]);
        assert_eq!(ids(9), [0_i64; 0]);
    }

    #[test]
    fn order_is_complete_when_all_photos_are_done_or_ten_minutes_after_the_training() {
        let soon = at("2026-11-21T09:11:00Z");
        let late = at("2026-11-21T09:31:00Z");
        let trained = tune(Some("2026-11-21T09:10:00Z"));
        let complete =
            |prompts: &[Prompt], tune: &Tune, now| is_complete(&generation(0), tune, prompts, now);
        let four = [1, 2, 3, 4].map(|id| prompt(id, 1, None));
        assert!(complete(&four, &trained, soon));
        assert!(
            complete(&[prompt(1, 4, None)], &trained, soon),
            "four of one prompt"
        );
        assert!(!complete(&four[..3], &trained, soon), "one more may come");
        assert!(complete(&four[..3], &trained, late));
        assert!(!complete(&[], &trained, late), "no prompts yet");
        let waits = [prompt(1, 1, None), prompt(2, 0, None)];
        assert!(!complete(&waits, &trained, late), "one is still being made");
        let failed = [
            prompt(1, 1, None),
            prompt(2, 0, Some("no")),
            prompt(3, 1, None),
            prompt(4, 1, None),
        ];
        assert!(complete(&failed, &trained, soon), "a failed photo counts");
        assert!(
            !complete(&four[..3], &tune(None), late),
            "the training is running"
        );
        // A model that was trained long ago, and reused just now.
        assert!(!complete(
            &four[..3],
            &tune(Some("2026-10-01T00:00:00Z")),
            at("2026-11-21T09:10:59Z")
        ));
    }

    #[test]
    fn same_photos_have_the_same_id_and_others_another() {
        let order = generation(0).order.id;
        let image = |name: &str| Image {
            name: name.into(),
            object: String::new(),
        };
        let one = images_id(order, &[image("1-0"), image("2-0")], false);
        assert_eq!(one, images_id(order, &[image("1-0"), image("2-0")], false));
        for other in [
            images_id(order, &[image("1-0"), image("2-0")], true),
            images_id(order, &[image("1-0")], false),
            images_id(order, &[image("1-02-0")], false),
        ] {
            assert_ne!(one, other);
        }
    }
}
