//! A photo and what was found in it: how far that is, and which rooms are about the same.

use confab_core::{PhotoId, Private, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::RoomCode;

/// Looking at a photo: reading it, deciding whether it may be shown, and finding names.
pub const STEPS: u8 = 3;
/// A photo that differs in so few of its 64 signs is the same scene.
const NEAR: u32 = 10;
/// Of directions in the space of meanings.
const ABOUT_THE_SAME: f32 = 0.3;
const MOST_SIMILAR: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    pub photo_id: PhotoId,
    /// None: somebody without a session, who knows the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    pub state: State,
    /// When somebody last did something about it.
    #[serde(default)]
    pub touched_at: Timestamp,
    pub step: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<NotShown>,
    /// It is forgotten then, with all that is known of it.
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Waiting,
    Looking,
    Done,
    Refused,
}

/// Why a photo is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotShown {
    NotAPicture,
    TooLarge,
    TooSmall,
    NotAllowed,
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub width: u32,
    pub height: u32,
    pub thumbhash: String,
    pub caption: Caption,
    pub suggestions: Vec<Suggestion>,
    pub traits: Traits,
    /// Rooms that were open when it was looked at, the nearest first.
    #[serde(default)]
    pub similar: Vec<(RoomCode, Why)>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Caption {
    pub title: String,
    pub category: String,
    pub visible_text: Private<String>,
    pub caption: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Suggestion {
    pub name: String,
    pub key: String,
    pub description: String,
}

/// By what two photos are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traits {
    /// Of the file.
    pub digest: String,
    /// Of what it looks like.
    pub likeness: u64,
    /// Of what it is about.
    pub meaning: Meaning,
}

/// A direction in the space of meanings, each part of it in one byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Meaning(Vec<i8>);

impl Meaning {
    pub fn of(vector: &[f32]) -> Self {
        let largest = vector
            .iter()
            .fold(0.0_f32, |largest, part| largest.max(part.abs()));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is between -127 and 127"
        )]
        let part = |part: &f32| {
            if largest > 0.0 {
                (part / largest * 127.0).round() as i8
            } else {
                0
            }
        };
        Self(vector.iter().map(part).collect())
    }

    /// Nothing is near to what has no direction.
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

/// Why a room may be the one that somebody looks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
pub enum Why {
    #[serde(rename = "the same photo")]
    Same,
    #[serde(rename = "a similar photo")]
    LooksAlike,
    #[serde(rename = "about the same")]
    About,
}

/// The rooms that are nearest, the nearest first.
pub fn similar(of: &Traits, rooms: &[(RoomCode, Traits)]) -> Vec<(RoomCode, Why)> {
    let near = |other: &Traits| {
        let distance = of.meaning.distance(&other.meaning);
        if of.digest == other.digest {
            Some((Why::Same, 0.0))
        } else if (of.likeness ^ other.likeness).count_ones() <= NEAR {
            Some((Why::LooksAlike, distance))
        } else if distance <= ABOUT_THE_SAME {
            Some((Why::About, distance))
        } else {
            None
        }
    };
    let mut found: Vec<_> = rooms
        .iter()
        .filter_map(|(code, traits)| near(traits).map(|(why, distance)| (*code, why, distance)))
        .collect();
    found.sort_by(|one, other| one.1.cmp(&other.1).then(one.2.total_cmp(&other.2)));
    found
        .into_iter()
        .take(MOST_SIMILAR)
        .map(|(code, why, _)| (code, why))
        .collect()
}

/// A photo to look at. One version a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum PhotoJob {
    #[serde(rename = "1")]
    V1 { photo: PhotoId },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(digest: &str, likeness: u64, meaning: &[f32]) -> Traits {
        Traits {
            digest: digest.into(),
            likeness,
            meaning: Meaning::of(meaning),
        }
    }

    #[test]
    fn the_nearest_rooms_come_first_and_say_why() {
        let code = |number: u8| RoomCode::new(&move || [number; 10]);
        let mine = traits("d", 0, &[1.0, 0.0, 0.2]);
        let rooms = [
            (code(1), traits("x", u64::MAX, &[0.9, 0.1, 0.2])),
            (code(2), traits("y", u64::MAX, &[0.0, 1.0, 0.0])),
            (code(3), traits("z", 0b111, &[0.0, 1.0, 0.0])),
            (code(4), traits("d", u64::MAX, &[0.0, 1.0, 0.0])),
            (code(5), traits("x", u64::MAX, &[1.0, 0.0, 0.21])),
        ];
        let expected = [
            (code(4), Why::Same),
            (code(3), Why::LooksAlike),
            (code(5), Why::About),
            (code(1), Why::About),
        ];
        assert_eq!(similar(&mine, &rooms), expected);
    }

    #[test]
    fn what_has_no_direction_is_near_to_nothing() {
        let nothing = traits("a", u64::MAX, &[]);
        assert_eq!(
            similar(
                &nothing,
                &[(RoomCode::new(&|| [1; 10]), traits("b", 0, &[]))]
            ),
            []
        );
        assert_eq!(
            Meaning::of(&[0.0, 0.0]).distance(&Meaning::of(&[0.0, 0.0])),
            2.0
        );
    }
}
