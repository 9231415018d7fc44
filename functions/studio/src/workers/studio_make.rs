//! The worker of generations: requests an order's photos from Astria once, and delivers those that
//! were made.

mod check;
mod report;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_astria::{Astria, AstriaError, NewTune, Tune};
use confab_contracts::{Event, studio::TuneCreated};
use confab_core::{CorrelationId, Error, EventId, Result, Timestamp, UserId, after};
use confab_lambda::QueueMessage;
use reqwest::Url;
use studio_domain::{GenerationJob, GenerationTask, Order, PRODUCT, Source, Trigger};

use self::report::{fail, send_trigger};
use crate::{
    config::SEAL_SECRET,
    services::astria::CallbackTicket,
    state::{Part, State},
    store::{Generation, GenerationClaim},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Astria,
    Part::Objects,
    Part::ConversationQueue,
    Part::Bus,
    Part::Seal,
    Part::CallbackUrl,
];

/// Duration of a claim: this function's timeout of a minute, and another in which Astria may still
/// act.
const CLAIM_TTL: Duration = Duration::from_secs(120);
/// Validity of the selfies' URLs: Astria fetches them during the request.
const SELFIE_URL_TTL: Duration = Duration::from_secs(3600);
/// Validity of a callback's ticket: longer than any order takes.
const TICKET_TTL: Duration = Duration::from_secs(7 * 24 * 3600);

pub async fn handle(state: Arc<State>, delivery: QueueMessage<GenerationJob>) -> Result<()> {
    let GenerationJob::V1 { task } = delivery.body;
    match task {
        GenerationTask::Start { user_id, order } => {
            start(&state, user_id, &order, delivery.correlation_id).await
        }
        GenerationTask::Check { order } => check::check(&state, order).await,
    }
}

async fn start(
    state: &State,
    user_id: UserId,
    order: &Order,
    correlation_id: CorrelationId,
) -> Result<()> {
    let store = state.store()?;
    // An overdue order is being refunded, and an erased user has none.
    let is_overdue = order.is_overdue(state.clock.now());
    if is_overdue || !store.is_order_in_progress(user_id, order.id).await? {
        return Ok(());
    }
    let claim = store
        .claim_generation(user_id, order, correlation_id, CLAIM_TTL)
        .await?;
    let generation = match claim {
        GenerationClaim::Claimed(generation) => generation,
        GenerationClaim::Started(generation) => {
            return announce_start(state, &generation, generation.tune, None).await;
        }
        GenerationClaim::HeldByOther => {
            return Err(Error::unavailable(
                "in_progress",
                "another worker requests this order",
            ));
        }
    };
    let astria = state.astria()?.client().await?;
    match request_tune(state, &astria, &generation).await? {
        TuneRequest::Created(tune) => save_start(state, &astria, &generation, &tune).await,
        TuneRequest::Rejected(error) => fail(state, &generation, &error).await,
        TuneRequest::OrderErased => Ok(()),
    }
}

/// Outcome of a request to Astria. An outcome that a retry may change is an error.
enum TuneRequest {
    Created(Tune),
    Rejected(AstriaError),
    OrderErased,
}

async fn request_tune(
    state: &State,
    astria: &Astria,
    generation: &Generation,
) -> Result<TuneRequest> {
    if generation.is_unclear {
        match find_tune(astria, generation).await {
            Ok(Some(tune)) => return Ok(TuneRequest::Created(tune)),
            Ok(None) => {}
            Err(error @ AstriaError::Missing) => return Ok(TuneRequest::Rejected(error)),
            Err(error) => return Err(error.into()),
        }
    }
    let after_prompt = match generation.order.source {
        Source::Photos { .. } => 0,
        Source::Model { tune } => match latest_prompt(astria, tune).await {
            Ok(latest) => latest,
            // Astria deleted the model.
            Err(error @ AstriaError::Missing) => return Ok(TuneRequest::Rejected(error)),
            Err(error) => return Err(error.into()),
        },
    };
    let new_tune = new_tune(state, generation).await?;
    let (store, order) = (state.store()?, &generation.order);
    if !store.mark_requested(order.id, after_prompt).await? {
        return Ok(TuneRequest::OrderErased);
    }
    match astria.create_tune(order.pack, &new_tune).await {
        Ok(tune) => Ok(TuneRequest::Created(tune)),
        Err(error) if error.may_have_happened() => Err(error.into()),
        Err(error) => {
            store.release_claim(order.id, generation.is_unclear).await?;
            if error.may_try_again() {
                return Err(error.into());
            }
            Ok(TuneRequest::Rejected(error))
        }
    }
}

