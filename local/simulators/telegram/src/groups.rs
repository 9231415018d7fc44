//! Groups, and the bot's membership in chats.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use confab_simulator_base::{Answer, Problem};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    chats::{CHATS, Chat, ChatType, Membership, PEOPLE, Person},
    messages::{self, NewMessage},
    telegram::Telegram,
    unit::Unit,
    updates,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    title: String,
    /// The first one creates the group.
    members: Vec<i64>,
    #[serde(default)]
    supergroup: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMembership {
    by: i64,
    status: Membership,
}

pub(crate) async fn add(
    State(telegram): State<Arc<Telegram>>,
    new: Result<Json<NewGroup>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new) = new?;
    let kind = if new.supergroup {
        ChatType::Supergroup
    } else {
        ChatType::Group
    };
    telegram.write(|unit| {
        let mut people = Vec::new();
        for id in &new.members {
            people.push(person(unit, *id)?);
        }
        let creator = people.first();
        let creator = creator.ok_or_else(|| Problem::Invalid("A group needs a member.".into()))?;
        let chat = Chat::add_group(unit, kind, &new.title, new.members.clone())?;
        announce(unit, &chat, creator, Membership::Left)?;
        let joined = json!([unit.telegram.account.user()]);
        service_message(unit, &chat, creator, "new_chat_members", joined)?;
        unit.show("chats", json!({}));
        Ok(Json(json!(chat)))
    })
}

/// Adds the bot to a group, removes it, or blocks and unblocks it in a private chat.
pub(crate) async fn set_membership(
    State(telegram): State<Arc<Telegram>>,
    Path(id): Path<i64>,
    new: Result<Json<NewMembership>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(new) = new?;
    telegram.write(|unit| {
        let chat = CHATS.get(unit.db, id)?.ok_or(Problem::NotFound("chat"))?;
        let by = person(unit, new.by)?;
        if !chat.members.contains(&by.id) {
            return Err(Problem::Invalid("This person is not in the chat.".into()));
        }
        if chat.is_private() && new.status == Membership::Left {
            return Err(Problem::Invalid(
                "A person blocks the bot or does not.".into(),
            ));
        }
        let chat = change(unit, chat, &by, new.status)?;
        Ok(Json(json!(chat)))
    })
}

fn change(
    unit: &mut Unit<'_>,
    chat: Chat,
    by: &Person,
    status: Membership,
) -> rusqlite::Result<Chat> {
    let old = chat.bot;
    if old == status {
        return Ok(chat);
    }
    let chat = Chat {
        bot: status,
        ..chat
    };
    CHATS.put(unit.db, chat.id, &chat)?;
    announce(unit, &chat, by, old)?;
    unit.show("chats", json!({}));
    Ok(chat)
}

/// Migrates a group to a supergroup, with the two service messages of that.
pub(crate) async fn migrate(
    State(telegram): State<Arc<Telegram>>,
    Path(id): Path<i64>,
) -> Answer<Json<Value>> {
    telegram.write(|unit| {
        let old = CHATS.get(unit.db, id)?.ok_or(Problem::NotFound("chat"))?;
        if old.kind != ChatType::Group || old.migrated_to.is_some() {
            return Err(Problem::Invalid("Only a group migrates, and once.".into()));
        }
        let creator = old.members.first().copied().unwrap_or_default();
        let creator = person(unit, creator)?;
        let title = old.title.clone().unwrap_or_default();
        let supergroup = ChatType::Supergroup;
        let mut new = Chat::add_group(unit, supergroup, &title, old.members.clone())?;
        new.bot = old.bot;
        CHATS.put(unit.db, new.id, &new)?;
        let old = Chat {
            migrated_to: Some(new.id),
            ..old
        };
        CHATS.put(unit.db, old.id, &old)?;
        service_message(unit, &old, &creator, "migrate_to_chat_id", new.id.into())?;
        service_message(unit, &new, &creator, "migrate_from_chat_id", old.id.into())?;
        unit.show("chats", json!({}));
        Ok(Json(json!(new)))
    })
}

/// Queues the `my_chat_member` update of a changed membership.
fn announce(unit: &Unit<'_>, chat: &Chat, by: &Person, old: Membership) -> rusqlite::Result<()> {
    let member = |status: Membership| {
        let mut member = json!({"user": unit.telegram.account.user(), "status": status});
        if status == Membership::Kicked {
            member["until_date"] = 0.into();
        }
        member
    };
    let body = json!({
        "chat": chat.wire(unit.db)?, "from": by.wire(), "date": unit.seconds(),
        "old_chat_member": member(old), "new_chat_member": member(chat.bot),
    });
    let queue = format!("my_chat_member {}", chat.id);
    updates::add(unit, &queue, "my_chat_member", &body)
}

fn service_message(
    unit: &mut Unit<'_>,
    chat: &Chat,
    from: &Person,
    field: &str,
    value: Value,
) -> rusqlite::Result<()> {
    let mut content = Map::new();
    content.insert(field.to_owned(), value);
    let new = NewMessage {
        from: from.wire(),
        is_from_bot: false,
        content,
        reply_to: None,
        inline_keyboard: None,
        keyboard: None,
    };
    let message = messages::add(unit, chat, new)?;
    updates::add(unit, &message_queue(chat.id), "message", &message)
}

pub(crate) fn message_queue(chat: i64) -> String {
    format!("message {chat}")
}

pub(crate) fn person(unit: &Unit<'_>, id: i64) -> Answer<Person> {
    PEOPLE.get(unit.db, id)?.ok_or(Problem::NotFound("person"))
}
