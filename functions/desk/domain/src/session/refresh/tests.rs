use std::collections::BTreeMap;

use confab_core::UserId;
use proptest::prelude::*;

use super::*;
use crate::{Device, MAX_SESSION_AGE, Secret, SessionClient, SessionId};

const DAY: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn family_of(byte: u8) -> SessionFamily {
    let id = SessionId::new(at(0), &|| [byte; 10]);
    let user = UserId::new(at(0), &|| [1; 10]);
    let device = Device::new(SessionClient::Browser, "Firefox", None);
    SessionFamily::new(id, user, Secret::new(&|| [byte; 10]), device, at(0))
}

fn refresh_at(family: &SessionFamily, token: &RefreshToken, ms: i64) -> RefreshOutcome {
    refresh_session(family, token, MAX_SESSION_AGE, at(ms))
}

fn rotated(outcome: RefreshOutcome) -> (SessionFamily, RefreshToken) {
    match outcome {
        RefreshOutcome::Rotated(family, token) => (family, token),
        other => panic!("{other:?}"),
    }
}

fn ended(outcome: RefreshOutcome) -> SessionFamily {
    match outcome {
        RefreshOutcome::Reused(family) => family,
        other => panic!("{other:?}"),
    }
}

#[test]
fn first_refresh_rotates_and_a_young_token_stays() {
    let family = family_of(1);
    let (family, token) = rotated(refresh_at(&family, &family.token(), 1));
    assert_eq!((family.number, &token), (1, &family.token()));
    assert_eq!(refresh_at(&family, &token, 60_001), RefreshOutcome::Current);
    let (family, next) = rotated(refresh_at(&family, &token, 60_002));
    assert_eq!((family.number, &next), (2, &family.token()));
}

#[test]
fn predecessor_gets_the_same_successor_for_twenty_seconds() {
    let first = family_of(1).token();
    let (family, token) = rotated(refresh_at(&family_of(1), &first, 1_000));
    for ms in [1_000, 1_001, 21_000, 0] {
        assert_eq!(
            refresh_at(&family, &first, ms),
            RefreshOutcome::Same(token.clone()),
            "{ms}"
        );
    }
    let ended = ended(refresh_at(&family, &first, 21_001));
    assert_eq!(ended.end.unwrap().reason, SessionEndReason::Reused);
    let outcome = refresh_at(&ended, &token, 21_002);
    assert_eq!(
        outcome,
        RefreshOutcome::Ended(SessionEndReason::Reused),
        "the genuine client is out too"
    );
}

#[test]
fn token_that_is_two_behind_ends_the_session_at_once() {
    let first = family_of(1).token();
    let (family, second) = rotated(refresh_at(&family_of(1), &first, 0));
    let (family, _) = rotated(refresh_at(&family, &second, 60_001));
    assert!(ended(refresh_at(&family, &first, 60_001)).end.is_some());
    assert!(matches!(
        refresh_at(&family, &second, 60_002),
        RefreshOutcome::Same(_)
    ));
}

#[test]
fn token_with_a_number_that_is_to_come_ends_the_session() {
    let family = family_of(1);
    let future = RefreshToken::issue(family.id, &family.secret, 1);
    assert!(
        ended(refresh_at(&family, &future, 5)).end.is_some(),
        "the row was restored from a backup"
    );
}

#[test]
fn forged_tokens_change_nothing() {
    let family = family_of(1);
    let other = family_of(2);
    let wrong_secret = RefreshToken::issue(family.id, &other.secret, 0);
    for forged in [other.token(), wrong_secret] {
        assert_eq!(refresh_at(&family, &forged, 5), RefreshOutcome::Forged);
    }
    let over = family.ended(SessionEndReason::Logout, at(5));
    assert_eq!(
        refresh_at(&over, &other.token(), 6),
        RefreshOutcome::Forged,
        "no end is disclosed"
    );
}

#[test]
fn sessions_expire_and_end() {
    let family = family_of(1);
    assert!(matches!(
        refresh_at(&family, &family.token(), 14 * DAY - 1),
        RefreshOutcome::Rotated(..)
    ));
    assert_eq!(
        refresh_at(&family, &family.token(), 14 * DAY),
        RefreshOutcome::Expired
    );
    let hour = Duration::from_secs(3_600);
    assert_eq!(
        refresh_session(&family, &family.token(), hour, at(3_600_000)),
        RefreshOutcome::Expired
    );
    let out = family.ended(SessionEndReason::Logout, at(5));
    assert_eq!(
        refresh_at(&out, &family.token(), 6),
        RefreshOutcome::Ended(SessionEndReason::Logout)
    );
}

#[test]
fn session_that_is_used_daily_lives_for_thirty_days() {
    let mut family = family_of(1);
    for day in 1..30 {
        (family, _) = rotated(refresh_at(&family, &family.token(), day * DAY));
    }
    assert_eq!(
        refresh_at(&family, &family.token(), 30 * DAY),
        RefreshOutcome::Expired
    );
}

/// One store, and one browser with a cookie that its tabs share.
struct Browser {
    family: SessionFamily,
    cookie: RefreshToken,
    /// Requests and answers underway, by the time of their arrival.
    underway: BTreeMap<(i64, usize), Packet>,
    sent: usize,
}

