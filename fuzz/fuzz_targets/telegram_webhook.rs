//! `cargo +nightly fuzz run telegram_webhook fuzz/corpus/telegram_webhook fuzz/seeds/telegram_webhook -- -max_total_time=60`
#![no_main]

use confab_core::Timestamp;
use confab_telegram::{Attachment, Html, Update, UpdateKind, escape_html, parse, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let text = String::from_utf8_lossy(body);
    let secret = "webhook_secret-1";
    let verified = verify(&[secret.into()], Some(&text));
    assert_eq!(verified.is_ok(), text == secret);
    let chars = text.chars().count();
    assert_eq!(Html::markup(escape_html(&text)).length(), chars);
    assert!(Html::markup(text).length() <= chars);
    if let Ok(update) = parse(body, Timestamp::UNIX_EPOCH) {
        check(&update);
    }
});

fn check(update: &Update) {
    let queued = serde_json::to_string(update).unwrap();
    assert_eq!(serde_json::from_str::<Update>(&queued).unwrap(), *update);
    let is_counted = matches!(update.kind, UpdateKind::EditedMessage | UpdateKind::Other { .. });
    assert_eq!(update.group().is_none(), is_counted);
    match &update.kind {
        UpdateKind::Message(message) => {
            if let Some(command) = &message.command {
                assert!((1..=32).contains(&command.name.len()) && command.name.is_ascii());
                assert!(message.text.is_some() && command.argument.as_str().chars().count() <= 65_536);
            }
            if let Some(Attachment::Picture(picture)) = &message.attachment {
                assert!((1..=512).contains(&picture.file_id.len()));
                assert!(picture.size.is_none_or(|size| size <= 20 * 1024 * 1024));
            }
        }
        UpdateKind::CallbackQuery(query) => {
            assert!(query.data.iter().all(|data| (1..=512).contains(&data.len())));
        }
        UpdateKind::Other { name } => assert!((1..=80).contains(&name.len()) && name.is_ascii()),
        UpdateKind::EditedMessage | UpdateKind::MyChatMember(_) => {}
    }
}
