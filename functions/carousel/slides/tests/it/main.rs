#![expect(
    clippy::unwrap_used,
    reason = "tests may panic, and so may their helpers"
)]

mod brand;
mod golden;
mod oracle;
mod pixels;
mod properties;
mod samples;
