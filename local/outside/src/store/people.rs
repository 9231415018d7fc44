//! People in the store.

use confab_messaging::Channel;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::messages;
use crate::{chat::Person, ids};

const SELECT: &str = "SELECT id, name, channel, phone, user_id, hide_number, wrote_at FROM people";
/// 1 650 555 0100 and on: numbers that belong to nobody.
const FIRST_NUMBER: i64 = 16_505_550_099;

pub(crate) fn add(
    db: &Connection,
    name: &str,
    channel: Channel,
    hide_number: bool,
) -> Result<String> {
    let next: i64 = db.query_row("SELECT COALESCE(MAX(n), 0) + 1 FROM people", [], |row| {
        row.get(0)
    })?;
    let phone = (FIRST_NUMBER + next).to_string();
    let user_id = (channel == Channel::Meta).then(ids::scoped);
    let id = ids::person();
    db.execute(
        "INSERT INTO people (n, id, name, channel, phone, user_id, hide_number) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![next, id, name, channel.name(), phone, user_id, hide_number],
    )?;
    Ok(id)
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Person>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} ORDER BY n"))?;
    let people: Vec<Person> = statement.query_map([], read)?.collect::<Result<_>>()?;
    people
        .into_iter()
        .map(|person| with_chat(db, person))
        .collect()
}

pub(crate) fn get(db: &Connection, id: &str) -> Result<Option<Person>> {
    one(db, "id", id)
}

pub(crate) fn by_phone(db: &Connection, phone: &str) -> Result<Option<Person>> {
    one(db, "phone", phone)
}

pub(crate) fn by_scoped_id(db: &Connection, user_id: &str) -> Result<Option<Person>> {
    one(db, "user_id", user_id)
}

pub(crate) fn wrote(db: &Connection, id: &str, at: i64) -> Result<()> {
    db.execute(
        "UPDATE people SET wrote_at = ? WHERE id = ?",
        params![at, id],
    )?;
    Ok(())
}

fn one(db: &Connection, column: &str, value: &str) -> Result<Option<Person>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE {column} = ?"))?;
    let person = statement.query_row([value], read).optional()?;
    person.map(|person| with_chat(db, person)).transpose()
}

fn with_chat(db: &Connection, person: Person) -> Result<Person> {
    let unread = messages::unread(db, &person.id)?.len();
    let last = messages::last(db, &person.id)?;
    Ok(Person {
        unread: i64::try_from(unread).unwrap_or(i64::MAX),
        last,
        ..person
    })
}

fn read(row: &Row<'_>) -> Result<Person> {
    let channel: String = row.get(2)?;
    Ok(Person {
        id: row.get(0)?,
        name: row.get(1)?,
        channel: channel_of(&channel),
        phone: row.get(3)?,
        user_id: row.get(4)?,
        hide_number: row.get(5)?,
        wrote_at: row.get(6)?,
        unread: 0,
        last: None,
    })
}

pub(crate) fn channel_of(word: &str) -> Channel {
    if word == Channel::Twilio.name() {
        Channel::Twilio
    } else {
        Channel::Meta
    }
}
