//! Tunes: created from a pack and photos, or reused with another pack.

use axum::body::Bytes;
use confab_simulator_base::fetch;
use image::ImageReader;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api_error::{ApiError, FieldErrors},
    astria::Astria,
    figure::Class,
    ids,
    input::{Input, Texts},
    life,
    objects::{Batch, Stage, Tune, correlation},
    packs::{self, Pack},
    pictures::{HEIGHT, Picture, WIDTH},
    settings::ReuseReply,
    tables,
    unit_of_work::UnitOfWork,
};

const MIN_PHOTOS: usize = 4;
const MAX_PHOTOS: usize = 30;

/// A parsed request.
#[derive(Debug)]
struct TuneRequest {
    pack: Pack,
    title: Option<String>,
    name: Option<String>,
    callback: Option<String>,
    prompts_callback: Option<String>,
    prompt_callback: Option<String>,
    characteristics: Map<String, Value>,
    image_urls: Vec<String>,
    tune_ids: Vec<String>,
    prompt_ids: Vec<String>,
}

/// The reply, its tune, and the correlation id that the app attached.
#[derive(Debug)]
pub(crate) struct CreatedTune {
    pub(crate) body: Value,
    pub(crate) tune: i64,
    pub(crate) correlation_id: Option<String>,
}

pub(crate) async fn create(
    astria: &Astria,
    pack: &str,
    input: Input,
) -> Result<CreatedTune, ApiError> {
    let pack = packs::find(pack).ok_or_else(ApiError::missing)?;
    let tune = input.texts("tune");
    if !tune.exists() {
        return Err(ApiError::bad());
    }
    let request = TuneRequest::read(pack, tune);
    let correlation_id = request.callbacks().find_map(|(_, url)| correlation(url));
    let tune = if request.tune_ids.is_empty() {
        train(astria, &request, input.files).await?
    } else {
        astria
            .context
            .store()
            .write(|tx| reuse_tune(&mut UnitOfWork::new(tx, astria), &request))?
    };
    let reuse = astria.settings.get().reuse;
    let body = match (request.tune_ids.is_empty(), reuse) {
        (true, _) | (false, ReuseReply::Tune) => tune.wire(astria.context.base_url()),
        (false, ReuseReply::Message) => json!({"status": 201, "message": "Prompts created"}),
    };
    Ok(CreatedTune {
        body,
        tune: tune.id,
        correlation_id,
    })
}

impl TuneRequest {
    fn read(pack: Pack, tune: Texts<'_>) -> Self {
        let older = tune.within("prompts_attributes").text("callback");
        Self {
            pack,
            title: tune.text("title"),
            name: tune.text("name"),
            callback: tune.text("callback"),
            prompts_callback: tune.text("prompts_callback"),
            prompt_callback: tune.within("prompt_attributes").text("callback").or(older),
            characteristics: tune.map("characteristics"),
            image_urls: tune.list("image_urls"),
            tune_ids: tune.list("tune_ids"),
            prompt_ids: tune.list("prompt_ids"),
        }
    }

    fn callbacks(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("callback", &self.callback),
            ("prompts_callback", &self.prompts_callback),
            ("prompt_attributes.callback", &self.prompt_callback),
        ];
        all.into_iter()
            .filter_map(|(name, url)| Some((name, url.as_deref()?)))
    }

    fn check_callbacks(&self, field_errors: &mut FieldErrors) {
        for (name, _) in self.callbacks().filter(|(_, url)| !is_address(url)) {
            field_errors.add(name, "is invalid");
        }
    }

    /// Returns the requested prompts of the pack, which are all of the class if the request names
    /// none.
    fn templates(&self, class: Class, field_errors: &mut FieldErrors) -> Vec<i64> {
        let all = self.pack.templates(class);
        let mut ids: Vec<i64> = all.iter().map(|template| template.id).collect();
        if !self.prompt_ids.is_empty() {
            ids.retain(|id| self.prompt_ids.contains(&id.to_string()));
            if ids.len() != self.prompt_ids.len() {
                field_errors.add("prompt_ids", "is invalid");
            }
        }
        ids
    }

    fn batch(
        &self,
        unit: &UnitOfWork<'_, '_>,
        tune: &Tune,
        class: Class,
        templates: Vec<i64>,
    ) -> Result<Batch, ApiError> {
        let known = if self.characteristics.is_empty() {
            &tune.characteristics
        } else {
            &self.characteristics
        };
        Ok(Batch {
            id: tables::next_batch(unit.tx.db)?,
            tune: tune.id,
            title: self.title.clone().unwrap_or_default(),
            pack: self.pack.id,
            class,
            templates,
            characteristics: known.clone(),
            person: tune.person.clone(),
            prompts_callback: self.prompts_callback.clone(),
            prompt_callback: self.prompt_callback.clone(),
            created_at: unit.now,
            begun_at: None,
            done_at: None,
        })
    }
}

