//! Selfies: which are accepted for training, and what they tell about the user together.

use std::collections::BTreeMap;

use confab_core::{PhotoId, Timestamp};
use serde::{Deserialize, Serialize};

/// Accepted selfies that a model needs.
pub(crate) const MIN_SELFIES: usize = 10;
/// Maximum accepted selfies: more do not improve a model.
pub(crate) const MAX_SELFIES: usize = 20;
/// Maximum photos of an album, rejected ones included.
pub(crate) const MAX_PHOTOS: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    pub id: PhotoId,
    /// The message that brought the photo: reactions go there.
    pub message_id: String,
    #[serde(rename = "came_at")]
    pub received_at: Timestamp,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is")]
pub enum Verdict {
    /// The review is not finished.
    #[serde(rename = "awaited")]
    Pending,
    #[serde(rename = "good")]
    Accepted {
        /// The object's key in the bucket.
        object: String,
        /// SHA-256 of the file as it was received, to find duplicates.
        digest: String,
        class: Option<Class>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        traits: BTreeMap<String, String>,
    },
    #[serde(rename = "bad")]
    Rejected {
        #[serde(rename = "why")]
        reason: RejectionReason,
    },
}

/// The class that a model is trained as.
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

/// Why a photo is not accepted as a selfie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    #[serde(rename = "nobody")]
    NoFace,
    FunnyFace,
    Blurry,
    Sunglasses,
    #[serde(rename = "several_people")]
    MultiplePeople,
    Hat,
    /// The same file was accepted before.
    #[serde(rename = "twice")]
    Duplicate,
    /// Shorter side below 400 pixels.
    TooSmall,
    /// Too many bytes or pixels to decode.
    TooLarge,
    /// Not an image, or of a format that is not read.
    Unreadable,
    /// The provider no longer has the file, or reviews kept failing.
    #[serde(rename = "gone")]
    Expired,
}

impl RejectionReason {
    pub const ALL: [Self; 11] = [
        Self::NoFace,
        Self::FunnyFace,
        Self::Blurry,
        Self::Sunglasses,
        Self::MultiplePeople,
        Self::Hat,
        Self::Duplicate,
        Self::TooSmall,
        Self::TooLarge,
        Self::Unreadable,
        Self::Expired,
    ];
}

/// What Astria's inspection found in a photo.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhotoInspection {
    /// The detected class; empty when no face was found.
    pub name: Option<String>,
    pub funny_face: bool,
    pub blurry: bool,
    pub wearing_sunglasses: bool,
    pub includes_multiple_people: bool,
    pub wearing_hat: bool,
    pub traits: BTreeMap<String, String>,
}

impl PhotoInspection {
    /// Returns the first reason to reject the photo, in the order in which users can do something
    /// about it.
    pub fn rejection_reason(&self) -> Option<RejectionReason> {
        let checks = [
            (self.name.as_deref() == Some(""), RejectionReason::NoFace),
            (self.funny_face, RejectionReason::FunnyFace),
            (self.blurry, RejectionReason::Blurry),
            (self.wearing_sunglasses, RejectionReason::Sunglasses),
            (
                self.includes_multiple_people,
                RejectionReason::MultiplePeople,
            ),
            (self.wearing_hat, RejectionReason::Hat),
        ];
        let failed = checks.into_iter().find(|(is_failed, _)| *is_failed);
        failed.map(|(_, reason)| reason)
    }
}

impl Verdict {
    pub fn from_inspection(inspection: PhotoInspection, object: String, digest: String) -> Self {
        if let Some(reason) = inspection.rejection_reason() {
            return Self::Rejected { reason };
        }
        Self::Accepted {
            object,
            digest,
            class: inspection.name.as_deref().and_then(Class::from_name),
            traits: inspection.traits,
        }
    }

    fn digest(&self) -> Option<&str> {
        match self {
            Self::Accepted { digest, .. } => Some(digest),
            _ => None,
        }
    }
}

/// The photos of one album.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Photos(pub Vec<Photo>);

impl Photos {
    pub fn accepted(&self) -> impl Iterator<Item = &Photo> {
        self.0
            .iter()
            .filter(|photo| matches!(photo.verdict, Verdict::Accepted { .. }))
    }

