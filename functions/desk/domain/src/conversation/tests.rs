use std::{collections::BTreeSet, time::Duration};

use confab_core::{UserId, after};

use super::*;
use crate::{
    BotId, ConversationId, EndReason, Handler, HandoffReason, MessageKind, PrechatAnswers,
    ReopenPolicy, TeamId, VisitorId,
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

pub(crate) fn visitor() -> Author {
    Author::Visitor {
        id: VisitorId::new(at(0), &|| [1; 10]),
        name: None,
    }
}

pub(crate) fn stranger() -> Author {
    Author::Visitor {
        id: VisitorId::new(at(0), &|| [99; 10]),
        name: None,
    }
}

pub(crate) fn bot() -> Author {
    Author::Bot {
        id: BotId::new(at(0), &|| [2; 10]),
        name: "Helper".into(),
    }
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::new(at(0), &move || [number; 10])
}

pub(crate) fn agent(number: u8) -> Author {
    Author::Agent {
        id: user(number),
        name: "Noa".into(),
    }
}

pub(crate) fn team(number: u8) -> TeamId {
    TeamId::new(at(0), &move || [number; 10])
}

pub(crate) fn new_conversation(has_bot: bool) -> NewConversation {
    NewConversation {
        id: ConversationId::new(at(0), &|| [4; 10]),
        visitor: VisitorSummary {
            id: VisitorId::new(at(0), &|| [1; 10]),
            name: None,
            is_verified: false,
            is_blocked: false,
        },
        bot_id: has_bot.then(|| BotId::new(at(0), &|| [2; 10])),
        language: None,
        reopening: ReopenPolicy::Always,
        prechat: PrechatAnswers::default(),
    }
}

pub(crate) fn started(has_bot: bool) -> Head {
    start_conversation(new_conversation(has_bot), None, &visitor(), at(0))
        .unwrap()
        .head
}

pub(crate) fn post(text: &str) -> Command {
    Command::Post(MessageDraft::parse("12345678", text).unwrap())
}

pub(crate) fn note(mentions: BTreeSet<UserId>) -> Command {
    Command::Post(MessageDraft::note("12345678", "look", mentions).unwrap())
}

pub(crate) fn end(reason: EndReason) -> Command {
    Command::End {
        reason,
        ask_csat: true,
    }
}

pub(crate) fn hand_off() -> Command {
    Command::HandToHuman {
        reason: HandoffReason::Asked,
        team: None,
    }
}

/// Applies commands one after the other, a second apart.
pub(crate) fn run(head: &Head, steps: &[(Command, Author)]) -> Head {
    steps.iter().fold(head.clone(), |head, (command, actor)| {
        let now = after(head.updated_at, Duration::from_secs(1));
        apply_command(&head, command, actor, now).unwrap().head
    })
}

pub(crate) fn refusal(head: &Head, command: &Command, actor: &Author) -> Refusal {
    apply_command(head, command, actor, head.updated_at).unwrap_err()
}

pub(crate) fn events(transition: &Transition) -> Vec<&ConversationEvent> {
    transition
        .entries
        .iter()
        .filter_map(|entry| entry.event.as_ref())
        .collect()
}

#[test]
fn conversation_starts_with_its_first_message() {
    let draft = MessageDraft::parse("12345678", "  Hello\nthere  ").unwrap();
    let started =
        start_conversation(new_conversation(true), Some(&draft), &visitor(), at(5)).unwrap();
    let seqs: Vec<_> = started.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, [1, 2]);
    assert_eq!(events(&started), [&ConversationEvent::Started]);
    let head = started.head;
    assert_eq!((head.version, head.last_seq, head.unread), (1, 2, 1));
    assert_eq!(
        (head.status, head.handled_by),
        (ConversationStatus::Bot, Handler::Bot)
    );
    assert_eq!(head.subject.as_str(), "Hello there");
    assert_eq!(head.waiting_since, None, "the bot answers");
    let without_bot =
        start_conversation(new_conversation(false), Some(&draft), &visitor(), at(5)).unwrap();
    assert_eq!(without_bot.head.status, ConversationStatus::Open);
    assert_eq!(without_bot.head.waiting_since, Some(at(5)));
}

