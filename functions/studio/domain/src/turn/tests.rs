use std::sync::atomic::{AtomicU8, Ordering};

use confab_core::{Currency, Money, Phone};
use confab_messaging::{Address, Channel, Content, Identity};

use super::*;
use crate::{
    Language, MODELS_KEPT, Source, Stage, Step, Tier,
    cleanup::PICTURES_KEPT,
    order::{LONGEST, OFFERED_FOR},
    pack::tests::shelf,
};

mod simulation;

const HOUR: i64 = 3600;

/// One person and the studio: what happens, and what came of it.
struct Chat {
    user: Option<User>,
    shelf: Shelf,
    now: i64,
    salt: u8,
    actions: Vec<Action>,
}

impl Chat {
    fn new() -> Self {
        Self {
            user: None,
            shelf: shelf(),
            now: 1_800_000_000,
            salt: 0,
            actions: Vec::new(),
        }
    }

    fn happens(&mut self, event: &Event) -> &[Action] {
        self.salt = self.salt.wrapping_add(1);
        let entropy = Salted {
            salt: self.salt,
            drawn: AtomicU8::new(0),
        };
        let now = Timestamp::from_second(self.now).unwrap();
        let around = Surroundings {
            now,
            entropy: &entropy,
            shelf: &self.shelf,
        };
        let Some(decision) = attend(self.user.take(), around, event) else {
            self.actions.clear();
            return &self.actions;
        };
        for action in &decision.effects {
            if let Action::Say { body } = action {
                for channel in [Channel::Meta, Channel::Twilio] {
                    body.check(channel)
                        .unwrap_or_else(|error| panic!("{error}: {}", words(body)));
                }
            }
        }
        self.user = Some(decision.state);
        self.actions = decision.effects;
        &self.actions
    }

    fn says(&mut self, text: &str) -> String {
        self.happens(&said(Content::Text { text: text.into() }));
        self.told()
    }

    fn taps(&mut self, id: &str) -> String {
        self.happens(&said(Content::Choice {
            id: id.into(),
            title: String::new(),
        }));
        self.told()
    }

    /// All that is said in the last step.
    fn told(&self) -> String {
        let said = self.actions.iter().filter_map(|action| match action {
            Action::Say { body } => Some(words(body)),
            Action::AskToPay { text, .. } => Some(text.clone()),
            _ => None,
        });
        said.collect::<Vec<_>>().join("\n")
    }

    fn visit(&self) -> &Visit {
        &self.user.as_ref().unwrap().visit
    }

    fn sends_photos(&mut self, count: usize) -> Vec<PhotoId> {
        let items = (0..count)
            .map(|number| picture(&format!("media{number}")))
            .collect();
        self.happens(&said(Content::Media {
            items,
            caption: None,
        }));
        let judged = self.actions.iter().filter_map(|action| match action {
            Action::Judge { photo, .. } => Some(*photo),
            _ => None,
        });
        judged.collect()
    }

    fn all_are_good(&mut self, photos: &[PhotoId]) {
        for photo in photos {
            self.happens(&Event::Judged {
                photo: *photo,
                verdict: good(&photo.to_string()),
            });
        }
    }

    /// Ten good photos, a pack chosen, and the order that is offered for it.
    fn with_offer() -> (Self, OrderId) {
        let mut chat = Self::new();
        chat.says("hi");
        let photos = chat.sends_photos(10);
        chat.all_are_good(&photos);
        chat.taps("18_1");
        let id = chat.visit().orders[0].id;
        (chat, id)
    }

    /// The order's payment is on its way.
    fn with_pending_payment() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_offer();
        chat.happens(&Event::PaymentPending { order });
        (chat, order)
    }

    fn with_order() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_offer();
        chat.happens(&Event::Paid { order });
        (chat, order)
    }

    fn delivered() -> (Self, OrderId) {
        let (mut chat, order) = Self::with_order();
        chat.happens(&Event::Begun {
            order,
            tune: 7,
            eta: None,
        });
        chat.happens(&made(order, 4, true));
        (chat, order)
    }
}

/// Ids that differ from step to step, and within one.
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