    /// Returns the keys of accepted photos in the bucket.
    pub fn object_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for photo in &self.0 {
            if let Verdict::Accepted { object, .. } = &photo.verdict {
                keys.push(object.clone());
            }
        }
        keys
    }

    pub fn pending_count(&self) -> usize {
        self.pending_since(Timestamp::MIN)
    }

    /// Counts pending photos that were received at `since` or later.
    pub fn pending_since(&self, since: Timestamp) -> usize {
        self.0
            .iter()
            .filter(|photo| photo.verdict == Verdict::Pending && photo.received_at >= since)
            .count()
    }

    pub fn rejections(&self) -> BTreeMap<RejectionReason, usize> {
        let mut rejections = BTreeMap::new();
        for photo in &self.0 {
            if let Verdict::Rejected { reason } = photo.verdict {
                *rejections.entry(reason).or_default() += 1;
            }
        }
        rejections
    }

    pub fn remove_received_before(&mut self, cutoff: Timestamp) {
        self.0.retain(|photo| photo.received_at > cutoff);
    }

    pub fn has_room(&self) -> bool {
        self.accepted().count() + self.pending_count() < MAX_SELFIES && self.0.len() < MAX_PHOTOS
    }

    pub fn has_enough(&self) -> bool {
        self.accepted().count() >= MIN_SELFIES
    }

    /// Records a review once, and rejects a duplicate of an accepted photo. Returns `None` for an
    /// unknown or reviewed photo.
    pub fn record_verdict(&mut self, id: PhotoId, verdict: Verdict) -> Option<&Photo> {
        let is_duplicate = self.is_duplicate(&verdict);
        let photo = self
            .0
            .iter_mut()
            .find(|photo| photo.id == id && photo.verdict == Verdict::Pending)?;
        photo.verdict = if is_duplicate {
            Verdict::Rejected {
                reason: RejectionReason::Duplicate,
            }
        } else {
            verdict
        };
        Some(photo)
    }

    fn is_duplicate(&self, verdict: &Verdict) -> bool {
        let digest = verdict.digest();
        digest.is_some() && self.0.iter().any(|photo| photo.verdict.digest() == digest)
    }

    /// Returns the class of the first accepted photo in which one was detected.
    pub fn class(&self) -> Option<Class> {
        self.accepted().find_map(|photo| match &photo.verdict {
            Verdict::Accepted { class, .. } => *class,
            _ => None,
        })
    }

    /// Returns the most common value of each trait that at least half of the accepted photos have.
    pub fn traits(&self) -> BTreeMap<String, String> {
        let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for photo in self.accepted() {
            if let Verdict::Accepted { traits, .. } = &photo.verdict {
                for (key, value) in traits {
                    *votes.entry(key).or_default().entry(value).or_default() += 1;
                }
            }
        }
        let quorum = self.accepted().count().div_ceil(2);
        let mut traits = BTreeMap::new();
        for (key, values) in votes {
            if values.values().sum::<usize>() < quorum {
                continue;
            }
            // Reversed, because `max_by_key` takes the last of equals: ties go to the
            // alphabetically first value.
            if let Some((value, _)) = values.into_iter().rev().max_by_key(|(_, votes)| *votes) {
                traits.insert(key.to_owned(), value.to_owned());
            }
        }
        traits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> PhotoId {
        PhotoId::new(Timestamp::UNIX_EPOCH, &move || [number; 10])
    }

    fn pending(number: u8) -> Photo {
        let (message_id, received_at) = (format!("wamid.{number}"), Timestamp::UNIX_EPOCH);
        Photo {
            id: id(number),
            message_id,
            received_at,
            verdict: Verdict::Pending,
        }
    }

    fn inspection(traits: &[(&str, &str)]) -> PhotoInspection {
        let traits = traits
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        PhotoInspection {
            name: Some("woman".into()),
            traits,
            ..PhotoInspection::default()
        }
    }

    fn photos(of: &[&[(&str, &str)]]) -> Photos {
        let mut photos = Photos(
            (0..of.len())
                .map(|number| pending(u8::try_from(number).unwrap()))
                .collect(),
        );
        for (number, traits) in of.iter().enumerate() {
            let verdict = Verdict::from_inspection(
                inspection(traits),
                format!("o{number}"),
                format!("d{number}"),
            );
            photos
                .record_verdict(id(u8::try_from(number).unwrap()), verdict)
                .unwrap();
        }
        photos
    }

    #[test]
    fn rejection_names_the_first_reason_in_the_order_of_checks() {
        let all = PhotoInspection {
            name: Some(String::new()),
            funny_face: true,
            blurry: true,
            wearing_sunglasses: true,
            includes_multiple_people: true,
            wearing_hat: true,
            ..PhotoInspection::default()
        };
        assert_eq!(all.rejection_reason(), Some(RejectionReason::NoFace));
        let without_name = PhotoInspection { name: None, ..all };
        assert_eq!(
            without_name.rejection_reason(),
            Some(RejectionReason::FunnyFace)
        );
        let hat = PhotoInspection {
            wearing_hat: true,
            includes_multiple_people: true,
            ..PhotoInspection::default()
        };
        assert_eq!(
            hat.rejection_reason(),
            Some(RejectionReason::MultiplePeople)
        );
        assert_eq!(PhotoInspection::default().rejection_reason(), None);
    }

    #[test]
    fn duplicates_are_rejected_and_a_photo_is_reviewed_once() {
        let mut photos = Photos(vec![pending(1), pending(2)]);
        let accepted = || Verdict::from_inspection(inspection(&[]), "o".into(), "same".into());
        assert!(photos.record_verdict(id(1), accepted()).is_some());
        assert!(
            photos
                .record_verdict(
                    id(1),
                    Verdict::Rejected {
                        reason: RejectionReason::Blurry
                    }
                )
                .is_none(),
            "it was reviewed"
        );
        assert_eq!(
            photos.record_verdict(id(2), accepted()).unwrap().verdict,
            Verdict::Rejected {
                reason: RejectionReason::Duplicate
            }
        );
        assert!(
            photos.record_verdict(id(9), accepted()).is_none(),
            "no such photo"
        );
        assert_eq!(
            (
                photos.accepted().count(),
                photos.pending_count(),
                photos.class()
            ),
            (1, 0, Some(Class::Woman))
        );
        assert_eq!(
            photos.rejections(),
            [(RejectionReason::Duplicate, 1)].into()
        );
    }

    #[test]
    fn traits_are_the_most_common_values_that_half_of_the_photos_have() {
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
    fn album_is_full_at_20_selfies_or_100_photos() {
        let full = Photos((0..20).map(pending).collect());
        assert!(!full.has_room());
        let mut all_bad = Photos((0..100).map(pending).collect());
        for number in 0..100 {
            all_bad.record_verdict(
                id(number),
                Verdict::Rejected {
                    reason: RejectionReason::Blurry,
                },
            );
        }
        assert!(!all_bad.has_room() && !all_bad.has_enough());
    }
}
