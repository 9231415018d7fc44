//! Parses callbacks into tunes and prompts. They are unsigned and sent at most once: only their ids
//! are used, and the API is asked for the state.

use confab_core::{Error, Result};
use confab_provider_base::lenient::LenientVec;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Prompt, Tune};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callback {
    pub tunes: Vec<Tune>,
    pub prompts: Vec<Prompt>,
    /// The number of malformed elements.
    pub broken: usize,
}

/// A pack of a hundred prompts takes a tenth of it.
const MAX_CALLBACK_BYTES: usize = 4 * 1024 * 1024;
const MAX_PROMPTS: usize = 1_000;

/// Parses `{"tune":{..}}`, `{"prompt":{..}}`, a bare tune or prompt, or a list of prompts: Astria
/// sends all of these.
pub fn parse_callback(raw_body: &[u8]) -> Result<Callback> {
    if raw_body.len() > MAX_CALLBACK_BYTES {
        return Err(Error::too_large("A callback can have at most 4 MB."));
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
            if list.items.len() + list.broken > MAX_PROMPTS {
                return Err(Error::too_large(
                    "A callback can contain at most 1,000 prompts.",
                ));
            }
            callback.broken = list.broken;
            for element in list.items {
                match KnownFields::of(element.get()) {
                    Ok(fields) => callback.add(&fields, element, Some(EntityKind::Prompt)),
                    Err(_) => callback.broken += 1,
                }
            }
        }
        Some(b'{') => {
            let raw: &RawValue =
                serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
            let fields = KnownFields::of(body).map_err(|error| not_json().with_source(error))?;
            callback.add(&fields, raw, None);
            if callback == Callback::default() {
                return Err(Error::invalid(
                    "no_entity",
                    "The callback contains neither a tune nor a prompt.",
                ));
            }
        }
        _ => return Err(not_json()),
    }
    Ok(callback)
}

#[derive(Clone, Copy)]
enum EntityKind {
    Tune,
    Prompt,
}

/// The fields that tell a tune, a prompt and a wrapper apart.
#[derive(Deserialize, Default)]
#[serde(default)]
struct KnownFields<'a> {
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

impl<'a> KnownFields<'a> {
    fn of(raw: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(raw)
    }

    /// Tells what a bare entity is; a wrapper has no id.
    fn kind(&self) -> Option<EntityKind> {
        self.id?;
        if self.orig_images.is_some() {
            return Some(EntityKind::Tune);
        }
        if self.tune_id.is_some() || self.text.is_some() || self.images.is_some() {
            return Some(EntityKind::Prompt);
        }
        if self.title.is_some() || self.name.is_some() {
            return Some(EntityKind::Tune);
        }
        None
    }
}

impl Callback {
    fn add(&mut self, fields: &KnownFields<'_>, raw: &RawValue, default_kind: Option<EntityKind>) {
        if let Some(kind) = fields.kind() {
            return self.read(kind, raw);
        }
        let mut is_wrapper = false;
        for (kind, content) in [
            (EntityKind::Tune, fields.tune),
            (EntityKind::Prompt, fields.prompt),
        ] {
            if let Some(content) = content {
                is_wrapper = true;
                self.read(kind, content);
            }
        }
        if let Some(kind) = default_kind.filter(|_| !is_wrapper) {
            self.read(kind, raw);
        }
    }

    fn read(&mut self, kind: EntityKind, raw: &RawValue) {
        let read = match kind {
            EntityKind::Tune => serde_json::from_str(raw.get()).map(|tune| self.tunes.push(tune)),
            EntityKind::Prompt => {
                serde_json::from_str(raw.get()).map(|prompt| self.prompts.push(prompt))
            }
        };
        self.broken += usize::from(read.is_err());
    }
}

#[cfg(test)]
mod tests;
