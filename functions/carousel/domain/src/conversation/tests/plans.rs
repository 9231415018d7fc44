//! Series.

use super::*;
use crate::{Cadence, MAX_EPISODES, PauseReason};

pub(super) fn series(id: u16) -> Series {
    Series {
        id,
        topic: "rest".into(),
        cadence: Cadence::Daily,
        hour: 9,
        made: 0,
        pause: None,
        next_at: start(),
    }
}

fn with_series(all: Vec<Series>) -> Talk {
    let mut talk = Talk::new();
    talk.says("/help");
    talk.state.chat.as_mut().unwrap().series = all;
    talk
}

#[test]
fn series_is_set_up_by_topic_cadence_hour_and_zone() {
    let mut talk = Talk::new();
    talk.says("/series");
    talk.taps_action(TapAction::NewSeries);
    talk.says("Rest\nfor parents");
    assert_eq!(talk.buttons().len(), 2);
    talk.taps_action(TapAction::SetCadence { is_weekly: false });
    assert_eq!(talk.buttons().len(), 12);
    talk.taps_action(TapAction::SetHour(9));
    assert!(talk.text().contains("time zone"));
    assert!(talk.says("Atlantis").contains("do not know"));
    let text = talk.says("tokyo");
    assert!(
        text.contains("Rest for parents: every day at 9:00 (Asia/Tokyo)"),
        "{text}"
    );
    let series = &talk.chat().series[0];
    assert_eq!(series.next_at.to_string(), "2026-12-01T00:00:00Z");
    assert_eq!(talk.chat().next_timer_at, Some(series.next_at));
    assert_eq!(
        (&talk.chat().series_draft, &talk.chat().question),
        (&None, &None)
    );
}

#[test]
fn weekly_series_keeps_the_weekday_of_its_zone() {
    // Monday evening in UTC is Tuesday in Tokyo, and the zone is asked for last.
    let mut talk = Talk::new();
    talk.waits(8 * 3600).says("/series");
    talk.taps_action(TapAction::NewSeries);
    talk.says("Rest");
    talk.taps_action(TapAction::SetCadence { is_weekly: true });
    talk.taps_action(TapAction::SetHour(9));
    talk.says("tokyo");
    let series = &talk.chat().series[0];
    assert_eq!(series.cadence, Cadence::Weekly { weekday: 2 });
    assert_eq!(series.next_at.to_string(), "2026-12-01T00:00:00Z");
}

#[test]
fn known_zone_is_not_asked_for_again() {
    let mut talk = Talk::new();
    talk.says("/series");
    talk.taps_action(TapAction::SetZone(3));
    assert!(talk.text().contains("Europe/London"));
    talk.taps_action(TapAction::NewSeries);
    talk.says("Rest");
    talk.taps_action(TapAction::SetCadence { is_weekly: false });
    talk.taps_action(TapAction::SetHour(9));
    assert_eq!(talk.chat().series.len(), 1);
}

#[test]
fn stale_buttons_of_the_set_up_create_nothing() {
    let mut talk = Talk::new();
    talk.says("/series");
    for action in [
        TapAction::SetHour(255),
        TapAction::SetCadence { is_weekly: true },
        TapAction::SetZone(255),
        TapAction::PauseSeries(9),
        TapAction::ResumeSeries(9),
        TapAction::DeleteSeries(9),
    ] {
        talk.taps_action(action);
        assert_eq!(talk.chat().series, []);
    }
}

#[test]
fn due_series_begins_one_carousel_however_long_the_outage_was() {
    let mut talk = with_series(vec![series(1)]);
    talk.waits(20 * 24 * 3600).apply(&Trigger::SeriesDue);
    assert_eq!(talk.state.sagas.len(), 1);
    assert_eq!(talk.saga().origin, Origin::Series);
    assert_eq!(talk.saga().owner, DANA.to_string());
    assert_eq!(talk.chat().series[0].made, 1);
    assert!(talk.chat().series[0].next_at > talk.now);
    talk.apply(&Trigger::SeriesDue);
    assert_eq!(talk.effects, [], "a copy of the trigger");
}

#[test]
fn paused_series_rests_and_goes_on_from_now() {
    let mut talk = with_series(vec![series(1)]);
    talk.taps_action(TapAction::PauseSeries(1));
    assert_eq!(talk.chat().next_timer_at, None);
    talk.waits(9 * 24 * 3600).apply(&Trigger::SeriesDue);
    assert!(talk.state.sagas.is_empty());
    talk.taps_action(TapAction::ResumeSeries(1));
    assert!(talk.chat().series[0].next_at > talk.now);
    talk.apply(&Trigger::SeriesDue);
    assert!(talk.state.sagas.is_empty());
}

#[test]
fn persons_pause_outlives_a_block() {
    let mut paused = series(1);
    paused.pause = Some(PauseReason::Person);
    let mut talk = with_series(vec![paused]);
    talk.apply(&Trigger::Unreachable);
    talk.says("/help");
    assert_eq!(talk.chat().series[0].pause, Some(PauseReason::Person));
}

#[test]
fn series_ends_after_its_last_carousel() {
    let mut last = series(1);
    last.made = MAX_EPISODES - 1;
    let mut talk = with_series(vec![last]);
    talk.apply(&Trigger::SeriesDue);
    assert_eq!(talk.state.sagas.len(), 1);
    assert!(talk.text().contains("the last of 30"));
    assert_eq!(talk.chat().series, []);
}

#[test]
fn limits_leave_out_a_carousel_of_a_series() {
    let mut talk = with_series((1..=5).map(series).collect());
    talk.apply(&Trigger::SeriesDue);
    assert_eq!(talk.state.sagas.len(), 3);
    let made: Vec<_> = talk
        .chat()
        .series
        .iter()
        .map(|series| series.made)
        .collect();
    assert_eq!(made, [1, 1, 1, 0, 0]);
    assert!(
        talk.chat()
            .series
            .iter()
            .all(|series| series.next_at > talk.now)
    );
}

#[test]
fn number_of_series_is_bounded() {
    let mut talk = with_series((1..=5).map(series).collect());
    talk.says("/series");
    let data = Tap::of_conversation(TapAction::NewSeries).encode();
    assert!(!talk.buttons().iter().any(|(_, other)| *other == data));
    talk.taps_action(TapAction::NewSeries);
    assert!(talk.text().contains("You have 5 series"));
    assert_eq!(talk.chat().question, None);
}

#[test]
fn deleted_series_is_gone_from_the_list() {
    let mut talk = with_series(vec![series(1), series(2)]);
    talk.taps_action(TapAction::DeleteSeries(1));
    assert!(matches!(
        talk.calls()[1],
        Call::EditMessage { message: 77, .. }
    ));
    assert_eq!(talk.chat().series.len(), 1);
}
