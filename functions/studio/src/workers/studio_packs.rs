//! The worker of packs: lists them at Astria, and renders a sheet of sample photos for each class.

use std::{collections::BTreeMap, sync::Arc};

use confab_astria::{Astria, AstriaError, Pack as AstriaPack};
use confab_aws::Entry;
use confab_contracts::{Event, studio::PackImagesUpdated};
use confab_core::{CorrelationId, Error, EventId, Result, clip};
use confab_lambda::{QueueMessage, metrics, warn};
use confab_pictures::{Picture, Size, Wanted, contact_sheet};
use confab_provider_base::MediaError;
use futures::{StreamExt, stream};
use studio_domain::{Class, PRODUCT, Pack, PackJob, PackTask};

use crate::{
    state::{Part, State},
    store::Refresh,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Astria,
    Part::Objects,
    Part::PackQueue,
    Part::Bus,
];

/// Maximum samples on a sheet: with more, each would be too small to see.
const MAX_SAMPLES: usize = 24;
const MAX_TITLE_CHARS: usize = 60;
const FETCH_CONCURRENCY: usize = 5;
const SAMPLE_SIZE: Wanted = Wanted {
    shorter_side: 64,
    within: Size::new(1_080, 1_350),
};

pub async fn handle(state: Arc<State>, delivery: QueueMessage<PackJob>) -> Result<()> {
    let correlation_id = delivery.correlation_id;
    let PackJob::V1 { refresh, task } = delivery.body;
    match task {
        PackTask::List => list_packs(&state, refresh, correlation_id).await,
        PackTask::RenderSheet { pack, class } => {
            render_sheet(&state, refresh, pack, class, correlation_id).await
        }
    }
}

/// Packs that Astria lists: those for sale, and the ids of all that are kept.
struct PackListing {
    packs: Vec<Pack>,
    kept_ids: Vec<i64>,
}

async fn list_packs(state: &State, refresh: EventId, correlation_id: CorrelationId) -> Result<()> {
    let astria = state.astria()?.client().await?;
    let PackListing { packs, kept_ids } = fetch_packs(&astria, correlation_id).await?;
    let store = state.store()?;
    store.replace_packs(refresh, &packs, &kept_ids).await?;
    store
        .save_refresh(&Refresh {
            id: refresh,
            began_at: refresh.made_at(),
            packs: Some(packs.len()),
        })
        .await?;
    let mut entries = Vec::new();
    for pack in &packs {
        for class in pack.images.keys() {
            let task = PackTask::RenderSheet {
                pack: pack.id,
                class: *class,
            };
            let job = PackJob::V1 { refresh, task };
            entries.push(Entry::standard(&job, correlation_id)?);
        }
    }
    state.pack_queue()?.send(&entries).await
}

/// Fetches each listed pack, because the list has no images. A pack that cannot be read keeps its
/// row.
async fn fetch_packs(astria: &Astria, correlation_id: CorrelationId) -> Result<PackListing> {
    let ids: Vec<_> = astria.packs().await?.iter().map(|pack| pack.id).collect();
    // An empty list is more likely an outage than the end of all packs.
    if ids.is_empty() {
        return Err(Error::unavailable("no_packs", "the list of packs is empty"));
    }
    let fetched = stream::iter(ids.clone())
        .map(|id| astria.pack(id))
        .buffered(FETCH_CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    let (mut packs, mut kept_ids) = (Vec::new(), Vec::new());
    for (id, pack) in ids.into_iter().zip(fetched) {
        match pack.map(to_domain) {
            Ok(pack) if pack.tier().is_some() && !pack.images.is_empty() => {
                kept_ids.push(id);
                packs.push(pack);
            }
            // Not for sale any more.
            Ok(_) | Err(AstriaError::Missing) => {}
            Err(error) => {
                warn("pack is unreadable", &error.to_string(), correlation_id);
                metrics::count("PackUnreadable", "astria");
                kept_ids.push(id);
            }
        }
    }
    Ok(PackListing { packs, kept_ids })
}

fn to_domain(pack: AstriaPack) -> Pack {
    let mut images = BTreeMap::new();
    for (name, cost) in &pack.costs {
        let Some(class) = Class::from_name(name) else {
            continue;
        };
        let prompts = pack.prompts_per_class.get(class.name()).map(Vec::len);
        let prompts = prompts.and_then(|count| count.try_into().ok());
        if let Some(count) = cost.num_images.or(prompts).filter(|count| *count > 0) {
            images.insert(class, count);
        }
    }
    let title = if pack.title.is_empty() {
        &pack.slug
    } else {
        &pack.title
    };
    Pack {
        id: pack.id,
        title: clip(title, MAX_TITLE_CHARS),
        slug: pack.slug,
        images,
        sheets: BTreeMap::new(),
    }
}

/// Renders the sheet of a pack and class. A sample that cannot be fetched or read is left out.
async fn render_sheet(
    state: &State,
    refresh: EventId,
    pack_id: i64,
    class: Class,
    correlation_id: CorrelationId,
) -> Result<()> {
    let astria = state.astria()?.client().await?;
    let pack = astria.pack(pack_id).await?;
    let urls = pack.prompts_per_class.get(class.name());
    let urls = urls.map(Vec::as_slice).unwrap_or_default();
    let mut samples = Vec::new();
    for url in urls.iter().take(MAX_SAMPLES) {
        samples.extend(fetch_sample(&astria, url).await?);
    }
    let Some(sheet) = contact_sheet(&samples) else {
        metrics::count("PackWithoutPicture", "no_examples");
        return Ok(());
    };
    let object = format!("packs/{pack_id}_{}.jpg", class.name());
    state.objects()?.put(&object, "image/jpeg", sheet).await?;
    state
        .store()?
        .save_sheet(refresh, pack_id, class, &object)
        .await?;
    let data = PackImagesUpdated {
        pack_id,
        class: class.name().to_owned(),
    };
    let event = Event::new(
        EventId::of_event(&format!("{refresh}#{pack_id}#{}", class.name())),
        state.clock.now(),
        PRODUCT,
        correlation_id,
        refresh.to_string(),
        data,
    );
    state.bus()?.publish(&[event]).await
}

async fn fetch_sample(astria: &Astria, url: &str) -> Result<Option<Picture>> {
    match astria.image(url).await {
        Ok(file) => Ok(Picture::read(&file.bytes, &SAMPLE_SIZE).ok()),
        Err(error @ MediaError::Unavailable(_)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
