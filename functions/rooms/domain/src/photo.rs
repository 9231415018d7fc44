//! The analysis of a photo, and the rooms whose photos are similar.

use confab_core::{PhotoId, Private, Timestamp, UserId};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::RoomCode;

/// Steps of an analysis: decode, moderate, caption.
pub const STEPS: u8 = 3;
/// Photos whose perceptual hashes differ in at most this many of 64 bits show the same scene.
const MAX_HASH_DISTANCE_BITS: u32 = 10;
/// Photos whose embeddings are at most this cosine distance apart have the same subject.
const MAX_EMBEDDING_DISTANCE: f32 = 0.3;
const MAX_SIMILAR_ROOMS: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoAnalysis {
    pub photo_id: PhotoId,
    /// `None`: uploaded without a session, readable by everyone who knows the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    pub state: AnalysisState,
    /// The time of the last write, by which a claim expires.
    #[serde(default)]
    pub touched_at: Timestamp,
    pub step: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<PhotoRefusal>,
    /// When the photo and its analysis expire.
    pub until: Timestamp,
    #[serde(default, rename = "found", skip_serializing_if = "Option::is_none")]
    pub findings: Option<PhotoFindings>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "contract", ts(rename = "State"))]
#[cfg_attr(feature = "contract", schema(as = State))]
pub enum AnalysisState {
    #[serde(rename = "waiting")]
    AwaitingUpload,
    #[serde(rename = "looking")]
    Analyzing,
    Done,
    Refused,
}

/// Why a photo is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "contract", ts(rename = "NotShown"))]
#[cfg_attr(feature = "contract", schema(as = NotShown))]
pub enum PhotoRefusal {
    NotAPicture,
    TooLarge,
    TooSmall,
    NotAllowed,
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoFindings {
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
    pub caption: Caption,
    pub suggestions: Vec<Suggestion>,
    #[serde(rename = "traits")]
    pub features: PhotoFeatures,
    /// Rooms that were recent when the photo was analyzed, most similar first.
    #[serde(default)]
    pub similar: Vec<(RoomCode, Similarity)>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Caption {
    pub title: String,
    pub category: String,
    pub visible_text: Private<String>,
    pub caption: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
pub struct Suggestion {
    pub name: String,
    pub key: String,
    pub description: String,
}

/// Features by which two photos are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoFeatures {
    /// SHA-256 of the file.
    pub digest: String,
    #[serde(rename = "likeness")]
    pub perceptual_hash: u64,
    #[serde(rename = "meaning")]
    pub embedding: Embedding,
}

/// An embedding of the caption, quantized to one byte a dimension.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Embedding(Vec<i8>);

impl Embedding {
    pub fn of(vector: &[f32]) -> Self {
        let largest = vector
            .iter()
            .fold(0.0_f32, |largest, part| largest.max(part.abs()));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is between -127 and 127"
        )]
        let quantize = |part: &f32| {
            if largest > 0.0 {
                (part / largest * 127.0).round() as i8
            } else {
                0
            }
        };
        Self(vector.iter().map(quantize).collect())
    }

    /// Returns the cosine distance; an empty embedding is far from all others.
    fn distance(&self, other: &Self) -> f32 {
        let dot = |one: &Self, other: &Self| -> f32 {
            one.0
                .iter()
                .zip(&other.0)
                .map(|(a, b)| f32::from(*a) * f32::from(*b))
                .sum()
        };
        let lengths = (dot(self, self) * dot(other, other)).sqrt();
        if self.0.len() == other.0.len() && lengths > 0.0 {
            1.0 - dot(self, other) / lengths
        } else {
            2.0
        }
    }
}

/// Why a room is similar to a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[cfg_attr(feature = "contract", ts(rename = "Why"))]
#[cfg_attr(feature = "contract", schema(as = Why))]
pub enum Similarity {
    #[serde(rename = "the same photo")]
    SamePhoto,
    #[serde(rename = "a similar photo")]
    SimilarPhoto,
    #[serde(rename = "about the same")]
    SameSubject,
}

/// Returns the most similar rooms, most similar first.
pub fn find_similar_rooms(
    of: &PhotoFeatures,
    rooms: &[(RoomCode, PhotoFeatures)],
) -> Vec<(RoomCode, Similarity)> {
    let compare = |other: &PhotoFeatures| {
        let distance = of.embedding.distance(&other.embedding);
        if of.digest == other.digest {
            Some((Similarity::SamePhoto, 0.0))
        } else if (of.perceptual_hash ^ other.perceptual_hash).count_ones()
            <= MAX_HASH_DISTANCE_BITS
        {
            Some((Similarity::SimilarPhoto, distance))
        } else if distance <= MAX_EMBEDDING_DISTANCE {
            Some((Similarity::SameSubject, distance))
        } else {
            None
        }
    };
    let mut found: Vec<_> = rooms
        .iter()
        .filter_map(|(code, features)| {
            compare(features).map(|(similarity, distance)| (*code, similarity, distance))
        })
        .collect();
    found.sort_by(|one, other| one.1.cmp(&other.1).then(one.2.total_cmp(&other.2)));
    found
        .into_iter()
        .take(MAX_SIMILAR_ROOMS)
        .map(|(code, similarity, _)| (code, similarity))
        .collect()
}

/// A photo to analyze. Each version is a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PhotoJob {
    #[serde(rename = "1")]
    V1 { photo: PhotoId },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(digest: &str, perceptual_hash: u64, embedding: &[f32]) -> PhotoFeatures {
        PhotoFeatures {
            digest: digest.into(),
            perceptual_hash,
            embedding: Embedding::of(embedding),
        }
    }

    #[test]
    fn the_most_similar_rooms_come_first() {
        let code = |number: u8| RoomCode::new(&move || [number; 10]);
        let mine = features("d", 0, &[1.0, 0.0, 0.2]);
        let rooms = [
            (code(1), features("x", u64::MAX, &[0.9, 0.1, 0.2])),
            (code(2), features("y", u64::MAX, &[0.0, 1.0, 0.0])),
            (code(3), features("z", 0b111, &[0.0, 1.0, 0.0])),
            (code(4), features("d", u64::MAX, &[0.0, 1.0, 0.0])),
            (code(5), features("x", u64::MAX, &[1.0, 0.0, 0.21])),
        ];
        let expected = [
            (code(4), Similarity::SamePhoto),
            (code(3), Similarity::SimilarPhoto),
            (code(5), Similarity::SameSubject),
            (code(1), Similarity::SameSubject),
        ];
        assert_eq!(find_similar_rooms(&mine, &rooms), expected);
    }

    #[test]
    fn an_empty_embedding_is_similar_to_nothing() {
        let nothing = features("a", u64::MAX, &[]);
        assert_eq!(
            find_similar_rooms(
                &nothing,
                &[(RoomCode::new(&|| [1; 10]), features("b", 0, &[]))]
            ),
            []
        );
        assert_eq!(
            Embedding::of(&[0.0, 0.0]).distance(&Embedding::of(&[0.0, 0.0])),
            2.0
        );
    }
}
