//! Photos of a person: which are good to learn from, and what they say of the person together.

use std::collections::BTreeMap;

use confab_core::{PhotoId, Timestamp};
use serde::{Deserialize, Serialize};

/// A model learns a person from so many photos.
pub(crate) const ENOUGH: usize = 10;
/// More do not make it better.
pub(crate) const MOST: usize = 20;
/// Photos that came and were not good are remembered up to here, so that the same one is not judged twice.
pub(crate) const MOST_SEEN: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    pub id: PhotoId,
    /// The person's message that brought it: reactions go there.
    pub message_id: String,
    pub came_at: Timestamp,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Verdict {
    /// It is being fetched and looked at.
    Awaited,
    Good {
        /// Where it lies.
        object: String,
        /// Of the picture as it came: the same picture is not taken twice.
        digest: String,
        class: Option<Class>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        traits: BTreeMap<String, String>,
    },
    Bad {
        why: Fault,
    },
}

/// What a model is trained as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Man,
    Woman,
}

impl Class {
    pub const ALL: [Self; 2] = [Self::Man, Self::Woman];

    pub fn name(self) -> &'static str {
        match self {
            Self::Man => "man",
            Self::Woman => "woman",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// Why a photo is not good to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Nobody,
    FunnyFace,
    Blurry,
    Sunglasses,
    SeveralPeople,
    Hat,
    /// The same picture again.
    Twice,
    TooSmall,
    TooLarge,
    /// No picture, or none of a kind that we read.
    Unreadable,
    /// The provider does not have it any more.
    Gone,
}

impl Fault {
    pub const ALL: [Self; 11] = [
        Self::Nobody,
        Self::FunnyFace,
        Self::Blurry,
        Self::Sunglasses,
        Self::SeveralPeople,
        Self::Hat,
        Self::Twice,
        Self::TooSmall,
        Self::TooLarge,
        Self::Unreadable,
        Self::Gone,
    ];
}

/// What an inspection saw in a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Whom it took it for: empty for nobody.
    pub name: Option<String>,
    pub funny_face: bool,
    pub blurry: bool,
    pub wearing_sunglasses: bool,
    pub includes_multiple_people: bool,
    pub wearing_hat: bool,
    pub traits: BTreeMap<String, String>,
}

impl Seen {
    /// The first that is wrong with it, in the order in which people can do something about it.
    pub fn fault(&self) -> Option<Fault> {
        let faults = [
            (self.name.as_deref() == Some(""), Fault::Nobody),
            (self.funny_face, Fault::FunnyFace),
            (self.blurry, Fault::Blurry),
            (self.wearing_sunglasses, Fault::Sunglasses),
            (self.includes_multiple_people, Fault::SeveralPeople),
            (self.wearing_hat, Fault::Hat),
        ];
        faults
            .into_iter()
            .find_map(|(is_so, fault)| is_so.then_some(fault))
    }
}

impl Verdict {
    pub fn of(seen: Seen, object: String, digest: String) -> Self {
        match seen.fault() {
            Some(why) => Self::Bad { why },
            None => {
                let class = seen.name.as_deref().and_then(Class::from_name);
                Self::Good {
                    object,
                    digest,
                    class,
                    traits: seen.traits,
                }
            }
        }
    }
}

/// All photos of one visit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Photos(pub Vec<Photo>);

impl Photos {
    pub fn good(&self) -> impl Iterator<Item = &Photo> {
        self.0
            .iter()
            .filter(|photo| matches!(photo.verdict, Verdict::Good { .. }))
    }

    pub fn objects(&self) -> Vec<String> {
        let object = |photo: &Photo| match &photo.verdict {
            Verdict::Good { object, .. } => Some(object.clone()),
            _ => None,
        };
        self.0.iter().filter_map(object).collect()
    }

    pub fn awaited(&self) -> usize {
        self.0
            .iter()
            .filter(|photo| photo.verdict == Verdict::Awaited)
            .count()
    }

    pub fn faults(&self) -> BTreeMap<Fault, usize> {
        let mut faults = BTreeMap::new();
        for photo in &self.0 {
            if let Verdict::Bad { why } = photo.verdict {
                *faults.entry(why).or_default() += 1;
            }
        }
        faults
    }

    /// A photo that nobody has looked at for so long does not hold up the others.
    pub fn awaited_since(&self, at: Timestamp) -> usize {
        self.0
            .iter()
            .filter(|photo| photo.verdict == Verdict::Awaited && photo.came_at >= at)
            .count()
    }

