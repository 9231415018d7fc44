use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU8, Ordering},
};

use confab_core::{Currency, Money, Phone};
use confab_messaging::{Address, Channel, Content, Identity};

use super::*;
use crate::{
    Language, OrderStatus, RejectionReason, Source, Stage, Tier,
    cleanup::{IMAGE_TTL, MODEL_TTL},
    order::{OFFER_TTL, ORDER_TIMEOUT},
    pack::tests::catalog,
};

mod simulation;

const HOUR: i64 = 3600;

/// A conversation of one user, driven trigger by trigger.
struct Chat {
    user: Option<User>,
    catalog: Catalog,
    now: i64,
    salt: u8,
    actions: Vec<Action>,
}

impl Chat {
    fn new() -> Self {
        Self {
            user: None,
            catalog: catalog(),
            now: 1_800_000_000,
            salt: 0,
            actions: Vec::new(),
        }
    }

    fn apply(&mut self, event: &Trigger) -> &[Action] {
        self.salt = self.salt.wrapping_add(1);
        let entropy = Salted {
            salt: self.salt,
            drawn: AtomicU8::new(0),
        };
        let now = Timestamp::from_second(self.now).unwrap();
        let context = TurnContext {
            now,
            entropy: &entropy,
            catalog: &self.catalog,
        };
        let Some(decision) = decide(self.user.take(), context, event) else {
            self.actions.clear();
            return &self.actions;
        };
        for action in &decision.effects {
            if let Action::SendMessage { body } = action {
                for channel in [Channel::Meta, Channel::Twilio] {
                    body.check(channel)
                        .unwrap_or_else(|error| panic!("{error}: {}", text_of(body)));
                }
            }
        }
        self.user = Some(decision.state);
        self.actions = decision.effects;
        &self.actions
    }

    fn says(&mut self, text: &str) -> String {
        self.apply(&received(Content::Text { text: text.into() }));
        self.sent_text()
    }

    fn taps(&mut self, id: &str) -> String {
        self.apply(&received(Content::Choice {
            id: id.into(),
            title: String::new(),
        }));
        self.sent_text()
    }

    /// The texts of the latest decision.
    fn sent_text(&self) -> String {
        let sent = self.actions.iter().filter_map(|action| match action {
            Action::SendMessage { body } => Some(text_of(body)),
            Action::SendPaymentLink { text, .. } => Some(text.clone()),
            _ => None,
        });
        sent.collect::<Vec<_>>().join("\n")
    }

    fn conversation(&self) -> &Conversation {
        &self.user.as_ref().unwrap().conversation
    }

    fn send_photos(&mut self, count: usize) -> Vec<PhotoId> {
        let items = (0..count)
            .map(|number| picture(&format!("media{number}")))
            .collect();
        self.apply(&received(Content::Media {
            items,
            caption: None,
        }));
        let judged = self.actions.iter().filter_map(|action| match action {
            Action::ReviewPhoto { photo, .. } => Some(*photo),
            _ => None,
        });
        judged.collect()
    }

    fn accept_photos(&mut self, photos: &[PhotoId]) {
        for photo in photos {
            self.apply(&Trigger::PhotoReviewed {
                photo: *photo,
                verdict: good(&photo.to_string()),
            });
        }
    }

    /// Ten accepted photos, and an offer of a pack.
    fn with_offer() -> (Self, OrderId) {
        let mut chat = Self::new();
        chat.says("hi");
        let photos = chat.send_photos(10);
        chat.accept_photos(&photos);
        chat.taps("18_1");
        let id = chat.conversation().orders[0].id;
        (chat, id)
    }

    /// An order with a pending payment.
    fn with_pending_payment() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_offer();
        chat.apply(&Trigger::PaymentPending { order });
        (chat, order)
    }

    fn with_order() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_offer();
        chat.apply(&Trigger::PaymentReceived { order });
        (chat, order)
    }

    fn delivered() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_order();
        chat.apply(&Trigger::GenerationStarted {
            order,
            tune: 7,
            eta: None,
        });
        chat.apply(&images_ready(order, 4, true));
        (chat, order)
    }
}

/// Entropy that differs between decisions, and within one.
struct Salted {
    salt: u8,
    drawn: AtomicU8,
}

impl Entropy for Salted {
    fn bytes(&self) -> [u8; 10] {
        let mut bytes = [self.salt; 10];
        bytes[9] = self.drawn.fetch_add(1, Ordering::Relaxed);
        bytes
    }
}

fn text_of(body: &Body) -> String {
    match body {
        Body::Text { text }
        | Body::Buttons { text, .. }
        | Body::List { text, .. }
        | Body::Link { text, .. } => text.clone(),
        Body::Image { url, .. } => url.clone(),
        Body::Template { name, .. } => name.clone(),
        Body::Reaction { emoji, .. } => emoji.clone(),
    }
}

fn received(content: Content) -> Trigger {
    let person = Identity {
        phone: Phone::parse("16505551234").ok(),
        scoped_id: None,
    };
    Trigger::MessageReceived {
        message: Inbound {
            id: "wamid.1".into(),
            from: Address {
                channel: Channel::Meta,
                business: "106".into(),
                person,
            },
            name: Some("Dana".into()),
            sent_at: Timestamp::MAX,
            reply_to: None,
            content,
        },
    }
}

