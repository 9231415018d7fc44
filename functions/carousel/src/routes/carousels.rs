//! `/carousels`: carousels for the page and for programs, with the operator's key.

use std::sync::Arc;

use carousel_domain::{
    CarouselId, Format, Origin, RENDERER_VERSION, Refusal, Restyle, SagaState, SagaTrigger,
    SlideText, SlideTextError, Template, Trigger, page_hash,
};
use confab_core::{CorrelationId, Error, Result, hex};
use confab_lambda::{
    ApiRequest, Operator, Response, Router,
    extract::{FromRequest, Json, Path, Query},
    response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    services::{
        carousel_view::{Card, Detail, WaitingCarousel, link},
        conversation_queue,
        render_jobs::{RenderTask, object_key, send_job},
        requests::{IdempotencyKey, NewCarousel, Requester, accept, unprocessable},
    },
    state::{Part, State},
    store::{CarouselRecord, FoundCarousel, page_chat},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Objects,
    Part::ConversationQueue,
    Part::RenderQueue,
    Part::OperatorKey,
];

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;
/// Maximum pages that are read for one answer when a filter leaves few of them.
const MAX_PAGES: usize = 5;

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /carousels", list)
        .route("POST /carousels", create)
        .route("GET /carousels/{id}", show)
        .route("POST /carousels/{id}/cancel", cancel)
        .route("POST /carousels/{id}/look", restyle)
        .route("POST /carousels/{id}/again", write_again)
        .route("POST /carousels/{id}/pdf", draw_pdf)
        .route("PUT /carousels/{id}/slides/{number}", edit_slide)
        .route(
            "POST /carousels/{id}/slides/{number}/preview",
            preview_slide,
        )
}

/// The id in the path. A malformed one gets the same 404 as an unknown carousel.
struct CarouselPath(CarouselId);

impl FromRequest<State> for CarouselPath {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let Path(id) = Path::<String>::from_request(request, state).await?;
        id.parse().map(Self).map_err(|_| unknown())
    }
}

/// The id and the slide's number in the path.
struct SlidePath(CarouselId, u8);

impl FromRequest<State> for SlidePath {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let CarouselPath(id) = CarouselPath::from_request(request, state).await?;
        let number = request
            .path_parameters
            .get(1)
            .and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| Error::not_found("slide"))?;
        Ok(Self(id, number))
    }
}

fn unknown() -> Error {
    Error::not_found("carousel")
}

#[derive(Deserialize)]
struct Filter {
    state: Option<SagaState>,
    origin: Option<Origin>,
    before: Option<String>,
    limit: Option<u8>,
}

#[derive(Serialize)]
struct CardList {
    carousels: Vec<Card>,
    /// Keys of rows that cannot be decoded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
    next: Option<CarouselId>,
}

async fn list(_: Operator, state: Arc<State>, Query(filter): Query<Filter>) -> Result<Response> {
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("limit is from 1 to {MAX_LIMIT}.");
        return Err(unprocessable("bad_limit", message));
    }
    let before = filter.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| unprocessable("bad_cursor", "before is no carousel."))?;
    let mut found = CardList {
        carousels: Vec::new(),
        unreadable: Vec::new(),
        next: before,
    };
    for _ in 0..MAX_PAGES {
        let most = limit - u8::try_from(found.carousels.len()).unwrap_or(limit);
        let page = state.store()?.list_carousels(found.next, most).await?;
        let wanted = page.carousels.iter().filter(|record| filter.admits(record));
        found.carousels.extend(wanted.map(Card::from));
        found.unreadable.extend(page.unreadable);
        found.next = page.next;
        if found.next.is_none() || found.carousels.len() >= usize::from(limit) {
            break;
        }
    }
    response::json(StatusCode::OK, &found)
}

impl Filter {
    fn admits(&self, record: &CarouselRecord) -> bool {
        self.state.is_none_or(|state| state == record.saga.state)
            && self
                .origin
                .is_none_or(|origin| origin == record.saga.origin)
    }
}

