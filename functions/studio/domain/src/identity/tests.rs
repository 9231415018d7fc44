use std::collections::HashMap;

use confab_core::Timestamp;
use confab_messaging::Address;

use super::*;

/// The aliases as a store keeps them.
#[derive(Default)]
struct Book {
    leads: HashMap<Alias, Lead>,
    merged: HashMap<UserId, UserId>,
    made: i64,
}

const DAY: i64 = 24 * 3600;

impl Book {
    /// Follows what a message says, with a new id for somebody new, and tells who wrote.
    fn hears(&mut self, day: i64, message: &Inbound) -> (UserId, Recognised) {
        let merged = |id: UserId| {
            std::iter::successors(Some(id), |id| self.merged.get(id).copied())
                .last()
                .unwrap()
        };
        let found = recognise(message, |alias| self.leads.get(alias).cloned(), merged);
        let person = found.person.unwrap_or_else(|| {
            self.made += 1;
            user(day, self.made.to_le_bytes()[0])
        });
        for link in &found.links {
            assert_eq!(self.leads.get(&link.alias), link.was.as_ref());
            let lead = Lead {
                user_id: person,
                scoped_id: link.scoped_id.clone(),
            };
            self.leads.insert(link.alias.clone(), lead);
        }
        self.merged
            .extend(found.also.iter().map(|other| (*other, person)));
        if let Some((alias, lead)) = &found.release {
            assert_eq!(self.leads.remove(alias).as_ref(), Some(lead));
        }
        (person, found)
    }

    fn says(&mut self, day: i64, phone: Option<&str>, scoped: Option<&str>) -> UserId {
        self.hears(day, &message(day, phone, scoped)).0
    }
}

fn user(day: i64, salt: u8) -> UserId {
    UserId::new(Timestamp::from_second(day * DAY).unwrap(), &move || {
        [salt; 10]
    })
}

fn identity(phone: Option<&str>, scoped: Option<&str>) -> Identity {
    Identity {
        phone: phone.map(|digits| Phone::parse(digits).unwrap()),
        scoped_id: scoped.map(Into::into),
    }
}

fn message(day: i64, phone: Option<&str>, scoped: Option<&str>) -> Inbound {
    Inbound {
        id: "wamid.1".into(),
        from: Address {
            channel: Channel::Meta,
            business: "106".into(),
            person: identity(phone, scoped),
        },
        name: None,
        sent_at: Timestamp::from_second(day * DAY).unwrap(),
        reply_to: None,
        content: Content::Text { text: "hi".into() },
    }
}

fn changes_number(day: i64, old: (&str, Option<&str>), new: (&str, Option<&str>)) -> Inbound {
    let content = Content::NumberChanged {
        new: identity(Some(new.0), new.1),
    };
    Inbound {
        content,
        ..message(day, Some(old.0), old.1)
    }
}

const A: Option<&str> = Some("US.A");
const B: Option<&str> = Some("US.B");
const ONE: &str = "16505550001";
const TWO: &str = "16505550002";

#[test]
fn a_person_is_the_same_with_and_without_the_number() {
    let mut book = Book::default();
    let person = book.says(1, Some(ONE), A);
    assert_eq!(book.says(2, None, A), person);
    assert_eq!(book.says(3, Some(ONE), None), person);
    let (_, found) = book.hears(4, &message(4, Some(ONE), A));
    assert_eq!(
        (found.links, found.release),
        (Vec::new(), None),
        "what is known is not written again"
    );
}

#[test]
fn who_wrote_before_there_were_scoped_ids_is_known_by_the_number() {
    let mut book = Book::default();
    let person = book.says(1, Some(ONE), None);
    assert_eq!(book.says(2, Some(ONE), A), person);
    assert_eq!(book.says(3, None, A), person);
}

#[test]
fn a_number_that_passed_on_does_not_show_its_new_owner_the_old_conversation() {
    let mut book = Book::default();
    let first = book.says(1, Some(ONE), A);
    let second = book.says(400, Some(ONE), B);
    assert_ne!(second, first);
    assert_eq!(book.says(401, Some(ONE), None), second);
    assert_eq!(
        book.says(402, None, A),
        first,
        "who moved away is still known by the scoped id"
    );
}

#[test]
fn two_whom_we_took_for_two_become_one_under_the_older_id() {
    let mut book = Book::default();
    let by_number = book.says(1, Some(ONE), None);
    let by_id = book.says(2, None, A);
    assert_ne!(by_number, by_id);
    let (person, found) = book.hears(3, &message(3, Some(ONE), A));
    assert_eq!((person, found.also), (by_number, BTreeSet::from([by_id])));
    assert_eq!(book.says(4, None, A), by_number);
}

#[test]
fn a_changed_number_takes_the_person_along_and_is_released() {
    let mut book = Book::default();
    let person = book.says(1, Some(ONE), A);
    assert_eq!(
        book.hears(2, &changes_number(2, (ONE, A), (TWO, None))).0,
        person
    );
    assert_eq!(
        book.says(3, Some(TWO), B),
        person,
        "the scoped id changes with the number"
    );
    assert_ne!(
        book.says(4, Some(ONE), None),
        person,
        "the old number is free for anybody"
    );
}

#[test]
fn who_wrote_under_the_new_number_before_we_heard_of_the_change_is_the_same_person() {
    let mut book = Book::default();
    let person = book.says(1, Some(ONE), A);
    book.says(3, Some(TWO), B);
    // It happened on day 2, and is heard of on day 4.
    let late = changes_number(2, (ONE, A), (TWO, None));
    assert_eq!(book.hears(4, &late).0, person);
    let (who, found) = book.hears(5, &message(5, None, B));
    assert_eq!(
        (who, found.links.len()),
        (person, 1),
        "what led to the other id leads here from now on"
    );
    assert_eq!(book.says(6, Some(TWO), B), person);
}

#[test]
fn a_number_that_was_given_up_is_released_whoever_of_the_two_it_led_to() {
    let mut book = Book::default();
    let by_id = book.says(1, None, A);
    let by_number = book.says(2, Some(ONE), None);
    let (person, found) = book.hears(3, &changes_number(3, (ONE, A), (TWO, None)));
    assert_eq!((person, found.also), (by_id, BTreeSet::from([by_number])));
    let stranger = book.says(4, Some(ONE), B);
    assert!(stranger != by_id && stranger != by_number);
}

#[test]
fn an_earlier_owner_of_the_new_number_is_not_the_same_person() {
    let mut book = Book::default();
    let earlier = book.says(1, Some(TWO), None);
    let person = book.says(2, Some(ONE), A);
    let (who, found) = book.hears(3, &changes_number(3, (ONE, A), (TWO, None)));
    assert_eq!((who, found.also), (person, BTreeSet::new()));
    assert_eq!(book.says(4, Some(TWO), None), person);
    assert_ne!(person, earlier);
}

#[test]
fn a_change_of_somebody_unknown_leads_to_who_has_the_number_now() {
    let mut book = Book::default();
    let person = book.says(1, Some(TWO), B);
    let (who, found) = book.hears(2, &changes_number(2, (ONE, None), (TWO, B)));
    assert_eq!((who, found.release), (person, None));
}

#[test]
fn a_number_that_changed_to_itself_is_looked_up_once_and_kept() {
    let mut book = Book::default();
    let person = book.says(1, Some(ONE), A);
    let odd = changes_number(2, (ONE, A), (ONE, A));
    assert_eq!(aliases(&odd).len(), 2);
    assert_eq!(book.hears(2, &odd).0, person);
    assert_eq!(book.says(3, Some(ONE), None), person);
}
