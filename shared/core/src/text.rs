//! Text limits. Channels count characters, not bytes.

/// Returns the length as channels count it.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Shortens a text to `limit` characters, with an ellipsis.
pub fn clip(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(limit.saturating_sub(1)).collect();
    clipped.truncate(clipped.trim_end().len());
    clipped.push('…');
    clipped
}

/// Renders bytes in lowercase hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_texts_are_within_the_limit() {
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("too long", 5), "too…");
        assert_eq!(length(&clip("אבגדה", 3)), 3);
    }
}