#[test]
fn blocked_visitors_start_nothing() {
    let mut new = new_conversation(true);
    new.visitor.is_blocked = true;
    assert_eq!(
        start_conversation(new, None, &visitor(), at(0)),
        Err(Refusal::Blocked)
    );
}

#[test]
fn first_message_of_a_person_takes_over_in_the_same_transition() {
    let head = run(&started(true), &[(post("help"), visitor())]);
    let transition = apply_command(&head, &post("I'm here"), &agent(1), at(60)).unwrap();
    assert_eq!(events(&transition), [&ConversationEvent::TookOver]);
    assert_eq!(
        transition.entries[0].kind,
        MessageKind::Event,
        "before the message"
    );
    let head = transition.head;
    assert_eq!(
        (head.status, head.handled_by),
        (ConversationStatus::Open, Handler::Human)
    );
    assert_eq!((head.assignee, head.unread), (Some(user(1)), 0));
    assert_eq!(head.handler_seq, transition.entries[0].seq);
    assert_eq!(head.first_reply_ms, Some(60_000));
}

#[test]
fn bots_never_write_after_a_person_took_over() {
    let head = run(
        &started(true),
        &[(post("answer"), bot()), (post("I'm here"), agent(1))],
    );
    assert_eq!(
        refusal(&head, &post("late answer"), &bot()),
        Refusal::TakenOver
    );
    let closed = run(&head, &[(end(EndReason::Resolved), agent(1))]);
    assert_eq!(
        refusal(&closed, &post("late answer"), &bot()),
        Refusal::TakenOver
    );
    let reopened = run(&closed, &[(post("again"), visitor())]);
    assert_eq!(
        reopened.status,
        ConversationStatus::Open,
        "in the hands it was in"
    );
    assert_eq!(
        refusal(&reopened, &post("late answer"), &bot()),
        Refusal::TakenOver
    );
    let returned = run(
        &reopened,
        &[(Command::HandToBot, agent(1)), (post("answer"), bot())],
    );
    assert_eq!(
        (returned.status, returned.bot.turns),
        (ConversationStatus::Bot, 1)
    );
    assert_eq!(returned.assignee, None);
}

#[test]
fn actions_of_a_bot_fail_when_the_hands_changed_and_changed_back() {
    let head = run(&started(true), &[(post("question"), visitor())]);
    let condition = WriteCondition::of(&head);
    let answer = [post("answer")];
    assert!(apply_commands_if(&head, condition, &answer, &bot(), at(9)).is_ok());
    let more = run(&head, &[(post("more"), visitor())]);
    assert!(apply_commands_if(&more, condition, &answer, &bot(), at(9)).is_ok());
    let taken = run(&more, &[(post("I'm here"), agent(1))]);
    assert_eq!(
        apply_commands_if(&taken, condition, &answer, &bot(), at(9)),
        Err(Refusal::TakenOver)
    );
    let returned = run(&taken, &[(Command::HandToBot, agent(1))]);
    assert_eq!(
        apply_commands_if(&returned, condition, &answer, &bot(), at(9)),
        Err(Refusal::TakenOver)
    );
}

#[test]
fn bot_says_a_hand_off_and_hands_over_together() {
    let head = run(&started(true), &[(post("human please"), visitor())]);
    let transition = apply_commands(
        &head,
        &[post("A colleague answers."), hand_off()],
        &bot(),
        at(9),
    )
    .unwrap();
    let kinds: Vec<_> = transition.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [MessageKind::Message, MessageKind::Event]);
    assert_eq!(transition.head.version, head.version + 1);
    assert_eq!(transition.head.waiting_since, Some(at(9)));
    let wrong_order = apply_commands(&head, &[hand_off(), post("more")], &bot(), at(9));
    assert_eq!(
        wrong_order,
        Err(Refusal::TakenOver),
        "together or not at all"
    );
}

