//! Photos, what was found in them, and the rooms that began with one.

use std::time::Duration;

use confab_aws::{Row, Table, When, failed, number, text};
use confab_kernel::{PhotoId, Result, Timestamp, before, worker::Saved};
use rooms_domain::{Analysis, RoomCode, State, Traits};
use serde::{Deserialize, Serialize};

use super::Store;

/// Rooms of so many days are looked through.
const DAYS: u32 = 2;
const MOST_ROOMS: usize = 500;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize, Deserialize)]
struct PhotoRow {
    #[serde(flatten)]
    analysis: Analysis,
    content_type: String,
}

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

impl Store {
    pub(crate) async fn begin_photo(&self, analysis: &Analysis, content_type: &str) -> Result<()> {
        let row = PhotoRow { analysis: analysis.clone(), content_type: content_type.to_owned() };
        self.put_photo(&row).await
    }

    async fn put_photo(&self, row: &PhotoRow) -> Result<()> {
        let mut item = Table::row("", "", row)?;
        item.extend(key(row.analysis.photo_id));
        item.insert("expires_at".to_owned(), number(row.analysis.until.as_second()));
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(item));
        Box::pin(put.send()).await.map_err(failed).map(drop)
    }

    /// None when there is no such photo, or its time is over.
    pub(crate) async fn photo(&self, photo: PhotoId) -> Result<Option<Analysis>> {
        Ok(self.photo_row(photo).await?.map(|row| row.analysis))
    }

    async fn photo_row(&self, photo: PhotoId) -> Result<Option<PhotoRow>> {
        let row: Option<PhotoRow> = self.table.latest(key(photo)).await?;
        Ok(row.filter(|row| row.analysis.until > self.clock.now()))
    }

    /// Whoever first sees that a photo has arrived has it looked at.
    pub(crate) async fn arrived(&self, photo: PhotoId) -> Result<bool> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key(photo)))
            .condition_expression("#state = :waiting")
            .update_expression("SET #state = :looking")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":waiting", text("waiting"))
            .expression_attribute_values(":looking", text("looking"));
        Ok(super::updated(Box::pin(update.send()).await)?.is_some())
    }

    /// How far it is. What is done stays done, however often somebody looks.
    pub(crate) async fn found(&self, analysis: &Analysis) -> Result<()> {
        let Some(row) = self.photo_row(analysis.photo_id).await? else { return Ok(()) };
        if matches!(row.analysis.state, State::Done | State::Refused) {
            return Ok(());
        }
        self.put_photo(&PhotoRow { analysis: analysis.clone(), ..row }).await
    }

    /// The photo that was looked at before, of the very same file.
    pub(crate) async fn seen_before(&self, digest: &str) -> Result<Option<Analysis>> {
        #[derive(Deserialize)]
        struct SeenRow {
            photo: PhotoId,
        }
        let seen: Option<SeenRow> = self.table.latest(Table::key(format!("SEEN#{digest}"), "PHOTO")).await?;
        match seen {
            Some(SeenRow { photo }) => Ok(self.photo(photo).await?.filter(|photo| photo.state == State::Done)),
            None => Ok(None),
        }
    }

    pub(crate) async fn remember(&self, digest: &str, photo: PhotoId, until: Timestamp) -> Result<()> {
        let mut row = Table::key(format!("SEEN#{digest}"), "PHOTO");
        row.insert("photo".to_owned(), text(photo.to_string()));
        row.insert("expires_at".to_owned(), number(until.as_second()));
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(row));
        Box::pin(put.send()).await.map_err(failed).map(drop)
    }

    /// A room that whoever has a similar photo may be told of.
    pub(crate) async fn tell_of(&self, code: RoomCode, traits: &Traits) -> Result<Saved> {
        let now = self.clock.now();
        let row = RecentRow { code, traits: traits.clone() };
        let mut item = Table::row(recent(now), code.as_str(), &row)?;
        item.insert("expires_at".to_owned(), number(now.checked_add(DAY * DAYS).unwrap_or(now).as_second()));
        self.table.transact(vec![self.table.put(item, When::always())?]).await
    }

    pub(crate) async fn recent_rooms(&self) -> Result<Vec<(RoomCode, Traits)>> {
        let mut rooms = Vec::new();
        for days in 0..DAYS {
            let at = before(self.clock.now(), DAY * days);
            let keys = When::holds("pk = :pk").with(":pk", text(recent(at)));
            for row in self.table.query(None, keys, MOST_ROOMS).await? {
                let RecentRow { code, traits } = Table::read(row)?;
                rooms.push((code, traits));
            }
        }
        Ok(rooms)
    }
}
