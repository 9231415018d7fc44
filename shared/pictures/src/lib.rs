//! Decodes untrusted pictures within bounds, turns them upright, resizes, compares and tiles them.
//! No I/O.
//!
//! A [`Picture`] is pixels only: [`Picture::read`] drops metadata such as the GPS position. Colours
//! are taken as sRGB, so wide-gamut pictures look slightly paler.

mod bounds;
mod decode;
mod kind;
mod likeness;
mod luminance;
mod picture;
mod refusal;
mod resize;
#[cfg(test)]
mod samples;
mod sheet;
mod size;

pub use bounds::{MAX_PIXELS, MAX_SIDE_PIXELS};
pub use kind::Kind;
pub use likeness::Likeness;
pub use picture::{MAX_KEPT_SIDE_PIXELS, Picture, Wanted};
pub use refusal::Refusal;
pub use sheet::contact_sheet;
pub use size::Size;
