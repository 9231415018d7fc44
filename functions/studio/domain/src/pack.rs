//! Packs: the styles that users choose from, as Astria lists them, by tier.

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

    /// Returns the tier's name in the price list.
    pub fn item(self) -> String {
        format!("studio.{}", self.name())
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
    /// Contact sheets with samples, by class: keys of objects.
    #[serde(default)]
    pub sheets: BTreeMap<Class, String>,
}

impl Pack {
    /// Returns the tier that is a word of the slug, such as `beach-lite`.
    pub fn tier(&self) -> Option<Tier> {
        Tier::ALL
            .into_iter()
            .find(|tier| self.slug.split('-').any(|word| word == tier.name()))
    }
}

/// Packs and prices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    pub packs: Vec<Pack>,
    pub prices: BTreeMap<Tier, Money>,
}

impl Catalog {
    pub fn pack(&self, id: i64) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    /// Returns the packs of a tier and class by title. A tier without a price is not for sale.
    pub fn packs_of(&self, tier: Tier, class: Class) -> Vec<&Pack> {
        if !self.prices.contains_key(&tier) {
            return Vec::new();
        }
        let mut packs: Vec<_> = self
            .packs
            .iter()
            .filter(|pack| pack.tier() == Some(tier) && pack.images.contains_key(&class))
            .collect();
        packs.sort_by(|a, b| a.title.cmp(&b.title).then(a.id.cmp(&b.id)));
        packs
    }

    /// Returns the tiers that have packs for a class.
    pub fn tiers(&self, class: Class) -> Vec<Tier> {
        Tier::ALL
            .into_iter()
            .filter(|tier| !self.packs_of(*tier, class).is_empty())
            .collect()
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

    pub(crate) fn catalog() -> Catalog {
        let price = |minor| Money::new(minor, Currency::Usd);
        Catalog {
            packs: vec![
                pack(1, "portraits-lite", "Portraits"),
                pack(2, "portraits-standard", "Portraits"),
                pack(3, "beach-lite", "Beach"),
                pack(4, "unlisted", "Unlisted"),
            ],
            prices: [(Tier::Lite, price(1_900)), (Tier::Standard, price(2_900))].into(),
        }
    }

    #[test]
    fn packs_are_found_by_the_tier_in_their_slug() {
        let catalog = catalog();
        let ids = |tier| {
            catalog
                .packs_of(tier, Class::Woman)
                .iter()
                .map(|pack| pack.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(Tier::Lite), ids(Tier::Standard), ids(Tier::Premium)),
            (vec![3, 1], vec![2], vec![])
        );
        assert_eq!(catalog.tiers(Class::Man), [Tier::Lite, Tier::Standard]);
    }

    #[test]
    fn tiers_without_a_price_and_packs_without_the_class_are_not_for_sale() {
        let mut catalog = catalog();
        catalog.prices.remove(&Tier::Standard);
        catalog.packs[0].images.remove(&Class::Man);
        assert_eq!(catalog.tiers(Class::Man), [Tier::Lite]);
        assert_eq!(catalog.packs_of(Tier::Lite, Class::Man).len(), 1);
    }
}