fn picture(source: &str) -> Media {
    Media {
        source: source.into(),
        mime_type: "image/jpeg".into(),
        sha256: None,
    }
}

fn good(digest: &str) -> Verdict {
    Verdict::Accepted {
        object: format!("photos/{digest}"),
        digest: digest.into(),
        class: Some(Class::Woman),
        traits: BTreeMap::new(),
    }
}

fn images_ready(order: OrderId, count: usize, is_last: bool) -> Trigger {
    let image = |number: usize| Image {
        name: format!("i{number}"),
        object: format!("made/i{number}.jpg"),
    };
    Trigger::ImagesReady {
        order,
        images: (0..count).map(image).collect(),
        is_last,
    }
}

fn images(actions: &[Action]) -> usize {
    actions
        .iter()
        .filter(|action| {
            matches!(
                action,
                Action::SendMessage {
                    body: Body::Image { .. }
                }
            )
        })
        .count()
}

/// The ids of the latest message's choices.
fn choices(actions: &[Action]) -> Vec<String> {
    let mut bodies = actions.iter().filter_map(|action| match action {
        Action::SendMessage {
            body: Body::Reaction { .. },
        } => None,
        Action::SendMessage { body } => Some(body.choices()),
        _ => None,
    });
    bodies
        .next_back()
        .unwrap_or_default()
        .into_iter()
        .map(|button| button.id)
        .collect()
}

fn links(actions: &[Action]) -> usize {
    actions
        .iter()
        .filter(|action| matches!(action, Action::SendPaymentLink { .. }))
        .count()
}

fn is_refund(action: &Action) -> bool {
    matches!(action, Action::Refund { .. })
}

#[test]
fn conversation_leads_from_greeting_to_photos_in_both_languages() {
    for (hello, photos, progress) in [
        ("hi", "Send me 10 selfies", "10 of 10"),
        ("שלום", "שלחו לי 10", "10 מתוך 10"),
    ] {
        let mut chat = Chat::new();
        chat.says(hello);
        assert!(chat.taps("1").contains(photos), "{}", chat.sent_text());
        let ids = chat.send_photos(10);
        assert_eq!(
            (ids.len(), chat.sent_text()),
            (10, String::new()),
            "an album is answered after its last review"
        );
        chat.accept_photos(&ids);
        assert!(chat.sent_text().contains(progress), "{}", chat.sent_text());
        assert!(chat.taps("5").contains("19.00 USD"), "{}", chat.sent_text());
        chat.taps("20");
        let Some(Action::SendMessage {
            body: Body::List { sections, .. },
        }) = chat.actions.first()
        else {
            panic!("no list")
        };
        assert_eq!(
            sections[0]
                .rows
                .iter()
                .map(|row| row.id.as_str())
                .collect::<Vec<_>>(),
            ["18_3", "18_1"]
        );
        assert!(chat.taps("18_1").contains("19.00 USD"));
        let Some(Action::SendPaymentLink { order, item, .. }) = chat.actions.first().cloned()
        else {
            panic!("no link")
        };
        assert_eq!(item, "studio.lite");
        chat.apply(&Trigger::PaymentReceived { order });
        assert!(matches!(
            chat.actions[..],
            [Action::StartGeneration { .. }, Action::SendMessage { .. }]
        ));
        chat.apply(&Trigger::GenerationStarted {
            order,
            tune: 7,
            eta: None,
        });
        assert_eq!(chat.actions, [], "no message");
        chat.apply(&images_ready(order, 4, true));
        assert_eq!(
            (images(&chat.actions), chat.conversation().stage),
            (4, Stage::Ready)
        );
        assert!(chat.actions.contains(&Action::UseCredit { order }));
        chat.taps("6_5");
        assert!(
            chat.actions
                .contains(&Action::SaveRating { order, stars: 5 })
        );
    }
}

#[test]
fn album_gets_one_answer_and_each_photo_a_reaction() {
    let mut chat = Chat::new();
    chat.says("hi");
    let ids = chat.send_photos(4);
    let mut sent = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let verdict = match number {
            1 => Verdict::Rejected {
                reason: RejectionReason::Blurry,
            },
            2 => good(&ids[0].to_string()),
            _ => good(&id.to_string()),
        };
        chat.apply(&Trigger::PhotoReviewed {
            photo: *id,
            verdict,
        });
        sent.push(chat.sent_text());
    }
    assert_eq!(sent[..3], ["👍", "👎", "👎"]);
    assert_eq!(
        sent[3],
        "👍\n2 of 10 good photos.\n2 can't be used: blurry, sent twice.\nSend a few more."
    );
    chat.apply(&Trigger::PhotoReviewed {
        photo: ids[0],
        verdict: good("again"),
    });
    assert_eq!(chat.actions, [], "it was reviewed");
}

#[test]
fn full_album_gets_one_answer_with_next_steps_per_album() {
    for hello in ["hi", "שלום"] {
        let mut chat = Chat::new();
        chat.says(hello);
        let photos = chat.send_photos(20);
        chat.accept_photos(&photos);
        let full = texts(chat.user.as_ref().unwrap().language).album_full;
        assert!(
            !chat.sent_text().contains("20 of 10"),
            "{}",
            chat.sent_text()
        );
        assert_eq!(choices(&chat.actions), ["5", "15"], "packs, or new selfies");
        assert_eq!(
            (chat.send_photos(1).len(), chat.sent_text().as_str()),
            (0, full)
        );
        assert_eq!(
            (chat.send_photos(9).len(), chat.sent_text().as_str()),
            (0, ""),
            "one answer an album"
        );
        assert_eq!(
            (chat.taps("12").as_str(), choices(&chat.actions)),
            (full, vec!["5".to_owned(), "15".to_owned()])
        );
        assert_eq!(
            (chat.send_photos(1).len(), chat.sent_text().as_str()),
            (0, full)
        );
        chat.now += 61;
        assert_eq!(
            (chat.send_photos(1).len(), chat.sent_text().as_str()),
            (0, full),
            "another album"
        );
    }
}