#[test]
fn notes_change_nothing_but_the_history() {
    let head = run(&started(true), &[(post("help"), visitor())]);
    let noted = run(&head, &[(note([user(2)].into()), agent(1))]);
    assert_eq!(
        (noted.status, noted.handled_by),
        (head.status, head.handled_by)
    );
    assert_eq!((noted.last_at, noted.unread), (head.last_at, head.unread));
    assert_eq!(
        (noted.last_seq, noted.version),
        (head.last_seq + 1, head.version + 1)
    );
    assert_eq!(noted.mentions, [user(2)].into());
    for actor in [visitor(), bot(), Author::System] {
        assert_eq!(
            refusal(&head, &note([].into()), &actor),
            Refusal::Forbidden,
            "{actor:?}"
        );
    }
    let closed = run(
        &head,
        &[
            (end(EndReason::Resolved), agent(1)),
            (note([].into()), agent(1)),
        ],
    );
    assert_eq!(closed.status, ConversationStatus::Closed);
    let many: Vec<BTreeSet<_>> = (0..6)
        .map(|part| (part * 10..part * 10 + 10).map(user).collect())
        .collect();
    let full = many[..5].iter().fold(head, |head, users| {
        run(&head, &[(note(users.clone()), agent(1))])
    });
    assert_eq!(
        refusal(&full, &note(many[5].clone()), &agent(1)),
        Refusal::TooManyMentions
    );
}

#[test]
fn time_does_not_go_back() {
    let head = run(&started(true), &[(post("help"), visitor())]);
    let late = apply_command(&head, &post("more"), &visitor(), at(-3_600)).unwrap();
    assert_eq!(late.entries[0].at, head.updated_at);
    assert_eq!(late.head.last_at, head.updated_at);
}

#[test]
fn heads_keep_their_form_in_the_table() {
    let steps = [
        (post("help"), visitor()),
        (hand_off(), visitor()),
        (end(EndReason::Resolved), agent(1)),
    ];
    for head in [started(true), run(&started(true), &steps)] {
        let row = serde_json::to_value(&head).unwrap();
        assert_eq!(serde_json::from_value::<Head>(row).unwrap(), head);
    }
    let stage = BotStage::Address {
        is_reminded: true,
        reason: HandoffReason::Asked,
        team: None,
    };
    let row = serde_json::to_value(BotProgress {
        stage,
        turns: 2,
        unknown: 1,
    })
    .unwrap();
    assert_eq!(
        serde_json::from_value::<BotProgress>(row).unwrap().stage,
        stage
    );
}

#[test]
fn refusals_have_codes_of_their_own() {
    let codes: BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), Refusal::ALL.len());
    assert_eq!(
        confab_core::Error::from(Refusal::TakenOver).code(),
        "taken_over"
    );
}

#[test]
fn index_times_are_rounded_down() {
    let rounded =
        |second: i64| round_for_index(Timestamp::from_second(second).unwrap()).as_second();
    assert_eq!(
        [rounded(0), rounded(9), rounded(10), rounded(-1)],
        [0, 0, 10, -10]
    );
}

#[test]
fn subject_is_forgotten_with_the_message_that_it_quotes() {
    let head = started(true);
    let asked = apply_command(&head, &post("Where is\nmy order?"), &visitor(), at(1)).unwrap();
    let message = asked.entries.last().unwrap();
    assert_eq!(asked.head.subject.as_str(), "Where is my order?");
    assert!(asked.head.quotes(message));
    let mut other = message.clone();
    other.text = "Hello".into();
    assert!(!asked.head.quotes(&other));
    let cleared = apply_command(&asked.head, &Command::ClearSubject, &agent(1), at(2)).unwrap();
    assert_eq!(cleared.head.subject.as_str(), "");
    assert!(!cleared.head.quotes(message));
    let again = apply_command(&cleared.head, &post("Hello"), &visitor(), at(3)).unwrap();
    assert_eq!(again.head.subject.as_str(), "Hello");
}
