//! Pictures from strangers: read within bounds, upright, made small, compared, put on contact sheets. No I/O.
//!
//! A [`Picture`] has pixels and nothing else. What else was in the file, such as where it was taken, ends in
//! [`Picture::read`]. Colours are taken as sRGB: one of a wider gamut looks a little paler than on the phone it is from.

mod bounds;
mod decode;
mod kind;
mod light;
mod likeness;
mod picture;
mod refusal;
mod resize;
#[cfg(test)]
mod samples;
mod sheet;
mod size;

pub use bounds::{LONGEST_SIDE, MOST_PIXELS};
pub use kind::Kind;
pub use likeness::Likeness;
pub use picture::{LARGEST_KEPT, Picture, Wanted};
pub use refusal::Refusal;
pub use sheet::contact_sheet;
pub use size::Size;
