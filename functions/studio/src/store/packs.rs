//! Packs as Astria listed them last, and their sample sheets.

use std::collections::BTreeMap;

use confab_aws::{Condition, Row, Table, text};
use confab_core::{Error, EventId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use studio_domain::{Class, Pack};

use super::Store;

const PACKS_PK: &str = "PACKS";
/// Maximum packs that are read.
const MAX_PACKS: usize = 500;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PackRow {
    #[serde(flatten)]
    pack: Pack,
    /// The refresh that listed the pack last.
    refresh: EventId,
    /// The refresh that rendered each sheet.
    #[serde(default)]
    drawn_by: BTreeMap<Class, EventId>,
}

/// One refresh of all packs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(crate) id: EventId,
    pub(crate) began_at: Timestamp,
    /// Number of packs; `None` until Astria has listed them.
    pub(crate) packs: Option<usize>,
}

/// Progress of a refresh.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RefreshProgress {
    #[serde(flatten)]
    pub(crate) refresh: Refresh,
    #[serde(rename = "pictures")]
    pub(crate) sheets: usize,
    #[serde(rename = "pictures_drawn")]
    pub(crate) rendered_sheets: usize,
}

fn key(pack: i64) -> Row {
    Table::key(PACKS_PK, format!("PACK#{pack}"))
}

fn render_failed(error: serde_dynamo::Error) -> Error {
    Error::internal("render_failed", error)
}

impl Store {
    /// Returns the packs, and whether they are complete. While a refresh writes them, they are not.
    pub(crate) async fn packs(&self) -> Result<(Vec<Pack>, bool)> {
        let keys = Condition::expression("pk = :all").value(":all", text(PACKS_PK));
        let (mut packs, mut refresh) = (Vec::new(), None);
        for row in self.table.query(None, keys, MAX_PACKS + 1).await? {
            match row
                .get("sk")
                .and_then(|sk| sk.as_s().ok())
                .map(String::as_str)
            {
                Some("REFRESH") => refresh = Some(Table::from_row::<Refresh>(row)?),
                _ => packs.push(Table::from_row::<PackRow>(row)?.pack),
            }
        }
        let is_complete =
            refresh.is_some_and(|refresh| refresh.packs.is_some_and(|count| packs.len() >= count));
        Ok((packs, is_complete))
    }

    async fn pack_rows(&self) -> Result<Vec<PackRow>> {
        let keys = Condition::expression("pk = :all AND begins_with(sk, :pack)")
            .value(":all", text(PACKS_PK))
            .value(":pack", text("PACK#"));
        self.table
            .query(None, keys, MAX_PACKS)
            .await?
            .into_iter()
            .map(Table::from_row)
            .collect()
    }

    /// Saves a refresh in place of the earlier one.
    pub(crate) async fn save_refresh(&self, refresh: &Refresh) -> Result<()> {
        let row = Table::to_row(PACKS_PK, "REFRESH", refresh)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Saves the beginning of a refresh, unless its list arrived first.
    pub(crate) async fn begin_refresh(&self, refresh: &Refresh) -> Result<()> {
        let condition = Condition::expression("attribute_not_exists(pk) OR id <> :id")
            .value(":id", text(refresh.id.to_string()));
        let row = Table::to_row(PACKS_PK, "REFRESH", refresh)?;
        self.table.put(row, condition).await.map(drop)
    }

    pub(crate) async fn latest_refresh(&self) -> Result<Option<Refresh>> {
        self.table.get(Table::key(PACKS_PK, "REFRESH")).await
    }

    pub(crate) async fn refresh_progress(&self) -> Result<Option<RefreshProgress>> {
        let Some(refresh) = self.latest_refresh().await? else {
            return Ok(None);
        };
        let rows = self.pack_rows().await?;
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.refresh == refresh.id)
            .collect();
        let rendered_by_refresh = |row: &&PackRow| {
            row.drawn_by
                .values()
                .filter(|by| **by == refresh.id)
                .count()
        };
        Ok(Some(RefreshProgress {
            sheets: rows.iter().map(|row| row.pack.images.len()).sum(),
            rendered_sheets: rows.iter().map(rendered_by_refresh).sum(),
            refresh,
        }))
    }

    /// Replaces the packs. A pack keeps its sheets until new ones are rendered, and one in
    /// `kept_ids` keeps its row.
    pub(crate) async fn replace_packs(
        &self,
        refresh: EventId,
        packs: &[Pack],
        kept_ids: &[i64],
    ) -> Result<()> {
        for pack in packs {
            let render = |value| serde_dynamo::to_attribute_value(value).map_err(render_failed);
            let images = serde_dynamo::to_attribute_value(&pack.images).map_err(render_failed)?;
            let empty = render(BTreeMap::<String, String>::new())?;
            let expression = "SET id = :id, slug = :slug, title = :title, images = :images, refresh = :refresh, \
                              sheets = if_not_exists(sheets, :none), drawn_by = if_not_exists(drawn_by, :none)";
            let condition = Condition::none()
                .value(":id", confab_aws::number(pack.id))
                .value(":slug", text(&pack.slug))
                .value(":title", text(&pack.title))
                .value(":images", images)
                .value(":refresh", text(refresh.to_string()))
                .value(":none", empty);
            self.table
                .update(key(pack.id), expression, condition)
                .await?;
        }
        let removed = self
            .pack_rows()
            .await?
            .into_iter()
            .filter(|row| !kept_ids.contains(&row.pack.id));
        for row in removed {
            self.table.delete(key(row.pack.id)).await?;
        }
        Ok(())
    }

    /// Saves a rendered sheet, unless the pack was removed meanwhile.
    pub(crate) async fn save_sheet(
        &self,
        refresh: EventId,
        pack: i64,
        class: Class,
        object: &str,
    ) -> Result<()> {
        let condition = Condition::expression("attribute_exists(pk)")
            .value(":object", text(object))
            .value(":refresh", text(refresh.to_string()));
        // The class name is a constant, and safe in an expression.
        let expression = format!(
            "SET sheets.{name} = :object, drawn_by.{name} = :refresh",
            name = class.name()
        );
        self.table
            .update(key(pack), &expression, condition)
            .await
            .map(drop)
    }
}