fn words(body: &Body) -> String {
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

fn said(content: Content) -> Event {
    let person = Identity {
        phone: Phone::parse("16505551234").ok(),
        scoped_id: None,
    };
    Event::Said {
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
    Verdict::Good {
        object: format!("photos/{digest}"),
        digest: digest.into(),
        class: Some(Class::Woman),
        traits: BTreeMap::new(),
    }
}

fn made(order: OrderId, count: usize, is_all: bool) -> Event {
    let image = |number: usize| Image {
        name: format!("i{number}"),
        object: format!("made/i{number}.jpg"),
    };
    Event::Made {
        order,
        images: (0..count).map(image).collect(),
        is_all,
    }
}

fn images(actions: &[Action]) -> usize {
    actions
        .iter()
        .filter(|action| {
            matches!(
                action,
                Action::Say {
                    body: Body::Image { .. }
                }
            )
        })
        .count()
}

/// The ids of what the last message offers.
fn choices(actions: &[Action]) -> Vec<String> {
    let mut bodies = actions.iter().filter_map(|action| match action {
        Action::Say {
            body: Body::Reaction { .. },
        } => None,
        Action::Say { body } => Some(body.choices()),
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
        .filter(|action| matches!(action, Action::AskToPay { .. }))
        .count()
}

fn is_refund(action: &Action) -> bool {
    matches!(action, Action::Refund { .. })
}

#[test]
fn from_hi_to_photos_in_both_languages() {
    for (hello, photos, progress) in [
        ("hi", "Send me 10 selfies", "10 of 10"),
        ("שלום", "שלחו לי 10", "10 מתוך 10"),
    ] {
        let mut chat = Chat::new();
        chat.says(hello);
        assert!(chat.taps("1").contains(photos), "{}", chat.told());
        let ids = chat.sends_photos(10);
        assert_eq!(
            (ids.len(), chat.told()),
            (10, String::new()),
            "an album is answered when it was looked at"
        );
        chat.all_are_good(&ids);
        assert!(chat.told().contains(progress), "{}", chat.told());
        assert!(chat.taps("5").contains("19.00 USD"), "{}", chat.told());
        chat.taps("20");
        let Some(Action::Say {
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
        let Some(Action::AskToPay { order, item, .. }) = chat.actions.first().cloned() else {
            panic!("no link")
        };
        assert_eq!(item, "studio.lite");
        chat.happens(&Event::Paid { order });
        assert!(matches!(
            chat.actions[..],
            [Action::Make { .. }, Action::Say { .. }]
        ));
        chat.happens(&Event::Begun {
            order,
            tune: 7,
            eta: None,
        });
        assert_eq!(chat.actions, [], "nobody has to know");
        chat.happens(&made(order, 4, true));
        assert_eq!(
            (images(&chat.actions), chat.visit().stage),
            (4, Stage::Ready)
        );
        assert!(chat.actions.contains(&Action::UseCredit { order }));
        chat.taps("6_5");
        assert!(chat.actions.contains(&Action::Rate { order, stars: 5 }));
    }
}

#[test]
fn an_album_gets_one_answer_and_each_photo_a_reaction() {
    let mut chat = Chat::new();
    chat.says("hi");
    let ids = chat.sends_photos(4);
    let mut said = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let verdict = match number {
            1 => Verdict::Bad { why: Fault::Blurry },
            2 => good(&ids[0].to_string()),
            _ => good(&id.to_string()),
        };
        chat.happens(&Event::Judged {
            photo: *id,
            verdict,
        });
        said.push(chat.told());
    }
    assert_eq!(said[..3], ["👍", "👎", "👎"]);
    assert_eq!(
        said[3],
        "👍\n2 of 10 good photos.\n2 cannot be used: blurry, sent twice.\nSend some more."
    );
    chat.happens(&Event::Judged {
        photo: ids[0],
        verdict: good("again"),
    });
    assert_eq!(chat.actions, [], "it was judged");
}

#[test]
fn full_album_is_told_what_to_do_next_whenever_it_is_added_to() {
    for hello in ["hi", "שלום"] {
        let mut chat = Chat::new();
        chat.says(hello);
        let photos = chat.sends_photos(20);
        chat.all_are_good(&photos);
        let full = texts(chat.user.as_ref().unwrap().language).full;
        assert!(!chat.told().contains("20 of 10"), "{}", chat.told());
        assert_eq!(choices(&chat.actions), ["5", "15"], "packs, or new selfies");
        assert_eq!(
            (chat.sends_photos(1).len(), chat.told().as_str()),
            (0, full)
        );
        assert_eq!(
            (chat.sends_photos(9).len(), chat.told().as_str()),
            (0, ""),
            "one answer an album"
        );
        assert_eq!(
            (chat.taps("12").as_str(), choices(&chat.actions)),
            (full, vec!["5".to_owned(), "15".to_owned()])
        );
        assert_eq!(
            (chat.sends_photos(1).len(), chat.told().as_str()),
            (0, full)
        );
        chat.now += 61;
        assert_eq!(
            (chat.sends_photos(1).len(), chat.told().as_str()),
            (0, full),
            "another album"
        );
    }
}

#[test]
fn album_that_is_full_of_bad_photos_leads_to_new_selfies() {
    let mut chat = Chat::new();
    chat.says("hi");
    for _ in 0..5 {
        for photo in chat.sends_photos(20) {
            chat.happens(&Event::Judged {
                photo,
                verdict: Verdict::Bad { why: Fault::Blurry },
            });
        }
    }
    assert_eq!(chat.sends_photos(1).len(), 0);
    assert!(
        chat.told().contains("100 photos, and 0 of them are good"),
        "{}",
        chat.told()
    );
    assert_eq!(choices(&chat.actions), ["15", "19"]);
    chat.taps("15");
    assert_eq!(chat.sends_photos(1).len(), 1);
}

#[test]
fn a_flood_of_photos_is_told_once_that_it_is_enough() {
    let mut chat = Chat::new();
    chat.says("hi");
    assert_eq!(chat.sends_photos(100).len(), 20);
    assert!(chat.told().contains("as many photos as I need"));
    assert_eq!((chat.sends_photos(10).len(), chat.told().as_str()), (0, ""));
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    let mut chat = Chat::new();
    chat.says("hi");
    let film = Media {
        mime_type: "video/mp4".into(),
        ..picture("v")
    };
    chat.happens(&said(Content::Media {
        items: vec![film, picture("p")],
        caption: None,
    }));
    assert!(chat.told().contains("only use pictures"));
    assert_eq!(chat.visit().photos.awaited(), 1);
}

#[test]
fn the_same_pack_twice_is_one_order_and_another_is_another() {
    let (mut chat, first) = Chat::with_offer();
    chat.taps("18_1");
    assert_eq!(chat.visit().orders.len(), 1);
    chat.taps("18_2");
    assert_eq!(chat.visit().orders.len(), 2);
    for price in [100, 200, 300, 400] {
        chat.shelf
            .prices
            .insert(Tier::Lite, Money::new(price, Currency::Usd));
        chat.taps("18_1");
    }
    assert_eq!(chat.visit().orders.len(), 5);
    // The first offer was forgotten, and its link is paid all the same.
    chat.happens(&Event::Paid { order: first });
    assert!(
        chat.actions.contains(&Action::Refund { order: first }),
        "{:?}",
        chat.actions
    );
}

#[test]
fn what_comes_twice_or_late_changes_nothing() {
    let (mut chat, order) = Chat::with_order();
    for event in [Event::Paid { order }, Event::NotPaid { order }] {
        assert_eq!(chat.happens(&event), [], "{event:?}");
    }
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    assert_eq!(
        chat.happens(&Event::Begun {
            order,
            tune: 8,
            eta: None
        }),
        []
    );
    chat.happens(&made(order, 4, true));
    for event in [
        made(order, 4, true),
        Event::Begun {
            order,
            tune: 7,
            eta: None,
        },
        Event::Refused { order },
    ] {
        assert_eq!(chat.happens(&event), [], "{event:?}");
    }
    let stranger = OrderId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
    for event in [
        made(stranger, 4, true),
        Event::Refused { order: stranger },
        Event::Repaid {
            order: stranger,
            is_all: true,
        },
    ] {
        assert_eq!(chat.happens(&event), [], "{event:?}");
    }
}

#[test]
fn photos_that_come_bit_by_bit_are_delivered_once_each() {
    let (mut chat, order) = Chat::with_order();
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    assert_eq!(images(chat.happens(&made(order, 2, false))), 2);
    assert_eq!(images(chat.happens(&made(order, 2, false))), 0);
    assert_eq!(images(chat.happens(&made(order, 4, true))), 2);
    assert_eq!(images(chat.happens(&made(order, 4, true))), 0);
}

#[test]
fn photos_that_are_there_before_it_was_said_to_have_begun_are_delivered() {
    let (mut chat, order) = Chat::with_order();
    assert_eq!(images(chat.happens(&made(order, 4, true))), 4);
    assert_eq!(chat.visit().order(order).unwrap().step, Step::Done);
}

#[test]
fn a_returning_person_uses_the_model_without_new_selfies() {
    let (mut chat, _) = Chat::delivered();
    assert_eq!(chat.visit().model.as_ref().map(|model| model.tune), Some(7));
    chat.taps("17");
    chat.taps("18_3");
    let Some(Action::AskToPay { order, .. }) = chat.actions.first().cloned() else {
        panic!("no link")
    };
    chat.happens(&Event::Paid { order });
    let Some(Action::Make { order }) = chat.actions.first() else {
        panic!("nothing is made")
    };
    assert_eq!(order.from, Source::Model { tune: 7 });
}

#[test]
fn an_order_that_nobody_answers_for_is_asked_for_and_at_last_paid_back() {
    let (mut chat, order) = Chat::with_order();
    let paid_at = chat.now;
    let (mut asked, mut looks) = (0, 0);
    while chat.visit().order(order).unwrap().is_in_work() {
        let due = chat
            .user
            .as_ref()
            .unwrap()
            .due
            .expect("an order in work is never forgotten");
        chat.now = due.as_second().max(chat.now + 1);
        chat.happens(&Event::Due);
        asked += chat
            .actions
            .iter()
            .filter(|action| matches!(action, Action::Make { .. }))
            .count();
        looks += 1;
        assert!(looks < 40);
    }
    assert!(asked >= 3, "it was asked for {asked} times");
    assert!(chat.now <= paid_at + 6 * HOUR);
    assert!(
        chat.actions.contains(&Action::Refund { order })
            && chat.told().contains("Your money is on its way back")
    );
    // Until the money is back it is seen to.
    chat.now += HOUR;
    assert_eq!(chat.happens(&Event::Due), [Action::Refund { order }]);
    assert!(
        chat.happens(&Event::Repaid {
            order,
            is_all: true
        })
        .iter()
        .any(|action| !is_refund(action))
    );
    assert_eq!(
        chat.user.as_ref().unwrap().visit.order(order).unwrap().step,
        Step::Returned
    );
}

#[test]
fn a_tune_that_was_begun_is_looked_after_when_its_time_has_passed() {
    let (mut chat, order) = Chat::with_order();
    let eta = Timestamp::from_second(chat.now + 1_800).unwrap();
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: Some(eta),
    });
    chat.now += 1_800;
    assert_eq!(chat.happens(&Event::Due), [], "some grace");
    chat.now += 15 * 60;
    assert_eq!(
        chat.happens(&Event::Due),
        [Action::LookAfter { order, tune: 7 }]
    );
    assert_eq!(chat.happens(&Event::Due), [], "not at once again");
}

#[test]
fn outside_of_the_window_a_template_goes_out_and_the_photos_wait_for_an_answer() {
    let (mut chat, order) = Chat::with_order();
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    chat.now += 25 * HOUR;
    chat.happens(&made(order, 4, true));
    let said = chat
        .actions
        .iter()
        .filter(|action| matches!(action, Action::Say { .. }))
        .count();
    assert_eq!((said, chat.told().as_str()), (1, "studio_news"));
    chat.says("yes?");
    assert_eq!(images(&chat.actions), 4);
    assert!(chat.visit().unsaid.is_empty());
}

#[test]
fn somebody_who_stopped_in_the_middle_is_reminded_once_and_inside_the_window() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.taps("1");
    let due = chat.user.as_ref().unwrap().due.unwrap();
    assert_eq!(due.as_second(), chat.now + 20 * HOUR);
    chat.now += 20 * HOUR;
    chat.happens(&Event::Due);
    assert!(chat.told().contains("still open"));
    assert_eq!(
        (
            chat.happens(&Event::Due).len(),
            chat.user.as_ref().unwrap().due
        ),
        (0, None)
    );
    chat.says("ok");
    chat.now += 30 * HOUR;
    assert_eq!(chat.happens(&Event::Due), [], "too late to speak");
}

#[test]
fn few_stars_ask_for_words_and_the_words_are_noted() {
    let (mut chat, order) = Chat::delivered();
    assert!(chat.taps("6_2").contains("What should have been better"));
    chat.says("too dark");
    assert!(chat.actions.contains(&Action::Note {
        order,
        words: "too dark".into()
    }));
    assert_eq!(
        (chat.visit().stage, chat.visit().asked),
        (Stage::Ready, None)
    );
    assert!(
        chat.says("and too small").contains("did not get that"),
        "it was said"
    );
    let mut early = Chat::new();
    early.says("hi");
    early.taps("6_5");
    assert!(
        !early
            .actions
            .iter()
            .any(|action| matches!(action, Action::Rate { .. })),
        "there is nothing to rate"
    );
}

#[test]
fn help_status_cancel_and_language_work_anywhere() {
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
            let before = chat.visit().orders.len();
            assert!(!chat.says(words).is_empty(), "{words}");
            assert_eq!(chat.visit().orders.len(), before, "{words}");
            assert!(!chat.actions.iter().any(is_refund), "{words}");
        }
    }
}

