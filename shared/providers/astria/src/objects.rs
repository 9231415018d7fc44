//! Astria's objects, reduced to the fields in use. Prompt texts are never parsed.

use std::{collections::BTreeMap, fmt};

use confab_core::Timestamp;
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{label, line},
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::redact;

/// A style, with its costs and example pictures for each class of person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub id: i64,
    pub slug: String,
    pub title: String,
    pub cover_url: Option<String>,
    /// Costs by class, such as `woman`.
    pub costs: BTreeMap<String, Cost>,
    /// The first example picture of each prompt, by class.
    pub prompts_per_class: BTreeMap<String, Vec<String>>,
}

/// A cost, in the units that Astria uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Presumably US cents.
    pub cost: Option<i64>,
    /// Thousandths of a cent by its name; the documentation's example implies hundredths.
    pub cost_mc: Option<i64>,
    /// The number of generated pictures.
    pub num_images: Option<u32>,
}

/// A model trained, or in training, on photos of one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Tune {
    pub id: i64,
    /// An order id in our tunes; other tunes of the account may be named after people.
    pub title: String,
    pub class: Option<String>,
    pub eta: Option<Timestamp>,
    /// When training finished; absent during training.
    pub trained_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    /// When Astria deletes the tune.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for Tune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Tune");
        shown
            .field("id", &self.id)
            .field("class", &self.class)
            .field("trained_at", &self.trained_at);
        shown
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// A request for pictures. It is finished when it has images or a failure.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    pub id: i64,
    /// The tune that generates the pictures; may be a base model that the person's tune is added
    /// to.
    pub tune_id: Option<i64>,
    /// Public URLs of the pictures, valid for thirty days.
    pub images: Vec<String>,
    /// Astria's error message, when generation failed.
    pub failure: Option<String>,
    pub trained_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Prompt");
        shown
            .field("id", &self.id)
            .field("tune_id", &self.tune_id)
            .field("images", &self.images.len());
        shown
            .field("failure", &self.failure)
            .field("trained_at", &self.trained_at)
            .finish_non_exhaustive()
    }
}

/// Deserializes an object through its wire form; an object without an id is an error.
macro_rules! deserialize_through {
    ($wire:ty => $object:ty) => {
        impl<'de> Deserialize<'de> for $object {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let wire = <$wire>::deserialize(deserializer)?;
                wire.read()
                    .ok_or_else(|| serde::de::Error::custom("an object without an id"))
            }
        }
    };
}

deserialize_through!(PackWire => Pack);
deserialize_through!(TuneWire => Tune);
deserialize_through!(PromptWire => Prompt);

#[derive(Deserialize, Default)]
#[serde(default)]
struct PackWire {
    id: LenientString,
    slug: LenientString,
    title: LenientString,
    cover_url: LenientString,
    costs: Lenient<BTreeMap<String, Lenient<CostWire>>>,
    cost_mc_hash: Lenient<BTreeMap<String, Lenient<i64>>>,
    prompts_per_class: Lenient<BTreeMap<String, LenientVec<PackPrompt>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CostWire {
    cost: Lenient<i64>,
    num_images: Lenient<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PackPrompt {
    images: LenientVec<Image>,
}

impl PackWire {
    fn read(self) -> Option<Pack> {
        let mut costs: BTreeMap<String, Cost> = BTreeMap::new();
        for (class, Lenient(cost)) in by_class(self.costs) {
            let CostWire { cost, num_images } = cost.unwrap_or_default();
            let entry = costs.entry(class).or_default();
            (entry.cost, entry.num_images) = (cost.0, num_images.0);
        }
        for (class, Lenient(cost_mc)) in by_class(self.cost_mc_hash) {
            costs.entry(class).or_default().cost_mc = cost_mc;
        }
        let first_image = |example: PackPrompt| {
            example
                .images
                .items
                .into_iter()
                .next()
                .map(|Image(url)| url)
        };
        let prompts_per_class = by_class(self.prompts_per_class)
            .map(|(class, prompts)| {
                (
                    class,
                    prompts.items.into_iter().filter_map(first_image).collect(),
                )
            })
            .collect();
        Some(Pack {
            id: id(&self.id)?,
            slug: self.slug.get().map(line).unwrap_or_default(),
            title: self.title.get().map(line).unwrap_or_default(),
            cover_url: self.cover_url.get().and_then(checked_url),
            costs,
            prompts_per_class,
        })
    }
}

fn by_class<T>(map: Lenient<BTreeMap<String, T>>) -> impl Iterator<Item = (String, T)> {
    map.0
        .unwrap_or_default()
        .into_iter()
        .map(|(class, value)| (label(&class), value))
        .filter(|(class, _)| !class.is_empty())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TuneWire {
    id: LenientString,
    title: LenientString,
    name: LenientString,
    eta: LenientString,
    trained_at: LenientString,
    created_at: LenientString,
    expires_at: LenientString,
}

impl TuneWire {
    fn read(self) -> Option<Tune> {
        Some(Tune {
            id: id(&self.id)?,
            title: self.title.get().map(line).unwrap_or_default(),
            class: self.name.get().map(label).filter(|class| !class.is_empty()),
            eta: timestamp(&self.eta),
            trained_at: timestamp(&self.trained_at),
            created_at: timestamp(&self.created_at),
            expires_at: timestamp(&self.expires_at),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptWire {
    id: LenientString,
    tune_id: LenientString,
    images: LenientVec<Image>,
    user_error: LenientString,
    trained_at: LenientString,
    created_at: LenientString,
}

impl PromptWire {
    fn read(self) -> Option<Prompt> {
        let failure = self.user_error.get().map(|words| line(&redact(words)));
        Some(Prompt {
            id: id(&self.id)?,
            tune_id: id(&self.tune_id),
            images: self
                .images
                .items
                .into_iter()
                .map(|Image(url)| url)
                .collect(),
            failure: failure.filter(|words| !words.is_empty()),
            trained_at: timestamp(&self.trained_at),
            created_at: timestamp(&self.created_at),
        })
    }
}

/// An image's URL, alone or in an object with other fields.
struct Image(String);

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct ImageObject {
            url: LenientString,
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let url = if raw.starts_with('{') {
            serde_json::from_str(raw).map(|ImageObject { url }| url)
        } else {
            serde_json::from_str(raw)
        };
        let url = url.ok().and_then(|url| checked_url(url.get()?));
        url.map(Self)
            .ok_or_else(|| serde::de::Error::custom("an image without a URL"))
    }
}

const MAX_URL_BYTES: usize = 2_048;

fn checked_url(url: &str) -> Option<String> {
    let url = url.trim();
    let is_http = url.starts_with("https://") || url.starts_with("http://");
    if !is_http || url.len() > MAX_URL_BYTES {
        return None;
    }
    Some(url.to_owned())
}

fn id(text: &LenientString) -> Option<i64> {
    text.get()?.parse().ok().filter(|id| *id > 0)
}

fn timestamp(text: &LenientString) -> Option<Timestamp> {
    text.get()?.parse().ok()
}

#[cfg(test)]
mod tests;
