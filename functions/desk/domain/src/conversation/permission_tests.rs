use super::{tests::*, *};
use crate::{BotId, EndReason, HandoffReason, PrechatAnswers, Priority};

#[test]
fn strangers_and_other_bots_find_nothing() {
    let head = started(true);
    let other_bot = Author::Bot {
        id: BotId::new(at(0), &|| [77; 10]),
        name: "Other".into(),
    };
    for actor in [stranger(), other_bot] {
        for command in [
            post("x"),
            hand_off(),
            end(EndReason::Resolved),
            Command::Read { seq: 1 },
        ] {
            assert_eq!(refusal(&head, &command, &actor), Refusal::NotFound);
        }
    }
    assert_eq!(
        apply_commands(&head, &[], &stranger(), at(0)),
        Err(Refusal::NotFound)
    );
}

/// The commands that each actor may do while the bot handles, in the order visitor, bot, agent, system.
#[test]
fn every_actor_may_do_what_the_table_says() {
    let csat = Csat::parse(5, "").unwrap();
    let table = [
        (post("x"), [true, true, true, true]),
        (note([].into()), [false, false, true, false]),
        (
            Command::Assign {
                assignee: Some(user(1)),
            },
            [false, false, true, true],
        ),
        (
            Command::SetTeam {
                team: Some(team(1)),
            },
            [false, true, true, true],
        ),
        (
            Command::SetPriority {
                priority: Priority::High,
            },
            [false, true, true, true],
        ),
        (
            Command::SetTags {
                tags: ["vip".to_owned()].into(),
            },
            [false, true, true, true],
        ),
        (
            Command::AddTag { tag: "vip".into() },
            [false, true, true, true],
        ),
        (Command::Wake, [false, false, false, true]),
        (Command::EndIdle, [false, false, false, true]),
        (Command::Open, [false, false, true, false]),
        (end(EndReason::Resolved), [true, true, true, true]),
        (end(EndReason::Left), [true, false, true, true]),
        (end(EndReason::Spam), [false, false, true, true]),
        (end(EndReason::NoReply), [false, false, true, true]),
        (hand_off(), [true, true, true, true]),
        (
            Command::HandToHuman {
                reason: HandoffReason::Rule,
                team: None,
            },
            [false, true, true, true],
        ),
        (
            Command::HandToHuman {
                reason: HandoffReason::Asked,
                team: Some(team(1)),
            },
            [false, true, true, true],
        ),
        (Command::HandToBot, [false, false, true, false]),
        (Command::Read { seq: 1 }, [true, false, true, false]),
        (
            Command::Block { is_blocked: true },
            [false, false, true, false],
        ),
        (
            Command::FillPrechat(PrechatAnswers::default()),
            [true, false, false, false],
        ),
        (
            Command::SetStage {
                stage: BotStage::Talking,
                unknown: 1,
            },
            [false, true, false, false],
        ),
        (
            Command::RecordRule { rule: "vip".into() },
            [false, true, false, true],
        ),
        (Command::ClearSubject, [true, true, true, true]),
        (
            Command::Snooze { until: at(100) },
            [false, false, false, false],
        ),
        (Command::Rate(csat), [false, false, false, false]),
    ];
    let head = started(true);
    for (command, allowed) in table {
        for (actor, may) in [visitor(), bot(), agent(1), Author::System]
            .iter()
            .zip(allowed)
        {
            let outcome = apply_command(&head, &command, actor, at(9));
            assert_eq!(
                outcome.is_ok(),
                may,
                "{command:?} by {actor:?}: {outcome:?}"
            );
        }
    }
}

#[test]
fn drafts_out_of_place_are_refused() {
    let head = started(true);
    let draft = |change: fn(&mut MessageDraft)| {
        let mut draft = MessageDraft::parse("12345678", "x").unwrap();
        change(&mut draft);
        Command::Post(draft)
    };
    for seq in [0, 2, u64::MAX] {
        let mut reply = MessageDraft::parse("12345678", "x").unwrap();
        reply.reply_to = Some(seq);
        assert_eq!(
            refusal(&head, &Command::Post(reply), &visitor()),
            Refusal::UnknownReply
        );
    }
    let offer = draft(|draft| draft.offer.quick_replies = vec!["Yes".into()]);
    assert_eq!(refusal(&head, &offer, &visitor()), Refusal::Forbidden);
    assert!(apply_command(&head, &offer, &bot(), at(1)).is_ok());
    let mention = draft(|draft| draft.mentions = [user(1)].into());
    assert_eq!(refusal(&head, &mention, &visitor()), Refusal::Forbidden);
}
