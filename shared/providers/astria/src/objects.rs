//! Astria's objects, as far as they matter here. The text that a picture is made from is not read.

use std::{collections::BTreeMap, fmt};

use confab_core::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::discreet;
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    parsed::{label, line},
};

/// A style: what it makes of each class of person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub id: i64,
    pub slug: String,
    pub title: String,
    pub cover_url: Option<String>,
    /// By class, such as `woman`.
    pub costs: BTreeMap<String, Cost>,
    /// The first picture of each prompt, by class.
    pub prompts_per_class: BTreeMap<String, Vec<String>>,
}

/// As Astria states it, in the unit that it states it in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Seems to be cents of a dollar.
    pub cost: Option<i64>,
    /// By its name thousandths of a cent; the documentation's own example says hundredths.
    pub cost_mc: Option<i64>,
    /// How many pictures are made.
    pub num_images: Option<u32>,
}

/// What Astria has learned, or is learning, of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Tune {
    pub id: i64,
    /// Ours is the id of an order; other tunes of the account may be named after people.
    pub title: String,
    pub class: Option<String>,
    pub eta: Option<Timestamp>,
    /// When it was learned; none while it is not.
    pub trained_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    /// When Astria forgets it.
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

/// Pictures to make. It is over when it has images or a failure.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    pub id: i64,
    /// The tune that it runs on. That may be a common model which the person's own tune is added to.
    pub tune_id: Option<i64>,
    /// Where the pictures are, for thirty days. Whoever has the addresses may look.
    pub images: Vec<String>,
    /// Why there will be none, in Astria's words.
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

/// Reads an object through its wire form. Without an id it is none.
macro_rules! read_through {
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

read_through!(PackWire => Pack);
read_through!(TuneWire => Tune);
read_through!(PromptWire => Prompt);

#[derive(Deserialize, Default)]
#[serde(default)]
struct PackWire {
    id: LenientString,
    slug: LenientString,
    title: LenientString,
    cover_url: LenientString,
    costs: Lenient<BTreeMap<String, Lenient<CostWire>>>,
    cost_mc_hash: Lenient<BTreeMap<String, Lenient<i64>>>,
    prompts_per_class: Lenient<BTreeMap<String, LenientVec<Example>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CostWire {
    cost: Lenient<i64>,
    num_images: Lenient<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Example {
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
        let first = |example: Example| {
            example
                .images
                .items
                .into_iter()
                .next()
                .map(|Image(url)| url)
        };
        let prompts_per_class = by_class(self.prompts_per_class)
            .map(|(class, prompts)| (class, prompts.items.into_iter().filter_map(first).collect()))
            .collect();
        Some(Pack {
            id: id(&self.id)?,
            slug: self.slug.get().map(line).unwrap_or_default(),
            title: self.title.get().map(line).unwrap_or_default(),
            cover_url: self.cover_url.get().and_then(address),
            costs,
            prompts_per_class,
        })
    }
}

fn by_class<T>(map: Lenient<BTreeMap<String, T>>) -> impl Iterator<Item = (String, T)> {
    let named = map
        .0
        .unwrap_or_default()
        .into_iter()
        .map(|(class, value)| (label(&class), value));
    named.filter(|(class, _)| !class.is_empty())
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
            eta: moment(&self.eta),
            trained_at: moment(&self.trained_at),
            created_at: moment(&self.created_at),
            expires_at: moment(&self.expires_at),
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
        let failure = self.user_error.get().map(|words| line(&discreet(words)));
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
            trained_at: moment(&self.trained_at),
            created_at: moment(&self.created_at),
        })
    }
}

/// Its address, alone or with what is said of it.
struct Image(String);

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Described {
            url: LenientString,
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let url = match raw.starts_with('{') {
            true => serde_json::from_str(raw).map(|Described { url }| url),
            false => serde_json::from_str(raw),
        };
        let url = url.ok().and_then(|url| address(url.get()?));
        url.map(Self)
            .ok_or_else(|| serde::de::Error::custom("an image without an address"))
    }
}

const LONGEST_ADDRESS: usize = 2_048;

fn address(url: &str) -> Option<String> {
    let url = url.trim();
    let is_one =
        url.len() <= LONGEST_ADDRESS && (url.starts_with("https://") || url.starts_with("http://"));
    is_one.then(|| url.to_owned())
}

fn id(text: &LenientString) -> Option<i64> {
    text.get()?.parse().ok().filter(|id| *id > 0)
}

fn moment(text: &LenientString) -> Option<Timestamp> {
    text.get()?.parse().ok()
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
