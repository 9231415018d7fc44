//! Tunes are made from a pack and photos, or used again.

use axum::body::Bytes;
use image::ImageReader;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Desk,
    behaviour::Reuse,
    figure::Class,
    input::{Input, Texts},
    life,
    objects::{Batch, Stage, Tune, correlation},
    packs::{self, Pack},
    pictures::{HEIGHT, Picture, WIDTH},
    refusal::{Complaints, Refusal},
};
use crate::{Outside, fetch, ids, store::astria};

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
pub(super) struct Made {
    pub(super) body: Value,
    pub(super) tune: i64,
    pub(super) correlation_id: Option<String>,
}

pub(super) async fn create(outside: &Outside, pack: &str, input: Input) -> Result<Made, Refusal> {
    let pack = packs::find(pack).ok_or_else(Refusal::missing)?;
    let tune = input.texts("tune");
    if !tune.is_there() {
        return Err(Refusal::bad());
    }
    let wanted = Wanted::read(pack, tune);
    let correlation_id = wanted.callbacks().find_map(|(_, url)| correlation(url));
    let tune = match wanted.tune_ids.is_empty() {
        true => train(outside, &wanted, input.files).await?,
        false => outside
            .store()
            .write(|writer| use_again(&mut Desk::new(writer, outside), &wanted))?,
    };
    let reuse = outside.store().astria.reuse;
    let body = match (wanted.tune_ids.is_empty(), reuse) {
        (true, _) | (false, Reuse::Tune) => tune.wire(&outside.options.base_url),
        (false, Reuse::Message) => json!({"status": 201, "message": "Prompts created"}),
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

    fn check_callbacks(&self, complaints: &mut Complaints) {
        for (name, _) in self.callbacks().filter(|(_, url)| !is_address(url)) {
            complaints.add(name, "is invalid");
        }
    }

    /// All prompts of the pack for that class when none is named.
    fn templates(&self, class: Class, complaints: &mut Complaints) -> Vec<i64> {
        let all = self.pack.templates(class);
        let mut ids: Vec<i64> = all.iter().map(|template| template.id).collect();
        if !self.prompt_ids.is_empty() {
            ids.retain(|id| self.prompt_ids.contains(&id.to_string()));
            if ids.len() != self.prompt_ids.len() {
                complaints.add("prompt_ids", "is invalid");
            }
        }
        ids
    }

    fn batch(
        &self,
        desk: &Desk<'_, '_>,
        tune: &Tune,
        class: Class,
        templates: Vec<i64>,
    ) -> Result<Batch, Refusal> {
        let known = if self.characteristics.is_empty() {
            &tune.characteristics
        } else {
            &self.characteristics
        };
        Ok(Batch {
            id: astria::next_batch(desk.writer.db)?,
            tune: tune.id,
            title: self.title.clone().unwrap_or_default(),
            pack: self.pack.id,
            class,
            templates,
            characteristics: known.clone(),
            person: tune.person.clone(),
            prompts_callback: self.prompts_callback.clone(),
            prompt_callback: self.prompt_callback.clone(),
            created_at: desk.now,
            begun_at: None,
            done_at: None,
        })
    }
}

async fn train(
    outside: &Outside,
    wanted: &Wanted,
    files: Vec<(String, Bytes)>,
) -> Result<Tune, Refusal> {
    let mut complaints = Complaints::default();
    let class = wanted.name.as_deref().and_then(Class::of);
    if wanted.title.is_none() {
        complaints.add("title", "can't be blank");
    }
    match &wanted.name {
        None => complaints.add("name", "can't be blank"),
        Some(_) if class.is_none() => complaints.add("name", "is not supported by the pack"),
        Some(_) => {}
    }
    let mut photos: Vec<Vec<u8>> = files
        .into_iter()
        .filter(|(name, _)| name.starts_with("tune[images]"))
        .map(|(_, bytes)| bytes.to_vec())
        .collect();
    match photos.len() + wanted.image_urls.len() {
        ..FEWEST => complaints.add("images", format!("is too short (minimum is {FEWEST})")),
        FEWEST..=MOST => {}
        _ => complaints.add("images", format!("is too long (maximum is {MOST})")),
    }
    wanted.check_callbacks(&mut complaints);
    let templates = class
        .map(|class| wanted.templates(class, &mut complaints))
        .unwrap_or_default();
    complaints.check()?;
    let (Some(class), Some(title)) = (class, &wanted.title) else {
        return Err(Refusal::internal());
    };
    if let Some(known) = outside
        .store()
        .write(|writer| known(&Desk::new(writer, outside), title))?
    {
        return Ok(known);
    }
    let mut complaints = Complaints::default();
    for (place, photo) in (1..).zip(fetch::all(outside, &wanted.image_urls).await) {
        match photo {
            Ok(photo) => photos.push(photo),
            Err(why) => complaints.add("image_urls", format!("{place} {why}")),
        }
    }
    if photos.iter().any(|photo| !is_photo(photo)) {
        complaints.add("images", "is not an image");
    }
    complaints.check()?;
    let person = person(&photos);
    outside.store().write(|writer| {
        let desk = Desk::new(writer, outside);
        // The same request may have been here while the photos came.
        if let Some(known) = known(&desk, title)? {
            return Ok(known);
        }
        let mut tune = Tune {
            id: astria::next_tune(desk.writer.db)?,
            title: title.clone(),
            class,
            pack: wanted.pack.id,
            characteristics: wanted.characteristics.clone(),
            callback: wanted.callback.clone(),
            stage: Stage::Training,
            fate: desk.writer.astria.training_fails,
            created_at: desk.now,
            updated_at: desk.now,
            eta: desk.now + desk.writer.astria.train_ms,
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
            let key = ids::astria_file();
            astria::add_picture(desk.writer.db, &key, tune.id, &picture)?;
            tune.originals.push(key);
        }
        astria::put_tune(desk.writer.db, &tune)?;
        astria::put_batch(
            desk.writer.db,
            &wanted.batch(&desk, &tune, class, templates)?,
        )?;
        Ok(tune)
    })
}

/// The tune that a title stands for, if it is to stand for one.
fn known(desk: &Desk<'_, '_>, title: &str) -> Result<Option<Tune>, Refusal> {
    match desk.writer.astria.idempotency {
        true => Ok(astria::tune_with_title(desk.writer.db, title)?),
        false => Ok(None),
    }
}

/// Prompts of a pack for somebody who is known already. No tune is made.
fn use_again(desk: &mut Desk<'_, '_>, wanted: &Wanted) -> Result<Tune, Refusal> {
    let mut complaints = Complaints::default();
    let mut tunes = Vec::new();
    for id in &wanted.tune_ids {
        match desk.tune(id) {
            Ok(tune) if tune.is_gone(desk.now) => {
                complaints.add("tune_ids", format!("{id} has expired"))
            }
            Ok(tune) if tune.stage != Stage::Trained => {
                complaints.add("tune_ids", format!("{id} is not trained"))
            }
            Ok(tune) => tunes.push(tune),
            Err(_) => complaints.add("tune_ids", format!("{id} was not found")),
        }
    }
    let class = match &wanted.name {
        Some(name) => Class::of(name),
        None => tunes.first().map(|tune| tune.class),
    };
    if class.is_none() && !tunes.is_empty() {
        complaints.add("name", "is not supported by the pack");
    }
    wanted.check_callbacks(&mut complaints);
    let templates = class
        .map(|class| wanted.templates(class, &mut complaints))
        .unwrap_or_default();
    complaints.check()?;
    let (Some(class), Some(tune)) = (class, tunes.first()) else {
        return Err(Refusal::internal());
    };
    let title = wanted
        .title
        .as_deref()
        .filter(|_| desk.writer.astria.idempotency);
    if let Some(title) = title
        && astria::batch_with_title(desk.writer.db, tune.id, title)?.is_some()
    {
        return Ok(tune.clone());
    }
    let mut batch = wanted.batch(desk, tune, class, templates)?;
    if tunes.len() > 1 {
        batch.person = tunes
            .iter()
            .map(|tune| tune.person.as_str())
            .collect::<Vec<_>>()
            .join(" ");
    }
    let at = desk.now;
    life::begin(desk, batch, at)?;
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

pub(super) fn is_address(url: &str) -> bool {
    url.parse::<reqwest::Url>()
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
