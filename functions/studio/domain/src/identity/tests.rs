use std::collections::HashMap;

use confab_core::Timestamp;
use confab_messaging::Address;

use super::*;

/// An in-memory alias table.
#[derive(Default)]
struct AliasTable {
    targets: HashMap<Alias, AliasTarget>,
    merged: HashMap<UserId, UserId>,
    created: i64,
}

const DAY: i64 = 24 * 3600;

impl AliasTable {
    /// Resolves a message and applies the changes of aliases. A new user gets a new id.
    fn receive(&mut self, day: i64, message: &Inbound) -> (UserId, ResolvedIdentity) {
        let merged = |id: UserId| {
            std::iter::successors(Some(id), |id| self.merged.get(id).copied())
                .last()
                .unwrap()
        };
        let found = resolve_identity(message, |alias| self.targets.get(alias).cloned(), merged);
        let person = found.user_id.unwrap_or_else(|| {
            self.created += 1;
            user(day, self.created.to_le_bytes()[0])
        });
        for update in &found.alias_updates {
            assert_eq!(self.targets.get(&update.alias), update.previous.as_ref());
            let target = AliasTarget {
                user_id: person,
                scoped_id: update.scoped_id.clone(),
            };
            self.targets.insert(update.alias.clone(), target);
        }
        self.merged
            .extend(found.duplicates.iter().map(|other| (*other, person)));
        if let Some((alias, target)) = &found.released_alias {
            assert_eq!(self.targets.remove(alias).as_ref(), Some(target));
        }
        (person, found)
    }

    fn user_of(&mut self, day: i64, phone: Option<&str>, scoped: Option<&str>) -> UserId {
        self.receive(day, &message(day, phone, scoped)).0
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
fn user_is_the_same_with_and_without_the_number() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(ONE), A);
    assert_eq!(table.user_of(2, None, A), person);
    assert_eq!(table.user_of(3, Some(ONE), None), person);
    let (_, found) = table.receive(4, &message(4, Some(ONE), A));
    assert_eq!(
        (found.alias_updates, found.released_alias),
        (Vec::new(), None),
        "known aliases are not written again"
    );
}

#[test]
fn users_from_before_scoped_ids_are_found_by_number() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(ONE), None);
    assert_eq!(table.user_of(2, Some(ONE), A), person);
    assert_eq!(table.user_of(3, None, A), person);
}

#[test]
fn new_owner_of_a_number_does_not_get_the_earlier_conversation() {
    let mut table = AliasTable::default();
    let first = table.user_of(1, Some(ONE), A);
    let second = table.user_of(400, Some(ONE), B);
    assert_ne!(second, first);
    assert_eq!(table.user_of(401, Some(ONE), None), second);
    assert_eq!(
        table.user_of(402, None, A),
        first,
        "the earlier owner is still found by scoped id"
    );
}

#[test]
fn two_ids_of_one_user_are_merged_into_the_older() {
    let mut table = AliasTable::default();
    let by_number = table.user_of(1, Some(ONE), None);
    let by_id = table.user_of(2, None, A);
    assert_ne!(by_number, by_id);
    let (person, found) = table.receive(3, &message(3, Some(ONE), A));
    assert_eq!(
        (person, found.duplicates),
        (by_number, BTreeSet::from([by_id]))
    );
    assert_eq!(table.user_of(4, None, A), by_number);
}

#[test]
fn changed_number_keeps_the_user_and_releases_the_old_number() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(ONE), A);
    assert_eq!(
        table
            .receive(2, &changes_number(2, (ONE, A), (TWO, None)))
            .0,
        person
    );
    assert_eq!(
        table.user_of(3, Some(TWO), B),
        person,
        "the scoped id changes with the number"
    );
    assert_ne!(
        table.user_of(4, Some(ONE), None),
        person,
        "the old number is free"
    );
}

#[test]
fn messages_under_the_new_number_before_a_late_change_notice_are_merged() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(ONE), A);
    table.user_of(3, Some(TWO), B);
    // The change of day 2 is delivered on day 4.
    let late = changes_number(2, (ONE, A), (TWO, None));
    assert_eq!(table.receive(4, &late).0, person);
    let (who, found) = table.receive(5, &message(5, None, B));
    assert_eq!(
        (who, found.alias_updates.len()),
        (person, 1),
        "the alias of the merged id is updated"
    );
    assert_eq!(table.user_of(6, Some(TWO), B), person);
}

#[test]
fn abandoned_number_is_released_whichever_merged_id_it_had() {
    let mut table = AliasTable::default();
    let by_id = table.user_of(1, None, A);
    let by_number = table.user_of(2, Some(ONE), None);
    let (person, found) = table.receive(3, &changes_number(3, (ONE, A), (TWO, None)));
    assert_eq!(
        (person, found.duplicates),
        (by_id, BTreeSet::from([by_number]))
    );
    let stranger = table.user_of(4, Some(ONE), B);
    assert!(stranger != by_id && stranger != by_number);
}

#[test]
fn earlier_owner_of_the_new_number_is_not_merged() {
    let mut table = AliasTable::default();
    let earlier = table.user_of(1, Some(TWO), None);
    let person = table.user_of(2, Some(ONE), A);
    let (who, found) = table.receive(3, &changes_number(3, (ONE, A), (TWO, None)));
    assert_eq!((who, found.duplicates), (person, BTreeSet::new()));
    assert_eq!(table.user_of(4, Some(TWO), None), person);
    assert_ne!(person, earlier);
}

#[test]
fn number_change_of_an_unknown_sender_resolves_to_the_new_numbers_owner() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(TWO), B);
    let (who, found) = table.receive(2, &changes_number(2, (ONE, None), (TWO, B)));
    assert_eq!((who, found.released_alias), (person, None));
}

#[test]
fn number_that_changes_to_itself_is_looked_up_once_and_kept() {
    let mut table = AliasTable::default();
    let person = table.user_of(1, Some(ONE), A);
    let odd = changes_number(2, (ONE, A), (ONE, A));
    assert_eq!(aliases(&odd).len(), 2);
    assert_eq!(table.receive(2, &odd).0, person);
    assert_eq!(table.user_of(3, Some(ONE), None), person);
}
