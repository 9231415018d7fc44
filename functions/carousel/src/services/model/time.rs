//! How long one call of the model may take.

use std::time::Duration;

/// Time for a call that another one may follow.
const CALL_TIME: Duration = Duration::from_secs(20);
/// A second call with less time than this would be in vain.
pub(super) const MIN_CALL_TIME: Duration = Duration::from_secs(10);
/// Limit of completions that end within `CALL_TIME`: usual models write 60 tokens a second, and half of the limit.
const MAX_QUICK_TOKENS: u32 = 2_400;

/// Tells whether a completion with this limit may take longer than other requests, so that its lateness does not
/// speak against the model.
pub(super) fn is_large(max_tokens: u32) -> bool {
    max_tokens > MAX_QUICK_TOKENS
}

/// Returns the timeout of a call, of what is left: all of it where no second call would fit.
pub(super) fn call_timeout(left: Duration, is_last_call: bool, max_tokens: u32) -> Duration {
    let has_room = left >= CALL_TIME + MIN_CALL_TIME;
    if has_room && !is_last_call && !is_large(max_tokens) {
        CALL_TIME
    } else {
        left
    }
}

#[cfg(test)]
mod tests {
    use carousel_domain::{Language, max_tokens};

    use super::*;

    #[test]
    fn calls_have_all_the_time_where_no_second_one_would_fit() {
        let seconds = Duration::from_secs;
        let (small, large) = (max_tokens(7, Language::En), max_tokens(15, Language::En));
        assert_eq!(call_timeout(seconds(33), false, small), CALL_TIME);
        assert_eq!(call_timeout(seconds(33), false, large), seconds(33));
        assert_eq!(call_timeout(seconds(33), true, small), seconds(33));
        assert_eq!(call_timeout(seconds(29), false, small), seconds(29));
    }

    #[test]
    fn usual_carousels_are_large_outside_latin() {
        assert!(!is_large(max_tokens(7, Language::En)));
        assert!(is_large(max_tokens(7, Language::Hi)));
        assert!(is_large(max_tokens(15, Language::En)));
    }
}
