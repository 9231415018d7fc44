//! Groups, blocks and migrations.

use super::*;
use crate::PauseReason;

const CAN_WRITE: UpdateContent = UpdateContent::Membership { can_write: true };
const CANNOT_WRITE: UpdateContent = UpdateContent::Membership { can_write: false };

#[test]
fn group_talk_is_ignored_and_commands_are_not() {
    let mut talk = Talk::group();
    talk.says("good morning");
    assert_eq!(talk.effects, []);
    talk.update(UpdateContent::Other);
    assert_eq!(talk.effects, []);
    talk.says("/carousel@CarouselBot small habits");
    assert_eq!(talk.saga().owner, DANA.to_string());
    talk.says("/nonsense");
    assert_eq!(talk.text(), "");
}

#[test]
fn group_question_is_answered_by_a_reply_of_who_was_asked() {
    let mut talk = Talk::group();
    talk.says("/carousel");
    let messages = vec![SentMessage {
        message: 50,
        file_id: None,
    }];
    let number = talk.chat().last_question;
    talk.apply(&Trigger::QuestionSent {
        number,
        outcome: SendOutcome::Done { messages },
    });
    talk.says("not a reply");
    talk.replies("a reply to another message", 49);
    talk.user = OTHER;
    talk.replies("a reply of another person", 50);
    assert!(talk.state.sagas.is_empty());
    talk.user = DANA;
    talk.replies("small habits", 50);
    assert_eq!(talk.saga().source, Source::Topic("small habits".into()));
}

#[test]
fn cancel_in_a_group_stops_the_persons_own_work() {
    let mut talk = Talk::group();
    talk.says("/carousel a");
    talk.user = OTHER;
    talk.says("/carousel b");
    talk.says("/cancel");
    let running = talk.state.sagas.values().filter(|saga| saga.is_running());
    let owners: Vec<_> = running.map(|saga| saga.owner.clone()).collect();
    assert_eq!(owners, [DANA.to_string()]);
}

#[test]
fn personal_settings_are_private() {
    let mut talk = Talk::group();
    for command in ["/brand", "/series", "/my"] {
        assert!(talk.says(command).contains("private chat"), "{command}");
    }
    talk.says("/privacy");
    assert_eq!(talk.buttons(), []);
    let before = talk.state.clone();
    for action in [
        TapAction::ConfirmErase,
        TapAction::NewSeries,
        TapAction::ClearBrand,
    ] {
        let answer = talk.taps_action(action).unwrap();
        assert!(answer.contains("private chat"));
        assert_eq!(talk.state, before);
    }
}

#[test]
fn block_cancels_what_runs_pauses_series_and_says_nothing() {
    let mut talk = Talk::new();
    talk.says("a");
    talk.state.chat.as_mut().unwrap().series = vec![super::plans::series(1)];
    talk.update(CANNOT_WRITE);
    assert_eq!(talk.saga().state, SagaState::Cancelled);
    assert_eq!(talk.calls(), [] as [&Call; 0]);
    assert_eq!(talk.events(), ["carousel.cancelled"]);
    assert!(talk.chat().is_unreachable);
    assert_eq!(talk.chat().series[0].pause, Some(PauseReason::Unreachable));
    assert_eq!(talk.chat().next_timer_at, None);
    assert_eq!(talk.chat().used_today(talk.now), 0);
    talk.update(CAN_WRITE);
    assert!(!talk.chat().is_unreachable);
    assert_eq!(talk.chat().series[0].pause, None);
    assert!(talk.chat().series[0].next_at > talk.now);
}

#[test]
fn refused_send_is_a_block_and_a_message_ends_it() {
    let mut talk = Talk::new();
    talk.says("a");
    talk.says("b");
    talk.news(SagaTrigger::Settled {
        send: 1,
        outcome: SendOutcome::Unreachable,
    });
    assert!(talk.chat().is_unreachable);
    assert!(talk.chat().running.is_empty(), "both");
    talk.says("/help");
    assert!(!talk.chat().is_unreachable);
    talk.apply(&Trigger::Unreachable);
    assert!(talk.chat().is_unreachable);
}

#[test]
fn group_that_removes_the_bot_is_forgotten() {
    let mut talk = Talk::group();
    talk.says("/carousel a");
    let chat = talk.chat().key.clone();
    talk.update(CANNOT_WRITE);
    assert!(talk.effects.contains(&Effect::Erase { chat }));
    assert_eq!(talk.calls(), [] as [&Call; 0]);
    assert_eq!(talk.state, ChatState::default());
}

#[test]
fn migrated_group_keeps_its_row_and_gets_an_alias_once() {
    let mut talk = Talk::group();
    talk.says("/carousel a");
    let key = talk.chat().key.clone();
    let to = -1_001_234;
    talk.update(UpdateContent::Migrated { to });
    assert_eq!(talk.effects, [Effect::SaveAlias { chat: to }]);
    assert_eq!((talk.chat().address, &talk.chat().key), (Some(to), &key));
    talk.update(UpdateContent::Migrated { to });
    assert_eq!(talk.effects, []);
}
