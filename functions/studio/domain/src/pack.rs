//! Packs: the styles that a person picks from, as Astria lists them, by tier.

use std::collections::BTreeMap;

use confab_core::Money;
use serde::{Deserialize, Serialize};

use crate::Class;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Lite,
    Standard,
    Premium,
}

impl Tier {
    pub const ALL: [Self; 3] = [Self::Lite, Self::Standard, Self::Premium];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Standard => "standard",
            Self::Premium => "premium",
        }
    }

    /// What the price list calls it.
    pub fn item(self) -> String {
        format!("studio.{}", self.name())
    }

    /// The tier that a slug names, and the slug without it.
    fn of(slug: &str) -> Option<(Self, String)> {
        let tier = Self::ALL
            .into_iter()
            .find(|tier| slug.split('-').any(|word| word == tier.name()))?;
        let base: Vec<_> = slug
            .split('-')
            .filter(|word| *word != tier.name())
            .collect();
        Some((tier, base.join("-")))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    pub id: i64,
    pub slug: String,
    pub title: String,
    /// How many photos it makes of each class.
    #[serde(default)]
    pub images: BTreeMap<Class, u32>,
    /// A picture with an example of each photo, where it was made.
    #[serde(default)]
    pub sheets: BTreeMap<Class, String>,
}

/// What there is to choose from, and what it costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    pub packs: Vec<Pack>,
    pub prices: BTreeMap<Tier, Money>,
}

impl Shelf {
    pub fn pack(&self, id: i64) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    /// The packs of a tier for somebody of a class, by title. A tier without a price is not for sale.
    pub fn of(&self, tier: Tier, class: Class) -> Vec<&Pack> {
        if !self.prices.contains_key(&tier) {
            return Vec::new();
        }
        let fits = |pack: &&Pack| pack.tier() == Some(tier) && pack.images.contains_key(&class);
        let mut packs: Vec<_> = self.packs.iter().filter(fits).collect();
        packs.sort_by(|a, b| a.title.cmp(&b.title).then(a.id.cmp(&b.id)));
        packs
    }

    pub fn tiers(&self, class: Class) -> Vec<Tier> {
        Tier::ALL
            .into_iter()
            .filter(|tier| !self.of(*tier, class).is_empty())
            .collect()
    }

    /// The same style in another tier.
    pub fn in_tier(&self, pack: &Pack, tier: Tier) -> Option<&Pack> {
        let (_, base) = Tier::of(&pack.slug)?;
        self.packs
            .iter()
            .find(|other| Tier::of(&other.slug) == Some((tier, base.clone())))
    }
}

impl Pack {
    pub fn tier(&self) -> Option<Tier> {
        Tier::of(&self.slug).map(|(tier, _)| tier)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use confab_core::Currency;

    pub(crate) fn pack(id: i64, slug: &str, title: &str) -> Pack {
        let images = Class::ALL.map(|class| (class, 4)).into();
        Pack {
            id,
            slug: slug.into(),
            title: title.into(),
            images,
            sheets: BTreeMap::new(),
        }
    }

    pub(crate) fn shelf() -> Shelf {
        let price = |minor| Money::new(minor, Currency::Usd);
        Shelf {
            packs: vec![
                pack(1, "portraits-lite", "Portraits"),
                pack(2, "portraits-standard", "Portraits"),
                pack(3, "beach-lite", "Beach"),
                pack(4, "unlisted", "Nobody's"),
            ],
            prices: [(Tier::Lite, price(1_900)), (Tier::Standard, price(2_900))].into(),
        }
    }

    #[test]
    fn packs_are_found_by_the_tier_in_their_slug() {
        let shelf = shelf();
        let ids = |tier| {
            shelf
                .of(tier, Class::Woman)
                .iter()
                .map(|pack| pack.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(Tier::Lite), ids(Tier::Standard), ids(Tier::Premium)),
            (vec![3, 1], vec![2], vec![])
        );
        assert_eq!(shelf.tiers(Class::Man), [Tier::Lite, Tier::Standard]);
        let portraits = shelf.pack(1).unwrap();
        assert_eq!(
            shelf.in_tier(portraits, Tier::Standard).map(|pack| pack.id),
            Some(2)
        );
        assert_eq!(shelf.in_tier(portraits, Tier::Premium), None);
    }

    #[test]
    fn a_tier_without_a_price_and_a_pack_without_the_class_are_not_for_sale() {
        let mut shelf = shelf();
        shelf.prices.remove(&Tier::Standard);
        shelf.packs[0].images.remove(&Class::Man);
        assert_eq!(shelf.tiers(Class::Man), [Tier::Lite]);
        assert_eq!(shelf.of(Tier::Lite, Class::Man).len(), 1);
    }
}
