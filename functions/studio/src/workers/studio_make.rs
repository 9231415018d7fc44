//! The worker that has photos made: it asks their maker once an order, and brings what was made.

use std::{sync::Arc, time::Duration};

use confab_astria::{Astria, AstriaError, NewTune, Prompt, Tune};
use confab_contracts::{Event as OnTheBus, studio::TuneCreated};
use confab_core::{
    Clock, CorrelationId, Error, EventId, OrderId, Result, Timestamp, UserId, after, hex,
};
use confab_lambda::{QueueMessage as Delivery, metrics, warn};
use confab_pictures::{Kind, Picture, Size, Wanted};
use confab_provider_base::{File, MediaError};
use reqwest::Url;
use sha2::{Digest, Sha256};
use studio_domain::{Event, Image, MakeJob, MakeTask, Order, PRODUCT, Source};

use crate::{
    Making as Deps,
    services::astria::Ticket,
    services::conversation_queue as news,
    store::{Attempt, Making},
    workers::studio_conversation::effects::SEAL,
};

/// This function's minute, and another in which Astria may still do what it was asked.
const ATTEMPT: Duration = Duration::from_secs(120);
/// Astria fetches the selfies while it is being asked.
const SELFIES_SHOWN: Duration = Duration::from_secs(3600);
/// Longer than any order takes.
const TICKET_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// After this time there will be no more photos than there are.
const SETTLED: Duration = Duration::from_secs(600);
/// What Astria says is not there may be there a little later.
const SURELY_MISSING: Duration = Duration::from_secs(3600);
/// So many photos are told of at once: each is a message to the person.
const AT_ONCE: usize = 5;

pub async fn handle(deps: Arc<Deps>, delivery: Delivery<MakeJob>) -> Result<()> {
    let MakeJob::V1 { task } = delivery.body;
    match task {
        MakeTask::Make { person, order } => {
            make(&deps, person, &order, delivery.correlation_id).await
        }
        MakeTask::LookAfter { order } => look_after(&deps, order).await,
    }
}

async fn make(
    deps: &Deps,
    person: UserId,
    order: &Order,
    correlation_id: CorrelationId,
) -> Result<()> {
    // The money is on its way back, or the person is gone.
    if order.is_late(deps.clock.now()) || !deps.store.is_waited_for(person, order.id).await? {
        return Ok(());
    }
    let making = match deps
        .store
        .attempt(person, order, correlation_id, ATTEMPT)
        .await?
    {
        Attempt::Mine(making) => making,
        Attempt::Begun(making) => {
            return tell_that_it_began(deps, &making, making.tune, None).await;
        }
        Attempt::SomebodyElses => {
            return Err(Error::unavailable(
                "in_progress",
                "another worker asks for this order",
            ));
        }
    };
    let astria = deps.astria.client().await?;
    match ask(deps, &astria, &making).await? {
        Asked::Made(tune) => began(deps, &astria, &making, &tune).await,
        Asked::Refused(error) => refused(deps, &making, &error).await,
        Asked::Forgotten => Ok(()),
    }
}

enum Asked {
    Made(Tune),
    Refused(AstriaError),
    Forgotten,
}

/// Whatever may be tried again is an error.
async fn ask(deps: &Deps, astria: &Astria, making: &Making) -> Result<Asked> {
    if making.is_unclear {
        match find(astria, making).await {
            Ok(Some(tune)) => return Ok(Asked::Made(tune)),
            Ok(None) => {}
            Err(error @ AstriaError::Missing) => return Ok(Asked::Refused(error)),
            Err(error) => return Err(error.into()),
        }
    }
    let after_prompt = match making.order.from {
        Source::Photos { .. } => 0,
        Source::Model { tune } => match latest_prompt(astria, tune).await {
            Ok(latest) => latest,
            // The model is forgotten, and will not come back.
            Err(error @ AstriaError::Missing) => return Ok(Asked::Refused(error)),
            Err(error) => return Err(error.into()),
        },
    };
    let new = new_tune(deps, making).await?;
    if !deps.store.asks(making.order.id, after_prompt).await? {
        return Ok(Asked::Forgotten);
    }
    match astria.create_tune(making.order.pack, &new).await {
        Ok(tune) => Ok(Asked::Made(tune)),
        Err(error) if error.may_have_happened() => Err(error.into()),
        Err(error) => {
            deps.store
                .was_not_heard(making.order.id, making.is_unclear)
                .await?;
            match error.may_try_again() {
                true => Err(error.into()),
                false => Ok(Asked::Refused(error)),
            }
        }
    }
}