async fn create(
    _: Operator,
    state: Arc<State>,
    key: IdempotencyKey,
    Json(new): Json<NewCarousel>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let by = Requester {
        owner: "operator".to_owned(),
        origin: Origin::Page,
    };
    let accepted = accept(&state, &new, by, key, correlation_id).await?;
    response::json(StatusCode::ACCEPTED, &accepted)
}

async fn show(_: Operator, state: Arc<State>, CarouselPath(id): CarouselPath) -> Result<Response> {
    match find(&state, id).await? {
        FoundCarousel::Requested(request) => {
            response::json(StatusCode::OK, &WaitingCarousel::from(request))
        }
        FoundCarousel::Begun(record) => {
            response::json(StatusCode::OK, &Detail::new(&record, state.objects()?)?)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookChange {
    revision: u32,
    template: Option<Template>,
    format: Option<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    revision: u32,
    /// All slides without it.
    number: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRevision {
    revision: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlideEdit {
    revision: u32,
    title: String,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlidePreview {
    title: String,
    body: String,
}

/// A carousel that waits in the queue is cancelled behind its request.
async fn cancel(
    _: Operator,
    state: Arc<State>,
    CarouselPath(id): CarouselPath,
    key: IdempotencyKey,
) -> Result<Response> {
    match find(&state, id).await? {
        FoundCarousel::Requested(request) => {
            let wish = Wish {
                carousel: id,
                chat: page_chat(id),
                revision: 0,
                key,
                correlation_id: request.correlation_id,
            };
            wish.queue(&state, SagaTrigger::Cancel).await
        }
        FoundCarousel::Begun(record) => ask(&state, &record, SagaTrigger::Cancel, key).await,
    }
}

async fn restyle(
    _: Operator,
    state: Arc<State>,
    CarouselPath(id): CarouselPath,
    key: IdempotencyKey,
    Json(wanted): Json<LookChange>,
) -> Result<Response> {
    let change = match (wanted.template, wanted.format) {
        (Some(template), None) => Restyle::Template(template),
        (None, Some(format)) => Restyle::Format(format),
        _ => {
            let message = "Either template or format is expected.";
            return Err(unprocessable("bad_look", message));
        }
    };
    let trigger = SagaTrigger::Restyle {
        revision: wanted.revision,
        change,
    };
    ask(&state, &begun(&state, id).await?, trigger, key).await
}

async fn write_again(
    _: Operator,
    state: Arc<State>,
    CarouselPath(id): CarouselPath,
    key: IdempotencyKey,
    Json(Again { revision, number }): Json<Again>,
) -> Result<Response> {
    let record = begun(&state, id).await?;
    let is_over = matches!(record.saga.state, SagaState::Failed | SagaState::Cancelled);
    let trigger = match number {
        None if is_over => SagaTrigger::Retry { revision },
        number => SagaTrigger::WriteAgain { revision, number },
    };
    ask(&state, &record, trigger, key).await
}

async fn draw_pdf(
    _: Operator,
    state: Arc<State>,
    CarouselPath(id): CarouselPath,
    key: IdempotencyKey,
    Json(OfRevision { revision }): Json<OfRevision>,
) -> Result<Response> {
    let trigger = SagaTrigger::DrawPdf { revision };
    ask(&state, &begun(&state, id).await?, trigger, key).await
}

async fn edit_slide(
    _: Operator,
    state: Arc<State>,
    SlidePath(id, number): SlidePath,
    key: IdempotencyKey,
    Json(edit): Json<SlideEdit>,
) -> Result<Response> {
    let record = begun(&state, id).await?;
    let text = read_text(&record, number, &edit.title, &edit.body)?;
    let trigger = SagaTrigger::EditSlide {
        revision: edit.revision,
        number,
        text,
    };
    ask(&state, &record, trigger, key).await
}

/// Draws a slide with other words, and changes nothing else. The link answers once it is drawn.
async fn preview_slide(
    _: Operator,
    state: Arc<State>,
    SlidePath(id, number): SlidePath,
    Json(preview): Json<SlidePreview>,
) -> Result<Response> {
    let record = begun(&state, id).await?;
    let text = read_text(&record, number, &preview.title, &preview.body)?;
    let hash = |page: &_| page_hash(RENDERER_VERSION, page);
    let job = record.saga.preview_job(number, &text, hash);
    let job = job.ok_or_else(|| Error::not_found("slide"))?;
    let png = object_key(&job.chat, &job.hash, "png");
    let task = RenderTask::Slide(job);
    send_job(state.render_queue()?, &task, record.correlation_id).await?;
    let link = link(state.objects()?, &png)?;
    response::json(StatusCode::ACCEPTED, &json!({ "png": link }))
}

fn read_text(record: &CarouselRecord, number: u8, title: &str, body: &str) -> Result<SlideText> {
    let slides = record.saga.content.slides();
    let slide = slides.get(usize::from(number).wrapping_sub(1));
    let slide = slide.ok_or_else(|| Error::not_found("slide"))?;
    slide.read_text(title, body).map_err(bad_slide)
}

fn bad_slide(error: SlideTextError) -> Error {
    use carousel_domain::{MAX_BODY, MAX_TITLE};
    match error {
        SlideTextError::NoTitle => unprocessable("no_title", "title is empty."),
        SlideTextError::TitleTooLong { length } => {
            let message = format!("title has {length} characters; the limit is {MAX_TITLE}.");
            unprocessable("title_too_long", message)
        }
        SlideTextError::BodyTooLong { length } => {
            let message = format!("body has {length} characters; the limit is {MAX_BODY}.");
            unprocessable("body_too_long", message)
        }
    }
}

async fn find(state: &State, id: CarouselId) -> Result<FoundCarousel> {
    let found = state.store()?.find_carousel(id).await?;
    found.ok_or_else(unknown)
}

/// Returns a carousel that has begun.
async fn begun(state: &State, id: CarouselId) -> Result<CarouselRecord> {
    match find(state, id).await? {
        FoundCarousel::Begun(record) => Ok(*record),
        FoundCarousel::Requested(_) => Err(refused(Refusal::Busy)),
    }
}

/// Queues a wish that the carousel would grant as it is now. If it is overtaken, it changes nothing,
/// and the caller sees a later revision.
async fn ask(
    state: &State,
    record: &CarouselRecord,
    trigger: SagaTrigger,
    key: IdempotencyKey,
) -> Result<Response> {
    let saga = &record.saga;
    saga.check(&trigger, state.clock.now()).map_err(refused)?;
    let wish = Wish {
        carousel: saga.id,
        chat: saga.chat.clone(),
        revision: saga.revision,
        key,
        correlation_id: record.correlation_id,
    };
    wish.queue(state, trigger).await
}

/// What the operator asks of a carousel that was seen at a revision.
struct Wish {
    carousel: CarouselId,
    chat: String,
    revision: u32,
    key: IdempotencyKey,
    correlation_id: CorrelationId,
}

impl Wish {
    async fn queue(self, state: &State, trigger: SagaTrigger) -> Result<Response> {
        let (carousel, revision) = (self.carousel, self.revision);
        let trigger = Trigger::Carousel { carousel, trigger };
        let asked = serde_json::to_vec(&trigger).map_err(|e| Error::internal("unrendered", e))?;
        // Another wish with the same key is another one.
        let digest = hex(&Sha256::digest(asked));
        let id = format!("wish#{carousel}#{}#{digest}", self.key.0);
        let entry = conversation_queue::entry(id, self.chat, trigger, self.correlation_id)?;
        state.conversation_queue()?.send(&[entry]).await?;
        let answer = json!({ "carousel": carousel, "revision": revision });
        response::json(StatusCode::ACCEPTED, &answer)
    }
}

fn refused(refusal: Refusal) -> Error {
    let (code, message) = match refusal {
        Refusal::OlderVersion => ("revision_moved", "The carousel was changed since."),
        Refusal::Busy => ("busy", "The carousel is being made or changed."),
        Refusal::TooLateToCancel => ("too_late", "It is too late to cancel this."),
        Refusal::TooManyRewrites => ("too_many_rewrites", "It was written anew often enough."),
        Refusal::NotNow => ("not_now", "This is not possible in the carousel's state."),
    };
    Error::conflict(code, message)
}