#[test]
fn stars_may_be_written_as_a_number() {
    let (mut chat, order) = Chat::delivered();
    chat.says("5");
    assert!(
        chat.actions.contains(&Action::Rate { order, stars: 5 }),
        "{:?}",
        chat.actions
    );
}

#[test]
fn few_stars_do_not_take_new_selfies_away() {
    let (mut chat, _) = Chat::delivered();
    chat.taps("15");
    let ids = chat.sends_photos(6);
    chat.all_are_good(&ids);
    chat.taps("6_2");
    chat.says("too dark");
    chat.says("cancel");
    assert_eq!(chat.sends_photos(4).len(), 4);
    assert_eq!(
        (chat.visit().photos.0.len(), chat.visit().stage),
        (10, Stage::Collecting)
    );
}

#[test]
fn a_question_is_handed_on_at_any_stage_and_the_stage_stays() {
    let (mut chat, order) = Chat::with_order();
    assert!(chat.says("support").contains("a person reads it"));
    assert!(
        chat.says("I paid twice")
            .contains("Somebody here will read it")
    );
    assert!(chat.actions.contains(&Action::HandOn {
        words: "I paid twice".into()
    }));
    assert_eq!(chat.visit().stage, Stage::Training);
    assert!(chat.visit().order(order).unwrap().is_in_work());
    chat.says("support");
    chat.says("status");
    chat.says("I paid twice");
    assert!(
        !chat
            .actions
            .iter()
            .any(|action| matches!(action, Action::HandOn { .. })),
        "they went on to another matter"
    );
}