#[test]
fn album_full_of_rejected_photos_leads_to_new_selfies() {
    let mut chat = Chat::new();
    chat.says("hi");
    for _ in 0..5 {
        for photo in chat.send_photos(20) {
            chat.apply(&Trigger::PhotoReviewed {
                photo,
                verdict: Verdict::Rejected {
                    reason: RejectionReason::Blurry,
                },
            });
        }
    }
    assert_eq!(chat.send_photos(1).len(), 0);
    assert!(
        chat.sent_text()
            .contains("100 photos, and 0 of them are good"),
        "{}",
        chat.sent_text()
    );
    assert_eq!(choices(&chat.actions), ["15", "19"]);
    chat.taps("15");
    assert_eq!(chat.send_photos(1).len(), 1);
}

#[test]
fn photos_beyond_the_limit_get_one_answer() {
    let mut chat = Chat::new();
    chat.says("hi");
    assert_eq!(chat.send_photos(100).len(), 20);
    assert!(chat.sent_text().contains("all the photos I need"));
    assert_eq!(
        (chat.send_photos(10).len(), chat.sent_text().as_str()),
        (0, "")
    );
}

#[test]
fn media_other_than_pictures_is_refused() {
    let mut chat = Chat::new();
    chat.says("hi");
    let film = Media {
        mime_type: "video/mp4".into(),
        ..picture("v")
    };
    chat.apply(&received(Content::Media {
        items: vec![film, picture("p")],
        caption: None,
    }));
    assert!(chat.sent_text().contains("only use pictures"));
    assert_eq!(chat.conversation().photos.pending_count(), 1);
}

#[test]
fn choosing_a_pack_twice_creates_one_order_and_money_for_a_forgotten_offer_is_refunded() {
    let (mut chat, first) = Chat::with_offer();
    chat.taps("18_1");
    assert_eq!(chat.conversation().orders.len(), 1);
    chat.taps("18_2");
    assert_eq!(chat.conversation().orders.len(), 2);
    for price in [100, 200, 300, 400] {
        chat.catalog
            .prices
            .insert(Tier::Lite, Money::new(price, Currency::Usd));
        chat.taps("18_1");
    }
    assert_eq!(chat.conversation().orders.len(), 5);
    // The first offer was forgotten, but its link can still be paid.
    chat.apply(&Trigger::PaymentReceived { order: first });
    assert!(
        chat.actions.contains(&Action::Refund { order: first }),
        "{:?}",
        chat.actions
    );
}

#[test]
fn duplicate_and_late_triggers_change_nothing() {
    let (mut chat, order) = Chat::with_order();
    for event in [
        Trigger::PaymentReceived { order },
        Trigger::PaymentFailed { order },
    ] {
        assert_eq!(chat.apply(&event), [], "{event:?}");
    }
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    assert_eq!(
        chat.apply(&Trigger::GenerationStarted {
            order,
            tune: 8,
            eta: None
        }),
        []
    );
    chat.apply(&images_ready(order, 4, true));
    for event in [
        images_ready(order, 4, true),
        Trigger::GenerationStarted {
            order,
            tune: 7,
            eta: None,
        },
        Trigger::GenerationFailed { order },
    ] {
        assert_eq!(chat.apply(&event), [], "{event:?}");
    }
    let stranger = OrderId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
    for event in [
        images_ready(stranger, 4, true),
        Trigger::GenerationFailed { order: stranger },
        Trigger::PaymentRefunded {
            order: stranger,
            is_full: true,
        },
    ] {
        assert_eq!(chat.apply(&event), [], "{event:?}");
    }
}

#[test]
fn photos_that_arrive_in_parts_are_delivered_once_each() {
    let (mut chat, order) = Chat::with_order();
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    assert_eq!(images(chat.apply(&images_ready(order, 2, false))), 2);
    assert_eq!(images(chat.apply(&images_ready(order, 2, false))), 0);
    assert_eq!(images(chat.apply(&images_ready(order, 4, true))), 2);
    assert_eq!(images(chat.apply(&images_ready(order, 4, true))), 0);
}

#[test]
fn photos_that_arrive_before_the_start_notice_are_delivered() {
    let (mut chat, order) = Chat::with_order();
    assert_eq!(images(chat.apply(&images_ready(order, 4, true))), 4);
    assert_eq!(
        chat.conversation().order(order).unwrap().status,
        OrderStatus::Delivered
    );
}

#[test]
fn returning_user_reuses_the_model_without_new_selfies() {
    let (mut chat, _) = Chat::delivered();
    assert_eq!(
        chat.conversation().model.as_ref().map(|model| model.tune),
        Some(7)
    );
    chat.taps("17");
    chat.taps("18_3");
    let Some(Action::SendPaymentLink { order, .. }) = chat.actions.first().cloned() else {
        panic!("no link")
    };
    chat.apply(&Trigger::PaymentReceived { order });
    let Some(Action::StartGeneration { order }) = chat.actions.first() else {
        panic!("nothing is made")
    };
    assert_eq!(order.source, Source::Model { tune: 7 });
}

