//! Versions of the stored row. Every version that was ever stored stays readable.

use serde::{Deserialize, Serialize};

use super::row::Saga;

/// A carousel as it is stored.
///
/// A new field has a default and needs no version. A change that old rows cannot be read into
/// freezes the present row as a struct of the old variant, adds a variant, and an arm to `upcast`.
/// Rows of a later schema are an error, because an older function would lose what it cannot read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "schema")]
pub enum StoredSaga {
    #[serde(rename = "1")]
    V1(Box<Saga>),
}

impl StoredSaga {
    /// Returns the row in today's form.
    pub fn upcast(self) -> Saga {
        match self {
            Self::V1(saga) => *saga,
        }
    }
}

impl From<Saga> for StoredSaga {
    fn from(saga: Saga) -> Self {
        Self::V1(Box::new(saga))
    }
}
