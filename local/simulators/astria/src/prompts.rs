//! Prompts that the app adds to a tune one by one.

use serde_json::Value;

use crate::{
    api_error::{ApiError, FieldErrors},
    input::Input,
    life,
    objects::{Prompt, Stage},
    pictures::{HEIGHT, WIDTH},
    tables,
    tunes::is_address,
    unit_of_work::UnitOfWork,
};

pub(crate) fn add(
    unit: &mut UnitOfWork<'_, '_>,
    tune: &str,
    input: &Input,
) -> Result<(Prompt, Value), ApiError> {
    let tune = unit.tune(tune)?;
    let texts = input.texts("prompt");
    if !texts.exists() {
        return Err(ApiError::bad());
    }
    let mut field_errors = FieldErrors::default();
    let mut number =
        |name: &'static str, range: std::ops::RangeInclusive<u32>, step: u32, otherwise: u32| {
            let given = texts.text(name).map(|text| text.parse::<u32>());
            let fits = |number: &u32| range.contains(number) && number.is_multiple_of(step);
            match given {
                None => otherwise,
                Some(Ok(number)) if fits(&number) => number,
                Some(_) => {
                    field_errors.add(name, "is invalid");
                    otherwise
                }
            }
        };
    let num_images = number("num_images", 1..=8, 1, 1);
    let (width, height) = (
        number("w", 64..=2_048, 8, WIDTH),
        number("h", 64..=2_048, 8, HEIGHT),
    );
    let seed = texts.text("seed").map(|seed| seed.parse());
    if seed.as_ref().is_some_and(Result::is_err) {
        field_errors.add("seed", "is not a number");
    }
    let text = texts.text("text").unwrap_or_default();
    if text.is_empty() {
        field_errors.add("text", "can't be blank");
    }
    let callback = texts.text("callback");
    if callback.as_deref().is_some_and(|url| !is_address(url)) {
        field_errors.add("callback", "is invalid");
    }
    field_errors.check()?;
    let mut prompt = Prompt {
        id: tables::next_prompt(unit.tx.db)?,
        tune: tune.id,
        batch: None,
        template: None,
        class: tune.class,
        person: tune.person.clone(),
        text,
        negative_prompt: texts.text("negative_prompt").unwrap_or_default(),
        seed: seed.and_then(Result::ok),
        num_images,
        width,
        height,
        callback,
        created_at: unit.now,
        updated_at: unit.now,
        started_at: None,
        due_at: None,
        trained_at: None,
        images: Vec::new(),
        failure: None,
        likes: 0,
    };
    if unit.settings.idempotency {
        let same = |other: &Prompt| attributes(other) == attributes(&prompt);
        if let Some(other) = tables::prompts_of(unit.tx.db, tune.id)?
            .into_iter()
            .find(same)
        {
            let wire = other.wire(unit.base_url);
            return Ok((other, wire));
        }
    }
    if tune.stage == Stage::Trained {
        life::start(unit, &mut prompt, unit.now);
    }
    tables::put_prompt(unit.tx.db, &prompt)?;
    let wire = prompt.wire(unit.base_url);
    Ok((prompt, wire))
}

/// Returns the fields by which two prompts of a tune count as the same.
fn attributes(prompt: &Prompt) -> impl PartialEq {
    let Prompt {
        text,
        negative_prompt,
        seed,
        callback,
        num_images,
        width,
        height,
        ..
    } = prompt.clone();
    (
        text,
        negative_prompt,
        seed,
        callback,
        num_images,
        width,
        height,
    )
}
