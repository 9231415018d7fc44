//! The worker that has photos made: it asks their maker once an order, and brings what was made.

use std::{sync::Arc, time::Duration};

use confab_kernel::{
    Clock, CorrelationId, Error, Event as OnTheBus, EventId, OrderId, Result, Timestamp, TuneCreated, UserId, hex,
};
use confab_lambda::Job as Delivery;
use confab_providers::astria::{Astria, AstriaError, NewTune, Prompt, Tune};
use reqwest::Url;
use sha2::{Digest, Sha256};
use studio_domain::{Event, Image, MakeJob, MakeTask, Order, PRODUCT, Source};

use crate::{
    Making as Deps,
    astria::Ticket,
    news,
    store::{Attempt, Making},
    world::SEAL,
};

/// This function's minute, and another in which Astria may still do what it was asked.
const ATTEMPT: Duration = Duration::from_secs(120);
/// Astria's clock and ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(600);
/// Astria fetches the selfies while it is being asked.
const SELFIES_SHOWN: Duration = Duration::from_secs(3600);
/// Longer than any order takes.
const TICKET_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// After this time there will be no more photos than there are.
const SETTLED: Duration = Duration::from_secs(600);
/// So many photos are told of at once: each is a message to the person.
const AT_ONCE: usize = 5;

pub async fn handle(deps: Arc<Deps>, delivery: Delivery<MakeJob>) -> Result<()> {
    let MakeJob::V1 { task } = delivery.body;
    match task {
        MakeTask::Make { person, order } => make(&deps, person, &order, delivery.correlation_id).await,
        MakeTask::LookAfter { order } => look_after(&deps, order).await,
    }
}

async fn make(deps: &Deps, person: UserId, order: &Order, correlation_id: CorrelationId) -> Result<()> {
    if order.is_late(deps.clock.now()) {
        // The money is on its way back.
        return Ok(());
    }
    let making = match deps.store.attempt(person, order, correlation_id, ATTEMPT).await? {
        Attempt::Mine(making) => making,
        Attempt::Begun(making) => return tell_that_it_began(deps, &making, making.tune, None).await,
        Attempt::SomebodyElses => return Err(Error::unavailable("in_progress", "another worker asks for this order")),
    };
    let astria = deps.astria.client().await?;
    if making.is_unclear
        && let Some(tune) = find(&astria, &making).await?
    {
        return began(deps, &making, &tune).await;
    }
    let new = new_tune(deps, &making).await?;
    let after_prompt = match making.order.from {
        Source::Photos { .. } => 0,
        Source::Model { tune } => latest_prompt(&astria, tune).await?,
    };
    deps.store.asks(order.id, after_prompt).await?;
    match astria.create_tune(order.pack, &new).await {
        Ok(tune) => began(deps, &making, &tune).await,
        Err(error) if error.may_have_happened() => Err(error.into()),
        Err(error) => {
            deps.store.was_not_heard(order.id).await?;
            if error.may_try_again() {
                return Err(error.into());
            }
            refused(deps, &making, &error).await
        }
    }
}