async fn find(astria: &Astria, making: &Making) -> std::result::Result<Option<Tune>, AstriaError> {
    match making.order.from {
        Source::Photos { .. } => {
            astria
                .find_tune(&making.order.id.to_string(), making.asked_since())
                .await
        }
        Source::Model { tune } => {
            let was_heard = latest_prompt(astria, tune).await? > making.after_prompt;
            match was_heard {
                true => Ok(Some(astria.tune(tune).await?)),
                false => Ok(None),
            }
        }
    }
}

async fn latest_prompt(astria: &Astria, tune: i64) -> std::result::Result<i64, AstriaError> {
    Ok(astria
        .prompts_of(tune)
        .await?
        .iter()
        .map(|prompt| prompt.id)
        .max()
        .unwrap_or(0))
}

async fn new_tune(deps: &Deps, making: &Making) -> Result<NewTune> {
    let order = &making.order;
    let until = after(deps.clock.now(), TICKET_LASTS);
    let ticket = deps
        .keys
        .seal(SEAL, &Ticket { order: order.id }, until)
        .await?;
    let address = format!(
        "{}/pack-tune-received?ticket={ticket}&trace={}",
        deps.base_url, making.correlation_id
    );
    let callback = Url::parse(&address).map_err(|e| Error::internal("bad_base_url", e))?;
    let (objects, characteristics, tune_ids) = match &order.from {
        Source::Photos { objects, traits } => (objects.as_slice(), traits.clone(), Vec::new()),
        Source::Model { tune } => (&[][..], std::collections::BTreeMap::new(), vec![*tune]),
    };
    let image_urls = objects
        .iter()
        .map(|key| deps.objects.link(key, SELFIES_SHOWN))
        .collect::<Result<_>>()?;
    Ok(NewTune {
        title: order.id.to_string(),
        class: order.class.name().to_owned(),
        image_urls,
        characteristics,
        tune_ids,
        callback: Some(callback.clone()),
        prompts_callback: Some(callback),
        prompt_callback: None,
    })
}

async fn began(deps: &Deps, astria: &Astria, making: &Making, tune: &Tune) -> Result<()> {
    if !deps.store.began(making.order.id, tune.id).await? {
        // The person was forgotten while Astria was being asked. A model that was there before has gone with its own order.
        if matches!(making.order.from, Source::Photos { .. }) {
            astria.delete_tune(tune.id).await?;
        }
        return Ok(());
    }
    tell_that_it_began(deps, making, Some(tune.id), tune.eta).await
}

async fn tell_that_it_began(
    deps: &Deps,
    making: &Making,
    tune: Option<i64>,
    eta: Option<Timestamp>,
) -> Result<()> {
    let Some(tune) = tune else { return Ok(()) };
    let (order, person, correlation_id) = (making.order.id, making.person, making.correlation_id);
    let event = Event::Begun { order, tune, eta };
    news::tell(
        &deps.people,
        format!("begun#{order}"),
        person,
        event,
        correlation_id,
    )
    .await?;
    let data = TuneCreated {
        user_id: person,
        order_id: order,
        tune_id: tune,
    };
    let id = EventId::of_event(&format!("tune#{order}"));
    let told = OnTheBus::new(
        id,
        making.asked_at,
        PRODUCT,
        correlation_id,
        order.to_string(),
        data,
    );
    deps.bus.publish(&[told]).await
}

/// It will be refused again: the person gets the money back.
async fn refused(deps: &Deps, making: &Making, why: &impl std::fmt::Display) -> Result<()> {
    let (order, person) = (making.order.id, making.person);
    metrics::count("OrderRefused", "astria");
    warn(
        "an order cannot be made",
        &why.to_string(),
        making.correlation_id,
    );
    news::tell(
        &deps.people,
        format!("refused#{order}"),
        person,
        Event::Refused { order },
        making.correlation_id,
    )
    .await
}

