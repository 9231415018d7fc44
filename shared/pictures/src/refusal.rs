//! Why a picture is refused.

use crate::{Kind, Size};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the file is empty")]
    Empty,
    /// A recognized kind that is not supported here; re-sent as JPEG, it would be.
    #[error("{0} files are not supported")]
    OtherKind(Kind),
    #[error("the file is not a known kind of picture")]
    UnknownKind,
    /// Truncated, corrupt or malicious.
    #[error("the file cannot be read")]
    Unreadable,
    /// More than any camera produces or memory allows.
    #[error("{0} pixels is too large")]
    TooManyPixels(Size),
    #[error("{0} pixels is too small")]
    TooSmall(Size),
}
