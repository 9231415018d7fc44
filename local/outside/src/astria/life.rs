//! What happens to a tune: it is trained, its prompts are made, and they are done one after another.

use super::{
    Desk,
    behaviour::Fate,
    objects::{Batch, Prompt, Stage, Tune},
    packs,
    pictures::{HEIGHT, Picture, WIDTH},
    refusal::Refusal,
};
use crate::{ids, store::astria};

/// The training has come to its end.
pub(super) fn end_training(desk: &mut Desk<'_, '_>, id: i64) -> Result<(), Refusal> {
    let Some(mut tune) = astria::tune(desk.writer.db, id)? else {
        return Ok(());
    };
    let at = tune.eta;
    if tune.fate == Fate::Trains {
        return train(desk, tune, at);
    }
    tune.stage = Stage::Failed;
    tune.updated_at = at;
    Ok(astria::put_tune(desk.writer.db, &tune)?)
}

fn train(desk: &mut Desk<'_, '_>, mut tune: Tune, at: i64) -> Result<(), Refusal> {
    tune.stage = Stage::Trained;
    tune.trained_at = Some(at);
    tune.updated_at = at;
    astria::put_tune(desk.writer.db, &tune)?;
    desk.tell_tune(&tune, false)?;
    for batch in astria::batches_of(desk.writer.db, tune.id)? {
        begin(desk, batch, at)?;
    }
    for mut prompt in astria::prompts_of(desk.writer.db, tune.id)? {
        if prompt.started_at.is_none() {
            start(desk, &mut prompt, at);
            astria::put_prompt(desk.writer.db, &prompt)?;
        }
    }
    Ok(())
}

/// The prompts of a batch are made.
pub(super) fn begin(desk: &mut Desk<'_, '_>, mut batch: Batch, at: i64) -> Result<(), Refusal> {
    batch.begun_at = Some(at);
    astria::put_batch(desk.writer.db, &batch)?;
    let templates: Vec<_> = batch
        .templates
        .iter()
        .filter_map(|id| packs::template(*id))
        .collect();
    let count = i64::try_from(templates.len()).unwrap_or(i64::MAX).max(1);
    for (place, template) in (1..).zip(templates) {
        let prompt = Prompt {
            id: astria::next_prompt(desk.writer.db)?,
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
            due_at: Some(at + desk.writer.astria.prompt_ms * place / count),
            trained_at: None,
            images: Vec::new(),
            failure: None,
            likes: 0,
        };
        astria::put_prompt(desk.writer.db, &prompt)?;
    }
    Ok(())
}

pub(super) fn start(desk: &Desk<'_, '_>, prompt: &mut Prompt, at: i64) {
    prompt.started_at = Some(at);
    prompt.due_at = Some(at + desk.writer.astria.prompt_ms);
}

/// The pictures of a prompt are there, or never will be.
pub(super) fn end_prompt(desk: &mut Desk<'_, '_>, id: i64) -> Result<(), Refusal> {
    let Some(mut prompt) = astria::prompt(desk.writer.db, id)? else {
        return Ok(());
    };
    let at = prompt.due_at.unwrap_or(desk.now).min(desk.now);
    let fails = fastrand::u32(0..100) < desk.writer.astria.fail_percent;
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
        let key = ids::astria_file();
        astria::add_picture(desk.writer.db, &key, prompt.tune, &picture)?;
        prompt.images.push(key);
    }
    prompt.due_at = None;
    prompt.trained_at = Some(at);
    prompt.updated_at = at;
    astria::put_prompt(desk.writer.db, &prompt)?;
    desk.tell_prompt(&prompt)?;
    let Some(batch) = prompt.batch else {
        return Ok(());
    };
    if astria::open_in(desk.writer.db, batch)? > 0 {
        return Ok(());
    }
    let Some(mut batch) = astria::batch(desk.writer.db, batch)? else {
        return Ok(());
    };
    batch.done_at = Some(at);
    astria::put_batch(desk.writer.db, &batch)?;
    desk.tell_batch(&batch, false)?;
    Ok(())
}

/// Without waiting for the clock, and whatever was to become of it.
pub(super) fn finish(desk: &mut Desk<'_, '_>, tune: Tune) -> Result<(), Refusal> {
    let (id, now) = (tune.id, desk.now);
    if tune.stage != Stage::Trained {
        train(desk, tune, now)?;
    }
    for mut prompt in astria::prompts_of(desk.writer.db, id)? {
        if !prompt.is_done() {
            prompt.due_at = Some(now);
            astria::put_prompt(desk.writer.db, &prompt)?;
            end_prompt(desk, prompt.id)?;
        }
    }
    Ok(())
}
