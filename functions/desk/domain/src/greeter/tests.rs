use std::{collections::BTreeMap, time::Duration};

use confab_core::after;
use proptest::prelude::*;

use super::*;
use crate::{
    BotTemplate, Command, Handler, LanguageTag, PrechatAnswers, PrechatField, PrechatType,
    Priority, Refusal, RuleCondition, TimeZoneName, Week, apply_command, apply_commands_if,
    bot::tests::settings,
    conversation::tests::{agent, at, bot, post, started, visitor},
};

/// A bot with its conversation, whose actions are written as they are decided.
pub(super) struct Chat {
    pub(super) settings: BotSettings,
    pub(super) hours: Option<Hours>,
    pub(super) email: Option<EmailAddress>,
    pub(super) head: Head,
    pub(super) now: Timestamp,
    pub(super) saved: Vec<BotActionKind>,
}

impl Chat {
    pub(super) fn new(settings: BotSettings) -> Self {
        Self {
            settings,
            hours: None,
            email: None,
            head: started(true),
            now: at(1),
            saved: Vec::new(),
        }
    }

    pub(super) fn decide(&self, event: GreeterEvent<'_>) -> Vec<BotAction> {
        let context = GreeterContext {
            settings: &self.settings,
            hours: self.hours.as_ref(),
            email: self.email.as_ref(),
        };
        decide_reply(context, &self.head, event, self.now)
    }

    /// Decides, writes, and returns what the bot said.
    pub(super) fn handle(&mut self, event: GreeterEvent<'_>) -> Vec<String> {
        let actions = self.decide(event);
        let commands = commands_of(&actions, self.head.last_seq).unwrap();
        if let Some(action) = actions.first() {
            let written =
                apply_commands_if(&self.head, action.condition, &commands, &bot(), self.now);
            self.head = written.unwrap().head;
        }
        let (saved, others): (Vec<_>, Vec<_>) = actions
            .into_iter()
            .map(|action| action.kind)
            .partition(|kind| matches!(kind, BotActionKind::SaveContact { .. }));
        self.saved.extend(saved);
        let said = others.into_iter().filter_map(|kind| match kind {
            BotActionKind::Say { text, .. } => Some(text),
            _ => None,
        });
        said.collect()
    }

    pub(super) fn write(&mut self, text: &str) -> Vec<String> {
        self.now = after(self.now, Duration::from_secs(1));
        self.head = apply_command(&self.head, &post(text), &visitor(), self.now)
            .unwrap()
            .head;
        self.handle(GreeterEvent::MessageReceived { text, page: None })
    }

    pub(super) fn fill(&mut self, pairs: &[(&str, &str)]) -> Vec<String> {
        let answers: BTreeMap<_, _> = pairs
            .iter()
            .map(|(key, text)| ((*key).into(), (*text).into()))
            .collect();
        let command = Command::FillPrechat(PrechatAnswers(answers));
        self.head = apply_command(&self.head, &command, &visitor(), self.now)
            .unwrap()
            .head;
        self.handle(GreeterEvent::PrechatFilled)
    }

    pub(super) fn is_handed_over(&self) -> bool {
        self.head.handled_by == Handler::Human
    }
}

pub(super) fn blank() -> BotSettings {
    BotTemplate::Blank
        .settings("Helper", LanguageTag::english())
        .unwrap()
}

/// Open on no day, so that it is always outside business hours.
pub(super) fn closed_hours() -> Hours {
    Hours {
        timezone: TimeZoneName::default(),
        week: Week::default(),
        holidays: vec![],
    }
}

pub(super) fn built_in(text: BotText) -> String {
    text.built_in(None).to_owned()
}

#[test]
fn bot_greets_and_offers_quick_replies() {
    let chat = Chat::new(settings());
    let actions = chat.decide(GreeterEvent::Started);
    let opening = chat.settings.quick_replies.opening.clone();
    let greeting = BotActionKind::Say {
        text: built_in(BotText::Greeting),
        offer: Offer {
            quick_replies: opening,
            form: None,
        },
    };
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0].kind, greeting);
}