#[test]
fn a_number_answers_what_was_said_last_and_nothing_before() {
    let (mut chat, _) = Chat::delivered();
    chat.says("delete my data");
    chat.says("support");
    chat.says("1");
    assert!(!chat.actions.iter().any(is_erasing), "{:?}", chat.actions);
}

#[test]
fn whoever_says_no_is_not_reminded() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.taps("1");
    chat.says("stop");
    assert_eq!(chat.user.as_ref().unwrap().due, None);
}

#[test]
fn a_message_that_was_delivered_late_opens_no_window() {
    let (mut chat, order) = Chat::with_order();
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    let long_ago = Timestamp::from_second(chat.now).unwrap();
    chat.now += 25 * HOUR;
    chat.happens(&made(order, 4, true));
    let mut late = said(Content::Text {
        text: "yes?".into(),
    });
    if let Event::Said { message } = &mut late {
        message.sent_at = long_ago;
    }
    assert_eq!(images(chat.happens(&late)), 0);
    assert_eq!(images_held_back(&chat), 4);
    chat.says("yes?");
    assert_eq!((images(&chat.actions), images_held_back(&chat)), (4, 0));
}

fn images_held_back(chat: &Chat) -> usize {
    chat.visit()
        .unsaid
        .iter()
        .filter(|body| matches!(body, Body::Image { .. }))
        .count()
}

