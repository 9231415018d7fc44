//! Test pictures, drawn and as files.

mod drawn;
pub(crate) mod files;

pub(crate) use drawn::{lossless_webp, noise, png, png_of, quarters, scene};
pub(crate) use files::{PLACE, exif, jpeg, png_parts, webp};
