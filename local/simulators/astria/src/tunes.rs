//! Tunes are made from a pack and photos, or used again.

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

const FEWEST: usize = 4;
const MOST: usize = 30;

/// What the app asks for.
#[derive(Debug)]
struct Wanted {
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

/// What is answered, and what the app attached.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) body: Value,
    pub(crate) tune: i64,
    pub(crate) correlation_id: Option<String>,
}

pub(crate) async fn create(astria: &Astria, pack: &str, input: Input) -> Result<Made, ApiError> {
    let pack = packs::find(pack).ok_or_else(ApiError::missing)?;
    let tune = input.texts("tune");
    if !tune.is_there() {
        return Err(ApiError::bad());
    }
    let wanted = Wanted::read(pack, tune);
    let correlation_id = wanted.callbacks().find_map(|(_, url)| correlation(url));
    let tune = match wanted.tune_ids.is_empty() {
        true => train(astria, &wanted, input.files).await?,
        false => astria
            .context
            .store()
            .write(|tx| use_again(&mut UnitOfWork::new(tx, astria), &wanted))?,
    };
    let reuse = astria.settings.get().reuse;
    let body = match (wanted.tune_ids.is_empty(), reuse) {
        (true, _) | (false, ReuseReply::Tune) => tune.wire(astria.context.base_url()),
        (false, ReuseReply::Message) => json!({"status": 201, "message": "Prompts created"}),
    };
    Ok(Made {
        body,
        tune: tune.id,
        correlation_id,
    })
}

impl Wanted {
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

    /// All prompts of the pack for that class when none is named.
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
    wanted: &Wanted,
    files: Vec<(String, Bytes)>,
) -> Result<Tune, ApiError> {
    let mut field_errors = FieldErrors::default();
    let class = wanted.name.as_deref().and_then(Class::of);
    if wanted.title.is_none() {
        field_errors.add("title", "can't be blank");
    }
    match &wanted.name {
        None => field_errors.add("name", "can't be blank"),
        Some(_) if class.is_none() => field_errors.add("name", "is not supported by the pack"),
        Some(_) => {}
    }
    let mut photos: Vec<Vec<u8>> = files
        .into_iter()
        .filter(|(name, _)| name.starts_with("tune[images]"))
        .map(|(_, bytes)| bytes.to_vec())
        .collect();
    match photos.len() + wanted.image_urls.len() {
        ..FEWEST => field_errors.add("images", format!("is too short (minimum is {FEWEST})")),
        FEWEST..=MOST => {}
        _ => field_errors.add("images", format!("is too long (maximum is {MOST})")),
    }
    wanted.check_callbacks(&mut field_errors);
    let templates = class
        .map(|class| wanted.templates(class, &mut field_errors))
        .unwrap_or_default();
    field_errors.check()?;
    let (Some(class), Some(title)) = (class, &wanted.title) else {
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
    for (place, photo) in (1..).zip(fetch::all(&astria.context.http, &wanted.image_urls).await) {
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
        // The same request may have been here while the photos came.
        if let Some(known) = known(&unit, title)? {
            return Ok(known);
        }
        let mut tune = Tune {
            id: tables::next_tune(unit.tx.db)?,
            title: title.clone(),
            class,
            pack: wanted.pack.id,
            characteristics: wanted.characteristics.clone(),
            callback: wanted.callback.clone(),
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
        tables::put_batch(unit.tx.db, &wanted.batch(&unit, &tune, class, templates)?)?;
        Ok(tune)
    })
}

/// The tune that a title stands for, if it is to stand for one.
fn known(unit: &UnitOfWork<'_, '_>, title: &str) -> Result<Option<Tune>, ApiError> {
    match unit.settings.idempotency {
        true => Ok(tables::tune_with_title(unit.tx.db, title)?),
        false => Ok(None),
    }
}

/// Prompts of a pack for somebody who is known already. No tune is made.
fn use_again(unit: &mut UnitOfWork<'_, '_>, wanted: &Wanted) -> Result<Tune, ApiError> {
    let mut field_errors = FieldErrors::default();
    let mut tunes = Vec::new();
    for id in &wanted.tune_ids {
        match unit.tune(id) {
            Ok(tune) if tune.is_gone(unit.now) => {
                field_errors.add("tune_ids", format!("{id} has expired"))
            }
            Ok(tune) if tune.stage != Stage::Trained => {
                field_errors.add("tune_ids", format!("{id} is not trained"))
            }
            Ok(tune) => tunes.push(tune),
            Err(_) => field_errors.add("tune_ids", format!("{id} was not found")),
        }
    }
    let class = match &wanted.name {
        Some(name) => Class::of(name),
        None => tunes.first().map(|tune| tune.class),
    };
    if class.is_none() && !tunes.is_empty() {
        field_errors.add("name", "is not supported by the pack");
    }
    wanted.check_callbacks(&mut field_errors);
    let templates = class
        .map(|class| wanted.templates(class, &mut field_errors))
        .unwrap_or_default();
    field_errors.check()?;
    let (Some(class), Some(tune)) = (class, tunes.first()) else {
        return Err(ApiError::internal());
    };
    let title = wanted
        .title
        .as_deref()
        .filter(|_| unit.settings.idempotency);
    if let Some(title) = title
        && tables::batch_with_title(unit.tx.db, tune.id, title)?.is_some()
    {
        return Ok(tune.clone());
    }
    let mut batch = wanted.batch(unit, tune, class, templates)?;
    if tunes.len() > 1 {
        batch.person = tunes
            .iter()
            .map(|tune| tune.person.as_str())
            .collect::<Vec<_>>()
            .join(" ");
    }
    let at = unit.now;
    life::begin(unit, batch, at)?;
    Ok(tune.clone())
}

/// The same photos are the same person, in whatever order.
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
