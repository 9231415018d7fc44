//! In-process tests of the functions of maintenance, a file for each.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot arrange a test fails it"
)]

mod weekly_cleanup;
