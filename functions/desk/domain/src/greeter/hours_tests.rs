use super::{tests::*, *};
use crate::{DayTime, OpenSpan, Week, bot::tests::settings};

fn outside_hours() -> Chat {
    let mut chat = Chat::new(BotSettings {
        prechat: vec![],
        ..settings()
    });
    chat.hours = Some(closed_hours());
    chat
}

#[test]
fn outside_hours_the_bot_says_so_and_takes_the_address() {
    let mut chat = outside_hours();
    let asked = format!(
        "{}\n{}",
        built_in(BotText::Away),
        built_in(BotText::AskAddress)
    );
    assert_eq!(chat.write("human"), [asked]);
    assert!(!chat.is_handed_over(), "the address is still missing");
    assert_eq!(
        chat.write("it's dana@shop.example"),
        ["Thanks! We'll reply to dana@shop.example."]
    );
    let email = EmailAddress::parse("dana@shop.example").ok();
    assert_eq!(
        chat.saved,
        [BotActionKind::SaveContact { name: None, email }]
    );
    assert!(chat.is_handed_over());
}

#[test]
fn visitor_without_an_address_is_asked_twice_and_handed_over() {
    let mut chat = outside_hours();
    chat.write("human");
    assert_eq!(chat.write("why?"), [built_in(BotText::AskAddress)]);
    assert_eq!(chat.write("no"), [built_in(BotText::Handoff)]);
    assert!(chat.is_handed_over() && chat.saved.is_empty());
}

#[test]
fn known_addresses_are_not_asked_for() {
    let mut chat = outside_hours();
    chat.email = EmailAddress::parse("dana@shop.example").ok();
    let said = chat.write("human");
    assert!(said[0].contains("dana@shop.example"), "{said:?}");
    assert!(chat.is_handed_over());
}

#[test]
fn business_hours_decide_whether_people_are_there() {
    let open = OpenSpan {
        from: DayTime::parse("00:00").unwrap(),
        to: DayTime::parse("24:00").unwrap(),
    };
    let day = vec![open];
    let week = Week {
        mon: day.clone(),
        tue: day.clone(),
        wed: day.clone(),
        thu: day.clone(),
        fri: day.clone(),
        sat: day.clone(),
        sun: day,
    };
    let mut chat = outside_hours();
    chat.hours = Some(Hours {
        week,
        ..closed_hours()
    });
    assert_eq!(chat.write("human"), [built_in(BotText::Handoff)]);
    let mut always = outside_hours();
    always.settings.handoff.hours = HandoffHours::Always;
    assert_eq!(always.write("human"), [built_in(BotText::Handoff)]);
    let mut without_hours = outside_hours();
    without_hours.hours = None;
    assert_eq!(without_hours.write("human"), [built_in(BotText::Handoff)]);
}
