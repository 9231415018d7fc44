//! The texts of each language. A person without a model's key reads these.

mod arabic;
mod english;
mod hebrew;
mod hindi;
mod russian;

use super::pack::Pack;

pub(super) use english::PACK as ENGLISH;

pub(super) const PACKS: [&Pack; 5] = [
    &english::PACK,
    &russian::PACK,
    &hebrew::PACK,
    &hindi::PACK,
    &arabic::PACK,
];
