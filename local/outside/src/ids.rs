//! Ids that look like the providers' own.

use base64::{Engine, engine::general_purpose::STANDARD};

pub(crate) fn person() -> String {
    format!("per_{}", letters(20))
}

/// Meta's business-scoped user id.
pub(crate) fn scoped() -> String {
    format!("US.{}", digits(20))
}

pub(crate) fn meta_message() -> String {
    let bytes: [u8; 24] = std::array::from_fn(|_| fastrand::u8(..));
    format!("wamid.HBgL{}", STANDARD.encode(bytes))
}

pub(crate) fn twilio_message() -> String {
    format!("SM{}", hex(32))
}

pub(crate) fn meta_media() -> String {
    digits(16)
}

pub(crate) fn twilio_media() -> String {
    format!("ME{}", hex(32))
}

pub(crate) fn trace() -> String {
    format!("A{}", letters(22))
}

/// OpenAI's: `chatcmpl-..`, `modr-..`, `req_..`.
pub(crate) fn model(prefix: &str) -> String {
    format!(
        "{prefix}{}",
        (0..28)
            .map(|_| fastrand::alphanumeric())
            .collect::<String>()
    )
}

/// The name of a file of Astria's.
pub(crate) fn astria_file() -> String {
    (0..28).map(|_| fastrand::digit(36)).collect()
}

fn digits(count: usize) -> String {
    let first = fastrand::char('1'..='9');
    std::iter::once(first)
        .chain((1..count).map(|_| fastrand::digit(10)))
        .collect()
}

fn hex(count: usize) -> String {
    (0..count).map(|_| fastrand::digit(16)).collect()
}

fn letters(count: usize) -> String {
    (0..count).map(|_| fastrand::digit(32)).collect()
}

/// Stripe's: `cs_test_..`, `pi_..`, `evt_..`.
pub(crate) fn stripe(prefix: &str, count: usize) -> String {
    let letters: String = (0..count).map(|_| fastrand::alphanumeric()).collect();
    format!("{prefix}_{letters}")
}