    /// What is too old to be there when it is needed.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.0.retain(|photo| photo.came_at > at);
    }

    pub fn has_room(&self) -> bool {
        self.good().count() + self.awaited() < MOST && self.0.len() < MOST_SEEN
    }

    pub fn are_enough(&self) -> bool {
        self.good().count() >= ENOUGH
    }

    /// Takes what was found of a photo. None when it is known already, or not ours. A picture that is here already is not
    /// good a second time.
    pub fn judge(&mut self, id: PhotoId, verdict: Verdict) -> Option<&Photo> {
        let is_here = match &verdict {
            Verdict::Good { digest, .. } => self
                .good()
                .any(|photo| matches!(&photo.verdict, Verdict::Good { digest: other, .. } if other == digest)),
            _ => false,
        };
        let photo = self
            .0
            .iter_mut()
            .find(|photo| photo.id == id && photo.verdict == Verdict::Awaited)?;
        photo.verdict = if is_here {
            Verdict::Bad { why: Fault::Twice }
        } else {
            verdict
        };
        Some(photo)
    }

    /// The first good photo says it, as long as the person does not.
    pub fn class(&self) -> Option<Class> {
        self.good().find_map(|photo| match &photo.verdict {
            Verdict::Good { class, .. } => *class,
            _ => None,
        })
    }

    /// Of each trait what most photos say, if at least half of them say anything of it.
    pub fn traits(&self) -> BTreeMap<String, String> {
        let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for photo in self.good() {
            if let Verdict::Good { traits, .. } = &photo.verdict {
                for (key, value) in traits {
                    *votes.entry(key).or_default().entry(value).or_default() += 1;
                }
            }
        }
        let half = self.good().count().div_ceil(2);
        let said = votes
            .into_iter()
            .filter(|(_, values)| values.values().sum::<usize>() >= half);
        // Of two that are as common the one that comes first in the alphabet, so that the answer is always the same.
        let most = said.filter_map(|(key, values)| {
            let (value, _) = values.into_iter().rev().max_by_key(|(_, votes)| *votes)?;
            Some((key.to_owned(), value.to_owned()))
        });
        most.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> PhotoId {
        PhotoId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
    }

    fn awaited(number: u8) -> Photo {
        let (message_id, came_at) = (format!("wamid.{number}"), Timestamp::UNIX_EPOCH);
        Photo {
            id: id(number),
            message_id,
            came_at,
            verdict: Verdict::Awaited,
        }
    }

    fn seen(traits: &[(&str, &str)]) -> Seen {
        let traits = traits
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Seen {
            name: Some("woman".into()),
            traits,
            ..Seen::default()
        }
    }

    fn photos(of: &[&[(&str, &str)]]) -> Photos {
        let mut photos = Photos(
            (0..of.len())
                .map(|number| awaited(u8::try_from(number).unwrap()))
                .collect(),
        );
        for (number, traits) in of.iter().enumerate() {
            let verdict = Verdict::of(seen(traits), format!("o{number}"), format!("d{number}"));
            photos
                .judge(id(u8::try_from(number).unwrap()), verdict)
                .unwrap();
        }
        photos
    }

    #[test]
    fn the_first_fault_in_the_order_is_the_one_that_is_told() {
        let all = Seen {
            name: Some(String::new()),
            funny_face: true,
            blurry: true,
            wearing_sunglasses: true,
            includes_multiple_people: true,
            wearing_hat: true,
            ..Seen::default()
        };
        assert_eq!(all.fault(), Some(Fault::Nobody));
        let somebody = Seen { name: None, ..all };
        assert_eq!(somebody.fault(), Some(Fault::FunnyFace));
        let hat = Seen {
            wearing_hat: true,
            includes_multiple_people: true,
            ..Seen::default()
        };
        assert_eq!(hat.fault(), Some(Fault::SeveralPeople));
        assert_eq!(Seen::default().fault(), None);
    }

    #[test]
    fn the_same_picture_is_good_once_and_a_verdict_counts_once() {
        let mut photos = Photos(vec![awaited(1), awaited(2)]);
        let good = || Verdict::of(seen(&[]), "o".into(), "same".into());
        assert!(photos.judge(id(1), good()).is_some());
        assert!(
            photos
                .judge(id(1), Verdict::Bad { why: Fault::Blurry })
                .is_none(),
            "it was judged"
        );
        assert_eq!(
            photos.judge(id(2), good()).unwrap().verdict,
            Verdict::Bad { why: Fault::Twice }
        );
        assert!(photos.judge(id(9), good()).is_none(), "nobody sent it");
        assert_eq!(
            (photos.good().count(), photos.awaited(), photos.class()),
            (1, 0, Some(Class::Woman))
        );
        assert_eq!(photos.faults(), [(Fault::Twice, 1)].into());
    }

    #[test]
    fn most_photos_say_what_a_person_is_like_if_half_of_them_say_anything() {
        let photos = photos(&[
            &[("eye_color", "brown"), ("glasses", "none")],
            &[("eye_color", "green"), ("age", "30")],
            &[("eye_color", "brown")],
            &[("age", "20")],
        ]);
        let expected = [("age", "20"), ("eye_color", "brown")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(photos.traits(), expected.into());
    }

    #[test]
    fn a_flood_of_photos_has_an_end() {
        let full = Photos((0..20).map(awaited).collect());
        assert!(!full.has_room());
        let mut all_bad = Photos((0..100).map(awaited).collect());
        for number in 0..100 {
            all_bad.judge(id(number), Verdict::Bad { why: Fault::Blurry });
        }
        assert!(!all_bad.has_room() && !all_bad.are_enough());
    }
}
