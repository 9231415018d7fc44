//! What a bot does without a model: it greets, takes the form, offers quick replies, and hands over to people.
//!
//! Architecture invariant: pure. Each action carries the condition under which it may be written, and a person who took
//! over breaks it.

mod action;
mod exchange;

use confab_core::Timestamp;

use crate::{
    AnswerMode, BotSettings, BotStage, BotText, ConversationStatus, EmailAddress, HandoffHours,
    HandoffReason, Head, Hours, Offer, OfferedForm, Rule, RuleEffect, TeamId, WriteCondition,
    phrases::{contains_phrase, words_of},
};

pub use action::{BotAction, BotActionKind, commands_of};
pub use exchange::{
    BotVoice, ContactForm, Exchange, fill_prechat_with_bot, post_with_bot, start_with_bot,
};

/// What has happened in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GreeterEvent<'a> {
    Started,
    /// The visitor filled in the form, whose answers the head has.
    PrechatFilled,
    MessageReceived {
        text: &'a str,
        /// The path of the page that the visitor is on.
        page: Option<&'a str>,
    },
}

/// What a bot knows besides its conversation.
#[derive(Debug, Clone, Copy)]
pub struct GreeterContext<'a> {
    pub settings: &'a BotSettings,
    /// The tenant's business hours, if it has set them.
    pub hours: Option<&'a Hours>,
    /// The address of the visitor's contact.
    pub email: Option<&'a EmailAddress>,
}

/// Decides what the bot does. Nothing, once people handle the conversation or it has ended.
pub fn decide_reply(
    context: GreeterContext<'_>,
    head: &Head,
    event: GreeterEvent<'_>,
    now: Timestamp,
) -> Vec<BotAction> {
    if head.status != ConversationStatus::Bot {
        return Vec::new();
    }
    let mut reply = Reply {
        context,
        head,
        now,
        kinds: Vec::new(),
    };
    match event {
        GreeterEvent::Started => reply.started(),
        GreeterEvent::PrechatFilled => reply.prechat_filled(),
        GreeterEvent::MessageReceived { text, page } => reply.message_received(text, page),
    }
    let condition = WriteCondition::of(head);
    let kinds = reply.kinds.into_iter();
    kinds.map(|kind| BotAction { condition, kind }).collect()
}

struct Reply<'a> {
    context: GreeterContext<'a>,
    head: &'a Head,
    now: Timestamp,
    kinds: Vec<BotActionKind>,
}

