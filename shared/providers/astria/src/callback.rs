//! What Astria posts when something is ready -> tunes and prompts. It comes once or never, and nobody signed it: take the
//! ids from it, and ask the API.

use confab_core::{Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Prompt, Tune};
use confab_provider_base::lenient::LenientVec;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callback {
    pub tunes: Vec<Tune>,
    pub prompts: Vec<Prompt>,
    /// How many could not be read.
    pub broken: usize,
}

/// A pack of a hundred prompts is a tenth of it.
const LARGEST: usize = 4 * 1024 * 1024;
const MOST: usize = 1_000;

/// `{"tune":{..}}`, `{"prompt":{..}}`, a tune or a prompt without a wrapper, or a list of prompts: it sends them all.
pub fn parse_callback(raw_body: &[u8]) -> Result<Callback> {
    if raw_body.len() > LARGEST {
        return Err(Error::too_large("One callback may have 4 MB."));
    }
    let not_json = || Error::invalid("bad_json", "The body is neither a JSON object nor a list.");
    let body = std::str::from_utf8(raw_body)
        .map_err(|error| not_json().with_source(error))?
        .trim_ascii();
    let mut callback = Callback::default();
    match body.as_bytes().first() {
        Some(b'[') => {
            let list: LenientVec<&RawValue> =
                serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
            if list.items.len() + list.broken > MOST {
                return Err(Error::too_large("One callback may bring 1,000 prompts."));
            }
            callback.broken = list.broken;
            for element in list.items {
                match Shape::of(element.get()) {
                    Ok(shape) => callback.add(&shape, element, Some(Kind::Prompt)),
                    Err(_) => callback.broken += 1,
                }
            }
        }
        Some(b'{') => {
            let whole: &RawValue =
                serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
            let shape = Shape::of(body).map_err(|error| not_json().with_source(error))?;
            callback.add(&shape, whole, None);
            if callback == Callback::default() {
                return Err(Error::invalid(
                    "no_entity",
                    "There is neither a tune nor a prompt.",
                ));
            }
        }
        _ => return Err(not_json()),
    }
    Ok(callback)
}

#[derive(Clone, Copy)]
enum Kind {
    Tune,
    Prompt,
}

/// Which fields there are.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Shape<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    tune: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    orig_images: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    tune_id: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
}

impl<'a> Shape<'a> {
    fn of(raw: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(raw)
    }

    /// Without a wrapper, which has no id.
    fn kind(&self) -> Option<Kind> {
        self.id?;
        if self.orig_images.is_some() {
            return Some(Kind::Tune);
        }
        let of_a_prompt = [self.tune_id, self.text, self.images]
            .into_iter()
            .flatten()
            .next();
        let of_a_tune = [self.title, self.name].into_iter().flatten().next();
        of_a_prompt
            .map(|_| Kind::Prompt)
            .or(of_a_tune.map(|_| Kind::Tune))
    }
}

impl Callback {
    fn add(&mut self, shape: &Shape<'_>, whole: &RawValue, otherwise: Option<Kind>) {
        if let Some(kind) = shape.kind() {
            return self.read(kind, whole);
        }
        let wrapped = [(Kind::Tune, shape.tune), (Kind::Prompt, shape.prompt)];
        let mut wrapped = wrapped
            .into_iter()
            .filter_map(|(kind, inside)| Some((kind, inside?)))
            .peekable();
        if wrapped.peek().is_none() {
            otherwise
                .into_iter()
                .for_each(|kind| self.read(kind, whole));
        }
        wrapped.for_each(|(kind, inside)| self.read(kind, inside));
    }

    fn read(&mut self, kind: Kind, raw: &RawValue) {
        let read = match kind {
            Kind::Tune => serde_json::from_str(raw.get()).map(|tune| self.tunes.push(tune)),
            Kind::Prompt => serde_json::from_str(raw.get()).map(|prompt| self.prompts.push(prompt)),
        };
        self.broken += usize::from(read.is_err());
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