#[test]
fn no_photo_that_is_held_back_is_dropped_and_all_are_said_bit_by_bit() {
    let (mut chat, order) = Chat::with_order();
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    chat.now += 25 * HOUR;
    chat.happens(&made(order, 100, true));
    assert_eq!(images_held_back(&chat), 100);
    chat.says("yes?");
    let mut said = images(&chat.actions);
    assert!(said <= 40, "one decision is one transaction");
    while let Some(due) = chat
        .user
        .as_ref()
        .unwrap()
        .due
        .filter(|due| due.as_second() <= chat.now)
    {
        chat.now = due.as_second();
        chat.happens(&Event::Due);
        said += images(&chat.actions);
    }
    assert_eq!((said, chat.visit().unsaid.len()), (100, 0));
}

#[test]
fn a_photo_that_did_not_arrive_is_sent_once_more() {
    let (mut chat, _) = Chat::delivered();
    let lost = Event::NotShown {
        object: "made/i1.jpg".into(),
        is_too_late: false,
    };
    assert_eq!(images(chat.happens(&lost)), 1);
    assert_eq!(images(chat.happens(&lost)), 0);
    // The provider says that the window is closed, whatever we believe.
    chat.happens(&Event::NotShown {
        object: "made/i2.jpg".into(),
        is_too_late: true,
    });
    assert_eq!(
        (chat.told().as_str(), images_held_back(&chat)),
        ("studio_news", 1)
    );
}