#[test]
fn unanswered_order_is_requested_again_and_refunded_within_six_hours() {
    let (mut chat, order) = Chat::with_order();
    let paid_at = chat.now;
    let (mut asked, mut checks) = (0, 0);
    while chat.conversation().order(order).unwrap().is_in_progress() {
        let due = chat
            .user
            .as_ref()
            .unwrap()
            .next_timer_at
            .expect("an order in work is never forgotten");
        chat.now = due.as_second().max(chat.now + 1);
        chat.apply(&Trigger::TimerFired);
        asked += chat
            .actions
            .iter()
            .filter(|action| matches!(action, Action::StartGeneration { .. }))
            .count();
        checks += 1;
        assert!(checks < 40);
    }
    assert!(asked >= 3, "it was asked for {asked} times");
    assert!(chat.now <= paid_at + 6 * HOUR);
    assert!(
        chat.actions.contains(&Action::Refund { order })
            && chat.sent_text().contains("Your money is being refunded")
    );
    // The refund is requested again until it is confirmed.
    chat.now += HOUR;
    assert_eq!(chat.apply(&Trigger::TimerFired), [Action::Refund { order }]);
    assert!(
        chat.apply(&Trigger::PaymentRefunded {
            order,
            is_full: true
        })
        .iter()
        .any(|action| !is_refund(action))
    );
    assert_eq!(
        chat.user
            .as_ref()
            .unwrap()
            .conversation
            .order(order)
            .unwrap()
            .status,
        OrderStatus::Refunded
    );
}

#[test]
fn started_generation_is_polled_fifteen_minutes_after_its_estimate() {
    let (mut chat, order) = Chat::with_order();
    let eta = Timestamp::from_second(chat.now + 1_800).unwrap();
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: Some(eta),
    });
    chat.now += 1_800;
    assert_eq!(chat.apply(&Trigger::TimerFired), [], "some grace");
    chat.now += 15 * 60;
    assert_eq!(
        chat.apply(&Trigger::TimerFired),
        [Action::CheckGeneration { order, tune: 7 }]
    );
    assert_eq!(chat.apply(&Trigger::TimerFired), [], "not at once again");
}

#[test]
fn photos_outside_the_messaging_window_are_announced_and_held() {
    let (mut chat, order) = Chat::with_order();
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    chat.now += 25 * HOUR;
    chat.apply(&images_ready(order, 4, true));
    let sent = chat
        .actions
        .iter()
        .filter(|action| matches!(action, Action::SendMessage { .. }))
        .count();
    assert_eq!((sent, chat.sent_text().as_str()), (1, "studio_news"));
    chat.says("yes?");
    assert_eq!(images(&chat.actions), 4);
    assert!(chat.conversation().held_messages.is_empty());
}

#[test]
fn user_who_stopped_midway_is_reminded_once_after_20_hours_within_the_window() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.taps("1");
    let due = chat.user.as_ref().unwrap().next_timer_at.unwrap();
    assert_eq!(due.as_second(), chat.now + 20 * HOUR);
    chat.now += 20 * HOUR;
    chat.apply(&Trigger::TimerFired);
    assert!(chat.sent_text().contains("still open"));
    assert_eq!(
        (
            chat.apply(&Trigger::TimerFired).len(),
            chat.user.as_ref().unwrap().next_timer_at
        ),
        (0, None)
    );
    chat.says("ok");
    chat.now += 30 * HOUR;
    assert_eq!(chat.apply(&Trigger::TimerFired), [], "too late to speak");
}

#[test]
fn low_rating_asks_for_feedback_and_saves_it() {
    let (mut chat, order) = Chat::delivered();
    assert!(chat.taps("6_2").contains("What could be better"));
    chat.says("too dark");
    assert!(chat.actions.contains(&Action::SaveFeedback {
        order,
        text: "too dark".into()
    }));
    assert_eq!(
        (chat.conversation().stage, chat.conversation().awaited_reply),
        (Stage::Ready, None)
    );
    assert!(
        chat.says("and too small").contains("didn't get that"),
        "the feedback was given"
    );
    let mut early = Chat::new();
    early.says("hi");
    early.taps("6_5");
    assert!(
        !early
            .actions
            .iter()
            .any(|action| matches!(action, Action::SaveRating { .. })),
        "there is nothing to rate"
    );
}

#[test]
fn help_status_cancel_and_language_work_at_every_stage() {
    let stages: [fn() -> Chat; 4] = [
        Chat::new,
        || Chat::with_offer().0,
        || Chat::with_order().0,
        || Chat::delivered().0,
    ];
    for chat in stages {
        for words in [
            "help",
            "status",
            "cancel",
            "support",
            "examples",
            "language",
            "עברית",
            "עזרה",
            "סטטוס",
        ] {
            let mut chat = chat();
            chat.says("hi");
            let before = chat.conversation().orders.len();
            assert!(!chat.says(words).is_empty(), "{words}");
            assert_eq!(chat.conversation().orders.len(), before, "{words}");
            assert!(!chat.actions.iter().any(is_refund), "{words}");
        }
    }
}

