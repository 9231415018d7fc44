//! `message:send` and `conversation:end`.

use std::collections::BTreeSet;

use confab_core::Result;
use desk_domain::{
    Author, Command, ConversationId, EndReason, Head, LanguageTag, Message, MessageDraft,
    MessageList, ServerFrame, VisitorMessage,
};

use super::socket::{FrameKind, Loaded, Socket};
use crate::services::{
    attachments,
    conversation_access::open_to_post,
    conversations::{PostRequest, apply_over, post_over},
    greeting::find_bot,
    socket_access::{open_tenant, reader_of},
};

/// The fields of a message that a client sends.
pub(super) struct SentMessage {
    pub(super) client_msg_id: String,
    pub(super) text: String,
    pub(super) is_note: bool,
    pub(super) reply_to: Option<u64>,
    /// Ids of uploads.
    pub(super) attachments: Vec<String>,
    pub(super) lang: Option<String>,
}

impl SentMessage {
    /// Makes the draft, without the attachments.
    fn draft(&self) -> Result<MessageDraft> {
        let mut draft = if self.is_note {
            MessageDraft::note(&self.client_msg_id, &self.text, BTreeSet::new())?
        } else {
            MessageDraft::parse(&self.client_msg_id, &self.text)?
        };
        draft.reply_to = self.reply_to;
        draft.language = self.lang.as_deref().map(LanguageTag::parse).transpose()?;
        Ok(draft)
    }
}

impl Socket<'_> {
    /// Posts a message. It comes back to its author as all sockets of the conversation receive it.
    pub(super) async fn post(
        &self,
        conversation: ConversationId,
        message: SentMessage,
    ) -> Result<()> {
        let draft = message.draft()?;
        let tenant = open_tenant(self.state, &self.ticket, true).await?;
        let reader = reader_of(&self.ticket, tenant, true);
        let (holder, tokens, opened) = tokio::join!(
            self.check_agent(),
            self.take_tokens(tenant, FrameKind::Write),
            open_to_post(
                self.state,
                self.rows,
                &reader,
                conversation,
                &draft.client_msg_id
            )
        );
        holder?;
        tokens?;
        let (opened, author) = opened?;
        let files = &message.attachments;
        let files = attachments::resolve(self.rows, &opened, files, &author).await?;
        let draft = draft.with_attachments(files)?;
        let request = PostRequest {
            draft: &draft,
            page: None,
            author: &author,
        };
        let correlation_id = self.correlation_id();
        let posted = post_over(self.state, self.rows, opened, request, correlation_id).await?;
        if posted.is_new {
            return Ok(());
        }
        // SQS may have dropped the second broadcast of a message that the client did not receive.
        self.send_message(conversation, &posted.message).await
    }

    async fn send_message(&self, conversation: ConversationId, message: &Message) -> Result<()> {
        let messages = std::slice::from_ref(message);
        let seen = VisitorMessage::list(messages);
        let messages = if self.is_agent() {
            MessageList::Agent(messages)
        } else {
            MessageList::Visitor(&seen)
        };
        self.send(&ServerFrame::MessageReceive {
            conversation_id: conversation,
            messages,
            after_seq: message.seq.saturating_sub(1),
            last_seq: message.seq,
        })
        .await
    }

    /// Ends a conversation. The frame of its end comes back as all sockets of the conversation receive it.
    pub(super) async fn end_conversation(
        &self,
        conversation: ConversationId,
        reason: Option<EndReason>,
    ) -> Result<()> {
        let Loaded { head, author } = self.load(conversation, FrameKind::Write).await?;
        let reason = reason.unwrap_or(match author {
            Author::Visitor { .. } => EndReason::Left,
            _ => EndReason::Resolved,
        });
        let ask_csat = self.asks_csat(&head).await?;
        let end = [Command::End { reason, ask_csat }];
        let correlation_id = self.correlation_id();
        apply_over(self.state, self.rows, head, &end, &author, correlation_id)
            .await
            .map(drop)
    }

    /// Whether the bot of a conversation asks for ratings.
    async fn asks_csat(&self, head: &Head) -> Result<bool> {
        let Some(bot) = head.bot_id else {
            return Ok(false);
        };
        let bot = find_bot(self.state, self.rows, bot).await?;
        Ok(bot.is_some_and(|bot| bot.settings().csat))
    }
}
