//! Random parts of ids.

/// Returns decimal digits, the first of which is not zero.
pub fn digits(count: usize) -> String {
    let first = fastrand::char('1'..='9');
    std::iter::once(first)
        .chain((1..count).map(|_| fastrand::digit(10)))
        .collect()
}

pub fn hex(count: usize) -> String {
    in_base(16, count)
}

/// Returns digits of a base up to 36, in lower case.
pub fn in_base(base: u32, count: usize) -> String {
    (0..count).map(|_| fastrand::digit(base)).collect()
}

/// Returns digits and letters of both cases.
pub fn alphanumeric(count: usize) -> String {
    (0..count).map(|_| fastrand::alphanumeric()).collect()
}