#[test]
fn visitors_who_ask_for_a_person_get_one() {
    for text in ["Can I talk to a HUMAN?", "Talk to a person", "agent!!"] {
        let mut chat = Chat::new(settings());
        assert_eq!(chat.write(text), [built_in(BotText::Handoff)], "{text}");
        assert!(chat.is_handed_over() && chat.head.waiting_since.is_some());
    }
}

#[test]
fn bot_is_silent_after_a_hand_off() {
    let mut chat = Chat::new(settings());
    chat.write("human");
    let last_seq = chat.head.last_seq;
    assert!(chat.write("hello?").is_empty());
    assert!(chat.handle(GreeterEvent::Started).is_empty());
    assert!(chat.fill(&[("name", "Dana")]).is_empty());
    assert_eq!(
        chat.head.last_seq,
        last_seq + 1,
        "the visitor's message alone"
    );
}

#[test]
fn person_who_takes_over_meanwhile_silences_the_bot() {
    let chat = Chat::new(settings());
    let event = GreeterEvent::MessageReceived {
        text: "hello",
        page: None,
    };
    let actions = chat.decide(event);
    let commands = commands_of(&actions, chat.head.last_seq).unwrap();
    let taken = apply_command(&chat.head, &post("I'm here"), &agent(1), at(5))
        .unwrap()
        .head;
    let condition = actions[0].condition;
    let late = apply_commands_if(&taken, condition, &commands, &bot(), at(6));
    assert_eq!(late, Err(Refusal::TakenOver));
    let returned = apply_command(&taken, &Command::HandToBot, &agent(1), at(7))
        .unwrap()
        .head;
    let later = apply_commands_if(&returned, condition, &commands, &bot(), at(8));
    assert_eq!(
        later,
        Err(Refusal::TakenOver),
        "the question has been answered"
    );
}

#[test]
fn copies_of_an_event_make_the_same_messages() {
    let chat = Chat::new(settings());
    let ids = || {
        let commands =
            commands_of(&chat.decide(GreeterEvent::Started), chat.head.last_seq).unwrap();
        let drafts = commands.into_iter().filter_map(|command| match command {
            Command::Post(draft) => Some(draft.client_msg_id),
            _ => None,
        });
        drafts.collect::<Vec<_>>()
    };
    assert_eq!(ids().len(), 1);
    assert_eq!(ids(), ids());
}

#[test]
fn form_comes_first_and_fills_the_contact() {
    let sales = BotTemplate::Sales
        .settings("Helper", LanguageTag::english())
        .unwrap();
    let mut chat = Chat::new(sales.clone());
    assert_eq!(
        chat.handle(GreeterEvent::Started),
        [built_in(BotText::Prechat)]
    );
    assert_eq!(
        chat.fill(&[("name", "Dana"), ("email", "dana@shop.example")]),
        [built_in(BotText::Greeting)]
    );
    let email = EmailAddress::parse("dana@shop.example").ok();
    let saved = BotActionKind::SaveContact {
        name: Some("Dana".into()),
        email,
    };
    assert_eq!(chat.saved, vec![saved.clone()]);
    assert_eq!(
        chat.fill(&[("name", "Dana"), ("email", "dana@shop.example")]),
        Vec::<String>::new(),
        "a copy"
    );
    assert_eq!(chat.saved, [saved.clone(), saved]);
    let mut filled = Chat::new(sales);
    filled.head.prechat = chat.head.prechat.clone();
    assert_eq!(
        filled.handle(GreeterEvent::Started),
        [built_in(BotText::Greeting)],
        "filled in before"
    );
}

#[test]
fn form_is_asked_for_once_more_before_people_take_it() {
    let mut chat = Chat::new(
        BotTemplate::Sales
            .settings("Helper", LanguageTag::english())
            .unwrap(),
    );
    chat.handle(GreeterEvent::Started);
    assert_eq!(chat.write("no"), [built_in(BotText::Prechat)]);
    assert_eq!(chat.write("never"), [built_in(BotText::Handoff)]);
    assert!(chat.is_handed_over());
}

#[test]
fn optional_forms_do_not_stop_a_conversation() {
    let mut settings = blank();
    settings.prechat = vec![PrechatField {
        key: "name".into(),
        label: "Name".into(),
        kind: PrechatType::Text,
        required: false,
        options: vec![],
    }];
    let mut chat = Chat::new(settings);
    chat.handle(GreeterEvent::Started);
    assert_eq!(chat.write("hello"), [built_in(BotText::Unknown)]);
    assert_eq!(chat.head.bot.stage, BotStage::Talking);
}