/// Finds what an earlier attempt with an unknown outcome created.
async fn find_tune(
    astria: &Astria,
    generation: &Generation,
) -> std::result::Result<Option<Tune>, AstriaError> {
    match generation.order.source {
        Source::Photos { .. } => {
            let title = generation.order.id.to_string();
            astria.find_tune(&title, generation.requested_since()).await
        }
        Source::Model { tune } => {
            if latest_prompt(astria, tune).await? <= generation.after_prompt {
                return Ok(None);
            }
            Ok(Some(astria.tune(tune).await?))
        }
    }
}

async fn latest_prompt(astria: &Astria, tune: i64) -> std::result::Result<i64, AstriaError> {
    let prompts = astria.prompts_of(tune).await?;
    Ok(prompts.iter().map(|prompt| prompt.id).max().unwrap_or(0))
}

async fn new_tune(state: &State, generation: &Generation) -> Result<NewTune> {
    let order = &generation.order;
    let callback = callback_url(state, generation).await?;
    let (objects, characteristics, tune_ids) = match &order.source {
        Source::Photos { objects, traits } => (objects.as_slice(), traits.clone(), Vec::new()),
        Source::Model { tune } => (&[][..], BTreeMap::new(), vec![*tune]),
    };
    let mut image_urls = Vec::new();
    for key in objects {
        image_urls.push(state.objects()?.link(key, SELFIE_URL_TTL)?);
    }
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

async fn callback_url(state: &State, generation: &Generation) -> Result<Url> {
    let ticket = CallbackTicket {
        order: generation.order.id,
    };
    let expires_at = after(state.clock.now(), TICKET_TTL);
    let secrets = state.secrets()?;
    let ticket = secrets.seal(SEAL_SECRET, &ticket, expires_at).await?;
    let (base, trace) = (state.callback_url()?, generation.correlation_id);
    Url::parse(&format!("{base}?ticket={ticket}&trace={trace}"))
        .map_err(|error| Error::internal("bad_base_url", error))
}

async fn save_start(
    state: &State,
    astria: &Astria,
    generation: &Generation,
    tune: &Tune,
) -> Result<()> {
    let order = &generation.order;
    if state.store()?.mark_started(order.id, tune.id).await? {
        return announce_start(state, generation, Some(tune.id), tune.eta).await;
    }
    // The user was erased during the request. A reused model is deleted with the order that trained
    // it.
    if matches!(order.source, Source::Photos { .. }) {
        astria.delete_tune(tune.id).await?;
    }
    Ok(())
}

async fn announce_start(
    state: &State,
    generation: &Generation,
    tune: Option<i64>,
    eta: Option<Timestamp>,
) -> Result<()> {
    let Some(tune) = tune else { return Ok(()) };
    let order = generation.order.id;
    let trigger = Trigger::GenerationStarted { order, tune, eta };
    send_trigger(state, generation, format!("begun#{order}"), trigger).await?;
    let data = TuneCreated {
        user_id: generation.user_id,
        order_id: order,
        tune_id: tune,
    };
    let event = Event::new(
        EventId::of_event(&format!("tune#{order}")),
        generation.requested_at,
        PRODUCT,
        generation.correlation_id,
        order.to_string(),
        data,
    );
    state.bus()?.publish(&[event]).await
}
