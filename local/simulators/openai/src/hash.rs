//! A hash of texts that never changes between machines and versions.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Computes FNV-1a, and folds the high bits in because the low ones are weak.
pub(crate) fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    hash ^ (hash >> 32)
}
