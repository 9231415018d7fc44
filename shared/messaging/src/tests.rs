use confab_core::{CorrelationId, EffectId, Phone, Timestamp, UserId};

use super::*;

fn buttons(count: usize, title: &str) -> Body {
    let button = Button {
        id: "1".into(),
        title: title.into(),
    };
    Body::Buttons {
        text: "Choose".into(),
        footer: None,
        buttons: vec![button; count],
    }
}

#[test]
fn meta_accepts_one_to_three_buttons_of_twenty_characters() {
    assert_eq!(buttons(3, &"ש".repeat(20)).check(Channel::Meta), Ok(()));
    assert!(buttons(4, "x").check(Channel::Meta).is_err());
    assert!(buttons(0, "x").check(Channel::Meta).is_err());
    assert!(buttons(1, &"x".repeat(21)).check(Channel::Meta).is_err());
    assert!(buttons(1, "").check(Channel::Meta).is_err());
}

#[test]
fn lists_have_at_most_ten_rows() {
    let row = ListRow {
        id: "1".into(),
        title: "Row".into(),
        description: None,
    };
    let section = |rows| ListSection {
        title: "Part".into(),
        rows: vec![row.clone(); rows],
    };
    let list = |sections| Body::List {
        text: "Choose".into(),
        footer: None,
        open: "Open".into(),
        sections,
    };
    assert_eq!(
        list(vec![section(5), section(5)]).check(Channel::Meta),
        Ok(())
    );
    assert!(
        list(vec![section(6), section(5)])
            .check(Channel::Meta)
            .is_err()
    );
}

#[test]
fn twilio_accepts_shorter_texts() {
    let text = Body::Text {
        text: "x".repeat(1601),
    };
    assert_eq!(text.check(Channel::Meta), Ok(()));
    assert!(text.check(Channel::Twilio).is_err());
}

#[test]
fn references_survive_a_round_trip_and_others_are_refused() {
    let now = Timestamp::from_second(1_749_416_383).unwrap();
    let reference = Reference {
        user_id: UserId::new(now, &|| [3; 10]),
        effect_id: EffectId::new(now, &|| [1; 10]),
        correlation_id: CorrelationId::new(now, &|| [2; 10]),
    };
    assert_eq!(
        reference.to_string().parse::<Reference>().unwrap(),
        reference
    );
    assert!("order-17".parse::<Reference>().is_err());
}

#[test]
fn delivery_statuses_only_move_forward() {
    assert!(
        DeliveryStatus::Sending < DeliveryStatus::Sent
            && DeliveryStatus::Sent < DeliveryStatus::Failed
    );
    assert!(
        DeliveryStatus::Failed < DeliveryStatus::Delivered
            && DeliveryStatus::Delivered < DeliveryStatus::Read
    );
}

#[test]
fn debug_output_of_updates_hides_the_person() {
    let update = Update::Message(Inbound {
        id: "wamid.1".into(),
        from: Address {
            channel: Channel::Meta,
            business: "1".into(),
            person: Identity {
                phone: Phone::parse("16505551234").ok(),
                scoped_id: Some("US.13491208655302741918".into()),
            },
        },
        name: Some("Sheena Nelson".into()),
        sent_at: Timestamp::UNIX_EPOCH,
        reply_to: None,
        content: Content::Text {
            text: "my secret".into(),
        },
    });
    let body = Body::Text {
        text: "Hello Sheena".into(),
    };
    let shown = format!("{update:?} {body:?}");
    for private in ["6505551234", "13491208655302741918", "Sheena", "secret"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