#[test]
fn rules_answer_sort_and_hand_over() {
    let mut settings = blank();
    let rule = |word: &str, then: Vec<RuleEffect>| Rule {
        name: format!("about {word}"),
        when: RuleCondition {
            words: vec![word.into()],
            ..RuleCondition::default()
        },
        then,
    };
    let tag = || RuleEffect::Tag {
        tag: "sorted".into(),
    };
    settings.rules = vec![
        rule(
            "hours",
            vec![
                RuleEffect::Say {
                    text: "We open at nine.".into(),
                },
                tag(),
            ],
        ),
        rule(
            "refund",
            vec![
                RuleEffect::HandOff { team: None },
                RuleEffect::Priority {
                    priority: Priority::High,
                },
            ],
        ),
        rule("weather", vec![tag()]),
    ];
    let mut chat = Chat::new(settings.clone());
    assert_eq!(chat.write("what?"), [built_in(BotText::Unknown)]);
    assert_eq!(chat.write("Your hours?"), ["We open at nine."]);
    assert_eq!(
        chat.head.bot.unknown, 0,
        "an answer counts again from the beginning"
    );
    assert!(chat.head.tags.contains("sorted"));
    assert_eq!(chat.write("refund me"), [built_in(BotText::Handoff)]);
    assert_eq!(
        chat.head.priority,
        Priority::High,
        "sorted before the hand-off"
    );
    let mut sorted = Chat::new(settings);
    assert_eq!(
        sorted.write("nice weather"),
        [built_in(BotText::Unknown)],
        "a rule that only sorts"
    );
    assert!(sorted.head.tags.contains("sorted"));
}

#[test]
fn questions_without_an_answer_go_to_people() {
    let mut chat = Chat::new(settings());
    assert_eq!(chat.write("what is love?"), [built_in(BotText::Unknown)]);
    assert_eq!(
        chat.write("baby don't hurt me"),
        [built_in(BotText::Handoff)]
    );
    let mut tapped = Chat::new(settings());
    assert_eq!(
        tapped.write("Where is my order?"),
        [built_in(BotText::Handoff)],
        "a tap is no riddle"
    );
}

#[test]
fn bots_that_do_not_answer_hand_over_the_first_message() {
    for mode in [AnswerMode::Off, AnswerMode::Suggest] {
        let mut settings = settings();
        settings.answer.mode = mode;
        let mut chat = Chat::new(settings);
        chat.handle(GreeterEvent::Started);
        assert_eq!(chat.write("hello"), [built_in(BotText::Handoff)]);
        assert!(chat.is_handed_over());
    }
}

fn messages() -> impl Strategy<Value = Vec<String>> {
    let texts = vec![
        "hello",
        "human",
        "refund",
        "Where is my order?",
        "dana@shop.example",
        "no",
        "\u{202e}x",
    ];
    let text = prop_oneof![
        prop::sample::select(texts).prop_map(str::to_owned),
        "[a-zא-ת ]{1,20}"
    ];
    prop::collection::vec(
        text.prop_filter("a message has text", |text| !text.trim().is_empty()),
        0..80,
    )
}

proptest! {
    #[test]
    fn bots_always_hand_over_and_then_are_silent(
        texts in messages(),
        template in prop::sample::select(BotTemplate::ALL.to_vec()),
        is_closed: bool,
        max_turns in 1_u8..12,
    ) {
        let mut settings = template.settings("Helper", LanguageTag::english()).unwrap();
        settings.answer.max_turns = max_turns;
        settings.handoff.on_unknown = 5;
        let mut chat = Chat::new(settings);
        chat.hours = is_closed.then(closed_hours);
        chat.handle(GreeterEvent::Started);
        for text in &texts {
            let was_handed_over = chat.is_handed_over();
            let said = chat.write(text);
            prop_assert!(said.is_empty() || !was_handed_over);
            prop_assert!(!said.is_empty() || was_handed_over, "a visitor is never left without an answer");
        }
        // The form, the address and the last words come on top of the turns.
        prop_assert!(texts.len() < usize::from(max_turns) + 4 || chat.is_handed_over());
    }
}
