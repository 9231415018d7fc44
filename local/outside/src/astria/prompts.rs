//! Prompts that the app adds to a tune by itself.

use serde_json::Value;

use super::{
    Desk,
    input::Input,
    life,
    objects::{Prompt, Stage},
    pictures::{HEIGHT, WIDTH},
    refusal::{Complaints, Refusal},
    tunes::is_address,
};
use crate::store::astria;

pub(super) fn add(
    desk: &mut Desk<'_, '_>,
    tune: &str,
    input: &Input,
) -> Result<(Prompt, Value), Refusal> {
    let tune = desk.tune(tune)?;
    let texts = input.texts("prompt");
    if !texts.is_there() {
        return Err(Refusal::bad());
    }
    let mut complaints = Complaints::default();
    let mut number =
        |name: &'static str, range: std::ops::RangeInclusive<u32>, step: u32, otherwise: u32| {
            let given = texts.text(name).map(|text| text.parse::<u32>());
            let fits = |number: &u32| range.contains(number) && number.is_multiple_of(step);
            match given {
                None => otherwise,
                Some(Ok(number)) if fits(&number) => number,
                Some(_) => {
                    complaints.add(name, "is invalid");
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
        complaints.add("seed", "is not a number");
    }
    let text = texts.text("text").unwrap_or_default();
    if text.is_empty() {
        complaints.add("text", "can't be blank");
    }
    let callback = texts.text("callback");
    if callback.as_deref().is_some_and(|url| !is_address(url)) {
        complaints.add("callback", "is invalid");
    }
    complaints.check()?;
    let mut prompt = Prompt {
        id: astria::next_prompt(desk.writer.db)?,
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
        created_at: desk.now,
        updated_at: desk.now,
        started_at: None,
        due_at: None,
        trained_at: None,
        images: Vec::new(),
        failure: None,
        likes: 0,
    };
    if desk.writer.astria.idempotency {
        let same = |other: &Prompt| attributes(other) == attributes(&prompt);
        if let Some(other) = astria::prompts_of(desk.writer.db, tune.id)?
            .into_iter()
            .find(same)
        {
            let wire = other.wire(desk.base_url);
            return Ok((other, wire));
        }
    }
    if tune.stage == Stage::Trained {
        life::start(desk, &mut prompt, desk.now);
    }
    astria::put_prompt(desk.writer.db, &prompt)?;
    let wire = prompt.wire(desk.base_url);
    Ok((prompt, wire))
}

/// What makes two prompts of a tune the same one.
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