async fn find(astria: &Astria, making: &Making) -> Result<Option<Tune>> {
    match making.order.from {
        Source::Photos { .. } => {
            let since = making.asked_at.checked_sub(CLOCKS_DIFFER).unwrap_or(making.asked_at);
            Ok(astria.find_tune(&making.order.id.to_string(), since).await?)
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

async fn latest_prompt(astria: &Astria, tune: i64) -> Result<i64> {
    Ok(astria.prompts_of(tune).await?.iter().map(|prompt| prompt.id).max().unwrap_or(0))
}

async fn new_tune(deps: &Deps, making: &Making) -> Result<NewTune> {
    let order = &making.order;
    let until = deps.clock.now().checked_add(TICKET_LASTS).unwrap_or(Timestamp::MAX);
    let ticket = deps.keys.seal(SEAL, &Ticket { order: order.id }, until).await?;
    let address = format!("{}/pack-tune-received?ticket={ticket}&trace={}", deps.base_url, making.correlation_id);
    let callback = Url::parse(&address).map_err(|e| Error::internal("bad_base_url", e))?;
    let (objects, characteristics, tune_ids) = match &order.from {
        Source::Photos { objects, traits } => (objects.as_slice(), traits.clone(), Vec::new()),
        Source::Model { tune } => (&[][..], std::collections::BTreeMap::new(), vec![*tune]),
    };
    let image_urls = objects.iter().map(|key| deps.objects.link(key, SELFIES_SHOWN)).collect::<Result<_>>()?;
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

async fn began(deps: &Deps, making: &Making, tune: &Tune) -> Result<()> {
    deps.store.began(making.order.id, tune.id).await?;
    tell_that_it_began(deps, making, Some(tune.id), tune.eta).await
}

async fn tell_that_it_began(deps: &Deps, making: &Making, tune: Option<i64>, eta: Option<Timestamp>) -> Result<()> {
    let Some(tune) = tune else { return Ok(()) };
    let (order, person, correlation_id) = (making.order.id, making.person, making.correlation_id);
    let event = Event::Begun { order, tune, eta };
    news::tell(&deps.people, format!("begun#{order}"), person, event, correlation_id).await?;
    let data = TuneCreated { user_id: person, order_id: order, tune_id: tune };
    let id = EventId::of_event(&format!("tune#{order}"));
    let told = OnTheBus::new(id, making.asked_at, PRODUCT, correlation_id, order.to_string(), data);
    deps.bus.publish(&[told]).await
}

/// It will be refused again: the person gets the money back.
async fn refused(deps: &Deps, making: &Making, why: &impl std::fmt::Display) -> Result<()> {
    let (order, person) = (making.order.id, making.person);
    confab_lambda::metrics::count("OrderRefused", "astria");
    confab_lambda::warn("an order cannot be made", &why.to_string(), making.correlation_id);
    news::tell(&deps.people, format!("refused#{order}"), person, Event::Refused { order }, making.correlation_id).await
}

/// Whatever Astria has of the order: the photos that are there go to the person.
async fn look_after(deps: &Deps, order: OrderId) -> Result<()> {
    let Some(making) = deps.store.making(order).await? else { return Ok(()) };
    let not_begun = || Error::unavailable("not_begun", "nobody has noted yet that it began");
    let tune = making.tune.ok_or_else(not_begun)?;
    let astria = deps.astria.client().await?;
    let tune = match astria.tune(tune).await {
        Ok(tune) => tune,
        Err(error @ AstriaError::Missing) => return refused(deps, &making, &error).await,
        Err(error) => return Err(error.into()),
    };
    let prompts = ours(&making, astria.prompts_of(tune.id).await?);
    let is_whole = is_whole(&making, &tune, &prompts, deps.clock.now());
    let mut images = Vec::new();
    for (prompt, index, url) in pictures(&prompts) {
        images.push(bring(deps, &astria, &making, prompt, index, url).await?);
    }
    if is_whole && images.is_empty() {
        return refused(deps, &making, &"none of its photos could be made").await;
    }
    let mut entries = Vec::new();
    let chunks = images.chunks(AT_ONCE);
    let last = chunks.len();
    for (number, chunk) in chunks.enumerate() {
        let is_all = is_whole && number + 1 == last;
        let event = Event::Made { order, images: chunk.to_vec(), is_all };
        entries.push(news::entry(name_of(order, chunk, is_all), making.person, event, making.correlation_id)?);
    }
    deps.people.send(&entries).await
}

/// A model that is used again has the prompts of other orders, too.
fn ours(making: &Making, mut prompts: Vec<Prompt>) -> Vec<Prompt> {
    prompts.retain(|prompt| prompt.id > making.after_prompt);
    prompts.sort_by_key(|prompt| prompt.id);
    prompts.truncate(usize::try_from(making.order.images).unwrap_or(usize::MAX));
    prompts
}

fn pictures(prompts: &[Prompt]) -> impl Iterator<Item = (i64, usize, &str)> {
    let of = |prompt: &'_ Prompt| prompt.id;
    prompts.iter().flat_map(move |prompt| {
        prompt.images.iter().enumerate().map(move |(index, url)| (of(prompt), index, url.as_str()))
    })
}

/// All that was ordered, or all that there will be.
fn is_whole(making: &Making, tune: &Tune, prompts: &[Prompt], now: Timestamp) -> bool {
    let images: usize = prompts.iter().map(|prompt| prompt.images.len()).sum();
    let failures = prompts.iter().filter(|prompt| prompt.failure.is_some()).count();
    let wanted = usize::try_from(making.order.images).unwrap_or(usize::MAX);
    let are_over = prompts.iter().all(|prompt| !prompt.images.is_empty() || prompt.failure.is_some());
    let trained_at = tune.trained_at.map(|trained_at| trained_at.max(making.asked_at));
    let is_settled = trained_at.is_some_and(|at| now >= at.checked_add(SETTLED).unwrap_or(Timestamp::MAX));
    are_over && !prompts.is_empty() && (images + failures >= wanted || is_settled)
}

/// Astria keeps pictures for a month, and whoever knows the address may look: ours are copies.
async fn bring(deps: &Deps, astria: &Astria, making: &Making, prompt: i64, index: usize, url: &str) -> Result<Image> {
    let name = format!("{prompt}-{index}");
    let object = format!("people/{}/orders/{}/{name}", making.person, making.order.id);
    if !deps.objects.exists(&object).await? {
        let file = astria.image(url).await?;
        deps.objects.put(&object, &file.mime_type, file.bytes).await?;
    }
    Ok(Image { name, object })
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