/// Whatever Astria has of the order: the photos that are there go to the person.
async fn look_after(deps: &Deps, order: OrderId) -> Result<()> {
    let Some(making) = deps.store.making(order).await? else {
        return Ok(());
    };
    let not_begun = || Error::unavailable("not_begun", "nobody has noted yet that it began");
    let tune = making.tune.ok_or_else(not_begun)?;
    let (astria, now) = (deps.astria.client().await?, deps.clock.now());
    let tune = match astria.tune(tune).await {
        Ok(tune) => tune,
        Err(error @ AstriaError::Missing) if now >= after(making.asked_at, SURELY_MISSING) => {
            return refused(deps, &making, &error).await;
        }
        Err(error) => return Err(error.into()),
    };
    let prompts = ours(&making, astria.prompts_of(tune.id).await?);
    let mut is_whole = is_whole(&making, &tune, &prompts, now);
    let (mut images, mut postponed) = (Vec::new(), None);
    for picture in pictures(&prompts) {
        match bring(deps, &astria, &making, picture).await {
            Ok(image) => images.extend(image),
            // The others need not wait for it.
            Err(error) => {
                (is_whole, postponed) = (false, Some(error));
            }
        }
    }
    if is_whole && images.is_empty() {
        return refused(deps, &making, &"none of its photos could be made").await;
    }
    let mut entries = Vec::new();
    let chunks = images.chunks(AT_ONCE);
    let last = chunks.len();
    for (number, chunk) in chunks.enumerate() {
        let is_all = is_whole && number + 1 == last;
        let event = Event::Made {
            order,
            images: chunk.to_vec(),
            is_all,
        };
        entries.push(news::entry(
            name_of(order, chunk, is_all),
            making.person,
            event,
            making.correlation_id,
        )?);
    }
    deps.people.send(&entries).await?;
    postponed.map_or(Ok(()), Err)
}

/// A model that is used again has the prompts of other orders, too.
fn ours(making: &Making, mut prompts: Vec<Prompt>) -> Vec<Prompt> {
    prompts.retain(|prompt| prompt.id > making.after_prompt);
    prompts.sort_by_key(|prompt| prompt.id);
    prompts.truncate(usize::try_from(making.order.images).unwrap_or(usize::MAX));
    prompts
}

fn pictures(prompts: &[Prompt]) -> impl Iterator<Item = (i64, usize, &str)> {
    prompts.iter().flat_map(|prompt| {
        prompt
            .images
            .iter()
            .enumerate()
            .map(|(index, url)| (prompt.id, index, url.as_str()))
    })
}

/// All that was ordered, or all that there will be.
fn is_whole(making: &Making, tune: &Tune, prompts: &[Prompt], now: Timestamp) -> bool {
    let images: usize = prompts.iter().map(|prompt| prompt.images.len()).sum();
    let failures = prompts
        .iter()
        .filter(|prompt| prompt.failure.is_some())
        .count();
    let wanted = usize::try_from(making.order.images).unwrap_or(usize::MAX);
    let are_over = prompts
        .iter()
        .all(|prompt| !prompt.images.is_empty() || prompt.failure.is_some());
    let trained_at = tune
        .trained_at
        .map(|trained_at| trained_at.max(making.asked_at));
    let is_settled = trained_at.is_some_and(|at| now >= after(at, SETTLED));
    are_over && !prompts.is_empty() && (images + failures >= wanted || is_settled)
}

/// Astria keeps pictures for a month, and whoever knows the address may look: ours are copies. One that is not to be had
/// costs itself alone.
async fn bring(
    deps: &Deps,
    astria: &Astria,
    making: &Making,
    (prompt, index, url): (i64, usize, &str),
) -> Result<Option<Image>> {
    let name = format!("{prompt}-{index}");
    let object = format!("people/{}/orders/{}/{name}", making.person, making.order.id);
    if !deps.objects.exists(&object).await? {
        match astria.image(url).await {
            Ok(file) => match sendable(file) {
                Some((mime_type, bytes)) => deps.objects.put(&object, mime_type, bytes).await?,
                None => {
                    metrics::count("PictureLost", "astria");
                    warn("a picture cannot be read", &name, making.correlation_id);
                    return Ok(None);
                }
            },
            Err(error @ MediaError::Unavailable(_)) => return Err(error.into()),
            Err(error) => {
                metrics::count("PictureLost", "astria");
                warn(
                    "a picture cannot be had",
                    &error.to_string(),
                    making.correlation_id,
                );
                return Ok(None);
            }
        }
    }
    Ok(Some(Image { name, object }))
}

/// Messengers take JPEG and PNG of 5 MB.
const LARGEST_SENT: usize = 5 * 1024 * 1024;
const ANY_SIZE: Wanted = Wanted {
    shorter_side: 1,
    within: Size::square(4_096),
};

