//! What holds for every update, whatever it came from.

use confab_messaging::{Content, Update};
use confab_provider_base::Parsed;

pub fn check(parsed: &Parsed) {
    assert!(parsed.ignored.len() <= 100);
    for update in &parsed.updates {
        let json = serde_json::to_string(update).expect("an update can be queued");
        assert!(!json.contains("\\u0000"), "{json}");
        let back: Update = serde_json::from_str(&json).expect("and read from the queue");
        assert_eq!(back, *update);
        match update {
            Update::Message(message) => {
                assert!(!message.id.is_empty() && !message.from.person.is_empty());
                if let Content::Text { text } = &message.content {
                    assert!(text.0.chars().count() <= 65_536);
                }
            }
            Update::Status(status) => {
                assert!(!status.message_id.is_empty() && !status.to.person.is_empty())
            }
        }
    }
}
