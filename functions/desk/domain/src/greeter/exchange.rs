//! An act of a visitor together with the bot's answer to it. Both are written at once, so that no answer is lost, and a
//! person who takes over in between makes both be decided again.

use confab_core::{Result, Timestamp, clip};

use super::{BotAction, BotActionKind, GreeterContext, GreeterEvent, commands_of, decide_reply};
use crate::{
    Author, BotStage, Command, ConversationStatus, EmailAddress, HandoffReason, Head, MessageDraft,
    NewConversation, OfferedForm, PrechatAnswers, Transition, apply_command, apply_commands,
    contact::MAX_NAME_CHARS, start_conversation,
};

/// A bot that answers in a conversation.
#[derive(Debug, Clone, Copy)]
pub struct BotVoice<'a> {
    pub author: &'a Author,
    pub context: GreeterContext<'a>,
}

/// What a visitor has told the bot about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactForm {
    pub name: Option<String>,
    pub email: Option<EmailAddress>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    pub transition: Transition,
    /// Fills the visitor's contact.
    pub form: Option<ContactForm>,
}

/// Starts a conversation of a visitor. The bot greets or asks for its form, then the first message follows.
pub fn start_with_bot(
    new: NewConversation,
    first: Option<&MessageDraft>,
    page: Option<&str>,
    visitor: &Author,
    bot: Option<BotVoice<'_>>,
    now: Timestamp,
) -> Result<Exchange> {
    let mut exchange = Exchange {
        transition: start_conversation(new, None, visitor, now)?,
        form: None,
    };
    exchange.answer(bot, GreeterEvent::Started, now)?;
    if let Some(draft) = first {
        exchange.post(draft, page, visitor, bot, now)?;
    }
    exchange.transition.head.version = 1;
    Ok(exchange)
}

/// Posts a message. The bot answers a visitor while it handles the conversation. Without its bot, the conversation is
/// handed to people.
pub fn post_with_bot(
    head: &Head,
    draft: &MessageDraft,
    page: Option<&str>,
    author: &Author,
    bot: Option<BotVoice<'_>>,
    now: Timestamp,
) -> Result<Exchange> {
    let mut exchange = Exchange::over(head);
    exchange.post(draft, page, author, bot, now)?;
    Ok(exchange.after(head))
}

/// Takes the answers to the form before the chat.
pub fn fill_prechat_with_bot(
    head: &Head,
    answers: &PrechatAnswers,
    visitor: &Author,
    bot: Option<BotVoice<'_>>,
    now: Timestamp,
) -> Result<Exchange> {
    let mut exchange = Exchange::over(head);
    exchange.execute(&Command::FillPrechat(answers.clone()), visitor, now)?;
    exchange.note_form(answers.name(), answers.email());
    exchange.answer(bot, GreeterEvent::PrechatFilled, now)?;
    Ok(exchange.after(head))
}

impl Exchange {
    fn over(head: &Head) -> Self {
        Self {
            transition: Transition {
                head: head.clone(),
                entries: Vec::new(),
            },
            form: None,
        }
    }

    /// Counts the whole exchange as one change.
    fn after(mut self, before: &Head) -> Self {
        let head = &mut self.transition.head;
        if head != before {
            head.version = before.version + 1;
        }
        self
    }

    fn post(
        &mut self,
        draft: &MessageDraft,
        page: Option<&str>,
        author: &Author,
        bot: Option<BotVoice<'_>>,
        now: Timestamp,
    ) -> Result<()> {
        self.execute(&Command::Post(draft.clone()), author, now)?;
        if !matches!(author, Author::Visitor { .. }) {
            return Ok(());
        }
        let text = draft.text.as_str();
        self.answer(bot, GreeterEvent::MessageReceived { text, page }, now)
    }

    fn answer(
        &mut self,
        bot: Option<BotVoice<'_>>,
        event: GreeterEvent<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let head = &self.transition.head;
        if head.status != ConversationStatus::Bot {
            return Ok(());
        }
        let Some(bot) = bot else {
            let to_people = Command::HandToHuman {
                reason: HandoffReason::Off,
                team: None,
            };
            return self.execute(&to_people, &Author::System, now);
        };
        let actions = decide_reply(bot.context, head, event, now);
        // The form that this exchange asks for is not asked for again.
        let form = Some(OfferedForm::Prechat);
        let mut entries = self.transition.entries.iter();
        if entries.any(|entry| entry.offer.form == form) && actions.iter().any(is_reminder) {
            return Ok(());
        }
        let commands = commands_of(&actions, head.last_seq)?;
        for action in actions {
            if let BotActionKind::SaveContact { name, email } = action.kind {
                self.note_form(name.as_deref(), email);
            }
        }
        self.extend(apply_commands(
            &self.transition.head,
            &commands,
            bot.author,
            now,
        )?);
        Ok(())
    }

    fn execute(&mut self, command: &Command, actor: &Author, now: Timestamp) -> Result<()> {
        self.extend(apply_command(&self.transition.head, command, actor, now)?);
        Ok(())
    }

    fn extend(&mut self, transition: Transition) {
        self.transition.head = transition.head;
        self.transition.entries.extend(transition.entries);
    }

    /// A form may have longer answers than a contact.
    fn note_form(&mut self, name: Option<&str>, email: Option<EmailAddress>) {
        let before = self.form.take();
        let (known_name, known_email) = before.map_or((None, None), |form| (form.name, form.email));
        let name = name.map(|name| clip(name, MAX_NAME_CHARS)).or(known_name);
        let email = email.or(known_email);
        if name.is_some() || email.is_some() {
            self.form = Some(ContactForm { name, email });
        }
    }
}

fn is_reminder(action: &BotAction) -> bool {
    matches!(
        action.kind,
        BotActionKind::SetStage {
            stage: BotStage::Prechat { is_reminded: true },
            ..
        }
    )
}
