//! The table of people.

use confab_messaging::Channel;
use confab_simulator_base::ids;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{conversation::Person, messages};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS people (
        n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, channel TEXT NOT NULL,
        phone TEXT NOT NULL UNIQUE, user_id TEXT UNIQUE, hide_number INTEGER NOT NULL, wrote_at INTEGER
    ) STRICT;
";

const SELECT: &str = "SELECT id, name, channel, phone, user_id, hide_number, wrote_at FROM people";
/// Numbers from 1 650 555 0100 on are reserved for fiction.
const NUMBER_BEFORE_FIRST: i64 = 16_505_550_099;

#[derive(Debug)]
pub struct NewPerson<'a> {
    pub name: &'a str,
    pub channel: Channel,
    /// The provider's own id of the person, for a provider that has one.
    pub user_id: Option<&'a str>,
    pub hide_number: bool,
}

/// Adds a person with the next free number, and returns the id.
pub fn add(db: &Connection, person: &NewPerson<'_>) -> Result<String> {
    let next: i64 = db.query_row("SELECT COALESCE(MAX(n), 0) + 1 FROM people", [], |row| {
        row.get(0)
    })?;
    let phone = (NUMBER_BEFORE_FIRST + next).to_string();
    let id = format!("per_{}", ids::in_base(32, 20));
    db.execute(
        "INSERT INTO people (n, id, name, channel, phone, user_id, hide_number) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            next,
            id,
            person.name,
            person.channel.name(),
            phone,
            person.user_id,
            person.hide_number
        ],
    )?;
    Ok(id)
}

pub fn all(db: &Connection) -> Result<Vec<Person>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} ORDER BY n"))?;
    let people: Vec<Person> = statement.query_map([], read)?.collect::<Result<_>>()?;
    people
        .into_iter()
        .map(|person| with_chat(db, person))
        .collect()
}

pub fn get(db: &Connection, id: &str) -> Result<Option<Person>> {
    one(db, "id", id)
}

pub fn by_phone(db: &Connection, phone: &str) -> Result<Option<Person>> {
    one(db, "phone", phone)
}

pub fn by_scoped_id(db: &Connection, user_id: &str) -> Result<Option<Person>> {
    one(db, "user_id", user_id)
}

/// Opens the reply window.
pub fn set_wrote_at(db: &Connection, id: &str, at: i64) -> Result<()> {
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

fn channel_of(name: &str) -> Channel {
    if name == Channel::Twilio.name() {
        Channel::Twilio
    } else {
        Channel::Meta
    }
}
