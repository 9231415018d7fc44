//! The renderer: draws slides and documents into the bucket, and re-encodes logos. It never touches
//! a carousel's row; it tells the chat.

use std::sync::Arc;

use carousel_domain::{
    CarouselId, CostKind, Draft, Look, Page, PdfFile, PdfJob, RenderJob, SagaTrigger, SlideFile,
    Trigger, Usage,
};
use carousel_slides::{Logo, MAX_LOGO_SIDE, PlannedSlide, Renderer, Sizes, SlideRequest};
use confab_core::{CorrelationId, Error, Result, Timestamp, hex};
use confab_lambda::{QueueMessage, metrics, warn};
use confab_pictures::{Picture, Size, Wanted};
use confab_telegram::TelegramError;
use sha2::{Digest, Sha256};

pub use crate::services::render_jobs::RenderTask;
use crate::{
    services::{
        conversation_queue,
        render_jobs::{logo_key, object_key},
        telegram::CallError,
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Objects,
    Part::ConversationQueue,
    Part::Renderer,
    Part::Telegram,
];

/// Smaller logos are blurred on a slide.
const MIN_LOGO_SIDE: u32 = 16;

pub async fn handle(state: Arc<State>, delivery: QueueMessage<RenderTask>) -> Result<()> {
    let correlation_id = delivery.correlation_id;
    let (id, chat, trigger) = match delivery.body {
        RenderTask::Slide(job) => slide_news(&state, job).await?,
        RenderTask::Pdf(job) => pdf_news(&state, job).await?,
        RenderTask::Logo { id, chat, file_id } => {
            let object = store_logo(&state, &chat, &file_id, correlation_id).await?;
            (id, chat, Trigger::LogoStored { object })
        }
    };
    let entry = conversation_queue::entry(id, chat, trigger, correlation_id)?;
    state.conversation_queue()?.send(&[entry]).await
}

type News = (String, String, Trigger);

fn news(id: String, chat: String, carousel: CarouselId, trigger: SagaTrigger) -> News {
    (id, chat, Trigger::Carousel { carousel, trigger })
}

async fn slide_news(state: &State, job: RenderJob) -> Result<News> {
    let began_at = state.clock.now();
    let file = draw(state, &job).await?;
    let RenderJob {
        carousel,
        chat,
        revision,
        hash,
        page,
        ..
    } = job;
    let id = format!("drawn#{carousel}#{revision}#{}#{hash}", page.number);
    let trigger = SagaTrigger::Rendered {
        revision,
        number: page.number,
        hash,
        file,
        usage: usage(state, began_at, 2),
    };
    Ok(news(id, chat, carousel, trigger))
}

/// Draws a slide and stores its files.
async fn draw(state: &State, job: &RenderJob) -> Result<SlideFile> {
    let (jpg, png) = (
        object_key(&job.chat, &job.hash, "jpg"),
        object_key(&job.chat, &job.hash, "png"),
    );
    let logo = logo(state, &job.page.look).await?;
    let renderer = state.renderer()?;
    let sizes = sizes(renderer, &job.page, logo.as_ref())?;
    let planned = plan(renderer, &job.page, sizes, logo.as_ref())?;
    let drawn = renderer.render(&planned).map_err(failed)?;
    let bytes = u64::try_from(drawn.jpeg.len() + drawn.png.len()).unwrap_or(u64::MAX);
    let objects = state.objects()?;
    tokio::try_join!(
        objects.put(&jpg, "image/jpeg", drawn.jpeg),
        objects.put(&png, "image/png", drawn.png)
    )?;
    Ok(SlideFile {
        jpg,
        png,
        bytes,
        drawn_at: Some(state.clock.now()),
        photo_id: None,
        document_id: None,
    })
}

async fn pdf_news(state: &State, job: PdfJob) -> Result<News> {
    let began_at = state.clock.now();
    let logo = logo(state, &job.look).await?;
    let renderer = state.renderer()?;
    let total = u8::try_from(job.slides.len()).unwrap_or(u8::MAX);
    let page = |(number, slide)| Page {
        slide,
        number,
        total,
        language: job.language,
        look: job.look.clone(),
        written: job.written.clone(),
    };
    let pages: Vec<_> = (1..=u8::MAX).zip(job.slides).map(page).collect();
    let Some(first) = pages.first() else {
        return Err(Error::internal("no_slides", job.carousel.to_string()));
    };
    let sizes = sizes(renderer, first, logo.as_ref())?;
    let slides = pages
        .iter()
        .map(|page| plan(renderer, page, sizes, logo.as_ref()));
    let slides: Vec<_> = slides.collect::<Result<_>>()?;
    let document = renderer.pdf(&slides).map_err(failed)?;
    let bytes = u64::try_from(document.len()).unwrap_or(u64::MAX);
    let (carousel, revision) = (job.carousel, job.revision);
    let object = object_key(&job.chat, &format!("{carousel}-{revision}"), "pdf");
    state
        .objects()?
        .put(&object, "application/pdf", document)
        .await?;
    let trigger = SagaTrigger::PdfRendered {
        file: PdfFile {
            revision,
            object,
            bytes,
            drawn_at: Some(state.clock.now()),
            document_id: None,
        },
        usage: usage(state, began_at, 1),
    };
    let id = format!("document#{carousel}#{revision}");
    Ok(news(id, job.chat, carousel, trigger))
}

/// Returns the sizes that all slides of a page's carousel were written for.
fn sizes(renderer: &Renderer, page: &Page, logo: Option<&Logo>) -> Result<Sizes> {
    let written = Draft {
        title: String::new(),
        caption: String::new(),
        hashtags: Vec::new(),
        language: page.language,
        slides: page.written.clone(),
    };
    renderer.sizes(&written, &page.look, logo).map_err(failed)
}

fn plan(
    renderer: &Renderer,
    page: &Page,
    sizes: Sizes,
    logo: Option<&Logo>,
) -> Result<PlannedSlide> {
    let request = SlideRequest {
        slide: &page.slide,
        look: &page.look,
        language: page.language,
        number: usize::from(page.number),
        count: usize::from(page.total),
        sizes,
    };
    renderer.plan(&request, logo).map_err(failed)
}

fn failed(error: carousel_slides::Error) -> Error {
    Error::internal("not_drawn", error)
}

async fn logo(state: &State, look: &Look) -> Result<Option<Logo>> {
    let Some(key) = &look.brand.logo else {
        return Ok(None);
    };
    let Some(png) = state.objects()?.get(key).await? else {
        metrics::count("LogoGone", "object");
        return Ok(None);
    };
    Logo::from_png(&png).map(Some).map_err(failed)
}

fn usage(state: &State, began_at: Timestamp, puts: u64) -> Vec<Usage> {
    let millis = state.clock.now().as_millisecond() - began_at.as_millisecond();
    let millis = u64::try_from(millis).unwrap_or(0);
    vec![
        Usage {
            kind: CostKind::RenderMegabyteMillis,
            units: millis.saturating_mul(state.memory_megabytes),
        },
        Usage {
            kind: CostKind::ObjectPuts,
            units: puts,
        },
    ]
}

/// Fetches a logo, re-encodes it and returns its key. `None` for what is no picture.
async fn store_logo(
    state: &State,
    chat: &str,
    file_id: &str,
    correlation_id: CorrelationId,
) -> Result<Option<String>> {
    let bytes = match state.telegram()?.download(file_id).await {
        Ok(bytes) => bytes,
        Err(CallError::Own(error)) => return Err(error),
        Err(CallError::Telegram(
            error @ (TelegramError::WrongFileId(_)
            | TelegramError::FileTooLarge
            | TelegramError::Refused { .. }),
        )) => {
            warn("logo_not_fetched", &error.to_string(), correlation_id);
            return Ok(None);
        }
        Err(CallError::Telegram(error)) => return Err(error.into()),
    };
    let wanted = Wanted {
        shorter_side: MIN_LOGO_SIDE,
        within: Size::new(MAX_LOGO_SIDE, MAX_LOGO_SIDE),
    };
    let Ok(picture) = Picture::read(&bytes, &wanted) else {
        return Ok(None);
    };
    let png = picture.png();
    let hash = hex(&Sha256::digest(&png)[..16]);
    let key = logo_key(chat, &hash);
    state.objects()?.put(&key, "image/png", png).await?;
    Ok(Some(key))
}
