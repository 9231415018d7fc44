use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{tests::*, *};
use crate::{
    EndReason, Handler, HandoffReason, MessageKind, PrechatAnswers, Priority, ReopenPolicy,
    VisitorMessage,
};

fn commands() -> impl Strategy<Value = Command> {
    let draft = (0_u32..6, any::<bool>(), prop::option::of(0_u64..12)).prop_map(
        |(id, is_note, reply_to)| {
            let draft = MessageDraft::parse(&format!("message-{id}"), "text").unwrap();
            Command::Post(MessageDraft {
                is_note,
                reply_to,
                ..draft
            })
        },
    );
    let reason = prop::sample::select(vec![
        EndReason::Resolved,
        EndReason::Spam,
        EndReason::NoReply,
        EndReason::Left,
    ]);
    let assignee = prop::option::of((1_u8..4).prop_map(user));
    prop_oneof![
        6 => draft,
        2 => assignee.prop_map(|assignee| Command::Assign { assignee }),
        1 => Just(Command::SetPriority { priority: Priority::High }),
        1 => (0_u8..3).prop_map(|n| Command::AddTag { tag: format!("tag {n}") }),
        2 => (-20_i64..200).prop_map(|second| Command::Snooze { until: at(second) }),
        2 => Just(Command::Wake),
        2 => Just(Command::EndIdle),
        2 => Just(Command::Open),
        2 => (reason, any::<bool>()).prop_map(|(reason, ask_csat)| Command::End { reason, ask_csat }),
        2 => Just(Command::HandToHuman { reason: HandoffReason::Asked, team: None }),
        2 => Just(Command::HandToBot),
        1 => (0_u64..20).prop_map(|seq| Command::Read { seq }),
        1 => (1_u8..6).prop_map(|score| Command::Rate(Csat::parse(score, "").unwrap())),
        1 => any::<bool>().prop_map(|is_blocked| Command::Block { is_blocked }),
        1 => Just(Command::FillPrechat(PrechatAnswers::default())),
        1 => (0_u8..3).prop_map(|unknown| Command::SetStage { stage: BotStage::Talking, unknown }),
        1 => Just(Command::RecordRule { rule: "vip".into() }),
    ]
}

fn actors() -> impl Strategy<Value = Author> {
    prop::sample::select(vec![
        visitor(),
        visitor(),
        bot(),
        bot(),
        agent(1),
        agent(2),
        Author::System,
        stranger(),
    ])
}

fn steps() -> impl Strategy<Value = Vec<(Vec<Command>, Author, i64)>> {
    let step = (
        prop::collection::vec(commands(), 1..3),
        actors(),
        -5_i64..40,
    );
    prop::collection::vec(step, 0..40)
}

fn policies() -> impl Strategy<Value = ReopenPolicy> {
    prop::sample::select(vec![
        ReopenPolicy::Always,
        ReopenPolicy::Week,
        ReopenPolicy::Never,
    ])
}

/// A conversation as a store keeps it: the messages by number, and who has used which client id.
struct Stored {
    head: Head,
    log: Vec<Message>,
    said: BTreeMap<(String, String), u64>,
}

impl Stored {
    fn new(has_bot: bool, reopening: ReopenPolicy) -> Self {
        let new = NewConversation {
            reopening,
            ..new_conversation(has_bot)
        };
        let Transition { head, entries } =
            start_conversation(new, None, &visitor(), at(0)).unwrap();
        Self {
            head,
            log: entries,
            said: BTreeMap::new(),
        }
    }

    /// Writes a transition, unless one of its messages has been stored before.
    fn execute(
        &mut self,
        commands: &[Command],
        actor: &Author,
        now: Timestamp,
    ) -> Option<Transition> {
        let transition = apply_commands(&self.head, commands, actor, now).ok()?;
        let keys: Vec<_> = transition.entries.iter().filter_map(said_key).collect();
        let copies = keys.iter().enumerate().any(|(index, (key, _))| {
            self.said.contains_key(key) || keys[..index].iter().any(|(other, _)| other == key)
        });
        if copies {
            return None;
        }
        self.said.extend(keys);
        self.log.extend(transition.entries.clone());
        self.head = transition.head.clone();
        Some(transition)
    }
}

fn said_key(message: &Message) -> Option<((String, String), u64)> {
    let id = message.client_msg_id.as_ref()?;
    Some(((message.author.key(), id.as_str().to_owned()), message.seq))
}