impl Reply<'_> {
    fn started(&mut self) {
        if self.context.settings.prechat.is_empty() {
            return self.greet();
        }
        if self.head.prechat.is_empty() {
            return self.ask_for_form(false);
        }
        self.save_form();
        self.greet();
    }

    fn prechat_filled(&mut self) {
        self.save_form();
        if matches!(self.head.bot.stage, BotStage::Prechat { .. }) {
            self.set_stage(BotStage::Talking, 0);
            self.greet();
        }
    }

    fn message_received(&mut self, text: &str, page: Option<&str>) {
        let settings = self.context.settings;
        if let BotStage::Address {
            is_reminded,
            reason,
            team,
        } = self.head.bot.stage
        {
            return self.address_received(text, is_reminded, reason, team);
        }
        let words = words_of(text);
        if self.asks_for_a_person(text, &words) {
            return self.hand_over(HandoffReason::Asked, None);
        }
        if self.head.bot.turns >= u32::from(settings.answer.max_turns) {
            return self.hand_over(HandoffReason::MaxTurns, None);
        }
        if let BotStage::Prechat { is_reminded } = self.head.bot.stage
            && settings.prechat.iter().any(|field| field.required)
        {
            if is_reminded {
                return self.hand_over(HandoffReason::Unknown, None);
            }
            return self.ask_for_form(true);
        }
        if settings.answer.mode != AnswerMode::Auto {
            return self.hand_over(HandoffReason::Off, None);
        }
        let language = self.head.language.as_ref();
        let mut fitting = settings
            .rules
            .iter()
            .filter(|rule| rule.when.fits(&words, language, page));
        if let Some(rule) = fitting.next()
            && self.follow(rule)
        {
            return;
        }
        self.answer_missing(text);
    }

    fn asks_for_a_person(&self, text: &str, words: &[String]) -> bool {
        let settings = self.context.settings;
        is_one_of(text, &settings.quick_replies.handoff)
            || settings
                .handoff
                .words
                .iter()
                .any(|phrase| contains_phrase(words, phrase))
    }

    /// Applies a rule. Returns whether it answered: a rule may sort only.
    fn follow(&mut self, rule: &Rule) -> bool {
        self.kinds.push(BotActionKind::RecordRule {
            rule: rule.name.clone(),
        });
        let (mut is_answered, mut handoff) = (false, None);
        for effect in &rule.then {
            match effect {
                RuleEffect::Say { text } => {
                    is_answered = true;
                    let quick_replies = self.context.settings.quick_replies.followup.clone();
                    self.say(
                        text.clone(),
                        Offer {
                            quick_replies,
                            form: None,
                        },
                    );
                }
                RuleEffect::Tag { tag } => {
                    self.kinds.push(BotActionKind::AddTag { tag: tag.clone() })
                }
                RuleEffect::Priority { priority } => {
                    self.kinds.push(BotActionKind::SetPriority {
                        priority: *priority,
                    });
                }
                RuleEffect::HandOff { team } => handoff = Some(*team),
            }
        }
        if let Some(team) = handoff {
            self.hand_over(HandoffReason::Rule, team);
            return true;
        }
        if is_answered {
            self.set_stage(BotStage::Talking, 0);
        }
        is_answered
    }

    /// A quick reply that no rule answers is for people.
    fn answer_missing(&mut self, text: &str) {
        let settings = self.context.settings;
        let unknown = self.head.bot.unknown.saturating_add(1);
        let replies = &settings.quick_replies;
        let is_tapped = is_one_of(text, &replies.opening) || is_one_of(text, &replies.followup);
        if is_tapped || unknown >= settings.handoff.on_unknown {
            return self.hand_over(HandoffReason::Unknown, None);
        }
        let offer = Offer {
            quick_replies: replies.followup.clone(),
            form: None,
        };
        self.say(self.text(BotText::Unknown), offer);
        self.set_stage(BotStage::Talking, unknown);
    }

    /// Outside business hours the bot says so and takes an address before it hands over. It promises no time.
    fn hand_over(&mut self, reason: HandoffReason, team: Option<TeamId>) {
        let team = team.or(self.context.settings.handoff.team);
        if self.are_people_there() {
            self.say(self.text(BotText::Handoff), Offer::default());
            return self.kinds.push(BotActionKind::HandOff { reason, team });
        }
        let away = self.text(BotText::Away);
        if let Some(email) = self.known_email() {
            self.say(
                format!("{away}\n{}", self.address_saved(&email)),
                Offer::default(),
            );
            return self.kinds.push(BotActionKind::HandOff { reason, team });
        }
        let text = format!("{away}\n{}", self.text(BotText::AskAddress));
        self.say(
            text,
            Offer {
                quick_replies: Vec::new(),
                form: Some(OfferedForm::Address),
            },
        );
        self.set_stage(
            BotStage::Address {
                is_reminded: false,
                reason,
                team,
            },
            0,
        );
    }

    /// Asks for the address once more, then hands over without it.
    fn address_received(
        &mut self,
        text: &str,
        is_reminded: bool,
        reason: HandoffReason,
        team: Option<TeamId>,
    ) {
        if let Some(email) = EmailAddress::find(text) {
            let saved = self.address_saved(&email);
            self.kinds.push(BotActionKind::SaveContact {
                name: None,
                email: Some(email),
            });
            self.say(saved, Offer::default());
        } else if !is_reminded {
            let form = Some(OfferedForm::Address);
            self.say(
                self.text(BotText::AskAddress),
                Offer {
                    quick_replies: Vec::new(),
                    form,
                },
            );
            return self.set_stage(
                BotStage::Address {
                    is_reminded: true,
                    reason,
                    team,
                },
                0,
            );
        } else {
            self.say(self.text(BotText::Handoff), Offer::default());
        }
        self.kinds.push(BotActionKind::HandOff { reason, team });
    }

    fn are_people_there(&self) -> bool {
        match self.context.settings.handoff.hours {
            HandoffHours::Always => true,
            HandoffHours::Business => self
                .context
                .hours
                .is_none_or(|hours| hours.is_open(self.now)),
        }
    }

    fn known_email(&self) -> Option<EmailAddress> {
        self.context
            .email
            .cloned()
            .or_else(|| self.head.prechat.email())
    }

    fn address_saved(&self, email: &EmailAddress) -> String {
        self.text(BotText::AddressSaved)
            .replace("{email}", email.as_str())
    }

    fn save_form(&mut self) {
        let answers = &self.head.prechat;
        let (name, email) = (answers.name().map(str::to_owned), answers.email());
        if name.is_some() || email.is_some() {
            self.kinds.push(BotActionKind::SaveContact { name, email });
        }
    }

    fn greet(&mut self) {
        let quick_replies = self.context.settings.quick_replies.opening.clone();
        self.say(
            self.text(BotText::Greeting),
            Offer {
                quick_replies,
                form: None,
            },
        );
    }

    fn ask_for_form(&mut self, is_reminded: bool) {
        let form = Some(OfferedForm::Prechat);
        self.say(
            self.text(BotText::Prechat),
            Offer {
                quick_replies: Vec::new(),
                form,
            },
        );
        self.set_stage(BotStage::Prechat { is_reminded }, 0);
    }

    fn set_stage(&mut self, stage: BotStage, unknown: u8) {
        let progress = self.head.bot;
        if (progress.stage, progress.unknown) != (stage, unknown) {
            self.kinds.push(BotActionKind::SetStage { stage, unknown });
        }
    }

    fn say(&mut self, text: String, offer: Offer) {
        self.kinds.push(BotActionKind::Say { text, offer });
    }

    fn text(&self, text: BotText) -> String {
        self.context
            .settings
            .bot_text(text, self.head.language.as_ref())
            .to_owned()
    }
}

/// Whether a text is one of the quick replies, as a tap sends it.
fn is_one_of(text: &str, replies: &[String]) -> bool {
    replies.iter().any(|reply| reply == text.trim())
}

#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod hours_tests;
#[cfg(test)]
mod tests;