#[test]
fn rating_can_be_written_as_a_number() {
    let (mut chat, order) = Chat::delivered();
    chat.says("5");
    assert!(
        chat.actions
            .contains(&Action::SaveRating { order, stars: 5 }),
        "{:?}",
        chat.actions
    );
}

#[test]
fn low_rating_keeps_new_selfies() {
    let (mut chat, _) = Chat::delivered();
    chat.taps("15");
    let ids = chat.send_photos(6);
    chat.accept_photos(&ids);
    chat.taps("6_2");
    chat.says("too dark");
    chat.says("cancel");
    assert_eq!(chat.send_photos(4).len(), 4);
    assert_eq!(
        (
            chat.conversation().photos.0.len(),
            chat.conversation().stage
        ),
        (10, Stage::Collecting)
    );
}

#[test]
fn question_is_forwarded_at_any_stage_without_changing_it() {
    let (mut chat, order) = Chat::with_order();
    assert!(chat.says("support").contains("a person on our team"));
    assert!(chat.says("I paid twice").contains("Our team will read it"));
    assert!(chat.actions.contains(&Action::ForwardQuestion {
        text: "I paid twice".into()
    }));
    assert_eq!(chat.conversation().stage, Stage::Training);
    assert!(chat.conversation().order(order).unwrap().is_in_progress());
    chat.says("support");
    chat.says("status");
    chat.says("I paid twice");
    assert!(
        !chat
            .actions
            .iter()
            .any(|action| matches!(action, Action::ForwardQuestion { .. })),
        "they changed the subject"
    );
}

#[test]
fn number_answers_the_latest_message_only() {
    let (mut chat, _) = Chat::delivered();
    chat.says("delete my data");
    chat.says("support");
    chat.says("1");
    assert!(!chat.actions.iter().any(is_erasing), "{:?}", chat.actions);
}

#[test]
fn user_who_cancelled_is_not_reminded() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.taps("1");
    chat.says("stop");
    assert_eq!(chat.user.as_ref().unwrap().next_timer_at, None);
}

#[test]
fn late_message_does_not_reopen_the_messaging_window() {
    let (mut chat, order) = Chat::with_order();
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    let long_ago = Timestamp::from_second(chat.now).unwrap();
    chat.now += 25 * HOUR;
    chat.apply(&images_ready(order, 4, true));
    let mut late = received(Content::Text {
        text: "yes?".into(),
    });
    if let Trigger::MessageReceived { message } = &mut late {
        message.sent_at = long_ago;
    }
    assert_eq!(images(chat.apply(&late)), 0);
    assert_eq!(images_held_back(&chat), 4);
    chat.says("yes?");
    assert_eq!((images(&chat.actions), images_held_back(&chat)), (4, 0));
}

fn images_held_back(chat: &Chat) -> usize {
    chat.conversation()
        .held_messages
        .iter()
        .filter(|body| matches!(body, Body::Image { .. }))
        .count()
}

#[test]
fn held_photos_are_never_dropped_and_sent_in_batches() {
    let (mut chat, order) = Chat::with_order();
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    chat.now += 25 * HOUR;
    chat.apply(&images_ready(order, 100, true));
    assert_eq!(images_held_back(&chat), 100);
    chat.says("yes?");
    let mut sent = images(&chat.actions);
    assert!(sent <= 40, "one decision is one transaction");
    while let Some(due) = chat
        .user
        .as_ref()
        .unwrap()
        .next_timer_at
        .filter(|due| due.as_second() <= chat.now)
    {
        chat.now = due.as_second();
        chat.apply(&Trigger::TimerFired);
        sent += images(&chat.actions);
    }
    assert_eq!((sent, chat.conversation().held_messages.len()), (100, 0));
}

#[test]
fn undelivered_photo_is_sent_once_more() {
    let (mut chat, _) = Chat::delivered();
    let lost = Trigger::ImageUndelivered {
        object: "made/i1.jpg".into(),
        is_window_closed: false,
    };
    assert_eq!(images(chat.apply(&lost)), 1);
    assert_eq!(images(chat.apply(&lost)), 0);
    // The provider's view of the window wins over ours.
    chat.apply(&Trigger::ImageUndelivered {
        object: "made/i2.jpg".into(),
        is_window_closed: true,
    });
    assert_eq!(
        (chat.sent_text().as_str(), images_held_back(&chat)),
        ("studio_news", 1)
    );
}

#[test]
fn order_with_half_of_its_photos_is_kept_and_with_fewer_refunded() {
    for (count, is_kept) in [(1, false), (2, true), (3, true)] {
        let (mut chat, order) = Chat::with_order();
        chat.apply(&images_ready(order, count, true));
        assert_eq!(images(&chat.actions), count);
        assert_eq!(chat.actions.iter().any(is_refund), !is_kept, "{count} of 4");
        let words = if is_kept {
            format!("These are {count} of 4")
        } else {
            "Your money is being refunded".into()
        };
        assert!(chat.sent_text().contains(&words), "{}", chat.sent_text());
        // The same when they arrive in parts and the rest never does.
        let (mut chat, order) = Chat::with_order();
        chat.apply(&images_ready(order, count, false));
        chat.now += 7 * HOUR;
        chat.apply(&Trigger::TimerFired);
        assert_eq!(chat.actions.iter().any(is_refund), !is_kept, "{count} of 4");
    }
}

