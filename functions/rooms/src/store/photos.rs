//! Photos with their analyses, and the rooms that were created with one.

use std::time::Duration;

use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{CorrelationId, PhotoId, Result, Timestamp, UserId, after, before};
use confab_live::decode_rows;
use confab_worker::Consistency;
use rooms_domain::{AnalysisState, PhotoAnalysis, PhotoFeatures, RoomCode};
use serde::{Deserialize, Serialize};

use super::{Store, to_attribute};

/// Similar rooms are searched among those of the last days.
const RECENT_DAYS: u32 = 2;
const MAX_RECENT_ROOMS_PER_DAY: i32 = 500;
/// A claim of an analysis may be taken over after this.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize, Deserialize)]
struct RecentRow {
    code: RoomCode,
    #[serde(rename = "traits")]
    features: PhotoFeatures,
}

fn photo_key(photo: PhotoId) -> Row {
    Table::key(format!("PHOTO#{photo}"), "PHOTO")
}

fn digest_key(digest: &str) -> Row {
    Table::key(format!("SEEN#{digest}"), "PHOTO")
}

fn recent_pk(at: Timestamp) -> String {
    format!("RECENT#{}", at.strftime("%Y-%m-%d"))
}

fn photo_row(analysis: &PhotoAnalysis, touched_at: Timestamp) -> Result<Row> {
    let touched = PhotoAnalysis {
        touched_at,
        ..analysis.clone()
    };
    let mut row = Table::to_row("", "", &touched)?;
    row.extend(photo_key(analysis.photo_id));
    row.insert("expires_at".to_owned(), number(analysis.until.as_second()));
    Ok(row)
}

impl Store {
    pub(crate) async fn create_analysis(&self, analysis: &PhotoAnalysis) -> Result<()> {
        let row = photo_row(analysis, self.clock.now())?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Returns the analysis of a photo. `None` when there is no such photo, or it has expired.
    pub(crate) async fn find_analysis(&self, photo: PhotoId) -> Result<Option<PhotoAnalysis>> {
        let analysis: Option<PhotoAnalysis> = self.table.get(photo_key(photo)).await?;
        Ok(analysis.filter(|analysis| analysis.until > self.clock.now()))
    }

    /// Claims the analysis for one caller. Claims older than `CLAIM_TIMEOUT` may be taken over.
    pub(crate) async fn claim_analysis(&self, analysis: &PhotoAnalysis) -> Result<bool> {
        let now = self.clock.now();
        let is_abandoned = after(analysis.touched_at, CLAIM_TIMEOUT) < now;
        if analysis.state == AnalysisState::Analyzing && !is_abandoned {
            return Ok(false);
        }
        let unchanged = Condition::expression("#state = :was AND touched_at = :touched")
            .name_attribute("#state", "state")
            .value(":was", to_attribute(&analysis.state)?)
            .value(":touched", to_attribute(&analysis.touched_at)?)
            .value(":looking", to_attribute(&AnalysisState::Analyzing)?)
            .value(":now", to_attribute(&now)?);
        let claim = "SET #state = :looking, touched_at = :now";
        let claimed = self
            .table
            .update(photo_key(analysis.photo_id), claim, unchanged)
            .await?;
        Ok(claimed.is_some())
    }

    /// Saves the progress or the result of an analysis. A finished one is not overwritten.
    pub(crate) async fn save_analysis(&self, analysis: &PhotoAnalysis) -> Result<()> {
        let is_unfinished = Condition::expression("#state = :waiting OR #state = :looking")
            .name_attribute("#state", "state")
            .value(":waiting", to_attribute(&AnalysisState::AwaitingUpload)?)
            .value(":looking", to_attribute(&AnalysisState::Analyzing)?);
        let row = photo_row(analysis, self.clock.now())?;
        self.table.put(row, is_unfinished).await.map(drop)
    }

    /// Returns the finished analysis of another photo with the same bytes.
    pub(crate) async fn find_analysis_by_digest(
        &self,
        digest: &str,
    ) -> Result<Option<PhotoAnalysis>> {
        #[derive(Deserialize)]
        struct DigestRow {
            photo: PhotoId,
        }
        let row: Option<DigestRow> = self.table.get(digest_key(digest)).await?;
        let Some(DigestRow { photo }) = row else {
            return Ok(None);
        };
        let analysis = self.find_analysis(photo).await?;
        Ok(analysis.filter(|analysis| analysis.state == AnalysisState::Done))
    }

    pub(crate) async fn index_digest(
        &self,
        digest: &str,
        photo: PhotoId,
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut row = digest_key(digest);
        row.insert("photo".to_owned(), text(photo.to_string()));
        row.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Makes a user the owner of a photo. Returns `false` when it has another owner.
    pub(crate) async fn set_photo_owner(&self, photo: PhotoId, owner: UserId) -> Result<bool> {
        let is_free = Condition::expression(
            "attribute_exists(pk) AND (attribute_not_exists(#owner) OR #owner = :owner)",
        )
        .name_attribute("#owner", "owner")
        .value(":owner", text(owner.to_string()));
        let updated = self
            .table
            .update(photo_key(photo), "SET #owner = :owner", is_free)
            .await?;
        Ok(updated.is_some())
    }

    /// Lists a room as the most recent one with this photo, for users with similar photos.
    pub(crate) async fn index_recent_room(
        &self,
        code: RoomCode,
        photo: PhotoId,
        features: &PhotoFeatures,
    ) -> Result<()> {
        let now = self.clock.now();
        let row = RecentRow {
            code,
            features: features.clone(),
        };
        let expires_at = after(now, DAY * RECENT_DAYS);
        let mut item = Table::to_row(recent_pk(now), photo.to_string(), &row)?;
        item.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.table.put(item, Condition::none()).await.map(drop)
    }

    pub(crate) async fn list_recent_rooms(
        &self,
        correlation_id: CorrelationId,
    ) -> Result<Vec<(RoomCode, PhotoFeatures)>> {
        let mut rooms = Vec::new();
        for days in 0..RECENT_DAYS {
            let at = before(self.clock.now(), DAY * days);
            let keys = Condition::expression("pk = :pk").value(":pk", text(recent_pk(at)));
            let rows = self
                .table
                .query_descending(keys, MAX_RECENT_ROOMS_PER_DAY, Consistency::Eventual)
                .await?;
            let rows = decode_rows(rows, "recent room", correlation_id, |row| {
                Table::from_row::<RecentRow>(row)
            });
            rooms.extend(rows.into_iter().map(|row| (row.code, row.features)));
        }
        Ok(rooms)
    }
}
