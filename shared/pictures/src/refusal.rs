//! Why a stranger's picture is not taken.

use crate::{Kind, Size};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the file is empty")]
    Empty,
    /// It is known what it is, but it is not read here. The same picture sent as a JPEG would be.
    #[error("the file is {0}")]
    OtherKind(Kind),
    #[error("the file is of no known kind")]
    UnknownKind,
    /// Cut off, broken, or made to do harm.
    #[error("the file cannot be read")]
    Unreadable,
    /// More than anybody's camera makes, or more than there is memory for.
    #[error("{0} pixels are too many")]
    TooManyPixels(Size),
    #[error("{0} pixels are too few")]
    TooSmall(Size),
}
