use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    Command, EndReason, apply_commands,
    conversation::tests::{agent, at, post, started, user, visitor},
};

fn head(commands: &[Command]) -> Head {
    apply_commands(&started(true), commands, &agent(1), at(9))
        .unwrap()
        .head
}

fn any_head() -> impl Strategy<Value = Head> {
    let status = prop::sample::select(vec![
        ConversationStatus::Bot,
        ConversationStatus::Open,
        ConversationStatus::Snoozed,
        ConversationStatus::Closed,
    ]);
    let assignee = prop::option::of((1_u8..4).prop_map(user));
    let mentions = prop::collection::btree_set((1_u8..4).prop_map(user), 0..3);
    (status, assignee, mentions).prop_map(|(status, assignee, mentions): (_, _, BTreeSet<_>)| {
        Head {
            status,
            assignee,
            mentions,
            ..started(true)
        }
    })
}

#[test]
fn heads_lie_in_the_partition_of_their_status_and_assignee() {
    let key = |head: &Head| InboxPartition::of(head).to_string();
    assert_eq!(key(&started(true)), "INBOX#bot#-");
    assert_eq!(key(&started(false)), "INBOX#open#-");
    let mine = head(&[post("hi")]);
    assert_eq!(key(&mine), format!("INBOX#open#{}", user(1)));
    let snoozed = head(&[post("hi"), Command::Snooze { until: at(99) }]);
    assert_eq!(key(&snoozed), "INBOX#snoozed#-");
    let closed = head(&[Command::End {
        reason: EndReason::Resolved,
        ask_csat: false,
    }]);
    assert_eq!(key(&closed), "INBOX#closed#-");
}

#[test]
fn lists_are_sorted_by_the_last_message_and_then_by_id() {
    let key = |second: i64, number: u8| ListKey {
        at: Timestamp::from_second(second).unwrap(),
        id: ConversationId::new(at(0), &move || [number; 10]),
    };
    let mut keys = [key(10, 2), key(20, 1), key(10, 1), key(1_795_000_000, 0)];
    keys.sort();
    let texts: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(texts, sorted, "text order is list order");
    assert!(texts[0].starts_with("000000000010#cnv_"));
    for (key, text) in keys.iter().zip(&texts) {
        assert_eq!(ListKey::parse(text).as_ref(), Some(key));
    }
    assert_eq!(ListKey::parse("10"), None);
}

#[test]
fn burst_of_messages_keeps_its_place_in_the_index() {
    let first = apply_commands(&started(true), &[post("1")], &visitor(), at(1))
        .unwrap()
        .head;
    let second = apply_commands(&first, &[post("2")], &visitor(), at(9))
        .unwrap()
        .head;
    let third = apply_commands(&second, &[post("3")], &visitor(), at(10))
        .unwrap()
        .head;
    assert_eq!(ListKey::of(&first), ListKey::of(&second));
    assert!(ListKey::of(&third) > ListKey::of(&second));
}

#[test]
fn filters_narrow_by_tag_bot_assignee_and_words() {
    let mut head = head(&[post("hi"), Command::AddTag { tag: "vip".into() }]);
    head.subject = "Where is my Order 1042?".into();
    head.visitor.name = Some("Dana Cohen".into());
    let q = |text: &str| InboxFilter {
        q: Some(text.into()),
        ..InboxFilter::default()
    };
    for text in ["order", "ORD", "1042 dana", "", "?!"] {
        assert!(q(text).fits(&head), "{text}");
    }
    assert!(!q("rder").fits(&head), "from the beginning of a word");
    assert!(!q("order refund").fits(&head), "all words");
    let fits = |filter: InboxFilter| filter.fits(&head);
    let none = InboxFilter::default;
    assert!(fits(InboxFilter {
        tag: Some("VIP".into()),
        ..none()
    }));
    assert!(!fits(InboxFilter {
        tag: Some("new".into()),
        ..none()
    }));
    assert!(fits(InboxFilter {
        bot: head.bot_id,
        assignee: Some(user(1)),
        ..none()
    }));
    assert!(!fits(InboxFilter {
        assignee: Some(user(2)),
        ..none()
    }));
    assert!(!fits(InboxFilter {
        bot: Some(BotId::new(at(0), &|| [9; 10])),
        ..none()
    }));
}

#[test]
fn cursors_continue_their_own_list_only() {
    let filter = InboxFilter {
        q: Some("order".into()),
        ..InboxFilter::default()
    };
    let after = ListKey::of(&started(true));
    let cursor = InboxCursor {
        view: InboxView::All,
        me: user(1),
        filter: filter.clone(),
        after,
    };
    assert!(cursor.continues(InboxView::All, user(1), &filter));
    assert!(!cursor.continues(InboxView::Mine, user(1), &filter));
    assert!(!cursor.continues(InboxView::All, user(2), &filter));
    assert!(!cursor.continues(InboxView::All, user(1), &InboxFilter::default()));
    assert!(!cursor.precedes(&after), "strictly after the last one");
    let text = serde_json::to_vec(&cursor).unwrap();
    assert_eq!(
        serde_json::from_slice::<InboxCursor>(&text).unwrap(),
        cursor
    );
}

#[test]
fn views_have_the_names_of_the_api() {
    let names: Vec<_> = InboxView::ALL
        .iter()
        .map(|view| serde_json::to_value(view).unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "mine",
            "unassigned",
            "all",
            "bot",
            "snoozed",
            "closed",
            "mentions"
        ]
    );
}

proptest! {
    #[test]
    fn views_show_what_their_partitions_hold(head in any_head(), me in (1_u8..4).prop_map(user)) {
        let members: Vec<_> = (1..4).map(user).collect();
        let mut held: Vec<_> = InboxPartition::pointers_to(&head).collect();
        held.push(InboxPartition::of(&head));
        for view in InboxView::ALL {
            let partitions = view.partitions(me, &members);
            let is_held = partitions.iter().filter(|partition| held.contains(partition)).count();
            prop_assert_eq!(is_held, usize::from(view.shows(&head, me)), "{:?}", view);
        }
    }

    #[test]
    fn pages_of_a_list_show_each_conversation_once(numbers in prop::collection::btree_set((0_i64..30, 0_u8..9), 0..40), size in 1_usize..7) {
        let key = |(second, number): &(i64, u8)| {
            let number = *number;
            let at = crate::round_for_index(Timestamp::from_second(*second).unwrap());
            ListKey { at, id: ConversationId::new(Timestamp::UNIX_EPOCH, &move || [number; 10]) }
        };
        let mut all: Vec<_> = numbers.iter().map(key).collect();
        all.sort_by(|one, other| other.cmp(one));
        all.dedup();
        let (mut seen, mut cursor): (Vec<ListKey>, Option<InboxCursor>) = (Vec::new(), None);
        loop {
            let rest = all.iter().filter(|key| cursor.as_ref().is_none_or(|cursor| cursor.precedes(key)));
            let page: Vec<_> = rest.take(size).copied().collect();
            let Some(after) = page.last().copied() else { break };
            seen.extend(page);
            cursor = Some(InboxCursor { view: InboxView::All, me: user(1), filter: InboxFilter::default(), after });
        }
        prop_assert_eq!(seen, all);
    }
}