async fn train(
    astria: &Astria,
    request: &TuneRequest,
    files: Vec<(String, Bytes)>,
) -> Result<Tune, ApiError> {
    let mut field_errors = FieldErrors::default();
    let class = request.name.as_deref().and_then(Class::of);
    if request.title.is_none() {
        field_errors.add("title", "can't be blank");
    }
    match &request.name {
        None => field_errors.add("name", "can't be blank"),
        Some(_) if class.is_none() => field_errors.add("name", "is not supported by the pack"),
        Some(_) => {}
    }
    let mut photos: Vec<Vec<u8>> = files
        .into_iter()
        .filter(|(name, _)| name.starts_with("tune[images]"))
        .map(|(_, bytes)| bytes.to_vec())
        .collect();
    match photos.len() + request.image_urls.len() {
        ..MIN_PHOTOS => {
            field_errors.add("images", format!("is too short (minimum is {MIN_PHOTOS})"))
        }
        MIN_PHOTOS..=MAX_PHOTOS => {}
        _ => field_errors.add("images", format!("is too long (maximum is {MAX_PHOTOS})")),
    }
    request.check_callbacks(&mut field_errors);
    let templates = class
        .map(|class| request.templates(class, &mut field_errors))
        .unwrap_or_default();
    field_errors.check()?;
    let (Some(class), Some(title)) = (class, &request.title) else {
        return Err(ApiError::internal());
    };
    if let Some(known) = astria
        .context
        .store()
        .write(|tx| known(&UnitOfWork::new(tx, astria), title))?
    {
        return Ok(known);
    }
    let mut field_errors = FieldErrors::default();
    for (place, photo) in (1..).zip(fetch::all(&astria.context.http, &request.image_urls).await) {
        match photo {
            Ok(photo) => photos.push(photo),
            Err(why) => field_errors.add("image_urls", format!("{place} {why}")),
        }
    }
    if photos.iter().any(|photo| !is_photo(photo)) {
        field_errors.add("images", "is not an image");
    }
    field_errors.check()?;
    let person = person(&photos);
    astria.context.store().write(|tx| {
        let unit = UnitOfWork::new(tx, astria);
        // The same request may have been served while the photos were fetched.
        if let Some(known) = known(&unit, title)? {
            return Ok(known);
        }
        let mut tune = Tune {
            id: tables::next_tune(unit.tx.db)?,
            title: title.clone(),
            class,
            pack: request.pack.id,
            characteristics: request.characteristics.clone(),
            callback: request.callback.clone(),
            stage: Stage::Training,
            fate: unit.settings.training_fails,
            created_at: unit.now,
            updated_at: unit.now,
            eta: unit.now + unit.settings.train_ms,
            trained_at: None,
            person,
            originals: Vec::new(),
        };
        for variant in (1_000_000..).take(photos.len()) {
            let (person, template) = (tune.person.clone(), None);
            let picture = Picture {
                person,
                class,
                template,
                variant,
                width: WIDTH,
                height: HEIGHT,
            };
            let key = ids::file_name();
            tables::add_picture(unit.tx.db, &key, tune.id, &picture)?;
            tune.originals.push(key);
        }
        tables::put_tune(unit.tx.db, &tune)?;
        tables::put_batch(unit.tx.db, &request.batch(&unit, &tune, class, templates)?)?;
        Ok(tune)
    })
}

/// Finds the tune with this title, if titles identify tunes.
fn known(unit: &UnitOfWork<'_, '_>, title: &str) -> Result<Option<Tune>, ApiError> {
    if unit.settings.idempotency {
        Ok(tables::tune_with_title(unit.tx.db, title)?)
    } else {
        Ok(None)
    }
}

/// Creates prompts for a tune that is trained already.
fn reuse_tune(unit: &mut UnitOfWork<'_, '_>, request: &TuneRequest) -> Result<Tune, ApiError> {
    let mut field_errors = FieldErrors::default();
    let mut tunes = Vec::new();
    for id in &request.tune_ids {
        match unit.tune(id) {
            Ok(tune) if tune.is_expired(unit.now) => {
                field_errors.add("tune_ids", format!("{id} has expired"))
            }
            Ok(tune) if tune.stage != Stage::Trained => {
                field_errors.add("tune_ids", format!("{id} is not trained"))
            }
            Ok(tune) => tunes.push(tune),
            Err(_) => field_errors.add("tune_ids", format!("{id} was not found")),
        }
    }
    let class = match &request.name {
        Some(name) => Class::of(name),
        None => tunes.first().map(|tune| tune.class),
    };
    if class.is_none() && !tunes.is_empty() {
        field_errors.add("name", "is not supported by the pack");
    }
    request.check_callbacks(&mut field_errors);
    let templates = class
        .map(|class| request.templates(class, &mut field_errors))
        .unwrap_or_default();
    field_errors.check()?;
    let (Some(class), Some(tune)) = (class, tunes.first()) else {
        return Err(ApiError::internal());
    };
    let title = request
        .title
        .as_deref()
        .filter(|_| unit.settings.idempotency);
    if let Some(title) = title
        && tables::batch_with_title(unit.tx.db, tune.id, title)?.is_some()
    {
        return Ok(tune.clone());
    }
    let mut batch = request.batch(unit, tune, class, templates)?;
    if tunes.len() > 1 {
        batch.person = tunes
            .iter()
            .map(|tune| tune.person.as_str())
            .collect::<Vec<_>>()
            .join(" ");
    }
    let at = unit.now;
    life::create_prompts(unit, batch, at)?;
    Ok(tune.clone())
}

/// Hashes the photos in any order, so that the same photos give the same person.
fn person(photos: &[Vec<u8>]) -> String {
    let mut digests: Vec<_> = photos.iter().map(Sha256::digest).collect();
    digests.sort_unstable();
    Sha256::digest(digests.concat())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn is_photo(bytes: &[u8]) -> bool {
    let reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
    reader.is_ok_and(|reader| reader.into_dimensions().is_ok())
}

pub(crate) fn is_address(url: &str) -> bool {
    url.parse::<reqwest::Url>()
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