#[test]
fn an_order_that_is_mostly_made_is_kept_and_one_that_is_not_is_paid_back() {
    for (count, is_kept) in [(1, false), (2, true), (3, true)] {
        let (mut chat, order) = Chat::with_order();
        chat.happens(&made(order, count, true));
        assert_eq!(images(&chat.actions), count);
        assert_eq!(chat.actions.iter().any(is_refund), !is_kept, "{count} of 4");
        let words = if is_kept {
            format!("That is {count} of 4")
        } else {
            "Your money is on its way back".into()
        };
        assert!(chat.told().contains(&words), "{}", chat.told());
        // The same when they came bit by bit, and the rest never does.
        let (mut chat, order) = Chat::with_order();
        chat.happens(&made(order, count, false));
        chat.now += 7 * HOUR;
        chat.happens(&Event::Due);
        assert_eq!(chat.actions.iter().any(is_refund), !is_kept, "{count} of 4");
    }
}

#[test]
fn who_may_try_again_gets_a_link_that_can_be_paid() {
    let (mut chat, first) = Chat::with_offer();
    chat.happens(&Event::NotPaid { order: first });
    assert!(chat.told().contains("did not work"), "{}", chat.told());
    chat.taps("18_1");
    let second = chat.visit().orders.last().unwrap().id;
    assert_ne!(first, second, "the page of the first is closed");
    assert_eq!(
        chat.happens(&Event::NotPaid { order: first }),
        [],
        "they have gone on"
    );
    chat.now += 21 * HOUR;
    chat.says("hi");
    chat.taps("18_1");
    assert_eq!(
        chat.visit().orders.len(),
        3,
        "the link of the second is about to end"
    );
    // Money that comes late is money.
    chat.happens(&Event::Paid { order: first });
    assert!(
        chat.actions
            .iter()
            .any(|action| matches!(action, Action::Make { order } if order.id == first))
    );
}