fn check_head(head: &Head) -> Result<(), TestCaseError> {
    let is_closed = head.status == ConversationStatus::Closed;
    prop_assert!(
        !is_closed || head.waiting_since.is_none(),
        "a closed conversation waits for no one"
    );
    prop_assert_eq!(is_closed, head.ended.is_some());
    prop_assert!(!is_closed || head.unread == 0);
    prop_assert_eq!(
        head.status == ConversationStatus::Snoozed,
        head.snooze_until.is_some()
    );
    match head.status {
        ConversationStatus::Bot => {
            prop_assert_eq!(head.handled_by, Handler::Bot);
            prop_assert!(head.assignee.is_none() && head.waiting_since.is_none());
        }
        ConversationStatus::Open | ConversationStatus::Snoozed => {
            prop_assert_eq!(head.handled_by, Handler::Human);
        }
        ConversationStatus::Closed => {}
    }
    prop_assert!(head.read_seq <= head.last_seq && head.visitor_read_seq <= head.last_seq);
    prop_assert!(head.handler_seq <= head.last_seq && head.handler_seq > 0);
    Ok(())
}

/// Follows the log: whether the bot may write is decided by the events before its message.
fn check_log(log: &[Message], has_bot: bool) -> Result<(), TestCaseError> {
    let mut handler = if has_bot {
        Handler::Bot
    } else {
        Handler::Human
    };
    let (mut is_closed, mut last_at) = (false, Timestamp::MIN);
    for (index, entry) in log.iter().enumerate() {
        prop_assert_eq!(entry.seq, index as u64 + 1, "numbers are gapless");
        prop_assert!(entry.at >= last_at, "time does not go back");
        last_at = entry.at;
        match &entry.event {
            Some(ConversationEvent::TookOver) => handler = Handler::Human,
            Some(ConversationEvent::HandedOff { to, .. }) => handler = *to,
            Some(ConversationEvent::Ended { .. }) => is_closed = true,
            Some(ConversationEvent::Reopened) => is_closed = false,
            _ => {}
        }
        if entry.kind == MessageKind::Message {
            prop_assert!(!is_closed, "a message reopens before it is appended");
            match entry.author {
                Author::Bot { .. } => {
                    prop_assert_eq!(handler, Handler::Bot, "a bot talks over no one")
                }
                Author::Agent { .. } => prop_assert_eq!(handler, Handler::Human),
                Author::Visitor { .. } | Author::System => {}
            }
        }
        if entry.kind == MessageKind::Note {
            let is_agent = matches!(entry.author, Author::Agent { .. });
            prop_assert!(is_agent && VisitorMessage::of(entry).is_none());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(steps in steps(), has_bot: bool, reopening in policies()) {
        let mut stored = Stored::new(has_bot, reopening);
        let mut second = 0;
        for (commands, actor, later) in steps {
            second += later;
            let before = stored.head.clone();
            let Some(transition) = stored.execute(&commands, &actor, at(second)) else {
                prop_assert_eq!(&stored.head, &before, "what is refused changes nothing");
                continue;
            };
            let is_changed = transition.head != before;
            prop_assert_eq!(stored.head.version, before.version + u64::from(is_changed));
            prop_assert_eq!(stored.head.last_seq, before.last_seq + transition.entries.len() as u64);
            check_head(&stored.head)?;
        }
        check_log(&stored.log, has_bot)?;
    }

    #[test]
    fn repeated_commands_change_nothing(steps in steps(), has_bot: bool) {
        let mut stored = Stored::new(has_bot, ReopenPolicy::Always);
        let mut second = 0;
        for (commands, actor, later) in steps {
            second += later;
            let command = &commands[..1];
            if stored.execute(command, &actor, at(second)).is_none() {
                continue;
            }
            // A rule fires once for each message; its copies are dropped with the message's.
            if matches!(command, [Command::RecordRule { .. }]) {
                continue;
            }
            let (head, count) = (stored.head.clone(), stored.log.len());
            stored.execute(command, &actor, at(second));
            prop_assert_eq!(&stored.head, &head);
            prop_assert_eq!(stored.log.len(), count);
        }
    }

    #[test]
    fn bots_actions_fail_once_a_person_touched_the_conversation(steps in steps()) {
        let mut stored = Stored::new(true, ReopenPolicy::Always);
        let condition = WriteCondition::of(&stored.head);
        let mut second = 0;
        for (commands, actor, later) in steps {
            second += later;
            stored.execute(&commands, &actor, at(second));
            let changed_hands = stored.log.iter().any(|entry| matches!(
                entry.event,
                Some(ConversationEvent::TookOver | ConversationEvent::HandedOff { .. })
            ));
            prop_assert_eq!(condition.holds(&stored.head), !changed_hands);
            let answer = apply_commands_if(&stored.head, condition, &[post("answer")], &bot(), at(second));
            prop_assert!(answer.is_err() || !changed_hands);
        }
    }
}
