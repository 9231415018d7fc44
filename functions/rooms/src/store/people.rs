//! Who is in a room, under which name.

use confab_aws::{Row, Table, When, text};
use confab_kernel::{Result, UserId, worker::Saved};
use rooms_domain::{Person, Place, RoomCode, Username};

use super::{Store, person_key, rendered, room_pk};

/// As many as a sheet shows.
const MOST_PEOPLE: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Joined {
    Yes,
    NameTaken,
    /// Something else happened to them meanwhile.
    Raced,
}

fn name_key(code: RoomCode, name: &Username) -> Row {
    Table::key(room_pk(code), format!("NAME#{}", name.likeness()))
}

impl Store {
    pub(super) fn person_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = Table::row("", "", person)?;
        row.extend(person_key(code, person.user_id));
        Ok(row)
    }

    pub(super) fn name_row(code: RoomCode, person: &Person) -> Result<Row> {
        let mut row = name_key(code, &person.username);
        row.insert("user_id".to_owned(), text(person.user_id.to_string()));
        Ok(row)
    }

    /// Puts somebody into a room under a name that is theirs alone, as long as they are as they were seen.
    pub(crate) async fn join(&self, code: RoomCode, was: Option<&Person>, person: &Person) -> Result<Joined> {
        let me = text(person.user_id.to_string());
        let is_free = When::holds("attribute_not_exists(pk) OR user_id = :me").with(":me", me.clone());
        let comes_in = match was {
            None => self.table.put(Self::person_row(code, person)?, When::new())?,
            // What else is known of them stays as it is.
            Some(was) => {
                let when = When::holds("place = :was")
                    .with(":was", rendered(&was.place)?)
                    .with(":place", rendered(&person.place)?)
                    .with(":name", rendered(&person.username)?);
                self.table.update(person_key(code, person.user_id), "SET place = :place, username = :name", when)?
            }
        };
        let mut writes = vec![
            self.table.put(Self::name_row(code, person)?, is_free)?,
            comes_in,
            self.table.put(Self::mine_row(code, person.user_id), When::always())?,
        ];
        // Their former name is free again.
        let former = was.filter(|was| was.username.likeness() != person.username.likeness());
        if let Some(former) = former {
            let still_theirs = When::holds("attribute_not_exists(pk) OR user_id = :me").with(":me", me);
            writes.push(self.table.delete(name_key(code, &former.username), still_theirs)?);
        }
        Ok(match self.table.attempt(writes).await? {
            None => Joined::Yes,
            Some(held) if held.first() == Some(&confab_aws::Held::Condition) => Joined::NameTaken,
            Some(_) => Joined::Raced,
        })
    }

    /// Whoever leaves keeps the name, so that nobody else speaks under it where theirs still stands. False when they are
    /// not where they are taken from.
    pub(crate) async fn set_place(
        &self,
        code: RoomCode,
        user: UserId,
        from: Option<Place>,
        place: Place,
    ) -> Result<bool> {
        let when = match from {
            Some(from) => When::holds("place = :from").with(":from", rendered(&from)?),
            None => When::holds("attribute_exists(pk)"),
        };
        let when = when.with(":place", rendered(&place)?);
        let mut writes = vec![self.table.update(person_key(code, user), "SET place = :place", when)?];
        if place != Place::Inside {
            writes.push(self.table.delete(Table::key(format!("MINE#{user}"), code.as_str()), When::always())?);
        }
        Ok(self.table.transact(writes).await? == Saved::Yes)
    }

    pub(crate) async fn set_muted(&self, code: RoomCode, user: UserId, is_muted: bool) -> Result<bool> {
        let value = aws_sdk_dynamodb::types::AttributeValue::Bool(is_muted);
        let when = When::holds("attribute_exists(pk)").with(":muted", value);
        let update = self.table.update(person_key(code, user), "SET is_muted = :muted", when)?;
        Ok(self.table.transact(vec![update]).await? == Saved::Yes)
    }

    pub(crate) async fn people(&self, code: RoomCode) -> Result<Vec<Person>> {
        let keys = When::holds("pk = :pk AND begins_with(sk, :person)")
            .with(":pk", text(room_pk(code)))
            .with(":person", text("PERSON#"));
        let rows = self.table.query(None, keys, MOST_PEOPLE).await?;
        rows.into_iter().map(Table::read).collect()
    }

    /// Which of some names nobody has.
    pub(crate) async fn free_names(&self, code: RoomCode, names: Vec<Username>) -> Result<Vec<Username>> {
        let mut keys: Vec<Row> = Vec::new();
        for name in &names {
            let key = name_key(code, name);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let taken = self.table.rows(keys, confab_kernel::worker::Read::MayLag).await?;
        let taken: Vec<_> = taken.iter().map(|row| super::sort_key(row).to_owned()).collect();
        let is_free = |name: &Username| !taken.contains(&format!("NAME#{}", name.likeness()));
        Ok(names.into_iter().filter(is_free).collect())
    }
}