#[test]
fn pending_payment_is_told_and_the_status_says_so() {
    for (hello, status, words) in [("hi", "status?", "on its way"), ("שלום", "סטטוס?", "בדרך")]
    {
        let (mut chat, order) = Chat::with_offer();
        chat.user.as_mut().unwrap().language = Language::of(hello).unwrap();
        chat.happens(&Event::PaymentPending { order });
        assert!(
            chat.told().contains(words) && chat.told().contains("Portraits"),
            "{}",
            chat.told()
        );
        assert_eq!(chat.visit().stage, Stage::PaymentPending);
        assert!(chat.says(status).contains(words), "{}", chat.told());
        assert!(
            chat.says("cancel").contains(words) && chat.visit().order(order).is_some(),
            "{}",
            chat.told()
        );
        assert_eq!(chat.happens(&Event::PaymentPending { order }), [], "a copy");
        chat.happens(&Event::Paid { order });
        assert!(
            chat.actions
                .iter()
                .any(|action| matches!(action, Action::Make { .. }))
        );
        assert_eq!(
            chat.happens(&Event::PaymentPending { order }),
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
        assert_eq!(chat.happens(&Event::Due), []);
    }
    chat.says("hi");
    chat.taps("5");
    chat.now += 21 * HOUR;
    assert_eq!(
        chat.happens(&Event::Due),
        [],
        "whatever they looked at since"
    );
    chat.happens(&Event::Paid { order });
    assert!(chat.visit().order(order).unwrap().is_in_work());
}

#[test]
fn second_order_is_offered_only_after_a_question_while_a_payment_is_pending() {
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
    assert_eq!(chat.visit().orders.len(), 1);
    chat.taps("18_1");
    assert_eq!(links(&chat.actions), 0, "the same pack too");
    chat.taps("34_2");
    assert_eq!((links(&chat.actions), chat.visit().orders.len()), (1, 2));
    chat.taps("34_99");
    assert_eq!(links(&chat.actions), 0, "nobody sells that");
    let second = chat.visit().orders[1].id;
    chat.happens(&Event::Paid { order: first });
    chat.happens(&Event::Paid { order: second });
    assert!(
        chat.told().contains("one after the other"),
        "{}",
        chat.told()
    );
}

#[test]
fn pending_payment_that_fails_is_told_whenever_that_is_and_late_money_is_money() {
    let (mut chat, order) = Chat::with_pending_payment();
    chat.now += 3 * 24 * HOUR;
    chat.happens(&Event::NotPaid { order });
    assert_eq!(
        (chat.told().as_str(), chat.visit().stage),
        ("studio_news", Stage::Choosing)
    );
    assert!(
        chat.says("hi?")
            .contains("did not make the payment for *Portraits*"),
        "{}",
        chat.told()
    );
    assert_eq!(chat.happens(&Event::NotPaid { order }), [], "a copy");
    assert_eq!(
        chat.happens(&Event::PaymentPending { order }),
        [],
        "older news"
    );
    chat.taps("18_1");
    assert_eq!(
        (links(&chat.actions), chat.visit().orders.len()),
        (1, 2),
        "with a page that can be paid"
    );
    chat.happens(&Event::Paid { order });
    assert!(chat.visit().order(order).unwrap().is_in_work());
}

#[test]
fn erasing_says_what_becomes_of_the_money() {
    type Begin = fn() -> (Chat, OrderId);
    let cases: [(Begin, &str, &str, bool); 3] = [
        (
            Chat::with_order,
            "your money goes back to you",
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
            for told in [chat.says("delete my data"), chat.taps("31")] {
                assert!(told.contains(words), "{told}");
                assert_eq!(told.contains("\n\n"), is_refunded, "{told}");
            }
            assert_eq!(
                chat.actions.contains(&Action::Refund { order }),
                is_refunded
            );
            assert!(chat.visit().is_blank());
        }
    }
}

#[test]
fn a_model_is_known_for_a_month_after_it_was_learned_however_often_it_is_used() {
    let (mut chat, _) = Chat::delivered();
    let trained_at = chat.visit().model.as_ref().unwrap().trained_at;
    chat.now += 20 * 24 * HOUR;
    chat.says("hi");
    chat.taps("17");
    chat.taps("18_3");
    let order = chat.visit().orders.last().unwrap().id;
    chat.happens(&Event::Paid { order });
    chat.happens(&Event::Begun {
        order,
        tune: 7,
        eta: None,
    });
    chat.happens(&made(order, 8, true));
    assert_eq!(chat.visit().model.as_ref().unwrap().trained_at, trained_at);
}

#[test]
fn what_is_sold_is_there_as_long_as_it_is_needed() {
    // Offered on the last day, paid on the last day, made at the last moment.
    let needed = USED_FOR + OFFERED_FOR + LONGEST;
    assert!(needed < MODELS_KEPT && needed < PICTURES_KEPT && FACES_KEPT < PICTURES_KEPT);
}

#[test]
fn bank_debit_that_arrives_after_the_selfies_expire_is_refunded() {
    let paid_two_weeks_after_an_offer_on_day = |day: i64| {
        let mut chat = Chat::new();
        chat.says("hi");
        let photos = chat.sends_photos(10);
        chat.all_are_good(&photos);
        chat.now += day * 24 * HOUR;
        chat.taps("18_1");
        let order = chat.visit().orders[0].id;
        chat.happens(&Event::PaymentPending { order });
        chat.now += 14 * 24 * HOUR;
        chat.happens(&Event::Paid { order });
        let is_made = chat
            .actions
            .iter()
            .any(|action| matches!(action, Action::Make { .. }));
        assert_ne!(is_made, chat.actions.contains(&Action::Refund { order }));
        is_made
    };
    assert!(paid_two_weeks_after_an_offer_on_day(0));
    assert!(!paid_two_weeks_after_an_offer_on_day(20));
}

#[test]
fn two_orders_of_one_model_are_made_one_after_the_other() {
    let (mut chat, _) = Chat::delivered();
    chat.taps("17");
    let offered = ["18_3", "18_2"].map(|pack| {
        chat.taps(pack);
        chat.visit().orders.last().unwrap().id
    });
    let makes = |chat: &Chat| {
        chat.actions
            .iter()
            .filter(|action| matches!(action, Action::Make { .. }))
            .count()
    };
    chat.happens(&Event::Paid { order: offered[0] });
    assert_eq!(makes(&chat), 1);
    chat.now += 1;
    chat.happens(&Event::Paid { order: offered[1] });
    assert_eq!(makes(&chat), 0);
    chat.now += HOUR;
    chat.happens(&Event::Due);
    assert!(
        chat.actions
            .iter()
            .all(|action| !matches!(action, Action::Make { order } if order.id == offered[1]))
    );
    chat.happens(&made(offered[0], 8, true));
    assert_eq!(
        chat.user.as_ref().unwrap().due,
        Timestamp::from_second(chat.now).ok()
    );
    chat.happens(&Event::Due);
    assert_eq!(makes(&chat), 1);
}

#[test]
fn selfies_that_are_about_to_be_forgotten_are_not_sold() {
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
            .any(|action| matches!(action, Action::AskToPay { .. })),
        "{:?}",
        chat.actions
    );
}

