//! A number for a text, the same on each machine and in each version.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a; the high bits are folded in, for its low ones are poor.
pub(crate) fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    hash ^ (hash >> 32)
}