/// A picture as messengers take it, whatever its maker called it: as it is if that may be.
fn sendable(file: File) -> Option<(&'static str, Vec<u8>)> {
    let is_small = file.bytes.len() <= LARGEST_SENT;
    match Kind::of(&file.bytes) {
        Some(Kind::Jpeg) if is_small => Some(("image/jpeg", file.bytes)),
        Some(Kind::Png) if is_small => Some(("image/png", file.bytes)),
        _ => {
            let picture = Picture::read(&file.bytes, &ANY_SIZE).ok()?;
            let jpegs = [92, 80, 60]
                .into_iter()
                .map(|quality| picture.jpeg(quality));
            Some((
                "image/jpeg",
                jpegs
                    .into_iter()
                    .find(|bytes| bytes.len() <= LARGEST_SENT)?,
            ))
        }
    }
}

/// The same photos in the same place are the same news.
fn name_of(order: OrderId, images: &[Image], is_all: bool) -> String {
    let mut digest = Sha256::new();
    for image in images {
        digest.update(image.name.as_bytes());
        digest.update(b"/");
    }
    format!("made#{order}#{}#{is_all}", hex(&digest.finalize()[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_testkit::sample;
    use serde_json::{Value, json};

    const ASKED: &str = "2026-11-21T09:01:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Of four photos.
    fn making(after_prompt: i64) -> Making {
        let job = sample("studio", "studio-make.order");
        let job: Value = serde_json::from_str(job["Records"][0]["body"].as_str().unwrap()).unwrap();
        let task = &job["task"];
        serde_json::from_value(json!({ "person": task["person"], "order": task["order"], "asked_at": ASKED,
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
    fn of_a_model_that_is_used_again_only_the_orders_own_prompts_count() {
        let all = || [9, 3, 5, 4, 8, 7, 6].map(|id| prompt(id, 1, None)).to_vec();
        let ids = |after| {
            ours(&making(after), all())
                .iter()
                .map(|prompt| prompt.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            ids(0),
            [3, 4, 5, 6],
            "the first four are the order's, later ones another's"
        );
        assert_eq!(ids(5), [6, 7, 8, 9]);
        assert_eq!(ids(9), [0_i64; 0]);
    }

    #[test]
    fn it_is_whole_when_all_is_there_or_nothing_more_will_come() {
        let soon = at("2026-11-21T09:11:00Z");
        let late = at("2026-11-21T09:31:00Z");
        let trained = tune(Some("2026-11-21T09:10:00Z"));
        let whole = |prompts: &[Prompt], tune: &Tune, now| is_whole(&making(0), tune, prompts, now);
        let four = [1, 2, 3, 4].map(|id| prompt(id, 1, None));
        assert!(whole(&four, &trained, soon));
        assert!(
            whole(&[prompt(1, 4, None)], &trained, soon),
            "four of one prompt"
        );
        assert!(!whole(&four[..3], &trained, soon), "one more may come");
        assert!(whole(&four[..3], &trained, late));
        assert!(!whole(&[], &trained, late), "the prompts are not there yet");
        let waits = [prompt(1, 1, None), prompt(2, 0, None)];
        assert!(!whole(&waits, &trained, late), "one is still being drawn");
        let failed = [
            prompt(1, 1, None),
            prompt(2, 0, Some("no")),
            prompt(3, 1, None),
            prompt(4, 1, None),
        ];
        assert!(whole(&failed, &trained, soon), "what failed will not come");
        assert!(
            !whole(&four[..3], &tune(None), late),
            "it is still learning"
        );
        // A model that was trained long ago has just been asked again.
        assert!(!whole(
            &four[..3],
            &tune(Some("2026-10-01T00:00:00Z")),
            at("2026-11-21T09:10:59Z")
        ));
    }

    #[test]
    fn other_photos_are_other_news() {
        let order = making(0).order.id;
        let image = |name: &str| Image {
            name: name.into(),
            object: String::new(),
        };
        let one = name_of(order, &[image("1-0"), image("2-0")], false);
        assert_eq!(one, name_of(order, &[image("1-0"), image("2-0")], false));
        for other in [
            name_of(order, &[image("1-0"), image("2-0")], true),
            name_of(order, &[image("1-0")], false),
            name_of(order, &[image("1-02-0")], false),
        ] {
            assert_ne!(one, other);
        }
    }
}
