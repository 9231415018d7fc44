//! Channels limit texts by characters, not bytes.

/// How long a channel says that a text is.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// The text, or its beginning with an ellipsis when it is longer than `limit` characters.
pub fn clip(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(limit.saturating_sub(1)).collect();
    clipped.truncate(clipped.trim_end().len());
    clipped.push('…');
    clipped
}

/// In lowercase digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipped_text_is_never_longer_than_the_limit() {
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("too long", 5), "too…");
        assert_eq!(length(&clip("אבגדה", 3)), 3);
    }
}
