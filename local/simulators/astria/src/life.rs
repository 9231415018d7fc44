//! The life of a tune: training ends, prompts are created, and prompts are done one after another.

use crate::{
    api_error::ApiError,
    ids,
    objects::{Batch, Prompt, Stage, Tune},
    packs,
    pictures::{HEIGHT, Picture, WIDTH},
    settings::TrainingOutcome,
    tables,
    unit_of_work::UnitOfWork,
};

/// Ends the training.
pub(crate) fn end_training(unit: &mut UnitOfWork<'_, '_>, id: i64) -> Result<(), ApiError> {
    let Some(mut tune) = tables::tune(unit.tx.db, id)? else {
        return Ok(());
    };
    let at = tune.eta;
    if tune.fate == TrainingOutcome::Trains {
        return train(unit, tune, at);
    }
    tune.stage = Stage::Failed;
    tune.updated_at = at;
    Ok(tables::put_tune(unit.tx.db, &tune)?)
}

fn train(unit: &mut UnitOfWork<'_, '_>, mut tune: Tune, at: i64) -> Result<(), ApiError> {
    tune.stage = Stage::Trained;
    tune.trained_at = Some(at);
    tune.updated_at = at;
    tables::put_tune(unit.tx.db, &tune)?;
    unit.call_back_tune(&tune, false)?;
    for batch in tables::batches_of(unit.tx.db, tune.id)? {
        create_prompts(unit, batch, at)?;
    }
    for mut prompt in tables::prompts_of(unit.tx.db, tune.id)? {
        if prompt.started_at.is_none() {
            start(unit, &mut prompt, at);
            tables::put_prompt(unit.tx.db, &prompt)?;
        }
    }
    Ok(())
}

/// Creates the prompts of a batch.
pub(crate) fn create_prompts(
    unit: &mut UnitOfWork<'_, '_>,
    mut batch: Batch,
    at: i64,
) -> Result<(), ApiError> {
    batch.begun_at = Some(at);
    tables::put_batch(unit.tx.db, &batch)?;
    let templates: Vec<_> = batch
        .templates
        .iter()
        .filter_map(|id| packs::template(*id))
        .collect();
    let count = i64::try_from(templates.len()).unwrap_or(i64::MAX).max(1);
    for (place, template) in (1..).zip(templates) {
        let prompt = Prompt {
            id: tables::next_prompt(unit.tx.db)?,
            tune: batch.tune,
            batch: Some(batch.id),
            template: Some(template.id),
            class: batch.class,
            person: batch.person.clone(),
            text: template.text(&batch.characteristics),
            negative_prompt: String::new(),
            seed: Some(template.id),
            num_images: 1,
            width: WIDTH,
            height: HEIGHT,
            callback: batch.prompt_callback.clone(),
            created_at: at,
            updated_at: at,
            started_at: Some(at),
            due_at: Some(at + unit.settings.prompt_ms * place / count),
            trained_at: None,
            images: Vec::new(),
            failure: None,
            likes: 0,
        };
        tables::put_prompt(unit.tx.db, &prompt)?;
    }
    Ok(())
}

pub(crate) fn start(unit: &UnitOfWork<'_, '_>, prompt: &mut Prompt, at: i64) {
    prompt.started_at = Some(at);
    prompt.due_at = Some(at + unit.settings.prompt_ms);
}

/// Ends a prompt with its pictures, or with a failure.
pub(crate) fn end_prompt(unit: &mut UnitOfWork<'_, '_>, id: i64) -> Result<(), ApiError> {
    let Some(mut prompt) = tables::prompt(unit.tx.db, id)? else {
        return Ok(());
    };
    let at = prompt.due_at.unwrap_or(unit.now).min(unit.now);
    let fails = fastrand::u32(0..100) < unit.settings.fail_percent;
    prompt.failure = fails.then(|| "The images could not be made.".to_owned());
    for variant in 0..if fails { 0 } else { prompt.num_images } {
        let picture = Picture {
            person: prompt.person.clone(),
            class: prompt.class,
            template: prompt.template,
            variant: u32::try_from(prompt.id.rem_euclid(1_000)).unwrap_or(0) * 8 + variant,
            width: prompt.width,
            height: prompt.height,
        };
        let key = ids::file_name();
        tables::add_picture(unit.tx.db, &key, prompt.tune, &picture)?;
        prompt.images.push(key);
    }
    prompt.due_at = None;
    prompt.trained_at = Some(at);
    prompt.updated_at = at;
    tables::put_prompt(unit.tx.db, &prompt)?;
    unit.call_back_prompt(&prompt)?;
    let Some(batch) = prompt.batch else {
        return Ok(());
    };
    if tables::count_open_prompts(unit.tx.db, batch)? > 0 {
        return Ok(());
    }
    let Some(mut batch) = tables::batch(unit.tx.db, batch)? else {
        return Ok(());
    };
    batch.done_at = Some(at);
    tables::put_batch(unit.tx.db, &batch)?;
    unit.call_back_batch(&batch, false)?;
    Ok(())
}

/// Finishes a tune at once, even one that was to fail.
pub(crate) fn finish(unit: &mut UnitOfWork<'_, '_>, tune: Tune) -> Result<(), ApiError> {
    let (id, now) = (tune.id, unit.now);
    if tune.stage != Stage::Trained {
        train(unit, tune, now)?;
    }
    for mut prompt in tables::prompts_of(unit.tx.db, id)? {
        if !prompt.is_done() {
            prompt.due_at = Some(now);
            tables::put_prompt(unit.tx.db, &prompt)?;
            end_prompt(unit, prompt.id)?;
        }
    }
    Ok(())
}
