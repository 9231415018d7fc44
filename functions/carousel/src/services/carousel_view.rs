//! What the page and programs see of a carousel.

mod announced;

use std::time::Duration;

use carousel_domain::{
    AlbumPart, CarouselId, CostKind, Draft, FailReason, Look, Origin, Posted, Saga, SagaState,
    SlideFile, SlideKind, Source,
};
use confab_aws::Objects;
use confab_core::{CorrelationId, Result, Timestamp};
use serde::Serialize;

use crate::store::{CarouselRecord, RequestRecord};
pub(crate) use announced::AnnouncedCarousel;

/// How long a link to a file is valid.
pub(crate) const LINK_VALIDITY: Duration = Duration::from_secs(3600);

/// A carousel in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card {
    id: CarouselId,
    state: SagaState,
    origin: Origin,
    language: &'static str,
    template: &'static str,
    format: &'static str,
    title: Option<String>,
    revision: u32,
    slides: Progress,
    requested_at: Timestamp,
    changed_at: Timestamp,
    failure: Option<FailReason>,
    is_composed: bool,
    cost_micros: u64,
    correlation_id: CorrelationId,
}

#[derive(Debug, Serialize)]
struct Progress {
    done: u8,
    total: u8,
}

/// A carousel with its slides, files and cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    #[serde(flatten)]
    card: Card,
    chat: String,
    owner: String,
    source: SourceView,
    caption: Option<String>,
    hashtags: Vec<String>,
    pages: Vec<PageView>,
    pdf: Option<String>,
    cost: Vec<CostView>,
    look: Look,
    timing: TimingView,
    posted: PostedView,
}

#[derive(Debug, Serialize)]
struct SourceView {
    kind: &'static str,
    text: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PageView {
    number: u8,
    r#type: SlideKind,
    kicker: String,
    title: String,
    body: String,
    verse: Option<VerseView>,
    alt: String,
    is_drawn: bool,
    jpg: Option<String>,
    png: Option<String>,
}

/// A quotation. It is printed as it is and cannot be edited.
#[derive(Debug, Serialize)]
struct VerseView {
    source: String,
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CostView {
    kind: CostKind,
    units: u64,
    micros_per_billion: u64,
    price_day: String,
    micros: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TimingView {
    requested_at: Timestamp,
    drawing_at: Option<Timestamp>,
    first_slide_at: Option<Timestamp>,
    rendered_at: Option<Timestamp>,
}

/// What is known of the messages in the chat.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedView {
    album: Vec<Posted>,
    buttons: Posted,
}

/// A carousel that waits in the queue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitingCarousel {
    id: CarouselId,
    state: SagaState,
    revision: u32,
    requested_at: Timestamp,
    correlation_id: CorrelationId,
}

impl From<RequestRecord> for WaitingCarousel {
    fn from(request: RequestRecord) -> Self {
        Self {
            id: request.carousel,
            state: SagaState::Requested,
            revision: 0,
            requested_at: request.requested_at,
            correlation_id: request.correlation_id,
        }
    }
}

impl From<&CarouselRecord> for Card {
    fn from(record: &CarouselRecord) -> Self {
        let saga = &record.saga;
        Self {
            id: saga.id,
            state: saga.state,
            origin: saga.origin,
            language: saga.language.code(),
            template: saga.content.look.template.name(),
            format: saga.content.look.format.name(),
            title: saga.title().map(str::to_owned),
            revision: saga.revision,
            slides: progress(saga),
            requested_at: saga.timing.requested_at,
            changed_at: changed_at(saga),
            failure: saga.failure,
            is_composed: saga.content.is_composed,
            cost_micros: saga.cost.micros(),
            correlation_id: record.correlation_id,
        }
    }
}

fn progress(saga: &Saga) -> Progress {
    let total = match saga.content.count() {
        0 => saga.count,
        written => written,
    };
    Progress {
        done: saga.drawn(),
        total,
    }
}

fn changed_at(saga: &Saga) -> Timestamp {
    let timing = &saga.timing;
    let moments = [
        timing.drawing_at,
        timing.first_slide_at,
        timing.rendered_at,
        saga.board.changed_at,
    ];
    let latest = moments.into_iter().flatten().max();
    latest.map_or(timing.requested_at, |at| at.max(timing.requested_at))
}

impl Detail {
    pub(crate) fn new(record: &CarouselRecord, objects: &Objects) -> Result<Self> {
        let saga = &record.saga;
        let draft = saga.content.draft.as_ref();
        let pdf = saga.pdf.as_ref();
        let pdf = pdf.filter(|pdf| pdf.revision == saga.revision);
        Ok(Self {
            card: Card::from(record),
            chat: saga.chat.clone(),
            owner: saga.owner.clone(),
            source: source_view(&saga.source),
            caption: draft.map(|draft| draft.caption.clone()),
            hashtags: draft.map_or_else(Vec::new, |draft: &Draft| draft.hashtags.clone()),
            pages: pages(saga, objects)?,
            pdf: pdf.map(|pdf| link(objects, &pdf.object)).transpose()?,
            cost: saga.cost.0.iter().map(cost_view).collect(),
            look: saga.content.look.clone(),
            timing: TimingView {
                requested_at: saga.timing.requested_at,
                drawing_at: saga.timing.drawing_at,
                first_slide_at: saga.timing.first_slide_at,
                rendered_at: saga.timing.rendered_at,
            },
            posted: PostedView {
                album: saga
                    .album
                    .iter()
                    .map(|part: &AlbumPart| part.posted)
                    .collect(),
                buttons: saga.final_posted,
            },
        })
    }
}

fn source_view(source: &Source) -> SourceView {
    SourceView {
        kind: source.name(),
        text: source.text().map(str::to_owned),
    }
}

fn pages(saga: &Saga, objects: &Objects) -> Result<Vec<PageView>> {
    let pages = (1..=u8::MAX).zip(saga.content.slides());
    pages
        .map(|(number, slide)| {
            let file = saga.hash_of(number).and_then(|hash| saga.files.get(hash));
            let link_to =
                |key: fn(&SlideFile) -> &str| file.map(|file| link(objects, key(file))).transpose();
            let verse = slide.source.map(|source| VerseView {
                source,
                text: slide.body.clone(),
            });
            Ok(PageView {
                number,
                r#type: slide.kind,
                kicker: slide.kicker,
                title: slide.title,
                body: slide.body,
                verse,
                alt: slide.alt,
                is_drawn: file.is_some(),
                jpg: link_to(|file| &file.jpg)?,
                png: link_to(|file| &file.png)?,
            })
        })
        .collect()
}

fn cost_view(row: &carousel_domain::CostRow) -> CostView {
    CostView {
        kind: row.kind,
        units: row.units,
        micros_per_billion: row.micros_per_billion,
        price_day: row.price_day.clone(),
        micros: row.micros(),
    }
}

pub(crate) fn link(objects: &Objects, key: &str) -> Result<String> {
    objects.link(key, LINK_VALIDITY)
}