enum Packet {
    Request(RefreshToken, i64),
    Answer(RefreshToken),
}

impl Browser {
    fn new() -> Self {
        let family = family_of(1);
        let cookie = family.token();
        Self {
            family,
            cookie,
            underway: BTreeMap::new(),
            sent: 0,
        }
    }

    fn put(&mut self, arrival: i64, packet: Packet) {
        self.sent += 1;
        self.underway.insert((arrival, self.sent), packet);
    }

    /// A tab refreshes: its request and its answer take their time.
    fn send(&mut self, now: i64, there: i64, back: i64) {
        self.put(now + there, Packet::Request(self.cookie.clone(), back));
    }

    /// Delivers what arrives until `now`. Returns the outcome that signs the browser out, if there is one.
    fn deliver(&mut self, now: i64) -> Option<RefreshOutcome> {
        while let Some(entry) = self.underway.first_entry() {
            let (arrival, _) = *entry.key();
            if arrival > now {
                break;
            }
            match entry.remove() {
                Packet::Answer(token) => self.cookie = token,
                Packet::Request(token, back) => match refresh_at(&self.family, &token, arrival) {
                    RefreshOutcome::Current => {}
                    RefreshOutcome::Same(token) => self.put(arrival + back, Packet::Answer(token)),
                    RefreshOutcome::Rotated(family, token) => {
                        self.family = family;
                        self.put(arrival + back, Packet::Answer(token));
                    }
                    refused => return Some(refused),
                },
            }
        }
        None
    }
}

/// Slower than any answer: it never comes.
const LOST: i64 = i64::MAX / 2;

#[test]
fn fifty_tabs_that_wake_at_once_stay_signed_in() {
    let mut browser = Browser::new();
    for tab in 0..50 {
        browser.send(0, 10 + (tab * 37) % 900, 10 + (tab * 53) % 900);
    }
    assert_eq!(browser.deliver(10_000), None);
    assert_eq!(
        (browser.family.number, &browser.cookie),
        (1, &browser.family.token())
    );
}

proptest! {
    /// Pauses of up to 70 s between requests, and up to 9.9 s each way: every order of arrival occurs.
    #[test]
    fn tabs_stay_signed_in_whatever_the_order_of_their_requests(
        requests in proptest::collection::vec((0_i64..70_000, 0_i64..9_900, 0_i64..9_900), 1..120),
        crowded in proptest::collection::vec((0_i64..900, 0_i64..9_900, 0_i64..9_900), 50..150),
    ) {
        for requests in [requests, crowded] {
            let (mut browser, mut now) = (Browser::new(), 0);
            for (pause, there, back) in requests {
                now += pause;
                prop_assert_eq!(browser.deliver(now), None);
                browser.send(now, there, back);
            }
            prop_assert_eq!(browser.deliver(now + 30_000), None);
            prop_assert_eq!(&browser.cookie, &browser.family.token());
        }
    }

    /// A lost answer is repeated by the same request within the grace.
    #[test]
    fn client_that_loses_its_answers_stays_signed_in_if_it_repeats_at_once(
        losses in proptest::collection::vec(0_i64..9, 1..40),
    ) {
        let (mut browser, mut now) = (Browser::new(), 0);
        for lost in losses {
            now += 600_000;
            for _ in 0..lost {
                browser.send(now, 10, LOST);
                now += 2_000;
                prop_assert_eq!(browser.deliver(now), None);
            }
            browser.send(now, 10, 10);
            prop_assert_eq!(browser.deliver(now + 100), None);
            prop_assert_eq!(&browser.cookie, &browser.family.token());
        }
    }

    /// A thief and the owner both go on with the token that was stolen: the second use after the grace ends it.
    #[test]
    fn stolen_token_ends_the_session_at_the_second_use(
        refreshes in 0_u32..5, pause in 60_001_i64..3_600_000, delay in 20_001_i64..3_600_000,
    ) {
        let (mut family, mut now) = (family_of(1), 0);
        for _ in 0..refreshes {
            now += 600_000;
            (family, _) = rotated(refresh_at(&family, &family.token(), now));
        }
        let stolen = family.token();
        now += pause;
        let (family, first) = rotated(refresh_at(&family, &stolen, now));
        // Whichever of the two was first holds `first`, the other still holds the stolen one.
        let family = ended(refresh_at(&family, &stolen, now + delay));
        let outcome = refresh_at(&family, &first, now + delay + 1);
        prop_assert_eq!(outcome, RefreshOutcome::Ended(SessionEndReason::Reused));
    }

    /// A token from longer ago is recognized at any time.
    #[test]
    fn old_tokens_always_end_the_session(
        newer in 0_u64..18, age in 2_u64..20, pause in 0_i64..600_000,
    ) {
        let rotations = newer + age;
        let (mut family, mut now) = (family_of(1), 0);
        for _ in 0..rotations {
            now += 600_000;
            (family, _) = rotated(refresh_at(&family, &family.token(), now));
        }
        let old = RefreshToken::issue(family.id, &family.secret, rotations - age);
        prop_assert!(ended(refresh_at(&family, &old, now + pause)).end.is_some());
    }
}
