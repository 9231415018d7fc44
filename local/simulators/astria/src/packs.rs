//! The two packs, each in three sizes.

use serde_json::{Map, Value, json};

use crate::{
    canvas::{Colour, hsv},
    figure::Class,
};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pack {
    pub(crate) id: i64,
    base: &'static Base,
    tier: &'static Tier,
}

#[derive(Debug)]
struct Base {
    slug: &'static str,
    title: &'static str,
    initials: &'static str,
    /// In degrees.
    hue: f32,
    scenes: [&'static str; 12],
}

#[derive(Debug)]
struct Tier {
    slug: &'static str,
    title: &'static str,
    images: usize,
    cost: i64,
}

/// One prompt of a pack, for one class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    pub(crate) id: i64,
    pub(crate) pack: Pack,
    pub(crate) class: Class,
    pub(crate) scene: usize,
}

static BASES: [Base; 2] = [
    Base {
        slug: "city-evening",
        title: "City Evening",
        initials: "CE",
        hue: 262.0,
        scenes: [
            "on a bridge after sunset",
            "under street lamps",
            "before a shop window",
            "on a rooftop",
            "in a tram",
            "at a station",
            "in an arcade",
            "by the river",
            "in the rain",
            "at a market",
            "on wide stairs",
            "in a courtyard",
        ],
    },
    Base {
        slug: "quiet-studio",
        title: "Quiet Studio",
        initials: "QS",
        hue: 28.0,
        scenes: [
            "before a plain wall",
            "by a window",
            "on a wooden chair",
            "with folded arms",
            "in soft light",
            "before linen",
            "at a desk",
            "with a book",
            "in profile",
            "laughing",
            "before paper",
            "with a plant",
        ],
    },
];

static TIERS: [Tier; 3] = [
    Tier {
        slug: "lite",
        title: "Lite",
        images: 4,
        cost: 150,
    },
    Tier {
        slug: "standard",
        title: "Standard",
        images: 8,
        cost: 240,
    },
    Tier {
        slug: "premium",
        title: "Premium",
        images: 12,
        cost: 320,
    },
];

const FIRST_ID: i64 = 1_401;
/// The creation time of all packs: 2026-03-02 09:00 UTC.
const CREATED_AT: &str = "2026-03-02T09:00:00.000Z";

pub(crate) fn all() -> impl Iterator<Item = Pack> {
    let pairs = BASES
        .iter()
        .flat_map(|base| TIERS.iter().map(move |tier| (base, tier)));
    (FIRST_ID..)
        .zip(pairs)
        .map(|(id, (base, tier))| Pack { id, base, tier })
}

/// Finds a pack by its id or its slug.
pub(crate) fn find(name: &str) -> Option<Pack> {
    all().find(|pack| pack.slug() == name || pack.id.to_string() == name)
}

pub(crate) fn template(id: i64) -> Option<Template> {
    all()
        .flat_map(|pack| Class::ALL.map(|class| pack.templates(class)))
        .flatten()
        .find(|template| template.id == id)
}

