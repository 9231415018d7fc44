//! The API: authentication and dispatch.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use confab_simulator_base::{bearer_token, fetch};
use serde_json::Value;

use crate::{
    api_error::ApiError,
    astria::Astria,
    config::API_KEY,
    exchange::{self, ApiReply},
    input::Input,
    inspect,
    objects::{Prompt, correlation},
    packs, prompts,
    tables::{self, Page},
    tunes,
    unit_of_work::UnitOfWork,
};

pub(crate) async fn call(
    State(astria): State<Arc<Astria>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let path = path.strip_suffix(".json").unwrap_or(&path).to_owned();
    let what = format!("{} {}", request.method(), without_ids(&path));
    exchange::run(&astria, &path, what, dispatch(&astria, &path, request)).await
}

async fn dispatch(astria: &Astria, path: &str, request: Request) -> Result<ApiReply, ApiError> {
    authorize(request.headers())?;
    let base_url = astria.context.base_url();
    let method = request.method().clone();
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let query: HashMap<String, String> = query.into_owned().collect();
    let found = |body: Value| ApiReply::json(StatusCode::OK, &body);
    match (
        method.as_str(),
        path.split('/').collect::<Vec<_>>().as_slice(),
    ) {
        ("GET", ["packs"] | ["gallery", "packs"]) => Ok(found(
            packs::all().map(|pack| pack.brief(base_url)).collect(),
        )),
        ("GET", ["p", pack]) => Ok(found(
            packs::find(pack)
                .ok_or_else(ApiError::missing)?
                .wire(base_url),
        )),
        ("POST", ["p", pack, "tunes"]) => {
            let created = tunes::create(astria, pack, Input::read(request).await?).await?;
            Ok(ApiReply::json(StatusCode::CREATED, &created.body)
                .about_tune(created.tune)
                .with_correlation_id(created.correlation_id))
        }
        ("POST", ["images", "inspect"]) => Ok(found(
            inspect_photo(astria, Input::read(request).await?).await?,
        )),
        ("GET", ["tunes"]) => {
            let tunes = tables::tunes(&astria.context.store().db, page(&query)?)?;
            Ok(found(
                tunes.iter().map(|tune| tune.wire(base_url)).collect(),
            ))
        }
        ("GET", ["tunes", id]) => {
            let tune = in_transaction(astria, |unit| unit.tune(id))?;
            Ok(found(tune.wire(base_url)).about_tune(tune.id))
        }
        ("DELETE", ["tunes", id]) => {
            let tune = in_transaction(astria, |unit| {
                let tune = unit.tune(id)?;
                tables::delete(unit.tx.db, tune.id)?;
                Ok(tune)
            })?;
            Ok(ApiReply::new(StatusCode::OK.into_response()).about_tune(tune.id))
        }
        ("GET", ["tunes", id, "prompts"]) => {
            let page = page(&query)?;
            let (tune, prompts) = in_transaction(astria, |unit| {
                let tune = unit.tune(id)?;
                Ok((tune.id, tables::page_of_prompts(unit.tx.db, tune.id, page)?))
            })?;
            Ok(
                found(prompts.iter().map(|prompt| prompt.wire(base_url)).collect())
                    .about_tune(tune),
            )
        }
        ("POST", ["tunes", id, "prompts"]) => {
            let input = Input::read(request).await?;
            let (prompt, wire) = in_transaction(astria, |unit| prompts::add(unit, id, &input))?;
            Ok(ApiReply::json(StatusCode::CREATED, &wire)
                .about_tune(prompt.tune)
                .with_correlation_id(prompt_correlation(&prompt)))
        }
        ("GET", ["tunes", tune, "prompts", id]) => {
            let prompt = in_transaction(astria, |unit| unit.prompt(id))?;
            if prompt.tune.to_string() == *tune {
                Ok(found(prompt.wire(base_url)).about_tune(prompt.tune))
            } else {
                Err(ApiError::missing())
            }
        }
        ("GET", ["prompts", id]) => {
            let prompt = in_transaction(astria, |unit| unit.prompt(id))?;
            Ok(found(prompt.wire(base_url)).about_tune(prompt.tune))
        }
        ("POST", ["prompts", id, "likes"]) => {
            let tune = in_transaction(astria, |unit| {
                let mut prompt = unit.prompt(id)?;
                prompt.likes += 1;
                tables::put_prompt(unit.tx.db, &prompt)?;
                Ok(prompt.tune)
            })?;
            Ok(ApiReply::new(StatusCode::CREATED.into_response()).about_tune(tune))
        }
        _ => Err(ApiError::missing()),
    }
}

fn authorize(headers: &HeaderMap) -> Result<(), ApiError> {
    if bearer_token(headers) != Some(API_KEY) {
        return Err(ApiError::key());
    }
    Ok(())
}

fn in_transaction<T>(
    astria: &Astria,
    work: impl FnOnce(&mut UnitOfWork<'_, '_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    astria
        .context
        .store()
        .write(|tx| work(&mut UnitOfWork::new(tx, astria)))
}

const MAX_PAGE_SIZE: i64 = 120;
const DEFAULT_PAGE_SIZE: i64 = 20;
const MAX_OFFSET: i64 = 200;

fn page(query: &HashMap<String, String>) -> Result<Page, ApiError> {
    let number = |name: &str, otherwise: i64| match query.get(name) {
        Some(text) => text.parse().map_err(|_| ApiError::bad()),
        None => Ok(otherwise),
    };
    let page = Page {
        before_id: number("before_id", Page::ALL.before_id)?,
        offset: number("offset", 0)?,
        limit: number("limit", DEFAULT_PAGE_SIZE)?,
    };
    let fits = (0..=MAX_OFFSET).contains(&page.offset) && (1..=MAX_PAGE_SIZE).contains(&page.limit);
    if fits { Ok(page) } else { Err(ApiError::bad()) }
}

async fn inspect_photo(astria: &Astria, mut input: Input) -> Result<Value, ApiError> {
    let texts = input.form();
    let name = texts
        .text("name")
        .ok_or_else(|| ApiError::field("name", "can't be blank"))?;
    let file_url = texts.text("file_url");
    let file = input.files.iter().position(|(name, _)| name == "file");
    let photo = match (file, file_url) {
        (Some(at), _) => input.files.swap_remove(at).1.to_vec(),
        (None, Some(url)) => fetch::one(&astria.context.http, &url)
            .await
            .map_err(|why| ApiError::field("file_url", why))?,
        (None, None) => return Err(ApiError::field("file", "can't be blank")),
    };
    let seen = tokio::task::spawn_blocking(move || inspect::inspect(&photo, &name)).await;
    seen.map_err(|_| ApiError::internal())?
}

fn prompt_correlation(prompt: &Prompt) -> Option<String> {
    prompt.callback.as_deref().and_then(correlation)
}

/// Replaces ids in the path, so that call records group by route.
fn without_ids(path: &str) -> String {
    let is_id = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    path.split('/')
        .map(|segment| if is_id(segment) { "…" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}