#[test]
fn retry_after_a_failed_payment_creates_a_new_order_and_late_money_is_accepted() {
    let (mut chat, first) = Chat::with_offer();
    chat.apply(&Trigger::PaymentFailed { order: first });
    assert!(
        chat.sent_text().contains("didn't go through"),
        "{}",
        chat.sent_text()
    );
    chat.taps("18_1");
    let second = chat.conversation().orders.last().unwrap().id;
    assert_ne!(first, second, "the page of the first is closed");
    assert_eq!(
        chat.apply(&Trigger::PaymentFailed { order: first }),
        [],
        "they have gone on"
    );
    chat.now += 21 * HOUR;
    chat.says("hi");
    chat.taps("18_1");
    assert_eq!(
        chat.conversation().orders.len(),
        3,
        "the link of the second is about to end"
    );
    // Late money is accepted.
    chat.apply(&Trigger::PaymentReceived { order: first });
    assert!(
        chat.actions
            .iter()
            .any(|action| matches!(action, Action::StartGeneration { order } if order.id == first))
    );
}

#[test]
fn pending_payment_is_announced_and_shown_by_status() {
    for (hello, status, words) in [("hi", "status?", "on its way"), ("שלום", "סטטוס?", "בדרך")]
    {
        let (mut chat, order) = Chat::with_offer();
        chat.user.as_mut().unwrap().language = Language::of(hello).unwrap();
        chat.apply(&Trigger::PaymentPending { order });
        assert!(
            chat.sent_text().contains(words) && chat.sent_text().contains("Portraits"),
            "{}",
            chat.sent_text()
        );
        assert_eq!(chat.conversation().stage, Stage::PaymentPending);
        assert!(chat.says(status).contains(words), "{}", chat.sent_text());
        assert!(
            chat.says("cancel").contains(words) && chat.conversation().order(order).is_some(),
            "{}",
            chat.sent_text()
        );
        assert_eq!(chat.apply(&Trigger::PaymentPending { order }), [], "a copy");
        chat.apply(&Trigger::PaymentReceived { order });
        assert!(
            chat.actions
                .iter()
                .any(|action| matches!(action, Action::StartGeneration { .. }))
        );
        assert_eq!(
            chat.apply(&Trigger::PaymentPending { order }),
            [],
            "the money was faster"
        );
    }
}

#[test]
fn pending_payment_is_not_reminded_of_and_not_forgotten() {
    let (mut chat, order) = Chat::with_pending_payment();
    for _ in 0..14 {
        chat.now += 24 * HOUR - 600;
        assert_eq!(chat.apply(&Trigger::TimerFired), []);
    }
    chat.says("hi");
    chat.taps("5");
    chat.now += 21 * HOUR;
    assert_eq!(
        chat.apply(&Trigger::TimerFired),
        [],
        "whatever they viewed since"
    );
    chat.apply(&Trigger::PaymentReceived { order });
    assert!(chat.conversation().order(order).unwrap().is_in_progress());
}

#[test]
fn offers_are_forgotten_after_3_days_and_pending_payments_after_30() {
    for (chat, days) in [(Chat::with_offer(), 3), (Chat::with_pending_payment(), 30)] {
        let (mut chat, order) = chat;
        chat.now += days * 24 * HOUR - 1;
        chat.apply(&Trigger::TimerFired);
        assert!(chat.conversation().order(order).is_some(), "{days}");
        chat.now += 1;
        chat.apply(&Trigger::TimerFired);
        assert!(chat.conversation().order(order).is_none(), "{days}");
    }
}

#[test]
fn second_order_needs_a_confirmation_while_a_payment_is_pending() {
    let (mut chat, first) = Chat::with_pending_payment();
    let question = chat.taps("18_2");
    assert!(
        question.contains("still on its way") && question.contains("29.00 USD"),
        "{question}"
    );
    assert_eq!(
        (links(&chat.actions), choices(&chat.actions)),
        (0, vec!["34_2".to_owned(), "32".to_owned()])
    );
    assert!(chat.says("2").contains("on its way"), "no, I will wait");
    assert_eq!(chat.conversation().orders.len(), 1);
    chat.taps("18_1");
    assert_eq!(links(&chat.actions), 0, "the same pack too");
    chat.taps("34_2");
    assert_eq!(
        (links(&chat.actions), chat.conversation().orders.len()),
        (1, 2)
    );
    chat.taps("34_99");
    assert_eq!(links(&chat.actions), 0, "no such pack");
    let second = chat.conversation().orders[1].id;
    chat.apply(&Trigger::PaymentReceived { order: first });
    chat.apply(&Trigger::PaymentReceived { order: second });
    assert!(
        chat.sent_text().contains("one after the other"),
        "{}",
        chat.sent_text()
    );
}

#[test]
fn failed_pending_payment_is_announced_at_any_time_and_late_money_is_accepted() {
    let (mut chat, order) = Chat::with_pending_payment();
    chat.now += 3 * 24 * HOUR;
    chat.apply(&Trigger::PaymentFailed { order });
    assert_eq!(
        (chat.sent_text().as_str(), chat.conversation().stage),
        ("studio_news", Stage::Choosing)
    );
    assert!(
        chat.says("hi?")
            .contains("didn't complete the payment for *Portraits*"),
        "{}",
        chat.sent_text()
    );
    assert_eq!(chat.apply(&Trigger::PaymentFailed { order }), [], "a copy");
    assert_eq!(
        chat.apply(&Trigger::PaymentPending { order }),
        [],
        "an older event"
    );
    chat.taps("18_1");
    assert_eq!(
        (links(&chat.actions), chat.conversation().orders.len()),
        (1, 2),
        "with a page that can be paid"
    );
    chat.apply(&Trigger::PaymentReceived { order });
    assert!(chat.conversation().order(order).unwrap().is_in_progress());
}

