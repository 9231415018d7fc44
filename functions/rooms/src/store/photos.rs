//! Photos, what was found in them, and the rooms that began with one.

use std::time::Duration;

use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{CorrelationId, PhotoId, Result, Timestamp, UserId, after, before};
use confab_worker::Consistency;
use rooms_domain::{Analysis, RoomCode, State, Traits};
use serde::{Deserialize, Serialize};

use super::{Store, readable};

/// Rooms of so many days are looked through, the latest of each.
const DAYS: u32 = 2;
const MOST_ROOMS: i32 = 500;
/// A photo that was to be looked at is done by then, or whoever took it died.
const GIVEN_UP: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize, Deserialize)]
struct RecentRow {
    code: RoomCode,
    traits: Traits,
}

fn key(photo: PhotoId) -> Row {
    Table::key(format!("PHOTO#{photo}"), "PHOTO")
}

fn recent(at: Timestamp) -> String {
    format!("RECENT#{}", at.strftime("%Y-%m-%d"))
}

fn photo_row(analysis: &Analysis, touched_at: Timestamp) -> Result<Row> {
    let mut row = Table::to_row(
        "",
        "",
        &Analysis {
            touched_at,
            ..analysis.clone()
        },
    )?;
    row.extend(key(analysis.photo_id));
    row.insert("expires_at".to_owned(), number(analysis.until.as_second()));
    Ok(row)
}

impl Store {
    pub(crate) async fn begin_photo(&self, analysis: &Analysis) -> Result<()> {
        self.table
            .put(photo_row(analysis, self.clock.now())?, Condition::none())
            .await
            .map(drop)
    }

    /// None when there is no such photo, or its time is over.
    pub(crate) async fn photo(&self, photo: PhotoId) -> Result<Option<Analysis>> {
        let analysis: Option<Analysis> = self.table.get(key(photo)).await?;
        Ok(analysis.filter(|analysis| analysis.until > self.clock.now()))
    }

    /// Of all who want it looked at one has it done; and one more when whoever took it has died.
    pub(crate) async fn asks_for(&self, photo: &Analysis) -> Result<bool> {
        let now = self.clock.now();
        let is_given_up = after(photo.touched_at, GIVEN_UP) < now;
        if photo.state == State::Looking && !is_given_up {
            return Ok(false);
        }
        let when = Condition::expression("#state = :was AND touched_at = :touched")
            .name_attribute("#state", "state")
            .value(":was", super::rendered(&photo.state)?)
            .value(":touched", super::rendered(&photo.touched_at)?)
            .value(":looking", text("looking"))
            .value(":now", super::rendered(&now)?);
        let looks = "SET #state = :looking, touched_at = :now";
        Ok(self
            .table
            .update(key(photo.photo_id), looks, when)
            .await?
            .is_some())
    }

    /// How far it is. What is done stays done, however often somebody looks.
    pub(crate) async fn found(&self, analysis: &Analysis) -> Result<()> {
        let when = Condition::expression("#state = :waiting OR #state = :looking")
            .name_attribute("#state", "state")
            .value(":waiting", text("waiting"))
            .value(":looking", text("looking"));
        self.table
            .put(photo_row(analysis, self.clock.now())?, when)
            .await
            .map(drop)
    }

    /// The photo that was looked at before, of the very same file.
    pub(crate) async fn seen_before(&self, digest: &str) -> Result<Option<Analysis>> {
        #[derive(Deserialize)]
        struct SeenRow {
            photo: PhotoId,
        }
        let seen: Option<SeenRow> = self
            .table
            .get(Table::key(format!("SEEN#{digest}"), "PHOTO"))
            .await?;
        match seen {
            Some(SeenRow { photo }) => Ok(self
                .photo(photo)
                .await?
                .filter(|photo| photo.state == State::Done)),
            None => Ok(None),
        }
    }

    pub(crate) async fn remember(
        &self,
        digest: &str,
        photo: PhotoId,
        until: Timestamp,
    ) -> Result<()> {
        let mut row = Table::key(format!("SEEN#{digest}"), "PHOTO");
        row.insert("photo".to_owned(), text(photo.to_string()));
        row.insert("expires_at".to_owned(), number(until.as_second()));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// False when it is somebody else's.
    pub(crate) async fn adopt_photo(&self, photo: PhotoId, owner: UserId) -> Result<bool> {
        let when = Condition::expression(
            "attribute_exists(pk) AND (attribute_not_exists(#owner) OR #owner = :owner)",
        )
        .name_attribute("#owner", "owner")
        .value(":owner", text(owner.to_string()));
        Ok(self
            .table
            .update(key(photo), "SET #owner = :owner", when)
            .await?
            .is_some())
    }

    /// A room that whoever has a similar photo may be told of. Of one photo it is the last.
    pub(crate) async fn tell_of(
        &self,
        code: RoomCode,
        photo: PhotoId,
        traits: &Traits,
    ) -> Result<()> {
        let now = self.clock.now();
        let row = RecentRow {
            code,
            traits: traits.clone(),
        };
        let mut item = Table::to_row(recent(now), photo.to_string(), &row)?;
        item.insert(
            "expires_at".to_owned(),
            number(now.checked_add(DAY * DAYS).unwrap_or(now).as_second()),
        );
        self.table.put(item, Condition::none()).await.map(drop)
    }

    pub(crate) async fn recent_rooms(
        &self,
        trace: CorrelationId,
    ) -> Result<Vec<(RoomCode, Traits)>> {
        let mut rooms = Vec::new();
        for days in 0..DAYS {
            let at = before(self.clock.now(), DAY * days);
            let keys = Condition::expression("pk = :pk").value(":pk", text(recent(at)));
            let rows = self
                .table
                .query_descending(keys, MOST_ROOMS, Consistency::Eventual)
                .await?;
            let recent = readable(rows, "recent room", trace, Table::from_row::<RecentRow>);
            rooms.extend(
                recent
                    .into_iter()
                    .map(|RecentRow { code, traits }| (code, traits)),
            );
        }
        Ok(rooms)
    }
}
