//! The worker that keeps the shelf: lists the packs of the maker, and draws a picture of what each makes.

use std::{collections::BTreeMap, sync::Arc};

use confab_astria::{Astria, AstriaError, Pack as AstriaPack};
use confab_aws::Entry;
use confab_contracts::{Event as OnTheBus, studio::PackImagesUpdated};
use confab_core::{Clock, CorrelationId, Error, EventId, Result, clip};
use confab_lambda::{QueueMessage as Delivery, metrics, warn};
use confab_pictures::{Picture, Size, Wanted, contact_sheet};
use confab_provider_base::MediaError;
use futures::{StreamExt, stream};
use studio_domain::{Class, PRODUCT, Pack, PackJob, PackTask};

use crate::{Drawer, store::Refresh};

/// A sheet with more is a sheet of stamps.
const MOST_EXAMPLES: usize = 24;
const TITLE: usize = 60;
/// Packs that are asked for at a time.
const AT_ONCE: usize = 5;
const WANTED: Wanted = Wanted {
    shorter_side: 64,
    within: Size::new(1_080, 1_350),
};

pub async fn handle(deps: Arc<Drawer>, delivery: Delivery<PackJob>) -> Result<()> {
    let PackJob::V1 { refresh, task } = delivery.body;
    match task {
        PackTask::List => list(&deps, refresh, delivery.correlation_id).await,
        PackTask::Draw { pack, class } => {
            draw(&deps, refresh, pack, class, delivery.correlation_id).await
        }
    }
}

async fn list(deps: &Drawer, refresh: EventId, correlation_id: CorrelationId) -> Result<()> {
    let astria = deps.astria.client().await?;
    let listed: Vec<_> = astria.packs().await?.iter().map(|pack| pack.id).collect();
    // A maker that lists nothing at all is more likely to be in trouble than to have given up its trade.
    if listed.is_empty() {
        return Err(Error::unavailable("no_packs", "the list of packs is empty"));
    }
    // The list tells little; the pack itself tells what it makes.
    let found = stream::iter(listed.clone())
        .map(|id| astria.pack(id))
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let (mut packs, mut stay) = (Vec::new(), Vec::new());
    for (id, pack) in listed.into_iter().zip(found) {
        match pack.map(ours) {
            Ok(pack) if pack.tier().is_some() && !pack.images.is_empty() => {
                stay.push(id);
                packs.push(pack);
            }
            // It is not for sale any more.
            Ok(_) | Err(AstriaError::Missing) => {}
            Err(error) => {
                warn("a pack cannot be read", &error.to_string(), correlation_id);
                metrics::count("PackUnreadable", "astria");
                stay.push(id);
            }
        }
    }
    deps.store.lists(refresh, &packs, &stay).await?;
    let began_at = refresh.made_at();
    deps.store
        .refreshes(&Refresh {
            id: refresh,
            began_at,
            packs: Some(packs.len()),
        })
        .await?;
    let drawings = packs
        .iter()
        .flat_map(|pack| pack.images.keys().map(|class| (pack.id, *class)));
    let entries = drawings.map(|(pack, class)| {
        let job = PackJob::V1 {
            refresh,
            task: PackTask::Draw { pack, class },
        };
        Entry::standard(&job, correlation_id)
    });
    deps.drawing
        .send(&entries.collect::<Result<Vec<_>>>()?)
        .await
}

fn ours(pack: AstriaPack) -> Pack {
    let images = pack.costs.iter().filter_map(|(class, cost)| {
        let class = Class::from_name(class)?;
        let prompts = pack
            .prompts_per_class
            .get(class.name())
            .map(Vec::len)
            .and_then(|count| count.try_into().ok());
        Some((
            class,
            cost.num_images.or(prompts).filter(|images| *images > 0)?,
        ))
    });
    Pack {
        id: pack.id,
        slug: pack.slug.clone(),
        title: clip(
            if pack.title.is_empty() {
                &pack.slug
            } else {
                &pack.title
            },
            TITLE,
        ),
        images: images.collect(),
        sheets: BTreeMap::new(),
    }
}

/// An example that cannot be had or read costs itself alone.
async fn draw(
    deps: &Drawer,
    refresh: EventId,
    pack_id: i64,
    class: Class,
    correlation_id: CorrelationId,
) -> Result<()> {
    let astria = deps.astria.client().await?;
    let pack = astria.pack(pack_id).await?;
    let urls = pack
        .prompts_per_class
        .get(class.name())
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut examples = Vec::new();
    for url in urls.iter().take(MOST_EXAMPLES) {
        if let Some(example) = example(&astria, url).await? {
            examples.push(example);
        }
    }
    let Some(sheet) = contact_sheet(&examples) else {
        metrics::count("PackWithoutPicture", "no_examples");
        return Ok(());
    };
    let object = format!("packs/{pack_id}_{}.jpg", class.name());
    deps.objects.put(&object, "image/jpeg", sheet).await?;
    deps.store.drew(refresh, pack_id, class, &object).await?;
    let data = PackImagesUpdated {
        pack_id,
        class: class.name().to_owned(),
    };
    let id = EventId::of_event(&format!("{refresh}#{pack_id}#{}", class.name()));
    let told = OnTheBus::new(
        id,
        deps.clock.now(),
        PRODUCT,
        correlation_id,
        refresh.to_string(),
        data,
    );
    deps.bus.publish(&[told]).await
}

async fn example(astria: &Astria, url: &str) -> Result<Option<Picture>> {
    match astria.image(url).await {
        Ok(file) => Ok(Picture::read(&file.bytes, &WANTED).ok()),
        Err(error @ MediaError::Unavailable(_)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