#[test]
fn erasure_refunds_paid_orders_and_says_so() {
    type Begin = fn() -> (Chat, OrderId);
    let cases: [(Begin, &str, &str, bool); 3] = [
        (
            Chat::with_order,
            "your money will be refunded",
            "הכסף יוחזר לכם",
            true,
        ),
        (
            Chat::with_pending_payment,
            "as soon as it arrives",
            "ברגע שיתקבל",
            true,
        ),
        (Chat::delivered, "", "", false),
    ];
    for (begin, english, hebrew, is_refunded) in cases {
        for (language, words) in [(Language::English, english), (Language::Hebrew, hebrew)] {
            let (mut chat, order) = begin();
            chat.user.as_mut().unwrap().language = language;
            for sent_text in [chat.says("delete my data"), chat.taps("31")] {
                assert!(sent_text.contains(words), "{sent_text}");
                assert_eq!(sent_text.contains("\n\n"), is_refunded, "{sent_text}");
            }
            assert_eq!(
                chat.actions.contains(&Action::Refund { order }),
                is_refunded
            );
            assert!(chat.conversation().is_default());
        }
    }
}

#[test]
fn model_age_counts_from_its_training_however_often_it_is_used() {
    let (mut chat, _) = Chat::delivered();
    let trained_at = chat.conversation().model.as_ref().unwrap().trained_at;
    chat.now += 20 * 24 * HOUR;
    chat.says("hi");
    chat.taps("17");
    chat.taps("18_3");
    let order = chat.conversation().orders.last().unwrap().id;
    chat.apply(&Trigger::PaymentReceived { order });
    chat.apply(&Trigger::GenerationStarted {
        order,
        tune: 7,
        eta: None,
    });
    chat.apply(&images_ready(order, 8, true));
    assert_eq!(
        chat.conversation().model.as_ref().unwrap().trained_at,
        trained_at
    );
}

#[test]
fn sources_outlive_every_order_that_can_use_them() {
    // Offered on the last day, paid on the last day, made at the last moment.
    let needed = SOURCE_MAX_AGE + OFFER_TTL + ORDER_TIMEOUT;
    assert!(needed < MODEL_TTL && needed < IMAGE_TTL && FACE_TTL < IMAGE_TTL);
}

#[test]
fn bank_debit_that_arrives_after_the_selfies_expire_is_refunded() {
    let paid_two_weeks_after_an_offer_on_day = |day: i64| {
        let mut chat = Chat::new();
        chat.says("hi");
        let photos = chat.send_photos(10);
        chat.accept_photos(&photos);
        chat.now += day * 24 * HOUR;
        chat.taps("18_1");
        let order = chat.conversation().orders[0].id;
        chat.apply(&Trigger::PaymentPending { order });
        chat.now += 14 * 24 * HOUR;
        chat.apply(&Trigger::PaymentReceived { order });
        let is_made = chat
            .actions
            .iter()
            .any(|action| matches!(action, Action::StartGeneration { .. }));
        assert_ne!(is_made, chat.actions.contains(&Action::Refund { order }));
        is_made
    };
    assert!(paid_two_weeks_after_an_offer_on_day(0));
    assert!(!paid_two_weeks_after_an_offer_on_day(20));
}

#[test]
fn orders_of_one_model_run_one_after_the_other() {
    let (mut chat, _) = Chat::delivered();
    chat.taps("17");
    let offered = ["18_3", "18_2"].map(|pack| {
        chat.taps(pack);
        chat.conversation().orders.last().unwrap().id
    });
    let makes = |chat: &Chat| {
        chat.actions
            .iter()
            .filter(|action| matches!(action, Action::StartGeneration { .. }))
            .count()
    };
    chat.apply(&Trigger::PaymentReceived { order: offered[0] });
    assert_eq!(makes(&chat), 1);
    chat.now += 1;
    chat.apply(&Trigger::PaymentReceived { order: offered[1] });
    assert_eq!(makes(&chat), 0);
    chat.now += HOUR;
    chat.apply(&Trigger::TimerFired);
    assert!(chat.actions.iter().all(
        |action| !matches!(action, Action::StartGeneration { order } if order.id == offered[1])
    ));
    chat.apply(&images_ready(offered[0], 8, true));
    assert_eq!(
        chat.user.as_ref().unwrap().next_timer_at,
        Timestamp::from_second(chat.now).ok()
    );
    chat.apply(&Trigger::TimerFired);
    assert_eq!(makes(&chat), 1);
}

#[test]
fn selfies_older_than_25_days_are_not_sold() {
    let mut chat = Chat::with_offer().0;
    for _ in 0..3 {
        chat.now += 9 * 24 * HOUR;
        chat.says("hi");
    }
    chat.taps("18_1");
    assert!(
        !chat
            .actions
            .iter()
            .any(|action| matches!(action, Action::SendPaymentLink { .. })),
        "{:?}",
        chat.actions
    );
}