impl Pack {
    pub(crate) fn slug(&self) -> String {
        format!("{}-{}", self.base.slug, self.tier.slug)
    }

    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.base.title, self.tier.title)
    }

    pub(crate) fn initials(&self) -> &'static str {
        self.base.initials
    }

    /// Returns the hue in degrees, which differs by size.
    pub(crate) fn hue(&self) -> f32 {
        self.base.hue + (self.size() - 1) as f32 * 24.0
    }

    /// Returns the size, from 1 to 3.
    pub(crate) fn size(&self) -> usize {
        TIERS
            .iter()
            .position(|tier| std::ptr::eq(tier, self.tier))
            .map_or(1, |at| at + 1)
    }

    pub(crate) fn templates(&self, class: Class) -> Vec<Template> {
        let first = self.id * 1_000 + if class == Class::Man { 100 } else { 200 };
        let scenes = (first..).zip(0..self.tier.images);
        scenes
            .map(|(id, scene)| Template {
                id,
                pack: *self,
                class,
                scene,
            })
            .collect()
    }

    /// Renders the pack for a list.
    pub(crate) fn brief(&self, base_url: &str) -> Value {
        let per_class = |value: Value| {
            Map::from_iter(Class::ALL.map(|class| (class.name().to_owned(), value.clone())))
        };
        json!({
            "id": self.id, "base_tune_id": 1_504_944, "user_id": 1, "slug": self.slug(), "title": self.title(),
            "token": "ohwx", "multiplier": 10, "model_type": "lora", "cover_url": self.url(base_url, "cover"),
            "created_at": CREATED_AT, "updated_at": CREATED_AT, "public_at": CREATED_AT, "unlisted_at": null,
            "costs": per_class(json!({"cost": self.tier.cost, "num_images": self.tier.images})),
            "cost_mc_hash": per_class(json!(self.tier.cost * 1_000)),
        })
    }

    pub(crate) fn wire(&self, base_url: &str) -> Value {
        let prompts = |class: Class| -> Value {
            let example = |template: &Template| {
                let place = format!("{}/{}", class.name(), template.scene);
                json!({"id": template.id, "images": [self.url(base_url, &place)]})
            };
            self.templates(class).iter().map(example).collect()
        };
        let mut pack = self.brief(base_url);
        pack["logo"] = Value::Null;
        pack["prompts_per_class"] = Value::from(Map::from_iter(
            Class::ALL.map(|class| (class.name().to_owned(), prompts(class))),
        ));
        pack
    }

    fn url(&self, base_url: &str, place: &str) -> String {
        format!("{base_url}/astria/media/packs/{}/{place}", self.id)
    }
}

impl Template {
    /// Fills `{{eye_color}}` and other placeholders with the known characteristics.
    pub(crate) fn text(&self, characteristics: &Map<String, Value>) -> String {
        let known = |name: &str| {
            characteristics
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let mut parts = vec![format!("portrait of ohwx {}", self.class.name())];
        parts.extend(
            ["age", "eye_color", "hair_color", "hair_length"]
                .into_iter()
                .filter_map(known)
                .map(str::to_owned),
        );
        parts.push(self.pack.base.scenes[self.scene].to_owned());
        parts.join(", ")
    }

    /// Returns the colours of the background.
    pub(crate) fn backdrop(&self) -> (Colour, Colour) {
        let hue = self.pack.hue() + self.scene as f32 * 23.0;
        let dark = if self.pack.base.hue > 180.0 {
            0.32
        } else {
            0.62
        };
        (hsv(hue, 0.5, dark), hsv(hue + 40.0, 0.35, dark + 0.3))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn packs_exist_in_every_size() {
        let slugs: Vec<_> = all().map(|pack| pack.slug()).collect();
        assert_eq!(slugs.len(), 6);
        for tier in ["lite", "standard", "premium"] {
            let bases: HashSet<_> = slugs
                .iter()
                .filter_map(|slug| slug.strip_suffix(&format!("-{tier}")))
                .collect();
            assert_eq!(bases, HashSet::from(["city-evening", "quiet-studio"]));
        }
    }

    #[test]
    fn ids_are_recognized() {
        let templates: Vec<_> = all()
            .flat_map(|pack| Class::ALL.map(|class| pack.templates(class)))
            .flatten()
            .collect();
        assert_eq!(templates.len(), 2 * 2 * (4 + 8 + 12));
        assert_eq!(
            templates
                .iter()
                .map(|template| template.id)
                .collect::<HashSet<_>>()
                .len(),
            templates.len()
        );
        assert_eq!(
            template(templates[9].id).map(|found| found.id),
            Some(templates[9].id)
        );
        assert_eq!(
            find("quiet-studio-lite").map(|pack| pack.id),
            find("1404").map(|pack| pack.id)
        );
    }

    #[test]
    fn known_characteristics_are_in_the_prompt() {
        let template = find("city-evening-lite").unwrap().templates(Class::Woman)[1];
        let known = json!({"eye_color": "blue eyes", "hair_color": "", "age": 7});
        let text = template.text(known.as_object().unwrap());
        assert_eq!(
            text,
            "portrait of ohwx woman, blue eyes, under street lamps"
        );
    }
}