#[test]
fn a_photo_that_nobody_looks_at_does_not_hold_up_the_others() {
    let mut chat = Chat::new();
    chat.says("hi");
    let lost = chat.sends_photos(1);
    chat.now += HOUR;
    let ids = chat.sends_photos(2);
    chat.all_are_good(&ids);
    assert!(chat.told().contains("2 of 10"), "{}", chat.told());
    assert_eq!((lost.len(), chat.visit().photos.awaited()), (1, 1));
}

#[test]
fn two_who_are_one_lose_no_order() {
    let (mut one, order) = Chat::with_order();
    let mut other = Chat::new();
    other.now += HOUR;
    other.says("hi");
    let (one, other) = (one.user.take().unwrap(), other.user.take().unwrap());
    for merged in [
        one.clone().merged_with(other.clone()),
        other.clone().merged_with(one.clone()),
    ] {
        assert!(merged.visit.order(order).unwrap().is_in_work());
        assert_eq!(merged.visit.stage, Stage::Training);
    }
}

fn is_erasing(action: &Action) -> bool {
    matches!(action, Action::Erase { .. })
}

#[test]
fn forgetting_is_asked_for_twice_and_done_once() {
    let (mut chat, _) = Chat::delivered();
    chat.says("delete my data");
    assert!(!chat.actions.iter().any(is_erasing));
    chat.taps("31");
    assert!(chat.actions.iter().any(is_erasing) && chat.visit().is_blank());
}

#[test]
fn a_refused_order_is_paid_back_and_the_person_may_choose_again() {
    let (mut chat, order) = Chat::with_order();
    chat.happens(&Event::Refused { order });
    assert!(chat.actions.contains(&Action::Refund { order }));
    assert_eq!(chat.visit().stage, Stage::Choosing);
    chat.taps("18_3");
    assert!(matches!(chat.actions[..], [Action::AskToPay { .. }]));
}

#[test]
fn nothing_that_is_not_a_message_makes_somebody_up() {
    let order = OrderId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
    for event in [Event::Due, Event::Paid { order }, made(order, 1, true)] {
        let mut chat = Chat::new();
        assert_eq!(chat.happens(&event), []);
        assert!(chat.user.is_none());
    }
}

#[test]
fn faces_are_forgotten_a_month_after_the_last_word() {
    let mut chat = Chat::new();
    chat.says("hi");
    chat.sends_photos(3);
    chat.now += 24 * 24 * HOUR;
    chat.happens(&Event::Due);
    assert_eq!(chat.visit().photos.0.len(), 3);
    chat.now += 6 * 24 * HOUR;
    assert_eq!(chat.happens(&Event::Due), []);
    assert!(chat.visit().photos.0.is_empty() && chat.visit().stage == Stage::New);
}

#[test]
fn who_comes_back_is_not_learned_again_for_a_month() {
    let (mut chat, _) = Chat::delivered();
    assert!(
        chat.visit().photos.0.is_empty(),
        "the next photos are made from the model"
    );
    chat.taps("18_2");
    let order = chat.visit().orders.last().unwrap();
    assert_eq!(order.from, Source::Model { tune: 7 });
    chat.now += 40 * 24 * HOUR;
    assert!(!chat.says("hi").is_empty());
    let before = chat.visit().orders.len();
    chat.taps("18_1");
    assert!(
        chat.visit().orders.len() <= before,
        "there is nothing to make photos from"
    );
    assert_eq!(chat.visit().stage, Stage::Collecting);
}