#[test]
fn unreviewed_photo_does_not_hold_up_the_album() {
    let mut chat = Chat::new();
    chat.says("hi");
    let lost = chat.send_photos(1);
    chat.now += HOUR;
    let ids = chat.send_photos(2);
    chat.accept_photos(&ids);
    assert!(chat.sent_text().contains("2 of 10"), "{}", chat.sent_text());
    assert_eq!(
        (lost.len(), chat.conversation().photos.pending_count()),
        (1, 1)
    );
}

#[test]
fn merged_users_keep_their_orders() {
    let (mut one, order) = Chat::with_order();
    let mut other = Chat::new();
    other.now += HOUR;
    other.says("hi");
    let (one, other) = (one.user.take().unwrap(), other.user.take().unwrap());
    for merged in [
        one.clone().merged_with(other.clone()),
        other.clone().merged_with(one.clone()),
    ] {
        assert!(merged.conversation.order(order).unwrap().is_in_progress());
        assert_eq!(merged.conversation.stage, Stage::Training);
    }
}

fn is_erasing(action: &Action) -> bool {
    matches!(action, Action::EraseUser { .. })
}

#[test]
fn erasure_needs_a_confirmation() {
    let (mut chat, _) = Chat::delivered();
    chat.says("delete my data");
    assert!(!chat.actions.iter().any(is_erasing));
    chat.taps("31");
    assert!(chat.actions.iter().any(is_erasing) && chat.conversation().is_default());
}

#[test]
fn failed_generation_is_refunded_and_the_user_may_choose_again() {
    let (mut chat, order) = Chat::with_order();
    chat.apply(&Trigger::GenerationFailed { order });
    assert!(chat.actions.contains(&Action::Refund { order }));
    assert_eq!(chat.conversation().stage, Stage::Choosing);
    chat.taps("18_3");
    assert!(matches!(chat.actions[..], [Action::SendPaymentLink { .. }]));
}

#[test]
fn only_messages_create_users() {
    let order = OrderId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
    for event in [
        Trigger::TimerFired,
        Trigger::PaymentReceived { order },
        images_ready(order, 1, true),
    ] {
        let mut chat = Chat::new();
        assert_eq!(chat.apply(&event), []);
        assert!(chat.user.is_none());
    }
}

#[test]
fn face_data_is_removed_30_days_after_the_last_message() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.send_photos(3);
    chat.now += 24 * 24 * HOUR;
    chat.apply(&Trigger::TimerFired);
    assert_eq!(chat.conversation().photos.0.len(), 3);
    chat.now += 6 * 24 * HOUR;
    assert_eq!(chat.apply(&Trigger::TimerFired), []);
    assert!(chat.conversation().photos.0.is_empty() && chat.conversation().stage == Stage::New);
}

#[test]
fn returning_user_needs_new_selfies_once_the_model_has_expired() {
    let (mut chat, _) = Chat::delivered();
    assert!(
        chat.conversation().photos.0.is_empty(),
        "the next photos are made from the model"
    );
    chat.taps("18_2");
    let order = chat.conversation().orders.last().unwrap();
    assert_eq!(order.source, Source::Model { tune: 7 });
    chat.now += 40 * 24 * HOUR;
    assert!(!chat.says("hi").is_empty());
    let before = chat.conversation().orders.len();
    chat.taps("18_1");
    assert!(
        chat.conversation().orders.len() <= before,
        "there is nothing to make photos from"
    );
    assert_eq!(chat.conversation().stage, Stage::Collecting);
}

/// Jobs on queues and rows in the table outlive a deployment.
#[test]
fn serialized_names_of_triggers_actions_and_statuses_are_stable() {
    let order = OrderId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
    let paid_at = Timestamp::UNIX_EPOCH;
    let trigger = |trigger: Trigger| serde_json::to_value(trigger).unwrap()["event"].clone();
    let action = |action: Action| serde_json::to_value(action).unwrap()["action"].clone();
    let status = |status: OrderStatus| serde_json::to_value(status).unwrap()["at"].clone();
    let names = [
        (
            trigger(Trigger::PaymentPending { order }),
            "payment_pending",
        ),
        (trigger(Trigger::PaymentReceived { order }), "paid"),
        (trigger(Trigger::PaymentFailed { order }), "not_paid"),
        (trigger(Trigger::GenerationFailed { order }), "refused"),
        (trigger(images_ready(order, 1, true)), "made"),
        (trigger(Trigger::TimerFired), "due"),
        (action(Action::Refund { order }), "refund"),
        (action(Action::UseCredit { order }), "use_credit"),
        (
            action(Action::CheckGeneration { order, tune: 7 }),
            "look_after",
        ),
        (action(Action::SaveRating { order, stars: 5 }), "rate"),
        (action(Action::EraseUser { orders: vec![] }), "erase"),
        (status(OrderStatus::Offered), "offered"),
        (status(OrderStatus::Requested { paid_at }), "asked"),
        (
            status(OrderStatus::Generating { paid_at, tune: 7 }),
            "making",
        ),
        (status(OrderStatus::Delivered), "done"),
        (status(OrderStatus::RefundRequested), "returning"),
        (status(OrderStatus::Refunded), "returned"),
    ];
    for (serialized, name) in names {
        assert_eq!(serialized, name);
    }
}
