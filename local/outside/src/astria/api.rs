//! The API: who asks, what for, and what goes wrong with it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    API_KEY, Desk,
    input::Input,
    inspect,
    objects::{Prompt, correlation},
    packs, prompts,
    refusal::Refusal,
    tunes,
};
use crate::{
    Outside, fetch,
    meta::lost_connection,
    outside::Call,
    store::astria::{self, Page},
};

#[derive(Debug)]
pub(super) struct Answered {
    response: Response,
    tune: Option<i64>,
    correlation_id: Option<String>,
}

impl Answered {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            tune: None,
            correlation_id: None,
        }
    }

    fn json(status: StatusCode, body: &Value) -> Self {
        Self::new((status, Json(body)).into_response())
    }

    fn about(self, tune: i64) -> Self {
        Self {
            tune: Some(tune),
            ..self
        }
    }
}

pub(super) async fn call(
    State(outside): State<Arc<Outside>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let path = path.strip_suffix(".json").unwrap_or(&path).to_owned();
    let what = format!("{} {}", request.method(), without_ids(&path));
    answer(&outside, &path, what, done(&outside, &path, request)).await
}

/// Does the work, unless something is to go wrong.
pub(super) async fn answer(
    outside: &Outside,
    path: &str,
    what: String,
    work: impl Future<Output = Result<Answered, Refusal>>,
) -> Response {
    let mut call = Call::new("astria");
    let fault = outside.store().astria_faults.next(path).unwrap_or_default();
    if fault.drop_before {
        outside.saw(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let status = fault
        .http
        .map(|http| StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_REQUEST));
    let staged = status.map(Refusal::staged);
    let mut answered = match &staged {
        Some(refusal) if !fault.after => Err(refusal.clone()),
        _ => work.await,
    };
    outside.tune_work.notify_one();
    if let Ok(answered) = &mut answered {
        call.message_id = answered.tune.map(|tune| tune.to_string());
        call.correlation_id = answered.correlation_id.take();
    }
    if let Some(refusal) = staged {
        answered = Err(refusal);
    }
    let (response, text, ok) = match answered {
        Ok(Answered { response, .. }) => {
            let status = response.status();
            (
                response,
                format!("{what}: {}", status.as_u16()),
                status.is_success(),
            )
        }
        Err(refusal) => {
            let text = format!("{what}: {}", refusal.told());
            (refusal.into_response(), text, false)
        }
    };
    tokio::time::sleep(Duration::from_millis(fault.hang_ms.unwrap_or(0))).await;
    if fault.drop_after {
        outside.saw(call, format!("{text}, connection lost"), false);
        return lost_connection();
    }
    outside.saw(call, text, ok);
    response
}

async fn done(outside: &Outside, path: &str, request: Request) -> Result<Answered, Refusal> {
    authorize(request.headers())?;
    let base_url = &outside.options.base_url;
    let method = request.method().clone();
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let query: HashMap<String, String> = query.into_owned().collect();
    let found = |body: Value| Answered::json(StatusCode::OK, &body);
    match (
        method.as_str(),
        path.split('/').collect::<Vec<_>>().as_slice(),
    ) {
        ("GET", ["packs"] | ["gallery", "packs"]) => Ok(found(
            packs::all().map(|pack| pack.brief(base_url)).collect(),
        )),
        ("GET", ["p", pack]) => Ok(found(
            packs::find(pack)
                .ok_or_else(Refusal::missing)?
                .wire(base_url),
        )),
        ("POST", ["p", pack, "tunes"]) => {
            let made = tunes::create(outside, pack, Input::read(request).await?).await?;
            let answered = Answered::json(StatusCode::CREATED, &made.body).about(made.tune);
            Ok(Answered {
                correlation_id: made.correlation_id,
                ..answered
            })
        }
        ("POST", ["images", "inspect"]) => Ok(found(
            looked_at(outside, Input::read(request).await?).await?,
        )),
        ("GET", ["tunes"]) => {
            let tunes = astria::tunes(&outside.store().db, page(&query)?)?;
            Ok(found(
                tunes.iter().map(|tune| tune.wire(base_url)).collect(),
            ))
        }
        ("GET", ["tunes", id]) => {
            let tune = at_desk(outside, |desk| desk.tune(id))?;
            Ok(found(tune.wire(base_url)).about(tune.id))
        }
        ("DELETE", ["tunes", id]) => {
            let tune = at_desk(outside, |desk| {
                let tune = desk.tune(id)?;
                astria::delete(desk.writer.db, tune.id)?;
                Ok(tune)
            })?;
            Ok(Answered::new(StatusCode::OK.into_response()).about(tune.id))
        }
        ("GET", ["tunes", id, "prompts"]) => {
            let page = page(&query)?;
            let (tune, prompts) = at_desk(outside, |desk| {
                let tune = desk.tune(id)?;
                Ok((
                    tune.id,
                    astria::page_of_prompts(desk.writer.db, tune.id, page)?,
                ))
            })?;
            Ok(found(prompts.iter().map(|prompt| prompt.wire(base_url)).collect()).about(tune))
        }
        ("POST", ["tunes", id, "prompts"]) => {
            let input = Input::read(request).await?;
            let (prompt, wire) = at_desk(outside, |desk| prompts::add(desk, id, &input))?;
            let answered = Answered::json(StatusCode::CREATED, &wire).about(prompt.tune);
            Ok(Answered {
                correlation_id: prompt_correlation(&prompt),
                ..answered
            })
        }
        ("GET", ["tunes", tune, "prompts", id]) => {
            let prompt = at_desk(outside, |desk| desk.prompt(id))?;
            match prompt.tune.to_string() == *tune {
                true => Ok(found(prompt.wire(base_url)).about(prompt.tune)),
                false => Err(Refusal::missing()),
            }
        }
        ("GET", ["prompts", id]) => {
            let prompt = at_desk(outside, |desk| desk.prompt(id))?;
            Ok(found(prompt.wire(base_url)).about(prompt.tune))
        }
        ("POST", ["prompts", id, "likes"]) => {
            let tune = at_desk(outside, |desk| {
                let mut prompt = desk.prompt(id)?;
                prompt.likes += 1;
                astria::put_prompt(desk.writer.db, &prompt)?;
                Ok(prompt.tune)
            })?;
            Ok(Answered::new(StatusCode::CREATED.into_response()).about(tune))
        }
        _ => Err(Refusal::missing()),
    }
}

fn authorize(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match given == Some(API_KEY) {
        true => Ok(()),
        false => Err(Refusal::key()),
    }
}

fn at_desk<T>(
    outside: &Outside,
    work: impl FnOnce(&mut Desk<'_, '_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    outside
        .store()
        .write(|writer| work(&mut Desk::new(writer, outside)))
}

const LONGEST_PAGE: i64 = 120;
const USUAL_PAGE: i64 = 20;
const FARTHEST: i64 = 200;

fn page(query: &HashMap<String, String>) -> Result<Page, Refusal> {
    let number = |name: &str, otherwise: i64| match query.get(name) {
        Some(text) => text.parse().map_err(|_| Refusal::bad()),
        None => Ok(otherwise),
    };
    let page = Page {
        before_id: number("before_id", Page::ALL.before_id)?,
        offset: number("offset", 0)?,
        limit: number("limit", USUAL_PAGE)?,
    };
    let fits = (0..=FARTHEST).contains(&page.offset) && (1..=LONGEST_PAGE).contains(&page.limit);
    if fits { Ok(page) } else { Err(Refusal::bad()) }
}

async fn looked_at(outside: &Outside, mut input: Input) -> Result<Value, Refusal> {
    let texts = input.form();
    let name = texts
        .text("name")
        .ok_or_else(|| Refusal::field("name", "can't be blank"))?;
    let file_url = texts.text("file_url");
    let file = input.files.iter().position(|(name, _)| name == "file");
    let photo = match (file, file_url) {
        (Some(at), _) => input.files.swap_remove(at).1.to_vec(),
        (None, Some(url)) => fetch::one(outside, &url)
            .await
            .map_err(|why| Refusal::field("file_url", why))?,
        (None, None) => return Err(Refusal::field("file", "can't be blank")),
    };
    let seen = tokio::task::spawn_blocking(move || inspect::inspect(&photo, &name)).await;
    seen.map_err(|_| Refusal::internal())?
}

fn prompt_correlation(prompt: &Prompt) -> Option<String> {
    prompt.callback.as_deref().and_then(correlation)
}

/// For the log: which call, not whose.
fn without_ids(path: &str) -> String {
    let is_id = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    path.split('/')
        .map(|segment| if is_id(segment) { "…" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}
