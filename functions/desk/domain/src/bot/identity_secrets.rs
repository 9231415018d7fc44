//! Generations of the secret with which a site's server signs identity tokens. The secret itself is derived from its
//! generation and stored nowhere.

use std::time::Duration;

use confab_core::{Error, Result, Timestamp, after};
use serde::{Deserialize, Serialize};

/// How long a secret is valid after a new one has taken its place: servers need time to change.
pub const IDENTITY_SECRET_OVERLAP: Duration = Duration::from_secs(24 * 3_600);
/// Secrets that may be valid beside the current one.
const MAX_RETIRED_SECRETS: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RetiredGeneration {
    generation: u32,
    valid_until: Timestamp,
}

/// The generation that is current, and those with which servers may still sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentitySecrets {
    pub generation: u32,
    #[serde(default)]
    retired: Vec<RetiredGeneration>,
    pub version: u64,
}

impl IdentitySecrets {
    /// Makes the next generation current. The first one has no predecessor.
    pub fn rotate(current: Option<&Self>, now: Timestamp) -> Result<Self> {
        let Some(current) = current else {
            return Ok(Self {
                generation: 1,
                retired: Vec::new(),
                version: 1,
            });
        };
        let mut retired = current.retired.clone();
        retired.retain(|retired| now < retired.valid_until);
        if retired.len() >= MAX_RETIRED_SECRETS {
            let message = "The secret has been rotated three times today. Try again tomorrow.";
            return Err(Error::conflict("too_many_rotations", message));
        }
        retired.push(RetiredGeneration {
            generation: current.generation,
            valid_until: after(now, IDENTITY_SECRET_OVERLAP),
        });
        Ok(Self {
            generation: current.generation + 1,
            retired,
            version: current.version + 1,
        })
    }

    /// Returns the generations with which a token may be signed now, the current one first.
    pub fn valid_generations(&self, now: Timestamp) -> Vec<u32> {
        let retired = self.retired.iter().rev();
        let valid = retired.filter(|retired| now < retired.valid_until);
        [self.generation]
            .into_iter()
            .chain(valid.map(|retired| retired.generation))
            .collect()
    }

    /// Returns when the predecessor of the current secret ends.
    pub fn previous_valid_until(&self) -> Option<Timestamp> {
        self.retired.last().map(|retired| retired.valid_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn predecessor_is_valid_for_a_day() {
        let first = IdentitySecrets::rotate(None, at(0)).unwrap();
        assert_eq!(first.valid_generations(at(1_000_000)), [1]);
        assert_eq!(first.previous_valid_until(), None);
        let second = IdentitySecrets::rotate(Some(&first), at(100)).unwrap();
        assert_eq!((second.generation, second.version), (2, 2));
        assert_eq!(second.previous_valid_until(), Some(at(86_500)));
        assert_eq!(second.valid_generations(at(86_499)), [2, 1]);
        assert_eq!(second.valid_generations(at(86_500)), [2]);
    }

    #[test]
    fn secrets_are_rotated_at_most_three_times_a_day() {
        let mut secrets = IdentitySecrets::rotate(None, at(0)).unwrap();
        for second in [10, 20, 30] {
            secrets = IdentitySecrets::rotate(Some(&secrets), at(second)).unwrap();
        }
        assert_eq!(secrets.valid_generations(at(30)), [4, 3, 2, 1]);
        let refused = IdentitySecrets::rotate(Some(&secrets), at(40)).unwrap_err();
        assert_eq!(refused.code(), "too_many_rotations");
        let later = IdentitySecrets::rotate(Some(&secrets), at(86_410)).unwrap();
        assert_eq!(later.valid_generations(at(86_410)), [5, 4, 3, 2]);
    }
}
